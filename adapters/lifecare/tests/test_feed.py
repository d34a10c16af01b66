"""The messages of the simulator as they really travel: sent, sent again, lost, turned off, and what sets them off."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tyokyky_adapter_lifecare import connect
from tyokyky_adapter_lifecare.records import EMPTY
from tyokyky_bridge.adapterkit.contract import Adapter, Hint, Licence, Native, Notice, SystemConfig
from tyokyky_bridge.adapterkit.errors import ChangedUnderneath, NotAuthentic, NotThere
from tyokyky_bridge.adapterkit.testing import Letterbox, SimulatorProcess

HETU, OTHER, NEW = "250791Y946S", "120385-921T", "030278-958K"
SECRET = "lifecare-sim-notices"
OPTIONS = {
    "client_id": "tyokyky-bridge",
    "client_secret": "lifecare-sim-secret",
    "customer_id": "LRHA",
    "notify_secret": SECRET,
}
MARTA = {"hetu": HETU, "family_name": "Åkesson", "given_names": "Märta", "birth_date": "1991-07-25"}
PERSON, SECOND = "P-204511", "P-204512"


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    state = tmp_path_factory.mktemp("lifecare") / "state.sqlite"
    with SimulatorProcess("tyokyky_adapter_lifecare.simulator", state=state) as simulator:
        yield simulator


@pytest.fixture
def box() -> Iterator[Letterbox]:
    with Letterbox() as letterbox:
        yield letterbox


@pytest.fixture
def lifecare(process: SimulatorProcess, box: Letterbox) -> SimulatorProcess:
    process.reset()
    process.seed(persons=[MARTA, {"hetu": OTHER, "family_name": "Esimerkki"}])
    process.chaos(notice_pause_s=0.01)
    process.act("subscribe", url=box.url)
    return process


def told(simulator: SimulatorProcess, story: Callable[[Adapter], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        adapter = connect(SystemConfig("lifecare", simulator.base_url, OPTIONS))
        try:
            return await story(adapter)
        finally:
            await adapter.aclose()

    return asyncio.run(run())


def until(condition: Callable[[], bool], *, wait_s: float = 5) -> None:
    end = time.monotonic() + wait_s
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def delivered(simulator: SimulatorProcess) -> None:
    until(lambda: simulator.act("subscription")["waiting"] == 0)


def events(box: Letterbox) -> list[dict[str, Any]]:
    return [
        json.loads(body) for headers, body in box.messages if headers["content-type"] == "application/json"
    ]


def notices(box: Letterbox, **options: str) -> list[Notice]:
    adapter = connect(SystemConfig("lifecare", "http://lifecare.test", {**OPTIONS, **options}))
    return [adapter.read_notice(headers, body, now=datetime.now(UTC)) for headers, body in box.messages]


def hints(box: Letterbox) -> list[Hint]:
    return [hint for notice in notices(box) for hint in notice.hints]


def words(content: Native, text: str) -> Native:
    headings = [{**h, "teksti": text} if h["otsikko"] == "SUU" else h for h in content["otsikot"]]
    return {**content, "otsikot": headings}


async def write(adapter: Adapter, text: str, key: str) -> str:
    found = await adapter.find(HETU)
    standing = await adapter.fetch(found)
    limit = Licence("d", time.monotonic() + 10)
    done = await adapter.write(
        found, words(standing.content, text), standing=standing, key=key, licence=limit
    )
    return done.record_id


def user_writes(simulator: SimulatorProcess, text: str = "käyttäjän sanat", hetu: str = HETU) -> str:
    content = {name: value for name, value in words(EMPTY, text).items() if name != "potilas"}
    return simulator.act("edit", hetu=hetu, content=content)["asiakirjaId"]


def test_a_signed_version_is_told_of_thinly(lifecare: SimulatorProcess, box: Letterbox) -> None:
    record = user_writes(lifecare)
    delivered(lifecare)
    ((headers, body),) = box.messages
    assert headers["lc-attempt"] == "1"
    assert headers["content-type"] == "application/json"
    message = json.loads(body)
    assert set(message) == {"lahetysId", "tapahtuma", "asiakirjaId", "versio", "potilasId", "aika"}
    assert message["tapahtuma"] == "asiakirja.allekirjoitettu"
    assert hints(box) == [Hint("changed", PERSON, record, 'W/"1"')]
    (notice,) = notices(box)
    assert notice.event_id == message["lahetysId"]


def test_what_was_there_before_is_no_news(lifecare: SimulatorProcess, box: Letterbox) -> None:
    lifecare.seed(persons=[{"hetu": NEW}], records=[{"hetu": NEW, "otsikot": []}])
    user_writes(lifecare)
    delivered(lifecare)
    assert [event["potilasId"] for event in events(box)] == [PERSON]


def test_our_own_write_comes_back_and_comes_again_when_it_is_signed(
    lifecare: SimulatorProcess, box: Letterbox
) -> None:
    record = told(lifecare, lambda adapter: write(adapter, "sillan sanat", "k-1"))
    lifecare.act("sign", document=record)
    delivered(lifecare)
    assert [(event["tapahtuma"], event["versio"]) for event in events(box)] == [
        ("asiakirja.tallennettu", 1),
        ("asiakirja.allekirjoitettu", 1),
    ]


def test_a_users_open_draft_is_told_to_nobody(lifecare: SimulatorProcess, box: Letterbox) -> None:
    record = user_writes(lifecare)
    lifecare.act("edit_heading", document=record, otsikko="SUU", teksti="kesken", sign=False)
    lifecare.act("sign", document=record)
    delivered(lifecare)
    assert [event["versio"] for event in events(box)] == [1, 2]


def test_a_voided_document_is_told_of(lifecare: SimulatorProcess, box: Letterbox) -> None:
    record = user_writes(lifecare)
    lifecare.act("void", document=record)
    lifecare.act("void", document=record)
    delivered(lifecare)
    assert [hint.kind for hint in hints(box)] == ["changed", "gone"]


def test_a_message_is_tried_six_times_and_then_all_wait_until_somebody_rearms(
    lifecare: SimulatorProcess, box: Letterbox
) -> None:
    box.status = 503
    user_writes(lifecare)
    until(lambda: not lifecare.act("subscription")["armed"])
    assert [headers["lc-attempt"] for headers, _ in box.messages] == ["1", "2", "3", "4", "5", "6"]
    assert len({event["lahetysId"] for event in events(box)}) == 1
    box.status = 202
    user_writes(lifecare, "toiset sanat")
    time.sleep(0.2)
    assert len(box.messages) == 6
    assert lifecare.act("subscription")["waiting"] == 2
    lifecare.act("rearm")
    delivered(lifecare)
    assert [headers["lc-attempt"] for headers, _ in box.messages[6:]] == ["1", "1"]
    assert [event["versio"] for event in events(box)[6:]] == [1, 2]


def test_an_address_where_nobody_answers_counts_as_a_failure(
    lifecare: SimulatorProcess, box: Letterbox
) -> None:
    gone = Letterbox()
    gone.close()
    lifecare.act("subscribe", url=gone.url)
    user_writes(lifecare)
    until(lambda: not lifecare.act("subscription")["armed"])
    lifecare.act("subscribe", url=box.url)
    delivered(lifecare)
    assert len(box.messages) == 1


def test_a_message_may_come_twice_with_one_id(lifecare: SimulatorProcess, box: Letterbox) -> None:
    lifecare.chaos(duplicate=1.0)
    user_writes(lifecare)
    delivered(lifecare)
    first, second = notices(box)
    assert first == second


def test_a_later_message_may_come_first(lifecare: SimulatorProcess, box: Letterbox) -> None:
    lifecare.chaos(reorder=1.0)
    user_writes(lifecare)
    lifecare.chaos(reorder=0.0)
    user_writes(lifecare, "toiset sanat")
    delivered(lifecare)
    assert [event["versio"] for event in events(box)] == [2, 1]


def test_a_message_may_be_lost_for_good(lifecare: SimulatorProcess, box: Letterbox) -> None:
    lifecare.chaos(notice_loss=1.0)
    user_writes(lifecare)
    lifecare.chaos(notice_loss=0.0)
    user_writes(lifecare, "toiset sanat")
    delivered(lifecare)
    assert [event["versio"] for event in events(box)] == [2]


def test_kill_9_loses_no_message(lifecare: SimulatorProcess, box: Letterbox) -> None:
    box.status = 503
    lifecare.chaos(notice_pause_s=0.3)
    user_writes(lifecare)
    until(lambda: len(box.messages) == 1)
    lifecare.kill()
    box.status = 202
    lifecare.start()
    delivered(lifecare)
    assert len(box.messages) == 2
    assert box.messages[0][1] == box.messages[1][1]


def test_a_secret_can_be_changed_while_messages_flow(lifecare: SimulatorProcess, box: Letterbox) -> None:
    lifecare.act("subscribe", url=box.url, secret="toinen", secret_next="kolmas")
    user_writes(lifecare)
    delivered(lifecare)
    with pytest.raises(NotAuthentic):
        notices(box)
    assert notices(box, notify_secret="toinen") == notices(box, notify_secret_next="kolmas")


def test_a_new_number_is_told_by_a31_and_followed_by_the_patients_id(
    lifecare: SimulatorProcess, box: Letterbox
) -> None:
    user_writes(lifecare)

    async def story(adapter: Adapter) -> None:
        found = await adapter.find(HETU)
        before = await adapter.fetch(found)
        assert await adapter.number_of(PERSON) == HETU
        lifecare.act("change_hetu", **{"from": HETU, "to": NEW})
        assert await adapter.number_of(PERSON) == NEW
        assert await adapter.find(NEW) == found
        with pytest.raises(NotThere):
            await adapter.find(HETU)
        content = {**before.content, "potilas": {**before.content["potilas"], "asiointikieli": "sv"}}
        limit = Licence("d", time.monotonic() + 10)
        with pytest.raises(ChangedUnderneath):
            await adapter.write(found, content, standing=before, key="k", licence=limit)

    told(lifecare, story)
    delivered(lifecare)
    headers, body = box.messages[-1]
    assert headers["content-type"] == "application/hl7-v2; charset=ISO-8859-1"
    assert b"\n" not in body
    assert [line.partition("|")[0] for line in body.decode("iso-8859-1").split("\r")] == [
        "MSH",
        "EVN",
        "PID",
        "",
    ]
    assert "Åkesson^Märta".encode("iso-8859-1") in body
    notice = notices(box)[-1]
    assert [(hint.kind, hint.person_id) for hint in notice.hints] == [
        ("identity", PERSON),
        ("changed", PERSON),
    ]
    assert not any(number in repr(notice) for number in (HETU, NEW))


def test_other_details_are_told_by_a31_too_but_not_our_own_changes(
    lifecare: SimulatorProcess, box: Letterbox
) -> None:
    async def story(adapter: Adapter) -> None:
        found = await adapter.find(HETU)
        standing = await adapter.fetch(found)
        content = {**standing.content, "potilas": {**standing.content["potilas"], "asiointikieli": "sv"}}
        limit = Licence("d", time.monotonic() + 10)
        await adapter.write(found, content, standing=standing, key="k", licence=limit)

    told(lifecare, story)
    lifecare.act(
        "edit_patient", potilasId=SECOND, fields={"turvakielto": {"voimassa": True}, "sukunimi": "A|B^C"}
    )
    delivered(lifecare)
    assert [(hint.kind, hint.person_id) for hint in hints(box) if hint.record_id is None] == [
        ("identity", SECOND),
        ("changed", SECOND),
    ]
    assert rb"A\F\B\S\C" in box.messages[-1][1]


def test_two_patients_become_one(lifecare: SimulatorProcess, box: Letterbox) -> None:
    record = user_writes(lifecare)
    lifecare.act("merge", lose=PERSON, keep=SECOND)

    async def story(adapter: Adapter) -> None:
        with pytest.raises(NotThere):
            await adapter.number_of(PERSON)
        with pytest.raises(NotThere):
            await adapter.find(HETU)
        found = await adapter.find(OTHER)
        assert (found.person_id, found.record_id) == (SECOND, record)
        assert (await adapter.fetch(found)).content["otsikot"][7]["teksti"] == "käyttäjän sanat"

    told(lifecare, story)
    delivered(lifecare)
    changed, merged = hints(box)[-2:]
    assert (changed.kind, changed.person_id) == ("changed", SECOND)
    assert (merged.kind, merged.person_id, merged.merged_into) == ("merged", PERSON, SECOND)
    assert b"\rMRG|" in box.messages[-1][1]


def test_of_two_plans_of_one_person_the_losers_is_voided(lifecare: SimulatorProcess, box: Letterbox) -> None:
    lost, kept = user_writes(lifecare, "häviäjän"), user_writes(lifecare, "jäävän", OTHER)
    lifecare.act("merge", lose=PERSON, keep=SECOND)
    assert told(lifecare, lambda adapter: adapter.find(OTHER)).record_id == kept
    delivered(lifecare)
    assert [hint.kind for hint in hints(box) if hint.record_id == lost] == ["changed", "gone"]


def test_asking_for_changes_brings_none_and_leaves_the_cursor(lifecare: SimulatorProcess) -> None:
    async def story(adapter: Adapter) -> None:
        for cursor in (None, "", "x"):
            page = await adapter.changes(cursor)
            assert (page.hints, page.cursor, page.more, page.lost) == ((), cursor or "", False, False)

    told(lifecare, story)
    assert lifecare.journal() == []


def test_a_user_saves_a_whole_record_person_included(lifecare: SimulatorProcess, box: Letterbox) -> None:
    async def story(adapter: Adapter) -> None:
        standing = await adapter.fetch(await adapter.find(HETU))
        content = words(standing.content, "ensimmäinen suunnitelma")
        record = lifecare.act("edit", hetu=HETU, content=content)["asiakirjaId"]
        found = await adapter.find(HETU)
        assert found.record_id == record
        assert (await adapter.fetch(found)).content == content
        content = {**words(content, "toinen"), "potilas": {**content["potilas"], "asiointikieli": "sv"}}
        shown = lifecare.act("edit", document=record, content=content, by="LHARJU")
        assert (shown["versio"], shown["tila"], shown["kirjaaja"]["tunnus"]) == (
            2,
            "ALLEKIRJOITETTU",
            "LHARJU",
        )
        assert (await adapter.fetch(found)).content == content

    told(lifecare, story)
    delivered(lifecare)
    assert [hint.kind for hint in hints(box)] == ["changed", "identity", "changed", "changed"]


def test_acts_on_what_is_not_there_are_told_so(lifecare: SimulatorProcess) -> None:
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("void", {"hetu": HETU}),
        ("edit", {"hetu": NEW, "content": {}}),
        ("change_hetu", {"from": NEW, "to": HETU}),
        ("merge", {"lose": "P-1", "keep": PERSON}),
        ("subscribe", {"url": "ftp://x"}),
    ]
    for act, given in wrong:
        with pytest.raises(RuntimeError, match="control refused: 400"):
            lifecare.act(act, **given)
