"""The edge of the FHIR face: bytes to documents and back, and the judgement on a body before anything uses it."""
