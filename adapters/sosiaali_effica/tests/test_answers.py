"""What the client makes of answers that lie about their success, or are no answers."""

import asyncio
import time

import httpx
import pytest
import respx

from tyokyky_adapter_sosiaali_effica import connect
from tyokyky_adapter_sosiaali_effica.answers import NOTE_REMARKS
from tyokyky_adapter_sosiaali_effica.soap import EFF, PATH, SOAP, envelope, fault, message
from tyokyky_bridge.adapterkit.contract import Found, Licence, Standing, SystemConfig
from tyokyky_bridge.adapterkit.errors import (
    AmbiguousIdentity,
    Blocked,
    ChangedUnderneath,
    LicenceExpired,
    NotThere,
    OutcomeUnknown,
    Refused,
    TryLater,
)

ACCOUNT = {"user": "TKYSILTA", "password": "vain-simulaattoriin"}


def licence(seconds=10):
    return Licence(decision_id="test", send_before_s=time.monotonic() + seconds)


BASE = "https://effica.test"
FOUND = Found("400001", "1.2.3")
STANDING = Standing({"Asiakas": {}}, "1.2.3", "4")


def answer(operation, code="0", **members):
    return httpx.Response(
        200, content=envelope(message(f"{operation}Vastaus", {"Paluukoodi": code, "Selite": "", **members}))
    )


def documents(**row):
    reply = message("HaeAsiakirjatVastaus", {"Paluukoodi": "0", "Selite": ""})
    base = {"AsiakirjaOid": "1.2.3", "Versionumero": "5", "Tila": "2", "Palvelutehtava": "05"}
    reply.append(message("AsiakirjaRivi", base | row))
    return httpx.Response(200, content=envelope(reply))


LOCKED = answer("LukitseAsiakirja", LukkoTunnus="L1")
SAVED = answer("TallennaAsiakirja", AsiakirjaOid="1.2.3", Versionumero="5")


class Effica:
    """Answers by operation; keeps what was asked."""

    def __init__(self, **answers):
        self.answers = {"LukitseAsiakirja": LOCKED, "VapautaAsiakirja": answer("VapautaAsiakirja")} | answers
        self.asked = []

    def __call__(self, request):
        operation = request.headers["soapaction"].strip('"').rpartition(":")[2]
        self.asked.append((operation, request.content))
        reply = self.answers[operation]
        if isinstance(reply, Exception):
            raise reply
        return reply

    @property
    def operations(self):
        return [operation for operation, _ in self.asked]


def run(effica, story):
    async def told():
        adapter = connect(SystemConfig("effica-lr", BASE, ACCOUNT))
        with respx.mock(base_url=BASE) as router:
            router.post(PATH).mock(side_effect=effica)
            try:
                return await story(adapter)
            finally:
                await adapter.aclose()

    return asyncio.run(told())


def write(effica, **options):
    content = {"Asiakas": {}, "Voimavarat": "sisu"}
    given = {"standing": STANDING, "key": "k1", "licence": licence()} | options
    return run(effica, lambda adapter: adapter.write(FOUND, content, **given))


def find(reply):
    return run(Effica(HaeAsiakas=reply), lambda adapter: adapter.find("120385-921T"))


def test_a_fault_counts_even_when_http_says_ok():
    reply = httpx.Response(200, content=fault("EFF-105", "Asiakirjaa on muutettu"))
    with pytest.raises(ChangedUnderneath):
        write(Effica(TallennaAsiakirja=reply, HaeAsiakirjat=documents(Siirtotunniste="another")))


def test_a_rejection_inside_an_ok_answer_is_a_refusal_that_names_the_field():
    with pytest.raises(Refused) as refused:
        write(Effica(TallennaAsiakirja=answer("TallennaAsiakirja", "8", Kentta="Pisteet")))
    assert [(r.native_code, r.field) for r in refused.value.reasons] == [("EFF-PALUUKOODI-8", "Pisteet")]


@pytest.mark.parametrize("code", ["", "1", "9", "OK"])
def test_a_return_code_nobody_knows_is_not_a_success(code):
    with pytest.raises(Refused):
        write(Effica(TallennaAsiakirja=answer("TallennaAsiakirja", code)))


