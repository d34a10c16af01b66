"""The suite that every adapter passes over real HTTP against its simulator; vendors can run it too."""

# ruff: noqa: S101  # a test suite asserts

import copy
import logging
import time
from collections.abc import Callable
from typing import Any

import pytest

from tyokyky_bridge.adapterkit.contract import Adapter, Found, Standing
from tyokyky_bridge.adapterkit.errors import (
    AmbiguousIdentity,
    Blocked,
    ChangedUnderneath,
    LicenceExpired,
    NotThere,
    OutcomeUnknown,
    PartnerError,
    Refused,
    TryLater,
)
from tyokyky_bridge.adapterkit.manifest import Manifest
from tyokyky_bridge.adapterkit.testing_case import ContractCase, Desk, licence
from tyokyky_bridge.adapterkit.testing_feed import feed_tests
from tyokyky_bridge.adapterkit.testing_process import SimulatorProcess


def adapter_contract(case: ContractCase) -> type:
    """Make the test class: ``TestContract = adapter_contract(LifecareCase())`` in a ``test_contract.py``."""

    class AdapterContract:
        @pytest.fixture(scope="class")
        @classmethod
        def process(cls, tmp_path_factory: pytest.TempPathFactory) -> Any:
            with case.simulator(tmp_path_factory.mktemp("simulator")) as simulator:
                yield simulator

        @pytest.fixture
        def desk(self, process: SimulatorProcess) -> Desk:
            process.reset()
            case.seed(process)
            return Desk(case, process)

        def test_its_manifest_is_valid(self) -> None:
            assert Manifest.of(case.package).contract == 1

        def test_an_unknown_person_is_not_there(self, desk: Desk) -> None:
            with pytest.raises(NotThere):
                desk.run(lambda a: a.find(case.unknown))

        def test_an_identity_that_fits_two_persons_is_never_guessed(self, desk: Desk) -> None:
            with pytest.raises(AmbiguousIdentity):
                desk.run(lambda a: a.find(case.twin))

        def test_a_known_person_without_a_record_has_the_empty_form(self, desk: Desk) -> None:
            async def story(adapter: Adapter) -> tuple[Found, Standing]:
                found = await adapter.find(case.known)
                return found, await adapter.fetch(found)

            found, standing = desk.run(story)
            assert found.record_id is None
            assert standing.record_id is None
            assert standing.version is None
            assert set(case.empty) <= set(standing.content)

        def test_a_first_write_creates_the_record_and_reads_back(self, desk: Desk) -> None:
            async def story(adapter: Adapter) -> None:
                written = await desk.write(adapter, case.known, "first words", "k1")
                found = await adapter.find(case.known)
                assert found.record_id == written.record_id
                standing = await adapter.fetch(found)
                assert standing.version is not None
                assert written.version in {None, standing.version}
                assert case.text_of(standing.content) == "first words"

            desk.run(story)
            assert desk.simulator.effects()

        def test_a_later_write_replaces_what_it_read(self, desk: Desk) -> None:
            async def story(adapter: Adapter) -> None:
                first = await desk.write(adapter, case.known, "first words", "k1")
                second = await desk.write(adapter, case.known, "second words", "k2")
                assert second.record_id == first.record_id
                assert await desk.text(adapter, case.known) == "second words"

            desk.run(story)

        def test_writing_what_already_stands_there_changes_nothing(self, desk: Desk) -> None:
            async def story(adapter: Adapter) -> None:
                await desk.write(adapter, case.known, "same words", "k1")
                before = desk.simulator.effects()
                await desk.write(adapter, case.known, "same words", "k2")
                assert desk.simulator.effects() == before

            desk.run(story)

        def test_writing_never_touches_the_content_it_was_given(self, desk: Desk) -> None:
            async def story(adapter: Adapter) -> None:
                found = await adapter.find(case.known)
                standing = await adapter.fetch(found)
                content = case.fill(standing.content, "words")
                kept, was = copy.deepcopy(content), copy.deepcopy(standing.content)
                await adapter.write(found, content, standing=standing, key="k1", licence=licence())
                assert content == kept
                assert standing.content == was

            desk.run(story)

        def test_a_change_behind_our_back_stops_the_write(self, desk: Desk) -> None:
            async def story(adapter: Adapter) -> None:
                written = await desk.write(adapter, case.known, "first words", "k1")
                found = await adapter.find(case.known)
                standing = await adapter.fetch(found)
                case.change_behind(desk.simulator, written.record_id)
                before = desk.simulator.effects()
                with pytest.raises(ChangedUnderneath):
                    await adapter.write(
                        found,
                        case.fill(standing.content, "stale words"),
                        standing=standing,
                        key="k2",
                        licence=licence(),
                    )
                assert desk.simulator.effects() == before
                assert await desk.text(adapter, case.known) != "stale words"

            desk.run(story)

        def test_fields_the_hub_never_heard_of_survive_a_write(self, desk: Desk) -> None:
            async def story(adapter: Adapter) -> None:
                written = await desk.write(adapter, case.known, "first words", "k1")
                case.add_unknown(desk.simulator, written.record_id)
                found = await adapter.find(case.known)
                before = case.unknown_of((await adapter.fetch(found)).content)
                assert before is not None
                await desk.write(adapter, case.known, "second words", "k2")
                after = (await adapter.fetch(found)).content
                assert case.unknown_of(after) == before
                assert case.text_of(after) == "second words"

            desk.run(story)

        def test_a_text_longer_than_they_take_is_refused_not_cut(self, desk: Desk) -> None:
            async def story(adapter: Adapter) -> None:
                found = await adapter.find(case.known)
                standing = await adapter.fetch(found)
                with pytest.raises(Refused) as refused:
                    await adapter.write(
                        found,
                        case.overfill(standing.content),
                        standing=standing,
                        key="k1",
                        licence=licence(),
                    )
                assert refused.value.reasons

            desk.run(story)
            assert desk.simulator.effects() == []

        def test_an_expired_licence_sends_nothing(self, desk: Desk) -> None:
            async def story(adapter: Adapter) -> None:
                found = await adapter.find(case.known)
                standing = await adapter.fetch(found)
                content = case.fill(standing.content, "too late")
                with pytest.raises(LicenceExpired):
                    await adapter.write(found, content, standing=standing, key="k1", licence=licence(-1))

            desk.run(story)
            assert desk.simulator.effects() == []
            assert not any(b"too late" in entry.body for entry in desk.simulator.journal())

        def test_a_lost_answer_is_said_to_be_unknown_and_the_same_key_has_one_effect(
            self, desk: Desk
        ) -> None:
            def effects_of(work: Callable[[], None]) -> int:
                before = len(desk.simulator.effects())
                work()
                desk.simulator.wait_idle()
                return len(desk.simulator.effects()) - before

            def clean() -> None:
                desk.run(lambda a: desk.write(a, case.other, "words", "k-clean"))

            async def interrupted(adapter: Adapter) -> None:
                found = await adapter.find(case.known)
                standing = await adapter.fetch(found)
                content = case.fill(standing.content, "words")
                desk.simulator.chaos(next_lost_answers=1, on=case.write_path)
                with pytest.raises(OutcomeUnknown):
                    await adapter.write(found, content, standing=standing, key="k1", licence=licence())
                try:
                    await adapter.write(found, content, standing=standing, key="k1", licence=licence())
                except ChangedUnderneath:
                    await desk.write(adapter, case.known, "words", "k1")
                assert await desk.text(adapter, case.known) == "words"

            assert effects_of(lambda: desk.run(interrupted)) == effects_of(clean) > 0

        def test_a_request_cut_before_it_arrived_can_be_sent_again(self, desk: Desk) -> None:
            async def story(adapter: Adapter) -> None:
                found = await adapter.find(case.known)
                standing = await adapter.fetch(found)
                content = case.fill(standing.content, "words")
                desk.simulator.chaos(next_drops=1, on=case.write_path)
                with pytest.raises((OutcomeUnknown, TryLater)):
                    await adapter.write(found, content, standing=standing, key="k1", licence=licence())
                await desk.write(adapter, case.known, "words", "k1")
                assert await desk.text(adapter, case.known) == "words"

            desk.run(story)

        def test_a_partner_that_is_down_means_try_later(self, desk: Desk) -> None:
            async def story(adapter: Adapter) -> None:
                found = await adapter.find(case.known)
                standing = await adapter.fetch(found)
                desk.simulator.kill()
                try:
                    with pytest.raises(TryLater):
                        await adapter.find(case.known)
                    content = case.fill(standing.content, "words")
                    with pytest.raises((TryLater, OutcomeUnknown)):
                        await adapter.write(found, content, standing=standing, key="k1", licence=licence())
                    health = await adapter.health()
                    assert not health.ok
                finally:
                    desk.simulator.start()
                assert (await adapter.find(case.known)).person_id == found.person_id

            desk.run(story)

        def test_an_overloaded_partner_says_when_to_come_back(self, desk: Desk) -> None:
            async def story(adapter: Adapter) -> None:
                desk.simulator.chaos(error_rate=1.0, error_status=503, retry_after_s=17)
                with pytest.raises(TryLater) as later:
                    await adapter.find(case.known)
                assert later.value.after is not None
                assert later.value.after.total_seconds() == 17

            desk.run(story)

        def test_wrong_credentials_block_the_system(self, desk: Desk) -> None:
            with pytest.raises(Blocked):
                desk.run(lambda a: a.find(case.known), **case.wrong_credentials())

        def test_health_says_yes_and_never_raises(self, desk: Desk) -> None:
            health = desk.run(lambda a: a.health())
            assert health.ok
            assert health.milliseconds is not None
            desk.simulator.chaos(error_rate=1.0)
            assert not desk.run(lambda a: a.health()).ok
            desk.simulator.chaos(calm=True)
            assert not desk.run(lambda a: a.health(), **case.wrong_credentials()).ok

        def test_health_touches_no_record(self, desk: Desk) -> None:
            desk.run(lambda a: a.health())
            assert desk.simulator.effects() == []

        def test_a_slow_partner_is_given_up_at_the_deadline(self, desk: Desk) -> None:
            desk.simulator.chaos(latency_ms=[3000, 3000])
            began = time.monotonic()
            with pytest.raises(TryLater):
                desk.run(lambda a: a.find(case.known), deadline_s="0.4")
            assert time.monotonic() - began < 2.5

        def test_a_giant_answer_is_refused(self, desk: Desk) -> None:
            desk.simulator.chaos(padding_bytes=300_000)
            with pytest.raises(Refused):
                desk.run(lambda a: a.find(case.known), max_response_bytes="100000")

        def test_a_garbled_answer_is_a_partner_error(self, desk: Desk) -> None:
            desk.simulator.chaos(next_garbage=5)
            with pytest.raises(PartnerError):
                desk.run(lambda a: a.find(case.known))

        def test_it_retracts_as_its_manifest_says(self, desk: Desk) -> None:
            async def story(adapter: Adapter) -> None:
                await desk.write(adapter, case.known, "secret words", "k1")
                found = await adapter.find(case.known)
                standing = await adapter.fetch(found)
                done = await adapter.retract(found, standing=standing, key="k2", licence=licence())
                promised = Manifest.of(case.package).retract
                if promised == "void":
                    assert done == "voided"
                    assert await desk.text(adapter, case.known) != "secret words"
                else:
                    assert done == "retained"

            desk.run(story)

        def test_no_identity_number_stands_in_a_url_or_a_log_line(
            self, desk: Desk, caplog: pytest.LogCaptureFixture
        ) -> None:
            caplog.set_level(logging.DEBUG)

            async def story(adapter: Adapter) -> None:
                await desk.write(adapter, case.known, "words", "k1")
                with pytest.raises(NotThere) as nobody:
                    await adapter.find(case.unknown)
                assert case.unknown not in str(nobody.value)

            desk.run(story)
            for hetu in (case.known, case.unknown):
                assert not any(hetu in entry.path for entry in desk.simulator.journal())
                assert hetu not in caplog.text

    return type("AdapterContract", (AdapterContract, feed_tests(case)), {})
