"""Where what is written belongs: to a plan of the person that it is about, or to the caller's party alone.

A resource belongs to a plan when its subject is a client with an open plan that the caller knows, and the plan has a
place for it. A CarePlan for a client without an open plan begins one. Everything else is kept whole.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, cast
from uuid import UUID

from tyokyky_bridge.domain.hetu import InvalidHetu, parse_hetu
from tyokyky_bridge.fhir.lens.ids import place_of, resource_id
from tyokyky_bridge.fhir.lens.rows import Place, Unit
from tyokyky_bridge.fhir.lens.units import LENS
from tyokyky_bridge.fhir.search.identity import HETU_SYSTEM
from tyokyky_bridge.fhir.wire.issues import Document, Invalid, Issue
from tyokyky_bridge.services.clients import register_in, registered_by
from tyokyky_bridge.services.fhir.plan_sight import PlanSight
from tyokyky_bridge.services.fhir.references import local, spellings, subjects
from tyokyky_bridge.services.fhir.refusals import Conflict, NotAllowed
from tyokyky_bridge.services.fhir.sight import Sighting, as_uuid, plan_of
from tyokyky_bridge.services.fhir.steps import InPlan, Step, entry_of
from tyokyky_bridge.services.plans import CLOSED
from tyokyky_bridge.services.shape import new_element_id

STAYS: Final = "a plan, its team, its case and its client are not deleted: close the plan by its status"
OURS: Final = "an id of this form is given by the server: send a POST"
ONE_ONLY: Final = "the client has this already: update what is there"


class Homes:
    """Decides for the steps of one write set where they belong, and gives ids to what is new."""

    def __init__(self, sighting: Sighting, base: str) -> None:
        self._sighting = sighting
        self._base = base
        self._new: dict[UUID, tuple[UUID, UUID]] = {}
        """The ids of plan and case for each client whose plan begins here."""
        self._registered: set[UUID] = set()
        self._given: set[tuple[UUID, Place]] = set()

    def new_ids(self, client_id: UUID) -> tuple[UUID, UUID]:
        """The ids of the plan and the case that begin for a client."""
        return self._new[client_id]

    def settle(self, steps: Sequence[Step]) -> None:
        """Give every open step its home, and a key where the server gives the id; nested ones get theirs later."""
        by_url = {step.entry.full_url: step for step in steps if step.entry.full_url is not None}
        writing = [step for step in steps if step.open]
        for step in writing:
            with entry_of(step):
                self._standing(step)
        fresh = [step for step in writing if step.creates]
        for step in fresh:
            with entry_of(step):
                self._register(step)
        for step in fresh:
            with entry_of(step):
                self._begin(step, by_url)
        for step in writing:
            with entry_of(step):
                self._belong(step, by_url)
        for step in fresh:
            if step.key is None and not (step.home is not None and step.home.unit.depth > 1):
                step.key = (step.entry.type, self._id(step))

    def _standing(self, step: Step) -> None:
        """What stands in a plan already stays there; what is new by PUT needs an id that is not the plan's to give."""
        if step.key is None:
            return
        if step.standing is None:
            if plan_of(step.key[1]) is not None:
                raise NotAllowed(OURS)
            return
        holder = self._sighting.holder(step.key)
        if holder is None or holder.runs[step.key][-1].deleted:
            return
        place = _place(holder, step)
        if step.entry.method == "DELETE" and not place.unit.depth:
            raise NotAllowed(STAYS)
        step.home = InPlan(holder.plan.id, holder.plan.client_id, place.unit, place)

    def _register(self, step: Step) -> None:
        """A Patient with an identity number becomes a client of the register, and has the client's id."""
        if step.entry.type != "Patient" or not step.named_by_us:
            return
        hetu = _hetu(step.document or {})
        if hetu is None:
            return
        place, number = hetu
        sighting = self._sighting
        try:
            parse_hetu(number, synthetic_only=sighting.bridge.synthetic_only)
        except InvalidHetu as refusal:
            raise Invalid(
                [Issue("error", "value", f"is no identity number: {refusal.rule}", place)]
            ) from None
        client_id = register_in(sighting.tx, sighting.bridge, sighting.caller, number)
        self._registered.add(client_id)
        step.key = ("Patient", str(client_id))
        if sighting.current(step.key) is not None:
            raise Conflict(ONE_ONLY)

    def _begin(self, step: Step, by_url: dict[str, Step]) -> None:
        """A CarePlan for a client without an open plan begins one."""
        client_id = self._client(step, by_url) if step.entry.type == "CarePlan" else None
        if client_id is None or not self._is_ours(client_id):
            return
        if not step.named_by_us:
            raise NotAllowed(OURS)
        if self._open_plan(client_id) is not None or client_id in self._new:
            raise Conflict(ONE_ONLY)
        tx = self._sighting.tx
        self._new[client_id] = (tx.new_id(), tx.new_id())

    def _is_ours(self, client_id: UUID) -> bool:
        """Whether the caller's party has put the client on the register, and so may begin a plan."""
        tx, party = self._sighting.tx, self._sighting.caller.party
        return client_id in self._registered or (
            tx.clients.get(client_id) is not None and registered_by(tx, client_id, party)
        )

    def _belong(self, step: Step, by_url: dict[str, Step]) -> None:
        if step.home is not None or step.document is None:
            return
        patient = step.entry.type == "Patient"
        client_id = as_uuid(step.key[1]) if patient and step.key else self._client(step, by_url)
        unit = None if client_id is None else unit_of(step.document)
        if client_id is None or unit is None:
            return
        if client_id in self._new:
            if step.creates or patient:
                plan_id = self._new[client_id][0]
                step.home = InPlan(
                    plan_id, client_id, unit, Place(unit) if not unit.depth else None, new=True
                )
            return
        plan = self._open_plan(client_id)
        if plan is None or not step.creates:
            return
        if not step.named_by_us:
            raise NotAllowed(OURS)
        if not unit.depth:
            raise Conflict(ONE_ONLY)
        step.home = InPlan(plan.plan.id, client_id, unit)

    def _open_plan(self, client_id: UUID) -> PlanSight | None:
        """The open plan of a client, if the caller knows it."""
        plans = self._sighting.plans_of(client_id)
        return next((plan for plan in plans if plan.plan.status not in CLOSED), None)

    def _client(self, step: Step, by_url: dict[str, Step]) -> UUID | None:
        """Whom a body is about, when that is a person on the register."""
        for reference in subjects(step.document or {}):
            names = spellings(reference, step.entry.full_url)
            other = next((by_url[name] for name in names if name in by_url), None)
            key = local(reference, self._base) if other is None else other.key
            if key is None or key[0] != "Patient":
                continue
            client_id = as_uuid(key[1])
            if client_id is not None:
                return client_id
            plan_id = plan_of(key[1])
            plan = None if plan_id is None else self._sighting.plan(plan_id)
            if plan is not None:
                return plan.plan.client_id
        return None

    def _id(self, step: Step) -> str:
        """The id of a new resource."""
        home = step.home
        if home is None:
            return str(self._sighting.tx.new_id())
        if not home.unit.depth:
            ids = self._new[home.client_id]
            return str(ids[1] if home.unit.type == "EpisodeOfCare" else ids[0])
        return self._placed(step, home, ())

    def place_inside(self, step: Step) -> None:
        """Give a nested step its place, from the references in its body. Raises: Invalid."""
        home = step.home
        if home is None or home.unit.parent_keys is None:
            return
        parents = home.unit.parent_keys(step.document or {})
        if parents is None or len(parents) != home.unit.depth - 1:
            text = "must say what it is a part of"
            raise Invalid([Issue("error", "required", text, step.entry.type)])
        step.key = (step.entry.type, self._placed(step, home, parents))

    def _placed(self, step: Step, home: InPlan, parents: tuple[str, ...]) -> str:
        """The id at a place of its own below *parents*."""
        place = Place(home.unit, (*parents, _element_id(step, home)))
        if (home.plan_id, place) in self._given:
            place = Place(home.unit, (*parents, new_element_id()))
        self._given.add((home.plan_id, place))
        step.home = InPlan(home.plan_id, home.client_id, home.unit, place, home.new)
        return resource_id(place, str(home.plan_id), {}) or ""


