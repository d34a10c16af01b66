"""CareTeam: who works with the client. Exactly one participant coordinates. Source: domain report 3.3 D3, S7, 4.5."""

from typing import Any, Final, cast

from tyokyky_bridge.domain.codes import code_list
from tyokyky_bridge.fhir.lens.codecs import of_list
from tyokyky_bridge.fhir.lens.rows import Place, Row, Scene, Unit, code_in, organization, period, worker
from tyokyky_bridge.fhir.wire.issues import Document

STATUS: Final = {
    "draft": "proposed",
    "active": "active",
    "under_revision": "active",
    "superseded": "inactive",
    "closed": "inactive",
    "cancelled": "inactive",
}

_ROLE: Final = "CL-27"
_SINGLE: Final = {"coordinator": "coordinator", "own_worker": "own-worker", "client_lead": "client-lead"}
"""The entry that stands for each role of which a plan has one, by the code of the role."""
_LISTS: Final = {
    "service_responsible": "care-team.responsible-workers",
    "background_responsible": "care-team.background-workers",
}
_MEMBERS: Final = "network.members"
_TEMPLATES: Final = tuple(f"{each}." for each in (*_LISTS.values(), _MEMBERS))


def _as(role: str) -> Document:
    return {"role": [{"coding": [of_list(_ROLE).show(role)]}]}


def _entry(id_: str) -> str:
    return f"participant[id={id_}]"


def _finish(document: Document, scene: Scene, _: Place) -> None:
    status = scene.leaves.get("header.status")
    if status is not None:
        document["status"] = STATUS[str(status)]
    if scene.subject is not None:
        document["subject"] = scene.subject


def _roles(entry: Document) -> set[str]:
    url = code_list(_ROLE).url
    return {
        str(coding.get("code"))
        for concept in cast("list[Any]", entry.get("role") or [])
        for coding in cast("list[Any]", concept.get("coding") or [])
        if coding.get("system") == url
    }


def _prepare(document: Document) -> Document:
    """Entries that nobody named are told apart by their roles; those of no role of ours are of the network."""
    entries = cast("list[Document]", document.get("participant") or [])
    named = {entry.get("id") for entry in entries}
    prepared: list[Document] = []
    for entry in entries:
        given = str(entry.get("id", ""))
        if given in _SINGLE.values() or given.startswith(_TEMPLATES):
            prepared.append(entry)
            continue
        roles = _roles(entry)
        single = next((_SINGLE[role] for role in sorted(roles & _SINGLE.keys())), None)
        if single is not None and single not in named:
            named.add(single)
            prepared.append({**entry, "id": single})
            continue
        list_ = next((_LISTS[role] for role in sorted(roles & _LISTS.keys())), _MEMBERS)
        prepared.append({**entry, "id": f"{list_}.{given}"})
    return {**document, "participant": prepared} if prepared else document


_MANY: Final = "participant[]"

CARE_TEAM: Final = Unit(
    type="CareTeam",
    anchor="",
    tag="ct",
    profile="care-team",
    claims=("care_team", "network.members"),
    rows=(
        Row("care_team.coordinator.party", f"{_entry('coordinator')}.onBehalfOf.reference"),
        *worker("care_team.coordinator.worker", f"{_entry('coordinator')}.member"),
        Row("care_team.coordinator.since", f"{_entry('coordinator')}.period.start"),
        *worker("care_team.own_worker", f"{_entry('own-worker')}.member"),
        *worker("care_team.client_lead", f"{_entry('client-lead')}.member"),
        *worker("care_team.responsible_workers[].worker", f"{_MANY}.member"),
        *organization("care_team.responsible_workers[].organization", f"{_MANY}.onBehalfOf"),
        *period("care_team.responsible_workers[].period", f"{_MANY}.period"),
        *worker("care_team.background_workers[]", f"{_MANY}.member"),
        *worker("network.members[].contact", f"{_MANY}.member"),
        *organization("network.members[].organization", f"{_MANY}.onBehalfOf"),
        *period("network.members[].period", f"{_MANY}.period"),
        code_in("network.members[].role", f"{_MANY}.role[0]", _ROLE),
        Row("care_team.main_customership", "managingOrganization[0].reference"),
    ),
    dress={
        _entry("coordinator"): _as("coordinator"),
        _entry("own-worker"): _as("own_worker"),
        _entry("client-lead"): _as("client_lead"),
        "care_team.responsible_workers[]": _as("service_responsible"),
        "care_team.background_workers[]": _as("background_responsible"),
    },
    finish=_finish,
    borrowed=("header.status",),
    prepare=_prepare,
)
