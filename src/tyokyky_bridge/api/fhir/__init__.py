"""``/fhir``: the plan, consents and what strangers keep here, as a FHIR R4 (4.0.1) server."""
