"""Labels: by the field, and by the values beside it (domain report 6.3, rules a to c)."""

from decimal import Decimal

import pytest
from hypothesis import given, settings

from tyokyky_bridge.domain.categories import SPECIAL, Category
from tyokyky_bridge.domain.codes import code_list
from tyokyky_bridge.domain.errors import InvalidPlan
from tyokyky_bridge.domain.items import FIELDS, labels_of, leaves_of, pattern_of
from tyokyky_bridge.domain.labels import all_labels_of
from worlds.plans import a_plan, plans


def labels_in(path, leaves):
    return {str(c) for c in labels_of(path, leaves)}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("client.family_name", {"identity.core"}),
        ("client.hetu[h].value", {"identity.core"}),
        ("client.home_municipality", {"identity.contact"}),
        ("client.telecom[t].value", {"identity.contact"}),
        ("client.contact_address.street", {"identity.contact"}),
        ("client.interpreter.language", {"identity.language"}),
        ("client.guardians[g].name", {"identity.core", "social.situation"}),
        ("header.status", {"admin.case"}),
        ("care_team.coordinator.party", {"admin.case"}),
        ("care_team.own_worker.name", {"admin.case", "social.services"}),
        ("handovers[h].from.worker.name", {"admin.case"}),
        ("network.peer_support_offered", {"admin.network"}),
        ("competence.work_history[j].title", {"employment.history"}),
        ("competence.study_support", {"employment.history", "health.functioning"}),
        ("employment.labour_market_status", {"employment.status"}),
        ("closing.labour_market_status", {"employment.status"}),
        ("closing.b4", {"self.b4"}),
        ("health.checkup_date", {"health.checkup"}),
        ("health.limiting_illnesses[i].diagnosed_by.name", {"health.diagnoses"}),
        ("health.work_limitation_text", {"health.functioning"}),
        ("health.substance_use", {"health.substance"}),
        ("health.statements[st-1]", {"health.statements"}),
        ("health.work_ability_conclusion", {"health.conclusion"}),
        ("social.family_situation", {"social.situation"}),
        ("social.debts", {"social.finance"}),
        ("social.income_summary", {"social.finance", "benefits.status"}),
        ("social.client_plan_ref", {"social.services"}),
        ("measures.pension_applications[p].applied_on", {"benefits.decisions"}),
        ("measures.rehabilitation_timeliness", {"rehab.kela"}),
        ("goals[g].text_client", {"plan.goals"}),
        ("meetings[m].agreements[a].text", {"plan.meetings"}),
        ("plan.client_considerations", {"plan.goals", "health.functioning", "social.situation"}),
    ],
)
def test_an_item_is_labelled_by_its_field(path, expected):
    assert labels_in(path, {}) == expected


@pytest.mark.parametrize(
    ("path", "leaves", "expected"),
    [
        (
            "services[s].planned_period.start",
            {"services[s].type": "mental_substance_services"},
            {"health.substance"},
        ),
        ("services[s].status", {"services[s].type": "debt_counselling"}, {"social.finance"}),
        ("services[s].status", {"services[s].type": "work_trial"}, {"employment.services"}),
        ("services[s].feedback[f-1]", {"services[s].type": "physiotherapy"}, {"health.conclusion"}),
        (
            "services[s].decision[d].date",
            {"services[s].type": "work_trial", "services[s].decision[d].kind": "social_assistance"},
            {"employment.services", "social.finance"},
        ),
        (
            "services[s].interruption_reason.text",
            {"services[s].type": "work_trial", "services[s].interruption_reason.code": "imprisonment"},
            {"employment.services", "admin.network.justice"},
        ),
        (
            "network.members[n].organization.name",
            {"network.members[n].sector": "justice"},
            {"admin.network", "admin.network.justice"},
        ),
        ("network.members[n].organization.name", {"network.members[n].sector": "kela"}, {"admin.network"}),
        (
            "header.customerships[c].period.start",
            {"header.customerships[c].sector": "justice"},
            {"admin.case", "admin.network.justice"},
        ),
        (
            "referrals[r].received_on",
            {"referrals[r].referring_party_type": "prison_health"},
            {"admin.referral", "admin.network.justice"},
        ),
        (
            "referrals[r].need_cues[low_b4]",
            {"referrals[r].referring_party_type": "kela", "referrals[r].need_cues[low_b4]": "low_b4"},
            {"admin.referral", "self.b4"},
        ),
        (
            "referrals[r].essential_information",
            {"referrals[r].referring_party_type": "kela"},
            {"admin.referral", "health.functioning", "social.situation", "employment.history"},
        ),
        ("scores[s].value", {"scores[s].instrument": "kykyviisari_b4"}, {"self.b4"}),
        ("scores[s].value", {"scores[s].instrument": "bdi_ii"}, {"health.scores"}),
        ("scores[s].effective_on", {"scores[s].instrument": "audit"}, {"health.substance"}),
        ("scores[s].collected_by.party", {"scores[s].instrument": "kykyviisari"}, {"self.kykyviisari"}),
        ("assessments[a].conclusion", {"assessments[a].kind": "comprehensive"}, {"health.conclusion"}),
        ("assessments[a].performers[p].name", {"assessments[a].kind": "service_need"}, {"social.services"}),
        ("statements[s].conclusion", {"statements[s].kind": "b_statement"}, {"health.statements"}),
        ("statements[s].issued_on", {"statements[s].kind": "unemployment_statement"}, {"employment.status"}),
        ("documents[d].title", {"documents[d].kind": "client_plan"}, {"social.services"}),
        ("feedback[f].text", {"feedback[f].kind": "assessment_feedback"}, {"health.conclusion"}),
        (
            "feedback[f].text",
            {
                "feedback[f].kind": "service_feedback",
                "feedback[f].about": "s",
                "services[s].type": "mental_substance_services",
            },
            {"plan.services", "health.substance"},
        ),
        (
            "previous_services[p].impact_text",
            {"previous_services[p].type": "work_trial"},
            {"employment.services"},
        ),
        (
            "previous_services[p].period.end",
            {"previous_services[p].type": "rehabilitative_work"},
            {"social.services"},
        ),
        (
            "network.services_in_use[ips_coaching]",
            {"network.services_in_use[ips_coaching]": "ips_coaching"},
            {"plan.services"},
        ),
        (
            "benefits[b].max_end",
            {"benefits[b].type": "sickness_allowance", "benefits[b].status": "paid"},
            {"benefits.status"},
        ),
        (
            "benefits[b].type",
            {"benefits[b].type": "disability_pension", "benefits[b].status": "rejected"},
            {"benefits.status", "benefits.decisions"},
        ),
        (
            "plan.worker_recommendations[w].text",
            {"plan.worker_recommendations[w].service_type": "work_trial"},
            {"plan.services", "employment.services"},
        ),
        (
            "plan.worker_recommendations[w].text",
            {},
            {"plan.services", "health.functioning", "social.situation"},
        ),
        (
            "social.barriers[b].text",
            {"social.barriers[b].type": "health"},
            {"social.situation", "health.functioning"},
        ),
    ],
)
def test_an_item_is_labelled_by_the_values_beside_it(path, leaves, expected):
    assert labels_in(path, leaves) == expected


