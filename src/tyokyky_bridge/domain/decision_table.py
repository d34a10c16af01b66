"""The ten rows that decide whether an item may be disclosed, as data.

The rows are disjoint and cover all 256 combinations of the eight conditions. Source: domain report 6.6.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from types import MappingProxyType
from typing import Final, NamedTuple


class Outcome(StrEnum):
    """What becomes of an item. REVIEW lets nothing through until a named person has decided."""

    PERMIT = "PERMIT"
    DENY = "DENY"
    REVIEW = "REVIEW"


class BasisKind(StrEnum):
    """The six grounds on which an item may leave. Source: domain report 6.5."""

    SAME_REGISTER = "SAME_REGISTER"
    STATUTORY_OTHER = "STATUTORY_OTHER"
    STATUTORY_TYP = "STATUTORY_TYP"
    CONSENT_Y100 = "CONSENT_Y100"
    KANTA_LUOVUTUSLUPA = "KANTA_LUOVUTUSLUPA"
    CONSENT_ORAL_ONCE = "CONSENT_ORAL_ONCE"


class Reason(StrEnum):
    """Why a ground did not carry. A refusal lists all that apply; each has a sentence in `explanations`."""

    IDENTITY = "IDENTITY"
    DISCLOSER_UNKNOWN = "DISCLOSER_UNKNOWN"
    OTHER_REGISTER = "OTHER_REGISTER"
    NO_STATUTE = "NO_STATUTE"
    TYP_CUSTOMERSHIP = "TYP_CUSTOMERSHIP"
    TYP_PARTIES = "TYP_PARTIES"
    TYP_CHANNEL = "TYP_CHANNEL"
    TYP_PURPOSE = "TYP_PURPOSE"
    TYP_LABELS = "TYP_LABELS"
    TYP_MARK = "TYP_MARK"
    CLIENT_RESTRICTION = "CLIENT_RESTRICTION"
    NOT_IN_NETWORK = "NOT_IN_NETWORK"
    CONSENT_NONE = "CONSENT_NONE"
    CONSENT_DIRECTION = "CONSENT_DIRECTION"
    CONSENT_PURPOSE = "CONSENT_PURPOSE"
    CONSENT_PERIOD = "CONSENT_PERIOD"
    CONSENT_SERVICE = "CONSENT_SERVICE"
    CONSENT_DATA_FROM = "CONSENT_DATA_FROM"
    CONSENT_CATEGORY = "CONSENT_CATEGORY"
    ORAL_NONE = "ORAL_NONE"
    ORAL_USED = "ORAL_USED"


@dataclass(frozen=True)
class Basis:
    """The one ground of a permit: a register, a list of law, or a form. *parts* are its rows or grants."""

    kind: BasisKind
    id: str
    parts: tuple[str, ...] = ()
    draft: bool = False
    """The ground is a provision whose row no lawyer has reviewed."""


class Conditions(NamedTuple):
    """The eight yes-or-no questions, in the order of the table's columns. All are answered, always."""

    identity_resolved: bool
    same_register: bool
    statutory_other: bool
    typ_basis: bool
    client_restriction: bool
    in_network: bool
    written_consent: bool
    oral_once: bool


Answers = tuple[
    bool | None, bool | None, bool | None, bool | None, bool | None, bool | None, bool | None, bool | None
]


@dataclass(frozen=True)
class Row:
    """One row: the answers it asks for (``None``: any), and what it gives. *code* is a reason or a kind of
    basis.
    """

    number: int
    answers: Answers
    outcome: Outcome
    code: str

    def fits(self, conditions: Conditions) -> bool:
        """Say whether the row asks for exactly these answers."""
        return all(
            wanted is None or wanted is given for wanted, given in zip(self.answers, conditions, strict=True)
        )


# fmt: off
Y, N, ANY = True, False, None
ROWS: Final[tuple[Row, ...]] = (
    #        identity same  other  TYP   restr. netw. written oral
    Row(1,  (N,     ANY,  ANY,   ANY,  ANY,   ANY,  ANY,    ANY), Outcome.DENY,   "IDENTITY"),
    Row(2,  (Y,     Y,    ANY,   ANY,  ANY,   ANY,  ANY,    ANY), Outcome.PERMIT, "SAME_REGISTER"),
    Row(3,  (Y,     N,    Y,     ANY,  ANY,   ANY,  ANY,    ANY), Outcome.PERMIT, "STATUTORY_OTHER"),
    Row(4,  (Y,     N,    N,     Y,    N,     ANY,  ANY,    ANY), Outcome.PERMIT, "STATUTORY_TYP"),
    Row(5,  (Y,     N,    N,     Y,    Y,     ANY,  ANY,    ANY), Outcome.REVIEW, "TYP_OBJECTION"),
    Row(6,  (Y,     N,    N,     N,    Y,     ANY,  ANY,    ANY), Outcome.DENY,   "CLIENT_RESTRICTION"),
    Row(7,  (Y,     N,    N,     N,    N,     N,    ANY,    ANY), Outcome.DENY,   "NOT_IN_NETWORK"),
    Row(8,  (Y,     N,    N,     N,    N,     Y,    Y,      ANY), Outcome.PERMIT, "CONSENT_Y100"),
    Row(9,  (Y,     N,    N,     N,    N,     Y,    N,      Y),   Outcome.PERMIT, "CONSENT_ORAL_ONCE"),
    Row(10, (Y,     N,    N,     N,    N,     Y,    N,      N),   Outcome.DENY,   "NO_BASIS"),
)
# fmt: on


def _cover() -> Mapping[Conditions, Row]:
    table: dict[Conditions, Row] = {}
    for answers in product((True, False), repeat=len(Conditions._fields)):
        conditions = Conditions(*answers)
        fitting = [row for row in ROWS if row.fits(conditions)]
        if len(fitting) != 1:
            msg = f"{len(fitting)} rows of the decision table fit {conditions}"
            raise AssertionError(msg)
        table[conditions] = fitting[0]
    return MappingProxyType(table)


_TABLE: Final = _cover()


def outcome_of(conditions: Conditions) -> Row:
    """Give the one row that fits."""
    return _TABLE[conditions]
