"""What a partner's users write reaches the plan and the others; what collides waits for a person; nothing is lost."""

import copy
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from tyokyky_bridge.adapterkit.errors import OutcomeUnknown
from tyokyky_bridge.services.clients import register_client
from tyokyky_bridge.services.redriving import Wanted, redrive_parked
from worlds.paper import CONCLUSION, Office, Paper
from worlds.parties import EMPLOYMENT, HEALTH, SOCIAL

pytestmark = pytest.mark.anyio

GOAL = "goals[g-1].text_client"
BOTH_WAYS = [
    {
        "discloser": giver,
        "recipient": taker,
        "categories": ["plan.goals", "health.conclusion", "health.functioning"],
    }
    for giver, taker in [
        (HEALTH, SOCIAL),
        (SOCIAL, HEALTH),
        (HEALTH, EMPLOYMENT),
        (EMPLOYMENT, HEALTH),
        (SOCIAL, EMPLOYMENT),
        (EMPLOYMENT, SOCIAL),
    ]
]


@pytest.fixture
async def office(store):
    """A plan with one goal, in step at two partners that may see and give goals and conclusions."""
    found = Office(store, Paper(), Paper(), licence_s=1.0)
    await found.open(
        **{
            "network__members[n-2]__organization__party": EMPLOYMENT,
            "network__members[n-2]__sector": "employment",
            "network__members[n-0]__organization__party": HEALTH,
            "network__members[n-0]__sector": "health",
            GOAL.replace(".", "__"): "Osa-aikatyö syksyllä.",
            "goals[g-1]__status": "active",
        }
    )
    await found.consent(grants=BOTH_WAYS)
    await found.settle()
    return found


def goals(paper):
    return {row["tunniste"]: row.get("teksti") for row in paper.holds().get("tavoitteet", ())}


def write_goal(text, key="g-1"):
    def edit(content):
        rows = content.setdefault("tavoitteet", [])
        for row in rows:
            if row["tunniste"] == key:
                row["teksti"] = text
                return
        rows.append({"tunniste": key, "teksti": text})

    return edit


async def a_giving_office(store, **leaves):
    """A plan whose coordinator's party is in the network, so that it may be given something."""
    office = Office(store, Paper(), licence_s=1.0)
    office.paper.edit(write_goal("Sosiaalityön oma tavoite.", key="s-1"))
    member = {"network__members[n-0]__organization__party": HEALTH, "network__members[n-0]__sector": "health"}
    await office.open(**member, **leaves)
    return office


async def leaves(office):
    row = await office.store.read(lambda tx: tx.plans.latest(office.plan_id))
    return row.leaves


async def version(office):
    return (await office.store.read(lambda tx: tx.plans.get(office.plan_id))).version


async def look(office, system="paper-1", *, verify=False):
    link = await office.link(system)
    await office.store.write(lambda tx: tx.links.look(link.id, verify=verify))


async def look_and_settle(office, system="paper-1", **how):
    await look(office, system, **how)
    await office.settle()


async def open_conflicts(office, system="paper-1"):
    link = await office.link(system)
    return await office.store.read(lambda tx: tx.conflicts.open_of_link(link.id))


async def intake(office, system="paper-1"):
    link = await office.link(system)
    rows = await office.store.read(lambda tx: tx.intakes.of_link(link.id))
    return {item["path"]: item["state"] for item in rows[0].items} if rows else {}


async def test_an_edit_at_one_partner_reaches_the_plan_and_the_other(office):
    social, employment = office.papers
    social.edit(write_goal("Kokoaikatyö keväällä."))
    await look_and_settle(office)
    assert (await leaves(office))[GOAL] == "Kokoaikatyö keväällä."
    assert goals(employment) == {"g-1": "Kokoaikatyö keväällä."}
    assert await intake(office) == {GOAL: "taken"}


async def test_the_origin_of_what_was_taken_is_the_partner(office):
    office.paper.edit(write_goal("Kokoaikatyö keväällä."))
    await look_and_settle(office)
    row = await office.store.read(lambda tx: tx.plans.latest(office.plan_id))
    origin = row.origins[GOAL]
    assert (origin["party"], origin["system"], row.cause) == (SOCIAL, "paper-1", "merge")


