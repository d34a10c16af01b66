"""The table against an oracle that shares nothing with it: as a table, and end to end through real facts."""

from collections import Counter
from datetime import date, timedelta
from itertools import product
from pathlib import Path

import pytest

from domain.oracle import oracle
from tyokyky_bridge.domain.decision import (
    CaseFacts,
    Conditions,
    ItemFacts,
    Outcome,
    Reason,
    decide,
    outcome_of,
)
from tyokyky_bridge.domain.decision_page import render_decision_page
from tyokyky_bridge.domain.decision_table import ROWS
from tyokyky_bridge.domain.explanations import EXPLANATIONS, explain
from tyokyky_bridge.domain.legal_basis import load_legal_bases
from tyokyky_bridge.domain.parties import Directory, Party, Purpose, Register
from worlds.parties import LEGAL_BASES, NOW, TUULIKKI, facts, form, one_way, oral_once

EVERY = [Conditions(*answers) for answers in product((True, False), repeat=8)]


def test_every_one_of_the_256_combinations_has_the_outcome_of_the_pseudocode():
    assert len(set(EVERY)) == 256
    for conditions in EVERY:
        row = outcome_of(conditions)
        assert (row.outcome.value, row.code) == oracle(**conditions._asdict())


def test_the_ten_rows_are_disjoint_and_every_one_is_reached():
    assert [row.number for row in ROWS] == list(range(1, 11))
    fitting = Counter(row.number for conditions in EVERY for row in ROWS if row.fits(conditions))
    assert sum(fitting.values()) == 256
    assert fitting == {1: 128, 2: 64, 3: 32, 4: 8, 5: 8, 6: 8, 7: 4, 8: 2, 9: 1, 10: 1}


# --- end to end: facts that realise a combination, through decide() ---

GIVER = Party("giver", "Antaja", "9000001-1", Register.HEALTH, typ_party=True)
STRANGER = Party("stranger", "Vieras", "9000005-4", Register.PRODUCER)
CATEGORY = "health.conclusion"
TYP_FAILURES = ("customership", "parties", "channel", "purpose", "label", "mark")


def _row(kind: str, **members: object) -> dict[str, object]:
    row = {
        "basis_id": kind.lower().replace("_", "-"),
        "kind": kind,
        "law": "test",
        "valid_from": "2020-01-01",
        "disclosers": {"parties": ["giver", "outsider"]},
        "recipients": {"parties": ["taker"]},
        "categories": [CATEGORY],
        "purpose": "typ",
        "status": "draft",
    }
    return {**row, **members}


def _decide(wanted: Conditions, typ_failure: str | None):
    """Set up facts that answer exactly as *wanted*; "TYP basis arises" is broken in the given way."""
    purpose = Purpose.STATEMENT if typ_failure == "purpose" else Purpose.TYP
    giver = GIVER
    if typ_failure == "parties":
        giver = Party("outsider", "Ulkopuolinen", "9000001-1", Register.HEALTH)
    taker = Party(
        "taker",
        "Saaja",
        "9000001-1" if wanted.same_register else "9000007-0",
        Register.HEALTH if wanted.same_register else Register.TYP,
        typ_party=True,
    )
    listed = [CATEGORY] if typ_failure != "label" else ["identity.core"]
    rows = [
        _row(
            "STATUTORY_TYP",
            channel="typpi",
            categories=listed,
            conditions={"typ_customership": True, "necessity_mark": True},
        )
    ]
    if wanted.statutory_other:
        rows.append(_row("STATUTORY_OTHER", purpose=purpose.value))
    limits = {"purpose": purpose.value}
    forms = []
    if wanted.written_consent:
        forms.append(one_way(giver.id, "taker", CATEGORY, grant=limits))
    if wanted.oral_once:
        forms.append(oral_once(giver.id, "taker", CATEGORY, grant=limits))
    if wanted.client_restriction:
        forms.append(form(5, restrictions=({"category": CATEGORY, "recipient": "taker"},)))
    return decide(
        ItemFacts(
            "health.work_ability_conclusion",
            frozenset({CATEGORY}),
            giver,
            dated=NOW.date(),
            marked=typ_failure != "mark",
        ),
        case=CaseFacts(
            client_id=TUULIKKI,
            network=frozenset({"taker"} if wanted.in_network else ()),
            typ_active=typ_failure != "customership",
        ),
        recipient=taker,
        purpose=purpose,
        channel="elsewhere" if typ_failure == "channel" else "typpi",
        facts=facts(
            *forms,
            identity_resolved=wanted.identity_resolved,
            directory=Directory([giver, taker, STRANGER]),
            legal_bases=load_legal_bases({"version": "test", "rows": rows}),
        ),
        at=NOW,
    )


