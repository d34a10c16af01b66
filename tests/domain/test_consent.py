"""The form: what it names, when it counts, what replaces it, and who hears of its end."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from tyokyky_bridge.domain.categories import SPECIAL, Category
from tyokyky_bridge.domain.consent import (
    CannotConfirm,
    CategoryMustBeNamed,
    Consent,
    NotActive,
    UnknownCategory,
    Withdrawal,
)
from tyokyky_bridge.domain.consent_forms import (
    expand_categories,
    expand_denials,
    expand_mutual,
    recording_problems,
)
from tyokyky_bridge.domain.decision import CaseFacts, ItemFacts, decide
from tyokyky_bridge.domain.notices import parties_to_notify
from tyokyky_bridge.domain.parties import Purpose
from tyokyky_bridge.domain.standing_forms import not_replaced, restrictions_at
from worlds.parties import (
    DIRECTORY,
    EMPLOYMENT,
    HEALTH,
    KELA,
    NOW,
    SOCIAL,
    TUULIKKI,
    facts,
    form,
    mutual,
    one_way,
    oral_once,
)

GOAL = ItemFacts(
    "goals[g-1].text_client",
    frozenset({Category.PLAN_GOALS}),
    DIRECTORY.party(HEALTH, on=NOW.date()),
    NOW.date(),
)


def permits(*consents: Consent, at: datetime = NOW, to: str = EMPLOYMENT, **members: Any) -> bool:
    """Ask whether the client's goal may go from health care."""
    case = {"client_id": TUULIKKI, "network": frozenset({to}), **members}
    return decide(
        GOAL,
        case=CaseFacts(**case),
        recipient=DIRECTORY.party(to, on=at.date()),
        purpose=Purpose.WORK_ABILITY_SUPPORT,
        channel="ura",
        facts=facts(*consents),
        at=at,
    ).permits


def goal_form(**members: Any) -> Consent:
    return one_way(HEALTH, EMPLOYMENT, "plan.goals", **members)


# --- what a form names ---


def test_a_mutual_form_becomes_one_grant_for_each_direction():
    grants = expand_mutual((HEALTH, EMPLOYMENT, KELA), categories=("plan.goals",))
    assert len(grants) == 6
    assert len({(g.discloser, g.recipient) for g in grants}) == 6
    assert all(g.categories == (Category.PLAN_GOALS,) for g in grants)


def test_a_wildcard_brings_ordinary_categories_only():
    assert expand_categories(["admin.*"]) == (
        Category.ADMIN_CASE,
        Category.ADMIN_NETWORK,
        Category.ADMIN_REFERRAL,
    )
    assert set(expand_categories(["plan.*", "health.conclusion"])) & SPECIAL == {Category.HEALTH_CONCLUSION}


@pytest.mark.parametrize(
    "wildcard", ["health.*", "social.*", "benefits.*", "self.*", "rehab.*", "nonsense.*"]
)
def test_a_special_category_has_to_be_named(wildcard):
    with pytest.raises(CategoryMustBeNamed):
        expand_categories([wildcard])


def test_a_name_that_is_no_category_is_refused_without_repeating_it():
    with pytest.raises(UnknownCategory) as refused:
        expand_categories(["120385-921T"])
    assert "120385" not in str(refused.value)


def test_a_prohibition_may_say_everything_about_my_health():
    denials = expand_denials(["health.*"], recipient=EMPLOYMENT)
    assert {d.category for d in denials} == {c for c in Category if c.value.startswith("health.")}
    assert {d.recipient for d in denials} == {EMPLOYMENT}


def test_a_grant_has_one_direction():
    assert permits(goal_form())
    assert not permits(one_way(EMPLOYMENT, HEALTH, "plan.goals"))


def test_a_grant_is_for_its_purpose():
    assert not permits(goal_form(grant={"purpose": "statement"}))


def test_a_grant_can_have_a_period_narrower_than_the_form():
    assert permits(goal_form(grant={"period": {"start": "2026-03-02", "end": "2026-03-02"}}))
    assert not permits(goal_form(grant={"period": {"start": "2026-03-03"}}))
    assert not permits(goal_form(grant={"period": {"end": "2026-03-01"}}))


# --- forms that are refused ---


