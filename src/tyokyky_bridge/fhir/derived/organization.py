"""Organizations from the directory: one for each party, and the controller above its several registers.

A party is a *controller × register*, so health care and social welfare of one county are two Organizations
that are part of a third. Source: domain report 4.5, 6.4.
"""

from collections.abc import Iterable
from datetime import date
from itertools import groupby

from tyokyky_bridge.domain.calendar import within
from tyokyky_bridge.domain.parties import Directory, Party
from tyokyky_bridge.fhir.derived.vocabulary import (
    Y_TUNNUS,
    Document,
    Key,
    coding,
    concept,
    meta,
    naming,
    present,
    reference,
)


def organizations(directory: Directory, *, on: date) -> dict[Key, Document]:
    """
    Every party that the directory has known by the day *on*, and the controllers of more than one register.

    A party that has ceased to be stays, not active: what it recorded still names it.
    """
    known = [row for id_ in directory.parties if (row := directory.holder(id_, on=on)) is not None]
    found: dict[Key, Document] = {}
    by_controller = sorted(known, key=lambda row: (row.controller, row.id))
    for controller, rows in groupby(by_controller, key=lambda row: row.controller):
        parties = list(rows)
        above = controller_id(controller) if len(parties) > 1 else None
        if above is not None:
            found["Organization", above] = _controller(above, controller, parties, on)
        for party in parties:
            found["Organization", party.id] = _party(party, above, on)
    return dict(sorted(found.items()))


def controller_id(y_tunnus: str) -> str:
    """The id of a controller's own Organization; the dot keeps it apart from every party id."""
    return f"y.{y_tunnus}"


def _business_id(y_tunnus: str) -> Document:
    return {"use": "official", "system": Y_TUNNUS, "value": y_tunnus}


def _party(party: Party, above: str | None, on: date) -> Document:
    return present(
        resourceType="Organization",
        id=party.id,
        meta=meta("Organization", register=party.register.value),
        identifier=[
            {"use": "usual", "system": naming("party-id"), "value": party.id},
            _business_id(party.controller),
        ],
        active=within(on, party.valid_from, party.valid_to),
        type=[concept(coding("sector", party.register.value))],
        name=party.name,
        partOf=None if above is None else reference("Organization", above),
    )


def _controller(id_: str, y_tunnus: str, parties: Iterable[Party], on: date) -> Document:
    rows = list(parties)
    # The directory names registers, as "controller, register"; where all agree, the common part is the controller.
    names = {row.name.partition(",")[0].strip() for row in rows}
    return present(
        resourceType="Organization",
        id=id_,
        meta=meta("Organization", register=None),
        identifier=[_business_id(y_tunnus)],
        active=any(within(on, row.valid_from, row.valid_to) for row in rows),
        name=names.pop() if len(names) == 1 else None,
    )
