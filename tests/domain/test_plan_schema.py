"""The schema carries everything that the data dictionary of the domain report names (3.2 and 3.3)."""

import pytest

from tyokyky_bridge.domain.categories import TITLES, Category
from tyokyky_bridge.domain.codes import code_list
from tyokyky_bridge.domain.items import FIELDS
from tyokyky_bridge.domain.plan import SupportPlan
from tyokyky_bridge.domain.schema import SCHEMA

# Identifiers of the domain report 3.2 and 3.3, with the members that it names in braces written out.
EXPECTED = {
    "S1": """referrals[].referring_party_type referrals[].referring_organization referrals[].referring_worker
        referrals[].channel referrals[].received_on referrals[].reason referrals[].essential_information
        referrals[].need_cues[] referrals[].client_willing referrals[].status referrals[].feedback_given_on""",
    "S2": """competence.work_experience_summary competence.work_history[].title
        competence.work_history[].occupation_code competence.work_history[].employer
        competence.work_history[].period competence.work_history_pattern competence.qualifications[].name
        competence.qualifications[].field competence.qualifications[].completed_year
        competence.interrupted_education[].name competence.interrupted_education[].year
        competence.interrupted_education[].reason competence.study_support competence.driving_licence[]
        competence.military_service competence.language_skills[].language competence.language_skills[].level""",
    "S3": """previous_services[].type previous_services[].other_description previous_services[].period
        previous_services[].completion previous_services[].interruption_reason previous_services[].impact
        previous_services[].impact_text previous_services[].feedback[] previous_services[].reports[]
        previous_services[].guidance_notes""",
    "S4": """health.checkup_date health.checkup_status health.checkup_mode health.limiting_illnesses[].text
        health.limiting_illnesses[].icd10 health.limiting_illnesses[].diagnosed_on
        health.limiting_illnesses[].diagnosed_by health.work_limitation_flag health.work_limitation_text
        health.school_learning_difficulties health.special_support_at_school.code
        health.special_support_at_school.text health.substance_use health.functioning_self_description
        health.strengths health.recurrent_sick_leaves.flag health.recurrent_sick_leaves.text health.statements[]
        health.care_plan_ref health.work_ability_conclusion""",
    "S5": """social.family_situation social.support_network[].relation social.support_network[].description
        social.housing.code social.housing.text social.interests social.special_skills social.daily_rhythm
        social.everyday_management social.income_summary employment.labour_market_status
        employment.unemployed_since social.debts social.debt_enforcement social.barriers[].type
        social.barriers[].text social.service_need_assessment[].date social.service_need_assessment[].summary
        social.service_need_assessment[].ref social.comprehensive_report[] social.client_plan_ref""",
    "S6": """measures.sick_leaves[].period measures.sick_leaves[].basis_text
        measures.rehabilitation_subsidy[].payer measures.rehabilitation_subsidy[].period
        measures.rehabilitation_subsidy[].decision_date measures.rehabilitation[].type
        measures.rehabilitation[].organiser measures.rehabilitation[].period measures.rehabilitation[].status
        measures.rehabilitation[].outcome measures.rehabilitation[].report_ref
        measures.rehabilitation_timeliness measures.pension_applications[].pension_type
        measures.pension_applications[].insurer measures.pension_applications[].applied_on
        measures.pension_applications[].decision measures.pension_applications[].decided_on
        measures.pension_applications[].rejection_reason measures.statements[] measures.kela_view""",
    "S7": """network.members[].organization network.members[].contact network.members[].role
        network.members[].sector network.members[].approved_by_client_on network.members[].period
        network.services_in_use[] network.client_view_of_services network.peer_support_offered
        network.relatives[].relation network.relatives[].wish_recorded_on""",
    "S8": """plan.client_vocational_plans plan.client_considerations plan.client_assessment_of_services
        plan.worker_recommendations[].text plan.worker_recommendations[].service_type
        plan.worker_recommendations[].recommended_by plan.responsible_parties[].party
        plan.responsible_parties[].worker plan.responsible_parties[].responsibility plan.client_role""",
    "D0": """header.plan_id header.case_id header.plan_version header.status header.form
        header.embedded_in[].host_plan_type header.embedded_in[].host_ref header.embedded_in[].organization
        header.located_at[] header.created_at header.updated_at header.authors[] header.agreed_with_client_on
        header.client_copy_given_on header.previous_case_id header.typ_customership.status
        header.typ_customership.start header.typ_customership.end header.customerships[].sector
        header.customerships[].organization header.customerships[].period""",
    "D1": """client.client_id client.hetu[].value client.hetu[].period client.hetu[].kind client.family_name
        client.given_names client.call_name client.birth_date client.home_municipality client.address.street
        client.address.postal_code client.address.city client.contact_address.street client.telecom[].system
        client.telecom[].value client.non_disclosure.active client.non_disclosure.known_since
        client.non_disclosure.source client.native_language client.contact_language
        client.interpreter.required client.interpreter.language client.guardians[].name
        client.guardians[].kind client.guardians[].period""",
    "D2": """goals[].text_client goals[].area goals[].language goals[].interpreted goals[].status
        goals[].achievement.code goals[].achievement.text goals[].due goals[].measure""",
    "D3": """care_team.responsible_workers[].worker care_team.responsible_workers[].organization
        care_team.responsible_workers[].service_ref care_team.responsible_workers[].period
        care_team.coordinator.party care_team.coordinator.worker care_team.coordinator.since
        care_team.background_workers[] care_team.own_worker care_team.client_lead care_team.main_customership
        care_team.coordination_history[]""",
    "D4": """assessments[].kind assessments[].setting assessments[].period assessments[].performers[]
        assessments[].status assessments[].conclusion assessments[].necessary_for_employment.flag
        assessments[].necessary_for_employment.by assessments[].necessary_for_employment.at
        necessity_marks[].item necessity_marks[].by necessity_marks[].at""",
    "D5": """scores[].instrument scores[].instrument_version scores[].dimension scores[].value
        scores[].absent_reason scores[].band scores[].effective_on scores[].mode scores[].language
        scores[].interpreted scores[].collected_by""",
    "D6": """services[].type services[].organizer services[].producer services[].responsible_worker
        services[].status services[].planned_period services[].actual_period services[].intensity
        services[].decision[].kind services[].decision[].number services[].decision[].date
        services[].decision[].outcome services[].travel_cost_decision services[].compatibility_note
        services[].outcome.code services[].outcome.impact services[].outcome.text
        services[].interruption_reason.code services[].interruption_reason.text services[].feedback[]
        services[].workplace_visits[].date services[].workplace_visits[].note
        services[].waiting_support.needed services[].waiting_support.by_whom services[].waiting_support.how""",
    "D7": """statements[].kind statements[].issued_on statements[].author statements[].addressee
        statements[].document_ref.oid statements[].document_ref.sha256 statements[].document_ref.mime
        statements[].document_ref.size statements[].conclusion documents[].kind documents[].document_ref.oid""",
    "D8": """meetings[].kind meetings[].start meetings[].end meetings[].mode meetings[].place
        meetings[].convener meetings[].participants[].who meetings[].participants[].role
        meetings[].participants[].invited meetings[].participants[].attended meetings[].client_present
        meetings[].agreements[].text meetings[].agreements[].responsible meetings[].agreements[].due
        meetings[].status""",
    "D9": """feedback[].kind feedback[].channel feedback[].about feedback[].sender feedback[].recipient
        feedback[].text feedback[].given_at feedback[].delivered_at feedback[].acknowledged_at
        client_feedback[].stage client_feedback[].text client_feedback[].date client_feedback[].anonymous""",
    "D10": """benefits[].type benefits[].payer benefits[].status benefits[].period benefits[].max_end
        benefits[].expected_transition.to_type benefits[].expected_transition.on
        benefits[].expected_transition.note benefits[].unemployment_statement[].kind
        benefits[].unemployment_statement[].given_on benefits[].unemployment_statement[].validity
        benefits[].application_guidance[].what benefits[].application_guidance[].by
        benefits[].application_guidance[].on""",
    "D11": """consultations[].kind consultations[].asker consultations[].answerer consultations[].question
        consultations[].answer consultations[].client_ref""",
    "D12": """follow_up.next_on follow_up.events[].date follow_up.events[].by follow_up.events[].summary
        follow_up.events[].still_current follow_up.confirmed_current_on""",
    "D13": """handovers[].from handovers[].to handovers[].reason.code handovers[].reason.text
        handovers[].joint_contact.meeting_ref handovers[].joint_contact.waived_by_client handovers[].status
        handovers[].effective_on""",
    "D15": """closing.closed_on closing.reason closing.agreed_with_client_on closing.continuing_party[].party
        closing.continuing_party[].worker closing.continuing_party[].matter closing.labour_market_status
        closing.b4 closing.client_copy_on closing.summary""",
}
IDENTIFIERS = [(section, each) for section, text in EXPECTED.items() for each in text.split()]


