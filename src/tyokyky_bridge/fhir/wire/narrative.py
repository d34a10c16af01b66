"""What may stand in a narrative: the plain XHTML that R4 allows and nothing that runs, loads or links out of line.

The parser is hardened: no network, no document type, no entities but the named characters of HTML 4.

Source: hl7.org/fhir/R4/narrative.html (txt-1, txt-2); security report on XML.
"""

import re
from collections.abc import Iterator
from html.entities import name2codepoint
from typing import Any

from lxml import etree

XHTML = "{http://www.w3.org/1999/xhtml}"
MAX_NARRATIVE = 1024 * 1024

TAG_NAMES = """
p br div h1 h2 h3 h4 h5 h6 a span b em i strong small big tt dfn q var abbr acronym cite blockquote hr ul ol li dl dt dd
pre table caption colgroup col thead tr tfoot tbody th td code samp img map area address bdo kbd sub sup ins del
"""
TAGS = frozenset(TAG_NAMES.split())
XML = "{http://www.w3.org/XML/1998/namespace}"
GENERAL = f"title style class id lang {XML}lang {XML}space dir accesskey tabindex span width align valign char charoff"
EVERYWHERE = frozenset(GENERAL.split())
ANCHOR = "href name charset type hreflang rel rev shape coords"
PICTURES = "src border alt longdesc height usemap ismap"
AREA = "shape coords href nohref alt"
TABLE = "summary border frame rules cellspacing cellpadding"
CELL = "abbr axis headers scope rowspan colspan nowrap"
ONLY_ON = {
    "a": frozenset(ANCHOR.split()),
    "img": frozenset(PICTURES.split()),
    "map": frozenset({"name"}),
    "area": frozenset(AREA.split()),
    "blockquote": frozenset({"cite"}),
    "q": frozenset({"cite"}),
    "ins": frozenset({"cite", "datetime"}),
    "del": frozenset({"cite", "datetime"}),
    "table": frozenset(TABLE.split()),
    "th": frozenset(CELL.split()),
    "td": frozenset(CELL.split()),
}
LINKS = frozenset({"href", "src", "cite", "longdesc"})
RUNS = re.compile(r"(?:javascript|vbscript|data):", re.IGNORECASE)
PICTURE = re.compile(r"data:image/(?:png|gif|jpeg);base64,")
NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
OF_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})

Fault = tuple[str, str]


def fault_of_narrative(value: Any) -> Fault | None:
    """The rule that the text of ``Narrative.div`` breaks, or nothing."""
    if type(value) is not str:
        return ("structure", "the narrative is a JSON string with a div element in it")
    if len(value) > MAX_NARRATIVE:
        return ("too-long", f"a narrative has at most {MAX_NARRATIVE} characters")
    if "<!D" in value or "<!E" in value or "<?" in value:
        return _txt1("no document type, entity or processing instruction")
    try:
        div = etree.fromstring(NAMED.sub(_character, value).encode(), _parser())
    except (etree.XMLSyntaxError, ValueError):
        return ("invalid", "the narrative is well-formed XHTML")
    if div.tag != f"{XHTML}div":
        return _txt1("the content is one div in the namespace of XHTML")
    refusal = next((rule for each in div.iter() for rule in _refusals(each)), None)
    if refusal is not None:
        return _txt1(refusal)
    if not any(text.strip() for text in div.itertext()) and div.find(f".//{XHTML}img") is None:
        return ("invariant", "txt-2: the narrative has some content")
    return None


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def _character(named: re.Match[str]) -> str:
    name = named[1]
    code = None if name in OF_XML else name2codepoint.get(name)
    return named[0] if code is None else chr(code)


def _txt1(rule: str) -> Fault:
    return ("invariant", f"txt-1: {rule}")


def _refusals(node: Any) -> Iterator[str]:
    if not isinstance(node.tag, str):  # a comment; instructions and entities were refused before
        return
    name = node.tag.removeprefix(XHTML)
    if name not in TAGS:
        yield "only the basic elements of formatting, no script, form, object, frame or head"
        return
    allowed = ONLY_ON.get(name, frozenset[str]())
    for attribute, value in node.attrib.items():
        if attribute not in EVERYWHERE and attribute not in allowed:
            yield "only the attributes of formatting, none that runs at an event"
        elif attribute in LINKS and RUNS.match("".join(value.split())) and not PICTURE.match(value):
            yield "a link does not run anything"
