"""Small documents and one-line searches for the tests of FHIR search."""

from collections.abc import Iterable
from typing import Any

from tyokyky_bridge.fhir.search.matching import matches
from tyokyky_bridge.fhir.search.query import Query, parse_query

BASE = "https://hub.example/fhir"
HETU = "urn:oid:1.2.246.21"

Document = dict[str, Any]


def query(type_: str, *pairs: tuple[str, str], **said: Any) -> Query:
    return parse_query(type_, pairs, base=BASE, **said)


def asked(document: Document, *pairs: tuple[str, str], beside: Iterable[Document] = ()) -> bool:
    """Whether *document* is found by the pairs, with the documents *beside* it for chains to lead to."""
    around = {(each["resourceType"], each["id"]): each for each in beside}
    return matches(query(document["resourceType"], *pairs), document, find=around.get)


def patient(id_: str = "aino", **members: Any) -> Document:
    return {"resourceType": "Patient", "id": id_, **members}


def observation(id_: str = "b4", **members: Any) -> Document:
    code = {"coding": [{"system": "https://codes.example", "code": "kykyviisari_b4"}]}
    return {"resourceType": "Observation", "id": id_, "status": "final", "code": code, **members}


def plan(id_: str = "plan", **members: Any) -> Document:
    return {"resourceType": "CarePlan", "id": id_, "status": "active", "intent": "plan", **members}


def concept(*codes: str, text: str | None = None, system: str = "https://codes.example") -> Document:
    held: Document = {"coding": [{"system": system, "code": each} for each in codes]} if codes else {}
    return {**held, "text": text} if text is not None else held


def to(reference: str, **members: Any) -> Document:
    return {"reference": reference, **members}
