"""What leaves, to whom, on which ground: worked examples, totality, and that a View betrays nothing."""

import copy
import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.case import MEMBERS, TYP_CUSTOMER, marks, merged, plan, revision
from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.consent import Withdrawal
from tyokyky_bridge.domain.consent_forms import expand_denials, expand_mutual
from tyokyky_bridge.domain.decision import BasisKind, Outcome, Reason
from tyokyky_bridge.domain.disclosure import View, disclose, in_network, is_address_like
from tyokyky_bridge.domain.items import FIELDS
from tyokyky_bridge.domain.parties import NotInForce, Purpose, UnknownParty
from tyokyky_bridge.domain.revision import Origin, Revision
from worlds.parties import (
    EMPLOYMENT,
    HEALTH,
    JARVIALUE,
    KELA,
    NGO,
    NOW,
    PEKKA,
    SOCIAL,
    TYP,
    facts,
    form,
    mutual,
    one_way,
    oral_once,
)

CONCLUSION = "health.work_ability_conclusion"
BDI = "scores[bdi-1].value"
B4 = "scores[b4-1].value"
LIMITATION = "health.work_limitation_text"
SUPPORT = Purpose.WORK_ABILITY_SUPPORT


def to(recipient: str, *consents: Any, of: Revision | None = None, at: datetime = NOW, **members: Any):
    """Disclose Tuulikki's plan by the recipient's ordinary channel."""
    joint = recipient == TYP
    channel = members.pop("channel", "typpi" if joint else "ura")
    purpose = members.pop("purpose", Purpose.TYP if joint else SUPPORT)
    return disclose(
        of or revision(),
        recipient=recipient,
        purpose=purpose,
        channel=channel,
        facts=facts(*consents, **members),
        at=at,
    )


def row(disclosure, path: str) -> tuple[int, str]:
    decision = disclosure.decisions[path]
    return decision.row, decision.code


# --- totality and the View ---


@pytest.mark.parametrize("recipient", [HEALTH, SOCIAL, EMPLOYMENT, KELA, NGO, TYP, JARVIALUE])
def test_every_item_has_exactly_one_decision_and_only_permitted_ones_are_in_the_view(recipient):
    the_plan = revision(**merged(TYP_CUSTOMER, marks(CONCLUSION)))
    disclosure = to(recipient, mutual(HEALTH, EMPLOYMENT, categories=("admin.*", "self.b4")), of=the_plan)
    assert disclosure.decisions.keys() == the_plan.leaves.keys()
    permitted = {path for path, decision in disclosure.decisions.items() if decision.permits}
    assert disclosure.permitted == permitted == disclosure.view.leaves.keys()
    assert all(disclosure.view.leaves[path] == the_plan.leaves[path] for path in permitted)
    refused = {path for paths in disclosure.by_reason.values() for path in paths}
    assert refused | permitted == the_plan.leaves.keys()
    assert not refused & permitted


def test_without_any_ground_nothing_leaves_and_the_view_is_empty():
    disclosure = to(EMPLOYMENT, of=revision(parties={}))
    assert disclosure.view.is_empty
    assert {d.outcome for d in disclosure.decisions.values()} == {Outcome.DENY}
    assert disclosure.view.withheld == frozenset(Category)


def test_an_own_register_gets_back_all_that_it_recorded_and_nothing_else():
    disclosure = to(SOCIAL)
    assert set(disclosure.view.leaves) == {"social.daily_rhythm", "social.debts"}
    assert row(disclosure, "social.debts") == (2, "SAME_REGISTER")


def test_a_view_cannot_be_made_changed_copied_or_stored_elsewhere():
    view = to(HEALTH).view
    members = {name: getattr(view, name) for name in View.__slots__}
    with pytest.raises(TypeError):
        View(object(), **members)
    with pytest.raises(TypeError):
        View(None, **members)
    with pytest.raises(AttributeError):
        view.leaves = {}
    with pytest.raises(AttributeError):
        del view.leaves
    with pytest.raises(TypeError):
        view.leaves["x"] = "y"  # type: ignore[index]
    for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            attempt(view)


