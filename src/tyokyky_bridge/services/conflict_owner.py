"""Whose professionals decide when two sides changed the same field."""

from datetime import datetime

from tyokyky_bridge.domain.authority import REGISTER_OF
from tyokyky_bridge.domain.calendar import finnish_day
from tyokyky_bridge.domain.case_facts import network_at
from tyokyky_bridge.domain.items import FIELDS, pattern_of
from tyokyky_bridge.domain.parties import Directory, PartyId
from tyokyky_bridge.domain.revision import Revision


def coordinating_party(revision: Revision) -> PartyId:
    """The party of the plan's coordinator; without one, whoever recorded the revision."""
    return str(revision.leaves.get("care_team.coordinator.party", revision.recorded_by))


def owner_of(path: str, revision: Revision, directory: Directory, at: datetime) -> PartyId:
    """
    The party that decides a conflict on *path*.

    The client's words (C) and goals: the coordinator's party. A field of one register: the one party of that register
    in the client's network. Else the party that the item comes from, and where the plan has none, the coordinator's.

    Source: domain report, scenario 12; sync.md 8.12.
    """
    letters = FIELDS[pattern_of(path)].authority
    coordinator = coordinating_party(revision)
    if "C" in letters or path.startswith("goals["):
        return coordinator
    registers = {REGISTER_OF[letter] for letter in letters if letter in REGISTER_OF}
    members = {coordinator, *network_at(revision.plan, at)}
    parties = [p.id for p in directory.parties_on(finnish_day(at)) if p.id in members]
    fitting = [p for p in parties if directory.party(p, on=finnish_day(at)).register in registers]
    if len(fitting) == 1:
        return fitting[0]
    origin = revision.origins.get(path)
    return coordinator if origin is None else origin.party
