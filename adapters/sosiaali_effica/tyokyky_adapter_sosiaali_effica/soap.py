"""SOAP 1.1 as Sosiaali Effica speaks it: ISO-8859-15 envelopes, WS-Security password text, Faults.

Client and simulator share this file: it is the interface, not the behaviour of either.
Source: domain report 8.3 (invented but for the transport standards).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias, cast

from lxml import etree

Element: TypeAlias = etree._Element  # pyright: ignore[reportPrivateUsage] # noqa: SLF001  # lxml names no public type

ENCODING = "ISO-8859-15"
MAX_TEXT_BYTES = 4000
"""Effica keeps this many encoded bytes of one element and cuts the rest without an error."""
MAX_DEPTH = 24
MAX_ELEMENTS = 20_000

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
EFF = "urn:effica:asiakirja:3"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
PASSWORD_TEXT = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText"  # noqa: S105
)
NAMESPACES = {"soapenv": SOAP, "eff": EFF, "wsse": WSSE, "wsu": WSU}

PATH = "/effica/AsiakirjaPalvelu"
OPERATIONS = (
    "HaeAsiakas",
    "HaeAsiakirja",
    "HaeAsiakirjat",
    "TallennaAsiakirja",
    "LukitseAsiakirja",
    "VapautaAsiakirja",
    "MitatoiAsiakirja",
    "HaeMuutosloki",
)


class UnsafeXml(Exception):  # named as the fact
    """The bytes are not XML that may be read: malformed, a document type, too deep, too many elements."""

    def __init__(self, rule: str) -> None:
        self.rule = rule
        super().__init__(rule)


@dataclass(frozen=True)
class Fault:
    """A SOAP Fault: *code* is Effica's own (``EFF-105``), *side* is ``Client`` or ``Server``."""

    code: str
    side: str
    text: str
    user: str | None = None


def eff(name: str) -> str:
    """Clark name of an element of Effica's own namespace."""
    return f"{{{EFF}}}{name}"


def local_name(element: Element) -> str:
    """The name without its namespace."""
    return etree.QName(element).localname


def parse(body: bytes) -> Element:
    """
    Read XML that came from outside.

    No document type is accepted at all, so there are no entities to expand or fetch. Depth and number of
    elements are bounded. Comments and processing instructions are dropped.

    Raises:
        UnsafeXml: with the rule that was broken, never with any of the content.
    """
    if b"<!DOCTYPE" in body.replace(b"\x00", b"").upper():
        raise UnsafeXml(rule="doctype")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise UnsafeXml(rule="malformed") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnsafeXml(rule="doctype")
    _bound(root)
    return root


def _bound(root: Element) -> None:
    seen = 0
    level: list[Element] = [root]
    for _ in range(MAX_DEPTH):
        seen += len(level)
        if seen > MAX_ELEMENTS:
            raise UnsafeXml(rule="too many elements")
        level = [child for element in level for child in element]
        if not level:
            return
    raise UnsafeXml(rule="too deep")


def write(root: Element) -> bytes:
    """Serialise with declaration in ISO-8859-15; a character outside the set becomes a numeric reference."""
    return cast("bytes", etree.tostring(root, encoding=ENCODING, xml_declaration=True))


def envelope(payload: Element, *, header: Element | None = None) -> bytes:
    """Wrap one body element into an envelope."""
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soapenv": SOAP, "eff": EFF})
    if header is not None:
        etree.SubElement(root, f"{{{SOAP}}}Header").append(header)
    etree.SubElement(root, f"{{{SOAP}}}Body").append(payload)
    return write(root)


def message(name: str, members: Mapping[str, str]) -> Element:
    """One Effica element with text members in the order given."""
    element = etree.Element(eff(name), nsmap={"eff": EFF})
    for member, text in members.items():
        etree.SubElement(element, eff(member)).text = text
    return element


def security(user: str, password: str, created: datetime) -> Element:
    """WS-Security UsernameToken with the password as text; *created* is aware."""
    header = etree.Element(f"{{{WSSE}}}Security", nsmap={"wsse": WSSE, "wsu": WSU})
    token = etree.SubElement(header, f"{{{WSSE}}}UsernameToken")
    etree.SubElement(token, f"{{{WSSE}}}Username").text = user
    secret = etree.SubElement(token, f"{{{WSSE}}}Password", {"Type": PASSWORD_TEXT})
    secret.text = password
    stamp = created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    etree.SubElement(token, f"{{{WSU}}}Created").text = stamp
    return header


def body_of(root: Element) -> Element:
    """The one element inside the envelope's body. Raises `UnsafeXml` when this is no envelope."""
    body = root.find(f"{{{SOAP}}}Body")
    inside = None if body is None else next(iter(body), None)
    if root.tag != f"{{{SOAP}}}Envelope" or inside is None:
        raise UnsafeXml(rule="no soap body")
    return inside


def text_of(element: Element, name: str) -> str:
    """Text of an Effica member, empty when there is none."""
    return (element.findtext(eff(name)) or "").strip()


def fault(code: str, text: str, *, side: str = "Client", user: str | None = None) -> bytes:
    """A whole Fault envelope as Effica words it."""
    element = etree.Element(f"{{{SOAP}}}Fault")
    etree.SubElement(element, "faultcode").text = f"soapenv:{side}"
    etree.SubElement(element, "faultstring").text = f"{code} {text}"
    error = message("Virhe", {"Koodi": code, "Selite": text} | ({"Kayttaja": user} if user else {}))
    etree.SubElement(element, "detail").append(error)
    return envelope(element)


def fault_of(inside: Element) -> Fault | None:
    """Read a Fault, or ``None`` when the body holds an answer; a foreign one has code ``FAULT``."""
    if inside.tag != f"{{{SOAP}}}Fault":
        return None
    side = (inside.findtext("faultcode") or "").rpartition(":")[2].strip()
    error = inside.find(f"detail/{eff('Virhe')}")
    if error is None:
        return Fault("FAULT", side, "")
    return Fault(text_of(error, "Koodi"), side, text_of(error, "Selite"), text_of(error, "Kayttaja") or None)
