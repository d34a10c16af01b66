"""Whatever goes wrong at one partner: it gets each change once, nobody's work is lost, and the others do not wait."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tyokyky_bridge.demo.cases.aino import helmi_opens_a_plan_for_all_four
from tyokyky_bridge.demo.desk import Desk, Opened, enter_everywhere
from tyokyky_bridge.demo.evidence import Wire
from tyokyky_bridge.demo.people import HELMI, HELSINKI, on_the_clock
from tyokyky_bridge.demo.scene import wait_until
from tyokyky_bridge.demo.stage import Stage
from tyokyky_bridge.services.records import GateRow
from tyokyky_bridge.storage import open_store
from worlds.faults import trouble
from worlds.native import SYSTEMS, WRITES, effective, record_of, section, sent
from worlds.postgres import in_own_loop
from worlds.strangers import stranger

CLIENT, ANOTHER, THIRD = CLIENTS = (stranger(40), stranger(41), stranger(42))


@pytest.fixture(scope="module")
def cases(stage: Stage, desk: Desk) -> list[Opened]:
    """Three clients whose plans all four partners hold."""
    opened: list[Opened] = []
    for client in CLIENTS:
        enter_everywhere(stage, client)
        opened.append(helmi_opens_a_plan_for_all_four(desk, client))
    for case in opened:
        stage.settle(case.plan_id)
    return opened


@pytest.fixture
def case(cases: list[Opened]) -> Opened:
    return cases[0]


@pytest.fixture
def wires(stage: Stage, cases: list[Opened]) -> dict[str, Wire]:
    """The journals of all partners from the beginning of the test on."""
    del cases
    return {system: Wire.from_now(simulator) for system, simulator in stage.simulators.items()}


def says(desk: Desk, case: Opened, words: str) -> None:
    """The client's goal is put into other words."""
    desk.revise(HELMI, case.plan_id, {"goals[g-1].text_client": words})


def health_of(stage: Stage, system: str) -> str:
    lines = stage.http.get("/health").json()["systems"]
    return next(line["state"] for line in lines if line["system"] == system)


@contextmanager
def let_in_again(stage: Stage, system: str) -> Iterator[None]:
    """Afterwards an operator has put the credentials right, and does not wait for the pause to end."""

    async def open_gate() -> None:
        store = open_store(stage.database_url, index_key=b"another key: nobody is looked up....")
        await store.write(lambda tx: tx.gates.save(GateRow(system)))
        await store.aclose()

    try:
        yield
    finally:
        in_own_loop(open_gate())


@pytest.mark.parametrize(
    ("system", "status"),
    [("lifecare", 503), ("lifecare", 500), ("effica", 503), ("ura", 502), ("typpi", 503)],
)
def test_a_partner_that_answers_with_errors_is_tried_again_and_gets_the_change_once(
    stage: Stage, desk: Desk, case: Opened, wires: dict[str, Wire], system: str, status: int
) -> None:
    words = f"Työ, vaikka {system} sanoo {status}."
    with trouble(stage.simulators[system], next_errors=2, error_status=status, on=WRITES[system]):
        says(desk, case, words)
        stage.settle(case.plan_id)
    outcome = "try_later" if status == 503 else "outcome_unknown"
    attempts = sent(wires[system], system)
    assert [entry.outcome for entry in attempts] == ["error", "error", "answered"]
    assert desk.outcomes(case, system)[:3] == ["ok", outcome, outcome]
    times = [datetime.fromisoformat(entry.at) for entry in attempts]
    assert min(later - earlier for earlier, later in pairwise(times)) > timedelta(milliseconds=50)
    assert len(effective(wires[system], system)) == 1
    assert words in str(record_of(stage, system, CLIENT))


def test_a_write_whose_answer_is_lost_has_one_effect_at_every_partner(
    stage: Stage, desk: Desk, case: Opened, wires: dict[str, Wire]
) -> None:
    words = "Työ, vaikka vastaus katosi."
    with ExitStack() as stack:
        for system in SYSTEMS:
            stack.enter_context(trouble(stage.simulators[system], next_lost_answers=1, on=WRITES[system]))
        says(desk, case, words)
        stage.settle(case.plan_id)
    for system in SYSTEMS:
        assert sent(wires[system], system)[0].outcome == "lost"
        assert len(effective(wires[system], system)) == 1, system
        assert words in str(record_of(stage, system, CLIENT))


