"""What Lifecare tells the hub: thin JSON messages about documents, HL7 v2.3 ADT messages about persons.

Public of the real product are only the names of the ADT messages; their use here and everything else is invented.
"""

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from tyokyky_adapter_lifecare.records import number_of
from tyokyky_bridge.adapterkit.simulation import HELSINKI, Outbox, Simulation

ADT_TYPE = "application/hl7-v2; charset=ISO-8859-1"
_ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"}


def signed(secrets: Sequence[str], body: bytes, attempt: int) -> dict[str, str]:
    """``LC-Signature`` with one ``v1`` for each secret, by the real time: the hub compares with its own clock."""
    moment = str(int(time.time()))
    marks = [
        hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
        for secret in secrets
    ]
    signature = ",".join([f"t={moment}", *(f"v1={mark}" for mark in marks)])
    return {"LC-Signature": signature, "LC-Attempt": str(attempt)}


class Announcer:
    """Puts messages into the outbox, in the transaction of the change that they tell of."""

    def __init__(self, sim: Simulation, outbox: Outbox) -> None:
        self._clock = sim.clock
        self._outbox = outbox

    def document(self, shelf: Mapping[str, Any], *, event: str) -> None:
        """*event* is ``allekirjoitettu``, ``tallennettu`` (over the interface, unsigned) or ``mitatoity``."""
        message = {
            "lahetysId": str(uuid.uuid4()),
            "tapahtuma": f"asiakirja.{event}",
            "asiakirjaId": shelf["asiakirjaId"],
            "versio": shelf["versiot"][-1]["versio"],
            "potilasId": shelf["potilasId"],
            "aika": self._clock.now().astimezone(HELSINKI).isoformat(timespec="seconds"),
        }
        self._outbox.put(json.dumps(message).encode(), content_type="application/json")

    def details_changed(self, patient: Mapping[str, Any]) -> None:
        """ADT ``A31``."""
        self._adt("A31", [_pid(patient)])

    def merged(self, lost: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
        """ADT ``A39``."""
        self._adt("A39", [_pid(kept), f"MRG|{_identifiers(lost)}"])

    def _adt(self, event: str, segments: list[str]) -> None:
        moment = self._clock.local().strftime("%Y%m%d%H%M%S")
        control_id = uuid.uuid4().hex[:20]  # the longest that version 2.3 allows
        head = [
            f"MSH|^~\\&|LIFECARE|LRHA|BRIDGE|TYOKYKY|{moment}||ADT^{event}|{control_id}|P|2.3||||||8859/1",
            f"EVN|{event}|{moment}",
        ]
        text = "".join(f"{segment}\r" for segment in [*head, *segments])
        # The character set is what it is: a name like Łucja arrives with a question mark.
        self._outbox.put(text.encode("iso-8859-1", errors="replace"), content_type=ADT_TYPE)


def _pid(patient: Mapping[str, Any]) -> str:
    name = f"{_escaped(patient.get('sukunimi'))}^{_escaped(patient.get('etunimet'))}"
    born = str(patient.get("syntymaaika") or "").replace("-", "")
    return f"PID|1||{_identifiers(patient)}||{name}||{born}"


def _identifiers(patient: Mapping[str, Any]) -> str:
    own = f"{_escaped(patient['potilasId'])}^^^LIFECARE^PI"
    number = number_of(patient)
    return own if number is None else f"{_escaped(number)}^^^VRK^NN~{own}"


def _escaped(value: object) -> str:
    return "".join(_ESCAPES.get(c, c) for c in str(value or "") if c >= " ")
