"""The identifier systems that the bridge gives out, as NamingSystems."""

from collections.abc import Iterator
from typing import Final

from tyokyky_bridge.fhir.conformance.header import PUBLISHED, PUBLISHER, canonical, pascal
from tyokyky_bridge.fhir.wire.issues import Document

_SYSTEMS: Final[dict[str, str]] = {
    "client-id": "The bridge's own identifier of a client: a UUID that says nothing about the person.",
    "plan-id": "The bridge's own identifier of a work-ability support plan: a UUID.",
    "case-id": "The identifier of a case, from its first referral to its closing: a UUID.",
    "consent-id": "The bridge's own identifier of a recorded consent form.",
    "form-instance": "One signed form; groups the consents for each direction that it grants.",
    "party-id": "A party of the directory: one controller's one register.",
    "worker-id": "A worker as the records name them; unique within the party that employs the worker.",
    "guardian-id": "A guardian who signed a consent, as the form names them.",
    "service-id": "A service of a plan, by its element id there.",
    "plan-item": "An item of a plan, by its canonical path.",
    "code-list": "The id of a closed code list in the data dictionary, such as CL-26.",
}
"""Source: domain report 4.4, 6.7."""


def naming_systems() -> Iterator[Document]:
    """Every identifier system of ours; the type has no URL or version of its own in R4."""
    for slug, description in _SYSTEMS.items():
        yield {
            "resourceType": "NamingSystem",
            "id": slug,
            "name": pascal(slug),
            "status": "active",
            "kind": "identifier",
            "date": PUBLISHED,
            "publisher": PUBLISHER,
            "responsible": PUBLISHER,
            "description": description,
            "uniqueId": [{"type": "uri", "value": canonical("NamingSystem", slug), "preferred": True}],
        }
