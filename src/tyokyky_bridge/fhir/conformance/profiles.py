"""The profiles that our resources follow, from the units of the lens and from the types that we derive.

A profile says what every resource of ours has beyond R4: labels, a register tag, fixed values, what is never left
out, and which extensions carry the rest. Where a Finnish base profile exists, ours stands on it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, cast

from tyokyky_bridge.fhir.conformance.differential import bound, element, sliced, typed
from tyokyky_bridge.fhir.conformance.header import FHIR_VERSION, FI_BASE, HL7, canonical, header, pascal
from tyokyky_bridge.fhir.derived.vocabulary import profile
from tyokyky_bridge.fhir.lens.rows import Unit
from tyokyky_bridge.fhir.lens.tree import Extension
from tyokyky_bridge.fhir.lens.units import LENS
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.fhir.wire.structure import Element, element_of, elements, members

Block = list[Document]
"""Elements that stay together: an element, its slices, and what is inside each slice."""

_FINNISH: Final = {
    "Appointment": "fi-base-appointment",
    "Condition": "fi-base-condition",
    "Encounter": "fi-base-encounter",
    "EpisodeOfCare": "fi-base-episode-of-care",
    "Observation": "fi-base-observation",
    "Organization": "fi-base-organization",
    "Patient": "fi-base-patient",
    "Practitioner": "fi-base-practitioner",
    "PractitionerRole": "fi-base-practitioner-role",
    "Provenance": "fi-base-provenance",
}
"""Source: hl7.fhir.fi.base 2.0.0-rc2; domain report 4.2."""

_DERIVED: Final = {
    "Consent": "One direction of a consent form, discloser to recipient. The root provision denies; each grant is a "
    "permit inside it, and what the client forbids is a deny inside the permit. FHIR states no rule for several "
    "security labels, ours is: an item may go when all of its labels are permitted and none is denied.",
    "Encounter": "A meeting that was held.",
    "Organization": "A party (one controller's one register), or a controller of several.",
    "Practitioner": "A worker who is named in a plan.",
    "PractitionerRole": "A worker at a party.",
    "Provenance": "Who made a version of a plan, for whom and on which basis.",
}


def profiles_of(type_: str) -> tuple[str, ...]:
    """The canonical URLs of our profiles on a type, the most general first; none for a type without one."""
    found = [canonical("StructureDefinition", unit.profile) for unit in LENS.units if unit.type == type_]
    return tuple(dict.fromkeys(found or ([profile(type_)] if type_ in _DERIVED else [])))


def profile_definitions() -> Iterator[Document]:
    """Every profile: one for each that a unit of the plan names, and one for each derived type."""
    alike: dict[str, list[Unit]] = {}
    for unit in LENS.units:
        alike.setdefault(unit.profile, []).append(unit)
    for slug, units in alike.items():
        type_ = units[0].type
        places = ", ".join(unit.anchor.replace("[]", "") or "the plan as a whole" for unit in units)
        says = f"{type_} of a work-ability support plan; carries {places}."
        yield _definition(slug, type_, says, _of_units(units), tags=1)
    for type_, says in _DERIVED.items():
        slug = profile(type_).rpartition("/")[2]
        if slug not in alike:
            yield _definition(slug, type_, says, (), tags=0)


def _definition(slug: str, type_: str, says: str, own: Iterable[Block], *, tags: int) -> Document:
    base = f"{FI_BASE}/{_FINNISH[type_]}" if type_ in _FINNISH else f"{HL7}/StructureDefinition/{type_}"
    held = sorted((*_labels(type_, tags), *own), key=lambda block: _place(block[0]["path"]))
    return header(
        "StructureDefinition", slug, name=pascal(slug), title=slug.replace("-", " "), description=says
    ) | {
        "fhirVersion": FHIR_VERSION,
        "kind": "resource",
        "abstract": False,
        "type": type_,
        "baseDefinition": base,
        "derivation": "constraint",
        "differential": {
            "element": [element(type_, definition=says), *(each for block in held for each in block)]
        },
    }


def _labels(type_: str, tags: int) -> Iterator[Block]:
    """Information categories and the register tag. Source: domain report 4.4."""
    for member, slice_, value_set, least, most in (
        ("security", "category", "info-category", 0, "*"),
        ("tag", "register", "register", tags, "1"),
    ):
        at = f"{type_}.meta.{member}"
        system = canonical("CodeSystem", value_set)
        yield [
            sliced(at, "system"),
            element(f"{at}:{slice_}", min_=least, max_=most, binding=bound(canonical("ValueSet", value_set))),
            element(f"{at}:{slice_}.system", min_=1, fixedUri=system),
        ]


def _of_units(units: list[Unit]) -> Iterator[Block]:
    type_ = units[0].type
    for name, value in units[0].constant.items():
        if all(unit.constant.get(name) == value for unit in units):
            yield list(_fixed(type_, name, value))
    always = set(units[0].required).intersection(*(unit.required for unit in units))
    for each in sorted(
        each for each in always if "." not in each
    ):  # what is further inside, R4 itself requires
        yield [element(_defined(type_, each), min_=1)]
    slices: dict[str, dict[str, Block]] = {}
    for unit in units:
        for extension in LENS.trees[unit].extensions:
            at = f"{_defined(type_, extension.context.partition('.')[2])}.extension"
            slices.setdefault(at, {})[extension.slug] = _extension(f"{at}:{extension.slug}", extension)
    for at, held in slices.items():
        yield [sliced(at, "url"), *(each for block in held.values() for each in block)]


def _extension(id_: str, extension: Extension) -> Block:
    """An extension that stands here; its url is said again, for readers that do not look the definition up."""
    return [
        element(
            id_,
            short=extension.title_en,
            min_=0,
            max_="*" if extension.repeats else "1",
            type_=typed("Extension", profile=extension.url),
        ),
        element(f"{id_}.url", fixedUri=extension.url),
    ]


def _fixed(type_: str, name: str, value: Any) -> Iterator[Document]:
    """A member that every resource has: its value, or for a list an entry of its own."""
    at = _defined(type_, name)
    kind = members(type_)[name][1]
    pattern = f"pattern{kind[0].upper()}{kind[1:]}"
    if not isinstance(value, list | tuple):
        yield element(at, min_=1, **{pattern: _plain(value)})
        return
    yield element(
        at, slicing={"discriminator": [{"type": "pattern", "path": "$this"}], "rules": "open"}, min_=1
    )
    for number, each in enumerate(cast("list[Any]", value), start=1):
        yield element(f"{at}:fixed{number}", min_=1, max_="1", **{pattern: _plain(each)})


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in cast("Mapping[str, Any]", value).items()}
    return [_plain(each) for each in cast("list[Any]", value)] if isinstance(value, list | tuple) else value


def _defined(type_: str, member: str) -> str:
    """The path of a JSON member as definitions have it: ``payload[]!`` → ``Communication.payload``."""
    bare = "".join(each for each in member if each.isalnum() or each == ".")
    at = type_
    said = type_
    for name in filter(None, bare.split(".")):
        at = f"{at}.{name}"
        found = element_of(at)
        said = f"{said}.{found.name}[x]" if found is not None and found.choice else f"{said}.{name}"
    return said


def _place(path: str) -> tuple[int, ...]:
    """Where an element stands in the order of R4, which a differential has to keep."""
    node, *names = path.split(".")
    found: list[int] = []
    for name in names:
        known = elements(node)
        at = next((i for i, each in enumerate(known) if each.name == name.removesuffix("[x]")), len(known))
        found.append(at)
        below: Element | None = known[at] if at < len(known) else None
        node = "Element" if below is None else below.node or below.types[0]
    return tuple(found)
