"""Statements and documents as DocumentReferences."""

from datetime import date

from worlds.fhir_units import CLIENT, anchor_of, codes, comes_to, concept, shown

HASH = "ab" * 32
STATEMENT = {
    "statements[s-1].kind": "b_statement",
    "statements[s-1].issued_on": date(2026, 1, 20),
    "statements[s-1].conclusion": "Osa-aikatyö mahdollinen.",
    "statements[s-1].author.user": "MKIVI",
    "statements[s-1].author.party": "lrha-health",
    "statements[s-1].document_ref.oid": "1.2.246.10.90000011.7",
    "statements[s-1].document_ref.sha256": HASH,
    "statements[s-1].document_ref.mime": "application/pdf",
    "statements[s-1].document_ref.size": 12345,
}
B_FORM = {"system": "urn:oid:1.2.246.537.6.12.2002", "code": "372"}
STRANGER = {"resourceType": "DocumentReference", "status": "current", "subject": CLIENT}


def test_a_statement_is_referred_to_and_its_text_is_not_there():
    found = shown("st-s-1", STATEMENT)
    (content,) = found["content"]
    assert content["attachment"] == {
        "contentType": "application/pdf",
        "size": 12345,
        "creation": "2026-01-20",
    }
    assert found["masterIdentifier"] == {
        "system": "urn:ietf:rfc:3986",
        "value": "urn:oid:1.2.246.10.90000011.7",
    }
    assert found["description"] == "Osa-aikatyö mahdollinen."
    assert [each["identifier"]["value"] for each in found["author"]] == ["MKIVI"]
    assert found["custodian"] == {"reference": "Organization/lrha-health"}


def test_the_checksum_is_no_sha_1_and_stands_in_an_extension():
    found = shown("st-s-1", STATEMENT)
    assert "hash" not in found["content"][0]["attachment"]
    (reference,) = [each for each in found["extension"] if each["url"].endswith("document-ref")]
    assert reference["extension"] == [{"url": "sha256", "valueString": HASH}]


def test_a_b_statement_has_the_national_code_of_its_form_too():
    assert codes(shown("st-s-1", STATEMENT)["type"]) == ["b_statement", "372"]
    other = shown("st-s-1", {**STATEMENT, "statements[s-1].kind": "psychologist"})
    assert codes(other["type"]) == ["psychologist"]


def test_a_stranger_refers_to_a_b_statement_by_the_national_code_alone():
    body = {
        **STRANGER,
        "type": {"coding": [B_FORM]},
        "content": [{"attachment": {"contentType": "application/pdf", "size": 7}}],
    }
    assert anchor_of(body) == "statements[]"
    assert comes_to(body) == {
        "kind": "b_statement",
        "document_ref.mime": "application/pdf",
        "document_ref.size": 7,
    }


def test_any_other_document_has_a_title():
    items = {"documents[d-1].kind": "client_plan", "documents[d-1].title": "Asiakassuunnitelma"}
    found = shown("do-d-1", items)
    assert codes(found["type"]) == ["client_plan"]
    assert found["content"] == [{"attachment": {"title": "Asiakassuunnitelma"}}]
    assert anchor_of({**STRANGER, "type": concept("document-kind", "care_plan")}) == "documents[]"


def test_a_document_of_which_nothing_is_told_still_has_its_content():
    found = shown("do-d-1", {"documents[d-1].kind": "client_plan"})
    assert found["content"][0]["attachment"]["extension"][0]["valueCode"] == "unknown"
    hidden = shown(
        "st-s-1",
        STATEMENT,
        hidden=("statements[s-1].document_ref", "statements[s-1].issued_on"),
        withheld=True,
    )
    assert hidden["content"][0]["attachment"]["extension"][0]["valueCode"] == "masked"
