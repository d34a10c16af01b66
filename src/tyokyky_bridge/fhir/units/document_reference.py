"""DocumentReferences: that a statement or document exists, and where; never its text.

R4 defines `Attachment.hash` as SHA-1. The archives give SHA-256, which therefore stands in an extension.
Source: domain report 3.3 D7, 4.4, 4.5.
"""

from typing import Final

from tyokyky_bridge.fhir.derived.vocabulary import reference
from tyokyky_bridge.fhir.lens.codecs import of_list
from tyokyky_bridge.fhir.lens.rows import Place, Row, Scene, Unit, code_in, worker
from tyokyky_bridge.fhir.units.linking import codings, entries, has_code, members, subject
from tyokyky_bridge.fhir.wire.issues import Document

FORMS: Final = "urn:oid:1.2.246.537.6.12.2002"
B_STATEMENT: Final = {"system": FORMS, "code": "372", "display": "Lääkärinlausunto B"}
"""Kela's form, by its national code. Source: domain report 4.4."""

_ATTACHMENT: Final = "content[0].attachment"
_KINDS: Final = "CL-23"
_URI: Final = "urn:ietf:rfc:3986"

_ROWS: Final = (
    Row("issued_on", f"{_ATTACHMENT}.creation"),
    *worker("author", "author[0]"),
    Row("document_ref.oid", f"masterIdentifier{{system={_URI}}}.value"),
    Row("document_ref.mime", f"{_ATTACHMENT}.contentType"),
    Row("document_ref.size", f"{_ATTACHMENT}.size"),
)
_REQUIRED: Final = ("content[].attachment!", "subject!")


def _finish(document: Document, scene: Scene, place: Place) -> None:
    subject(document, scene)
    party = scene.leaves.get(f"{place.anchor}.author.party")
    if party is not None:  # the text stays in the register that it was written into
        document["custodian"] = reference("Organization", str(party))


def _finish_statement(document: Document, scene: Scene, place: Place) -> None:
    _finish(document, scene, place)
    if scene.leaves.get(f"{place.anchor}.kind") == "b_statement":
        document["type"]["coding"].append(dict(B_STATEMENT))


def _is_b(document: Document) -> bool:
    return any((c.get("system"), c.get("code")) == (FORMS, "372") for c in codings(document, "type"))


def _prepare_statement(document: Document) -> Document:
    if has_code(document, "type", _KINDS) or not _is_b(document):
        return document
    kind = members(document, "type")
    ours = of_list(_KINDS).show("b_statement")
    return {**document, "type": {**kind, "coding": [ours, *entries(kind, "coding")]}}


STATEMENT: Final = Unit(
    type="DocumentReference",
    anchor="statements[]",
    tag="st",
    profile="document-reference-statement",
    rows=(code_in("kind", "type", _KINDS), Row("conclusion", "description"), *_ROWS),
    constant={"status": "current"},
    required=_REQUIRED,
    finish=_finish_statement,
    prepare=_prepare_statement,
    recognises=lambda document: has_code(document, "type", _KINDS) or _is_b(document),
)
"""One statement on work ability or functioning."""

DOCUMENT: Final = Unit(
    type="DocumentReference",
    anchor="documents[]",
    tag="do",
    profile="document-reference",
    rows=(code_in("kind", "type", "document-kind"), Row("title", f"{_ATTACHMENT}.title"), *_ROWS),
    constant={"status": "current"},
    required=_REQUIRED,
    finish=_finish,
    recognises=lambda document: has_code(document, "type", "document-kind"),
)
"""Any other document."""
