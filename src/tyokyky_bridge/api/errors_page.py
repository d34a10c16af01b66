"""The reference page of error codes, rendered from the catalogue."""

from tyokyky_bridge.api.catalogue import CATALOGUE

NEXT = {
    400: "Put right what is named. Bodies are UTF-8 JSON, no member twice, at most 32 levels (64 in FHIR).",
    401: "Fetch a new token; see which claim the detail names.",
    403: "Do not repeat it: the role, the register or the caller's sight does not include this.",
    404: "There is none, or none that the caller may know of; the two are never told apart.",
    405: "Use a method that `Allow` names.",
    406: "Ask for `application/fhir+json`, FHIR 4.0.",
    408: "Send the body within ten seconds.",
    409: "Read again and decide: something else is there or came first.",
    410: "It was deleted, or the link of a page has ended: search again.",
    412: "Read again, apply the change to what stands now, send it with the new ETag.",
    413: "Send at most two megabytes.",
    415: "Send `Content-Type: application/json`; in FHIR `application/fhir+json` and what `Accept-Post` names.",
    422: "Put right what `errors` names by field and rule, or what `detail` says.",
    428: "Send `If-Match` with the ETag of the plan as last read.",
    500: "Report it; nothing was done.",
    503: "Send it again after `Retry-After`; with an `Idempotency-Key` that is always safe.",
}
"""What a caller does next, by status."""


INTRODUCTION = (
    "Every error of `/v1` is `application/problem+json` (RFC 9457). `type` is `urn:tyokyky-bridge:problem:` and the"
    " code. `errors` lists fields and rules. Nothing of what was sent is repeated. Which operation answers with which"
    " code is in [openapi.yaml](../../openapi.yaml). Codes with status 500 are faults of an installation: a caller"
    " always gets `server/error`, and the log names the type of the fault. On `/fhir` the same errors are an"
    " OperationOutcome: findings by element, and a correlation id for the log; codes with status 428 are 400 there."
)


def render_errors() -> str:
    """The page as Markdown: every code with its status and meaning, then what to do for each status."""
    rows = sorted(CATALOGUE.items(), key=lambda each: (each[1][0], each[0]))
    lines = [
        "# Error codes",
        "",
        "Generated from the catalogue (`make openapi`); do not edit.",
        "",
        INTRODUCTION,
        "",
        "| status | code | meaning |",
        "|---|---|---|",
        *(f"| {status} | `{code}` | {title} |" for code, (status, title) in rows),
        "",
        "## What to do next",
        "",
        "| status | next |",
        "|---|---|",
        *(f"| {status} | {what} |" for status, what in NEXT.items()),
    ]
    return "\n".join(lines) + "\n"
