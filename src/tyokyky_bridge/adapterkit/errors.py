"""What an adapter may raise, named by what the engine has to do next (design.md 6)."""

from dataclasses import dataclass
from datetime import timedelta


class PartnerError(Exception):
    """Anything a partner system made impossible. Messages hold codes and counts, never personal data."""

    code = "partner/error"


class TryLater(PartnerError):
    """The partner cannot answer now: retry after *after*, or by the engine's own backoff when it is ``None``.

    *record_only*: just this record is not free (a user has it open), so that all others can go on. *throttled*: it had
    too many requests of ours; all workers then slow down together.
    """

    code = "partner/try-later"

    def __init__(
        self,
        reason: str,
        *,
        after: timedelta | None = None,
        record_only: bool = False,
        throttled: bool = False,
    ) -> None:
        self.reason = reason
        self.after = after
        self.record_only = record_only
        self.throttled = throttled
        super().__init__(reason)


class ChangedUnderneath(PartnerError):
    """The record moved on since it was fetched: fetch again, decide again, write again."""

    code = "partner/changed-underneath"

    def __init__(self, native_code: str) -> None:
        self.native_code = native_code
        super().__init__(f"the record changed after it was read ({native_code})")


@dataclass(frozen=True)
class Refusal:
    """One reason of a partner for not taking a write: its own code, and the native field when it names one."""

    native_code: str
    field: str | None = None
    rule: str = ""


class Refused(PartnerError):
    """The partner will not take this content, now or later: park the link with the reasons."""

    code = "partner/refused"

    def __init__(self, reasons: tuple[Refusal, ...]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(f"{r.native_code} {r.field or ''} {r.rule}".strip() for r in reasons))


class NotThere(PartnerError):
    """The partner does not know this person (or this record): nothing can be written there."""

    code = "partner/not-there"


class AmbiguousIdentity(PartnerError):
    """The partner cannot tell which person is meant: nothing is exchanged until a person decides."""

    code = "partner/ambiguous-identity"

    def __init__(self, hits: int) -> None:
        self.hits = hits
        super().__init__(f"the identity number fits {hits} persons, or one whose century sign is unknown")


class Blocked(PartnerError):
    """Credentials or allow-lists keep us out: stop the whole system and raise an alarm, burn no link."""

    code = "partner/blocked"

    def __init__(self, native_code: str) -> None:
        self.native_code = native_code
        super().__init__(f"the partner refuses our credentials ({native_code})")


class OutcomeUnknown(PartnerError):
    """The request may or may not have taken effect (cut after the first byte): read before writing again."""

    code = "partner/outcome-unknown"


class LicenceExpired(PartnerError):
    """The decision that permitted this write is too old: nothing was sent, decide again."""

    code = "partner/licence-expired"


class NotAuthentic(PartnerError):
    """A pushed message that does not prove who sent it, or when: nothing of it is used."""

    code = "partner/not-authentic"

    def __init__(self, rule: str) -> None:
        self.rule = rule
        super().__init__(f"the message is not authentic: {rule}")


class Unreadable(PartnerError):
    """A pushed message, authentic, that says nothing we know: it is kept away, and the partner told so."""

    code = "partner/unreadable"

    def __init__(self, rule: str) -> None:
        self.rule = rule
        super().__init__(f"the message cannot be read: {rule}")