@pytest.mark.parametrize(("section", "identifier"), IDENTIFIERS)
def test_every_identifier_of_the_data_dictionary_is_in_the_schema_under_its_heading(section, identifier):
    below = [
        m for p, m in FIELDS.items() if p == identifier or p.startswith((f"{identifier}.", f"{identifier}[]"))
    ]

    assert below
    assert {m.section for m in below} == {section}


def test_the_schema_has_nothing_that_no_identifier_covers_but_the_document_list_and_gender():
    added = ["client.contact_address", "client.gender", "documents[]"]  # gender: ADR 0009
    covered = [identifier for _, identifier in IDENTIFIERS] + added

    stray = [p for p in FIELDS if not any(p == c or p.startswith((f"{c}.", f"{c}[]")) for c in covered)]

    assert stray == []


def test_every_item_says_what_it_is_in_three_languages_and_whose_word_decides():
    for meaning in FIELDS.values():
        assert all((meaning.title_fi, meaning.title_sv, meaning.title_en)), meaning.pattern
        assert meaning.authority, meaning.pattern
        assert set(meaning.authority) <= set("CHSEKPVBR"), meaning.pattern
        assert meaning.labels or meaning.rules, meaning.pattern
        assert (meaning.kind == "code") == (meaning.codes is not None), meaning.pattern


