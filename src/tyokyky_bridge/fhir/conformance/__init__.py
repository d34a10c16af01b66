"""The definitions that we publish: pure functions from our own tables to FHIR conformance resources."""

from tyokyky_bridge.fhir.conformance.published import TYPES, listed, read

__all__ = ["TYPES", "listed", "read"]
