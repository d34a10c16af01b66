"""The part of the contract suite on how the hub hears of changes: by asking, or by messages pushed to it."""

# ruff: noqa: S101  # a test suite asserts

from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from tyokyky_bridge.adapterkit.contract import Adapter, Changes, Found
from tyokyky_bridge.adapterkit.errors import (
    Blocked,
    NotAuthentic,
    NotThere,
    PartnerError,
    TryLater,
    Unreadable,
)
from tyokyky_bridge.adapterkit.manifest import Manifest
from tyokyky_bridge.adapterkit.testing_case import ContractCase, Desk, PushingCase
from tyokyky_bridge.adapterkit.testing_ear import Ear, about, asked, notices

NO_CURSOR_OF_THEIRS = "no-such-cursor"
A_DAY = timedelta(days=1)


def feed_tests(case: ContractCase) -> type:
    """The tests for the way of telling that the manifest promises, to be mixed into the suite's class."""

    class Heard:
        def test_a_users_edits_are_told_of_one_by_one(self, desk: Desk) -> None:
            async def story(adapter: Adapter) -> None:
                ear = await Ear.open(desk, adapter)
                for words in ("their first words", "their second words"):
                    await desk.edit(adapter, case.known, words)
                    hints = await ear.hear(await adapter.find(case.known))
                    assert hints
                    assert {hint.kind for hint in hints} == {"changed"}
                    assert None not in {hint.version for hint in hints}
                    assert case.known not in repr(hints)
                    assert await desk.text(adapter, case.known) == words

            desk.run(story)

        def test_an_edit_of_one_person_says_nothing_of_another(self, desk: Desk) -> None:
            async def story(adapter: Adapter) -> None:
                ear = await Ear.open(desk, adapter)
                await desk.edit(adapter, case.other, "their words")
                assert await ear.hear(await adapter.find(case.other))
                assert not about(await adapter.find(case.known), ear.fresh)

            desk.run(story)

        def test_our_own_write_is_told_of_and_is_not_taken_for_a_users_edit(self, desk: Desk) -> None:
            async def story(adapter: Adapter) -> None:
                ear = await Ear.open(desk, adapter)
                written = await desk.write(adapter, case.known, "our words", "k1")
                found = await adapter.find(case.known)
                ours = {hint.version for hint in await ear.hear(found)}
                assert ours
                await desk.edit(adapter, case.known, "their words")
                theirs = {hint.version for hint in await ear.hear(found)}
                assert theirs
                assert not theirs & (ours | {written.version, None})

            desk.run(story)

        def test_the_word_of_our_own_write_matches_what_it_made_and_of_an_edit_does_not(
            self, desk: Desk
        ) -> None:
            async def story(adapter: Adapter) -> None:
                ear = await Ear.open(desk, adapter)
                await desk.write(adapter, case.known, "our words", "k1")
                found = await adapter.find(case.known)
                assert await ear.hear(found)
                written = await desk.write(adapter, case.known, "our later words", "k2")
                known = written.version or (await adapter.fetch(found)).version or ""
                told = [hint.version or "" for hint in await ear.hear(found)]
                assert told
                assert all(adapter.matches(known, one) for one in told)
                await desk.edit(adapter, case.known, "their words")
                theirs = [hint.version or "" for hint in await ear.hear(found)]
                assert theirs
                assert not all(adapter.matches(known, one) for one in theirs)
                after = (await adapter.fetch(found)).version or ""
                assert not any(adapter.matches(after, one) for one in told)

            desk.run(story)

        def test_a_record_taken_away_is_told_of(self, desk: Desk) -> None:
            async def story(adapter: Adapter) -> None:
                await desk.write(adapter, case.known, "our words", "k1")
                found = await adapter.find(case.known)
                ear = await Ear.open(desk, adapter)
                case.remove(desk.simulator, case.known)
                hints = await ear.hear(found)
                assert hints
                assert "gone" in {hint.kind for hint in hints} or await _is_gone(adapter, found)

            desk.run(story)

    class Told(Heard):
        def test_asking_brings_nothing_where_messages_are_pushed(self, desk: Desk) -> None:
            async def story(adapter: Adapter) -> None:
                await desk.edit(adapter, case.known, "their words")
                page = await adapter.changes(None)
                assert page == Changes((), page.cursor)
                assert await adapter.changes(page.cursor) == page

            desk.run(story)

        def test_a_message_is_the_same_each_time_it_comes_and_no_other(self, desk: Desk) -> None:
            async def story(adapter: Adapter) -> None:
                ear = await Ear.open(desk, adapter)
                for words in ("their first words", "their second words"):
                    await desk.edit(adapter, case.known, words)
                    assert await ear.hear(await adapter.find(case.known))
                events = {notice.event_id: notice for notice in notices(desk, adapter)}
                assert len(events) > 1
                assert all(events[notice.event_id] == notice for notice in notices(desk, adapter))

            desk.run(story)

        def test_a_message_altered_on_its_way_or_old_proves_nothing(self, desk: Desk) -> None:
            async def story(adapter: Adapter) -> None:
                ear = await Ear.open(desk, adapter)
                await desk.edit(adapter, case.known, "their words")
                assert await ear.hear(await adapter.find(case.known))
                headers, body = cast("PushingCase", case).pushed(desk.simulator)[-1]
                now = datetime.fromisoformat(desk.simulator.clock())
                for altered, at in ((body + b" ", now), (b"", now), (body, now + A_DAY), (body, now - A_DAY)):
                    with pytest.raises(NotAuthentic):
                        adapter.read_notice(headers, altered, now=at)

            desk.run(story)

    class Asked(Heard):
        def test_asking_again_from_the_same_cursor_loses_nothing(self, desk: Desk) -> None:
            async def story(adapter: Adapter) -> None:
                start = (await adapter.changes(None)).cursor
                for hetu in (case.known, case.other):
                    await desk.edit(adapter, hetu, "their words")
                first = await asked(adapter, start)
                for hetu in (case.known, case.other):
                    assert about(await adapter.find(hetu), list(first.hints))
                assert set(first.hints) <= set((await asked(adapter, start)).hints)

            desk.run(story)

        def test_a_cursor_that_they_do_not_know_is_lost_and_the_fresh_one_works(self, desk: Desk) -> None:
            async def story(adapter: Adapter) -> None:
                await desk.edit(adapter, case.known, "their words")
                found = await adapter.find(case.known)
                page = await asked(adapter, NO_CURSOR_OF_THEIRS)
                assert page.lost or about(found, list(page.hints))
                ear = await Ear.open(desk, adapter, page.cursor)
                await desk.edit(adapter, case.known, "their later words")
                assert await ear.hear(found)

            desk.run(story)

        def test_asking_changes_nothing(self, desk: Desk) -> None:
            async def story(adapter: Adapter) -> None:
                await asked(adapter, (await adapter.changes(None)).cursor)

            desk.run(story)
            assert desk.simulator.effects() == []

        def test_trouble_while_asking_is_named_like_all_other_trouble(self, desk: Desk) -> None:
            with pytest.raises(Blocked):
                desk.run(lambda a: a.changes(None), **case.wrong_credentials())
            desk.simulator.chaos(error_rate=1.0, error_status=503, retry_after_s=17)
            with pytest.raises(TryLater) as later:
                desk.run(lambda a: a.changes(None))
            assert later.value.after == timedelta(seconds=17)
            desk.simulator.chaos(calm=True, next_garbage=5)
            with pytest.raises(PartnerError):
                desk.run(lambda a: a.changes(None))

    class Common:
        def test_a_forged_or_empty_notice_is_not_taken(self, desk: Desk) -> None:
            forged = {"authorization": "Bearer 1", "x-signature": "t=1,v1=00", "content-type": "text/plain"}

            async def story(adapter: Adapter) -> None:
                for headers in ({}, forged):
                    for body in (b"", b"{}", b'{"tapahtuma": "muutos"}', b"\xff\x00"):
                        with pytest.raises((NotAuthentic, Unreadable)):
                            adapter.read_notice(headers, body, now=datetime.now(UTC))

            desk.run(story)

        def test_a_persons_number_is_told_rightly_or_not_at_all(self, desk: Desk) -> None:
            async def story(adapter: Adapter) -> None:
                found = await adapter.find(case.known)
                assert await adapter.number_of(found.person_id) in {None, case.known}

            desk.run(story)

    class Silent:
        def test_asking_brings_nothing_where_nothing_is_told(self, desk: Desk) -> None:
            async def story(adapter: Adapter) -> None:
                assert not (await adapter.changes(None)).hints

            desk.run(story)

    ways = {"poll": Asked, "push": Told, "none": Silent}
    return type("Feed", (ways[Manifest.of(case.package).feed], Common), {})


async def _is_gone(adapter: Adapter, found: Found) -> bool:
    try:
        return (await adapter.fetch(found)).record_id is None
    except NotThere:
        return True
