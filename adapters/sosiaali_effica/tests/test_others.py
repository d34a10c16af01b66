"""A save that arrives after the next attempt's save makes a second document: a search shows both, with our mark."""

import copy
import time

from tyokyky_adapter_sosiaali_effica.outgoing import sendable
from tyokyky_adapter_sosiaali_effica.records import EMPTY
from tyokyky_adapter_sosiaali_effica.shape import DOCUMENT_TYPE, DONE, SERVICE_TASK, SOURCE
from tyokyky_bridge.adapterkit.contract import Licence, Marked

TUULIKKI = "120385-921T"


def licence(seconds=10):
    return Licence(decision_id="test", send_before_s=time.monotonic() + seconds)


def arrives(key, **meta):
    """A first save that has passed the search already."""

    async def story(adapter):
        person = (await adapter.find(TUULIKKI)).person_id
        whole = {
            "Asiakirjatyyppi": DOCUMENT_TYPE,
            "Palvelutehtava": SERVICE_TASK,
            "Tila": DONE,
            "AsiakasTunnus": person,
            "Lahdejarjestelma": SOURCE,
            "Siirtotunniste": key,
        } | meta
        return await adapter._save(sendable(whole, copy.deepcopy(EMPTY)), licence())

    return story


def test_a_second_document_of_ours_is_shown_beside_the_one_that_is_found(tell):
    first, second = tell(arrives("k1")), tell(arrives("k2"))
    found = tell(lambda adapter: adapter.find(TUULIKKI))
    assert found.record_id == second.record_id
    assert found.marked == (Marked(first.record_id, "k1", "1"), Marked(second.record_id, "k2", "1"))


def test_a_document_that_users_made_is_none_of_ours(effica, tell):
    effica.act("edit", content={"Voimavarat": "sanoja"}, hetu=TUULIKKI)
    ours = tell(arrives("k1"))
    found = tell(lambda adapter: adapter.find(TUULIKKI))
    assert (found.record_id, found.marked) == (ours.record_id, (Marked(ours.record_id, "k1", "1"),))


def test_a_voided_document_is_not_shown(tell):
    first, second = tell(arrives("k1")), tell(arrives("k2"))

    async def void(adapter):
        found = await adapter.find(TUULIKKI)
        standing = await adapter.fetch(type(found)(found.person_id, first.record_id))
        return await adapter.retract(found, standing=standing, key="k3", licence=licence())

    assert tell(void) == "voided"
    found = tell(lambda adapter: adapter.find(TUULIKKI))
    assert (found.record_id, found.marked) == (second.record_id, (Marked(second.record_id, "k2", "1"),))
