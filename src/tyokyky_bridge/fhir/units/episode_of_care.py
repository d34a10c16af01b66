"""EpisodeOfCare: the case. Source: domain report 4.5."""

from collections.abc import Mapping
from typing import Final

from tyokyky_bridge.domain.items import Scalar
from tyokyky_bridge.fhir.derived.vocabulary import naming, reference
from tyokyky_bridge.fhir.lens.rows import Place, Row, Scene, Unit
from tyokyky_bridge.fhir.units.workers import worker_reference
from tyokyky_bridge.fhir.wire.issues import Document

STATUS: Final = {
    "draft": "planned",
    "active": "active",
    "under_revision": "active",
    "superseded": "finished",
    "closed": "finished",
    "cancelled": "cancelled",
}
"""A case has no state of its own in the plan; it is where its plan is."""

COORDINATOR: Final = "care_team.coordinator"
_MANAGER: Final = tuple(f"{COORDINATOR}.worker.{member}" for member in ("name", "user", "party", "role"))


def _case_id(_: str, leaves: Mapping[str, Scalar]) -> str | None:
    case = leaves.get("header.case_id")
    return None if case is None else str(case)


def _finish(document: Document, scene: Scene, _: Place) -> None:
    status = scene.leaves.get("header.status")
    if status is not None:
        document["status"] = STATUS[str(status)]
    if scene.subject is not None:
        document["patient"] = scene.subject
    ended = scene.leaves.get("closing.closed_on")
    if ended is not None:
        document["period"] = {"end": str(ended)}
    party = scene.leaves.get(f"{COORDINATOR}.party")
    if party is not None:
        document["managingOrganization"] = reference("Organization", str(party))
    manager = worker_reference(scene.leaves, f"{COORDINATOR}.worker")
    if manager is not None:
        document["careManager"] = manager
    teams = scene.references("CareTeam")
    if teams:
        document["team"] = teams


EPISODE_OF_CARE: Final = Unit(
    type="EpisodeOfCare",
    anchor="",
    tag="ec",
    profile="episode-of-care",
    claims=("header.case_id",),
    rows=(Row("header.case_id", f"identifier[system={naming('case-id')};use=usual].value"),),
    required=("status", "patient!"),
    finish=_finish,
    borrowed=("header.status", "closing.closed_on", f"{COORDINATOR}.party", *_MANAGER),
    derived=frozenset({"team"}),
    singleton_id=_case_id,
)
