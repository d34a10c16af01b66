"""Media types: which form the caller can take, and which form a body is in."""

from urllib.parse import unquote_plus

from tyokyky_bridge.api.fhir.refusals import NotAcceptable, UnsupportedMediaType

FHIR_JSON = "application/fhir+json"
CONTENT_TYPE = f"{FHIR_JSON}; charset=utf-8"
JSON_KINDS = frozenset({FHIR_JSON, "application/json", "text/json"})
PATCH_KINDS = frozenset({"application/json-patch+json"})
FORM_KINDS = frozenset({"application/x-www-form-urlencoded"})
FORMATS = JSON_KINDS | {"json", "application/fhir json"}
"""Values of ``_format``; the last is what ``application/fhir+json`` becomes when its plus is not escaped."""
FHIR_VERSIONS = frozenset({"4.0", "4.0.1"})


def refuse_other_forms(accept: str | None, format_: str | None) -> None:
    """
    Accept a request whose answer may be FHIR JSON; ``_format`` overrides the Accept header.

    Raises:
        NotAcceptable: it may not.

    Source: hl7.org/fhir/R4/http.html#mime-type.
    """
    if format_ is not None:
        kind, parameters = _split(format_)
        if kind not in FORMATS or not _right_version(parameters):
            raise NotAcceptable
        return
    if accept is None or not accept.strip():
        return
    parts = [_split(part) for part in accept.split(",")]
    fitting = [(_rank(kind), _quality(said)) for kind, said in parts if _right_version(said)]
    rank, quality = max(fitting, default=(-1, 0.0))
    if rank < 0 or quality <= 0:
        raise NotAcceptable


def refuse_other_bodies(
    content_type: str | None, kinds: frozenset[str] = JSON_KINDS, *, encoding: str | None = None
) -> None:
    """
    Accept a body that is said to be of one of *kinds*, in UTF-8, in this FHIR version and not compressed.

    Raises:
        UnsupportedMediaType: it is not, or nothing is said.
    """
    kind, parameters = _split(content_type or "")
    charset = parameters.get("charset", "utf-8").lower()
    plain = (encoding or "identity").strip().lower() == "identity"
    if kind not in kinds or charset not in {"utf-8", "utf8"} or not _right_version(parameters) or not plain:
        raise UnsupportedMediaType(FHIR_JSON if kinds == JSON_KINDS else min(kinds))


def _split(text: str) -> tuple[str, dict[str, str]]:
    kind, *rest = text.split(";")
    parameters: dict[str, str] = {}
    for each in rest:
        name, _, value = each.partition("=")
        parameters[name.strip().lower()] = value.strip().strip('"')
    return kind.strip().lower(), parameters


def _right_version(parameters: dict[str, str]) -> bool:
    return unquote_plus(parameters.get("fhirversion", "4.0")) in FHIR_VERSIONS


def _rank(kind: str) -> int:
    """How precisely a range names what we have; -1: not at all. The most precise one decides."""
    if kind == FHIR_JSON:
        return 3
    if kind in JSON_KINDS:
        return 2
    if kind in {"application/*", "text/*"}:
        return 1 if kind == "application/*" else -1
    return 0 if kind == "*/*" else -1


def _quality(parameters: dict[str, str]) -> float:
    try:
        return float(parameters.get("q", "1"))
    except ValueError:
        return 0.0
