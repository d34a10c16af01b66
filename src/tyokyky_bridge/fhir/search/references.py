"""References as they are compared: by type and id when they are of this server, however they are written."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, cast

ID: Final = r"[A-Za-z0-9\-.]{1,64}"
_ID: Final = re.compile(ID)
_LOCAL: Final = re.compile(rf"([A-Z][A-Za-z]{{1,63}})/({ID})(?:/_history/({ID}))?")
_ABSOLUTE: Final = re.compile(r"[a-z][a-z0-9+.-]*:\S+", re.IGNORECASE)


@dataclass(frozen=True)
class Target:
    """
    What a reference points at.

    *id* alone is a resource of any type; *url* is one that is not of this server. *version* is set when one version of
    it is meant.
    """

    type: str | None = None
    id: str | None = None
    version: str | None = None
    url: str | None = None

    @property
    def key(self) -> tuple[str, str] | None:
        """Type and id of a resource of this server; ``None`` when it is not certain that it is one."""
        return (self.type, self.id) if self.type is not None and self.id is not None else None

    def covers(self, other: "Target") -> bool:
        """Whether a search for this one finds a reference to *other*."""
        if self.url is not None:
            return self.url == other.url
        return (
            self.id == other.id
            and self.type in (None, other.type)
            and (self.version in (None, other.version))
        )


@lru_cache(maxsize=8192)
def target_of(text: str, *, base: str) -> Target | None:
    """
    What *text* points at; ``None`` when it is no reference, or points inside the resource that holds it.

    Args:
        text: ``Type/id``, ``Type/id/_history/version``, or an absolute URL or URN.
        base: Root of this server; an absolute URL below it is the same as what follows it.
    """
    root = base.rstrip("/")
    inner = text[len(root) + 1 :] if root and text.startswith(f"{root}/") else text
    local = _LOCAL.fullmatch(inner)
    if local is not None:
        return Target(type=local[1], id=local[2], version=local[3])
    return Target(url=text) if _ABSOLUTE.fullmatch(text) else None


def asked_target(text: str, *, base: str) -> Target | None:
    """As `target_of`, for a search: there an id alone will do."""
    return Target(id=text) if _ID.fullmatch(text) else target_of(text, base=base)


def target_in(value: Any, *, base: str) -> Target | None:
    """What a Reference element points at."""
    if not isinstance(value, dict):
        return None
    said = cast("dict[str, Any]", value).get("reference")
    return target_of(said, base=base) if isinstance(said, str) else None


def is_to(value: Any, type_: str, *, base: str) -> bool:
    """Whether a Reference element points at a *type_*, by what it says itself."""
    target = target_in(value, base=base)
    if target is not None and target.type is not None:
        return target.type == type_
    if not isinstance(value, dict):
        return False
    element = cast("dict[str, Any]", value)
    foreign = target is not None and target.url is not None and f"/{type_}/" in target.url
    return foreign or element.get("type") == type_
