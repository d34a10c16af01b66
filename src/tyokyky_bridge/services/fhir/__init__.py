"""The use cases of the FHIR face. Import the modules; this one stays empty, for `services.ports` needs `ports`."""
