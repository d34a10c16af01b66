"""What TYPPI's problem documents mean to the engine."""

import re

import httpx
from pydantic import ValidationError

from tyokyky_adapter_typpi.records import Problem
from tyokyky_bridge.adapterkit.errors import (
    AmbiguousIdentity,
    Blocked,
    ChangedUnderneath,
    NotThere,
    Refusal,
    Refused,
)
from tyokyky_bridge.adapterkit.http import raise_for_outage

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_FIELD = re.compile(r"[\w.\[\]-]{1,200}")
_CURSOR_UNKNOWN = "jatko-virheellinen"
_OURS_TO_KEEP_OUT = frozenset({"vain-luku", "osio-ei-oma"})


def raise_for_problem(response: httpx.Response, *, wrote: bool) -> None:
    """Raise what a refusal means; return for 2xx.

    A problem document is somebody else's text: only members that look like codes and field names go into
    the error, and every one of them may be missing.

    Raises:
        NotThere: unknown (or no longer readable) client or plan, or a person without a TYP customership.
        AmbiguousIdentity: several clients.
        ChangedUnderneath: a stale section, or a plan opened by somebody meanwhile.
        Blocked: our login or our rights as a system.
        Refused: anything else that asking again will not change.
        TryLater, OutcomeUnknown: see `raise_for_outage`.
    """
    if response.is_success:
        return
    raise_for_outage(response, wrote=wrote)
    problem = _read(response)
    code = problem.code if _CODE.fullmatch(problem.code) else f"http-{response.status_code}"
    match response.status_code, code:
        case (401, _):
            raise Blocked(code)
        case (403, _) if code not in _OURS_TO_KEEP_OUT:
            raise Blocked(code)
        case (404 | 410, _) | (409, "ei-typ-asiakkuutta"):
            raise NotThere(code)
        case (409, "useita-asiakkaita"):
            raise AmbiguousIdentity(problem.osumia or 2)
        case (409 | 412, _):
            raise ChangedUnderneath(code)
        case _:
            raise Refused((Refusal(code, _field(problem), _plain(problem.saanto) or ""),))


def cursor_is_lost(response: httpx.Response) -> bool:
    """Whether TYPPI says that a cursor of the change feed has expired (410), or was never one of its own."""
    if response.status_code == 400:
        return _read(response).code == _CURSOR_UNKNOWN
    return response.status_code == 410


def _read(response: httpx.Response) -> Problem:
    try:
        return Problem.model_validate_json(response.content)
    except ValidationError:
        return Problem()


def _field(problem: Problem) -> str | None:
    """The native path in the mapping's own grammar."""
    section, inside = _plain(problem.osio), _plain(problem.kentta)
    if section is None:
        return inside
    return f"osiot[osio={section}].tiedot" + (f".{inside}" if inside else "")


def _plain(value: str | None) -> str | None:
    return value if value is not None and _FIELD.fullmatch(value) else None
