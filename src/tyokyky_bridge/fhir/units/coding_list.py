"""A codec for a code that stands alone in the ``coding`` of a CodeableConcept of its own."""

from typing import Any, cast

from tyokyky_bridge.fhir.lens.codecs import Codec, Unfit, of_list


def only_coding(list_id: str) -> Codec:
    """A code of this list as the only Coding of its concept, for a set that has a concept for each member."""
    inner = of_list(list_id)

    def read(value: Any) -> Any:
        entries = cast("list[Any]", value) if isinstance(value, list) else []
        if len(entries) != 1:
            rule = "must have exactly one coding"
            raise Unfit(rule)
        return inner.read(entries[0])

    return Codec("Coding", lambda code: [inner.show(code)], read)
