"""One criterion of a search: a parameter, its modifier, and the values of which one has to match."""

from dataclasses import dataclass
from typing import Final

from tyokyky_bridge.fhir.search.kinds import Kind, Parameter
from tyokyky_bridge.fhir.search.parameters import PARAMETERS, follows
from tyokyky_bridge.fhir.search.refusals import Refusal
from tyokyky_bridge.fhir.search.values import Malformed, Value, read_value, split

REFUSED_NAMES: Final = {
    "_has": "is not supported; search the other type, or use _revinclude",
    "_text": "is not supported",
    "_content": "is not supported",
    "_list": "is not supported",
    "_query": "is not supported",
    "_filter": "is not supported",
    "_source": "is not supported",
    "_contained": "is not supported; contained resources are not searched",
    "_containedType": "is not supported; contained resources are not searched",
}


@dataclass(frozen=True)
class Criterion:
    """
    One pair of a search.

    Attributes:
        modifier: As FHIR names it, without the colon; ``None`` for none and for the name of a type.
        values: At least one has to match. Empty when *missing* or *chained* is set.
        missing: Of ``:missing``, what was asked.
        to: The type that the reference shall point at, when it was named.
        chained: What the resource that is pointed at has to match.
    """

    parameter: Parameter
    modifier: str | None = None
    values: tuple[Value, ...] = ()
    missing: bool | None = None
    to: str | None = None
    chained: "Criterion | None" = None


def read_criterion(type_: str, name: str, text: str, *, base: str) -> Criterion:
    """
    Read ``name[:modifier][.chained]=text``.

    Raises:
        Refusal: saying why not.
    """
    head, dot, rest = name.partition(".")
    plain, _, modifier = head.partition(":")
    if plain in REFUSED_NAMES:
        raise Refusal(code="not-supported", rule=REFUSED_NAMES[plain])
    parameter = PARAMETERS[type_].get(plain)
    if parameter is None:
        raise Refusal(code="not-supported", rule="is no search parameter of this type")
    if dot:
        return _chain(parameter, modifier, rest, text, base=base)
    if ":" in head and not modifier:
        raise Refusal(code="not-supported", rule="has a colon and no modifier")
    if modifier == "missing" and "missing" in parameter.modifiers:
        if text not in ("true", "false"):
            raise Refusal(code="value", rule="is either true or false")
        return Criterion(parameter, modifier, missing=text == "true")
    to = _named_type(parameter, modifier)
    if modifier and to is None and (modifier not in parameter.modifiers or modifier == "type"):
        raise Refusal(code="not-supported", rule="does not know this modifier")
    spoken = None if to is not None else modifier or None
    try:
        values = tuple(read_value(parameter, spoken, each, base=base) for each in split(text, ","))
    except Malformed as malformed:
        raise Refusal(code="value", rule=malformed.rule) from None
    if to is not None and any(getattr(each, "type", None) not in (None, to) for each in values):
        raise Refusal(code="value", rule="names one type in its modifier and another in its value")
    return Criterion(parameter, spoken, values, to=to)


def _named_type(parameter: Parameter, modifier: str) -> str | None:
    """The target type that *modifier* names; ``None`` when it names none that the parameter reaches."""
    if parameter.kind is not Kind.REFERENCE or not modifier[:1].isupper():
        return None
    return modifier if modifier in follows(parameter) or modifier in parameter.targets else None


def _chain(parameter: Parameter, modifier: str, rest: str, text: str, *, base: str) -> Criterion:
    if parameter.kind is not Kind.REFERENCE:
        raise Refusal(code="not-supported", rule="is no reference, so nothing can be chained to it")
    if "." in rest:
        raise Refusal(
            code="not-supported", rule="chains over more than one reference, which is not supported"
        )
    to = _named_type(parameter, modifier)
    if modifier and to is None:
        raise Refusal(code="not-supported", rule="does not point at this type")
    if to is None:
        reached = follows(parameter)
        if len(reached) != 1:
            raise Refusal(
                code="not-supported", rule="points at several types; name one, as in subject:Patient.name"
            )
        to = reached[0]
    if to not in PARAMETERS or rest.partition(":")[0] not in PARAMETERS[to]:
        raise Refusal(
            code="not-supported", rule="chains to what is no search parameter of the type pointed at"
        )
    return Criterion(parameter, to=to, chained=read_criterion(to, rest, text, base=base))
