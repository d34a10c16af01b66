"""The Bundle of a search: links that are true, modes on every entry, no more than was asked for."""

from urllib.parse import parse_qsl, urlsplit

from fhir.resources.R4B.bundle import Bundle

from tyokyky_bridge.fhir.search.bundle import searchset, url_of
from tyokyky_bridge.fhir.search.matching import included
from tyokyky_bridge.fhir.search.paging import page
from worlds.searches import BASE, Document, patient, plan, query, to

AINO = patient("aino", name=[{"family": "Korhonen"}], birthDate="1985-03-12")
PLAN = plan("plan", subject=to("Patient/aino"), title="Suunnitelma")


def answered(documents: list[Document], *pairs: tuple[str, str], **said: object) -> Document:
    asked = query(documents[0]["resourceType"], *pairs, strict=False)
    found = page(asked, documents)
    bundle = searchset(asked, found, included(asked, found.matched, [AINO, PLAN]), **said)
    Bundle.model_validate(bundle)
    return bundle


def links(bundle: Document) -> dict[str, str]:
    return {each["relation"]: each["url"] for each in bundle["link"]}


def test_a_match_and_what_came_along_say_which_they_are():
    bundle = answered([PLAN], ("_include", "CarePlan:patient"))
    assert [(each["fullUrl"], each["search"]["mode"]) for each in bundle["entry"]] == [
        (f"{BASE}/CarePlan/plan", "match"),
        (f"{BASE}/Patient/aino", "include"),
    ]
    assert bundle["total"] == 1
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "searchset")


def test_the_self_link_says_what_was_applied_and_asks_the_same_again():
    pairs = [
        ("status", "active,draft"),
        ("category:text", "a b&c=å|d"),
        ("_count", "999"),
        ("_sort", "-date"),
    ]
    asked = query("CarePlan", *pairs)
    url = urlsplit(url_of(asked))
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{BASE}/CarePlan"
    again = parse_qsl(url.query, strict_parsing=True)
    assert query("CarePlan", *again) == asked
    assert ("_count", "200") in again
    assert url.query.isascii()


def test_what_was_ignored_is_not_in_the_self_link_but_said():
    bundle = answered([PLAN], ("statsu", "active"), ("status", "active"))
    assert links(bundle) == {"self": f"{BASE}/CarePlan?status=active"}
    last = bundle["entry"][-1]
    assert last["search"] == {"mode": "outcome"}
    assert "fullUrl" not in last
    (issue,) = last["resource"]["issue"]
    assert (issue["severity"], issue["code"]) == ("warning", "not-supported")
    assert "statsu" in issue["details"]["text"]
    assert bundle["total"] == 1


def test_the_next_page_is_a_link_when_there_is_one():
    bundle = answered([PLAN], ("_count", "1"), following="abc")
    assert links(bundle)["next"] == f"{BASE}/CarePlan?_count=1&_cursor=abc"
    assert set(links(answered([PLAN]))) == {"self"}
    assert links(answered([PLAN], this="xyz"))["self"] == f"{BASE}/CarePlan?_cursor=xyz"


def test_an_identity_number_is_in_no_link():
    bundle = answered([AINO], ("identifier", "urn:oid:1.2.246.21|120385-921T"), this="xyz", following="abc")
    assert links(bundle) == {"self": f"{BASE}/Patient?_cursor=xyz", "next": f"{BASE}/Patient?_cursor=abc"}
    assert "120385" not in str(bundle)


def test_a_count_holds_no_resources_and_no_empty_list():
    for only in (("_count", "0"), ("_summary", "count")):
        bundle = answered([PLAN], only, ("_include", "CarePlan:patient"), ("_total", "none"))
        assert bundle["total"] == 1
        assert "entry" not in bundle


def test_the_total_can_be_left_out():
    assert "total" not in answered([PLAN], ("_total", "none"))
    assert answered([PLAN], ("_total", "estimate"))["total"] == 1


def test_a_part_of_the_matches_leaves_what_comes_along_whole():
    bundle = answered([PLAN], ("_elements", "title"), ("_include", "CarePlan:patient"))
    match, along = (each["resource"] for each in bundle["entry"])
    assert set(match) == {"resourceType", "id", "meta", "status", "intent", "subject", "title"}
    assert along == AINO
    summed = answered([PLAN], ("_summary", "true"), ("_include", "CarePlan:patient"))
    assert all("SUBSETTED" in str(each["resource"]["meta"]) for each in summed["entry"])
