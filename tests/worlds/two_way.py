"""What the two-way journeys share: partners' own users at work, what the hub made of it, and when all is quiet."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from tyokyky_bridge.adapterkit.contract import Native
from tyokyky_bridge.adapterkit.testing_process import Entry
from tyokyky_bridge.demo.desk import Desk, Opened
from tyokyky_bridge.demo.evidence import Wire
from tyokyky_bridge.demo.people import Person
from tyokyky_bridge.demo.scene import wait_until
from tyokyky_bridge.demo.stage import Stage
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.sync_records import InboxRow, IntakeRow
from tyokyky_bridge.storage import open_store
from worlds.partner_records import is_write, standing
from worlds.postgres import in_own_loop

QUIET_POLLS = 3
_CHANGE_LOGS = {"effica": "HaeMuutosloki", "ura": "/muutokset/hae"}
_Read = TypeVar("_Read")


def held(stage: Stage, system: str, client: Person) -> Native:
    """The client's record as its partner holds it now. Raises: KeyError."""
    return standing(system, stage.simulators[system])[client.hetu]


def user_edits(
    stage: Stage, system: str, client: Person, edit: Callable[[Native], object], **how: Any
) -> None:
    """A user of the partner opens the client's record, edits it, and saves it whole."""
    content = held(stage, system, client)
    edit(content)
    stage.simulators[system].act("edit", hetu=client.hetu, content=content, **how)


def read_hub(stage: Stage, read: Callable[[Tx], _Read], *, write: bool = False) -> _Read:
    """What stands in the hub's database: for facts that nobody outside has a window to; *write* may change them."""
    found: list[_Read] = []

    async def look() -> None:
        store = open_store(stage.database_url, index_key=b"another key: nobody is looked up....")
        try:
            found.append(await (store.write if write else store.read)(read))
        finally:
            await store.aclose()

    in_own_loop(look())
    return found[0]


def hints(stage: Stage, case: Opened) -> dict[str, list[InboxRow]]:
    """What each partner told of the client's record, and what came of it."""
    return read_hub(
        stage,
        lambda tx: {
            link.system: list(tx.inbox.of_link(link.id)) for link in tx.links.of_plan(UUID(case.plan_id))
        },
    )


def intakes(stage: Stage, case: Opened, system: str) -> list[IntakeRow]:
    """What the hub decided about a partner's edits, the oldest first."""

    def read(tx: Tx) -> list[IntakeRow]:
        (link,) = (row for row in tx.links.of_plan(UUID(case.plan_id)) if row.system == system)
        return list(tx.intakes.of_link(link.id))[::-1]

    return read_hub(stage, read)


def notices(stage: Stage, case: Opened) -> list[tuple[str, str]]:
    """What parties were told about the client: party and kind, the oldest first."""
    rows = read_hub(stage, lambda tx: tx.notices.of_client(UUID(case.client_id)))
    return [(row.party, row.kind) for row in sorted(rows, key=lambda row: row.at)]


@dataclass(frozen=True)
class Seen:
    """What a watch saw: writes by system, hints that told the hub of its own writes by system, hints by outcome."""

    writes: Counter[str]
    echoes: Counter[str]
    outcomes: Counter[str]


@dataclass(frozen=True)
class Watch:
    """What partners are asked to write from some moment on, and which hints come of it."""

    stage: Stage
    case: Opened
    wires: dict[str, Wire]
    told: dict[str, int]

    @classmethod
    def from_now(cls, stage: Stage, case: Opened) -> "Watch":
        """Begin; the client's links are quiet."""
        wires = {system: Wire.from_now(simulator) for system, simulator in stage.simulators.items()}
        return cls(stage, case, wires, {s: len(rows) for s, rows in hints(stage, case).items()})

    def writes(self, system: str) -> list[Entry]:
        """The requests that were to change a record there."""
        return [entry for entry in self.wires[system].entries if is_write(system, entry)]

    def seen(self) -> "Seen":
        """What came of it until now."""
        outcomes = self.outcomes()
        return Seen(
            Counter(system for system in self.wires for _ in self.writes(system)),
            Counter(system for system, came in outcomes.items() for one in came if one == "echo"),
            Counter(str(one) for came in outcomes.values() for one in came),
        )

    def outcomes(self) -> dict[str, list[str | None]]:
        """What came of each hint since then, by system."""
        return {
            system: [row.outcome for row in rows[self.told.get(system, 0) :]]
            for system, rows in hints(self.stage, self.case).items()
        }


def quiet(stage: Stage, desk: Desk, case: Opened, *, wait_s: float = 40) -> None:
    """Wait until every change log was read several times, no pushed message waits for its turn or for another try, and
    nothing moved meanwhile: no link, no hint, no revision.

    Raises: TimeoutError.
    """
    until = time.monotonic() + wait_s
    last, logs = None, _logs(stage)
    while time.monotonic() < until:
        links = desk.links(case.plan_id)
        settled = all(link["state"] in {"in_sync", "parked"} for link in links.values()) and _has_pushed(
            stage
        )
        now = (
            {s: (link["desired_generation"], link["attempts"], link["state"]) for s, link in links.items()},
            {system: [row.outcome for row in rows] for system, rows in hints(stage, case).items()},
            read_hub(stage, lambda tx: getattr(tx.plans.latest(UUID(case.plan_id)), "version", 0)),
        )
        if not settled or now != last:
            last, logs = now, _logs(stage)
        elif all(_polls(stage, system, since) >= QUIET_POLLS for system, since in logs.items()):
            return
        time.sleep(0.15)
    msg = f"it does not become quiet: {last}"
    raise TimeoutError(msg)


def _has_pushed(stage: Stage) -> bool:
    pushes = stage.simulators["lifecare"].act("subscription")
    return not pushes["armed"] or pushes["waiting"] == 0


def _logs(stage: Stage) -> dict[str, int]:
    return {system: Wire.from_now(stage.simulators[system]).since for system in _CHANGE_LOGS}


def _polls(stage: Stage, system: str, since: int) -> int:
    asked = _CHANGE_LOGS[system]
    entries = stage.simulators[system].journal(since=since)
    return sum(asked in e.path or asked in dict(e.headers).get("soapaction", "") for e in entries)


def try_until_parked(stage: Stage, desk: Desk, case: Opened, system: str, *, most: int = 30) -> list[str]:
    """Let no back-off be waited for until the link is left to a person; returns the errors on the way.

    Raises: TimeoutError when *most* attempts were not enough.
    """
    errors: list[str] = []
    for _ in range(most):
        before = desk.links(case.plan_id)[system]
        if before["state"] == "parked":
            return errors
        errors.append(before["last_error"])
        read_hub(stage, lambda tx: _look_now(tx, case, system), write=True)
        tried = before["attempts"]
        wait_until(lambda tried=tried: desk.links(case.plan_id)[system]["attempts"] != tried, wait_s=10)
        wait_until(lambda: desk.links(case.plan_id)[system]["state"] != "leased", wait_s=10)
    msg = f"still not parked: {errors}"
    raise TimeoutError(msg)


def _look_now(tx: Tx, case: Opened, system: str) -> None:
    (link,) = (row for row in tx.links.of_plan(UUID(case.plan_id)) if row.system == system)
    tx.links.look(link.id)