def test_a_view_shows_nothing_of_its_content_when_printed():
    view = to(HEALTH).view
    assert repr(view) == f"View(version 7 for {HEALTH}, {len(view.leaves)} items)"


def test_an_unknown_recipient_or_one_of_another_time_is_refused_by_name():
    with pytest.raises(UnknownParty):
        to("nobody")
    with pytest.raises(NotInForce):
        to(JARVIALUE, at=datetime(2022, 12, 31, 12, tzinfo=UTC))


def test_an_item_of_an_unknown_party_goes_nowhere_but_is_decided_on():
    disclosure = to(
        EMPLOYMENT,
        mutual(HEALTH, EMPLOYMENT, categories=("plan.goals",)),
        of=revision(parties={"goals": "?"}),
    )
    decision = disclosure.decisions["goals[g-1].text_client"]
    assert decision.outcome is Outcome.DENY
    assert Reason.DISCLOSER_UNKNOWN in decision.reasons


# --- the worked examples of the domain report 6.6 ---


def test_the_nurse_reads_her_own_bdi_score_from_the_hub():
    assert row(to(HEALTH, channel="hub"), BDI) == (2, "SAME_REGISTER")


def test_the_social_worker_of_the_same_county_does_not_get_the_bdi_score():
    disclosure = to(SOCIAL)
    assert row(disclosure, BDI) == (10, "NO_BASIS")
    assert Reason.OTHER_REGISTER in disclosure.decisions[BDI].reasons


def test_a_form_for_the_conclusion_alone_opens_the_conclusion_alone():
    disclosure = to(SOCIAL, one_way(HEALTH, SOCIAL, "health.conclusion"))
    assert row(disclosure, BDI) == (10, "NO_BASIS")
    assert Reason.CONSENT_CATEGORY in disclosure.decisions[BDI].reasons
    assert row(disclosure, CONCLUSION) == (8, "CONSENT_Y100")
    assert row(disclosure, "assessments[a-1].conclusion") == (8, "CONSENT_Y100")


def test_the_marked_conclusion_of_a_typ_client_goes_to_the_joint_register_without_any_form():
    disclosure = to(TYP, of=revision(**merged(TYP_CUSTOMER, marks(CONCLUSION))))
    decision = disclosure.decisions[CONCLUSION]
    assert (decision.row, decision.code) == (4, "STATUTORY_TYP")
    assert decision.basis is not None
    assert (decision.basis.id, decision.basis.parts) == ("typ-381-2023", ("typ-381-2023-5",))
    assert decision.basis.draft


def test_the_same_conclusion_to_ura_needs_consent_because_ura_is_not_the_joint_register():
    the_plan = revision(**merged(TYP_CUSTOMER, marks(CONCLUSION)))
    disclosure = to(EMPLOYMENT, of=the_plan, purpose=Purpose.TYP)
    assert row(disclosure, CONCLUSION) == (10, "NO_BASIS")
    assert Reason.TYP_CHANNEL in disclosure.decisions[CONCLUSION].reasons


def test_an_unmarked_conclusion_goes_to_the_joint_register_on_a_form_that_names_it():
    consent = one_way(HEALTH, TYP, "health.conclusion", grant={"purpose": "typ"})
    disclosure = to(TYP, consent, of=revision(**TYP_CUSTOMER))
    assert row(disclosure, CONCLUSION) == (8, "CONSENT_Y100")
    assert row(disclosure, LIMITATION) == (10, "NO_BASIS")
    assert Reason.TYP_MARK in disclosure.decisions[LIMITATION].reasons