def test_a_save_with_remarks_says_so_in_its_notes():
    reply = answer("TallennaAsiakirja", "4", AsiakirjaOid="1.2.3", Versionumero="5")
    assert write(Effica(TallennaAsiakirja=reply)).notes == (NOTE_REMARKS,)
    assert write(Effica(TallennaAsiakirja=SAVED)).notes == ()


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>maintenance</html>", b"<a><b></a>", b"\xff\xfe", envelope(message("Muu", {}))],
    ids=["empty", "page", "not well-formed", "no text", "another answer"],
)
def test_what_is_no_answer_leaves_a_save_unknown_and_a_question_for_later(body):
    with pytest.raises(OutcomeUnknown):
        write(Effica(TallennaAsiakirja=httpx.Response(200, content=body)))
    with pytest.raises(TryLater):
        find(httpx.Response(200, content=body))


BOMB = f"""<?xml version="1.0" encoding="ISO-8859-15"?>
<!DOCTYPE b [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<s:Envelope xmlns:s="{SOAP}"><s:Body><e:HaeAsiakasVastaus xmlns:e="{EFF}"><e:Paluukoodi>0</e:Paluukoodi>
<e:Asiakas><e:AsiakasTunnus>&c;</e:AsiakasTunnus><e:Hetu>120385-921T</e:Hetu></e:Asiakas></e:HaeAsiakasVastaus>
</s:Body></s:Envelope>"""


@pytest.mark.parametrize("encoding", ["iso-8859-15", "utf-16"])
def test_an_entity_bomb_is_not_read(encoding):
    with pytest.raises(TryLater, match="malformed-answer"):
        find(httpx.Response(200, content=BOMB.replace("ISO-8859-15", encoding.upper()).encode(encoding)))


