"""The small contract between the engine and a partner system (design.md 6)."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from tyokyky_bridge.adapterkit.errors import LicenceExpired

Native = dict[str, Any]
"""A partner's record in its own field names: JSON-like, whatever the wire format is. Unknown fields are kept."""


@dataclass(frozen=True)
class Marked:
    """A record that carries the hub's own mark, as a search shows it: *reference* is that mark, never content."""

    record_id: str
    reference: str
    version: str | None = None


@dataclass(frozen=True)
class Found:
    """Where a client lives in the partner system: their person id, and their plan record if one exists.

    *marked* are the client's records that carry the hub's own mark, where the search shows that anyway (manifest:
    ``finds_others``); the found one may be among them. They are neither read nor written.
    """

    person_id: str
    record_id: str | None
    marked: tuple[Marked, ...] = ()


@dataclass(frozen=True)
class Standing:
    """A partner's record as it stands: *content* to put the lens into, *version* to write against.

    *record_id* and *version* are ``None`` for a record that does not exist yet; *content* is then the partner's
    empty form, ready to be filled in.
    """

    content: Native
    record_id: str | None = None
    version: str | None = None


@dataclass(frozen=True)
class Licence:
    """Permission to start sending one decided body: no request that carries items may start after *send_before_s*.

    Monotonic seconds. The engine hands one out after the decision is committed; the HTTP client checks it right
    before the first byte (sync.md 8.13).
    """

    decision_id: str
    send_before_s: float

    def check(self) -> None:
        """Raise `LicenceExpired` when the moment has passed."""
        if time.monotonic() > self.send_before_s:
            raise LicenceExpired


@dataclass(frozen=True)
class Written:
    """A write that the partner acknowledged: the record, its new version, and notes the partner made (codes only)."""

    record_id: str
    version: str | None
    notes: tuple[str, ...] = ()


HintKind = Literal["changed", "gone", "identity", "merged"]


@dataclass(frozen=True)
class Hint:
    """A partner's word that something happened to a record: never content, only where to look.

    *kind*: the record ``changed`` or is ``gone``; the person's ``identity`` number changed; or the person was
    ``merged`` into another (*merged_into*), so that what was kept under *person_id* is elsewhere now. At least one of
    *person_id* and *record_id* is there. *version* is opaque, at most 256 characters, and serves to tell one hint from
    the next and, by `Adapter.matches`, news from what is known. *reference* is the hub's own mark, where the log shows
    that the hub made this change.
    """

    kind: HintKind
    person_id: str | None = None
    record_id: str | None = None
    version: str | None = None
    merged_into: str | None = None
    reference: str | None = None


@dataclass(frozen=True)
class Changes:
    """A page of hints, and the *cursor* to go on from. *more*: the next page is there already.

    *lost*: the partner no longer knows the cursor that was given, so that hints are missing and every record has to
    be looked at; *cursor* is then a fresh one.
    """

    hints: tuple[Hint, ...]
    cursor: str
    more: bool = False
    lost: bool = False


@dataclass(frozen=True)
class Notice:
    """One message that a partner pushed to the hub, its origin proved. *event_id* is the same when it is repeated."""

    event_id: str
    hints: tuple[Hint, ...]


@dataclass(frozen=True)
class Health:
    """One partner's answer to "are you there": never raises, *detail* holds codes only."""

    ok: bool
    detail: str = ""
    milliseconds: float | None = None


@dataclass(frozen=True)
class SystemConfig:
    """One installed system: where it is and how we log in. *options* are the adapter's own settings."""

    id: str
    base_url: str
    options: Mapping[str, str] = field(default_factory=dict[str, str])


class Adapter(Protocol):
    """One partner system behind its adapter. Every call has a total deadline and raises only `PartnerError`s."""

    async def find(self, hetu: str) -> Found:
        """Find the person and the plan record.

        Raises: NotThere (person unknown), AmbiguousIdentity, TryLater, Blocked.
        """
        ...

    async def fetch(self, found: Found) -> Standing:
        """Fetch the plan record with its version token; the empty form when there is none yet."""
        ...

    async def write(
        self, found: Found, content: Native, *, standing: Standing, key: str, licence: Licence
    ) -> Written:
        """Write *content* against the version of *standing*, effectively once per *key*.

        A partner that takes a record in several requests may have taken some of them when this raises; calling again
        after a fresh `fetch` completes the rest without doing any twice.

        Raises: ChangedUnderneath, Refused, TryLater, Blocked, OutcomeUnknown, LicenceExpired.
        """
        ...

    async def retract(
        self, found: Found, *, standing: Standing, key: str, licence: Licence
    ) -> Literal["voided", "retained"]:
        """Take back a whole record that the hub created: ``voided`` where the partner can, else ``retained``."""
        ...

    async def changes(self, cursor: str | None) -> Changes:
        """Ask what changed since *cursor*; ``None`` begins at the present moment. Hints may repeat; own writes show.

        The cursor that is given back lies far enough behind the newest hint that a late commit or a clock that goes
        wrong on their side loses nothing: how far, only the adapter can tell.

        A partner that only pushes (manifest ``feed = "push"``) answers an empty page. Raises: TryLater, Blocked.
        """
        ...

    def read_notice(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Notice:
        """Prove and read a message that the partner pushed. *headers* have lower-case names.

        Raises: NotAuthentic (signature wrong, or older or newer than the replay window), Unreadable.
        """
        ...

    def matches(self, version: str, told: str) -> bool:
        """Whether a record at *version* is beyond doubt what a hint with the version *told* speaks of. Asks nobody.

        Then the hint is the partner's word of what the hub wrote or read itself, and nobody looks. It is asked for
        ``changed`` hints about this record, or about its person where they name no record. The answer is no whenever
        the hint may speak of anything else: an earlier change counts as one, because a partner that was set back to a
        backup gives out the same numbers again.
        """
        ...

    async def number_of(self, person_id: str) -> str | None:
        """The identity number that a person has at the partner now; ``None`` where the partner does not tell."""
        ...

    async def health(self) -> Health:
        """Ask whether the partner answers, without touching any record."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...