@pytest.mark.parametrize("named", [EMPLOYMENT, TYP, None])
def test_an_objection_of_a_typ_client_goes_to_review_whoever_of_the_readers_it_names(named):
    """ "Nothing about my health to the employment office": the office reads the joint register."""
    objection = form(3, restrictions=expand_denials(["health.*"], recipient=named))
    disclosure = to(TYP, objection, of=revision(**merged(TYP_CUSTOMER, marks(CONCLUSION))))
    decision = disclosure.decisions[CONCLUSION]
    assert (decision.row, decision.outcome, decision.code) == (5, Outcome.REVIEW, "TYP_OBJECTION")
    assert CONCLUSION not in disclosure.view.leaves
    assert row(disclosure, "goals[g-1].text_client") == (4, "STATUTORY_TYP")
    assert Category.HEALTH_CONCLUSION in disclosure.view.withheld


@pytest.mark.parametrize("policy", [Outcome.DENY, Outcome.PERMIT])
def test_what_an_objection_leads_to_is_a_policy_of_the_controllers(policy):
    objection = form(3, restrictions=expand_denials(["health.*"]))
    the_plan = revision(**merged(TYP_CUSTOMER, marks(CONCLUSION)))
    decision = to(TYP, objection, of=the_plan, typ_objection=policy).decisions[CONCLUSION]
    assert (decision.row, decision.outcome) == (5, policy)
    assert (decision.basis is not None) is (policy is Outcome.PERMIT)


def test_what_rested_on_a_form_withdrawn_yesterday_stays():
    yesterday = NOW - timedelta(days=1)
    consent = one_way(HEALTH, EMPLOYMENT, "health.conclusion").withdraw(
        Withdrawal(at=yesterday, recorded_at=yesterday, received_by_party=KELA)
    )
    assert row(to(EMPLOYMENT, consent), CONCLUSION) == (10, "NO_BASIS")


def test_a_party_that_the_client_has_dropped_gets_nothing_though_the_form_still_names_it():
    dropped = [
        {**m, "period": {"start": "2026-01-01", "end": "2026-03-01"}} if m["id"] == NGO else m
        for m in MEMBERS
    ]
    consent = one_way(HEALTH, NGO, "plan.goals")
    assert row(to(NGO, consent), "goals[g-1].text_client") == (8, "CONSENT_Y100")
    the_plan = revision(network={"members": dropped})
    assert row(to(NGO, consent, of=the_plan), "goals[g-1].text_client") == (7, "NOT_IN_NETWORK")
    assert not in_network(the_plan.plan, NGO, at=NOW)
    assert in_network(the_plan.plan, NGO, at=NOW - timedelta(days=1))


def test_a_spoken_consent_serves_once_and_tells_that_it_was_used():
    said = oral_once(HEALTH, KELA, "plan.services")
    first = to(KELA, said)
    assert row(first, "services[s-1].status") == (9, "CONSENT_ORAL_ONCE")
    assert first.oral_consents_used == {said.consent_id}
    again = to(KELA, said, oral_used=first.oral_consents_used)
    assert row(again, "services[s-1].status") == (10, "NO_BASIS")
    assert Reason.ORAL_USED in again.decisions["services[s-1].status"].reasons
    assert again.oral_consents_used == frozenset()


def test_a_spoken_consent_is_not_used_up_where_a_form_covers_the_items():
    said = oral_once(HEALTH, KELA, "plan.services")
    assert to(KELA, said, one_way(HEALTH, KELA, "plan.services")).oral_consents_used == frozenset()


def test_nothing_is_exchanged_while_the_identity_is_open():
    consent = mutual(HEALTH, EMPLOYMENT, categories=("plan.*",))
    disclosure = to(EMPLOYMENT, consent, identity_resolved=False)
    assert set(disclosure.by_reason) == {"IDENTITY"}
    assert disclosure.view.is_empty
    assert disclosure.view.withheld == frozenset(Category)


# --- more of the rule ---