@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ({"valid_from": "2026-02-01", "valid_until": "2026-01-31"}, "valid_until is before valid_from"),
        ({"grants": (), "restrictions": ()}, "grants or forbids something"),
        ({"evidence": None}, "needs its evidence"),
        ({"status": "withdrawn"}, "withdrawn goes with the status"),
        ({"form_kind": "ORAL_ONCE", "valid_until": None}, "needs its last day"),
        ({"signed_by": {"kind": "guardian"}}, "guardian and the client's own view"),
        ({"restrictions": ({},)}, "names a category, a recipient or an item"),
    ],
)
def test_an_incomplete_form_is_refused_with_the_rule(members, rule):
    with pytest.raises(ValidationError, match=rule):
        goal_form(**members)


def test_a_form_cannot_replace_itself_and_a_grant_needs_two_parties():
    with pytest.raises(ValidationError, match="cannot replace itself"):
        goal_form(supersedes=goal_form().consent_id)
    with pytest.raises(ValidationError, match="same party"):
        one_way(HEALTH, HEALTH, "plan.goals")


def test_a_refusal_does_not_repeat_what_was_written():
    with pytest.raises(ValidationError) as refused:
        goal_form(purpose_text="Tuulikki Esimerkki 120385-921T", valid_until="eilen")
    assert "Esimerkki" not in str(refused.value)
    assert "eilen" not in str(refused.value)


def test_a_guardian_signs_with_the_clients_own_view_beside_it():
    signed = goal_form(signed_by={"kind": "guardian", "guardian": "g-1", "client_view": "asiakas hyväksyy"})
    assert permits(signed)


def test_paper_and_electronic_signature_count_alike():
    signature = {**goal_form().evidence.model_dump(), "kind": "electronic_signature"}  # type: ignore[union-attr]
    assert permits(goal_form(evidence=signature))


def test_a_draft_permits_nothing_though_it_has_no_fault_but_being_unreadable():
    assert not permits(goal_form(status="draft", evidence=None))
    assert not permits(goal_form(status="entered_in_error"))


# --- days: first and last included, in Finland ---


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        (datetime(2026, 2, 1, 21, 59, 59, 999999, tzinfo=UTC), False),
        (datetime(2026, 2, 1, 22, 0, tzinfo=UTC), True),
        (datetime(2027, 2, 1, 21, 59, 59, 999999, tzinfo=UTC), True),
        (datetime(2027, 2, 1, 22, 0, tzinfo=UTC), False),
    ],
)
def test_a_form_counts_from_finnish_midnight_to_finnish_midnight(at, counts):
    consent = goal_form(valid_from="2026-02-02", valid_until="2027-02-01")
    assert permits(consent, at=at) is counts


@pytest.mark.parametrize(
    ("day", "begins", "ends"),
    [
        ("2026-03-29", datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 3, 29, 21, tzinfo=UTC)),
        ("2026-10-25", datetime(2026, 10, 24, 21, tzinfo=UTC), datetime(2026, 10, 25, 22, tzinfo=UTC)),
    ],
)
def test_the_days_on_which_the_clocks_change_are_23_and_25_hours_long(day, begins, ends):
    consent = goal_form(valid_from=day, valid_until=day)
    tick = timedelta(microseconds=1)
    assert [permits(consent, at=at) for at in (begins - tick, begins, ends - tick, ends)] == [
        False,
        True,
        True,
        False,
    ]


def test_a_form_does_not_count_before_it_was_given():
    given = datetime(2026, 3, 2, 8, 59, 59, tzinfo=UTC)
    assert permits(goal_form(granted_at=given))
    assert not permits(goal_form(granted_at=given + timedelta(seconds=2)))


def test_a_form_without_a_last_day_counts_for_a_year_and_has_to_be_confirmed():
    consent = goal_form(valid_from="2026-03-02", valid_until=None)
    assert consent.last_day(NOW.date()) == date(2027, 3, 1)
    assert permits(consent, at=datetime(2027, 3, 1, 21, 59, tzinfo=UTC))
    assert not permits(consent, at=datetime(2027, 3, 1, 22, 0, tzinfo=UTC))
    confirmed = consent.confirm(date(2027, 2, 1))
    assert permits(confirmed, at=datetime(2028, 1, 31, 12, tzinfo=UTC))
    assert not permits(confirmed, at=datetime(2028, 2, 1, 12, tzinfo=UTC))


