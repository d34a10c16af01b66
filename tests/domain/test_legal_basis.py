"""Law as dated rows: which list counts on which day, and that a broken row stops the start with its name."""

import copy
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Any

import pytest
import yaml

from domain.case import TYP_CUSTOMER, marks, merged, revision
from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.disclosure import disclose
from tyokyky_bridge.domain.legal_basis import LegalBasesRefused, ReviewStatus, StatutoryKind, load_legal_bases
from tyokyky_bridge.domain.parties import Purpose
from worlds.parties import EMPLOYMENT, KELA, LEGAL_BASES, TYP, facts

DOCUMENT = yaml.safe_load(files("tyokyky_mappings").joinpath("canonical/legal_bases.yaml").read_text("utf-8"))

LISTED = {
    "identity.core": "1", "identity.contact": "1", "identity.language": "1", "admin.case": "2",
    "admin.referral": "2 6", "admin.network": "2", "employment.history": "3", "employment.services": "2 6",
    "employment.status": "2", "health.checkup": "5", "health.diagnoses": "5", "health.functioning": "5",
    "health.statements": "5", "health.conclusion": "5", "self.b4": "5", "social.situation": "4",
    "social.finance": "4", "social.services": "6", "benefits.status": "2 6", "rehab.kela": "5 6",
    "plan.goals": "7", "plan.services": "6 7", "plan.meetings": "7",
}  # fmt: skip
"""Column "TYP §9 item" of the domain report 6.3, typed once more by hand."""
MARKED = {
    "health.checkup", "health.diagnoses", "health.functioning", "health.statements", "health.conclusion", "self.b4",
    "social.situation", "social.finance", "rehab.kela", "social.services",
}  # fmt: skip


@pytest.mark.parametrize(("day", "regime"), [("2024-12-31", "typ-1369-2014"), ("2026-03-02", "typ-381-2023")])
def test_the_shipped_list_says_what_the_table_of_the_domain_report_says(day, regime):
    rows = LEGAL_BASES.in_force(StatutoryKind.TYP, date.fromisoformat(day))
    assert {row.regime for row in rows} == {regime}
    found: dict[str, set[str]] = {}
    for row in rows:
        for category in row.categories:
            found.setdefault(category.value, set()).add(row.basis_id.removeprefix(f"{regime}-").split("-")[0])
    assert found == {category: set(items.split()) for category, items in LISTED.items()}
    assert {c.value for row in rows if row.needs_necessity_mark for c in row.categories} == MARKED
    assert {
        c.value for row in rows if not row.needs_necessity_mark for c in row.categories
    } == LISTED.keys() - MARKED


def test_no_row_claims_a_review_that_nobody_has_made():
    assert {row.status for row in LEGAL_BASES.rows} == {ReviewStatus.DRAFT, ReviewStatus.PROPOSED}
    assert LEGAL_BASES.unreviewed(date(2026, 3, 2)) == LEGAL_BASES.in_force(
        StatutoryKind.TYP, date(2026, 3, 2)
    )


@pytest.mark.parametrize(
    ("at", "regime"),
    [
        (datetime(2014, 12, 31, 21, 59, 59, tzinfo=UTC), None),
        (datetime(2014, 12, 31, 22, 0, tzinfo=UTC), "typ-1369-2014"),
        (datetime(2024, 12, 31, 21, 59, 59, tzinfo=UTC), "typ-1369-2014"),
        (datetime(2024, 12, 31, 22, 0, tzinfo=UTC), "typ-381-2023"),
        (datetime(2026, 3, 2, 9, 0, tzinfo=UTC), "typ-381-2023"),
    ],
)
def test_the_law_of_the_day_decides_and_changes_at_finnish_midnight(at, regime):
    """Scenario 8: an item sent in December 2024 rests on 1369/2014, one sent in 2026 on 381/2023."""
    long_customer = {"header": {"typ_customership": {"status": "active", "start": "2010-01-01"}}}
    directory = facts().directory
    parties = [p for rows in directory.parties.values() for p in rows]
    timeless = type(directory)(
        [type(p)(p.id, p.name, p.controller, p.register, typ_party=p.typ_party) for p in parties]
    )
    disclosure = disclose(
        revision(**merged(long_customer, marks("health.work_ability_conclusion", at="2010-01-01T00:00:00Z"))),
        recipient=TYP,
        purpose=Purpose.TYP,
        channel="typpi",
        facts=facts(directory=timeless),
        at=at,
    )
    for path in ("client.family_name", "health.work_ability_conclusion"):
        basis = disclosure.decisions[path].basis
        assert (basis and basis.id) == regime


