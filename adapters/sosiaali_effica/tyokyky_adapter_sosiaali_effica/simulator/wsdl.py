"""The WSDL 1.1 of the simulated service, as far as a client needs one: operations, actions, address."""

from xml.sax.saxutils import escape

from tyokyky_adapter_sosiaali_effica.soap import EFF, ENCODING, OPERATIONS

_NAMESPACES = (
    'xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" '
    f'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:eff="{EFF}" targetNamespace="{EFF}"'
)


def wsdl(address: str) -> bytes:
    """Describe the service that answers at *address*."""
    elements = "".join(
        f'<xsd:element name="{name}{end}" type="xsd:anyType"/>'
        for name in OPERATIONS
        for end in ("", "Vastaus")
    )
    messages = "".join(
        f'<wsdl:message name="{name}{end}"><wsdl:part name="body" element="eff:{name}{end}"/></wsdl:message>'
        for name in OPERATIONS
        for end in ("", "Vastaus")
    )
    port = "".join(
        f'<wsdl:operation name="{name}"><wsdl:input message="eff:{name}"/>'
        f'<wsdl:output message="eff:{name}Vastaus"/></wsdl:operation>'
        for name in OPERATIONS
    )
    binding = "".join(
        f'<wsdl:operation name="{name}"><soap:operation soapAction="{EFF}:{name}"/>'
        '<wsdl:input><soap:body use="literal"/></wsdl:input>'
        '<wsdl:output><soap:body use="literal"/></wsdl:output>'
        "</wsdl:operation>"
        for name in OPERATIONS
    )
    text = (
        f'<?xml version="1.0" encoding="{ENCODING}"?><wsdl:definitions name="AsiakirjaPalvelu" {_NAMESPACES}>'
        f'<wsdl:types><xsd:schema targetNamespace="{EFF}" elementFormDefault="qualified">{elements}'
        f'</xsd:schema></wsdl:types>{messages}<wsdl:portType name="AsiakirjaPortti">{port}</wsdl:portType>'
        '<wsdl:binding name="AsiakirjaSidonta" type="eff:AsiakirjaPortti">'
        f'<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>{binding}'
        '</wsdl:binding><wsdl:service name="AsiakirjaPalvelu">'
        '<wsdl:port name="AsiakirjaPortti" binding="eff:AsiakirjaSidonta">'
        f'<soap:address location="{escape(address)}"/></wsdl:port></wsdl:service></wsdl:definitions>'
    )
    return text.encode(ENCODING)
