"""Scenario 1: the personal coach refers, the team assesses, the answer returns. Source: domain report 9."""

from typing import Any

from tyokyky_bridge.demo.desk import Desk, Opened
from tyokyky_bridge.demo.people import (
    EMPLOYMENT,
    HEALTH,
    HELMI,
    LEA,
    OLLI,
    SOCIAL,
    TUULIKKI,
    Y100_CATEGORIES,
    day,
    finnish,
    moment,
    plan,
    score,
    y100,
)
from tyokyky_bridge.demo.stage import Stage

CONCLUSION = "Osa-aikatyö mahdollinen, nostorajoite."
LIMITATION = "Ei nostoja yli 10 kg."
ANSWER = "Arvio tehty: osa-aikatyö mahdollinen, kun nostoja vältetään."
REFERRAL_REASON = "Työkyvyn arvio ennen työnhakusuunnitelman tarkistusta."
OWN_LINE = "Osa-aikatyö varastossa syksyllä."


def tuulikki_in_ura(stage: Stage) -> None:
    """Olli's own plan of her in Ura, from before the hub: a B4 tag, a line of his, and himself."""
    own = {
        "tilanne": "01",
        "terveysrajoite": "K",
        "tavoite": [f"#KV-B4=3 {finnish(day(-8))}", OWN_LINE],
        "vastuuhlo": "OLINDQ",
    }
    stage.simulators["ura"].seed(records=[{"hetu": TUULIKKI.hetu, "suunnitelma": own}])


def olli_refers_tuulikki(desk: Desk) -> Opened:
    """Olli interviews her, sends the referral and records the form that she signed on paper."""
    referral: dict[str, Any] = {
        "id": "r-1",
        "referring_party_type": "employment_authority",
        "referring_organization": {"party": EMPLOYMENT},
        "referring_worker": OLLI.ref,
        "channel": "referral_letter",
        "received_on": day(-7),
        "reason": REFERRAL_REASON,
        "need_cues": [
            "fragmented_work_history",
            "interrupted_services",
            "health_limitation_noted",
            "low_b4",
        ],
        "client_willing": True,
        "status": "sent",
    }
    content = plan(TUULIKKI, HEALTH, SOCIAL, EMPLOYMENT, coordinator=HELMI, status="draft") | {
        "referrals": [referral],
        "competence": {"work_experience_summary": "Varasto- ja siivoustöitä pätkissä."},
        "employment": {"labour_market_status": "unemployed_jobseeker", "unemployed_since": "2019-04"},
        "health": {"work_limitation_flag": True},
        "scores": [score(f"ura-b4-{day(-8)}", "kykyviisari_b4", 3, day(-8), EMPLOYMENT)],
    }
    del content["care_team"]  # nobody coordinates before the team has taken the referral
    case = desk.open_plan(OLLI, TUULIKKI, content)
    desk.record_form(OLLI, case.client_id, y100(HEALTH, EMPLOYMENT, categories=Y100_CATEGORIES))
    return case


def helmi_assesses_tuulikki(desk: Desk, case: Opened) -> None:
    """The health check with B4, BDI-II and AUDIT, Lea's assessment, and the answer to Olli."""
    assessed: dict[str, Any] = {
        "header.status": "active",
        "care_team.coordinator": {"party": HEALTH, "worker": HELMI.ref, "since": day()},
        "health.checkup_date": day(),
        "health.checkup_status": "done",
        "health.work_ability_conclusion": CONCLUSION,
        "health.work_limitation_text": LIMITATION,
        "scores[b4-2]": score("b4-2", "kykyviisari_b4", 4, day(), HEALTH),
        "scores[bdi-1]": score("bdi-1", "bdi_ii", 18, day(), HEALTH, version="II"),
        "scores[audit-1]": score("audit-1", "audit", 6, day(), HEALTH),
        "assessments": [
            {
                "id": "a-1",
                "kind": "physician",
                "setting": "reception",
                "period": {"start": day(), "end": day()},
                "performers": [{"id": "p-1", **LEA.ref}],
                "status": "completed",
            }
        ],
        "referrals[r-1].status": "answered",
        "referrals[r-1].feedback_given_on": day(),
        "feedback": [
            {
                "id": "f-1",
                "kind": "referral_answer",
                "channel": "te_form",
                "about": "r-1",
                "sender": HELMI.ref,
                "recipient": OLLI.ref,
                "text": ANSWER,
                "given_at": moment(minutes_ago=1),
            }
        ],
        "goals": [
            {"id": "g-1", "text_client": "Haluan osa-aikatyöhön varastoon.", "status": "active"},
        ],
    }
    desk.revise(HELMI, case.plan_id, assessed)