async def test_what_was_taken_is_not_written_back_to_where_it_came_from(office):
    written = len(office.paper.writes)
    office.paper.edit(write_goal("Kokoaikatyö keväällä."))
    await look_and_settle(office)
    assert len(office.paper.writes) == written


async def test_our_own_write_coming_back_makes_no_revision_and_no_decision(office):
    before = await version(office), len(await decisions(office))
    for _ in range(3):
        await look_and_settle(office)
    assert (await version(office), len(await decisions(office))) == before


async def decisions(office, system="paper-1"):
    link = await office.link(system)
    return await office.store.read(lambda tx: tx.decisions.of_link(link.id))


async def test_two_edits_at_once_keep_both_texts_and_open_one_conflict(office):
    social, employment = office.papers
    social.edit(write_goal("Kaisan sanat."))
    await office.change({GOAL: "Helmin sanat."})
    await look_and_settle(office)
    (conflict,) = await open_conflicts(office)
    assert (conflict.path, conflict.ours, conflict.theirs) == (GOAL, "Helmin sanat.", "Kaisan sanat.")
    assert (conflict.base, conflict.owner) == ("Osa-aikatyö syksyllä.", HEALTH)
    assert goals(social) == {"g-1": "Kaisan sanat."}  # undecided, so not overwritten
    assert goals(employment) == {"g-1": "Helmin sanat."}
    assert (await leaves(office))[GOAL] == "Helmin sanat."


async def test_an_undecided_field_stays_untouched_while_others_move(office):
    social, _ = office.papers
    social.edit(write_goal("Kaisan sanat."))
    await office.change({GOAL: "Helmin sanat."})
    await look_and_settle(office)
    await office.change({CONCLUSION: "Kokoaikatyö mahdollinen.", GOAL: "Helmin uudet sanat."})
    await office.settle()
    assert social.holds()["terveys"]["johtopaatos"] == "Kokoaikatyö mahdollinen."
    assert goals(social) == {"g-1": "Kaisan sanat."}
    (conflict,) = await open_conflicts(office)
    assert conflict.ours == "Helmin uudet sanat."
    assert [older["ours"] for older in conflict.history] == ["Helmin sanat."]


async def test_a_conflict_ends_when_both_sides_come_to_say_the_same(office):
    office.paper.edit(write_goal("Kaisan sanat."))
    await office.change({GOAL: "Helmin sanat."})
    await look_and_settle(office)
    await office.change({GOAL: "Kaisan sanat."})
    await office.settle()
    assert await open_conflicts(office) == ()


async def test_what_only_health_may_say_is_rejected_written_back_and_told(office):
    office.paper.edit(lambda content: content["terveys"].update(johtopaatos="Täysin työkykyinen."))
    await look_and_settle(office)
    assert office.paper.holds()["terveys"]["johtopaatos"] == "Osa-aikatyö mahdollinen."
    assert (await leaves(office))[CONCLUSION] == "Osa-aikatyö mahdollinen."
    assert await intake(office) == {CONCLUSION: "rejected"}
    notices = await office.store.read(lambda tx: tx.notices.pending(SOCIAL))
    assert [n.kind for n in notices] == ["edit_rejected"]


async def test_a_tug_of_war_ends_in_front_of_a_person(office):
    for _ in range(4):
        office.paper.edit(lambda content: content["terveys"].update(johtopaatos="Täysin työkykyinen."))
        await look_and_settle(office)
    (conflict,) = await open_conflicts(office)
    assert conflict.path == CONCLUSION
    assert office.paper.holds()["terveys"]["johtopaatos"] == "Täysin työkykyinen."


async def test_a_new_goal_of_the_partner_gets_into_the_plan_under_its_own_id(office):
    social, employment = office.papers
    social.edit(write_goal("Ajokortti.", key="s-77"))
    await look_and_settle(office)
    assert (await leaves(office))["goals[s-77].text_client"] == "Ajokortti."
    assert goals(employment)["s-77"] == "Ajokortti."