@pytest.mark.parametrize("typ_failure", [None, *TYP_FAILURES])
def test_real_facts_of_every_combination_lead_to_the_same_outcome(typ_failure):
    wanted_ones = [c for c in EVERY if c.typ_basis is (typ_failure is None)]
    assert len(wanted_ones) == 128
    for wanted in wanted_ones:
        decision = _decide(wanted, typ_failure)
        assert decision.conditions == wanted
        assert (decision.outcome.value, decision.code) == oracle(**wanted._asdict())
        assert (decision.basis is not None) is (decision.outcome is Outcome.PERMIT)
        assert bool(decision.reasons) is (decision.outcome is not Outcome.PERMIT)


REASON_OF_FAILURE = {
    "customership": Reason.TYP_CUSTOMERSHIP,
    "parties": Reason.TYP_PARTIES,
    "channel": Reason.TYP_CHANNEL,
    "purpose": Reason.TYP_PURPOSE,
    "label": Reason.TYP_LABELS,
    "mark": Reason.TYP_MARK,
}


@pytest.mark.parametrize("typ_failure", TYP_FAILURES)
def test_a_refusal_names_the_one_part_of_the_typ_conjunction_that_failed(typ_failure):
    nothing = Conditions(True, False, False, False, False, True, False, False)
    decision = _decide(nothing, typ_failure)
    said = [reason for reason in decision.reasons if reason.value.startswith("TYP_")]
    assert said == [REASON_OF_FAILURE[typ_failure]]


def test_a_refusal_lists_every_failing_condition_and_not_only_the_first():
    worst = Conditions(False, False, False, False, True, False, False, False)
    assert _decide(worst, "channel").reasons == (
        Reason.IDENTITY,
        Reason.OTHER_REGISTER,
        Reason.NO_STATUTE,
        Reason.TYP_CHANNEL,
        Reason.CLIENT_RESTRICTION,
        Reason.NOT_IN_NETWORK,
        Reason.CONSENT_NONE,
        Reason.ORAL_NONE,
    )


def test_every_outcome_and_every_reason_can_be_explained_in_three_languages():
    codes = {row.code for row in ROWS} | {reason.value for reason in Reason} | {"KANTA_LUOVUTUSLUPA"}
    assert codes <= EXPLANATIONS.keys()
    for explanation in EXPLANATIONS.values():
        for texts in (explanation.why, explanation.next):
            assert set(texts) == {"fi", "sv", "en"}
            assert all(text.endswith(".") for text in texts.values())


def test_an_explanation_begins_with_the_headline_and_then_tells_the_other_reasons():
    told = explain(_decide(Conditions(True, False, False, False, False, False, False, False), "purpose"))
    assert [one.code for one in told] == [
        "NOT_IN_NETWORK",
        "OTHER_REGISTER",
        "NO_STATUTE",
        "TYP_PURPOSE",
        "CONSENT_NONE",
        "ORAL_NONE",
    ]


def test_the_committed_page_shows_the_table_as_it_is():
    """Renew it with ``python -m tyokyky_bridge.domain.decision_page > docs/reference/decision-table.md``."""
    page = Path(__file__).parents[2] / "docs" / "reference" / "decision-table.md"
    assert page.read_text("utf-8") == render_decision_page(LEGAL_BASES)


def test_an_item_without_any_label_is_never_let_out_by_law_or_consent():
    item = ItemFacts("x", frozenset(), GIVER, dated=date(2026, 1, 1), marked=True)
    taker = Party("taker", "Saaja", "9000007-0", Register.TYP, typ_party=True)
    decision = decide(
        item,
        case=CaseFacts(client_id=TUULIKKI, network=frozenset({"taker"}), typ_active=True),
        recipient=taker,
        purpose=Purpose.TYP,
        channel="typpi",
        facts=facts(
            one_way("giver", "taker", CATEGORY, grant={"purpose": "typ"}),
            directory=Directory([GIVER, taker]),
            legal_bases=load_legal_bases(
                {
                    "version": "1",
                    "rows": [
                        _row("STATUTORY_OTHER"),
                        _row("STATUTORY_TYP", channel="typpi", conditions={"typ_customership": True}),
                    ],
                }
            ),
        ),
        at=NOW,
    )
    assert decision.row == 10


def test_a_naive_moment_is_refused():
    with pytest.raises(ValueError, match="timezone-aware"):
        decide(
            ItemFacts("x", frozenset(), GIVER),
            case=CaseFacts(client_id=TUULIKKI),
            recipient=GIVER,
            purpose=Purpose.TYP,
            channel="typpi",
            facts=facts(),
            at=(NOW + timedelta()).replace(tzinfo=None),
        )
