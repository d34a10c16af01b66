"""The oddities of the simulated Effica, each seen over the wire."""

import ssl
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tyokyky_adapter_sosiaali_effica.records import document_of, element_of_document
from tyokyky_adapter_sosiaali_effica.simulator import certificates
from tyokyky_adapter_sosiaali_effica.soap import (
    EFF,
    OPERATIONS,
    PATH,
    body_of,
    eff,
    envelope,
    fault_of,
    message,
    parse,
    security,
    text_of,
)
from tyokyky_bridge.adapterkit.contract import Licence
from tyokyky_bridge.adapterkit.errors import AmbiguousIdentity, Blocked, TryLater

TUULIKKI = "120385-921T"
ACCOUNT = {"user": "TKYSILTA", "password": "vain-simulaattoriin"}


def licence(seconds=10):
    return Licence(decision_id="test", send_before_s=time.monotonic() + seconds)


class Door:
    """A bare client that sends what it is told, right or wrong."""

    def __init__(self, effica, tls_dir):
        self.effica = effica
        self.http = httpx.Client(
            base_url=effica.base_url, verify=certificates.client_context(tls_dir), trust_env=False
        )

    def send(self, operation, request, *, action=None, created=None, user="TKYSILTA", password=None):
        password = password or ACCOUNT["password"]
        header = security(user, password, created or datetime.now(UTC))
        headers = {"content-type": "text/xml", "soapaction": f'"{action or f"{EFF}:{operation}"}"'}
        return self.http.post(PATH, content=envelope(request, header=header), headers=headers)

    def ask(self, operation, **members):
        return body_of(parse(self.send(operation, message(operation, members)).content))

    def save(self, content, *, lock=None, **meta):
        request = message("TallennaAsiakirja", {"LukkoTunnus": lock} if lock else {})
        request.append(element_of_document(meta, content))
        return body_of(parse(self.send("TallennaAsiakirja", request).content))

    def stored(self, oid):
        answer = self.ask("HaeAsiakirja", AsiakirjaOid=oid)
        return document_of(answer.find(eff("Asiakirja")))

    def create(self, **content):
        saved = self.save({"Asiakas": {}, **content}, Hetu=TUULIKKI)
        return text_of(saved, "AsiakirjaOid"), saved


@pytest.fixture
def door(effica, tls_dir):
    return Door(effica, tls_dir)


def code_of(inside):
    wrong = fault_of(inside)
    return None if wrong is None else wrong.code


def fault_in(response):
    assert response.status_code == 500
    return code_of(body_of(parse(response.content)))


def test_letters_outside_its_character_set_become_question_marks_without_an_error(door):
    oid, saved = door.create(Voimavarat="Łucja – sisua € ja šakkia")
    assert text_of(saved, "Paluukoodi") == "4"
    assert door.stored(oid)[1]["Voimavarat"] == "?ucja ? sisua € ja šakkia"


def test_text_is_cut_at_four_thousand_bytes_without_an_error(door):
    oid, saved = door.create(Voimavarat="ä" * 4001)
    assert text_of(saved, "Paluukoodi") == "4"
    assert door.stored(oid)[1]["Voimavarat"] == "ä" * 4000


def test_answers_are_iso_8859_15_bytes(door):
    door.create(Voimavarat="työtä €")
    response = door.send("HaeAsiakirja", message("HaeAsiakirja", {"AsiakirjaOid": door.create()[0]}))
    assert response.content.startswith(b"<?xml version='1.0' encoding='ISO-8859-15'?>")


def test_a_chaotic_day_replaces_a_letter_it_could_keep(door, effica):
    effica.chaos(charset_surprise=1.0)
    oid, saved = door.create(Voimavarat="työtä")
    assert text_of(saved, "Paluukoodi") == "4"
    assert door.stored(oid)[1]["Voimavarat"] == "ty?tä"


