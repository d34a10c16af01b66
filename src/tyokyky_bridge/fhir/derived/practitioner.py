"""Practitioner and PractitionerRole: the workers whom the leaves of a view name.

A plan has no list of workers: each place names its own, by the user code of a register or by a bare name. The
same party and user code (or name) is the same worker. Nothing is looked up, so a worker whom a caller cannot
see is nowhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.items import FIELDS, Scalar, pattern_of
from tyokyky_bridge.domain.labels import Labels
from tyokyky_bridge.domain.parties import Directory
from tyokyky_bridge.fhir.derived.vocabulary import (
    Document,
    Key,
    coding,
    concept,
    digest,
    meta,
    naming,
    present,
    reference,
)

_MEMBERS: Final = ("name", "role", "party", "user")

WORKER_PATTERNS: Final = frozenset(
    at
    for pattern in FIELDS
    if pattern.endswith(".user")
    and all(f"{(at := pattern.removesuffix('.user'))}.{member}" in FIELDS for member in _MEMBERS)
)
"""Where the schema has a worker: ``goals[].…`` has none, ``services[].responsible_worker`` is one."""


@dataclass(frozen=True)
class Named:
    """Leaves that may name workers, as one caller sees them, with the categories and the register of each."""

    leaves: Mapping[str, Scalar]
    labels: Mapping[str, Labels]
    registers: Mapping[str, str]


@dataclass
class _Worker:
    party: str | None
    user: str | None
    names: set[str] = field(default_factory=set[str])
    roles: set[str] = field(default_factory=set[str])
    labels: set[Category] = field(default_factory=set[Category])
    told_by: set[str] = field(default_factory=set[str])
    """The registers that name the worker."""


def worker_id(*, party: str | None, user: str | None, name: str | None) -> str | None:
    """The id of a worker, the same for the person and for the role; ``None`` for one without code and name.

    A name counts only where there is no user code: people change names, and two may share one.
    """
    if user is not None:
        return f"w-{digest('user', party or '', user)}"
    return None if name is None else f"w-{digest('name', party or '', name)}"


def practitioners(views: Iterable[Named], *, directory: Directory, on: date) -> dict[Key, Document]:
    """
    One Practitioner and one PractitionerRole for each worker that the views name.

    Args:
        views: All that one caller sees, of one plan or of many.
        directory: Tells the register of the worker's party, and which parties have an Organization.
        on: The day as of which the directory is asked.
    """
    workers: dict[str, _Worker] = {}
    for view in views:
        _gather(view, workers)
    found: dict[Key, Document] = {}
    for id_, worker in sorted(workers.items()):
        found["Practitioner", id_] = _practitioner(id_, worker, directory, on)
        found["PractitionerRole", id_] = _role(id_, worker, directory, on)
    return found


def _gather(view: Named, workers: dict[str, _Worker]) -> None:
    named: dict[str, dict[str, str]] = {}
    for path, value in view.leaves.items():
        at, _, member = path.rpartition(".")
        if member in _MEMBERS and pattern_of(at) in WORKER_PATTERNS:
            named.setdefault(at, {})[member] = str(value)
    for at, said in named.items():
        party, user, name = said.get("party"), said.get("user"), said.get("name")
        id_ = worker_id(party=party, user=user, name=name)
        if id_ is None:
            continue
        worker = workers.setdefault(id_, _Worker(party, user))
        worker.names |= {name} if name is not None else set()
        worker.roles |= {said["role"]} if "role" in said else set()
        for member in said:
            worker.labels |= view.labels[f"{at}.{member}"]
            worker.told_by.add(view.registers[f"{at}.{member}"])


def _register(worker: _Worker, directory: Directory, on: date) -> str:
    """The register of the worker's own party; for one of no known party, a register that names the worker."""
    party = None if worker.party is None else directory.holder(worker.party, on=on)
    return min(worker.told_by) if party is None else party.register.value


def _identifiers(worker: _Worker, directory: Directory, on: date) -> list[Document]:
    if worker.user is None:
        return []
    return [
        present(
            use="usual",
            system=naming("worker-id"),
            value=worker.user,
            assigner=_organization(worker, directory, on),
        )
    ]


def _organization(worker: _Worker, directory: Directory, on: date) -> Document | None:
    if worker.party is None:
        return None
    if directory.holder(worker.party, on=on) is not None:
        return reference("Organization", worker.party)
    return {"identifier": {"system": naming("party-id"), "value": worker.party}}


def _practitioner(id_: str, worker: _Worker, directory: Directory, on: date) -> Document:
    return present(
        resourceType="Practitioner",
        id=id_,
        meta=meta("Practitioner", register=_register(worker, directory, on), labels=worker.labels),
        identifier=_identifiers(worker, directory, on),
        name=[{"text": name} for name in sorted(worker.names)],
    )


def _role(id_: str, worker: _Worker, directory: Directory, on: date) -> Document:
    return present(
        resourceType="PractitionerRole",
        id=id_,
        meta=meta("PractitionerRole", register=_register(worker, directory, on), labels=worker.labels),
        identifier=_identifiers(worker, directory, on),
        practitioner=reference("Practitioner", id_),
        organization=_organization(worker, directory, on),
        code=[concept(coding("care-team-role", role)) for role in sorted(worker.roles)],
    )
