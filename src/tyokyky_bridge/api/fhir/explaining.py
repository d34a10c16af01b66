"""``$explain``: why each element of a plan was, or was not, disclosed to a recipient."""

from datetime import UTC, datetime

from tyokyky_bridge.api.fhir.ask import Ask
from tyokyky_bridge.api.fhir.refusals import BadParameter
from tyokyky_bridge.domain.calendar import finnish_day
from tyokyky_bridge.fhir.conformance.asking import Asked
from tyokyky_bridge.fhir.conformance.header import canonical
from tyokyky_bridge.fhir.conformance.parameters import parameter, parameters, parts
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.services.fhir.refusals import NotFound
from tyokyky_bridge.services.fhir.sight import as_uuid
from tyokyky_bridge.services.trace import TracedItem, trace_disclosures


async def explain(ask: Ask, asked: Asked) -> Document:
    """
    Every element that the caller may see, with the decision towards each system of the recipient; no values.

    Raises: BadParameter, NotFound, PlanNotFound, NotForRole.
    """
    recipient = asked.text("recipient")
    if recipient is None:
        msg = "recipient is needed: an Organization of this server, as Organization/[id] or its id"
        raise BadParameter(msg)
    party = recipient.removeprefix(f"{ask.base}/").removeprefix("Organization/")
    plan_id = as_uuid(ask.id)
    if plan_id is None:
        raise NotFound
    found: list[Document] = []
    for system in _systems_of(ask, party):
        trace = await trace_disclosures(ask.bridge, ask.caller, plan_id, system)
        found += [_element(system, item) for item in trace.items]
    return parameters(found)


def _systems_of(ask: Ask, party: str) -> tuple[str, ...]:
    """The systems that the party records in today. Raises: BadParameter, where it has none."""
    at = datetime.now(UTC)
    rows = ask.bridge.directory.systems_on(finnish_day(at))
    found = tuple(row.id for row in rows if row.party == party and ask.bridge.known_partner(row.id, at))
    if not found:
        msg = "the recipient is no party with a system in the directory today"
        raise BadParameter(msg)
    return found


def _element(system: str, item: TracedItem) -> Document:
    """One element; *disclosed* says what is permitted, *state* where the element is."""
    told: dict[str, str | None] = {
        "basis": item.basis,
        "reason": item.reason,
        "explanation": item.note or (", ".join(item.reasons) or None),
    }
    kinds = {"basis": "String", "reason": "Code", "explanation": "String"}
    return parts(
        "element",
        [
            parameter("system", "Code", system),
            parameter("path", "String", item.path),
            parameter("disclosed", "Boolean", item.reason is None),
            parameter("state", "Code", item.state),
            *(
                parameter(
                    "category", "Coding", {"system": canonical("CodeSystem", "info-category"), "code": label}
                )
                for label in item.labels
            ),
            *(parameter(name, kinds[name], value) for name, value in told.items() if value),
        ],
    )
