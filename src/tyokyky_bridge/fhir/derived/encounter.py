"""Encounter: a meeting that was held, beside the Appointment that it was planned as. Source: domain report 4.5."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from tyokyky_bridge.domain.items import Scalar
from tyokyky_bridge.fhir.derived.vocabulary import (
    V3_ACT,
    Document,
    Key,
    coding,
    concept,
    foreign,
    present,
    profile,
    reference,
)
from tyokyky_bridge.fhir.lens.ids import resource_id
from tyokyky_bridge.fhir.lens.masking import absence
from tyokyky_bridge.fhir.lens.projection import Sheet
from tyokyky_bridge.fhir.lens.rows import Place, Unit
from tyokyky_bridge.fhir.lens.tree import taken_apart
from tyokyky_bridge.fhir.units.appointment import MEETING
from tyokyky_bridge.fhir.units.workers import worker_reference

_NAMED: Final = Unit(type="Encounter", anchor=MEETING.anchor, tag="en", profile="encounter")
"""What the id of an Encounter is made of; it is no unit of the lens, because it carries no leaf of its own."""

_VIRTUAL: Final = foreign(V3_ACT, "VR", "virtual")
_CLASSES: Final = {
    "in_person": foreign(V3_ACT, "AMB", "ambulatory"),
    "remote_video": _VIRTUAL,
    "phone": _VIRTUAL,
    "without_meeting": _VIRTUAL,
}


def encounters(sheet: Sheet, projected: Mapping[Key, Document]) -> dict[Key, Document]:
    """
    One Encounter for each meeting that the caller sees as held.

    Args:
        sheet: What the caller sees of the plan.
        projected: The resources of the same sheet; an Encounter is labelled like its Appointment.
    """
    found: dict[Key, Document] = {}
    leaves = sheet.view.leaves
    for path, value in leaves.items():
        pattern, keys = taken_apart(path)
        if pattern != f"{MEETING.anchor}.status" or value != "held":
            continue
        place = Place(MEETING, keys)
        planned = projected["Appointment", _id(place, sheet)]
        key = ("Encounter", _id(Place(_NAMED, keys), sheet))
        found[key] = _encounter(key[1], place.anchor, planned, sheet, projected)
    return found


def _id(place: Place, sheet: Sheet) -> str:
    return str(resource_id(place, sheet.view.plan_id, sheet.view.leaves))


def _encounter(
    id_: str, at: str, planned: Document, sheet: Sheet, projected: Mapping[Key, Document]
) -> Document:
    leaves = sheet.view.leaves
    kind, mode = leaves.get(f"{at}.kind"), leaves.get(f"{at}.mode")
    place, convener = leaves.get(f"{at}.place"), leaves.get(f"{at}.convener.party")
    unsaid = {"extension": [absence(withheld=bool(sheet.view.withheld))]}
    return {
        **present(
            resourceType="Encounter",
            id=id_,
            meta={**planned["meta"], "profile": [profile("Encounter")]},
            status="finished",
            type=[] if kind is None else [concept(coding("CL-43", str(kind)))],
            subject=_first(projected, "Patient"),
            episodeOfCare=[each] if (each := _first(projected, "EpisodeOfCare")) else [],
            participant=_participants(at, leaves),
            appointment=[reference("Appointment", planned["id"])],
            period=_period(at, leaves),
            location=[] if place is None else [{"location": {"display": place}}],
            serviceProvider=None if convener is None else reference("Organization", str(convener)),
        ),
        "class": unsaid if mode is None else _CLASSES[str(mode)],
    }


def _first(projected: Mapping[Key, Document], resource_type: str) -> Document | None:
    return next((reference(*key) for key in projected if key[0] == resource_type), None)


def _period(at: str, leaves: Mapping[str, Scalar]) -> Document:
    """When it was; an end before the start is left to the Appointment, which keeps what was recorded."""
    start, end = leaves.get(f"{at}.start"), leaves.get(f"{at}.end")
    backwards = isinstance(start, datetime) and isinstance(end, datetime) and end < start
    return present(start=_moment(start), end=None if backwards else _moment(end))


def _moment(value: Scalar | None) -> str | None:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else None


def _participants(at: str, leaves: Mapping[str, Scalar]) -> list[Document]:
    """The workers who are said to have been there."""
    found: list[Document] = []
    for path, attended in leaves.items():
        if (
            attended is not True
            or not path.startswith(f"{at}.participants[")
            or not path.endswith("].attended")
        ):
            continue
        who = path.removesuffix(".attended")
        role = leaves.get(f"{who}.role")
        said = present(
            type=[] if role is None else [concept(coding("CL-27", str(role)))],
            individual=worker_reference(leaves, f"{who}.who"),
        )
        if said:
            found.append(said)
    return found
