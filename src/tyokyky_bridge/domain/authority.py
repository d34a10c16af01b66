"""Whose word stands when a partner's record and the plan differ, for every field and every register.

Derived from the Auth. column of the data dictionary, so there is no second table to keep in step. The answer is for
a *change that comes in*; who may see a field is another question, answered by the decision table.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from tyokyky_bridge.domain.items import FIELDS
from tyokyky_bridge.domain.parties import Register

__all__ = ["AUTHORITY_VERSION", "REGISTER_OF", "SET_BY_HUB", "Authority", "authority_for", "authority_of"]


class Authority(StrEnum):
    """Who wins a field between the hub and one partner."""

    HUB = "hub"
    """The partner's edit is rejected, and what stands in the plan is written back."""
    REMOTE = "remote"
    """The partner's edit is taken, even over ours."""
    SHARED = "shared"
    """Either may write; when both have written, a person decides."""


REGISTER_OF: Final[Mapping[str, Register]] = MappingProxyType(
    {
        "H": Register.HEALTH,
        "S": Register.SOCIAL,
        "E": Register.EMPLOYMENT,
        "K": Register.KELA,
        "P": Register.PENSION,
    }
)
"""The register that a letter of the Auth. column stands for. C, V, B and R stand for none."""

SET_BY_HUB: Final = frozenset(
    {
        "header.plan_id",
        "header.case_id",
        "header.plan_version",
        "header.created_at",
        "header.updated_at",
        "client.client_id",
    }
)
"""Fields that only the hub writes. A caller may send back what it read there, and nothing else."""

COORDINATORS: Final = frozenset({"follow_up.next_on"})
"""Fields of the bridge (B) that the coordinator keeps on its behalf: whoever coordinates says when to meet again.

The rest of the follow-up is R: a party that has met the client records it, coordinator or not, so an edit there is
never thrown away. Source: domain report, scenario 12.
"""

_JOINT: Final = frozenset("HSEK")
"""The joint register is kept by the county, the employment authority and Kela: the word of each is its own."""


def authority_of(pattern: str, register: Register, *, coordinates: bool = False) -> Authority:
    """
    Whose word stands on a field between the hub and a system in *register*; total over the schema.

    The first rule that fits:

    1. What the hub alone sets, and every personal identity code: hub.
    2. A field the coordinator keeps: remote for the coordinator's own system, hub for any other.
    3. The client's words (C) and what anybody may record (R): shared.
    4. The register is the only one named: remote. It is named among others: shared.
    5. Else, that is only other registers, the population register (V) or the bridge (B): hub.

    The joint register (TYP) is several authorities' at once, so all of H, S, E and K are its own, and never alone:
    shared.

    Args:
        pattern: A pattern of the schema, such as ``goals[].text_client``.
        register: The register of the party that has the system.
        coordinates: Whether that party is the plan's coordinator now.

    Raises:
        KeyError: the schema has no such pattern.
    """
    letters = FIELDS[pattern].authority
    if pattern in SET_BY_HUB or pattern.startswith("client.hetu[]"):
        return Authority.HUB
    if pattern in COORDINATORS:
        return Authority.REMOTE if coordinates else Authority.HUB
    return _by_letters(letters, register)


@lru_cache(maxsize=1024)
def _by_letters(letters: tuple[str, ...], register: Register) -> Authority:
    if "C" in letters or "R" in letters:
        return Authority.SHARED
    if register is Register.TYP:
        return Authority.SHARED if _JOINT.intersection(letters) else Authority.HUB
    named = [REGISTER_OF.get(letter) for letter in letters]
    if register not in named:
        return Authority.HUB
    return Authority.REMOTE if len(named) == 1 else Authority.SHARED


def authority_for(register: Register, *, coordinates: bool = False) -> Callable[[str], Authority]:
    """`authority_of` for one partner, as the merge takes it: from a pattern to the answer."""
    return lambda pattern: authority_of(pattern, register, coordinates=coordinates)


def _digest() -> str:
    rows = (
        f"{pattern} {' '.join(authority_of(pattern, r, coordinates=c) for r in Register for c in (False, True))}"
        for pattern in FIELDS
    )
    return sha256("\n".join(rows).encode()).hexdigest()[:12]


AUTHORITY_VERSION: Final = _digest()
"""Names this very table of answers: a changed rule or Auth. column changes it. Stands in intake decisions."""
