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
    """Entries that nobody named are told apart by their roles."""
    entries = cast("list[Any]", document.get("participant") or [])
    named = {entry.get("id") for entry in entries}
    prepared: list[Document] = []
    for number, entry in enumerate(cast("list[Document]", entries)):
        ours = (
            str(entry.get("id", "")).startswith(("care-team.", "network."))
            or entry.get("id") in _SINGLE.values()
        )
        roles = _roles(entry)
        id_ = next((_SINGLE[role] for role in sorted(roles & _SINGLE.keys())), None)
        list_ = next((_LISTS[role] for role in sorted(roles & _LISTS.keys())), None)
        if ours:
            prepared.append(entry)
        elif id_ is not None and id_ not in named:
            named.add(id_)
            prepared.append({**entry, "id": id_})
        elif list_ is not None:
            prepared.append({**entry, "id": f"{list_}.n-{number}"})
        else:
            prepared.append(entry)
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
    prepare=_prepare,
)