def test_every_code_list_that_a_field_names_exists():
    for meaning in FIELDS.values():
        if meaning.codes is not None:
            assert code_list(meaning.codes).codes


def test_every_category_has_titles_and_labels_some_item():
    possible = set()
    for meaning in FIELDS.values():
        possible |= meaning.labels
        for _, rule in meaning.rules:
            possible |= rule.possible if rule is not None else frozenset()

    assert set(TITLES) == set(Category)
    assert possible == set(Category)


def test_only_identity_and_status_are_mandatory_in_the_schema():
    required = {p for p, m in FIELDS.items() if m.required}

    assert required == {
        "header.plan_id",
        "header.status",
        "client.client_id",
        "client.hetu[].value",
        "client.hetu[].kind",
        "client.family_name",
        "client.given_names",
        "client.birth_date",
    }


def test_the_eight_skeleton_sections_stand_in_their_order_with_their_finnish_titles():
    skeleton = [(s.number, s.title_fi) for s in SCHEMA.sections if s.number.startswith("S")]

    assert [number for number, _ in skeleton] == ["S1", "S2", "S3", "S4", "S5", "S5", "S6", "S7", "S8"]
    assert skeleton[0][1] == "Työkykykoordinaattorille ohjaava taho"
    assert skeleton[-1][1] == "Työkyvyn tuen suunnitelma"


def test_the_json_schema_of_the_plan_carries_the_closed_lists():
    schema = SupportPlan.model_json_schema()

    status = schema["$defs"]["Header"]["properties"]["status"]
    assert set(status["enum"]) == code_list("CL-01").codes
    assert "from" in schema["$defs"]["Handover"]["properties"]
