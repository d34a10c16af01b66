"""Canonical plan to and from FHIR R4: the only importer of fhir.resources."""
