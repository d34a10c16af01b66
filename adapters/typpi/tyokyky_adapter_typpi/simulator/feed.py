"""The change feed of the simulated TYPPI: numbered rows inside, an opaque cursor that expires outside.

Source: domain report 8.5 (opaque cursor, 14 days, own writes shown with their source); the rows are invented.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from hmac import compare_digest, digest
from secrets import token_hex
from struct import pack, unpack
from typing import Any

from tyokyky_adapter_typpi.simulator.customership import turning_days
from tyokyky_adapter_typpi.simulator.login import Caller
from tyokyky_adapter_typpi.simulator.rules import ProblemAnswer
from tyokyky_bridge.adapterkit.simulation import HELSINKI, Simulation

CURSOR_LIFE_S = 14 * 86_400
"""Seconds that a cursor is good for, unless the knob ``cursor_life_s`` says otherwise."""

Document = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """Some rows of the feed, the number of the last one looked at, and whether there are more."""

    rows: list[Document]
    last: int
    more: bool


@dataclass(frozen=True)
class Feed:
    """What happened in the register, in the order in which it was committed.

    A row is stored in the transaction of the change it tells of. A party sees the rows of clients that it serves.
    """

    sim: Simulation

    def note(self, target: str, client: Document, *, at: datetime, by: Caller | None, **more: Any) -> None:
        """Add a row about *target* (``osio``, ``suunnitelma`` or ``asiakkuus``) of a client.

        *by* is ``None`` for what the register itself does when a day comes.
        """
        author = {"muokannut": by.osapuoli, "lahde": by.client_id} if by else {"lahde": "typpi"}
        row = {
            "tapahtuma": token_hex(8),
            "kohde": target,
            "asiakasId": client["asiakasId"],
            "suunnitelmaId": client["suunnitelmaId"],
            "muokattu": stamp(at),
            **author,
            **more,
        }
        number = self.sim.state.next_number("muutos")
        self.sim.state.put("muutos", _key(number), {"rivi": row, "palvelevat": client["palvelevat"]})

    def expect(self, client: Document) -> None:
        """Remember the days on which this customership will turn, so that the feed tells of them when they come."""
        today = self.sim.clock.local().date()
        for turn, day in turning_days(client).items():
            if day > today or turn == "poistuu":
                due = {"asiakasId": client["asiakasId"], "kaanne": turn, "pvm": day.isoformat()}
                self.sim.state.put("tulossa", f"{day.isoformat()} {client['asiakasId']} {turn}", due)

    def catch_up(self) -> None:
        """Tell of the days that have come: a customership began, became read-only, or vanished."""
        tomorrow = self.sim.clock.local().date() + timedelta(days=1)
        come = self.sim.state.execute(
            "select key, body from document where kind='tulossa' and key < ? order by key",
            (tomorrow.isoformat(),),
        )
        if not come:
            return
        with self.sim.state.transaction():
            for key, body in come:
                self.sim.state.delete("tulossa", key)
                self._turn(**json.loads(body))

    def page(self, caller: Caller, after: int, *, limit: int) -> Page:
        """The next rows after number *after* that the caller's party may see, at most *limit*."""
        rows: list[Document] = []
        last = after
        while True:
            chunk = self.sim.state.execute(
                "select key, body from document where kind='muutos' and key > ? order by key limit ?",
                (_key(last), limit + 1),
            )
            for key, body in chunk:
                change = json.loads(body)
                seen = caller.osapuoli in change["palvelevat"]
                if seen and len(rows) == limit:
                    return Page(rows, last, more=True)
                rows += [change["rivi"]] if seen else []
                last = int(key)
            if len(chunk) <= limit:
                return Page(rows, last, more=False)

    def newest(self) -> int:
        """Number of the newest row; 0 when nothing has happened yet."""
        return int(self.sim.state.execute("select max(key) from document where kind='muutos'")[0][0] or 0)

    def cursor(self, caller: Caller, number: int) -> str:
        """Where the caller goes on after row *number*: sealed, theirs alone, and dated."""
        said = pack(">QQ", number, int(self.sim.clock.now().timestamp()))
        seal = digest(self._secret(caller), said, sha256)[:16]
        return urlsafe_b64encode(seal + self._masked(caller, seal, said)).decode().rstrip("=")

    def read(self, caller: Caller, cursor: str) -> int:
        """The row number in a cursor.

        Raises:
            ProblemAnswer: 410 when it is older than it may be, 400 when it is none of ours.
        """
        try:
            raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except ValueError:
            raw = b""
        seal = raw[:16]
        said = self._masked(caller, seal, raw[16:])
        if len(raw) != 32 or not compare_digest(seal, digest(self._secret(caller), said, sha256)[:16]):
            raise ProblemAnswer(400, "jatko-virheellinen", "Jatkotunniste on virheellinen", **_anew())
        number, issued = unpack(">QQ", said)
        if self.sim.clock.now().timestamp() - issued > float(self.sim.chaos["cursor_life_s"]):
            title = "Jatkotunniste on vanhentunut, hae kaikki tiedot uudelleen"
            raise ProblemAnswer(410, "jatko-vanhentunut", title, **_anew())
        return number

    def _turn(self, asiakasId: str, kaanne: str, pvm: str) -> None:  # noqa: N803  # members of the stored note
        client = self.sim.state.get("asiakas", asiakasId)
        day = date.fromisoformat(pvm)
        if client is None or turning_days(client).get(kaanne) != day:  # decided otherwise meanwhile
            return
        at = datetime.combine(day, time.min, HELSINKI)
        if kaanne == "poistuu":
            target = "suunnitelma" if client["suunnitelmaId"] else "asiakkuus"
            self.note(target, client, at=at, by=None, poistettu=True)
        else:
            self.note("asiakkuus", client, at=at, by=None)

    def _secret(self, caller: Caller) -> bytes:
        kept = self.sim.state.get("syote", "avain")
        if kept is None:
            kept = {"avain": token_hex(32)}
            self.sim.state.put("syote", "avain", kept)
        return digest(bytes.fromhex(kept["avain"]), caller.client_id.encode(), sha256)

    def _masked(self, caller: Caller, seal: bytes, text: bytes) -> bytes:
        """Hide the numbers, so that nobody is tempted to compare cursors or to count them on."""
        mask = digest(self._secret(caller), b"peite" + seal, sha256)
        return bytes(a ^ b for a, b in zip(text, mask, strict=False))


def stamp(moment: datetime) -> str:
    """A timestamp the way TYPPI writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _key(number: int) -> str:
    return f"{number:012}"


def _anew() -> Document:
    return {"_links": {"muutokset": {"href": "/typpi/muutokset"}}}
