"""What else an answer holds: resources that the matches point at, and those that point at the matches.

Only documents that the caller may see are passed in, so nothing withheld and nothing deleted can come out. A reference
to a version stands for the resource as it is now.
"""

from collections.abc import Callable, Iterable, Mapping

from tyokyky_bridge.fhir.search.query import Query
from tyokyky_bridge.fhir.search.references import target_in
from tyokyky_bridge.fhir.search.shaping import Include
from tyokyky_bridge.fhir.wire.issues import Document

Key = tuple[str, str]
Find = Callable[[Key], Document | None]
"""Gives a resource by type and id, as the caller may see it."""


def key_of(document: Document) -> Key:
    """Type and id."""
    return str(document.get("resourceType")), str(document.get("id"))


def pointed_at(include: Include, document: Document, *, base: str) -> list[Key]:
    """The resources of this server that *document* points at by the parameter of *include*."""
    keys: list[Key] = []
    for path in include.parameter.paths:
        for each in path.values(document):
            target = target_in(each, base=base)
            if target is None or target.key is None or not include.parameter.may_point_at(target.key[0]):
                continue
            if include.to in (None, target.key[0]):
                keys.append(target.key)
    return keys


class _Around:
    """Everything that may be included, and who points at whom."""

    def __init__(self, everything: Iterable[Document], base: str) -> None:
        self.documents = {key_of(each): each for each in everything}
        self._base = base
        self._pointing: dict[tuple[str, str, str | None], Mapping[Key, list[Key]]] = {}

    def from_(self, include: Include, key: Key) -> list[Key]:
        """Where *include* leads from the document *key*."""
        if include.reverse:
            return list(self._back(include).get(key, ()))
        if include.source != key[0] or key not in self.documents:
            return []
        return pointed_at(include, self.documents[key], base=self._base)

    def _back(self, include: Include) -> Mapping[Key, list[Key]]:
        name = (include.source, include.parameter.name, include.to)
        if name not in self._pointing:
            found: dict[Key, list[Key]] = {}
            for key, document in self.documents.items():
                if key[0] == include.source:
                    for target in pointed_at(include, document, base=self._base):
                        found.setdefault(target, []).append(key)
            self._pointing[name] = found
        return self._pointing[name]


def included(query: Query, matched: Iterable[Document], everything: Iterable[Document]) -> list[Document]:
    """
    The documents to answer besides *matched*, ordered by type and id; each once, and none that matched.

    Args:
        matched: The matches of this page.
        everything: All that the caller may see now; looked at only when there is something to include.
    """
    if not query.includes:
        return []
    matches = list(matched)
    here = [key_of(each) for each in matches]
    around = _Around((*everything, *matches), query.base)
    seen = set(here)
    found = set[Key]()
    frontier, includes = list(dict.fromkeys(here)), query.includes
    while frontier:
        reached = {
            target
            for key in frontier
            for include in includes
            for target in around.from_(include, key)
            if target not in seen and target in around.documents
        }
        found |= reached
        seen |= reached
        frontier, includes = sorted(reached), tuple(each for each in includes if each.iterate)
    return [around.documents[key] for key in sorted(found)]