def test_saving_needs_the_lock_and_the_version_and_tells_who_holds_it(door, effica):
    oid, _ = door.create()
    assert code_of(door.save({}, AsiakirjaOid=oid, Versionumero="1")) == "EFF-201"

    effica.act("lock", oid=oid, user="KSALMI")
    held = fault_of(door.ask("LukitseAsiakirja", AsiakirjaOid=oid))
    assert (held.code, held.user) == ("EFF-202", "KSALMI")
    assert code_of(door.save({}, AsiakirjaOid=oid, Versionumero="1", lock="L?")) == "EFF-202"

    effica.clock(advance_s=601)
    lock = text_of(door.ask("LukitseAsiakirja", AsiakirjaOid=oid), "LukkoTunnus")
    assert code_of(door.save({}, AsiakirjaOid=oid, Versionumero="7", lock=lock)) == "EFF-105"
    saved = door.save({}, AsiakirjaOid=oid, Versionumero="1", lock=lock)
    assert text_of(saved, "Versionumero") == "2"


def test_our_own_lock_ends_after_ten_minutes(door, effica):
    oid, _ = door.create()
    lock = text_of(door.ask("LukitseAsiakirja", AsiakirjaOid=oid), "LukkoTunnus")
    effica.clock(advance_s=601)
    assert code_of(door.save({}, AsiakirjaOid=oid, Versionumero="1", lock=lock)) == "EFF-201"


def test_a_colleague_at_lunch_leaves_a_lock_behind_and_nothing_is_overwritten(save, effica):
    save(lambda content: {**content, "Voimavarat": "sisu"})
    effica.chaos(leave_lock=1.0)
    with pytest.raises(TryLater) as later:
        save(lambda content: {**content, "Voimavarat": "uusi"}, key="k2")
    assert str(later.value) == "EFF-202"
    assert effica.records()[0]["Voimavarat"] == "sisu"

    effica.chaos(leave_lock=0.0)
    effica.clock(advance_s=601)
    save(lambda content: {**content, "Voimavarat": "uusi"}, key="k2")
    assert effica.records()[0]["Voimavarat"] == "uusi"


def test_a_clock_that_is_off_by_more_than_five_minutes_cannot_log_in(door, effica, tell):
    late = door.send(
        "HaeAsiakas", message("HaeAsiakas", {}), created=datetime.now(UTC) - timedelta(minutes=6)
    )
    assert fault_in(late) == "EFF-013"
    effica.chaos(security_clock_skew_s=400)
    with pytest.raises(Blocked, match="EFF-013"):
        tell(lambda adapter: adapter.find(TUULIKKI))


def test_a_wrong_action_password_or_operation_is_a_fault(door):
    request = message("HaeAsiakas", {"Hetu": TUULIKKI})
    assert fault_in(door.send("HaeAsiakas", request, action=f"{EFF}:HaeAsiakirja")) == "EFF-001"
    assert fault_in(door.send("HaeAsiakas", request, password="arvaus")) == "EFF-011"
    assert fault_in(door.send("HaeKaikki", message("HaeKaikki", {}))) == "EFF-001"


def test_a_request_with_a_document_type_is_a_fault(door):
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    response = door.http.post(PATH, content=bomb, headers={"soapaction": f"{EFF}:HaeAsiakas"})
    assert fault_in(response) == "EFF-002"


def test_nobody_comes_in_without_a_client_certificate(effica, tls_dir):
    stranger = ssl.create_default_context(cafile=str(tls_dir / "ca.pem"))
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{effica.base_url}{PATH}?wsdl", verify=stranger, trust_env=False)


