"""Dated legal bases: the law as rows of data, so that a change of law is a change of a file and not of code.

A row says from when to when one provision lets one kind of party give named categories to another, and why.
Nothing here is legal advice: every row carries who has reviewed it, and a row nobody has reviewed says so.
Source: domain report 6.2, 6.3; docs/legal-basis.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tyokyky_bridge.domain.calendar import within
from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.directory_document import problems_of
from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.domain.parties import (
    JOINT_CHANNEL,
    Party,
    PartyId,
    Purpose,
    Register,
)


class StatutoryKind(StrEnum):
    """Which of the two statutory rows of the decision table a basis feeds."""

    TYP = "STATUTORY_TYP"
    OTHER = "STATUTORY_OTHER"


class ReviewStatus(StrEnum):
    """How far a row can be trusted: *proposed* rows are shown and never permit anything."""

    REVIEWED = "reviewed"
    DRAFT = "draft"
    PROPOSED = "proposed"


class LegalBasesRefused(BridgeError):
    """A file of legal bases that cannot be used; *problems* name each row and field."""

    code = "legal-basis/refused"

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


@dataclass(frozen=True)
class Side:
    """Who may stand on one side of a basis: any party of these registers, or exactly these parties."""

    registers: frozenset[Register] = frozenset()
    parties: frozenset[PartyId] = frozenset()

    def has(self, party: Party) -> bool:
        """Say whether *party* stands on this side."""
        return party.register in self.registers or party.id in self.parties


@dataclass(frozen=True)
class LegalBasis:
    """One dated row. *regime* is the list it belongs to; *channel* ``None`` means any channel."""

    basis_id: str
    kind: StatutoryKind
    regime: str
    law: str
    categories: frozenset[Category]
    purpose: Purpose
    disclosers: Side
    recipients: Side
    status: ReviewStatus
    channel: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    needs_necessity_mark: bool = False
    needs_typ_customership: bool = False
    reviewed_by: str | None = None
    reviewed_on: date | None = None
    note: str = ""


class LegalBases:
    """Every row, and which of them count on a given day."""

    __slots__ = ("_on", "rows", "version")

    def __init__(self, rows: Iterable[LegalBasis], *, version: str = "unversioned") -> None:
        self.rows = tuple(rows)
        self.version = version
        self._on = lru_cache(maxsize=64)(self._rows_on)

    def in_force(self, kind: StatutoryKind, on: date) -> tuple[LegalBasis, ...]:
        """List the rows of *kind* that count on that day; proposed rows never do."""
        return self._on(kind, on)

    def unreviewed(self, on: date) -> tuple[LegalBasis, ...]:
        """List the rows that count on that day although no lawyer has reviewed them."""
        return tuple(
            row for kind in StatutoryKind for row in self._on(kind, on) if row.status is ReviewStatus.DRAFT
        )

    def _rows_on(self, kind: StatutoryKind, on: date) -> tuple[LegalBasis, ...]:
        return tuple(
            row
            for row in self.rows
            if row.kind is kind
            and row.status is not ReviewStatus.PROPOSED
            and within(on, row.valid_from, row.valid_to)
        )


class _SideRow(BaseModel):
    model_config = ConfigDict(extra="forbid")

    registers: frozenset[Register] = frozenset()
    parties: frozenset[str] = frozenset()

    @model_validator(mode="after")
    def _somebody(self) -> "_SideRow":
        if not self.registers and not self.parties:
            msg = "names neither a register nor a party"
            raise ValueError(msg)
        return self


class _Conditions(BaseModel):
    model_config = ConfigDict(extra="forbid")

    necessity_mark: bool = False
    typ_customership: bool = False


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")

    basis_id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    kind: StatutoryKind
    regime: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")] | None = None
    law: Annotated[str, Field(min_length=1)]
    valid_from: date
    valid_to: date | None = None
    disclosers: _SideRow
    recipients: _SideRow
    categories: Annotated[frozenset[Category], Field(min_length=1)]
    purpose: Purpose
    channel: str | None = None
    conditions: _Conditions = _Conditions()
    status: ReviewStatus
    reviewed_by: str | None = None
    reviewed_on: date | None = None
    note: str = ""

    @model_validator(mode="after")
    def _sound(self) -> "_Row":
        faults: list[str] = []
        if self.valid_to is not None and self.valid_to < self.valid_from:
            faults.append("valid_to is before valid_from")
        if self.kind is StatutoryKind.TYP:
            if self.purpose is not Purpose.TYP:
                faults.append("purpose of a TYP row must be typ")
            if self.channel != JOINT_CHANNEL:
                faults.append(f"channel of a TYP row must be {JOINT_CHANNEL}")
            if not self.conditions.typ_customership:
                faults.append("conditions.typ_customership of a TYP row must be true")
        named = bool(self.reviewed_by) and self.reviewed_on is not None
        if self.status is ReviewStatus.REVIEWED and not named:
            faults.append("status reviewed needs reviewed_by and reviewed_on")
        if faults:
            raise ValueError("; ".join(faults))
        return self


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: str
    rows: list[_Row]


def load_legal_bases(document: Mapping[str, Any]) -> LegalBases:
    """Make the legal bases of a plain document (from YAML): ``{version, rows: [...]}``.

    Raises:
        LegalBasesRefused: naming every row and field that is wrong; nothing is loaded then.
    """
    try:
        read = _Document.model_validate(document)
    except ValidationError as error:
        raise LegalBasesRefused(problems_of(error, document, "basis_id")) from None
    ids = [row.basis_id for row in read.rows]
    twice = sorted({id_ for id_ in ids if ids.count(id_) > 1})
    if twice:
        raise LegalBasesRefused(f"rows {id_}: basis_id: stands twice" for id_ in twice)
    return LegalBases((_basis(row) for row in read.rows), version=read.version)


def _basis(row: _Row) -> LegalBasis:
    return LegalBasis(
        basis_id=row.basis_id,
        kind=row.kind,
        regime=row.regime or row.basis_id,
        law=row.law,
        categories=row.categories,
        purpose=row.purpose,
        disclosers=Side(row.disclosers.registers, row.disclosers.parties),
        recipients=Side(row.recipients.registers, row.recipients.parties),
        status=row.status,
        channel=row.channel,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        needs_necessity_mark=row.conditions.necessity_mark,
        needs_typ_customership=row.conditions.typ_customership,
        reviewed_by=row.reviewed_by,
        reviewed_on=row.reviewed_on,
        note=row.note,
    )


NO_LEGAL_BASES: LegalBases = LegalBases((), version="none")
"""No statute at all: only the same register and the client's consent open anything."""