async def test_a_goal_deleted_at_the_partner_is_deleted_everywhere(office):
    social, employment = office.papers
    social.edit(write_goal("Ajokortti.", key="s-77"))
    await look_and_settle(office)
    social.edit(lambda content: content["tavoitteet"].pop())
    await look_and_settle(office)
    assert "goals[s-77].text_client" not in await leaves(office)
    assert "s-77" not in goals(employment)


async def test_what_nobody_else_may_have_is_neither_stored_nor_overwritten(store):
    office = Office(store, Paper(), licence_s=1.0)
    await office.open(**{GOAL.replace(".", "__"): "Osa-aikatyö.", "goals[g-1]__status": "active"})
    await office.consent("plan.goals", "health.conclusion")  # from health to social alone
    office.paper.edit(write_goal("Sosiaalityön oma tavoite.", key="s-1"))
    await office.settle()
    assert "goals[s-1].text_client" not in await leaves(office)
    assert await intake(office) == {"goals[s-1].text_client": "not_stored"}
    assert goals(office.paper) == {"s-1": "Sosiaalityön oma tavoite.", "g-1": "Osa-aikatyö."}
    rows = await office.store.read(lambda tx: tx.links.of_plan(office.plan_id))
    assert "Sosiaalityön oma tavoite." not in str(rows)


async def test_what_may_be_stored_later_is_taken_then(store):
    office = await a_giving_office(store)
    await office.consent("plan.goals", "health.conclusion")
    await office.settle()
    assert "goals[s-1].text_client" not in await leaves(office)
    await office.consent(grants=[{"discloser": SOCIAL, "recipient": HEALTH, "categories": ["plan.goals"]}])
    await look_and_settle(office)
    assert (await leaves(office))["goals[s-1].text_client"] == "Sosiaalityön oma tavoite."


async def test_a_partner_that_only_gives_is_looked_at_too(store):
    office = await a_giving_office(store)
    await office.consent(grants=[{"discloser": SOCIAL, "recipient": HEALTH, "categories": ["plan.goals"]}])
    await office.settle()
    assert (await leaves(office))["goals[s-1].text_client"] == "Sosiaalityön oma tavoite."
    office.paper.edit(write_goal("Muutettu tavoite.", key="s-1"))
    await look_and_settle(office)
    assert (await leaves(office))["goals[s-1].text_client"] == "Muutettu tavoite."
    assert (await office.link()).acked_kind == "absent"
    assert office.paper.writes == []


async def test_a_write_whose_answer_was_lost_is_no_edit_of_theirs(office):
    office.paper.then("answer", OutcomeUnknown())
    await office.change({GOAL: "Ensimmäinen."})
    await office.attempt("paper-1")
    await office.change({GOAL: "Toinen."})
    await office.settle()
    assert await open_conflicts(office) == ()
    assert goals(office.paper) == {"g-1": "Toinen."}
    assert (await leaves(office))[GOAL] == "Toinen."


async def test_an_edit_on_top_of_a_lost_answer_is_theirs(office):
    office.paper.then("answer", OutcomeUnknown())
    await office.change({GOAL: "Ensimmäinen."})
    await office.attempt("paper-1")
    office.paper.edit(write_goal("Kaisan sanat."))
    await office.settle()
    found = await open_conflicts(office)
    assert [c.theirs for c in found] == ["Kaisan sanat."] or (await leaves(office))[GOAL] == "Kaisan sanat."
    assert goals(office.paper) == {"g-1": "Kaisan sanat."}


async def test_a_hint_that_comes_while_the_link_is_worked_on_is_not_lost(office):
    await look(office)
    (link,) = await office.claim()
    office.paper.edit(write_goal("Kesken työn."))
    await look(office)
    assert (await office.link()).lease_by is not None
    from tyokyky_bridge.services.delivery import deliver

    await deliver(office.engine, office.bridge.partners["paper-1"], link)
    assert (await office.link()).state == "due"


async def test_a_record_removed_there_that_was_theirs_waits_for_a_person(store):
    office = await a_giving_office(store)
    await office.consent(grants=BOTH_WAYS[:2])
    await office.settle()
    office.paper.sheets.clear()
    await look_and_settle(office)
    assert (await office.link()).parked_reason == "deleted_there"
    assert (await leaves(office))["goals[s-1].text_client"] == "Sosiaalityön oma tavoite."


