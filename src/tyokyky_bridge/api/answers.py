"""What operations announce that they may answer: every error with its code and an example."""

from typing import Any

from tyokyky_bridge.api.catalogue import STATUS
from tyokyky_bridge.api.problems import MEDIA_TYPE, problem_body

ALWAYS = ("auth/missing-token", "auth/bad-token", "auth/not-for-role", "server/unavailable", "server/error")
WITH_BODY = (
    "request/invalid",
    "request/malformed",
    "request/too-large",
    "request/timeout",
    "request/unsupported-media-type",
)
WRITES = ("store/constraint", "store/row-missing")


def answers(
    *codes: str,
    ok: int = 200,
    headers: dict[str, Any] | None = None,
    always: tuple[str, ...] = ALWAYS,
) -> dict[int | str, dict[str, Any]]:
    """What an operation may answer: its headers on success, and every error with its code and an example."""
    by_status: dict[int, dict[str, Any]] = {}
    for code in sorted({*always, *codes}, key=lambda c: (STATUS[c], c)):
        by_status.setdefault(STATUS[code], {})[code] = {"value": problem_body(code)}
    answers: dict[int | str, dict[str, Any]] = {ok: {"headers": headers}} if headers else {}
    for status, examples in by_status.items():
        schema = {"$ref": "#/components/schemas/Problem"}
        content = {MEDIA_TYPE: {"schema": schema, "examples": examples}}
        answers[status] = {"description": ", ".join(examples), "content": content}
    return answers
