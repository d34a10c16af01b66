"""Reading a directory from a plain document, with faults named by row and field."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from tyokyky_bridge.domain.parties import Directory, DirectoryRefused, Party, Purpose, Register, System
from tyokyky_bridge.domain.y_tunnus import InvalidYTunnus, parse_y_tunnus


def _business_id(value: str) -> str:
    try:
        return parse_y_tunnus(value)
    except InvalidYTunnus as fault:
        msg = f"is not a valid Y-tunnus ({fault.rule})"
        raise ValueError(msg) from None


_Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]


class _Dated(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    valid_from: date | None = None
    valid_to: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "_Dated":
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            msg = "valid_to is before valid_from"
            raise ValueError(msg)
        return self


class _PartyRow(_Dated):
    id: _Id
    name: Annotated[str, Field(min_length=1, max_length=200)]
    controller: Annotated[str, AfterValidator(_business_id)]
    keeps: Annotated[Register, Field(alias="register")]
    typ_party: bool = False


class _SystemRow(_Dated):
    id: _Id
    adapter: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    party: _Id
    channel: _Id | None = None
    purpose: Purpose = Purpose.WORK_ABILITY_SUPPORT
    base_url: Annotated[str, Field(pattern=r"^https?://")]
    options: dict[str, str] = {}


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")

    parties: list[_PartyRow]
    systems: list[_SystemRow] = []


def load_directory(document: Mapping[str, Any]) -> Directory:
    """Make a directory of a plain document (from YAML or TOML): ``{parties: [...], systems: [...]}``.

    A system without a channel has its own id as its channel.

    Raises:
        DirectoryRefused: naming every row and field that is wrong.
    """
    try:
        read = _Document.model_validate(document)
    except ValidationError as error:
        raise DirectoryRefused(problems_of(error, document)) from None
    parties = (
        Party(
            id=row.id,
            name=row.name,
            controller=row.controller,
            register=row.keeps,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            typ_party=row.typ_party,
        )
        for row in read.parties
    )
    systems = (
        System(
            id=row.id,
            adapter=row.adapter,
            party=row.party,
            channel=row.channel or row.id,
            purpose=row.purpose,
            base_url=row.base_url,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            options=MappingProxyType(dict(row.options)),
        )
        for row in read.systems
    )
    return Directory(parties, systems)


def problems_of(error: ValidationError, document: Mapping[str, Any], id_field: str = "id") -> list[str]:
    """Tell a document's faults as ``list row id: field: rule``, echoing no value but the row's own id."""
    problems: list[str] = []
    for fault in error.errors(include_input=False, include_url=False):
        loc = fault["loc"]
        row = ""
        if len(loc) > 1 and isinstance(loc[1], int):
            try:
                row = f" {document[str(loc[0])][loc[1]][id_field]}"
            except (KeyError, IndexError, TypeError):
                row = ""
            row = f" row {loc[1] + 1}{row}"
            loc = (loc[0], *loc[2:])
        fields = ".".join(str(part) for part in loc[1:])
        problems.append(
            f"{loc[0] if loc else 'document'}{row}{': ' + fields if fields else ''}: {fault['msg']}"
        )
    return problems
