"""XML and dict say the same thing, whatever a county has added to its documents."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from tyokyky_adapter_sosiaali_effica.records import (
    document_of,
    element_of,
    element_of_document,
    value_of,
)
from tyokyky_adapter_sosiaali_effica.shape import META
from tyokyky_adapter_sosiaali_effica.soap import EFF, parse

names = st.sampled_from(
    [f"{{{EFF}}}{name}" for name in ("Tavoite", "Tavoitteet", "Kuvaus", "Asiakas", "Oma", "Selvitys")]
    + ["{urn:kunta}Lisa", "ilmanNimiavaruutta"]
)
letters = st.characters(codec="iso-8859-15", categories=("L", "N", "P", "S", "Zs"))
texts = st.text(letters, max_size=12).filter(lambda text: text == "" or text.strip() != "")
attributes = st.dictionaries(st.sampled_from(["jarjestys", "{urn:kunta}taso"]), texts, max_size=2)


@st.composite
def elements(draw, depth=3):
    element = etree.Element(draw(names), draw(attributes))
    inner = draw(st.lists(elements(depth=depth - 1), max_size=4)) if depth else []
    if inner:
        element.extend(inner)
        if draw(st.booleans()):
            inner[draw(st.integers(0, len(inner) - 1))].tail = draw(texts)
    else:
        element.text = draw(texts)
    return element


documents = elements().map(lambda element: parse(etree.tostring(element, encoding="ISO-8859-15")))


def shown(element):
    """All that matters of an element; namespace prefixes do not."""
    inner = [(shown(child), child.tail or "") for child in element]
    return element.tag, dict(element.attrib), element.text or "", inner


def name_of(element):
    """How a dict names the element."""
    own = f"{{{EFF}}}"
    if element.tag.startswith(own):
        return element.tag.removeprefix(own)
    return element.tag if element.tag.startswith("{") else f"{{}}{element.tag}"


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents)
def test_unknown_elements_their_order_and_their_attributes_survive_xml_to_dict_and_back(element):
    assert shown(element_of(name_of(element), value_of(element))) == shown(element)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents)
def test_a_dict_that_came_from_xml_comes_back_the_same_through_bytes(element):
    value = value_of(element)
    wire = etree.tostring(element_of(name_of(element), value), encoding="ISO-8859-15")
    assert value_of(parse(wire)) == value


def test_what_the_document_says_of_itself_is_kept_apart_from_its_content():
    document = etree.fromstring(
        f'<e:Asiakirja xmlns:e="{EFF}"><e:Oma>1</e:Oma><e:Versionumero>4</e:Versionumero>'
        "<e:Toinen/><e:Oma>2</e:Oma></e:Asiakirja>"
    )
    meta, content = document_of(document)
    assert meta == {"Versionumero": "4"}
    assert content == {"Oma": ["1", "2"], "Toinen": "", "#order": ["Oma", "Toinen", "Oma"], "Asiakas": {}}
    again = [child.tag.removeprefix(f"{{{EFF}}}") for child in element_of_document(meta, content)]
    assert again == ["Versionumero", "Oma", "Toinen", "Oma", "Asiakas"]


def test_content_cannot_smuggle_in_a_version_or_another_persons_number():
    document = element_of_document({"Versionumero": "4"}, {"Versionumero": "9", "Hetu": "x", "Oma": "1"})
    assert [(child.tag.removeprefix(f"{{{EFF}}}"), child.text) for child in document] == [
        ("Versionumero", "4"),
        ("Oma", "1"),
    ]
    assert "Hetu" in META


def test_an_element_that_may_repeat_is_a_list_even_when_there_is_one():
    document = parse(f'<e:Tavoitteet xmlns:e="{EFF}"><e:Tavoite/></e:Tavoitteet>'.encode())
    assert value_of(document) == {"Tavoite": [""]}


def test_an_element_added_to_interleaved_ones_goes_to_the_end():
    value = {"A": ["1", "2", "3"], "B": "x", "#order": ["A", "B", "A"]}
    assert [child.text for child in element_of("Oma", value)] == ["1", "x", "2", "3"]