def test_the_proposed_row_permits_nothing_and_would_permit_once_reviewed():
    def to_kela(bases: Any):
        return disclose(
            revision(),
            recipient=KELA,
            purpose=Purpose.STATEMENT,
            channel="kela",
            facts=facts(legal_bases=bases),
            at=datetime(2026, 3, 2, 9, tzinfo=UTC),
        ).decisions["employment.labour_market_status"]

    assert to_kela(LEGAL_BASES).row == 10
    reviewed = copy.deepcopy(DOCUMENT)
    reviewed["rows"][-1] |= {"status": "reviewed", "reviewed_by": "lawyer", "reviewed_on": "2026-02-20"}
    decision = to_kela(load_legal_bases(reviewed))
    assert (decision.row, decision.code) == (3, "STATUTORY_OTHER")
    assert decision.basis is not None
    assert (decision.basis.id, decision.basis.draft) == ("unemployment-statement", False)


def test_a_provision_outside_typ_names_its_own_parties_purpose_channel_and_conditions():
    row = {
        **DOCUMENT["rows"][-1],
        "status": "draft",
        "channel": "kela",
        "conditions": {"necessity_mark": True, "typ_customership": True},
    }
    bases = load_legal_bases({"version": "x", "rows": [row]})
    path = "employment.labour_market_status"

    def decided(**change: Any) -> int:
        the_plan = merged(TYP_CUSTOMER, marks(path))
        asked = {
            "recipient": KELA,
            "purpose": Purpose.STATEMENT,
            "channel": "kela",
            "plan": the_plan,
            "parties": {"employment": EMPLOYMENT},
        }
        asked |= change
        return (
            disclose(
                revision(parties=asked["parties"], **asked["plan"]),
                recipient=asked["recipient"],
                purpose=asked["purpose"],
                channel=asked["channel"],
                facts=facts(legal_bases=bases),
                at=datetime(2026, 3, 2, 9, tzinfo=UTC),
            )
            .decisions[path]
            .row
        )

    assert decided() == 3
    assert decided(purpose=Purpose.BENEFIT) == 10
    assert decided(channel="elsewhere") == 10
    assert decided(plan=TYP_CUSTOMER) == 10
    assert decided(plan=marks(path)) == 10
    assert decided(parties={}) == 10


BROKEN = [
    ({"valid_to": "2014-01-01"}, "valid_to is before valid_from"),
    ({"purpose": "statement"}, "purpose of a TYP row"),
    ({"channel": None}, "channel of a TYP row"),
    ({"conditions": {}}, "conditions.typ_customership"),
    ({"status": "reviewed"}, "needs reviewed_by and reviewed_on"),
    ({"categories": []}, "categories"),
    ({"categories": ["health.everything"]}, "categories"),
    ({"disclosers": {}}, "disclosers"),
    ({"recipients": {"registers": ["police"]}}, "recipients"),
    ({"valid_from": None}, "valid_from"),
    ({"surprise": 1}, "surprise"),
]


@pytest.mark.parametrize(("change", "said"), BROKEN)
def test_a_broken_row_is_refused_with_its_name_and_field(change, said):
    document = copy.deepcopy(DOCUMENT)
    document["rows"][4] |= change
    with pytest.raises(LegalBasesRefused) as refused:
        load_legal_bases(document)
    assert len(refused.value.problems) >= 1
    assert all("typ-1369-2014-5" in problem for problem in refused.value.problems)
    assert said in str(refused.value)


def test_every_broken_row_is_told_at_once_and_an_id_stands_once():
    document = copy.deepcopy(DOCUMENT)
    document["rows"][0]["status"] = "good"
    document["rows"][1]["law"] = ""
    with pytest.raises(LegalBasesRefused) as refused:
        load_legal_bases(document)
    assert len(refused.value.problems) == 2
    twice = {"version": "x", "rows": [DOCUMENT["rows"][0], DOCUMENT["rows"][0]]}
    with pytest.raises(LegalBasesRefused, match="stands twice"):
        load_legal_bases(twice)


def test_scores_and_substance_use_are_on_no_list():
    listed = {category for row in LEGAL_BASES.rows for category in row.categories}
    assert not listed & {Category.HEALTH_SCORES, Category.HEALTH_SUBSTANCE, Category.ADMIN_NETWORK_JUSTICE}