def test_a_service_and_a_network_member_are_labelled_by_their_value_and_cut_alone():
    prison = {
        "id": "p-1",
        "organization": {"name": "Vankila"},
        "sector": "justice",
        "period": {"start": "2026-01-01"},
    }
    the_plan = revision(network={"members": (*MEMBERS, prison)})
    consent = mutual(HEALTH, EMPLOYMENT, categories=("admin.*", "plan.*"))
    leaves = to(EMPLOYMENT, consent, of=the_plan).view.leaves
    assert "services[s-1].type" in leaves
    assert not any(path.startswith("services[s-2]") for path in leaves)
    assert f"network.members[{NGO}].organization.party" in leaves
    assert not any(path.startswith("network.members[p-1]") for path in leaves)


def test_the_referral_scenario_gives_employment_what_the_form_names_and_social_nothing():
    """Scenario 1: conclusion, functioning and B4 go to Ura; BDI-II and AUDIT do not; nothing goes to Effica."""
    consent = mutual(
        HEALTH,
        EMPLOYMENT,
        categories=(
            "admin.*",
            "employment.*",
            "plan.*",
            "self.b4",
            "health.conclusion",
            "health.functioning",
        ),
    )
    ura = to(EMPLOYMENT, consent)
    for path in (CONCLUSION, LIMITATION, B4, "goals[g-1].text_client"):
        assert row(ura, path) == (8, "CONSENT_Y100")
    for path in (BDI, "scores[audit-1].value"):
        assert row(ura, path) == (10, "NO_BASIS")
    effica = to(SOCIAL, consent, channel="effica")
    assert {effica.decisions[p].code for p in (CONCLUSION, LIMITATION, B4, BDI)} == {"NO_BASIS"}


def test_the_typ_scenario_takes_names_and_history_by_law_and_refuses_the_bdi_score():
    """Scenario 8."""
    disclosure = to(TYP, of=revision(**merged(TYP_CUSTOMER, marks(CONCLUSION))))
    for path in ("client.family_name", "client.telecom[t-1].value", "competence.work_history_pattern"):
        assert row(disclosure, path) == (4, "STATUTORY_TYP")
    assert row(disclosure, LIMITATION) == (10, "NO_BASIS")
    assert Reason.TYP_LABELS in disclosure.decisions[BDI].reasons
    assert row(disclosure, BDI) == (10, "NO_BASIS")


@pytest.mark.parametrize(
    ("at", "permits"),
    [
        (datetime(2026, 6, 29, 20, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 6, 29, 21, 0, tzinfo=UTC), False),
        (datetime(2026, 7, 1, 12, 0, tzinfo=UTC), False),
        (datetime(2026, 1, 14, 21, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 1, 14, 22, 0, tzinfo=UTC), True),
    ],
)
def test_the_statutory_rule_stops_on_the_day_the_customership_ends(at, permits):
    customer = {"typ_customership": {"status": "active", "start": "2026-01-15", "end": "2026-06-30"}}
    assert to(TYP, of=revision(header=customer), at=at).decisions["client.family_name"].permits is permits


@pytest.mark.parametrize(
    "customership",
    [
        {"status": "active"},
        {"status": "assessed", "start": "2026-01-15"},
        {"status": "ended", "start": "2026-01-15"},
    ],
)
def test_a_customership_without_a_first_day_or_not_active_gives_no_right(customership):
    disclosure = to(TYP, of=revision(header={"typ_customership": customership}))
    assert disclosure.decisions["client.family_name"].outcome is Outcome.DENY


@pytest.mark.parametrize("mark", [marks(CONCLUSION, at="2026-03-02T09:00:01+00:00"), marks(LIMITATION)])
def test_a_mark_of_a_later_moment_or_on_another_item_does_not_count(mark):
    disclosure = to(TYP, of=revision(**merged(TYP_CUSTOMER, mark)))
    assert Reason.TYP_MARK in disclosure.decisions[CONCLUSION].reasons


