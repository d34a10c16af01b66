"""Users of the partner systems, who know nothing of the hub."""

from typing import TYPE_CHECKING, Any

from simulation.native import CODES, CONCLUSION, GOAL, HOUSE, HOUSING, NAMES, WHERE, leaves_in
from simulation.partner import PartnerSystem

if TYPE_CHECKING:
    from simulation.world import World


def edit_there(world: "World", partner: PartnerSystem, number: int) -> None:
    """A user of the partner changes something of a client's record."""
    rng = world.rng
    person = f"person-{number + 1}"
    if rng.random() < 0.15:
        text = f"oma {world.draw_number()}"
        partner.edit(person, "user", lambda native: native.__setitem__("muistio", text))
        return
    path = rng.choice([*WHERE, "goals"])
    if path == "goals":
        made = partner.edit(person, "user", lambda native: _edit_goal(world, partner, number, native))
    else:
        value = HOUSE + rng.choice(CODES) if path == HOUSING else _mark(world, partner, number, path)
        removes = rng.random() < 0.15
        made = partner.edit(
            person, "user", lambda native: _set(native, WHERE[path], None if removes else value)
        )
    world.history.edited(partner, made)
    for edit in made:
        world.note(
            f"user of {partner.id} changes {edit.where} of {person} to {edit.after!r} (v{edit.version})"
        )


def insist(world: "World", partner: PartnerSystem, number: int) -> None:
    """A user puts the conclusion back to what they think it is, if it is not."""
    person = f"person-{number + 1}"
    mine = next((m for m in partner.insisted if world.marks[m].client == number), None)
    if mine is None:
        mine = _mark(world, partner, number, CONCLUSION)
        partner.insisted.append(mine)
    sheet = partner.sheet_of(person)
    if sheet is not None and leaves_in(sheet.content).get("terveys.johtopaatos") == mine:
        return
    partner.edit(person, "user", lambda native: _set(native, WHERE[CONCLUSION], mine))
    world.note(f"user of {partner.id} insists on {mine} for {person}")


def _mark(world: "World", partner: PartnerSystem, number: int, path: str) -> str:
    return world.new_mark(NAMES.get(path, GOAL), number, path, party=partner.party, system=partner.id)


def _set(native: dict[str, Any], where: tuple[str, str], value: Any) -> None:
    group = dict(native.get(where[0], {}))
    if value is None:
        group.pop(where[1], None)
    else:
        group[where[1]] = value
    native[where[0]] = group


def _edit_goal(world: "World", partner: PartnerSystem, number: int, native: dict[str, Any]) -> None:
    goals: list[dict[str, Any]] = [dict(goal) for goal in native.get("tavoitteet", [])]
    rng = world.rng
    if goals and rng.random() < 0.2:
        goals.remove(rng.choice(goals))
    elif goals and rng.random() < 0.6:
        goal = rng.choice(goals)
        goal["teksti"] = _mark(world, partner, number, f"goals[{goal['tunniste']}].text_client")
    else:
        key = f"h-{world.draw_number()}"
        goals.append({"tunniste": key, "teksti": _mark(world, partner, number, f"goals[{key}].text_client")})
    native["tavoitteet"] = goals
