"""What cannot be read in a partner's record is no deletion and no observation: it waits until somebody repairs it."""

from dataclasses import replace

import pytest

from tyokyky_bridge.mapping.catalogue import read_spec
from tyokyky_bridge.mapping.lens import Lens
from worlds.paper import Office, Paper
from worlds.parties import HEALTH, SOCIAL

pytestmark = pytest.mark.anyio

MAPPING = """
system: paper
version: 1
record: suunnitelma
fields: []
lists:
  - id: b4
    plan: scores
    only: {instrument: [kykyviisari_b4]}
    native: mittaukset
    key: {native: tunniste}
    fields:
      - {id: b4-value, plan: value, native: arvo, codec: int-text}
      - {id: b4-on, plan: effective_on, native: pvm, codec: date-int}
blocks:
  - id: lines
    native: rivit
    form: {lines: {count: 20, width: 70}}
    rows:
      - id: was-tag
        plan: "scores[]"
        only: {instrument: [work_ability_score]}
        template: "#WAS={value} {effective_on} {id}"
        fields: {value: {codec: int}, effective_on: {codec: date-fi}}
        born: "was-{effective_on}"
      - {id: goal-text, plan: "goals[].text_client", label: "Tavoite {id}"}
      - {id: goal-interpreted, plan: "goals[].interpreted", label: "Tavoite {id} tulkattu", codec: bool}
never: []
"""
BOTH_WAYS = [
    {"discloser": giver, "recipient": taker, "categories": ["self.b4", "plan.goals", "self.kykyviisari"]}
    for giver, taker in [(HEALTH, SOCIAL), (SOCIAL, HEALTH)]
]
MEASURED = {"tunniste": "m-1", "arvo": "4", "pvm": 20260302}
LINES = ["#WAS=6 03.03.2026", "Tavoite g-1: Osa-aikatyö.", "Tavoite g-1 tulkattu: kyllä"]
THEIRS = {
    "scores[m-1].value": "4",
    "scores[was-2026-03-03].value": "6",
    "goals[g-1].text_client": "Osa-aikatyö.",
    "goals[g-1].interpreted": True,
}


@pytest.fixture
async def office(store):
    """A plan that has taken in scores and a goal from the partner."""
    found = Office(store, Paper(), licence_s=1.0)
    partner = found.bridge.partners["paper-1"]
    found.bridge.partners["paper-1"] = replace(partner, lens=Lens(read_spec(MAPPING)))
    member = {"network__members[n-0]__organization__party": HEALTH, "network__members[n-0]__sector": "health"}
    await found.open(**member)
    await found.consent(grants=BOTH_WAYS)
    found.paper.edit(lambda content: content.update(mittaukset=[dict(MEASURED)], rivit=list(LINES)))
    await look(found)
    assert await theirs(found) == THEIRS
    return found


async def look(office):
    link = await office.link()
    await office.store.write(lambda tx: tx.links.look(link.id))
    await office.settle()


async def leaves(office):
    return (await office.store.read(lambda tx: tx.plans.latest(office.plan_id))).leaves


async def theirs(office):
    shown = (".value", ".text_client", ".interpreted")
    return {
        path: value
        for path, value in (await leaves(office)).items()
        if path.endswith(shown) and "hetu" not in path
    }


async def told(office):
    rows = await office.store.read(lambda tx: tx.notices.of_client(office.client_id))
    return [(row.party, row.kind) for row in rows]


async def edit_and_look(office, edit):
    office.paper.edit(edit)
    await look(office)


def type_line(number, text):
    return lambda content: content["rivit"].__setitem__(number, text)


async def test_a_new_element_that_can_be_read_only_in_part_is_not_taken(office):
    half = {"tunniste": "m-2", "arvo": "4-5", "pvm": 20260306}
    await edit_and_look(office, lambda content: content["mittaukset"].append(half))
    assert not [path for path in await leaves(office) if path.startswith("scores[m-2]")]
    assert half in office.paper.holds()["mittaukset"]
    await edit_and_look(office, lambda content: content["mittaukset"][1].update(arvo="5"))
    assert (await leaves(office))["scores[m-2].value"] == "5"


async def test_a_value_that_became_unreadable_is_not_deleted(office):
    await edit_and_look(office, lambda content: content["mittaukset"][0].update(arvo="4-5"))
    assert await theirs(office) == THEIRS


async def test_a_damaged_tag_deletes_no_observation_and_gets_no_second_one_beside_it(office):
    await edit_and_look(office, type_line(0, "#WAS=kuusi 03.03.2026"))
    assert await theirs(office) == THEIRS
    await office.change({"goals[g-1].text_client": "Kokoaikatyö."})
    await office.settle()
    assert office.paper.holds()["rivit"] == ["#WAS=kuusi 03.03.2026", "Tavoite g-1: Kokoaikatyö.", LINES[2]]


async def test_a_repaired_tag_counts_again_and_a_removed_one_is_a_deletion(office):
    await edit_and_look(office, type_line(0, "#WAS=kuusi 03.03.2026"))
    await edit_and_look(office, type_line(0, "#WAS=7 03.03.2026"))
    assert (await theirs(office))["scores[was-2026-03-03].value"] == "7"
    await edit_and_look(office, lambda content: content["rivit"].pop(0))
    assert "scores[was-2026-03-03].value" not in await theirs(office)


async def test_a_damaged_line_deletes_nothing(office):
    await edit_and_look(office, type_line(2, "Tavoite g-1 tulkattu: ehkä"))
    assert await theirs(office) == THEIRS


async def test_its_source_hears_of_it_once(office):
    await edit_and_look(office, type_line(0, "#WAS=kuusi 03.03.2026"))
    await edit_and_look(office, lambda content: content["mittaukset"][0].update(pvm=20260303))
    await look(office)
    assert await told(office) == [(SOCIAL, "data_quality")]


async def test_a_new_consent_has_what_stands_there_taken_in_at_once(store):
    office = Office(store, Paper(), licence_s=1.0)
    office.paper.edit(lambda content: content.update(tavoitteet=[{"tunniste": "s-1", "teksti": "Töihin."}]))
    member = {"network__members[n-0]__organization__party": HEALTH, "network__members[n-0]__sector": "health"}
    await office.open(**member)
    await office.consent("plan.goals", "health.conclusion")
    await office.settle()
    await office.consent(grants=[{"discloser": SOCIAL, "recipient": HEALTH, "categories": ["plan.goals"]}])
    await office.settle()
    assert (await leaves(office))["goals[s-1].text_client"] == "Töihin."
