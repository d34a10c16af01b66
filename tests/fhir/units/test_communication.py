"""Feedback and consultations as Communications."""

from datetime import UTC, date, datetime

import pytest

from tyokyky_bridge.fhir.lens.projection import Sheet, Supposed, project
from worlds.fhir_units import CLIENT, HEX, PLAN, accepted, anchor_of, codes, comes_to, concept, leaves, shown

FEEDBACK = {
    "referrals[r-1].status": "answered",
    "feedback[f-1].kind": "referral_answer",
    "feedback[f-1].channel": "bridge",
    "feedback[f-1].about": "r-1",
    "feedback[f-1].sender.user": "HVIRTA",
    "feedback[f-1].recipient.name": "Olli Lindqvist",
    "feedback[f-1].text": "Arvio on tehty.",
    "feedback[f-1].given_at": datetime(2026, 3, 1, 8, tzinfo=UTC),
    "feedback[f-1].delivered_at": datetime(2026, 3, 1, 9, tzinfo=UTC),
}
CONSULTED = {
    "consultations[c-1].kind": "with_consent",
    "consultations[c-1].asker.name": "Olli Lindqvist",
    "consultations[c-1].answerer.name": "Helmi Virta",
    "consultations[c-1].question": "Riittääkö kuntoutus?",
    "consultations[c-1].answer": "Riittää.",
}
STRANGER = {"resourceType": "Communication", "status": "completed", "subject": CLIENT}


def test_feedback_tells_what_it_is_about_and_how_it_came():
    found = shown("fb-f-1", FEEDBACK)
    assert codes(found["category"][0]) == ["referral_answer", "feedback"]
    assert [codes(each) for each in found["medium"]] == [["bridge"]]
    assert found["about"] == [{"reference": f"ServiceRequest/{HEX}.rf-r-1"}]
    assert found["sender"]["identifier"]["value"] == "HVIRTA"
    assert [each["display"] for each in found["recipient"]] == ["Olli Lindqvist"]
    assert found["payload"] == [{"contentString": "Arvio on tehty."}]
    assert (found["sent"], found["received"]) == ("2026-03-01T08:00:00Z", "2026-03-01T09:00:00Z")


def test_feedback_names_nothing_that_the_caller_does_not_see():
    assert "about" not in shown("fb-f-1", FEEDBACK, hidden=("referrals",))


def test_a_stranger_gives_feedback():
    body = {
        **STRANGER,
        "category": [concept("feedback-kind", "service_feedback")],
        "payload": [{"contentString": "Jakso päättyi."}],
        "sent": "2026-03-01T10:00:00+02:00",
    }
    assert comes_to(body) == {
        "kind": "service_feedback",
        "text": "Jakso päättyi.",
        "given_at": "2026-03-01T08:00:00+00:00",
    }


@pytest.mark.parametrize(("anonymous", "named"), [(True, False), (False, True), (None, False)])
def test_the_client_is_named_as_sender_only_where_it_is_said_not_to_be_anonymous(anonymous, named):
    items = {
        "client_feedback[f-1].text": "Kiitos!",
        "client_feedback[f-1].stage": "arviointi",
        "client_feedback[f-1].date": date(2026, 3, 1),
        **({} if anonymous is None else {"client_feedback[f-1].anonymous": anonymous}),
    }
    found = shown("cf-f-1", items)
    assert ("sender" in found) is named
    assert codes(found["category"][0]) == ["client-feedback"]
    assert (found["topic"], found["sent"]) == ({"text": "arviointi"}, "2026-03-01")
    assert comes_to(found, items) == {}


def test_a_consultation_is_a_question_and_an_answer():
    found = shown("co-c-1", CONSULTED)
    assert codes(found["category"][0]) == ["with_consent", "consultation"]
    assert [each["contentString"] for each in found["payload"]] == ["Riittääkö kuntoutus?", "Riittää."]
    assert (found["sender"]["display"], found["recipient"][0]["display"]) == ("Olli Lindqvist", "Helmi Virta")
    assert found["subject"] == CLIENT


def test_an_anonymous_consultation_says_nothing_of_a_client():
    """A plan refuses one; should its kind ever get there, the Communication does not name the client."""
    items = {**leaves(CONSULTED), "consultations[c-1].kind": "anonymous"}
    view = Supposed(PLAN, items, frozenset(), non_disclosure=False)
    document = project(Sheet(view, {}, {}))["Communication", f"{HEX}.co-c-1"]
    accepted(document)
    assert not {"subject", "about"} & document.keys()


def test_a_stranger_asks_without_naming_the_payloads():
    body = {
        **STRANGER,
        "category": [concept("consultation-kind", "same_register")],
        "payload": [{"contentString": "Kysymys?"}, {"contentString": "Vastaus."}],
    }
    assert comes_to(body) == {"kind": "same_register", "question": "Kysymys?", "answer": "Vastaus."}


@pytest.mark.parametrize(
    ("category", "anchor"),
    [
        (("feedback-kind", "rehab_feedback"), "feedback[]"),
        (("communication-category", "feedback"), "feedback[]"),
        (("communication-category", "client-feedback"), "client_feedback[]"),
        (("communication-category", "consultation"), "consultations[]"),
    ],
)
def test_a_new_communication_goes_where_its_category_belongs(category, anchor):
    assert anchor_of({**STRANGER, "category": [concept(*category)]}) == anchor
