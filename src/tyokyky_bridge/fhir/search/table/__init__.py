"""The search parameters of every served type, row by row.

Source: hl7.org/fhir/R4/search-parameters.json (4.0.1) for all that are not marked as our own.
"""
