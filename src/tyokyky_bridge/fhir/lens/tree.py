"""A unit's rows and generated extensions compiled into one tree, walked to project and to read back."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from tyokyky_bridge.domain.items import FIELDS
from tyokyky_bridge.domain.schema import Shape
from tyokyky_bridge.fhir.derived.vocabulary import definition
from tyokyky_bridge.fhir.lens.codecs import BY_KIND, DATE, Codec, in_extension, value_member
from tyokyky_bridge.fhir.lens.generated import Extension, dashed, id_template, shape_at, titles_of
from tyokyky_bridge.fhir.lens.nodes import Node, Spot
from tyokyky_bridge.fhir.lens.paths import Entry, Member, Step, parse_path, shown_path
from tyokyky_bridge.fhir.lens.periods import END_BEFORE_START, END_TITLES
from tyokyky_bridge.fhir.lens.rows import Keys, Unit

_KEYS: Final = re.compile(r"\[([^\[\]]*)\]")
_KEYED: Final = re.compile(r"\[[^\[\]]*\]")


@lru_cache(maxsize=65_536)
def taken_apart(path: str) -> tuple[str, Keys]:
    """The pattern of *path* and the ids in its brackets."""
    return _KEYED.sub("[]", path), tuple(_KEYS.findall(path))


class BadUnit(ValueError):
    """A unit says something that the schema does not have, or says it twice."""


class Tree:
    """One unit, compiled. *placed* has each pattern's object and spots; *extensions* what is generated."""

    def __init__(self, unit: Unit, owned: frozenset[str]) -> None:
        """Compile *unit* for the patterns that it owns. Raises BadUnit."""
        self.unit = unit
        self.owned = owned
        self.root = Node(0, Member(""), None, 0)
        self.count = 1
        self.placed: dict[str, tuple[Node, Spot]] = {}
        self.shown: dict[str, tuple[Node, Spot]] = {}
        self.extensions: list[Extension] = []
        self._hosts: dict[str, tuple[Step, ...]] = {}
        self._prefix = f"{unit.anchor}." if unit.anchor else ""
        for row in unit.rows:
            self._native(row.plan, row.element, row.codec, None, {})
        for shown in unit.shown:
            self._native(shown.plan, shown.element, BY_KIND["code"], shown.codes, shown.inverse())
        self._mark_periods()
        self._generate()
        missing = owned - self.placed.keys()
        if missing:
            msg = f"{unit.type} has no place for {sorted(missing)[:3]}"
            raise BadUnit(msg)

    def _mark_periods(self) -> None:
        """A Period whose end is before its start keeps the end in an extension."""
        for pattern, (node, spot) in self.placed.items():
            days = {each.member for each in node.spots if each.codec is DATE}
            if spot.member == "end" and {"start", "end"} <= days:
                node.is_period = True
                self.extensions.append(
                    Extension(
                        END_BEFORE_START,
                        spot.element,
                        pattern,
                        *END_TITLES,
                        repeats=False,
                        type="date",
                        list_id=None,
                    )
                )

    def _native(
        self,
        plan: str,
        element: str,
        codec: Codec | None,
        shown: Mapping[str, str] | None,
        back: Mapping[str, str],
    ) -> None:
        pattern = self._prefix + plan
        if pattern not in FIELDS:
            msg = f"{self.unit.type}: the schema has no {pattern}"
            raise BadUnit(msg)
        if pattern not in self.owned:  # another unit has taken it over
            return
        table = self.shown if shown is not None else self.placed
        if pattern in table:
            msg = f"{self.unit.type}: {pattern} stands twice"
            raise BadUnit(msg)
        steps, member = self._dressed(plan, element)
        node = self._node(steps)
        spot = Spot(
            pattern,
            member,
            codec or BY_KIND[FIELDS[pattern].kind],
            shown,
            back,
            shown_path(self.unit.type, steps, member),
        )
        node.spots.append(spot)
        table[pattern] = (node, spot)

    def _dressed(self, plan: str, element: str) -> tuple[tuple[Step, ...], str]:
        """The steps of an element path, with the lists of the plan that they follow."""
        bare, member = parse_path(element)
        lists = [plan[: found.end()] for found in re.finditer(r"\[\]", plan)]
        if plan.endswith("[]"):
            lists.pop()
        dress = self.unit.dress
        steps: list[Step] = []
        texts = element.replace("]", "]\0").split("\0")
        so_far = ""
        for step in bare:
            if isinstance(step, Entry):
                so_far += texts.pop(0)
                if step.form == "keyed":
                    if not lists:
                        msg = f"{self.unit.type}: {element} goes through more lists than {plan}"
                        raise BadUnit(msg)
                    at = lists.pop(0)
                    step = Entry(step.name, "keyed", (), dress.get(at, {}), id_template(at))  # noqa: PLW2901
                    steps.append(step)
                    known = self._hosts.setdefault(at, tuple(steps))
                    if [each.key for each in known] != [each.key for each in steps]:
                        msg = f"{self.unit.type}: {at} stands in two places"
                        raise BadUnit(msg)
                    continue
                step = Entry(  # noqa: PLW2901
                    step.name, step.form, step.match, {**step.put, **dress.get(so_far, {})}
                )
            steps.append(step)
        if lists:
            msg = f"{self.unit.type}: {element} goes through fewer lists than {plan}"
            raise BadUnit(msg)
        return tuple(steps), member

    def _node(self, steps: tuple[Step, ...]) -> Node:
        node = self.root
        for step in steps:
            found = next((each for each in node.below() if each.step.key == step.key), None)
            if found is None:
                keyed = isinstance(step, Entry) and step.form == "keyed"
                found = Node(self.count, step, node, node.keys + keyed, of_set=node.of_set)
                found.of_set |= isinstance(step, Entry) and step.form == "each"
                self.count += 1
                if isinstance(step, Entry):
                    node.entries.setdefault(step.name, []).append(found)
                    node.by_url.setdefault(dict(step.match).get("url", ""), []).append(found)
                else:
                    node.members[step.name] = found
            node = found
        return node

    def _generate(self) -> None:
        shape, depth = shape_at(self.unit.anchor)
        self._grow(shape, "", (), depth, self.extensions)

    def _grow(
        self, shape: Shape, below: str, steps: tuple[Step, ...], depth: int, out: list[Extension]
    ) -> None:
        """Give every leaf of *shape* that no row names a place in extensions of the element at *steps*."""
        for field_ in shape:
            at = f"{below}{field_.name}"
            if field_.form == "part" and not self._prefix and depth == 0:
                self._grow(field_.shape, f"{at}.", steps, depth + 1, out)
            elif field_.form == "list" and f"{at}[]" in self._hosts:
                self._grow(field_.shape, f"{at}[].", self._hosts[f"{at}[]"], depth + 1, out)
            else:
                url = definition(dashed(self._prefix + at))
                made = self._extension(field_, at, url, steps, depth, shown_path(self.unit.type, steps))
                out.extend(made)

    def _extension(
        self, field_: Any, at: str, url: str, steps: tuple[Step, ...], depth: int, context: str
    ) -> list[Extension]:
        pattern = self._prefix + at
        match = (("url", url),)
        titles: tuple[str, str, str]
        if field_.form in ("leaf", "set"):
            pattern = pattern if field_.form == "leaf" else f"{pattern}[]"
            if pattern not in self.owned or pattern in self.placed:
                return []
            meaning = FIELDS[pattern]
            codec = in_extension(meaning.kind, meaning.codes)
            here = (
                *steps,
                Entry("extension", "one" if field_.form == "leaf" else "each", match, dict(match)),
            )
            node = self._node(here)
            spot = Spot(
                pattern, value_member(codec), codec, element=shown_path(self.unit.type, here, "value")
            )
            node.spots.append(spot)
            self.placed[pattern] = (node, spot)
            titles = (meaning.title_fi, meaning.title_sv, meaning.title_en)
            return [
                Extension(url, context, pattern, *titles, field_.form == "set", codec.type, meaning.codes, ())
            ]
        repeats = field_.form == "list"
        inner = f"{at}[]" if repeats else at
        entry = Entry(
            "extension",
            "keyed" if repeats else "one",
            match,
            dict(match),
            id_template(inner) if repeats else "",
        )
        parts: list[Extension] = []
        for each in field_.shape:
            name = each.name.replace("_", "-")
            parts += self._extension(
                each, f"{inner}.{each.name}", name, (*steps, entry), depth + 1, "Extension"
            )
        if not parts:
            return []
        titles = titles_of(self._prefix + inner, depth)
        return [Extension(url, context, self._prefix + inner, *titles, repeats, None, None, tuple(parts))]