def test_a_mark_without_a_name_is_none():
    nameless = {"necessity_marks": [{"id": "n-1", "item": CONCLUSION, "by": {"role": "nurse"}}]}
    disclosure = to(TYP, of=revision(**merged(TYP_CUSTOMER, nameless)))
    assert not disclosure.decisions[CONCLUSION].permits


def test_a_mark_on_an_element_covers_its_items_and_an_assessment_can_carry_its_own():
    marked = marks("scores[b4-1]") | {
        "assessments": [
            {
                "id": "a-1",
                "kind": "physician",
                "period": {"start": "2026-02-10"},
                "conclusion": "osa-aikatyö",
                "necessary_for_employment": {
                    "flag": True,
                    "by": {"name": "Lea Harju"},
                    "at": "2026-02-10T10:00:00Z",
                },
            }
        ]
    }
    disclosure = to(TYP, of=revision(**merged(TYP_CUSTOMER, marked)))
    assert row(disclosure, B4) == (4, "STATUTORY_TYP")
    assert row(disclosure, "scores[b4-0].value") == (10, "NO_BASIS")
    assert row(disclosure, "assessments[a-1].conclusion") == (4, "STATUTORY_TYP")


def test_a_form_of_another_client_is_passed_over():
    consent = mutual(HEALTH, EMPLOYMENT, categories=("plan.*",), client=PEKKA)
    assert to(EMPLOYMENT, consent).decisions["goals[g-1].text_client"].code == "NO_BASIS"


def test_a_prohibition_on_one_item_cuts_that_item_alone_and_one_on_an_element_all_of_it():
    grants = expand_mutual((HEALTH, EMPLOYMENT), categories=("self.b4", "plan.*"))
    on_item = form(grants=grants, restrictions=({"item": B4},))
    disclosure = to(EMPLOYMENT, on_item)
    assert row(disclosure, B4) == (6, "CLIENT_RESTRICTION")
    assert disclosure.decisions["scores[b4-1].effective_on"].permits
    on_element = form(grants=grants, restrictions=({"item": "scores[b4-1]", "recipient": EMPLOYMENT},))
    disclosure = to(EMPLOYMENT, on_element)
    assert row(disclosure, "scores[b4-1].effective_on") == (6, "CLIENT_RESTRICTION")
    assert disclosure.decisions["scores[b4-0].value"].permits


def test_a_prohibition_naming_another_recipient_does_not_touch_this_one():
    grants = expand_mutual((HEALTH, EMPLOYMENT, KELA), categories=("plan.*",))
    consent = form(grants=grants, restrictions=({"category": "plan.goals", "recipient": KELA},))
    assert to(EMPLOYMENT, consent).decisions["goals[g-1].text_client"].permits
    assert row(to(KELA, consent), "goals[g-1].text_client") == (6, "CLIENT_RESTRICTION")


def test_a_prohibition_naming_somebody_unknown_holds_for_everybody():
    consent = form(
        grants=expand_mutual((HEALTH, EMPLOYMENT), categories=("plan.*",)),
        restrictions=({"category": "plan.goals", "recipient": "some-employer"},),
    )
    assert row(to(EMPLOYMENT, consent), "goals[g-1].text_client") == (6, "CLIENT_RESTRICTION")


def test_older_material_is_left_out_by_the_date_of_the_information_and_not_of_its_recording():
    consent = one_way(HEALTH, EMPLOYMENT, "self.b4", "health.conclusion", grant={"data_from": "2026-01-01"})
    disclosure = to(EMPLOYMENT, consent)
    assert disclosure.decisions[B4].permits
    assert disclosure.decisions[
        CONCLUSION
    ].permits  # it has no date of its own, so that of its recording counts
    old = disclosure.decisions["scores[b4-0].value"]
    assert (old.permits, Reason.CONSENT_DATA_FROM in old.reasons) == (False, True)
    later = one_way(HEALTH, EMPLOYMENT, "health.conclusion", grant={"data_from": "2026-02-11"})
    assert not to(EMPLOYMENT, later).decisions[CONCLUSION].permits


