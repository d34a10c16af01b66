"""Provenance: who brought one version of a resource about, as far as the one who reads it may see.

One for every version in the history of a caller, never of the plan: a change that the caller cannot see makes
no version and so no Provenance. Source: FHIR report 1.12; fi-base-information-custodian (Finnish base profiles).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.parties import Party, Register
from tyokyky_bridge.fhir.derived.vocabulary import (
    V3_PARTICIPATION,
    Y_TUNNUS,
    Document,
    Key,
    concept,
    digest,
    foreign,
    meta,
    present,
    reference,
)

Method = Literal["POST", "PUT", "DELETE"]

CONTROLLER_KIND: Final = "urn:oid:1.2.246.537.5.40172"
"""Kind of a controller: 1 public, 2 private."""

_PRIVATE: Final = frozenset(
    {
        Register.THIRD_SECTOR,
        Register.PRODUCER,
        Register.EMPLOYER,
        Register.INSURANCE,
        Register.PENSION,
    }
)
_REGISTER_IDS: Final = {
    Register.HEALTH: ("urn:oid:1.2.246.537.5.40150", "2"),
    Register.SOCIAL: ("urn:oid:1.2.246.537.6.1264", "1"),
}
"""The two registers for which a national register id exists: public health care, and clients of social welfare."""

_AGENT: Final = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_OPERATION: Final = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
_ACTIVITIES: Final[dict[Method, tuple[str, str]]] = {
    "POST": ("CREATE", "create"),
    "PUT": ("UPDATE", "revise"),
    "DELETE": ("DELETE", "delete"),
}


@dataclass(frozen=True)
class Event:
    """One version of a resource coming about. *previous* is the version before it that the reader knows."""

    type: str
    id: str
    version: str
    at: datetime
    method: Method
    previous: str | None = None

    @property
    def target(self) -> str:
        """The version, as a reference."""
        return f"{self.type}/{self.id}/_history/{self.version}"


def provenance_id(resource_type: str, resource_id: str, version: str) -> str:
    """The id of the Provenance of one version."""
    return f"pv-{digest(resource_type, resource_id, version)}"


def provenance(
    event: Event, *, custodians: Sequence[Party], author: Party | None, labels: frozenset[Category]
) -> tuple[Key, Document]:
    """
    The Provenance of one version.

    Args:
        event: The version.
        custodians: The controllers in whose registers the content is; the first one's register is the tag.
        author: The party that recorded it, where the reader may know.
        labels: The categories of the target: who may not see those may not see this.

    Raises:
        ValueError: without a custodian, or with a moment that names no zone.
    """
    if not custodians or event.at.tzinfo is None:
        msg = "a provenance needs a custodian and an aware moment"
        raise ValueError(msg)
    code, display = _ACTIVITIES[event.method]
    key = ("Provenance", provenance_id(event.type, event.id, event.version))
    document = present(
        resourceType="Provenance",
        id=key[1],
        meta=meta("Provenance", register=custodians[0].register.value, labels=labels),
        target=[{"reference": event.target}],
        recorded=event.at.astimezone(UTC).isoformat(),
        activity=concept(foreign(_OPERATION, code, display)),
        agent=[*(_custodian(party) for party in custodians), *([_author(author)] if author else [])],
        entity=[*_sources(custodians), *_before(event)],
    )
    return key, document


def _custodian(party: Party) -> Document:
    private = party.register in _PRIVATE
    return {
        "type": concept(foreign(V3_PARTICIPATION, "CST", "custodian")),
        "role": [concept(foreign(CONTROLLER_KIND, "2" if private else "1"))],
        "who": {
            **reference("Organization", party.id),
            "identifier": {
                "type": concept(
                    foreign("http://terminology.hl7.org/CodeSystem/v2-0203", "PRN", "Provider number")
                ),
                "system": Y_TUNNUS,
                "value": party.controller,
            },
            "display": party.name,
        },
    }


def _author(party: Party) -> Document:
    return {
        "type": concept(foreign(_AGENT, "author", "Author")),
        "who": {**reference("Organization", party.id), "display": party.name},
    }


def _sources(custodians: Sequence[Party]) -> list[Document]:
    registers = dict.fromkeys(_REGISTER_IDS[p.register] for p in custodians if p.register in _REGISTER_IDS)
    return [
        {"role": "source", "what": {"identifier": {"system": system, "value": value}}}
        for system, value in registers
    ]


def _before(event: Event) -> list[Document]:
    if event.previous is None:
        return []
    role = "removal" if event.method == "DELETE" else "revision"
    return [
        {"role": role, "what": {"reference": f"{event.type}/{event.id}/_history/{event.previous}"}},
    ]
