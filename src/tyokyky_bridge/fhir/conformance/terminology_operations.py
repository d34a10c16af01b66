"""The operations on code systems, value sets and concept maps, and the parameters that each takes."""

from typing import Final

from tyokyky_bridge.fhir.conformance.operation import Operation, Taken

_DISPLAY_LANGUAGE = Taken("displayLanguage", "code", "The language of the displays: fi, sv or en.")
_CODE = Taken("code", "code", "The code; a coding or codeableConcept can be given instead.")
_CODING = Taken("coding", "Coding", "The code with its system.")
_CONCEPT = Taken("codeableConcept", "CodeableConcept", "Several codings for one thing.")
_URL = Taken("url", "uri", "The canonical URL of the resource, at type level.")
_RESULT = Taken("result", "boolean", "Whether the question is answered with yes.", 1)
_MESSAGE = Taken("message", "string", "Why the result is no.")
_DISPLAY = Taken("display", "string", "The display of the code.")

TERMINOLOGY_OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation(
        "CodeSystem-lookup",
        "lookup",
        ("CodeSystem",),
        "Look a code up",
        "Gives the displays, designations and properties of a code of ours.",
        "CodeSystem-lookup",
        on_type=True,
        on_instance=False,
        takes=(
            _CODE,
            Taken("system", "uri", "The code system; needed with a code."),
            Taken("version", "string", "The version of the code system."),
            _CODING,
            _DISPLAY_LANGUAGE,
            Taken("property", "code", "Which properties to give; all when none is named.", 0, "*"),
        ),
        gives=(
            Taken("name", "string", "The name of the code system.", 1),
            Taken("version", "string", "The version of the code system."),
            Taken("display", "string", "The display of the code.", 1),
            Taken(
                "designation",
                None,
                "The code in one language.",
                0,
                "*",
                parts=(
                    Taken("language", "code", "The language."),
                    Taken("value", "string", "The code in that language.", 1),
                ),
            ),
            Taken(
                "property",
                None,
                "One property of the code.",
                0,
                "*",
                parts=(
                    Taken("code", "code", "Which property.", 1),
                    Taken("value", "string", "Its value, in the type that the code system declares."),
                    Taken("description", "string", "What the property means."),
                ),
            ),
        ),
    ),
    Operation(
        "CodeSystem-validate-code",
        "validate-code",
        ("CodeSystem",),
        "Is this a code of the code system?",
        "Says whether a code is in a code system of ours, and whether the given display is one of it.",
        "CodeSystem-validate-code",
        on_type=True,
        on_instance=True,
        takes=(
            _URL,
            _CODE,
            Taken("version", "string", "The version of the code system."),
            Taken("display", "string", "The display to be checked."),
            _CODING,
            _CONCEPT,
            _DISPLAY_LANGUAGE,
        ),
        gives=(_RESULT, _MESSAGE, _DISPLAY),
    ),
    Operation(
        "ValueSet-validate-code",
        "validate-code",
        ("ValueSet",),
        "Is this a code of the value set?",
        "Says whether a code is in a value set of ours, and whether the given display is one of it.",
        "ValueSet-validate-code",
        on_type=True,
        on_instance=True,
        takes=(
            _URL,
            Taken("valueSetVersion", "string", "The version of the value set."),
            _CODE,
            Taken("system", "uri", "The code system; needed with a code."),
            Taken("systemVersion", "string", "The version of the code system."),
            Taken("display", "string", "The display to be checked."),
            _CODING,
            _CONCEPT,
            _DISPLAY_LANGUAGE,
        ),
        gives=(_RESULT, _MESSAGE, _DISPLAY),
    ),
    Operation(
        "ValueSet-expand",
        "expand",
        ("ValueSet",),
        "List the codes of a value set",
        "Gives the codes of a value set of ours, all or those that match a text, page by page when asked to.",
        "ValueSet-expand",
        on_type=True,
        on_instance=True,
        takes=(
            _URL,
            Taken("valueSetVersion", "string", "The version of the value set."),
            Taken("filter", "string", "Only codes that hold this text, or whose label in any language does."),
            Taken("offset", "integer", "How many codes to pass over."),
            Taken("count", "integer", "How many codes to give; 0 for the total alone."),
            Taken("includeDesignations", "boolean", "Whether to give the labels in every language."),
            Taken("includeDefinition", "boolean", "Whether to give the definition of the value set too."),
            Taken("activeOnly", "boolean", "Every code of ours is active, so this changes nothing."),
            Taken("excludeNested", "boolean", "No list of ours is nested, so this changes nothing."),
            _DISPLAY_LANGUAGE,
        ),
        gives=(Taken("return", "ValueSet", "The value set with its expansion.", 1),),
    ),
    Operation(
        "ConceptMap-translate",
        "translate",
        ("ConceptMap",),
        "Translate a code",
        "Gives what a code of ours is in another system, or the other way round.",
        "ConceptMap-translate",
        on_type=True,
        on_instance=True,
        takes=(
            _URL,
            Taken("conceptMapVersion", "string", "The version of the concept map."),
            _CODE,
            Taken("system", "uri", "The system of the code; needed with a code."),
            Taken("version", "string", "The version of the system."),
            Taken("source", "uri", "Only maps with this source value set."),
            _CODING,
            _CONCEPT,
            Taken("targetsystem", "uri", "Only codes of this system."),
            Taken("reverse", "boolean", "Whether the code is a target, and its sources are asked for."),
        ),
        gives=(
            _RESULT,
            _MESSAGE,
            Taken(
                "match",
                None,
                "One translation.",
                0,
                "*",
                parts=(
                    Taken("equivalence", "code", "How exact it is."),
                    Taken("concept", "Coding", "What the code becomes."),
                    Taken("source", "uri", "The concept map that says so."),
                ),
            ),
        ),
    ),
)
"""Source: hl7.org/fhir/R4/terminology-service."""
