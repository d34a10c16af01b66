"""Bundles posted to the base: a transaction, or a batch."""

from fastapi import Request, Response

from tyokyky_bridge.api import problems
from tyokyky_bridge.api.fhir import outcomes
from tyokyky_bridge.api.fhir.answers import as_preferred, document_answer
from tyokyky_bridge.api.fhir.ask import Ask, ask_of
from tyokyky_bridge.api.fhir.bundling import history_bundle, search_bundle
from tyokyky_bridge.api.fhir.doors import opens
from tyokyky_bridge.domain.errors import BridgeError
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.services.fhir import bundles as use
from tyokyky_bridge.services.fhir.refusals import BadRequest


@opens("fhir_bundle", "POST", "")
async def bundle(request: Request) -> Response:
    """Carry out a Bundle: a transaction (everything or nothing) or a batch (each entry for itself)."""
    ask = ask_of(request)
    ask.only()
    document = await ask.document()
    if document.get("resourceType") != "Bundle" or document.get("type") not in ("batch", "transaction"):
        msg = "the base takes a Bundle of type batch or transaction"
        raise BadRequest(msg, expression="Bundle.type" if document.get("resourceType") == "Bundle" else None)
    carry_out = use.transact if document["type"] == "transaction" else use.batch
    answer = await carry_out(ask.bridge, ask.caller, document, face_of(ask))
    return document_answer(ask, answer, headers=ask.prefer.applied("return", "handling"))


def face_of(ask: Ask) -> use.Face:
    """How the answers to the entries of this request look."""

    def refusal(error: BridgeError) -> tuple[int, Document]:
        verdict = problems.verdict_of(error)
        return verdict.status_in_fhir, outcomes.refusal_document(ask.request.scope, verdict.findings)

    return use.Face(
        base=ask.base,
        key=ask.cursor_key,
        searchset=lambda type_, found: search_bundle(ask.base, type_, found),
        history=lambda type_, id_, past: history_bundle(ask.base, type_, id_, past),
        refusal=refusal,
        versioned=ask.versioned,
        strict=ask.strict,
        representation=as_preferred(ask.prefer),
    )
