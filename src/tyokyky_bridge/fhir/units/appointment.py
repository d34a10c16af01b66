"""Appointment: a meeting, planned or held; one that was held has an Encounter too. Source: domain report 4.5.

An Organization can be no participant (fi-base-appointment), so those who take part are workers and the client.
"""

from typing import Final

from tyokyky_bridge.fhir.lens.rows import Place, Row, Scene, Shown, Unit, code_in, worker
from tyokyky_bridge.fhir.units.linking import (
    entries,
    extended,
    extension,
    masked,
    members,
    own_extension,
    the_plan,
)
from tyokyky_bridge.fhir.wire.issues import Document

STATUS: Final = {
    "proposed": "proposed",
    "booked": "booked",
    "held": "fulfilled",
    "cancelled": "cancelled",
    "moved": "cancelled",
    "no_show": "noshow",
}
"""Source: domain report 4.5, from the ConceptMap of the Finnish scheduling guide."""

_UNTIMED: Final = frozenset({"proposed", "cancelled", "waitlist"})
"""Only these may be without a time (app-3)."""
_OVER: Final = frozenset({"fulfilled", "noshow"})
_TOOK_PART: Final = {True: "accepted", False: "declined", None: "needs-action"}
_CONVENER: Final = "participant[id=convener]"
_CLIENT: Final = "client"
_ATTENDED: Final = own_extension("meetings[].participants[].attended")
_PRESENT: Final = own_extension("meetings[].client_present")
_ID: Final = "participants."


def _status(value: object) -> str:
    return _TOOK_PART[value if isinstance(value, bool) else None]


def _finish(document: Document, scene: Scene, place: Place) -> None:
    at = place.anchor
    participants = entries(document, "participant")
    for entry in participants:
        if "type" not in entry:  # one of the two has to be there (app-1)
            entry.setdefault("actor", masked(scene))
        id_ = str(entry["id"])
        if id_.startswith(_ID):
            entry["status"] = _status(
                scene.leaves.get(f"{at}.participants[{id_.removeprefix(_ID)}].attended")
            )
    if scene.subject is not None:
        present = scene.leaves.get(f"{at}.client_present")
        client = {"id": _CLIENT, "actor": scene.subject, "status": _status(present)}
        participants = [client, *participants]
    document["participant"] = participants or [{"actor": masked(scene), "status": _status(None)}]
    plan = the_plan(scene)
    if plan is not None:
        document["supportingInformation"] = [plan]
    _time(document, scene)


def _time(document: Document, scene: Scene) -> None:
    """Start and end go together (app-2), and most states need them (app-3): what is missing says so."""
    missing = [name for name in ("start", "end") if name not in document]
    if len(missing) == 1 or document.get("status") not in _UNTIMED:
        for name in missing:
            document[f"_{name}"] = masked(scene)


def _prepare(document: Document) -> Document:
    """Who took part in a meeting that is over, where a stranger tells it by the state of the participation."""
    if document.get("status") not in _OVER:
        return document
    made = document
    participants: list[Document] = []
    for entry in entries(document, "participant"):
        told = next((each for each, name in _TOOK_PART.items() if name == entry.get("status")), None)
        client = str(members(entry, "actor").get("reference", "")).startswith("Patient/")
        if client and told is not None and extension(made, _PRESENT) is None:
            made = extended(made, _PRESENT, {"valueBoolean": told})
        known = client or told is None or entry.get("id") == "convener"
        if known or extension(entry, _ATTENDED) is not None:
            participants.append(entry)
        else:
            participants.append(extended(entry, _ATTENDED, {"valueBoolean": told}))
    return {**made, "participant": participants}


MEETING: Final = Unit(
    type="Appointment",
    anchor="meetings[]",
    tag="mt",
    profile="appointment",
    rows=(
        code_in("kind", "appointmentType", "CL-43"),
        Row("start", "start"),
        Row("end", "end"),
        *worker("convener", f"{_CONVENER}.actor"),
        *worker("participants[].who", "participant[].actor"),
        code_in("participants[].role", "participant[].type[0]", "CL-27"),
    ),
    shown=(Shown("status", "status", STATUS, {"cancelled": "cancelled"}),),
    dress={_CONVENER: {"type": [{"text": "convener"}], "status": "accepted"}},
    required=("status",),
    finish=_finish,
    prepare=_prepare,
)
"""One meeting; what was agreed in it are Tasks."""
