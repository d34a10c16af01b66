"""What an operation was asked: parameters from a query or a Parameters body, read one way.

Nothing is passed over in silence: a parameter that the operation does not take is refused by its name.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal, cast

from tyokyky_bridge.fhir.conformance.operation import Operation, Taken
from tyokyky_bridge.fhir.wire.issues import Document, Invalid, Issue

_IN_A_QUERY: Final = frozenset({"code", "uri", "string", "boolean", "integer", "instant"})
_WHOLE_NUMBER_CHARS: Final = 9


class Unusable(Invalid):
    """An operation cannot be run with these parameters."""

    code = "fhir/query"


class NoSuchDefinition(Invalid):
    """A code system, value set, map or code that this server does not know."""

    code = "fhir/not-found"


def unusable(
    kind: Literal["required", "value", "not-supported", "structure"], name: str, rule: str
) -> Unusable:
    """The refusal of one parameter."""
    where = f"Parameters.parameter.where(name = '{name}')" if name.isidentifier() else None
    return Unusable([Issue("error", kind, rule, where)])


def not_found(rule: str) -> NoSuchDefinition:
    """The answer about something that this server does not know."""
    return NoSuchDefinition([Issue("error", "not-found", rule)])


@dataclass(frozen=True)
class Coding:
    """A code, and what was said about it."""

    system: str | None
    code: str
    display: str | None = None
    version: str | None = None


@dataclass(frozen=True)
class Asked:
    """The parameters of one call, each held to what the operation takes."""

    values: Mapping[str, tuple[Any, ...]]

    def text(self, name: str) -> str | None:
        """The one value of a text parameter."""
        return cast("str | None", self._one(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """Every value of a text parameter."""
        return cast("tuple[str, ...]", self.values.get(name, ()))

    def flag(self, name: str) -> bool:
        """A boolean parameter; not given means no."""
        return self._one(name) is True

    def number(self, name: str) -> int | None:
        """A whole number, zero or more."""
        return cast("int | None", self._one(name))

    def _one(self, name: str) -> Any:
        found = self.values.get(name, ())
        return found[0] if found else None

    def codings(self, *, system: str | None) -> tuple[Coding, ...]:
        """
        What is asked about: exactly one of code (with *system*), coding and codeableConcept.

        Raises:
            Unusable: none of them, more than one, or a coding without a code.
        """
        given = [name for name in ("code", "coding", "codeableConcept") if name in self.values]
        if len(given) != 1:
            rule = "exactly one of code, coding and codeableConcept is needed"
            raise unusable(kind="required", name="code", rule=rule)
        if given == ["code"]:
            return (Coding(system, self.values["code"][0], self.text("display"), self.text("version")),)
        said: Any = self._one(given[0])
        held: Any = said.get("coding", []) if given == ["codeableConcept"] else [said]
        found = _codings(cast("list[Any]", held) if isinstance(held, list) else [])
        if not found:
            raise unusable(kind="required", name=given[0], rule="there is no code in it")
        return found


def _codings(held: Iterable[Any]) -> tuple[Coding, ...]:
    found: list[Coding] = []
    for each in held:
        said = cast("Document", each) if isinstance(each, dict) else {}
        texts = {member: value for member, value in said.items() if isinstance(value, str)}
        if "code" in texts:
            found.append(
                Coding(texts.get("system"), texts["code"], texts.get("display"), texts.get("version"))
            )
    return tuple(found)


def asked_in_query(operation: Operation, pairs: Iterable[tuple[str, str]]) -> Asked:
    """
    Read the parameters of a GET.

    Raises:
        Unusable: one that the operation does not take, that cannot stand in a query, or with a bad value.
    """
    found: dict[str, tuple[Any, ...]] = {}
    takes = {each.name: each for each in operation.takes}
    for name, text in pairs:
        taken = takes.get(name)
        if taken is None:
            raise _not_taken(name)
        if taken.type_ not in _IN_A_QUERY:
            raise unusable(
                kind="not-supported", name=name, rule=f"{name} can be given in a Parameters body only"
            )
        found[name] = (*found.get(name, ()), _read(taken, text))
    return _held(takes, found)


def asked_in_body(operation: Operation, body: Any) -> Asked:
    """
    Read the parameters of a POST.

    Raises:
        Unusable: no Parameters resource, or a parameter that the operation does not take, of another type or
            with a bad value.
    """
    if not isinstance(body, dict) or cast("Document", body).get("resourceType") != "Parameters":
        raise Unusable([Issue("error", "structure", "the body has to be a Parameters resource", None)])
    listed = cast("Document", body).get("parameter", [])
    if not isinstance(listed, list):
        raise Unusable([Issue("error", "structure", "has to be a list", "Parameters.parameter")])
    found: dict[str, tuple[Any, ...]] = {}
    takes = {each.name: each for each in operation.takes}
    for entry in cast("list[Any]", listed):
        said = cast("Document", entry) if isinstance(entry, dict) else {}
        name: Any = said.get("name")
        if not isinstance(name, str):
            raise Unusable(
                [Issue("error", "required", "a parameter needs a name", "Parameters.parameter.name")]
            )
        taken = takes.get(name)
        if taken is None:
            raise _not_taken(name)
        if taken.type_ == "Resource":
            value = said.get("resource")
        else:
            value = next((held for member, held in said.items() if member.startswith("value")), None)
        found[name] = (*found.get(name, ()), _read(taken, value))
    return _held(takes, found)


def _not_taken(name: str) -> Unusable:
    shown = name if name.isidentifier() and len(name) <= 40 else "a parameter"
    return unusable(kind="not-supported", name=shown, rule=f"{shown} is not taken by this operation")


def _held(takes: Mapping[str, Taken], found: Mapping[str, tuple[Any, ...]]) -> Asked:
    for name, values in found.items():
        if takes[name].max == "1" and len(values) > 1:
            raise unusable(kind="structure", name=name, rule=f"{name} can be given once only")
    return Asked(found)


def _read(taken: Taken, value: Any) -> Any:
    if taken.type_ == "boolean":
        return _boolean(taken.name, value)
    if taken.type_ == "integer":
        return _whole(taken.name, value)
    if taken.type_ in {"Coding", "CodeableConcept", "Resource"}:
        if not isinstance(value, dict):
            raise unusable(kind="value", name=taken.name, rule=f"{taken.name} has to be a {taken.type_}")
        return cast("Document", value)
    if not isinstance(value, str) or not value.strip():
        raise unusable(
            kind="value", name=taken.name, rule=f"{taken.name} has to be a {taken.type_} with text in it"
        )
    return value


def _boolean(name: str, value: Any) -> bool:
    said: Sequence[Any] = (True, "true", False, "false")
    if isinstance(value, int) and not isinstance(value, bool):
        value = None
    if value not in said:
        raise unusable(kind="value", name=name, rule=f"{name} has to be true or false")
    return value in (True, "true")


def _whole(name: str, value: Any) -> int:
    if isinstance(value, Decimal) and value == value.to_integral_value():
        value = int(value)
    text = str(value)
    right = (
        not isinstance(value, bool) and text.isascii() and text.isdigit() and len(text) <= _WHOLE_NUMBER_CHARS
    )
    if not right:
        raise unusable(kind="value", name=name, rule=f"{name} has to be a whole number, zero or more")
    return int(text)
