"""What each FHIR resource of a plan consists of: one module per resource type, declared as rows."""
