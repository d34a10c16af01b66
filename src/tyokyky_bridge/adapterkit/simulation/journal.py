"""All that a simulator received and answered, byte for byte, with the changes each request really made."""

import base64
import json
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

from tyokyky_bridge.adapterkit.simulation.clock import Clock
from tyokyky_bridge.adapterkit.simulation.state import SimState

_SECRETS = {"authorization", "cookie", "kipa-subscription-key", "x-api-key", "proxy-authorization"}
_current: ContextVar[int | None] = ContextVar("journal_entry", default=None)


class Journal:
    """Written in three steps: the request on arrival, its effects as they are made, the answer.

    So after kill -9 the journal still says which requests had come and which of them had changed anything.
    """

    def __init__(self, state: SimState, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def begin(self, method: str, path: str, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> int:
        """Note a request on arrival and make it the current one; *path* includes the query."""
        shown = [
            [name, "***" if name.lower() in _SECRETS else value]
            for name, value in ((n.decode("latin-1"), v.decode("latin-1")) for n, v in headers)
        ]
        with self._state.transaction():
            self._state.execute(
                "insert into entry (at, method, path, headers, body) values (?,?,?,?,?)",
                (self._clock.now().isoformat(), method, path, json.dumps(shown), body),
            )
            seq = int(self._state.execute("select last_insert_rowid()")[0][0])
        _current.set(seq)
        return seq

    def effect(self, what: str) -> None:
        """Name one change of a record, e.g. ``suunnitelma 77120 v3``, in the transaction that makes it.

        Changes made through the control surface have no current request and are not noted.
        """
        seq = _current.get()
        if seq is not None:
            self._state.execute("insert into effect values (?,?)", (seq, what))

    def finish(self, seq: int, *, status: int | None, response: bytes, outcome: str = "answered") -> None:
        """Note the answer. *outcome*: ``answered``, ``dropped``, ``lost`` (done, answer cut) or ``error``."""
        self._state.execute(
            "update entry set status=?, response=?, outcome=? where seq=?", (status, response, outcome, seq)
        )
        _current.set(None)

    def entries(self, *, since: int = 0) -> list[dict[str, Any]]:
        """All entries after *since*, bodies in base64."""
        effects: dict[int, list[str]] = {}
        for seq, what in self._state.execute(
            "select seq, what from effect where seq>? order by rowid", (since,)
        ):
            effects.setdefault(seq, []).append(what)
        rows = self._state.execute(
            "select seq, at, method, path, headers, body, status, response, outcome"
            " from entry where seq>? order by seq",
            (since,),
        )
        return [
            {
                "seq": seq,
                "at": at,
                "method": method,
                "path": path,
                "headers": json.loads(headers),
                "body_base64": base64.b64encode(body).decode(),
                "status": status,
                "response_base64": base64.b64encode(response or b"").decode(),
                "outcome": outcome,
                "effects": effects.get(seq, []),
            }
            for seq, at, method, path, headers, body, status, response, outcome in rows
        ]
