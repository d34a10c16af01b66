"""The lens between a plan and its FHIR resources: one table of rows, used in both directions."""