async def test_a_record_of_ours_that_was_removed_there_is_made_again(office):
    office.paper.sheets.clear()
    await look_and_settle(office, verify=True)
    assert goals(office.paper) == {"g-1": "Osa-aikatyö syksyllä."}
    assert (await leaves(office))[GOAL] == "Osa-aikatyö syksyllä."


async def test_what_was_withdrawn_and_comes_back_there_is_an_alarm_and_taken_away_again(store):
    office = Office(store, Paper(), licence_s=1.0)
    office.paper.edit(lambda content: content.update(muistio="oma"))
    await office.open()
    form = await office.consent("health.conclusion")
    await office.settle()
    backup = copy.deepcopy(office.paper.holds())
    await office.withdraw(form)
    await office.settle()
    assert "johtopaatos" not in office.paper.holds().get("terveys", {})
    office.paper.edit(lambda content: content.update(backup))
    with capture_logs() as log:
        await look_and_settle(office, verify=True)
    assert "johtopaatos" not in office.paper.holds().get("terveys", {})
    assert office.paper.holds()["muistio"] == "oma"
    assert "drift.forbidden_present" in [line["event"] for line in log]
    audit = await office.store.read(lambda tx: tx.audit.of_plan(office.plan_id))
    assert "drift/forbidden_present" in [row.entry.event for row in audit]


async def test_a_missed_hint_is_found_by_the_hubs_own_check(office):
    office.paper.edit(write_goal("Kukaan ei kertonut."))
    await look(office, verify=True)
    await office.attempt()
    assert (await leaves(office))[GOAL] == "Kukaan ei kertonut."
    assert (await office.link()).drift == "D1"


async def test_a_look_says_what_came_of_each_hint(office):
    link = await office.link()

    async def hint(event):
        await office.store.write(lambda tx: tx.inbox.add("paper-1", event, link_id=link.id, kind="changed"))
        office.store.clock_offset += timedelta(seconds=1)
        await look_and_settle(office)
        rows = await office.store.read(lambda tx: tx.inbox.of_link(link.id))
        return {row.event_id: row.outcome for row in rows}[event]

    assert await hint("e-1") == "echo"
    office.paper.edit(lambda content: content.update(oma="muuttui"))
    assert await hint("e-2") == "nothing"
    office.paper.edit(write_goal("Uusi."))
    assert await hint("e-3") == "merged"


async def test_what_is_written_to_a_closed_plan_at_the_partner_stays_there(office):
    await office.change({"header.status": "closed", "closing.closed_on": "2026-11-01"})
    await office.settle()
    office.paper.edit(write_goal("Myöhässä."))
    await look_and_settle(office)
    assert (await leaves(office))[GOAL] == "Osa-aikatyö syksyllä."
    assert goals(office.paper) == {"g-1": "Myöhässä."}


async def test_a_removed_record_comes_back_when_a_person_says_so(store):
    office = await a_giving_office(store)
    await office.consent(
        grants=[
            {"discloser": giver, "recipient": taker, "categories": ["plan.goals", "health.conclusion"]}
            for giver, taker in [(SOCIAL, HEALTH), (HEALTH, SOCIAL)]
        ]
    )
    await office.settle()
    office.paper.sheets.clear()
    await look_and_settle(office)
    assert (await office.link()).parked_reason == "deleted_there"
    office.paper.edit(lambda content: content.update(oma="uusi alku"))
    link = await office.link()
    await redrive_parked(office.bridge, None, Wanted(link=link.id))
    await office.settle()
    assert (await leaves(office))["goals[s-1].text_client"] == "Sosiaalityön oma tavoite."
    assert goals(office.paper) == {"s-1": "Sosiaalityön oma tavoite."}
    assert office.paper.holds()["oma"] == "uusi alku"


async def test_a_goal_deleted_there_leaves_no_shell_in_the_plan(office):
    await office.change(
        {"goals[g-1].measure": "Kolme hakemusta viikossa."}
    )  # which the record has no place for
    await office.settle()
    office.paper.edit(lambda content: content["tavoitteet"].clear())
    await look_and_settle(office)
    assert not any(path.startswith("goals[g-1]") for path in await leaves(office))