def test_a_dead_partner_is_shown_as_failing_while_the_others_settle_and_all_do_when_it_is_back(
    stage: Stage, desk: Desk, cases: list[Opened], wires: dict[str, Wire]
) -> None:
    words = "Työ, vaikka Ura ei vastaa."
    stage.simulators["ura"].kill()
    try:
        for case in cases:
            says(desk, case, words)
        assert wait_until(lambda: health_of(stage, "ura") == "failing")
        for case in cases:
            assert wait_until(
                lambda case=case: all(
                    link["state"] == "in_sync"
                    for system, link in desk.links(case.plan_id).items()
                    if system != "ura"
                )
            )
            assert desk.links(case.plan_id)["ura"]["state"] in {"due", "leased"}
    finally:
        stage.simulators["ura"].restart()
    for case in cases:
        stage.settle(case.plan_id, wait_s=60)
    assert len(effective(wires["ura"], "ura")) == len(cases)
    assert health_of(stage, "ura") == "open"


def test_what_comes_in_ura_s_night_waits_and_goes_at_five(
    stage: Stage, desk: Desk, case: Opened, wires: dict[str, Wire]
) -> None:
    ura, words = stage.simulators["ura"], "Työ heti aamusta."
    with trouble(ura, night_window=True):
        ura.clock(set=on_the_clock(4, 59, 54, offset=1))
        says(desk, case, words)
        assert wait_until(lambda: health_of(stage, "ura") == "paused")
        assert effective(wires["ura"], "ura") == []
        stage.settle(case.plan_id)
        ura.clock(set=on_the_clock(10))
    first, last = (datetime.fromisoformat(e.at).astimezone(HELSINKI) for e in sent(wires["ura"], "ura"))
    assert (first.hour, last.hour, last.minute) == (4, 5, 0)
    assert words in str(record_of(stage, "ura", CLIENT))


def test_too_many_requests_at_typpi_pause_it_for_as_long_as_it_says(
    stage: Stage, desk: Desk, case: Opened, wires: dict[str, Wire]
) -> None:
    asked = {"next_errors": 1, "error_status": 429, "retry_after_s": 2, "on": WRITES["typpi"]}
    with trouble(stage.simulators["typpi"], **asked):
        says(desk, case, "Työ, kunhan jaksaa odottaa.")
        assert wait_until(lambda: health_of(stage, "typpi") == "paused")
        stage.settle(case.plan_id)
    refused, taken = (datetime.fromisoformat(entry.at) for entry in sent(wires["typpi"], "typpi"))
    assert taken - refused >= timedelta(seconds=2)
    assert len(effective(wires["typpi"], "typpi")) == 1


def test_a_document_left_locked_is_not_overwritten_and_nobody_else_waits_for_it(
    stage: Stage, desk: Desk, cases: list[Opened], wires: dict[str, Wire]
) -> None:
    effica, (case, other, _) = stage.simulators["effica"], cases
    document = {"oid": record_of(stage, "effica", CLIENT)["AsiakirjaOid"]}
    effica.act("lock", **document, user="MKIVI")
    says(desk, case, "Työ, jota kukaan ei saa kirjata.")
    assert wait_until(lambda: desk.outcomes(case, "effica")[0] == "try_later")
    link = desk.links(case.plan_id)["effica"]
    assert link["last_error"] == "EFF-202"
    assert datetime.fromisoformat(link["next_try_at"]) < datetime.now(UTC) + timedelta(minutes=3)
    says(desk, other, "Työ toisella asiakkaalla.")
    stage.settle(other.plan_id)
    assert "Työ, jota" not in str(record_of(stage, "effica", CLIENT))
    effica.act("edit", **document, user="MKIVI", set={"Sosiaalinentilanne.Paivarytmi": "Valvoo."})
    effica.act("unlock", **document)
    says(desk, case, "Työ lukon jälkeen.")
    stage.settle(case.plan_id)
    after = record_of(stage, "effica", CLIENT)
    assert after["Sosiaalinentilanne"]["Paivarytmi"] == "Valvoo."
    assert "Työ lukon jälkeen." in str(after)
    assert len(effective(wires["effica"], "effica")) == 2, "one for each client"