def test_a_form_that_has_run_out_cannot_be_confirmed_back_to_life():
    consent = goal_form(valid_from="2026-03-02", valid_until=None)
    with pytest.raises(CannotConfirm):
        consent.confirm(date(2027, 3, 2))
    with pytest.raises(CannotConfirm):
        goal_form().confirm(date(2026, 4, 1))
    smuggled = goal_form(valid_from="2026-03-02", valid_until=None, confirmed_on=("2027-03-02",))
    assert not permits(smuggled, at=datetime(2027, 3, 3, 12, tzinfo=UTC))


def test_a_year_from_a_leap_day_ends_on_the_27th_of_february():
    assert goal_form(valid_from="2028-02-29", valid_until=None).last_day(date(2028, 3, 1)) == date(
        2029, 2, 27
    )


def test_a_form_without_a_last_day_ends_with_the_cooperation_and_a_dated_one_does_not():
    endless = goal_form(valid_until=None)
    assert permits(endless, cooperation_ended_on=NOW.date())
    assert not permits(endless, cooperation_ended_on=NOW.date() - timedelta(days=1))
    assert permits(goal_form(), cooperation_ended_on=NOW.date() - timedelta(days=1))


# --- withdrawal and replacement ---


def test_a_withdrawal_counts_from_the_moment_it_was_recorded():
    """Scenario 5: said at 21.40, recorded at 22.10; both are kept, and the half hour between can be reported."""
    said = datetime(2026, 4, 20, 18, 40, tzinfo=UTC)
    recorded = datetime(2026, 4, 20, 19, 10, tzinfo=UTC)
    ended = goal_form().withdraw(Withdrawal(at=said, recorded_at=recorded, received_by_party=KELA))
    assert permits(ended, at=said)
    assert permits(ended, at=recorded - timedelta(microseconds=1))
    assert not permits(ended, at=recorded)
    assert ended.withdrawn is not None
    assert (ended.withdrawn.at, ended.withdrawn.recorded_at) == (said, recorded)


def test_a_form_that_a_narrower_one_replaces_keeps_when_that_was_said_and_when_it_was_recorded():
    """Scenario 5: a partial withdrawal is a new form, and the old one says of both moments."""
    said = datetime(2026, 4, 20, 18, 40, tzinfo=UTC)
    withdrawal = Withdrawal(at=said, recorded_at=said + timedelta(minutes=30), received_by_party=KELA)
    assert goal_form().superseded(withdrawal).withdrawn == withdrawal
    assert goal_form().superseded().withdrawn is None
    with pytest.raises(ValidationError, match="withdrawn goes with the status"):
        goal_form(withdrawn=withdrawal)


def test_a_withdrawal_is_not_recorded_before_it_is_given_and_only_an_active_form_is_withdrawn():
    with pytest.raises(ValidationError, match="before it is given"):
        Withdrawal(at=NOW, recorded_at=NOW - timedelta(seconds=1), received_by_party=KELA)
    withdrawal = Withdrawal(at=NOW, recorded_at=NOW, received_by_party=KELA)
    ended = goal_form().withdraw(withdrawal)
    with pytest.raises(NotActive):
        ended.withdraw(withdrawal)
    with pytest.raises(NotActive):
        ended.superseded()


def test_the_newer_form_is_read_alone_and_nothing_is_inherited():
    old = mutual(HEALTH, EMPLOYMENT, KELA, categories=("plan.goals",), number=1)
    new = mutual(HEALTH, KELA, categories=("plan.goals",), number=2, supersedes=old.consent_id)
    assert permits(old)
    assert not permits(old, new)
    assert permits(old, new, to=KELA)
    assert not permits(old.superseded(), new)


def test_when_the_newer_form_ends_the_old_one_does_not_come_back():
    old = goal_form(number=1)
    new = goal_form(number=2, supersedes=old.consent_id, valid_until="2026-02-01")
    assert not permits(old, new)
    ended = goal_form(number=2, supersedes=old.consent_id).withdraw(
        Withdrawal(at=NOW, recorded_at=NOW, received_by_party=KELA)
    )
    assert not permits(old, ended)


