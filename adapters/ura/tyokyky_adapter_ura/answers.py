"""What Ura's answers mean to the engine: gateway statuses, envelopes and error numbers as `PartnerError`s."""

from typing import Annotated, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, Field

from tyokyky_adapter_ura.records import Vastaus
from tyokyky_bridge.adapterkit.contract import Native
from tyokyky_bridge.adapterkit.errors import (
    Blocked,
    ChangedUnderneath,
    NotThere,
    OutcomeUnknown,
    PartnerError,
    Refusal,
    Refused,
    TryLater,
)
from tyokyky_bridge.adapterkit.http import json_object, raise_for_outage

_STALE = 42
_KEEPS_US_OUT = {17, 18}
_UNKNOWN = {11, 12}

_Number = Annotated[str, Field(min_length=1)]
_Data = TypeVar("_Data", bound=BaseModel)


class _Told(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class Hit(_Told):
    """A person row of ``asiakas/hae``."""

    asiakasnro: _Number
    suunnitelmanro: _Number | None = None


class Hits(_Told):
    """The data of ``asiakas/hae``."""

    asiakkaat: list[Hit]


class Plan(_Told):
    """The plan's row."""

    suunnitelmanro: _Number


class Whole(_Told):
    """The data of ``suunnitelma/hae``."""

    asiakas: Native
    suunnitelma: Plan | None = None
    palautteet: list[Native]
    palautteet_muutosnumero: int | None = None


class Saved(_Told):
    """The receipt of a save: the row's change number since."""

    muutosnumero: int


class SavedPlan(Saved):
    """The receipt of a plan."""

    suunnitelmanro: _Number


def raise_for_gateway(answer: httpx.Response, *, wrote: bool) -> None:
    """Raise for everything but HTTP 200."""
    raise_for_outage(answer, wrote=wrote)
    if answer.status_code in {401, 403}:
        msg = f"http-{answer.status_code}"
        raise Blocked(msg)
    if answer.status_code != 200:
        raise Refused((Refusal(f"http-{answer.status_code}"),))


def data_of(answer: httpx.Response, shape: type[_Data], *, wrote: bool) -> _Data:
    """The ``data`` of a good answer. Raises what the envelope, or its being broken, means."""
    raise_for_gateway(answer, wrote=wrote)
    try:
        envelope = Vastaus.model_validate(json_object(answer, wrote=wrote))
        if envelope.paluukoodi in {"0", "H"}:
            return shape.model_validate(envelope.data)
    except ValueError:
        raise unreadable(wrote=wrote) from None
    raise _error_of(envelope) if envelope.paluukoodi == "E" else unreadable(wrote=wrote)


def unreadable(*, wrote: bool) -> PartnerError:
    """The answer is not what it should be: after a write nobody knows what became of it."""
    return OutcomeUnknown("malformed-envelope") if wrote else TryLater("malformed-envelope")


def _error_of(envelope: Vastaus) -> PartnerError:
    """Translate ``paluukoodi`` E. Ura's own wording is left out: it may repeat what was sent."""
    numbers = {error.nro for error in envelope.virheet}
    if numbers & _KEEPS_US_OUT:
        return Blocked(f"ura-{min(numbers & _KEEPS_US_OUT)}")
    if _STALE in numbers:
        return ChangedUnderneath(f"ura-{_STALE}")
    if numbers & _UNKNOWN:
        return NotThere(f"ura-{min(numbers & _UNKNOWN)}")
    return Refused(
        tuple(Refusal(f"ura-{error.nro}", error.kentta, error.merkki or "") for error in envelope.virheet)
        or (Refusal("ura-E"),)
    )
