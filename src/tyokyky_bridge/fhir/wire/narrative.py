"""What may stand in a narrative: the plain XHTML that R4 allows and nothing that runs, loads or links out of line.

The parser is hardened: no network, no document type, no entities but those of XML (R4: Unicode characters stand in
the place of ``&nbsp;`` and its like).

Source: hl7.org/fhir/R4/narrative.html (txt-1, txt-2); security report on XML.
"""

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

XHTML = "{http://www.w3.org/1999/xhtml}"
MAX_NARRATIVE = 1024 * 1024

TAG_NAMES = """
a abbr acronym b big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img li ol p
pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var address area bdo del ins kbd map
"""
"""Those of the expression of txt-1, then those of the same chapters of HTML 4.0 that it leaves out."""
TAGS = frozenset(TAG_NAMES.split())

XML = "{http://www.w3.org/XML/1998/namespace}"
ATTRIBUTE_NAMES = f"""
abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff charset cite
class colspan compact coords dir frame headers height href hreflang hspace id lang longdesc name nowrap rel rev rowspan
rules scope shape span src start style summary tabindex title type valign value vspace width {XML}lang ismap usemap
"""
ATTRIBUTES = frozenset(ATTRIBUTE_NAMES.split())
LINKS = frozenset({"href", "src", "cite", "longdesc"})
RUNS = re.compile(r"(?:javascript|vbscript|data):", re.IGNORECASE)
PICTURE = re.compile(r"data:image/(?:png|gif|jpeg);base64,")

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
        div = etree.fromstring(value.encode(), _parser())
    except (etree.XMLSyntaxError, ValueError):
        return ("invalid", "the narrative is well-formed XHTML")
    if div.tag != f"{XHTML}div":
        return _txt1("the content is one div in the namespace of XHTML")
    refusal = next((rule for each in div.iter() for rule in _refusals(each)), None)
    if refusal is not None:
        return _txt1(refusal)
    if not any(text.strip() for text in div.itertext()) and div.find(f".//{XHTML}img[@src]") is None:
        return ("invariant", "txt-2: the narrative has some content")
    return None


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def _txt1(rule: str) -> Fault:
    return ("invariant", f"txt-1: {rule}")


def _refusals(node: Any) -> Iterator[str]:
    if not isinstance(node.tag, str):  # a comment; instructions and entities were refused before
        return
    name = node.tag.removeprefix(XHTML)
    if name not in TAGS:
        yield "only the basic elements of formatting, no script, form, object, frame or head"
        return
    for attribute, value in node.attrib.items():
        if attribute not in ATTRIBUTES:
            yield "only the attributes of formatting, none that runs at an event"
        elif attribute in LINKS and RUNS.match("".join(value.split())) and not PICTURE.match(value):
            yield "a link does not run anything"