@pytest.mark.parametrize("named", ["s-1", "job_coaching"])
def test_a_grant_for_named_services_opens_those_services_alone(named):
    consent = one_way(HEALTH, EMPLOYMENT, "plan.services", "health.substance", grant={"services": (named,)})
    disclosure = to(EMPLOYMENT, consent)
    assert disclosure.decisions["services[s-1].status"].permits
    other = disclosure.decisions["services[s-2].status"]
    assert (other.permits, Reason.CONSENT_SERVICE in other.reasons) == (False, True)


def test_two_forms_never_complete_each_other_but_two_grants_of_one_form_do():
    path = "measures.sick_leaves[l-1].basis_text"
    the_plan = revision(measures={"sick_leaves": [{"id": "l-1", "basis_text": "selkä"}]}, parties={})
    assert len(the_plan.leaves) > 1
    labels = to(KELA, of=the_plan).decisions[path].labels
    first, *rest = sorted(labels)
    assert rest
    apart = (one_way(HEALTH, KELA, first, number=1), one_way(HEALTH, KELA, *rest, number=2))
    assert not to(KELA, *apart, of=the_plan).decisions[path].permits
    together = form(
        grants=tuple(
            {"discloser": HEALTH, "recipient": KELA, "categories": c} for c in ((first,), tuple(rest))
        )
    )
    decision = to(KELA, together, of=the_plan).decisions[path]
    assert decision.basis is not None
    assert (decision.basis.id, decision.basis.parts) == (together.consent_id, ("0", "1"))


def test_a_kanta_permission_works_between_health_and_social_only():
    kanta = {"form_kind": "KANTA_LUOVUTUSLUPA", "evidence": None}
    consent = one_way(HEALTH, SOCIAL, "health.conclusion", **kanta)
    assert row(to(SOCIAL, consent), CONCLUSION) == (8, "KANTA_LUOVUTUSLUPA")
    beyond = one_way(HEALTH, EMPLOYMENT, "health.conclusion", **kanta)
    assert row(to(EMPLOYMENT, beyond), CONCLUSION) == (10, "NO_BASIS")


def test_what_a_dissolved_party_recorded_still_needs_that_partys_name_on_a_form():
    """Scenario 10: the old county keeps its record; the new one gets it by a form that names the old."""
    members = (
        *MEMBERS,
        {"id": "jv", "organization": {"party": JARVIALUE}, "period": {"start": "2028-01-10"}},
    )
    the_plan = revision(network={"members": members})
    at = datetime(2028, 1, 20, 8, tzinfo=UTC)
    assert to(JARVIALUE, of=the_plan, at=at, channel="hub").view.is_empty
    signed = {
        "granted_at": datetime(2028, 1, 14, 8, tzinfo=UTC),
        "valid_from": "2028-01-14",
        "valid_until": "2028-12-31",
    }
    consent = one_way(HEALTH, JARVIALUE, "plan.goals", **signed)
    disclosure = to(JARVIALUE, consent, of=the_plan, at=at, channel="hub")
    assert set(disclosure.view.leaves) == {"goals[g-1].text_client", "goals[g-1].status"}


# --- non-disclosure order ---


