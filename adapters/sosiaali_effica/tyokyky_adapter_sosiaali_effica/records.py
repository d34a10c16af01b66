"""Effica's ``Asiakirja`` as a JSON-like dict and back: unknown elements, their order and attributes are kept.

An element without attributes and children is its text. Otherwise it is a dict: attributes as ``@name``, own
text as ``#text``, children by name. Children in Effica's namespace go by their local name, all others by
``{namespace}name``. What may repeat is always a list. Two marks keep what a dict cannot: ``#order`` where
equal names are interleaved with others, ``#xml`` for text mixed with elements.
"""

from collections.abc import Mapping
from typing import Any, cast

from lxml import etree

from tyokyky_adapter_sosiaali_effica.shape import META, OBJECTS, REPEATED
from tyokyky_adapter_sosiaali_effica.soap import EFF, Element, UnsafeXml, parse

Record = dict[str, Any]

EMPTY: Record = {"Asiakas": {}}
"""The empty form: a type 17 document without anything in it."""

_OWN = f"{{{EFF}}}"
_MIXED = "#xml"
_ORDER = "#order"
_TEXT = "#text"


def value_of(element: Element) -> Any:
    """One element as text or dict. Lossless but for white space between elements."""
    inner = list(element)
    attributes = {f"@{name}": text for name, text in _attributes(element).items()}
    if not inner:
        text = element.text or ""
        if attributes:
            return attributes | ({_TEXT: text} if text else {})
        return {} if not text.strip() and _short(str(element.tag)) in OBJECTS else text
    if _is_mixed(element, inner):
        return {_MIXED: etree.tostring(_copied(element), encoding="unicode")}
    return attributes | _members(inner)


def _members(inner: list[Element]) -> Record:
    names = [_short(str(child.tag)) for child in inner]
    members: Record = {}
    for name, child in zip(names, inner, strict=True):
        members.setdefault(name, []).append(value_of(child))
    grouped = [name for name, values in members.items() for _ in values]
    for name, values in members.items():
        if name not in REPEATED and len(values) == 1:
            members[name] = values[0]
    if grouped != names:
        members[_ORDER] = names
    return members


def element_of(name: str, value: Any) -> Element:
    """
    Build one element from what `value_of` gave, or from what the lens made of it.

    Raises:
        UnsafeXml: a text holds characters that XML cannot carry.
    """
    if isinstance(value, dict) and _MIXED in value:
        return parse(str(cast("Record", value)[_MIXED]).encode("utf-8"))
    element = etree.Element(_long(name), nsmap={"eff": EFF})
    try:
        _fill(element, value)
    except (ValueError, TypeError) as error:
        raise UnsafeXml(rule="text that XML cannot carry") from error
    return element


def _fill(element: Element, value: Any) -> None:
    if not isinstance(value, dict):
        element.text = "" if value is None else str(value)
        return
    record = cast("Record", value)
    for name, inner in record.items():
        if name.startswith("@"):
            element.set(name[1:], str(inner))
    if record.get(_TEXT):
        element.text = str(record[_TEXT])
    for name, inner in _in_order(record):
        element.append(element_of(name, inner))


def _in_order(record: Record) -> list[tuple[str, Any]]:
    waiting: dict[str, list[Any]] = {}
    for name, inner in record.items():
        if not name.startswith(("@", "#")) and inner is not None:
            waiting[name] = list(cast("list[Any]", inner)) if isinstance(inner, list) else [inner]
    ordered = [(name, waiting[name].pop(0)) for name in record.get(_ORDER, ()) if waiting.get(name)]
    return ordered + [(name, inner) for name, left in waiting.items() for inner in left]


def document_of(element: Element) -> tuple[dict[str, str], Record]:
    """Split an ``Asiakirja`` into what it says of itself and its content, which always has a client block."""
    whole = value_of(element)
    record = cast("Record", whole) if isinstance(whole, dict) else Record()
    meta = {name: str(record[name]) for name in META if isinstance(record.get(name), str)}
    content = {name: inner for name, inner in record.items() if name not in META}
    if _ORDER in content:
        content[_ORDER] = [name for name in content[_ORDER] if name not in META]
    if not isinstance(content.get("Asiakas"), dict):
        content["Asiakas"] = {}
    return meta, content


def element_of_document(meta: Mapping[str, str], content: Record) -> Element:
    """Put an ``Asiakirja`` together: what it says of itself first, then *content* in its own order."""
    whole: Record = {name: meta[name] for name in META if name in meta}
    if _ORDER in content:
        whole[_ORDER] = [*whole, *content[_ORDER]]
    whole |= {name: inner for name, inner in content.items() if name not in (*META, _ORDER)}
    return element_of("Asiakirja", whole)


def _copied(element: Element) -> Element:
    """The same element with prefixes of our choice, so that it reads the same wherever it stood."""
    copy = etree.Element(str(element.tag), _attributes(element), nsmap={"eff": EFF})
    copy.text = element.text
    for child in element:
        inner = _copied(child)
        inner.tail = child.tail
        copy.append(inner)
    return copy


def _is_mixed(element: Element, inner: list[Element]) -> bool:
    loose = [element.text, *(child.tail for child in inner)]
    return any(text and text.strip() for text in loose)


def _attributes(element: Element) -> dict[str, str]:
    return {str(name): str(text) for name, text in element.attrib.items()}


def _short(name: str) -> str:
    if name.startswith(_OWN):
        return name.removeprefix(_OWN)
    return name if name.startswith("{") else f"{{}}{name}"


def _long(name: str) -> str:
    return name.removeprefix("{}") if name.startswith("{") else f"{_OWN}{name}"
