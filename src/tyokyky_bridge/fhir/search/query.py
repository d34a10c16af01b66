"""A search, read from its parameters: what has to match, in which order, and what the answer shall hold.

Strict by default: an unknown parameter, modifier, prefix, chain, include, sort key or a malformed value is refused,
because ignoring it would answer more than was asked for. A lenient reading puts it aside instead: it is in `ignored`,
and not in `pairs`, which is what was really applied.

Source: hl7.org/fhir/R4/search.html.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from tyokyky_bridge.fhir.search.criteria import Criterion, read_criterion
from tyokyky_bridge.fhir.search.identity import may_be_hetu
from tyokyky_bridge.fhir.search.parameters import PARAMETERS, RESULT_PARAMETERS
from tyokyky_bridge.fhir.search.refusals import BadQuery, Refusal, name_of
from tyokyky_bridge.fhir.search.shaping import DEFAULT_COUNT, WHOLE, Include, Shape, SortKey, read_shape
from tyokyky_bridge.fhir.search.values import Token
from tyokyky_bridge.fhir.wire.issues import Issue

MAX_PAIRS: Final = 60
MAX_VALUES: Final = 500
"""A search costs parameters times resources; these are far above what a person or a client asks for."""

Pair = tuple[str, str]


@dataclass(frozen=True)
class Query:
    """
    A search of one type.

    Attributes:
        base: Root of this server, for references that are written in full.
        criteria: All have to match.
        pairs: What was applied, in canonical order: equal searches have equal pairs.
        ignored: What a lenient reading put aside, as warnings.
        guarded: A value may be a HETU, so that the pairs must not be written into a URL.
    """

    type: str
    base: str
    criteria: tuple[Criterion, ...] = ()
    shape: Shape = WHOLE
    pairs: tuple[Pair, ...] = ()
    ignored: tuple[Issue, ...] = ()
    guarded: bool = False

    @property
    def count(self) -> int:
        """Most matches on a page."""
        return DEFAULT_COUNT if self.shape.count is None else self.shape.count

    @property
    def only_count(self) -> bool:
        """Whether no resources are asked for, just how many there are."""
        return self.shape.count == 0 or self.shape.summary == "count"

    @property
    def sort(self) -> tuple[SortKey, ...]:
        """The keys of the order, before the id that settles ties."""
        return self.shape.sort

    @property
    def includes(self) -> tuple[Include, ...]:
        """What else to answer, besides the matches."""
        return self.shape.includes

    @property
    def wants_total(self) -> bool:
        """Whether the answer says how many match."""
        return self.shape.total != "none"

    @cached_property
    def ids(self) -> frozenset[str] | None:
        """The only ids that can match; ``None`` when any can. For loading no more than needed."""
        found: frozenset[str] | None = None
        for each in self.criteria:
            ids = _ids(each)
            if ids is not None:
                found = ids if found is None else found & ids
        return found


def _ids(criterion: Criterion) -> frozenset[str] | None:
    if criterion.parameter.name != "_id" or criterion.modifier is not None:
        return None
    held = [each for each in criterion.values if isinstance(each, Token)]
    return frozenset(each.code for each in held if each.code is not None)


def parse_query(
    type_: str,
    pairs: Sequence[Pair],
    *,
    strict: bool = True,
    base: str = "",
    in_url: bool = False,
) -> Query:
    """
    Read a search of *type_*.

    Args:
        pairs: Names and values in the order in which they were sent, decoded.
        strict: Refuse what is not understood; else put it aside.
        base: Root URL of this server.
        in_url: The values stood in a URL, where a HETU is refused, strict or not.

    Raises:
        BadQuery: with an issue for each parameter that is refused, naming it and its rule, never its value.
    """
    if type_ not in PARAMETERS:
        raise BadQuery([Issue("error", "not-supported", "this type cannot be searched")])
    if in_url and (hidden := [each for each in pairs if any(map(may_be_hetu, each))]):
        raise BadQuery(
            Issue("error", "security", f"{name_of(name)}: an identity number goes by POST to _search only")
            for name, _ in hidden
        )
    _check_size(pairs)
    shaping = [each for each in pairs if each[0].partition(":")[0] in RESULT_PARAMETERS]
    shape, shown, unshaped = read_shape(type_, shaping)
    criteria, unread = _read(type_, [each for each in pairs if each not in shaping], base)
    refused = [*unread, *unshaped]
    if refused and strict:
        raise BadQuery(
            Issue("error", refusal.code, f"{name_of(name)}: {refusal.rule}") for name, refusal in refused
        )
    kept = (*criteria, *shown)
    return Query(
        type=type_,
        base=base,
        criteria=tuple(criteria.values()),
        shape=shape,
        pairs=kept,
        ignored=tuple(_ignored(name, refusal) for name, refusal in refused),
        guarded=any(any(map(may_be_hetu, pair)) for pair in kept),
    )


def _ignored(name: str, refusal: Refusal) -> Issue:
    return Issue("warning", "not-supported", f"{name_of(name)}: {refusal.rule}; it was ignored")


def _read(
    type_: str, pairs: Sequence[Pair], base: str
) -> tuple[dict[Pair, Criterion], list[tuple[str, Refusal]]]:
    """The criteria that *pairs* ask for, each once and in the order of the pairs, and what was refused."""
    criteria, refused = dict[Pair, Criterion](), list[tuple[str, Refusal]]()
    for pair in pairs:
        try:
            criteria[pair] = read_criterion(type_, *pair, base=base)
        except Refusal as refusal:
            refused.append((pair[0], refusal))
    return dict(sorted(criteria.items(), key=lambda each: each[0])), refused


def _check_size(pairs: Sequence[Pair]) -> None:
    values = sum(1 + text.count(",") for _, text in pairs)
    if len(pairs) > MAX_PAIRS or values > MAX_VALUES:
        rule = f"a search has at most {MAX_PAIRS} parameters and {MAX_VALUES} values"
        raise BadQuery([Issue("error", "too-costly", rule)])