@pytest.mark.parametrize(
    ("path", "list_id"),
    [
        ("services[s].status", "CL-11"),
        ("scores[s].value", "CL-36"),
        ("assessments[a].conclusion", "CL-34"),
        ("statements[s].conclusion", "CL-23"),
        ("documents[d].title", "document-kind"),
        ("network.members[n].organization.name", "CL-26"),
    ],
)
def test_while_the_deciding_code_is_missing_the_strictest_labels_apply(path, list_id):
    assert labels_of(path, {}) >= all_labels_of(list_id)


def test_a_necessity_mark_is_as_confidential_as_the_item_that_it_points_at():
    leaves = leaves_of(
        a_plan(
            {
                "necessity_marks[n].item": "scores[s].value",
                "necessity_marks[n].by.name": "Helmi Virta",
                "scores[s].instrument": "audit",
                "scores[s].value": Decimal(6),
            }
        )
    )

    assert labels_in("necessity_marks[n].by.name", leaves) == {"admin.case", "health.substance"}


def test_a_mark_on_an_element_has_the_labels_of_its_items_and_one_on_nothing_has_all():
    leaves = {"necessity_marks[n].item": "scores[s]", "scores[s].instrument": "kykyviisari_b4"}

    assert labels_in("necessity_marks[n].item", leaves) == {"admin.case", "self.b4"}
    assert labels_of("necessity_marks[m].item", {"necessity_marks[m].item": "x.y"}) == frozenset(Category)


def test_a_mark_on_a_mark_ends():
    leaves = {"necessity_marks[n].item": "necessity_marks[n].item"}

    assert labels_in("necessity_marks[n].item", leaves) == {"admin.case"}


@given(plans(rich=True))
@settings(max_examples=25, deadline=None)
def test_every_item_of_every_plan_has_a_label_and_at_least_those_of_its_field(plan):
    leaves = leaves_of(plan)

    for path in leaves:
        found = labels_of(path, leaves)
        assert found, path
        assert found >= FIELDS[pattern_of(path)].labels


@given(plans(rich=True))
@settings(max_examples=15, deadline=None)
def test_the_leaves_of_a_score_all_carry_the_label_of_its_instrument(plan):
    leaves = leaves_of(plan)
    for path in leaves:
        if path.startswith("scores["):
            instrument = leaves.get(path.split(".")[0] + ".instrument")
            if instrument is not None:
                assert labels_in(path, leaves) == set(code_list("CL-36").values(instrument, "category"))


def test_an_unknown_path_has_no_labels_but_an_error():
    with pytest.raises(InvalidPlan):
        labels_of("goals[g].secret", {})


def test_a_static_category_is_given_where_one_label_is_all():
    assert FIELDS["health.substance_use"].category is Category.HEALTH_SUBSTANCE
    assert FIELDS["services[].type"].category is None
    assert FIELDS["social.income_summary"].category is None


def test_special_categories_are_those_that_the_form_must_name():
    assert len(SPECIAL) == 16
    assert Category.PLAN_GOALS not in SPECIAL
    assert {Category.ADMIN_NETWORK_JUSTICE, Category.SELF_B4, Category.REHAB_KELA} <= SPECIAL
