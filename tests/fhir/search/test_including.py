"""What comes along with the matches."""

from tyokyky_bridge.fhir.search.matching import included
from worlds.searches import BASE, Document, patient, plan, query, to


def document(type_: str, id_: str, **members: object) -> Document:
    return {"resourceType": type_, "id": id_, **members}


AINO, PEKKA = patient("aino"), patient("pekka")
GOAL = document("Goal", "g", subject=to("Patient/aino"))
ROLE = document("PractitionerRole", "r", practitioner=to("Practitioner/w"), organization=to("Organization/o"))
WORKER = document("Practitioner", "w")
TEAM = document(
    "CareTeam", "t", participant=[{"member": to("PractitionerRole/r")}], subject=to("Patient/aino")
)
FIRST = plan("first", subject=to(f"{BASE}/Patient/aino"), goal=[to("Goal/g")], careTeam=[to("CareTeam/t")])
SECOND = plan("second", subject=to("Patient/pekka"), replaces=[to("CarePlan/first")])
TASK = document("Task", "k", focus=to("CarePlan/first"), **{"for": to("Patient/aino")})
TRACE = document("Provenance", "p", target=[to("CarePlan/first/_history/2"), to("Goal/g")])
EVERYTHING = [AINO, PEKKA, GOAL, ROLE, WORKER, TEAM, FIRST, SECOND, TASK, TRACE]


def along(
    matched: list[Document], *pairs: tuple[str, str], everything: list[Document] = EVERYTHING
) -> list[str]:
    found = included(query(matched[0]["resourceType"], *pairs), matched, everything)
    return [f"{each['resourceType']}/{each['id']}" for each in found]


def test_nothing_comes_along_unasked():
    assert along([FIRST]) == []


def test_what_a_match_points_at():
    assert along([FIRST], ("_include", "CarePlan:patient")) == ["Patient/aino"]
    assert along([FIRST], ("_include", "CarePlan:goal"), ("_include", "CarePlan:care-team")) == [
        "CareTeam/t",
        "Goal/g",
    ]
    assert along([FIRST], ("_include", "CarePlan:subject:Patient")) == ["Patient/aino"]
    assert along([FIRST], ("_include", "CarePlan:encounter")) == []


def test_what_points_at_a_match_at_any_version_of_it():
    assert along([FIRST], ("_revinclude", "Provenance:target")) == ["Provenance/p"]
    assert along([FIRST], ("_revinclude", "Task:focus")) == ["Task/k"]
    assert along([SECOND], ("_revinclude", "Provenance:target")) == []
    assert along([AINO], ("_revinclude", "CarePlan:patient")) == ["CarePlan/first"]


def test_what_was_included_is_followed_only_when_asked():
    team, role = ("_include", "CarePlan:care-team"), "CareTeam:participant"
    assert along([FIRST], team, ("_include:iterate", role)) == ["CareTeam/t", "PractitionerRole/r"]
    far = ("_include:iterate", "PractitionerRole:practitioner")
    assert along([FIRST], team, ("_include:iterate", role), far) == [
        "CareTeam/t",
        "Practitioner/w",
        "PractitionerRole/r",
    ]
    assert along([FIRST], ("_revinclude", "Task:focus"), ("_revinclude:iterate", "Provenance:target")) == [
        "Provenance/p",
        "Task/k",
    ]


def test_a_step_is_one_step():
    chain = [plan("a", replaces=[to("CarePlan/b")]), plan("b", replaces=[to("CarePlan/c")]), plan("c")]
    assert along(chain[:1], ("_include", "CarePlan:replaces"), everything=chain) == ["CarePlan/b"]
    assert along(chain[:1], ("_include:iterate", "CarePlan:replaces"), everything=chain) == [
        "CarePlan/b",
        "CarePlan/c",
    ]


def test_a_match_does_not_come_twice_and_a_circle_ends():
    assert along([FIRST, SECOND], ("_include", "CarePlan:replaces")) == []
    one, other = plan("one", replaces=[to("CarePlan/other")]), plan("other", replaces=[to("CarePlan/one")])
    assert along([one], ("_include:iterate", "CarePlan:replaces"), everything=[one, other]) == [
        "CarePlan/other"
    ]


def test_what_the_caller_does_not_see_does_not_come():
    assert along([FIRST], ("_include", "CarePlan:patient"), everything=[FIRST, PEKKA]) == []


def test_a_parameter_for_one_type_brings_no_other():
    meeting = document(
        "Appointment", "m", participant=[{"actor": to("Patient/aino")}, {"actor": to("PractitionerRole/r")}]
    )
    assert along([meeting], ("_include", "Appointment:patient")) == ["Patient/aino"]
    assert along([meeting], ("_include", "Appointment:actor")) == ["Patient/aino", "PractitionerRole/r"]
    assert along([AINO], ("_revinclude", "Appointment:patient"), everything=[AINO, meeting]) == [
        "Appointment/m"
    ]