def test_credentials_that_are_refused_stop_the_system_and_burn_no_link(
    stage: Stage, desk: Desk, cases: list[Opened], wires: dict[str, Wire]
) -> None:
    case, other, _ = cases
    with let_in_again(stage, "effica"), trouble(stage.simulators["effica"], security_clock_skew_s=400):
        says(desk, case, "Työ, vaikka ovi on kiinni.")
        assert wait_until(lambda: health_of(stage, "effica") == "paused")
        knocks = len(wires["effica"].requests)
        says(desk, other, "Työ toisellakin.")
        time.sleep(1)
        assert len(wires["effica"].requests) == knocks, "one refusal speaks for the whole system"
        link = desk.links(case.plan_id)["effica"]
        assert (link["state"], link["attempts"], link["last_error"]) == ("due", 0, "partner/blocked")
    says(desk, case, "Työ, kun ovi on auki.")
    for opened, client, words in ((case, CLIENT, "auki"), (other, ANOTHER, "toisellakin")):
        stage.settle(opened.plan_id)
        assert words in str(record_of(stage, "effica", client)["Tavoitteet"])


def test_ten_quick_edits_of_one_goal_end_in_few_writes_and_the_last_value(
    stage: Stage, desk: Desk, case: Opened, wires: dict[str, Wire]
) -> None:
    with ExitStack() as stack:
        for system in ("lifecare", "ura"):
            slow = trouble(stage.simulators[system], latency_ms=[1500, 1500], on=WRITES[system])
            stack.enter_context(slow)
        for number in range(1, 11):
            says(desk, case, f"Työ, {number}. yritys.")
        stage.settle(case.plan_id)
    for system in ("lifecare", "ura"):
        assert 1 <= len(effective(wires[system], system)) <= 5, system
    for system in SYSTEMS:
        assert "Työ, 10. yritys." in str(record_of(stage, system, CLIENT)), system


def test_what_a_partner_s_user_saves_between_our_reading_and_writing_stays_beside_ours(
    stage: Stage, desk: Desk, case: Opened, wires: dict[str, Wire]
) -> None:
    simulators, words = stage.simulators, "Työ, josta moni kirjoittaa."
    open_to_all = ("lifecare", "ura", "typpi")  # Effica locks what is being written
    before = {system: record_of(stage, system, CLIENT) for system in open_to_all}
    with ExitStack() as stack:
        for system in open_to_all:
            stack.enter_context(trouble(simulators[system], latency_ms=[2500, 2500], on=WRITES[system]))
        says(desk, case, words)
        assert wait_until(lambda: all(sent(wires[system], system) for system in open_to_all))
        document = {"asiakirjaId": before["lifecare"]["asiakirjaId"]}
        simulators["lifecare"].act("edit_heading", **document, otsikko="TER", teksti="Käyttäjän oma.")
        number = before["ura"]["suunnitelma"]["suunnitelmanro"]
        simulators["ura"].act("edit", suunnitelmanro=number, fields={"vastuuhlo": "OLINDQ"})
        joint = {"suunnitelmaId": before["typpi"]["suunnitelmaId"], "osio": "suunnitelma"}
        simulators["typpi"].act("edit", **joint, tiedot={"muu": "Virkailijan oma."})
    stage.settle(case.plan_id)
    after = {system: record_of(stage, system, CLIENT) for system in open_to_all}
    assert "Käyttäjän oma." in str(after["lifecare"]["otsikot"])
    assert after["ura"]["suunnitelma"]["vastuuhlo"] == "OLINDQ"
    assert section(after["typpi"], "suunnitelma")["muu"] == "Virkailijan oma."
    for system in open_to_all:
        assert words in str(after[system])
        assert desk.outcomes(case, system)[:2] == ["ok", "changed_underneath"], system