async def test_an_element_with_something_hidden_is_not_deleted_by_who_cannot_see_it(store):
    office = Office(store, Paper(), Paper(), licence_s=1.0)
    await office.open(
        **{
            "network__members[n-2]__organization__party": EMPLOYMENT,
            "network__members[n-2]__sector": "employment",
            GOAL.replace(".", "__"): "Osa-aikatyö syksyllä.",
            "goals[g-1]__status": "active",
        }
    )
    grants = [{**grant, "categories": ["plan.goals"]} for grant in BOTH_WAYS]
    restricted = {
        "recipient": SOCIAL,
        "item": "goals[g-1].status",
    }
    await office.consent(grants=grants, restrictions=[restricted])
    await office.settle()
    office.paper.edit(lambda content: content["tavoitteet"].clear())
    await look_and_settle(office)
    assert (await leaves(office))["goals[g-1].status"] == "active"
    assert [c.path for c in await open_conflicts(office)] == [GOAL]


async def test_a_restored_backup_is_written_over_and_told(office):
    (sheet,) = office.paper.sheets.values()
    older = copy.deepcopy(sheet)
    await office.change({GOAL: "Uusi suunta."})
    await office.settle()
    sheet.content, sheet.version = older.content, older.version
    await look(office, verify=True)
    await office.attempt()
    assert goals(office.paper) == {"g-1": "Uusi suunta."}
    assert (await leaves(office))[GOAL] == "Uusi suunta."
    assert await intake(office) == {GOAL: "rejected"}


async def test_who_undoes_an_edit_by_hand_restores_no_backup(office):
    older = copy.deepcopy(office.paper.holds())
    await office.change({GOAL: "Uusi suunta."})
    await office.settle()
    office.paper.edit(lambda content: (content.clear(), content.update(older)))
    await look_and_settle(office)
    assert (await leaves(office))[GOAL] == "Osa-aikatyö syksyllä."


async def test_what_we_left_there_last_is_no_backup_while_a_conflict_waits_in_it(office):
    office.paper.edit(write_goal("Heidän tavoitteensa."))
    await office.change({GOAL: "Meidän tavoitteemme."})
    await look_and_settle(office)
    await office.change({CONCLUSION: "Kokoaikatyö mahdollinen."})
    await office.settle()
    last = await office.link()
    await office.change({GOAL: "Meidän toinen."})  # waits for a person: nothing to write
    await office.settle()
    link = await office.link()
    assert (link.acked_gen > last.acked_gen, link.remote.version) == (True, last.remote.version)
    await look_and_settle(office, verify=True)
    assert (await office.link()).drift == "D0"
    assert [c.path for c in await open_conflicts(office)] == [GOAL]


async def test_two_clients_are_never_written_into_one_person_of_the_partner(office):
    other = Office(office.store, office.paper)
    other.bridge = office.bridge
    other.client_id = await register_client(office.bridge, other.helmi, "171268X9339")
    await other.open_again(**{"client.hetu[h-1].value": "171268X9339"})
    await other.consent(grants=BOTH_WAYS)
    office.paper.aliases["171268X9339"] = next(iter(office.paper.people))
    await other.settle()
    assert (await other.link()).parked_reason == "identity"
    assert office.paper.holds()["terveys"]["johtopaatos"] == "Osa-aikatyö mahdollinen."


async def test_what_came_from_a_partner_and_is_deleted_in_the_plan_is_deleted_there(office):
    social, employment = office.papers
    social.edit(write_goal("Ajokortti.", key="s-77"))
    await look_and_settle(office)
    await office.change({"goals[s-77]": None})
    await office.settle()
    assert goals(social) == goals(employment) == {"g-1": "Osa-aikatyö syksyllä."}


async def test_what_is_deleted_in_the_plan_and_edited_there_waits_for_a_person(office):
    social, _ = office.papers
    social.edit(write_goal("Ajokortti.", key="s-77"))
    await look_and_settle(office)
    social.edit(write_goal("Ajokortti keväällä.", key="s-77"))
    await office.change({"goals[s-77]": None})
    await office.settle()
    assert goals(social)["s-77"] == "Ajokortti keväällä."
    assert [c.path for c in await open_conflicts(office)] == ["goals[s-77].text_client"]
