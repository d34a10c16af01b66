"""What the derived resources share: canonical addresses, codings of the shipped lists, references, labels."""

import hashlib
from collections.abc import Iterable
from typing import Any, Final

from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.codes import code_list

Document = dict[str, Any]
Key = tuple[str, str]
"""Resource type and logical id."""

BASE: Final = "https://tyokyky-bridge.example/fhir"
V3_PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
V3_ACT: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
Y_TUNNUS: Final = "urn:oid:1.2.246.10"

_ACRONYMS: Final = {"PractitionerRole": "practitioner-role"}


def naming(slug: str) -> str:
    """The identifier system of our own with this slug, such as ``party-id``."""
    return f"{BASE}/NamingSystem/{slug}"


def definition(slug: str) -> str:
    """The canonical address of our own StructureDefinition: a profile or an extension."""
    return f"{BASE}/StructureDefinition/{slug}"


def profile(resource_type: str) -> str:
    """The canonical address of our own profile on *resource_type*."""
    return definition(_ACRONYMS.get(resource_type, resource_type.lower()))


def coding(list_id: str, code: str) -> Document:
    """A Coding from a shipped code list, with its English label where the list has the code."""
    the_list = code_list(list_id)
    found: Document = {"system": the_list.url, "code": code}
    if code in the_list.codes:
        found["display"] = the_list.label(code, "en")
    return found


def foreign(system: str, code: str, display: str | None = None) -> Document:
    """A Coding from somebody else's code system."""
    return present(system=system, code=code, display=display)


def concept(*codings: Document) -> Document:
    """A CodeableConcept."""
    return {"coding": list(codings)}


def reference(resource_type: str, resource_id: str) -> Document:
    """A relative Reference to a resource of this server."""
    return {"reference": f"{resource_type}/{resource_id}"}


def present(**members: Any) -> Document:
    """The members that have a value; FHIR knows neither null nor an empty array or object."""
    return {name: value for name, value in members.items() if value not in (None, [], {}, "")}


def digest(*parts: str) -> str:
    """Twenty hex digits that stand for *parts* in an id; a part never runs into the next one."""
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def meta(resource_type: str, *, register: str | None, labels: Iterable[Category] = ()) -> Document:
    """
    The ``meta`` of a derived resource, without version and moment.

    Args:
        resource_type: Names the profile.
        register: Whose register the content is from; ``None`` for what is from no register.
        labels: The information categories of the content.

    Source: domain report 4.4 (register tag), 4.6.
    """
    return present(
        profile=[profile(resource_type)],
        security=[coding("info-category", label.value) for label in sorted(labels)],
        tag=[coding("register", register)] if register is not None else [],
    )
