"""What several units do alike: links to other resources of the plan, and telling a stranger's body by its codes."""

from collections.abc import Callable, Iterator
from typing import Any, Final, cast

from tyokyky_bridge.domain.codes import code_list
from tyokyky_bridge.fhir.derived.vocabulary import definition, reference
from tyokyky_bridge.fhir.lens.generated import dashed
from tyokyky_bridge.fhir.lens.ids import resource_id
from tyokyky_bridge.fhir.lens.masking import absence
from tyokyky_bridge.fhir.lens.rows import Place, Scene, Unit
from tyokyky_bridge.fhir.wire.issues import Document

_ORGANIZATION: Final = "Organization/"


def subject(document: Document, scene: Scene) -> None:
    """Say whom the resource is about, where the caller sees something of the client."""
    if scene.subject is not None:
        document["subject"] = scene.subject


def based_on_plan(document: Document, scene: Scene) -> None:
    """Say that the resource carries out the plan."""
    plan = the_plan(scene)
    if plan is not None:
        document["basedOn"] = [plan]


def the_plan(scene: Scene) -> Document | None:
    """A reference to the plan itself."""
    seen = ("CarePlan", scene.plan_id) in scene.places
    return reference("CarePlan", scene.plan_id) if seen else None


def link(scene: Scene, unit: Unit, *keys: str) -> Document | None:
    """A reference to the resource of *unit* with these element ids, where the caller sees it."""
    id_ = resource_id(Place(unit, keys), scene.plan_id, scene.leaves)
    if id_ is None or (unit.type, id_) not in scene.places:
        return None
    return reference(unit.type, id_)


def party_link(document: Document, scene: Scene, member: str, path: str) -> None:
    """Let the Reference in *member* point at the party of leaf *path*, where no worker is named in it."""
    party = scene.leaves.get(path)
    if party is not None and member not in document:
        document[member] = reference("Organization", str(party))


def masked(scene: Scene) -> Document:
    """An object that only says why it has nothing to say."""
    return {"extension": [absence(withheld=bool(scene.withheld))]}


def members(document: Document, name: str) -> Document:
    """The object in *name*; empty where there is none. Bodies have passed the judge at the edge."""
    return cast("Document", document.get(name) or {})


def entries(document: Document, name: str) -> list[Document]:
    """The objects in the array *name*; none where there is no array."""
    return cast("list[Document]", document.get(name) or [])


def codings(document: Document, member: str) -> Iterator[Document]:
    """The Codings in the one CodeableConcept, or the many, of *member*."""
    held: Any = document.get(member) or []
    for concept in cast("list[Document]", held if isinstance(held, list) else [held]):
        yield from entries(concept, "coding")


def has_code(document: Document, member: str, list_id: str, *codes: str) -> bool:
    """Whether *member* has a Coding of this list of ours, one of *codes* where any are given."""
    url = code_list(list_id).url
    return any(
        each.get("system") == url and (not codes or each.get("code") in codes)
        for each in codings(document, member)
    )


def said_profile(document: Document, slug: str) -> bool:
    """Whether a body says itself that it follows our profile of this slug."""
    return definition(slug) in (members(document, "meta").get("profile") or [])


def also_coded(document: Document, member: str, more: Document) -> None:
    """Add a Coding to the first CodeableConcept of the array *member*; it is made where there is none."""
    concepts = cast("list[Document]", document.setdefault(member, [{}]))
    cast("list[Document]", concepts[0].setdefault("coding", [])).append(more)


def own_extension(pattern: str) -> str:
    """The address of the generated extension of a leaf or object of the plan."""
    return definition(dashed(pattern))


def extended(document: Document, url: str, value: Document | None) -> Document:
    """The body with this extension instead of the one of the same address, or without it."""
    rest = [each for each in entries(document, "extension") if each.get("url") != url]
    if value is not None:
        rest.append({"url": url, **value})
    made = {name: each for name, each in document.items() if name != "extension"}
    return {**made, "extension": rest} if rest else made


def extension(document: Document, url: str) -> Document | None:
    """The extension of this address, if the body has one."""
    return next((each for each in entries(document, "extension") if each.get("url") == url), None)


def with_party(document: Document, member: str, pattern: str) -> Document:
    """
    A stranger's body, in which *member* points at an Organization, with the party where the plan keeps it.

    Args:
        document: The body.
        member: A member of type Reference.
        pattern: Where the plan has the party: a leaf of an object, ``handovers[].from.party``.
    """
    target = str(members(document, member).get("reference", ""))
    at, _, leaf = pattern.rpartition(".")
    url = own_extension(at)
    if not target.startswith(_ORGANIZATION) or extension(document, url) is not None:
        return document
    return extended(document, url, {"extension": [{"url": leaf, "valueReference": {"reference": target}}]})


def told_apart(document: Document, member: str, name: Callable[[int, Document], str | None]) -> Document:
    """
    A stranger's body, in which the entries of *member* have the ids by which the rows tell them apart.

    Args:
        document: The body.
        member: An array of objects.
        name: The id of an entry that has none, by its number and content; ``None`` where it needs none.
    """
    held = entries(document, member)
    found = [None if "id" in entry else name(n, entry) for n, entry in enumerate(held)]
    if not any(found):
        return document
    made = [entry if id_ is None else {**entry, "id": id_} for entry, id_ in zip(held, found, strict=True)]
    return {**document, member: made}


def in_order(*ids: str) -> Callable[[int, Document], str | None]:
    """Names for `told_apart`: entries are what they are by their order."""
    return lambda n, _: ids[n] if n < len(ids) else None


def typed(document: Document, member: str) -> Document:
    """A stranger's body, in which the References in *member* say the type that they have in their address."""
    if member not in document:
        return document

    def one(entry: Document) -> Document:
        type_, slash, _ = str(entry.get("reference", "")).partition("/")
        return {**entry, "type": type_} if slash and "type" not in entry and type_.isalpha() else entry

    return {**document, member: [one(entry) for entry in entries(document, member)]}
