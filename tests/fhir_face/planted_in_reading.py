"""Bugs of reading, versions and errors."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from tyokyky_bridge.api.fhir import answers, outcomes
from tyokyky_bridge.api.fhir.refusals import NotAllowed
from tyokyky_bridge.services.fhir import listing, reading, states


def one_etag_for_all(patch: pytest.MonkeyPatch) -> None:
    """The ETag does not follow the version."""
    patch.setattr(answers, "etag", lambda version: 'W/"1"')


def invented_issue_code(patch: pytest.MonkeyPatch) -> None:
    """The code of an issue is a word of the server's own."""
    inner = outcomes.outcome

    def outcome(issues: Any, **more: Any) -> dict[str, Any]:
        made = inner(issues, **more)
        return {**made, "issue": [{**each, "code": "bad-request"} for each in made["issue"]]}

    patch.setattr(outcomes, "outcome", outcome)


def no_allow(patch: pytest.MonkeyPatch) -> None:
    """405 does not say what would be allowed."""
    patch.setattr(NotAllowed, "headers", {})


def history_without_deletions(patch: pytest.MonkeyPatch) -> None:
    """Deletions are left out of histories."""
    inner = listing._wanted

    def wanted(own: Any, asked: Any) -> Iterator[tuple[int, states.Version]]:
        return ((n, version) for n, version in inner(own, asked) if not version.deleted)

    patch.setattr(listing, "_wanted", wanted)


def deletion_was_never_there(patch: pytest.MonkeyPatch) -> None:
    """A deletion answers as if there never was anything."""
    patch.setattr(reading, "Gone", reading.NotFound)


def every_edit_is_a_version(patch: pytest.MonkeyPatch) -> None:
    """Versions are counted by the edits of the plan and not by what the caller sees."""
    number = count(1)
    patch.setattr(states, "digest_of", lambda document: f"{next(number):08x}")
