"""Reading what Lifecare pushes: whom to believe, for how long, and what is taken from a message."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tyokyky_adapter_lifecare import connect
from tyokyky_adapter_lifecare.records import number_of
from tyokyky_bridge.adapterkit.contract import Adapter, Hint, Notice, SystemConfig
from tyokyky_bridge.adapterkit.errors import NotAuthentic, Unreadable

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SECRET, NEXT = "old secret", "next secret"
JSON, ADT = "application/json", "application/hl7-v2; charset=ISO-8859-1"
EVENT: dict[str, Any] = {
    "lahetysId": "7c8c5a0e-1f5f-4c8e-9d5e-0a4d6c1f2b3a",
    "tapahtuma": "asiakirja.allekirjoitettu",
    "asiakirjaId": "LC-7F3A91",
    "versio": 7,
    "potilasId": "P-204511",
    "aika": "2026-03-02T10:00:00+02:00",
}
MSH = r"MSH|^~\&|LIFECARE|LRHA|BRIDGE|TYOKYKY|20260302100000||ADT^{event}|{id}|P|2.3||||||8859/1"
PID = "PID|1||250791Y946S^^^VRK^NN~P-204511^^^LIFECARE^PI||Åkesson^Märta||19910725"
MRG = "MRG|120385-921T^^^VRK^NN~P-204512^^^LIFECARE^PI"


def adapter(**options: str) -> Adapter:
    known = {"client_id": "hub", "client_secret": "hush", "customer_id": "LRHA", "notify_secret": SECRET}
    return connect(SystemConfig("lifecare", "http://lifecare.test", {**known, **options}))


ADAPTER = adapter(notify_secret_next=NEXT)


def signature(body: bytes, *secrets: str, at: datetime = NOW) -> str:
    moment = int(at.timestamp())
    marks = [hmac.new(s.encode(), b"%d." % moment + body, hashlib.sha256).hexdigest() for s in secrets]
    return ",".join([f"t={moment}", *(f"v1={mark}" for mark in marks)])


def read(body: bytes, content_type: str = JSON, **changed: str) -> Notice:
    headers = {"content-type": content_type, "lc-signature": signature(body, SECRET), "lc-attempt": "1"}
    return ADAPTER.read_notice({**headers, **changed}, body, now=NOW)


def event(**changed: Any) -> bytes:
    return json.dumps({**EVENT, **changed}).encode()


def adt(kind: str, *segments: str, control_id: str = "4f2e9b10c7d34a5e8f60") -> bytes:
    lines = [MSH.format(event=kind, id=control_id), f"EVN|{kind}|20260302100000", *segments]
    return "".join(f"{line}\r" for line in lines).encode("iso-8859-1")


def test_a_signed_document_is_a_change_to_look_at() -> None:
    hint = Hint("changed", "P-204511", "LC-7F3A91", 'W/"7"')
    assert read(event()) == Notice(EVENT["lahetysId"], (hint,))


@given(st.uuids(version=4))
def test_no_random_id_is_taken_for_an_identity_number(uuid: UUID) -> None:
    assert read(event(lahetysId=str(uuid))).event_id == str(uuid)
    assert read(adt("A31", PID, control_id=uuid.hex[:20]), ADT).event_id == uuid.hex[:20]


def test_a_run_of_digits_within_an_id_is_nobodys_number() -> None:
    assert read(event(lahetysId="f123456a7890bcdef012")).hints
    assert read(adt("A31", PID, control_id="f123456a7890bcdef012"), ADT).hints


def test_a_voided_document_is_gone() -> None:
    assert [hint.kind for hint in read(event(tapahtuma="asiakirja.mitatoity")).hints] == ["gone"]


def test_the_signature_is_the_documented_one() -> None:
    moment = str(int(NOW.timestamp()))
    right = hmac.new(SECRET.encode(), f"{moment}.".encode() + event(), "sha256").hexdigest()
    assert read(event(), **{"lc-signature": f"t={moment}, v1={right}"}).hints


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "t=1,v1=",
        "v1=00",
        f"t={int(NOW.timestamp())}",
        f"t={int(NOW.timestamp())},v1=ääkköset",
        f"t={int(NOW.timestamp())},v1=\ud800",
        f"t={int(NOW.timestamp())},t=1,v1=00",
        f"t={'9' * 5000},v1=00",
        "t=²,v1=00",
        signature(event(), "another secret"),
        signature(event(), ""),
        signature(event(versio=8), SECRET),
        ",".join([signature(event(), *["wrong"] * 9), signature(event(), SECRET).partition(",")[2]]),
    ],
)
def test_a_signature_that_proves_nothing_is_not_believed(wrong: str) -> None:
    with pytest.raises(NotAuthentic):
        read(event(), **{"lc-signature": wrong})


def test_without_a_secret_nobody_is_believed() -> None:
    body = event()
    for options in ({"notify_secret": ""}, {"notify_secret": "", "notify_secret_next": ""}):
        headers = {"content-type": JSON, "lc-signature": signature(body, "")}
        with pytest.raises(NotAuthentic):
            adapter(**options).read_notice(headers, body, now=NOW)


@pytest.mark.parametrize("secrets", [(SECRET,), (NEXT,), (SECRET, NEXT), ("unknown", NEXT)])
def test_while_a_secret_is_changed_both_count(secrets: tuple[str, ...]) -> None:
    assert read(event(), **{"lc-signature": signature(event(), *secrets)}).hints


@pytest.mark.parametrize(
    ("off", "believed"),
    [
        (timedelta(minutes=5), True),
        (-timedelta(minutes=5), True),
        (timedelta(minutes=5, seconds=1), False),
        (-timedelta(minutes=5, seconds=1), False),
        (timedelta(days=365), False),
    ],
)
def test_a_message_counts_for_five_minutes_by_our_own_clock(off: timedelta, believed: bool) -> None:
    headers = {"content-type": JSON, "lc-signature": signature(event(), SECRET)}
    if believed:
        assert ADAPTER.read_notice(headers, event(), now=NOW + off).hints
    else:
        with pytest.raises(NotAuthentic):
            ADAPTER.read_notice(headers, event(), now=NOW + off)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        event(tapahtuma="asiakirja.tulostettu"),
        event(versio="7"),
        event(versio=0),
        event(versio=10**400),
        event(potilasId="../../x"),
        event(potilasId="250791Y946S"),
        event(lahetysId="x-250791y946s"),
        event(lahetysId="x" * 65),
        event(asiakirjaId=None),
        event(aika="x" * 70_000),
    ],
)
def test_an_authentic_message_that_makes_no_sense_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable) as unreadable:
        read(body)
    assert "250791" not in str(unreadable.value)


def test_a_message_in_no_known_form_is_unreadable() -> None:
    for content_type in ("", "text/plain", "application/xml"):
        with pytest.raises(Unreadable):
            read(event(), content_type)
    with pytest.raises(Unreadable):
        read(event(), ADT)


def test_changed_details_say_that_number_and_record_may_be_others() -> None:
    notice = read(adt("A31", PID), ADT)
    assert notice.event_id == "4f2e9b10c7d34a5e8f60"
    assert [(hint.kind, hint.person_id) for hint in notice.hints] == [
        ("identity", "P-204511"),
        ("changed", "P-204511"),
    ]


def test_a_merge_says_who_went_into_whom() -> None:
    changed, merged = read(adt("A39", PID, MRG), ADT).hints
    assert (changed.kind, changed.person_id) == ("changed", "P-204511")
    assert (merged.kind, merged.person_id, merged.merged_into) == ("merged", "P-204512", "P-204511")


def test_the_separators_of_an_adt_message_are_its_own() -> None:
    other = adt("A39", PID, MRG).translate(bytes.maketrans(b"|^~", b"#$@"))
    assert read(other, ADT) == read(adt("A39", PID, MRG), ADT)


def test_a_message_of_windows_line_ends_reads_the_same() -> None:
    assert read(adt("A31", PID).replace(b"\r", b"\r\n"), ADT) == read(adt("A31", PID), ADT)


def test_neither_name_nor_number_gets_into_a_notice() -> None:
    told = repr([read(adt("A31", PID), ADT), read(adt("A39", PID, MRG), ADT)])
    assert not any(word in told for word in ("250791", "120385", "kesson", "rta", "1991"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\r\r",
        b"MSH",
        b"MSH|",
        b"PID|1\r",
        adt("A08", PID),
        adt("A31"),
        adt("A39", PID),
        adt("A39", MRG),
        adt("A39", PID, MRG.replace("P-204512", "P-204511")),
        adt("A31", PID.replace("PI|", "XX|")),
        adt("A31", PID.replace("NN~", "PI~")),
        adt("A31", PID.replace("P-204511", "250791Y946S")),
        adt("A31", PID, control_id=""),
        adt("A31", PID, control_id="250791Y946S"),
    ],
)
def test_an_adt_message_that_does_not_say_who_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable) as unreadable:
        read(body, ADT)
    assert "250791" not in str(unreadable.value)


def outcome(headers: dict[str, str], body: bytes) -> Any:
    try:
        return ADAPTER.read_notice(headers, body, now=NOW)
    except (NotAuthentic, Unreadable) as wrong:
        return type(wrong)


HEADER_TEXT = st.text(max_size=60)
PIECES = st.sampled_from(
    ["MSH", "|", "^", "~", "\\", "&", "\r", "\n", "PID", "MRG", "ADT^A31", "ADT^A39", "P-1", "PI", "^^^L^PI"]
)


@given(
    st.dictionaries(st.sampled_from(["lc-signature", "content-type", "lc-attempt", "x"]), HEADER_TEXT),
    st.binary(max_size=200),
)
def test_whatever_a_stranger_sends_is_not_authentic(headers: dict[str, str], body: bytes) -> None:
    assert outcome(headers, body) is NotAuthentic


@given(
    st.sampled_from([JSON, ADT]),
    st.one_of(
        st.binary(max_size=300),
        st.lists(PIECES, max_size=60).map(lambda pieces: "".join(pieces).encode()),
        st.lists(PIECES, max_size=20).map(lambda pieces: adt("A39", PID, MRG, "".join(pieces))),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(EVENT)), inner),
            max_leaves=12,
        ).map(lambda document: json.dumps(document).encode()),
        st.tuples(st.sampled_from(list(EVENT)), st.text() | st.integers() | st.none()).map(
            lambda pair: event(**{pair[0]: pair[1]})
        ),
    ),
)
def test_whatever_is_rightly_signed_is_read_or_unreadable(content_type: str, body: bytes) -> None:
    told = outcome({"content-type": content_type, "lc-signature": signature(body, SECRET)}, body)
    assert isinstance(told, Notice) or told is Unreadable


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (
            [{"hetu": "120385-921T", "laji": "ENTINEN"}, {"hetu": "250791Y946S", "laji": "VIRALLINEN"}],
            "250791Y946S",
        ),
        (
            [{"hetu": "t-1", "laji": "TILAPAINEN"}, {"hetu": "250791Y946S", "laji": "VIRALLINEN"}],
            "250791Y946S",
        ),
        ([{"hetu": "120385-921T", "laji": "ENTINEN"}], None),
        ([{"laji": "VIRALLINEN"}], None),
        (["x"], None),
        ("x", None),
        (None, None),
    ],
)
def test_the_number_in_force_is_the_official_one(numbers: Any, expected: str | None) -> None:
    assert number_of({"henkilotunnukset": numbers}) == expected