def test_the_wsdl_names_every_operation_and_its_action(door):
    wsdl = parse(door.http.get(f"{PATH}?wsdl").content)
    actions = [
        node.get("soapAction") for node in wsdl.iter("{http://schemas.xmlsoap.org/wsdl/soap/}operation")
    ]
    assert actions == [f"{EFF}:{name}" for name in OPERATIONS]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"Tyokykyarvio": [{"Pisteet": "11", "Pvm": "03.02.2026"}]}, "Pisteet"),
        ({"Tyokykyarvio": [{"Pisteet": "4", "Pvm": "31.02.2026"}]}, "Pvm"),
        ({"Tavoitteet": {"Tavoite": [{"TilaKoodi": "kesken"}]}}, "TilaKoodi"),
        ({"Tapaamiset": {"Tapaaminen": [{"Alkuaika": "2026-02-03T10:15"}]}}, "Alkuaika"),
        ({"Tavoitteet": {"Tavoite": [{"Tavoitepaiva": "syksyllä"}]}}, "Tavoitepaiva"),
    ],
)
def test_a_value_it_does_not_understand_is_rejected_inside_an_ok_answer(door, content, field):
    _, saved = door.create(**content)
    assert (text_of(saved, "Paluukoodi"), text_of(saved, "Kentta")) == ("8", field)


def test_a_partial_date_is_a_target_date(door):
    for day in ("2026", "05.2026", "04.05.2026"):
        _, saved = door.create(Tavoitteet={"Tavoite": [{"Tavoitepaiva": day}]})
        assert text_of(saved, "Paluukoodi") == "0"


def test_list_elements_made_by_users_get_a_key_and_keep_it(door, effica):
    oid, _ = door.create()
    effica.act("edit", oid=oid, set={"Tavoitteet.Tavoite": [{"Kuvaus": "työhön"}]})
    first = door.stored(oid)[1]["Tavoitteet"]["Tavoite"][0]["Tunniste"]
    effica.act("edit", oid=oid, set={"Tavoitteet.Tavoite.0.Kuvaus": "osa-aikatyöhön"})
    assert door.stored(oid)[1]["Tavoitteet"]["Tavoite"] == [{"Tunniste": first, "Kuvaus": "osa-aikatyöhön"}]


def test_a_voided_document_is_gone_for_us_and_takes_no_more_saves(door, effica, tell, save):
    save(lambda content: {**content, "Voimavarat": "sisu"})
    oid = effica.records()[0]["AsiakirjaOid"]
    effica.act("void", oid=oid)
    assert tell(lambda adapter: adapter.find(TUULIKKI)).record_id is None
    lock = text_of(door.ask("LukitseAsiakirja", AsiakirjaOid=oid), "LukkoTunnus")
    saved = door.save({}, AsiakirjaOid=oid, Versionumero="2", lock=lock)
    assert text_of(saved, "Paluukoodi") == "8"


def test_a_client_held_without_the_century_sign_is_ambiguous_even_alone(effica, tell):
    effica.seed(persons=[{"hetu": "030278-958K", "sign_missing": True}])
    with pytest.raises(AmbiguousIdentity):
        tell(lambda adapter: adapter.find("030278-958K"))


def test_two_persons_who_differ_only_in_the_sign_are_two_persons(effica, tell):
    effica.seed(persons=[{"hetu": "120385Y921T", "family_name": "Toinen"}])
    one = tell(lambda adapter: adapter.find(TUULIKKI))
    other = tell(lambda adapter: adapter.find("120385Y921T"))
    assert one.person_id != other.person_id


def test_a_document_that_users_made_is_found_written_to_and_never_voided(effica, tell, save):
    effica.seed(records=[{"Hetu": TUULIKKI, "Voimavarat": "oma teksti", "Muokkaaja": "KSALMI"}])
    written = save(lambda content: {**content, "Seuranta": {"SeuraavaPvm": "04.05.2026"}})
    assert written.version == "2"

    async def story(adapter):
        found = await adapter.find(TUULIKKI)
        standing = await adapter.fetch(found)
        return await adapter.retract(found, standing=standing, key="k", licence=licence())

    assert tell(story) == "retained"
    (record,) = effica.records()
    assert (record["Voimavarat"], record["Tila"], record["Muokkaaja"]) == ("oma teksti", "2", "TKYSILTA")


def test_what_was_acknowledged_survives_a_kill(effica, save):
    save(lambda content: {**content, "Voimavarat": "sisu"})
    effica.kill()
    effica.start()
    assert effica.records()[0]["Voimavarat"] == "sisu"
