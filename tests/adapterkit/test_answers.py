"""What answers mean wherever they come from: outages, patience asked for, and documents that are none."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from tyokyky_bridge.adapterkit.errors import Blocked, OutcomeUnknown, TryLater
from tyokyky_bridge.adapterkit.http import json_object, raise_for_outage, retry_after, segment


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        ("7200", 3600),
        ("99999999999999999999", 3600),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("1.5", None),
        ("²", None),
        ("Mon, 99 Foo 2026 99:99:99 GMT", None),
    ],
)
def test_retry_after_in_seconds_is_capped_and_nonsense_is_nothing(value: str, seconds: int | None) -> None:
    headers = httpx.Headers([(b"retry-after", value.encode("latin-1"))])
    wanted = None if seconds is None else timedelta(seconds=seconds)
    assert retry_after(httpx.Response(503, headers=headers)) == wanted


@pytest.mark.parametrize(("ahead_s", "low", "high"), [(90, 85, 90), (-90, 0, 0), (86_400, 3600, 3600)])
def test_retry_after_as_a_date_counts_from_now(ahead_s: int, low: int, high: int) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=ahead_s), usegmt=True)
    wait = retry_after(httpx.Response(503, headers={"retry-after": moment}))
    assert wait is not None
    assert low <= wait.total_seconds() <= high


def test_no_retry_after_is_no_advice() -> None:
    assert retry_after(httpx.Response(503)) is None


@pytest.mark.parametrize(
    ("status", "wrote", "meaning"),
    [
        (429, True, TryLater),
        (503, True, TryLater),
        (500, True, OutcomeUnknown),
        (504, True, OutcomeUnknown),
        (500, False, TryLater),
        (504, False, TryLater),
        (301, True, Blocked),
    ],
)
def test_an_outage_says_what_to_do_next(status: int, wrote: bool, meaning: type[Exception]) -> None:
    with pytest.raises(meaning):
        raise_for_outage(httpx.Response(status), wrote=wrote)


@pytest.mark.parametrize(("status", "throttled"), [(429, True), (503, False), (500, False)])
def test_too_many_requests_are_told_apart_from_an_outage(status: int, *, throttled: bool) -> None:
    with pytest.raises(TryLater) as later:
        raise_for_outage(httpx.Response(status), wrote=False)
    assert later.value.throttled is throttled


@pytest.mark.parametrize("status", [200, 201, 304, 400, 401, 404, 409, 412, 422])
def test_everything_else_is_the_adapters_to_read(status: int) -> None:
    raise_for_outage(httpx.Response(status), wrote=True)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"1", b"<html>", b'{"a":', b'{"a":NaN}', b"\xff", b"[" * 100_000]
)
def test_what_is_no_json_object_is_a_broken_answer(body: bytes) -> None:
    with pytest.raises(TryLater):
        json_object(httpx.Response(200, content=body), wrote=False)
    with pytest.raises(OutcomeUnknown):
        json_object(httpx.Response(200, content=body), wrote=True)


def test_a_partners_id_stays_one_path_segment() -> None:
    assert segment("../a b?c#d/ä") == "..%2Fa%20b%3Fc%23d%2F%C3%A4"