def test_a_file_of_ours_cannot_be_drawn_into_an_answer(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("salaisuus")
    stolen = BOMB.replace('<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">', f'<!ENTITY c SYSTEM "{secret.as_uri()}">')
    with pytest.raises(TryLater):
        find(httpx.Response(200, content=stolen.encode("iso-8859-15")))


def test_an_endlessly_deep_answer_is_not_read():
    deep = "<a>" * 200 + "</a>" * 200
    with pytest.raises(TryLater):
        find(httpx.Response(200, content=deep.encode()))


def test_two_hits_or_a_number_without_its_sign_are_never_guessed():
    def hits(*hetus):
        reply = message("HaeAsiakasVastaus", {"Paluukoodi": "0"})
        for number, hetu in enumerate(hetus):
            reply.append(message("Asiakas", {"AsiakasTunnus": str(number), "Hetu": hetu}))
        return httpx.Response(200, content=envelope(reply))

    with pytest.raises(AmbiguousIdentity):
        find(hits("120385-921T", "120385921T"))
    with pytest.raises(AmbiguousIdentity):
        find(hits("120385921T"))
    with pytest.raises(AmbiguousIdentity):
        find(hits("120385Y921T"))
    with pytest.raises(NotThere):
        find(hits())


@pytest.mark.parametrize(
    ("code", "side", "error"),
    [
        ("EFF-101", "Client", NotThere),
        ("EFF-201", "Client", TryLater),
        ("EFF-202", "Client", TryLater),
        ("EFF-011", "Client", Blocked),
        ("EFF-013", "Client", Blocked),
        ("EFF-999", "Server", TryLater),
        ("EFF-999", "Client", Refused),
    ],
)
def test_every_fault_says_what_to_do_next(code, side, error):
    reply = httpx.Response(500, content=fault(code, "Selite", side=side, user="MKIVI"))
    with pytest.raises(error) as raised:
        write(Effica(TallennaAsiakirja=reply))
    assert "MKIVI" not in str(raised.value)


def test_a_lock_is_given_back_after_a_save_and_after_a_failed_one():
    good, bad = Effica(TallennaAsiakirja=SAVED), Effica(TallennaAsiakirja=answer("TallennaAsiakirja", "8"))
    write(good)
    with pytest.raises(Refused):
        write(bad)
    for effica in (good, bad):
        assert effica.operations == ["LukitseAsiakirja", "TallennaAsiakirja", "VapautaAsiakirja"]
        assert b"L1" in effica.asked[-1][1]


def test_a_lock_that_cannot_be_given_back_does_not_undo_the_save():
    effica = Effica(TallennaAsiakirja=SAVED, VapautaAsiakirja=httpx.ReadTimeout("slow"))
    assert write(effica).version == "5"


def test_only_the_save_needs_the_licence_and_without_it_nothing_of_the_plan_leaves():
    effica = Effica(TallennaAsiakirja=SAVED)
    with pytest.raises(LicenceExpired):
        write(effica, licence=licence(-1))
    assert effica.operations == ["LukitseAsiakirja", "VapautaAsiakirja"]
    assert not any(b"sisu" in body for _, body in effica.asked)


def test_a_save_whose_answer_was_lost_is_recognised_by_its_key():
    reply = httpx.Response(500, content=fault("EFF-105", "Asiakirjaa on muutettu"))
    effica = Effica(TallennaAsiakirja=reply, HaeAsiakirjat=documents(Siirtotunniste="k1"))
    assert write(effica).version == "5"


def test_a_document_made_meanwhile_by_somebody_else_stops_a_first_save():
    effica = Effica(HaeAsiakirjat=documents())
    with pytest.raises(ChangedUnderneath):
        write(effica, standing=Standing({"Asiakas": {}}))
    assert "TallennaAsiakirja" not in effica.operations


@pytest.mark.parametrize(
    "text",
    ["x" * 4001, "ä" * 4001, "Łucja", "viiva – viiva", "a\x00b"],
    ids=["long", "long ä", "letter", "dash", "control"],
)
def test_text_that_effica_would_spoil_is_refused_before_anything_is_sent(text):
    effica = Effica()
    with pytest.raises(Refused) as refused:
        run(
            effica,
            lambda a: a.write(
                FOUND,
                {"Asiakas": {}, "Voimavarat": text},
                standing=STANDING,
                key="k",
                licence=licence(),
            ),
        )
    assert effica.operations == []
    assert text not in str(refused.value)


def test_four_thousand_bytes_exactly_are_sent():
    effica = Effica(TallennaAsiakirja=SAVED)
    content = {"Asiakas": {}, "Voimavarat": "ä" * 4000}
    run(effica, lambda a: a.write(FOUND, content, standing=STANDING, key="k", licence=licence()))
    assert ("ä" * 4000).encode("iso-8859-15") in effica.asked[1][1]


def test_a_document_of_somebody_else_is_never_voided():
    reply = message("HaeAsiakirjaVastaus", {"Paluukoodi": "0"})
    reply.append(message("Asiakirja", {"AsiakirjaOid": "1.2.3", "Versionumero": "4", "Tila": "2"}))
    effica = Effica(HaeAsiakirja=httpx.Response(200, content=envelope(reply)))
    done = run(effica, lambda a: a.retract(FOUND, standing=STANDING, key="k", licence=licence()))
    assert done == "retained"
    assert "MitatoiAsiakirja" not in effica.operations


@pytest.mark.parametrize("lacking", ["AsiakirjaOid", "Versionumero"])
def test_a_receipt_that_names_no_document_or_version_leaves_the_outcome_open(lacking):
    receipt = {"AsiakirjaOid": "1.2.3", "Versionumero": "5"} | {lacking: ""}
    effica = Effica(TallennaAsiakirja=answer("TallennaAsiakirja", **receipt))
    with pytest.raises(OutcomeUnknown):
        run(
            effica,
            lambda a: a.write(FOUND, {"Asiakas": {"x": "1"}}, standing=STANDING, key="k", licence=licence()),
        )


@pytest.mark.parametrize("lacking", ["AsiakirjaOid", "Versionumero"])
def test_a_row_without_document_or_version_is_a_broken_answer(lacking):
    person = message("HaeAsiakasVastaus", {"Paluukoodi": "0", "Selite": ""})
    person.append(message("Asiakas", {"AsiakasTunnus": "400001", "Hetu": "120385-921T"}))
    effica = Effica(
        HaeAsiakas=httpx.Response(200, content=envelope(person)), HaeAsiakirjat=documents(**{lacking: ""})
    )
    with pytest.raises(TryLater):
        run(effica, lambda a: a.find("120385-921T"))


def test_a_client_without_an_id_is_a_broken_answer():
    person = message("HaeAsiakasVastaus", {"Paluukoodi": "0", "Selite": ""})
    person.append(message("Asiakas", {"AsiakasTunnus": "", "Hetu": "120385-921T"}))
    with pytest.raises(TryLater):
        run(Effica(HaeAsiakas=httpx.Response(200, content=envelope(person))), lambda a: a.find("120385-921T"))


def test_a_document_without_a_version_is_a_broken_answer():
    reply = message("HaeAsiakirjaVastaus", {"Paluukoodi": "0", "Selite": ""})
    reply.append(message("Asiakirja", {"AsiakirjaOid": "1.2.3", "Tila": "2"}))
    with pytest.raises(TryLater):
        run(Effica(HaeAsiakirja=httpx.Response(200, content=envelope(reply))), lambda a: a.fetch(FOUND))
