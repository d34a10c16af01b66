"""What really went over the wire, from the simulators' journals: bytes, never the hub's own opinion of them."""

import contextlib
import html
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from tyokyky_bridge.adapterkit.testing import SimulatorProcess
from tyokyky_bridge.adapterkit.testing_process import Entry

PARTNER_CHARSET = "iso-8859-15"
_LISTENING = ("/muutokset", "/token", "HaeMuutosloki")
"""What the hub asks whoever is a client: for the news, and for leave to ask."""


@dataclass(frozen=True)
class Wire:
    """The journal of one simulator from some moment on, without the hub's listening for news of anybody."""

    simulator: SimulatorProcess
    since: int = 0

    @classmethod
    def from_now(cls, simulator: SimulatorProcess) -> "Wire":
        """Everything that arrives from this moment on."""
        journal = simulator.journal()
        return cls(simulator, journal[-1].seq if journal else 0)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What was asked or told of clients, in order."""
        return tuple(e for e in self.simulator.journal(since=self.since) if not _is_listening(e))

    @property
    def requests(self) -> tuple[bytes, ...]:
        """Each request whole: its line, its headers, its body."""
        return tuple(
            b"\n".join(
                (
                    f"{entry.method} {entry.path}".encode("latin-1", "replace"),
                    *(f"{name}: {value}".encode("latin-1", "replace") for name, value in entry.headers),
                    entry.body,
                )
            )
            for entry in self.entries
        )

    @property
    def effects(self) -> list[str]:
        """Every change of a record that these requests made, in order."""
        return self.simulator.effects(since=self.since)

    def holds(self, text: str) -> bool:
        """Whether *text* stands in some request, in any spelling that one of the wire formats gives it."""
        needles = spellings(text)
        return any(needle in request for request in self.requests for needle in needles)

    def mentions(self, words: Iterable[str]) -> set[str]:
        """Which of *words* stand in some request, upper and lower case being the same."""
        everything = b"\n".join(self.requests).lower()
        return {w for w in words if any(needle in everything for needle in spellings(w.lower()))}

    def values(self) -> set[str]:
        """Every scalar in every JSON body as text: for numbers, which as bytes would be found in any date."""
        found: set[str] = set()
        for entry in self.entries:
            try:
                found |= {str(value) for value in _scalars(json.loads(entry.body))}
            except ValueError:
                continue
        return found

    def writes(self, path: str) -> list[dict[str, Any]]:
        """The JSON bodies of requests whose path ends so, in order."""
        return [json.loads(e.body) for e in self.entries if e.path.endswith(path)]

    def answered(self, status: int) -> bool:
        """Whether some request was answered with this status."""
        return any(entry.status == status for entry in self.entries)


def _is_listening(entry: Entry) -> bool:
    asked = f"{entry.path} {dict(entry.headers).get('soapaction', '')}"
    return any(word in asked for word in _LISTENING)


def spellings(text: str) -> set[bytes]:
    """*text* as the wire formats of the partners would spell it: UTF-8, ISO-8859-15, JSON and XML escapes."""
    escaped = html.escape(text, quote=False)
    found = {
        text.encode(),
        escaped.encode(),
        json.dumps(text)[1:-1].encode(),
        escaped.encode("ascii", "xmlcharrefreplace"),
        escaped.encode(PARTNER_CHARSET, "xmlcharrefreplace"),
    }
    with contextlib.suppress(UnicodeEncodeError):
        found.add(text.encode(PARTNER_CHARSET))
    return found


def _scalars(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for inner in cast("dict[str, Any]", value).values():
            yield from _scalars(inner)
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from _scalars(inner)
    else:
        yield value
