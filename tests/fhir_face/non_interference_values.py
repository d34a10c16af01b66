"""What a curious caller would search for: all that stands in visible or in hidden resources, as a query has it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fhir_face.non_interference_worlds import World
from tyokyky_bridge.domain.items import labels_of
from tyokyky_bridge.fhir.lens.projection import Sheet, Supposed, project
from tyokyky_bridge.fhir.search.kinds import Kind, Parameter
from tyokyky_bridge.fhir.search.parameters import PARAMETERS

Document = Mapping[str, Any]
Documents = Mapping[str, Sequence[Document]]


def whole(world: World) -> dict[str, list[Document]]:
    """Every resource of every revision of every plan, with nothing withheld, by type; what stands now comes first."""
    found: dict[str, dict[str, Document]] = {}
    for story in world.stories:
        for state in reversed(story.states):
            view = Supposed(str(story.plan_id), state.leaves, frozenset(), non_disclosure=False)
            labels = {path: labels_of(path, state.leaves) for path in state.leaves}
            sheet = Sheet(view, labels, dict.fromkeys(state.leaves, "health"))
            for (type_, id_), document in project(sheet).items():
                found.setdefault(type_, {})[f"{id_} {hash(str(document))}"] = document
    return {type_: list(each.values()) for type_, each in found.items()}


def asked(parameter: Parameter, documents: Iterable[Document]) -> Iterator[str]:
    """Values of *parameter* in *documents*, as a query has them, each once."""
    told: set[str] = set()
    for document in documents:
        for text in _of(parameter, document):
            if text and text not in told:
                told.add(text)
                yield text


def _of(parameter: Parameter, document: Document) -> Iterator[str]:
    if parameter.kind is not Kind.COMPOSITE:
        for path in parameter.paths:
            for value in path.values(document):
                yield from _texts(value)
        return
    for root in parameter.paths:
        for element in root.values(document):
            sides = [
                [text for path in part.paths for value in path.values(element) for text in _texts(value)]
                for part in parameter.parts
            ]
            if all(sides):
                yield "$".join(side[0] for side in sides)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, bool):
        yield str(value).lower()
    elif isinstance(value, str):
        yield _escaped(value)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        yield from _texts_of(value)
    elif value is not None:
        yield str(value)


def _texts_of(value: Document) -> Iterator[str]:
    for code in ("code", "value"):
        if isinstance(value.get(code), str):
            yield f"{_escaped(value.get('system', ''))}|{_escaped(value[code])}"
    for member in ("coding", "reference", "start", "end", "family", "given", "text", "city", "line"):
        yield from _texts(value.get(member))
    if "value" in value and not isinstance(value["value"], str):
        yield str(value["value"])


def _escaped(text: str) -> str:
    text = " ".join(text[:200].split())
    for each in "\\,|$":
        text = text.replace(each, f"\\{each}")
    return text


def rows(types: Iterable[str]) -> Iterator[tuple[str, Parameter]]:
    """Every search parameter of these types."""
    for type_ in types:
        for parameter in PARAMETERS[type_].values():
            yield type_, parameter
