"""What a plan refuses, field by field; a refusal names the field and the rule and never repeats the value."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tyokyky_bridge.domain.codes import code_list
from tyokyky_bridge.domain.errors import BridgeError, InvalidPlan
from tyokyky_bridge.domain.items import FIELDS, leaves_of, plan_from_leaves
from tyokyky_bridge.domain.plan import SupportPlan, parse_plan
from worlds.plans import SYNTHETIC_HETUS, TUULIKKI, a_plan, plans, rich_plan

CODED = [pattern for pattern, meaning in FIELDS.items() if meaning.codes is not None]


@pytest.mark.parametrize("pattern", CODED)
def test_a_code_outside_its_closed_list_is_refused(pattern):
    leaves = leaves_of(rich_plan())
    if pattern.endswith("[]"):
        base = pattern[:-2].replace("[]", "[e-1]")
        leaves[f"{base}[zebra]"] = "zebra"
    else:
        leaves[pattern.replace("[]", "[e-1]")] = "zebra"

    with pytest.raises(InvalidPlan) as refusal:
        plan_from_leaves(leaves)

    rules = {p.rule for p in refusal.value.problems}
    assert f"is not a code of {FIELDS[pattern].codes}" in rules
    assert "zebra" not in str(refusal.value)


@pytest.mark.parametrize("list_id", sorted({FIELDS[p].codes or "" for p in CODED}))
def test_every_code_of_every_list_is_accepted_where_the_list_is_used(list_id):
    pattern = next(p for p in CODED if FIELDS[p].codes == list_id)
    for code in code_list(list_id).codes - {"anonymous"}:
        path = (
            pattern[:-2].replace("[]", "[x]") + f"[{code}]"
            if pattern.endswith("[]")
            else pattern.replace("[]", "[x]")
        )
        more = {path: code}
        if pattern.startswith("client.hetu"):
            more["client.hetu[x].value"] = "030278-958K"
        assert leaves_of(a_plan(more))[path] == code


@pytest.mark.parametrize(
    "identifier", ["G-1", "-a", "", "g_1", "g.1", "x" * 65, "ä", "120385-921t", "b4-120385-921t"]
)
def test_an_element_id_is_short_lower_case_and_never_like_a_hetu(identifier):
    document = a_plan().model_dump(mode="json")
    document["goals"] = [{"id": identifier, "text_client": "x"}]

    with pytest.raises(InvalidPlan) as refusal:
        parse_plan(document)

    assert refusal.value.problems[0].field == "goals[].id"


@pytest.mark.parametrize("hetu", SYNTHETIC_HETUS)
def test_no_hetu_serves_as_an_element_id_in_any_case(hetu):
    document = a_plan().model_dump(mode="json")
    document["scores"] = [{"id": hetu.lower(), "instrument": "audit"}]

    with pytest.raises(InvalidPlan):
        parse_plan(document)


def test_a_uuid_serves_as_an_element_id():
    plan = a_plan({"goals[0d1f4c52-1203-4592-8121-0123456789ab].text_client": "x"})

    assert plan.goals[0].text_client == "x"


def test_two_elements_of_one_list_cannot_share_an_id():
    document = a_plan().model_dump(mode="json")
    document["goals"] = [{"id": "g", "text_client": "x"}, {"id": "g", "text_client": "y"}]

    with pytest.raises(InvalidPlan, match=r"goals: two elements have the same id"):
        parse_plan(document)


def test_an_element_without_content_is_refused_because_it_has_no_item():
    document = a_plan().model_dump(mode="json")
    document["services"] = [{"id": "s", "planned_period": {}, "decision": [], "organizer": {"name": None}}]

    with pytest.raises(InvalidPlan, match=r"services: an element has nothing but its id"):
        parse_plan(document)


def test_references_between_elements_may_dangle():
    plan = a_plan({"feedback[f].kind": "service_feedback", "feedback[f].about": "s-not-here"})

    assert plan.feedback[0].about == "s-not-here"


def test_even_the_raw_refusal_of_the_model_hides_the_value():
    with pytest.raises(ValidationError) as refusal:
        SupportPlan.model_validate(
            {"header": {"plan_id": "salainen", "status": "salainen"}, "client": {"hetu": 7}}
        )

    assert "salainen" not in str(refusal.value)


def test_an_unknown_field_is_refused_and_a_strange_name_is_not_repeated():
    document = a_plan().model_dump(mode="json")
    document["client"]["120385-921T"] = "x"

    with pytest.raises(InvalidPlan) as refusal:
        parse_plan(document)

    assert [p.field for p in refusal.value.problems] == ["client.?"]
    assert "120385" not in str(refusal.value)


@pytest.mark.parametrize("status", ["active", "under_revision"])
def test_an_open_plan_needs_a_coordinator(status):
    with pytest.raises(InvalidPlan, match=r"an open plan needs care_team\.coordinator\.party"):
        plan_from_leaves({**TUULIKKI, "header.status": status})


@pytest.mark.parametrize("status", ["draft", "superseded", "closed", "cancelled"])
def test_a_plan_that_is_not_open_needs_none(status):
    assert plan_from_leaves({**TUULIKKI, "header.status": status}).header.status == status


def test_a_client_without_hetu_is_known_by_a_temporary_identifier():
    base = {p: v for p, v in TUULIKKI.items() if not p.startswith("client.hetu")}
    temporary = {"client.hetu[t].value": "1.2.246.10.90000011.22.2026.7", "client.hetu[t].kind": "temporary"}
    foreign = {"client.hetu[t].value": "PL-91072512345", "client.hetu[t].kind": "foreign"}

    assert plan_from_leaves({**base, **temporary, "header.status": "draft"})
    with pytest.raises(InvalidPlan, match="needs a HETU or a temporary identifier"):
        plan_from_leaves({**base, **foreign, "header.status": "draft"})


@pytest.mark.parametrize("wrong", ["120385-921U", "310285-9218", "120385G921T", "120385-0014", "120385-921t"])
def test_an_official_number_must_be_a_valid_hetu_in_normal_form(wrong):
    with pytest.raises(InvalidPlan) as refusal:
        a_plan({"client.hetu[h-1].value": wrong})

    assert wrong not in str(refusal.value)
    assert wrong not in repr(refusal.value.problems)


@pytest.mark.parametrize(
    ("instrument", "value"),
    [
        ("kykyviisari_b4", 11),
        ("kykyviisari_b4", -1),
        ("kykyviisari_b4", "4.5"),
        ("bdi_ii", 64),
        ("audit", 41),
        ("pta", 1),
        ("work_ability_line", "10.5"),
    ],
)
def test_a_score_outside_its_instrument_is_refused_never_rounded(instrument, value):
    from decimal import Decimal

    with pytest.raises(InvalidPlan):
        a_plan({"scores[s].instrument": instrument, "scores[s].value": Decimal(value)})


@pytest.mark.parametrize(
    ("instrument", "value"),
    [
        ("kykyviisari_b4", "0"),
        ("kykyviisari_b4", "10"),
        ("work_ability_line", "4.5"),
        ("bdi_ii", "63"),
        ("audit", "0"),
    ],
)
def test_a_score_inside_its_instrument_is_kept_zero_too(instrument, value):
    from decimal import Decimal

    plan = a_plan({"scores[s].instrument": instrument, "scores[s].value": Decimal(value)})

    assert plan.scores[0].value == Decimal(value)


def test_an_anonymous_consultation_never_belongs_to_a_plan():
    with pytest.raises(InvalidPlan, match="anonymous consultation never belongs to a plan"):
        a_plan({"consultations[c].kind": "anonymous", "consultations[c].question": "x"})


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("client.birth_date", "1985-3-12"),
        ("client.birth_date", "2023-02-29"),
        ("client.birth_date", 479433600),
        ("client.birth_date", "1985-03-12T00:00:00"),
        ("header.created_at", "2026-02-02T10:00:00"),
        ("header.created_at", "0001-01-01T00:00:00+05:00"),
        ("goals[g].due", "2026-13"),
        ("goals[g].due", "2026-2"),
        ("goals[g].interpreted", "yes"),
        ("goals[g].interpreted", 1),
        ("closing.b4", "4"),
        ("closing.b4", True),
        ("scores[s].value", "NaN"),
        ("scores[s].value", "1e40"),
        ("scores[s].value", True),
        ("client.client_id", "1"),
        ("client.home_municipality", "Espoo"),
        ("client.native_language", "suomi"),
        ("health.limiting_illnesses[i].icd10", "selkä"),
        ("care_team.coordinator.party", "Lrha Health"),
        ("statements[s].document_ref.sha256", "abc"),
        ("necessity_marks[n].item", "health.../x"),
        ("client.family_name", 7),
    ],
)
def test_a_value_of_the_wrong_form_is_refused_by_its_field(path, wrong):
    with pytest.raises(InvalidPlan) as refusal:
        a_plan({path: wrong})

    assert refusal.value.problems
    if isinstance(wrong, str) and len(wrong) > 4:
        assert wrong not in str(refusal.value)


@given(plans(), st.text(alphabet="0123456789ABCDEF!?", min_size=12, max_size=24), st.data())
@settings(max_examples=60, deadline=None)
def test_no_refusal_ever_repeats_the_value(plan, secret, data):
    leaves = leaves_of(plan)
    path = data.draw(st.sampled_from(sorted(leaves)))
    leaves[path] = f"{secret}\x00"

    with pytest.raises(BridgeError) as refusal:
        plan_from_leaves(leaves)

    assert secret not in str(refusal.value)
    assert secret not in repr(refusal.value)
    assert refusal.value.__cause__ is None