def test_a_non_disclosure_order_keeps_back_addresses_and_places_after_any_permit():
    """Scenario 11: even to the own register and to the joint register; the meeting is still seen to be remote."""
    shielded = merged(TYP_CUSTOMER, {"client": {"non_disclosure": {"active": True}}})
    consent = one_way(HEALTH, TYP, "plan.meetings", grant={"purpose": "typ"})
    for recipient in (HEALTH, TYP):
        disclosure = to(recipient, consent, of=revision(**shielded))
        leaves = disclosure.view.leaves
        assert disclosure.view.non_disclosure
        assert not any(is_address_like(path) for path in leaves)
        assert leaves["meetings[m-1].mode"] == "remote_video"
        assert leaves["client.family_name"] == "Esimerkki"
        assert disclosure.filtered == {
            "client.home_municipality",
            "client.address.street",
            "client.address.postal_code",
            "client.address.city",
            "client.contact_address.city",
            "client.telecom[t-1].system",
            "client.telecom[t-1].value",
            "meetings[m-1].place",
        }
        assert disclosure.filtered <= disclosure.decisions.keys()


def test_without_an_order_addresses_go_by_their_decisions_alone():
    disclosure = to(HEALTH)
    assert (disclosure.filtered, disclosure.view.non_disclosure) == (frozenset(), False)
    assert "meetings[m-1].place" in disclosure.view.leaves


def test_no_address_like_field_of_the_schema_is_forgotten():
    suspicious = ("street", "postal", "city", "municipality", "address", "telecom", "place")
    found = {
        p
        for p in FIELDS
        if any(part in suspicious for part in p.replace("[]", "").replace(".", "_").split("_"))
    }
    shielded = {p for p in FIELDS if is_address_like(p.replace("[]", "[x]"))}
    assert shielded == found


# --- withheld categories ---


def test_withheld_names_the_categories_of_which_nobody_may_give_anything():
    view = to(EMPLOYMENT, one_way(SOCIAL, EMPLOYMENT, "social.situation", "plan.goals")).view
    assert frozenset(Category) - view.withheld == {Category.SOCIAL_SITUATION, Category.PLAN_GOALS}


def test_a_spoken_consent_and_the_law_open_categories_too():
    assert Category.PLAN_SERVICES not in to(KELA, oral_once(HEALTH, KELA, "plan.services")).view.withheld
    opened = frozenset(Category) - to(TYP, of=revision(**TYP_CUSTOMER)).view.withheld
    assert {Category.IDENTITY_CORE, Category.HEALTH_CONCLUSION} <= opened
    assert Category.HEALTH_SCORES not in opened


def test_a_client_of_nobody_knows_nothing_about_the_joint_register():
    assert to(TYP).view.withheld == frozenset(Category)


def test_an_empty_plan_and_a_full_one_withhold_the_same():
    bare = plan()
    bare = bare.model_copy(
        update={"health": type(bare.health)(), "scores": (), "social": type(bare.social)()}
    )
    consent = one_way(HEALTH, EMPLOYMENT, "plan.goals")
    assert (
        to(EMPLOYMENT, consent).view.withheld == to(EMPLOYMENT, consent, of=revision(of=bare)).view.withheld
    )


# --- origins ---


def test_the_discloser_is_the_party_of_the_origin_and_not_of_the_field():
    """A conclusion that social welfare recorded is social welfare's to give."""
    the_plan = revision(parties={"health": SOCIAL})
    consent = one_way(HEALTH, EMPLOYMENT, "health.conclusion")
    decision = to(EMPLOYMENT, consent, of=the_plan).decisions[CONCLUSION]
    assert (decision.discloser, decision.permits) == (SOCIAL, False)
    assert Reason.CONSENT_DIRECTION in decision.reasons


def test_items_of_one_group_share_their_decision_but_origins_keep_them_apart():
    the_plan = revision()
    origins = {**the_plan.origins, CONCLUSION: Origin(party=SOCIAL, at=NOW, role="coordinator")}
    mixed = Revision(the_plan.plan, 7, origins, the_plan.recorded_at, HEALTH)
    disclosure = to(SOCIAL, of=mixed)
    assert disclosure.decisions[CONCLUSION].basis is not None
    assert disclosure.decisions[CONCLUSION].basis.kind is BasisKind.SAME_REGISTER
    assert not disclosure.decisions["assessments[a-1].conclusion"].permits
