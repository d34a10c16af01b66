"""CodeSystem/$lookup and the two $validate-code: what a code of ours means, and whether it is one."""

from typing import Final

from tyokyky_bridge.fhir.conformance.asking import Asked, Coding, not_found, unusable
from tyokyky_bridge.fhir.conformance.coded import shipped_code_systems
from tyokyky_bridge.fhir.conformance.concepts import concept_of, display_of, labels_of, slug_of
from tyokyky_bridge.fhir.conformance.header import canonical
from tyokyky_bridge.fhir.conformance.parameters import answer, parameter, parameters, parts
from tyokyky_bridge.fhir.wire.issues import Document

_ALWAYS_GIVEN: Final = frozenset({"url", "name", "version", "display", "system", "code"})
"""Property names of R4 that ask for what every answer holds."""


def lookup(asked: Asked) -> Document:
    """
    Give the displays, designations and properties of one code.

    Raises:
        NoSuchDefinition: the code system, its version or the code is unknown.
        Unusable: no code, or a code without its system.

    Source: hl7.org/fhir/R4/codesystem-operation-lookup.
    """
    if "codeableConcept" in asked.values:
        raise unusable(
            kind="not-supported",
            name="codeableConcept",
            rule="codeableConcept is not taken by this operation",
        )
    (coding,) = asked.codings(system=asked.text("system"))
    if coding.system is None:
        raise unusable(kind="required", name="system", rule="a code needs its system")
    slug = slug_of(coding.system, "CodeSystem", version=coding.version)
    concept = concept_of(slug, coding.code)
    if concept is None:
        rule = "the code system has no such code"
        raise not_found(rule)
    system = shipped_code_systems()[slug]
    wanted = frozenset(asked.texts("property")) - _ALWAYS_GIVEN
    everything = not asked.texts("property")
    meanings = {each["code"]: each.get("description") for each in system.get("property", [])}
    designations = [
        parts(
            "designation",
            (parameter("language", "Code", each["language"]), parameter("value", "String", each["value"])),
        )
        for each in concept.get("designation", [])
        if everything or "designation" in wanted or f"lang.{each['language']}" in wanted
    ]
    properties = [
        _property(each, meanings.get(each["code"]))
        for each in concept.get("property", [])
        if everything or each["code"] in wanted
    ]
    return parameters(
        (
            parameter("name", "String", system["title"]),
            parameter("version", "String", system["version"]),
            parameter("display", "String", display_of(concept, asked.text("displayLanguage"))),
            *designations,
            *properties,
        )
    )


def _property(said: Document, meaning: str | None) -> Document:
    kind = next(member for member in said if member.startswith("value"))
    held = [parameter("code", "Code", said["code"]), {"name": "value", kind: said[kind]}]
    if meaning is not None:
        held.append(parameter("description", "String", meaning))
    return parts("property", held)


def code_is_in_system(asked: Asked, *, slug: str | None) -> Document:
    """
    Say whether a code is in a code system: the one named by *slug* (instance level) or by its url.

    Raises:
        NoSuchDefinition: the code system is unknown.
        Unusable: no code, or no code system.

    Source: hl7.org/fhir/R4/codesystem-operation-validate-code.
    """
    url = asked.text("url")
    codings = asked.codings(system=canonical("CodeSystem", slug) if slug else url)
    if slug is None and url is None:
        url = next((each.system for each in codings if each.system), None)
    if slug is None and url is None:
        raise unusable(kind="required", name="url", rule="the code system has to be named")
    slug = slug_of(url, "CodeSystem", id_=slug, version=asked.text("version"))
    return _verdict(codings, slug, asked)


def code_is_in_value_set(asked: Asked, *, slug: str | None) -> Document:
    """
    Say whether a code is in a value set: the one named by *slug* (instance level) or by its url.

    Raises:
        NoSuchDefinition: the value set is unknown.
        Unusable: no code, a code without its system, or no value set.

    Source: hl7.org/fhir/R4/valueset-operation-validate-code.
    """
    if slug is None and asked.text("url") is None:
        raise unusable(kind="required", name="url", rule="the value set has to be named")
    slug = slug_of(asked.text("url"), "ValueSet", id_=slug, version=asked.text("valueSetVersion"))
    codings = asked.codings(system=asked.text("system"))
    if "code" in asked.values and asked.text("system") is None:
        raise unusable(kind="required", name="system", rule="a code needs its system")
    return _verdict(codings, slug, asked)


def _verdict(codings: tuple[Coding, ...], slug: str, asked: Asked) -> Document:
    system = shipped_code_systems()[slug]
    rule = "no coding is of this code system"
    for each in codings:
        if each.system != system["url"]:
            continue
        said_version = (
            asked.text("systemVersion") or asked.text("version") or each.version or system["version"]
        )
        concept = concept_of(slug, each.code)
        if concept is None:
            rule = "the code system has no such code"
        elif said_version != system["version"]:
            rule = "this server has no such version of the code system"
        else:
            display = display_of(concept, asked.text("displayLanguage"))
            right = each.display is None or each.display in labels_of(concept)
            wrong = parameter("message", "String", "the display is not one of this code")
            return parameters(
                (
                    answer(holds=right),
                    None if right else wrong,
                    parameter("display", "String", display),
                )
            )
    return parameters((answer(holds=False), parameter("message", "String", rule)))
