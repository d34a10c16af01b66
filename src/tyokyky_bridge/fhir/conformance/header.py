"""What every definition that we publish has in common: where it is found, who says it, and since when."""

import json
from hashlib import sha256
from typing import Any, Final

from tyokyky_bridge.fhir.wire.issues import Document

BASE: Final = "https://tyokyky-bridge.example/fhir"
"""The root of every canonical URL of ours. Source: domain report 4.4."""

HL7: Final = "http://hl7.org/fhir"
FI_BASE: Final = "https://hl7.fi/fhir/finnish-base-profiles/StructureDefinition"
FHIR_VERSION: Final = "4.0.1"
VERSION: Final = "1.0.0"
"""The business version of the published definitions; one for all, because they change together."""

PUBLISHED: Final = "2026-11-22"
"""The day this version was published."""

PUBLISHER: Final = "tyokyky-bridge"


def canonical(type_: str, id_: str) -> str:
    """The canonical URL of a definition of ours, which is also where this server answers for it."""
    return f"{BASE}/{type_}/{id_}"


def header(type_: str, id_: str, *, name: str, title: str | None, description: str) -> dict[str, Any]:
    """The first members of a definition; *title* is ``None`` for the types that have none."""
    said: Document = {
        "resourceType": type_,
        "id": id_,
        "url": canonical(type_, id_),
        "version": VERSION,
        "name": name,
        "title": title,
        "status": "active",
        "experimental": False,
        "date": PUBLISHED,
        "publisher": PUBLISHER,
        "description": description,
    }
    return {member: value for member, value in said.items() if value is not None}


def sealed(document: Document) -> Document:
    """*document* with a version id made of its content, so that it changes when, and only when, this does."""
    members = {name: value for name, value in document.items() if name not in {"resourceType", "id", "meta"}}
    said = json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    meta = {
        "versionId": f"1-{sha256(said.encode()).hexdigest()[:8]}",
        "lastUpdated": f"{PUBLISHED}T00:00:00Z",
    }
    return {"resourceType": document["resourceType"], "id": document["id"], "meta": meta, **members}


def pascal(slug: str) -> str:
    """A computer-friendly name: ``goal-status`` → ``GoalStatus``."""
    return "".join(
        part[:1].upper() + part[1:] for part in slug.replace("_", "-").replace(".", "-").split("-")
    )
