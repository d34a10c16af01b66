"""The operator's commands, on the hub's own database."""

import asyncio
import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from tyokyky_bridge import bootstrap
from tyokyky_bridge.cli import app
from tyokyky_bridge.services.records import Ack, GateRow, Remote
from tyokyky_bridge.storage import open_store
from worlds.rows import a_link, claim
from worlds.telling import a_telling_hub

KEY = b"a key for made-up people only...."
ENVIRONMENT = {
    "TYOKYKY_DIRECTORY_FILE": "unused.yaml",
    "TYOKYKY_INDEX_KEY": "x" * 32,
    "TYOKYKY_TOKEN_KEYS_FILE": "unused.json",
    "TYOKYKY_TOKEN_ISSUER": "https://issuer.example",
}


class Operator:
    """Runs commands, and looks at what they did."""

    def __init__(self, url: str) -> None:
        self.url = url

    def runs(self, *command: str, code: int = 0) -> str:
        environment = {**ENVIRONMENT, "TYOKYKY_DATABASE_URL": self.url}
        result = CliRunner().invoke(app, ["sync", *command], env=environment)
        assert result.exit_code == code, result.output
        return result.output

    def reads(self, *command: str, code: int = 0):
        return json.loads(self.runs(*command, "--json", code=code).split("\nALARM")[0])

    def write(self, fn):
        async def go():
            store = open_store(self.url, index_key=KEY)
            try:
                return await store.write(fn)
            finally:
                await store.aclose()

        return asyncio.run(go())


@pytest.fixture
def operator(database_url, monkeypatch):
    def wire(settings):
        return a_telling_hub(open_store(settings.database_url, index_key=KEY))

    monkeypatch.setattr(bootstrap, "wire", wire)
    return Operator(database_url)


def parked(system="ura", reason="refused"):
    def make(tx):
        link = a_link(tx, system=system)
        assert tx.links.park(link.id, reason, {"path": "health.substance_use"})
        return link.id

    return make


def in_sync(system="ura", drift="D0"):
    def make(tx):
        made = a_link(tx, system=system)
        (link,) = [each for each in claim(tx, system=system) if each.id == made.id]
        ack = Ack(1, "present", {}, drift=drift, base_hub={}, base_remote={})
        assert tx.links.finish(link.id, link.lease_epoch, ack, remote=Remote("p-1", "r-1", "1"))
        return link.id

    return make


def test_parked_links_are_listed_without_content(operator):
    first, second = operator.write(parked()), operator.write(parked("lifecare", "identity"))
    listed = operator.reads("parked")
    assert [each["link"] for each in listed] == [first, second]
    assert [each["link"] for each in operator.reads("parked", "--system", "ura")] == [first]
    assert [each["link"] for each in operator.reads("parked", "--reason", "identity")] == [second]
    shown = operator.runs("parked")
    assert "refused" in shown
    assert "substance" not in shown + json.dumps(listed)


def test_parked_links_are_tried_again_spread_over_time(operator):
    ids = [operator.write(parked()) for _ in range(2)]
    other = operator.write(parked("lifecare"))
    assert "2 links" in operator.runs("redrive", "--system", "ura", "--spread-s", "600")

    def rows(tx):
        return [tx.links.get(each) for each in (*ids, other)]

    first, second, untouched = operator.write(rows)
    assert second.due_at - first.due_at == timedelta(minutes=5)
    assert untouched.state == "parked"
    assert "1 links" in operator.runs("redrive", "--link", str(other))


def test_a_redrive_of_nothing_in_particular_is_a_mistake(operator):
    link = operator.write(parked())
    operator.runs("redrive", code=2)
    operator.runs("redrive", "--system", "nowhere", code=2)
    assert operator.write(lambda tx: tx.links.get(link)).state == "parked"


def test_a_comparison_of_everything_is_asked_for(operator):
    ids = [operator.write(in_sync()), operator.write(in_sync("lifecare"))]
    assert "1 links" in operator.runs("verify", "--system", "ura")
    assert "1 links" in operator.runs("verify")
    assert [operator.write(lambda tx, i=i: tx.links.get(i)).state for i in ids] == ["due", "due"]


def test_the_standing_of_every_system(operator):
    operator.write(parked("lifecare"))
    operator.write(in_sync())
    found = {each["system"]: each for each in operator.reads("status")}
    assert (found["ura"]["in_sync"], found["ura"]["coverage"], found["ura"]["state"]) == (1, 1.0, "open")
    assert (found["lifecare"]["parked"], found["lifecare"]["backlog"]) == (1, 0)
    assert "100.0%" in operator.runs("status")
    operator.write(lambda tx: tx.gates.save(GateRow("ura", rate_per_min=20.0)))
    assert "slowed" in operator.runs("status")
    found = {each["system"]: each for each in operator.reads("status")}
    assert (found["ura"]["rate_per_min"], found["lifecare"]["rate_per_min"]) == (20.0, None)


def test_forbidden_data_is_an_alarm_and_comes_first(operator):
    operator.write(in_sync("lifecare"))
    operator.write(in_sync("ura", drift="D4"))
    first, second = operator.reads("status", code=1)
    assert (first["system"], first["forbidden_present"], second["forbidden_present"]) == ("ura", 1, 0)
    assert "ALARM" in operator.runs("status", code=1)


def test_a_missing_setting_is_named():
    result = CliRunner().invoke(app, ["sync", "status"], env={"TYOKYKY_DATABASE_URL": ""})
    assert result.exit_code == 78
    assert "TYOKYKY_DIRECTORY_FILE" in result.output


def test_a_database_that_is_not_there_is_a_sentence_and_no_new_file(operator, tmp_path):
    there = tmp_path / "mistyped.db"
    operator.url = f"sqlite:///{there}"
    assert "run migrate first" in operator.runs("status", code=78)
    assert not there.exists()


def test_records_in_quarantine_are_listed_and_cleared(operator):
    operator.write(lambda tx: tx.quarantine.note("ura", "r-404", reference="hub", version="7"))
    (listed,) = operator.reads("quarantine")
    assert (listed["system"], listed["record_id"], listed["reference"]) == ("ura", "r-404", "hub")
    assert operator.reads("quarantine", "--system", "lifecare") == []
    assert "r-404" in operator.runs("quarantine")
    assert "is cleared" in operator.runs("clear", listed["id"])
    assert operator.reads("quarantine") == []
    (cleared,) = operator.reads("quarantine", "--cleared")
    assert cleared["cleared_by"] == "command line"
    operator.runs("clear", "018f6b1e-7c00-7000-8000-0000000000fa", code=2)
