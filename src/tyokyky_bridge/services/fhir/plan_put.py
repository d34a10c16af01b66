"""A write into plans as a lens put: what the bodies say is compared with what the caller saw, and only that changes.

What the caller cannot see stays as it is, and what a plan has no place for is refused. All entries about one plan make
one revision, or the plan itself. Source: design 4 (Frame law); issue of the FHIR face, write as lens put.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast
from uuid import UUID

from tyokyky_bridge.domain.authority import SET_BY_HUB
from tyokyky_bridge.domain.errors import BridgeError, InvalidPlan, Problem
from tyokyky_bridge.domain.hetu import InvalidHetu
from tyokyky_bridge.domain.plan.support_plan import OPEN
from tyokyky_bridge.fhir.lens.reading import JsonLeaves, Read, differences, read_back
from tyokyky_bridge.fhir.lens.rows import Place, Unit
from tyokyky_bridge.fhir.lens.surplus import surplus
from tyokyky_bridge.fhir.lens.units import LENS
from tyokyky_bridge.fhir.units.linking import members
from tyokyky_bridge.fhir.wire.issues import Document, Invalid, Issue
from tyokyky_bridge.services.changes import CategoryWithheld, Change, NotYourField
from tyokyky_bridge.services.fhir.hub_fields import foreign_labels, without_hub_fields
from tyokyky_bridge.services.fhir.naming import element_at, owner_of
from tyokyky_bridge.services.fhir.references import SUBJECTS, local, relative
from tyokyky_bridge.services.fhir.refusals import EntryRefused
from tyokyky_bridge.services.fhir.sight import Sighting
from tyokyky_bridge.services.fhir.steps import InPlan, Step, entry_of
from tyokyky_bridge.services.plans import create_in, revise_in
from tyokyky_bridge.services.ports import StoreError
from tyokyky_bridge.services.shape import nested
from tyokyky_bridge.services.sight import Seen

CAUSE: Final = "fhir"
COORDINATOR: Final = "care_team.coordinator.party"
HETU: Final = "client.hetu[].value"


class PlanPut:
    """
    The entries of a write set that are about one plan.

    Args:
        salt: Mixed into the ids of new elements, so that they meet no element that the caller cannot see.
    """

    def __init__(self, sighting: Sighting, steps: Sequence[Step], base: str, *, salt: str) -> None:
        self._sighting = sighting
        self._steps = steps
        self._base = base
        self._salt = salt
        first = steps[0].home
        if first is None:
            msg = "a resource that is kept whole is in no plan"
            raise RuntimeError(msg)
        self.plan_id: Final = first.plan_id
        self.client_id: Final = first.client_id
        self.new: Final = first.new
        self._kept: Document | None = None

    def revise(self) -> None:
        """
        Record what changes as one revision; nothing where nothing does.

        Raises: EntryRefused, with what `services.plans.revise_plan` raises, or Invalid, as its cause.
        """
        changes: list[Change] = []
        for step in self._steps:
            with entry_of(step):
                changes += self._changes(step)
        if not changes:
            return
        s = self._sighting
        with self._told():
            revise_in(s.tx, s.bridge, s.caller, self.plan_id, lambda _: changes, check=_anything, cause=CAUSE)

    def create(self, ids: tuple[UUID, UUID]) -> None:
        """
        Record the plan that the entries make, coordinated by the caller's party where they name nobody.

        Raises: EntryRefused, with what `services.plans.create_plan` raises, or Invalid, as its cause.
        """
        leaves: dict[str, Any] = {}
        for step in self._steps:
            with entry_of(step):
                leaves |= _without_hub(self._read(step, {}).leaves)
        if not any(step.entry.type == "Patient" for step in self._steps):
            leaves |= self._client_from_own()
        if leaves.get("header.status") in OPEN:
            leaves.setdefault(COORDINATOR, self._coordinator() or self._sighting.caller.party)
        s = self._sighting
        with self._told():
            create_in(s.tx, s.bridge, s.caller, self.client_id, nested(leaves), cause=CAUSE, ids=ids)

    def check(self, after: Sighting) -> None:
        """
        Ask for every element of every body in what the caller sees afterwards.

        Raises: EntryRefused, with Invalid as its cause.
        """
        for step in self._steps:
            if step.document is None or step.key is None or step.home is None:
                continue
            with entry_of(step):
                version = after.current(step.key)
                if version is None or version.document is None:
                    text = "says nothing that a plan holds: to remove a resource, delete it"
                    raise Invalid([Issue("error", "business-rule", text, step.entry.type)])
                before = None if step.standing is None else step.standing.document
                self._refuse_surplus(self._body(step), version.document, step.home, before)
        if self._kept is not None:
            own = after.current(("Patient", str(self.client_id)))
            with entry_of(self._steps[0]):
                self._refuse_surplus(self._kept, (own.document if own else None) or {}, _home(self._steps[0]))

    def _refuse_surplus(
        self, body: Document, again: Document, home: InPlan, before: Document | None = None
    ) -> None:
        unit = home.unit if body.get("resourceType") == home.unit.type else _unit(body)
        found = surplus(
            self._without_subject(unit.prepare(body), again),
            again,
            plan_id=str(self.plan_id),
            before=before,
            derived=unit.derived,
            own_ids=(str(self.client_id), str(again.get("id"))),
        )
        found = (*found, *foreign_labels(body, again))
        if found:
            raise Invalid(found)

    def _without_subject(self, body: Document, again: Document) -> Document:
        """The body without naming the plan's own client where the caller is not shown whose plan it is."""
        own = {("Patient", str(self.client_id)), ("Patient", f"{self.plan_id.hex}.pt")}
        hidden = {
            name
            for name in SUBJECTS
            if local(members(body, name).get("reference"), "") in own
            and "reference" not in members(again, name)
        }
        return {name: member for name, member in body.items() if name not in hidden}

    def _changes(self, step: Step) -> Iterator[Change]:
        home = _home(step)
        if step.entry.method == "DELETE":
            yield Change(home.place.anchor if home.place is not None else "", None)
            return
        before: JsonLeaves = {}
        if step.standing is not None and step.standing.document is not None:
            seen = read_back(step.standing.document, plan_id=str(self.plan_id), place=home.place)
            before = seen.leaves
        said = self._read(step, before).leaves
        if step.creates:
            said = _without_hub(said)
        for path, value in differences(before, said).items():
            if value is not None or path not in SET_BY_HUB:
                yield Change(path, value)

    def _read(self, step: Step, before: JsonLeaves) -> Read:
        return read_back(
            self._body(step),
            plan_id=str(self.plan_id),
            place=_home(step).place,
            before=before,
            salt=f"{self._salt}/{step.entry.index}",
        )

    def _body(self, step: Step) -> Document:
        """The body as a plan reads it: with its own id, and without what the hub sets when it is new."""
        body = relative(step.document or {}, self._base)
        if step.creates or _home(step).new:
            body = without_hub_fields(body, _home(step).unit)
        return body | {"id": step.key[1]} if step.key is not None else body

    def _client_from_own(self) -> dict[str, Any]:
        """The client as the party's own Patient has it, where the plan comes without one."""
        own = self._sighting.current(("Patient", str(self.client_id)))
        if own is None or own.document is None:
            return {}
        unit = LENS.units_of("Patient")[0]
        self._kept = without_hub_fields(own.document, unit)
        read = read_back(self._kept, plan_id=str(self.plan_id), place=Place(unit), salt=self._salt)
        return _without_hub(read.leaves)

    def _coordinator(self) -> str | None:
        """The party that an EpisodeOfCare says manages the case."""
        for step in self._steps:
            if step.entry.type == "EpisodeOfCare":
                held: Any = (step.document or {}).get("managingOrganization")
                reference = cast("Document", held).get("reference") if isinstance(held, dict) else None
                key = local(reference, self._base)
                if key is not None and key[0] == "Organization":
                    return key[1]
        return None

    @contextmanager
    def _told(self) -> Generator[None]:
        """Say of a refusal of the plan which entry and which element it is about."""
        try:
            yield
        except InvalidPlan as refusal:
            issues = [self._issue(problem) for problem in refusal.problems]
            raise EntryRefused(self._about(refusal.problems), Invalid(issues)) from refusal
        except (NotYourField, CategoryWithheld) as refusal:
            raise EntryRefused(self._about(refusal.problems), refusal) from refusal
        except InvalidHetu as refusal:
            issue = self._issue(Problem(HETU, f"is no identity number: {refusal.rule}"))
            raise EntryRefused(self._about([Problem(HETU, "")]), Invalid([issue])) from refusal
        except StoreError:
            raise
        except BridgeError as refusal:
            raise EntryRefused(self._steps[0].entry.index, refusal) from refusal

    def _issue(self, problem: Problem) -> Issue:
        placed = element_at(problem.field)
        text = problem.rule if placed is not None else f"{problem.field}: {problem.rule}"
        return Issue("error", "business-rule", text, placed)

    def _about(self, problems: Sequence[Problem]) -> int:
        """The entry that holds what is refused; the first one where none does."""
        for problem in problems:
            unit = owner_of(problem.field)
            for step in self._steps:
                if step.home is not None and step.home.unit is unit:
                    return step.entry.index
        return self._steps[0].entry.index


def _unit(body: Document) -> Unit:
    return LENS.units_of(str(body.get("resourceType")))[0]


def _home(step: Step) -> InPlan:
    if step.home is None:
        msg = "a resource that is kept whole is in no plan"
        raise RuntimeError(msg)
    return step.home


def _without_hub(leaves: Mapping[str, Any]) -> dict[str, Any]:
    return {path: value for path, value in leaves.items() if path not in SET_BY_HUB}


def _anything(_: Seen) -> None:
    """The conditions of the entries have been asked already, under the same locks."""
