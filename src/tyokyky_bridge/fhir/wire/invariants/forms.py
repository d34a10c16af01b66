"""Invariants of questionnaires and of the answers to them."""

from collections import Counter

from tyokyky_bridge.fhir.wire.invariants.rule import Invariant
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.fhir.wire.walk import has, objects

CHOOSING = frozenset(
    ["choice", "open-choice", "decimal", "integer", "date", "dateTime", "time", "string", "quantity"]
)
MEASURED = frozenset(["boolean", "decimal", "integer", "string", "text", "url", "open-choice"])


def _link_ids_distinct(questionnaire: Document) -> bool:
    found = Counter(
        item["linkId"] for each in objects(questionnaire) for item in each.get("item", ()) if "linkId" in item
    )
    return all(count == 1 for count in found.values())


def _grouped(item: Document) -> bool:
    """A group has items, a display has none."""
    kind = item.get("type")
    return (kind != "group" or "item" in item) and (kind != "display" or "item" not in item)


def _shown_only(item: Document, *names: str) -> bool:
    return item.get("type") != "display" or not any(has(item, name) for name in names)


FORMS = (
    Invariant("que-2", "Questionnaire", "every linkId is used once", _link_ids_distinct),
    Invariant("que-1", "Questionnaire.item", "a group has items, a display has none", _grouped),
    Invariant("que-3", "Questionnaire.item", "a display has no code", lambda x: _shown_only(x, "code")),
    Invariant(
        "que-4",
        "Questionnaire.item",
        "options or a value set",
        lambda x: not ("answerOption" in x and has(x, "answerValueSet")),
    ),
    Invariant(
        "que-5",
        "Questionnaire.item",
        "only questions with a choice of answers list them",
        lambda x: x.get("type") in CHOOSING or not (has(x, "answerValueSet") or "answerOption" in x),
    ),
    Invariant(
        "que-6",
        "Questionnaire.item",
        "a display neither repeats nor is required",
        lambda x: _shown_only(x, "required", "repeats"),
    ),
    Invariant(
        "que-8",
        "Questionnaire.item",
        "only a question has an initial value",
        lambda x: x.get("type") not in {"group", "display"} or "initial" not in x,
    ),
    Invariant(
        "que-9", "Questionnaire.item", "a display is not read-only", lambda x: _shown_only(x, "readOnly")
    ),
    Invariant(
        "que-10",
        "Questionnaire.item",
        "only simple answers have a maxLength",
        lambda x: x.get("type") in MEASURED or not has(x, "maxLength"),
    ),
    Invariant(
        "que-11",
        "Questionnaire.item",
        "options or an initial value",
        lambda x: not ({"answerOption", "initial"} <= x.keys()),
    ),
    Invariant(
        "que-12",
        "Questionnaire.item",
        "more than two conditions say whether all or any of them count",
        lambda x: len(x.get("enableWhen", ())) <= 2 or has(x, "enableBehavior"),
    ),
    Invariant(
        "que-13",
        "Questionnaire.item",
        "only a repeating question has several initial values",
        lambda x: x.get("repeats") is True or len(x.get("initial", ())) <= 1,
    ),
    Invariant(
        "que-7",
        "Questionnaire.item.enableWhen",
        "whether there is an answer is true or false",
        lambda x: x.get("operator") != "exists" or "answerBoolean" in x,
    ),
    Invariant(
        "qrs-1",
        "QuestionnaireResponse.item",
        "items of an answer stand under the answer",
        lambda x: not ({"answer", "item"} <= x.keys()),
    ),
)
