"""What is looked at before a document leaves: Effica spoils text without a word, so no such text is sent."""

from collections.abc import Mapping

from tyokyky_adapter_sosiaali_effica.records import element_of_document
from tyokyky_adapter_sosiaali_effica.soap import ENCODING, MAX_TEXT_BYTES, Element, UnsafeXml, local_name
from tyokyky_bridge.adapterkit.contract import Native
from tyokyky_bridge.adapterkit.errors import Refusal, Refused


def sendable(meta: Mapping[str, str], content: Native) -> Element:
    """
    Make the XML of a document that Effica can keep as it is.

    Raises:
        Refused: naming every element that Effica would cut, fill with ``?``, or that XML cannot carry.
    """
    try:
        document = element_of_document(meta, content)
    except UnsafeXml as unsafe:
        raise Refused((Refusal("EFF-XML", rule="text that XML cannot carry"),)) from unsafe
    reasons = [
        Refusal(code, local_name(inner), rule)
        for inner in document.iter()
        for text in (inner.text or "", *(str(value) for value in inner.attrib.values()))
        for code, rule in _spoils(text)
    ]
    if reasons:
        raise Refused(tuple(reasons))
    return document


def _spoils(text: str) -> list[tuple[str, str]]:
    try:
        length = len(text.encode(ENCODING))
    except UnicodeEncodeError:
        return [("EFF-MERKISTO", f"character outside {ENCODING}")]
    return [("EFF-PITUUS", f"over {MAX_TEXT_BYTES} bytes")] if length > MAX_TEXT_BYTES else []