def nested(steps: Iterable[Step]) -> list[Step]:
    """The new steps that are a part of another element of a plan, which their own references name."""
    return [step for step in steps if step.open and step.home is not None and step.home.place is None]


def _element_id(step: Step, home: InPlan) -> str:
    """
    The id of a new element.

    In a plan that comes with it an element may keep the id that it had elsewhere, so that what names it still does. In
    a plan that is there the id could be that of an element that the caller does not see, and trying would tell.
    """
    if home.new:
        said: Any = (step.document or {}).get("id")
        for id_ in (said, (step.entry.full_url or "").rpartition("/")[2]):
            found = place_of(LENS.units_of(step.entry.type), step.entry.type, str(id_))
            if found is not None and found[1].unit is home.unit:
                return found[1].keys[-1]
    return new_element_id()


def unit_of(document: Document) -> Unit | None:
    """What a new body is in a plan; ``None`` where a plan has no place for it."""
    units = LENS.units_of(str(document.get("resourceType")))
    if len(units) == 1:
        return units[0]
    return next((unit for unit in units if unit.recognises(document)), None)


def _place(holder: PlanSight, step: Step) -> Place:
    places = LENS.places(str(holder.plan.id), holder.named.leaves)
    if step.key is None or step.key not in places:
        raise NotAllowed(OURS)
    return places[step.key]


def _hetu(patient: Document) -> tuple[str, str] | None:
    """The identity number of a Patient and where it stands; not one that the person had before."""
    identifiers: Any = patient.get("identifier")
    for n, each in enumerate(cast("list[Any]", identifiers) if isinstance(identifiers, list) else []):
        held = cast("Document", each) if isinstance(each, dict) else {}
        value: Any = held.get("value")
        if held.get("system") == HETU_SYSTEM and held.get("use") != "old" and isinstance(value, str):
            return f"Patient.identifier[{n}].value", value
    return None