@pytest.mark.parametrize("status", ["draft", "entered_in_error"])
def test_a_newer_form_that_is_unreadable_or_a_mistake_replaces_nothing(status):
    old = goal_form(number=1)
    new = mutual(HEALTH, KELA, categories=("plan.goals",), number=2, supersedes=old.consent_id, status=status)
    assert permits(old, new)
    assert not_replaced((old, new), NOW) == (old, new)


def test_a_prohibition_outlives_the_withdrawal_of_its_form_but_not_a_newer_form():
    """Taking back a permission must never open what was forbidden."""
    old = form(1, grants=goal_form().grants, restrictions=({"category": "plan.meetings"},))
    ended = old.withdraw(Withdrawal(at=NOW, recorded_at=NOW, received_by_party=KELA))
    assert restrictions_at((ended,), NOW) == old.restrictions
    assert restrictions_at((old,), datetime(2027, 6, 1, tzinfo=UTC)) == old.restrictions
    new = goal_form(number=2, supersedes=old.consent_id)
    assert restrictions_at((old.superseded(), new), NOW) == ()
    assert restrictions_at((form(3, status="draft", restrictions=old.restrictions),), NOW) == ()


# --- spoken consent ---


def test_a_spoken_consent_counts_on_its_day_alone():
    said = oral_once(HEALTH, EMPLOYMENT, "plan.goals")
    assert permits(said)
    assert not permits(said, at=datetime(2026, 3, 2, 22, 0, tzinfo=UTC))


# --- checks at recording, and notices ---


def test_a_form_that_names_nobody_of_the_day_is_told_field_by_field():
    consent = form(
        grants=({"discloser": HEALTH, "recipient": "somebody", "categories": ("plan.goals",)},),
        restrictions=({"recipient": "nobody"},),
    )
    problems = recording_problems(consent, DIRECTORY, on=NOW.date())
    assert [p.field for p in problems] == ["grants[0].recipient", "restrictions[0].recipient"]
    assert recording_problems(goal_form(), DIRECTORY, on=NOW.date()) == ()
    assert [p.field for p in recording_problems(goal_form(), DIRECTORY, on=date(2022, 1, 1))] == [
        "grants[0].discloser"
    ]


def test_a_kanta_permission_beyond_health_and_social_is_told_at_recording():
    kanta = {"form_kind": "KANTA_LUOVUTUSLUPA", "evidence": None}
    assert recording_problems(one_way(HEALTH, SOCIAL, "plan.goals", **kanta), DIRECTORY, on=NOW.date()) == ()
    assert recording_problems(one_way(HEALTH, KELA, "plan.goals", **kanta), DIRECTORY, on=NOW.date())


def test_every_party_of_the_form_hears_of_its_end():
    old = mutual(HEALTH, EMPLOYMENT, KELA, categories=("plan.goals",))
    assert parties_to_notify(old) == (KELA, HEALTH, EMPLOYMENT)
    narrower = mutual(HEALTH, KELA, categories=("plan.goals",), number=2)
    assert parties_to_notify(old, replaced_by=narrower) == (KELA, HEALTH, EMPLOYMENT)


def test_a_newer_form_that_only_adds_needs_no_notice_and_one_that_forbids_more_does():
    old = mutual(HEALTH, EMPLOYMENT, categories=("plan.goals",))
    wider = mutual(HEALTH, EMPLOYMENT, KELA, categories=("plan.goals", "self.b4"), number=2)
    assert parties_to_notify(old, replaced_by=wider) == ()
    forbidding = form(3, grants=wider.grants, restrictions=({"category": "plan.goals"},))
    assert parties_to_notify(old, replaced_by=forbidding) == (HEALTH, EMPLOYMENT)
    shorter = form(4, grants=wider.grants, valid_until="2026-06-30")
    assert parties_to_notify(old, replaced_by=shorter) == (HEALTH, EMPLOYMENT)


def test_a_form_survives_being_stored():
    consent = mutual(HEALTH, EMPLOYMENT, categories=("plan.*", "self.b4"))
    assert Consent.model_validate(consent.model_dump(mode="json")) == consent
    assert Consent.model_validate_json(consent.model_dump_json()) == consent
