"""The panel: four judges that know FHIR R4 from different books, asked about every body alike.

No single one catches more than two thirds of what can be wrong, so a body stands only when none of them objects. An
objection that the specification contradicts is appealed in ``appeals.json``, with a citation.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import fhirkit
from pydantic import ValidationError
from pyfhircheck import Validator
from pyfhircheck.config import ValidatorConfig

from tyokyky_bridge.fhir.conformance import TYPES, listed
from tyokyky_bridge.fhir.wire.validate import validate

Document = dict[str, Any]
APPEALS = Path(__file__).with_name("appeals.json")
_INDEX = re.compile(r"\[\d+\]|\.\d+(?=\.|\Z)")
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{20,64}")


@dataclass(frozen=True, order=True)
class Finding:
    """One objection, without indices and ids, so that the same thing in two bodies is one finding."""

    judge: str
    type: str
    rule: str
    text: str


@dataclass(frozen=True)
class Appeal:
    """An objection that we hold to be wrong: by which part of the specification."""

    judge: str
    type: str
    rule: str
    text: str
    """A regular expression that the whole text of the finding has to match."""
    reading: str
    citation: str

    def covers(self, finding: Finding) -> bool:
        """Whether it is about this finding."""
        same = (self.judge, self.rule) == (finding.judge, finding.rule) and self.type in {"*", finding.type}
        return same and re.fullmatch(self.text, finding.text) is not None


def appeals() -> tuple[Appeal, ...]:
    """Every appeal; each needs its citation."""
    found = tuple(Appeal(**each) for each in json.loads(APPEALS.read_text("utf-8")))
    assert all(each.citation.startswith("http://hl7.org/fhir/R4/") for each in found)
    return found


def by_the_classes(document: Any) -> Iterator[tuple[str, str]]:
    """fhir.resources, release R4B: structure, types of values, formats of dates."""
    type_ = document.get("resourceType") if isinstance(document, dict) else None
    try:
        model = getattr(import_module(f"fhir.resources.R4B.{str(type_).lower()}"), str(type_))
    except (ImportError, AttributeError):
        yield "type", "no such type"
        return
    try:
        model.model_validate(document)
    except ValidationError as refusal:
        for each in refusal.errors():
            yield each["type"], f"{'.'.join(map(str, each['loc']))}: {each['msg']}"


def by_fhirkit(document: Any) -> Iterator[tuple[str, str]]:
    """fhirkit-rs: R4 structure, empty values, spaces."""
    for each in fhirkit.validate(document):
        if str(each).startswith("error"):
            yield "error", str(each)


@cache
def _pyfhircheck() -> Validator:
    with TemporaryDirectory() as folder:
        for type_ in sorted(TYPES):
            for each in listed(type_):
                if type_ in {"StructureDefinition", "ValueSet", "CodeSystem"}:
                    at = Path(folder) / f"{type_}-{each['id']}.json"
                    at.write_text(json.dumps(each), "utf-8")
        return Validator(ValidatorConfig(local_package_paths=[folder], allow_unknown_extensions=True))


def by_pyfhircheck(document: Any) -> Iterator[tuple[str, str]]:
    """pyfhircheck: bindings, XHTML, references, Bundle rules, and our own profiles."""
    if not isinstance(document, dict):
        yield "type", "no object"
        return
    for each in _pyfhircheck().validate_resource(document).issues:
        if each.severity.value == "error":
            yield each.code, each.message


def by_ourselves(document: Any) -> Iterator[tuple[str, str]]:
    """our own validator: what we refuse when it comes in, we may not send out."""
    parts = _parts_in(document)
    for each in validate(document):
        inside_a_part = str(each.expression).startswith(parts)
        if each.refuses and not (each.code == "invariant" and inside_a_part):
            yield each.code, f"{each.expression}: {each.text}"


def _parts_in(document: Any) -> tuple[str, ...]:
    """Where in a body there are resources of which only a part was asked for."""
    if _is_a_part(document):
        return ("",)
    entries = document.get("entry") if isinstance(document, dict) else None
    return tuple(
        f"Bundle.entry[{n}].resource"
        for n, entry in enumerate(entries if isinstance(entries, list) else [])
        if isinstance(entry, dict) and _is_a_part(entry.get("resource"))
    )


def _is_a_part(document: Any) -> bool:
    """
    Whether only some elements were asked for: an invariant can be about one that was not.

    Source: hl7.org/fhir/R4/search.html#summary.
    """
    tags = document.get("meta", {}).get("tag", []) if isinstance(document, dict) else []
    return any(tag.get("code") == "SUBSETTED" for tag in tags)


JUDGES: Mapping[str, Callable[[Any], Iterator[tuple[str, str]]]] = {
    "fhir.resources": by_the_classes,
    "fhirkit-rs": by_fhirkit,
    "pyfhircheck": by_pyfhircheck,
    "tyokyky-bridge": by_ourselves,
}
NOT_RUN = {
    "HL7 validator_cli": "needs Java and the open internet: `make judge-hl7`",
    "Inferno": "needs the open internet",
    "Touchstone": "needs the open internet",
    "fhir (JS)": "needs Node: `make judge-node`",
}
"""Judges that exist and are not asked here; said so, that nobody takes silence for consent."""


def edition(judge: str) -> str:
    """The version of a judge; our own changes with everything else here and has none worth telling."""
    return "" if judge == "tyokyky-bridge" else version(judge)


def verdict(document: Document) -> tuple[Finding, ...]:
    """
    What the whole panel holds against one body.

    pyfhircheck is told to let extensions of strangers pass, as a server has to; ours are looked up elsewhere.

    Source: hl7.org/fhir/R4/extensibility.html.
    """
    type_ = str(document.get("resourceType"))
    found = {
        Finding(judge, type_, rule, _INDEX.sub("[]", _ID.sub("<id>", text)))
        for judge, ask in JUDGES.items()
        for rule, text in ask(document)
    }
    return tuple(sorted(found))


def standing(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those that no appeal covers."""
    known = appeals()
    return tuple(each for each in findings if not any(appeal.covers(each) for appeal in known))
