"""The code tables between our lists and those of the four systems, as ConceptMaps."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from tyokyky_bridge.fhir.conformance.header import PUBLISHED, PUBLISHER, canonical
from tyokyky_bridge.fhir.wire.issues import Document


@cache
def shipped_concept_maps() -> Mapping[str, Document]:
    """The ConceptMaps of the data distribution by their id, as they lie there."""
    found: dict[str, Document] = {}
    for system in files("tyokyky_mappings").iterdir():
        codes = system.joinpath("codes")
        if system.name == "canonical" or not codes.is_dir():
            continue
        for each in codes.iterdir():
            if each.name.endswith(".json"):
                document = json.loads(each.read_bytes())
                found[document["id"]] = document
    return dict(sorted(found.items()))


def concept_maps() -> Iterator[Document]:
    """
    Every code table under a canonical URL of ours.

    The source is named as a ValueSet, as R4 wants it, when it is a list of ours. The lists of the systems are
    theirs to publish, so the target stands only in the groups. All are experimental: the systems are simulated.
    """
    for id_, shipped in shipped_concept_maps().items():
        url = canonical("ConceptMap", id_)
        first: str = shipped["group"][0]["source"]
        ours = first.startswith(canonical("CodeSystem", ""))
        urn = shipped["url"]
        said: Document = {
            "resourceType": "ConceptMap",
            "id": id_,
            "url": url,
            "identifier": None if urn == url else {"system": "urn:ietf:rfc:3986", "value": urn},
            "version": shipped["version"],
            "name": shipped["name"],
            "title": shipped["title"],
            "status": shipped["status"],
            "experimental": True,
            "date": PUBLISHED,
            "publisher": PUBLISHER,
            "description": shipped.get("description", f"Code table: {shipped['title']}."),
            "sourceCanonical": first.replace("/CodeSystem/", "/ValueSet/") if ours else None,
            "sourceUri": None if ours else first,
            "group": shipped["group"],
        }
        yield {member: value for member, value in said.items() if value is not None}
