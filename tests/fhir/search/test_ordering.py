"""The order of matches."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tyokyky_bridge.fhir.search.matching import order
from tyokyky_bridge.fhir.search.text import collation, exactly, fold
from worlds.searches import Document, concept, observation, patient, plan, query, to

DATES = st.sampled_from([None, "2025", "2026-02", "2026-02-03", "2026-02-03T10:00:00Z"])


def ids(type_: str, sort: str, documents: list[Document]) -> list[str]:
    return [each["id"] for each in order(query(type_, ("_sort", sort)), documents)]


def dated(dates: list[str | None]) -> list[Document]:
    return [
        observation(f"{place:03}", **({"effectiveDateTime": date} if date else {}))
        for place, date in enumerate(dates)
    ]


@given(
    st.lists(DATES, max_size=12), st.randoms(use_true_random=False), st.sampled_from(("date", "-date", "_id"))
)
def test_the_order_does_not_depend_on_how_documents_come(dates: list[str | None], random: Any, sort: str):
    documents = dated(dates)
    shuffled = documents.copy()
    random.shuffle(shuffled)
    assert ids("Observation", sort, shuffled) == ids("Observation", sort, documents)


@given(st.lists(DATES, max_size=12))
def test_what_has_no_value_is_last_and_ties_are_settled_by_id(dates: list[str | None]):
    documents = dated(dates)
    rank = {None: 9, "2025": 0, "2026-02": 1, "2026-02-03": 2, "2026-02-03T10:00:00Z": 3}
    turned = {None: 9, "2025": 3, "2026-02": 2, "2026-02-03": 1, "2026-02-03T10:00:00Z": 0}
    up = sorted(documents, key=lambda each: (rank[each.get("effectiveDateTime")], each["id"]))
    assert ids("Observation", "date", documents) == [each["id"] for each in up]
    down = sorted(documents, key=lambda each: (turned[each.get("effectiveDateTime")], each["id"]))
    assert ids("Observation", "-date", documents) == [each["id"] for each in down]


def test_without_a_sort_the_order_is_by_id():
    assert [each["id"] for each in order(query("Patient"), [patient("b"), patient("a")])] == ["a", "b"]


def test_several_keys_count_in_turn():
    documents = [
        plan("a", status="draft", period={"start": "2026-01-01"}),
        plan("b", status="active", period={"start": "2026-01-01"}),
        plan("c", status="active", period={"start": "2026-03-01"}),
    ]
    assert ids("CarePlan", "status,-date", documents) == ["c", "b", "a"]
    assert ids("CarePlan", "-status,date", documents) == ["a", "b", "c"]
    assert ids("CarePlan", "-_id", documents) == ["c", "b", "a"]


def test_every_kind_has_an_order():
    scores = [observation("a", valueInteger=10), observation("b", valueInteger=9), observation("c")]
    assert ids("Observation", "value-integer", scores) == ["b", "a", "c"]
    weights = [
        observation(id_, valueQuantity={"value": Decimal(v)}) for id_, v in (("a", "70.5"), ("b", "9"))
    ]
    assert ids("Observation", "value-quantity", weights) == ["b", "a"]
    people = [patient("a", active=True, birthDate="1985"), patient("b", active=False, birthDate="1984-12-31")]
    assert ids("Patient", "active", people) == ["b", "a"]
    assert ids("Patient", "birthdate", people) == ["b", "a"]
    plans = [plan("a", subject=to("Patient/z"), category=[concept("y")]), plan("b", subject=to("Patient/x"))]
    assert ids("CarePlan", "patient", plans) == ["b", "a"]
    assert ids("CarePlan", "category", plans) == ["a", "b"]
    profiled = [plan("a", meta={"profile": ["https://z"]}), plan("b", meta={"profile": ["https://a"]})]
    assert ids("CarePlan", "_profile", profiled) == ["b", "a"]


def test_of_several_values_the_least_or_the_greatest_counts():
    documents = [
        plan("a", category=[concept("m"), concept("a")]),
        plan("b", category=[concept("b"), concept("z")]),
    ]
    assert ids("CarePlan", "category", documents) == ["a", "b"]
    assert ids("CarePlan", "-category", documents) == ["b", "a"]


def test_names_stand_as_in_a_finnish_list():
    names = [
        "Zetterberg",
        "Ålander",
        "Ärväs",
        "Öhman",
        "Østberg",
        "Aalto",
        "Virtanen",
        "Åberg",
        "Müller",
        "Mykkänen",
    ]
    people = [patient(name, name=[{"family": name}]) for name in names]
    assert ids("Patient", "family", people) == [
        *("Aalto", "Mykkänen", "Müller", "Virtanen", "Zetterberg", "Åberg", "Ålander", "Ärväs"),
        *("Öhman", "Østberg"),
    ]
    whole = [
        patient("a", name=[{"family": "Aalto", "given": ["Ville"]}]),
        patient("b", name=[{"family": "Aalto", "given": ["Aino"]}]),
    ]
    assert ids("Patient", "name", whole) == ["b", "a"]


@given(st.text())
def test_folding_is_done_once_and_for_all(text: str):
    assert fold(fold(text)) == fold(text)
    assert exactly(exactly(text)) == exactly(text)
    assert isinstance(collation(text), str)


@given(st.text(alphabet="abcåäöÅÄÖéü "))
def test_folding_is_blind_to_case(text: str):
    assert fold(text) == fold(text.upper()) == fold(text.lower())
