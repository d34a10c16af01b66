"""What the simulated Effica remembers: clients, documents with versions, locks; and how it mistreats text.

Everything here is invented (domain report 8.3), the silent ``?`` and the silent cut included.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lxml import etree

from tyokyky_adapter_sosiaali_effica.records import Record, document_of, element_of, element_of_document
from tyokyky_adapter_sosiaali_effica.shape import (
    DOCUMENT_TYPE,
    DONE,
    META,
    PLAIN,
    REPEATED,
    SERVICE_TASK,
    VOIDED,
)
from tyokyky_adapter_sosiaali_effica.simulator.changelog import ChangeLog
from tyokyky_adapter_sosiaali_effica.soap import EFF, ENCODING, MAX_TEXT_BYTES, Element, local_name, parse
from tyokyky_bridge.adapterkit.simulation import Simulation

LOCK_LIFE = timedelta(minutes=10)
_OID_ROOT = "1.2.246.10.90000011.11.2"


@dataclass(frozen=True)
class Document:
    """One document as it stands: what Effica says of it, and the rest."""

    meta: dict[str, str]
    content: Record

    @property
    def oid(self) -> str:
        return self.meta["AsiakirjaOid"]

    @property
    def version(self) -> int:
        return int(self.meta["Versionumero"])

    @property
    def voided(self) -> bool:
        return self.meta["Tila"] == VOIDED


class Archive:
    """Clients, documents and locks of one installation."""

    def __init__(self, sim: Simulation) -> None:
        self._sim = sim
        self._state = sim.state
        self.log = ChangeLog(sim.state)

    def add_person(self, person: dict[str, Any]) -> str:
        """Register a client; with ``sign_missing`` their identity number is held without its century sign."""
        hetu = str(person["hetu"])
        number = str(self._state.next_number("asiakas", start=400_001))
        row = {
            "Hetu": hetu[:6] + hetu[7:] if person.get("sign_missing") else hetu,
            "Sukunimi": _stored(str(person.get("family_name", ""))),
            "Etunimet": _stored(str(person.get("given_names", ""))),
        }
        self._state.put("asiakas", number, row)
        return number

    def persons_by_hetu(self, hetu: str) -> list[tuple[str, dict[str, str]]]:
        """Everyone whom the number fits; a client held without the century sign fits both signs."""
        fits = {hetu, hetu[:6] + hetu[7:]}
        return [(number, row) for number, row in self._state.list("asiakas") if row["Hetu"] in fits]

    def person(self, number: str) -> dict[str, str] | None:
        """One client by the customer number."""
        return self._state.get("asiakas", number)

    def document(self, oid: str) -> Document | None:
        """The newest version of one document."""
        row = self._state.get("asiakirja", oid)
        return None if row is None else Document(*document_of(parse(row["xml"].encode())))

    def documents(self, *, person: str | None = None, kind: str | None = None) -> list[Document]:
        """Newest versions, in the order in which the documents were created."""
        found = [
            Document(*document_of(parse(row["xml"].encode()))) for _, row in self._state.list("asiakirja")
        ]
        wanted = [d for d in found if person in (None, d.meta["AsiakasTunnus"])]
        ordered = sorted(wanted, key=lambda d: int(d.oid.rpartition(".")[2]))
        return [d for d in ordered if kind in (None, d.meta["Asiakirjatyyppi"])]

    def save(self, meta: dict[str, str], content: Record, *, user: str) -> tuple[Document, bool]:
        """
        Keep a new document or a new version.

        Returns the document as it is now, and whether its text had to suffer (``?`` or cut) on the way in.
        """
        standing = self.document(meta.get("AsiakirjaOid", ""))
        meta = self._own_words(meta, standing, user=user)
        element = element_of_document(meta, content)
        suffered = maltreat(element, self._surprise if self._sim.chaos.happens("charset_surprise") else None)
        self._name_elements(element)
        self._state.put(
            "asiakirja", meta["AsiakirjaOid"], {"xml": etree.tostring(element, encoding="unicode")}
        )
        self._sim.effect(f"asiakirja {meta['AsiakirjaOid']} v{meta['Versionumero']}")
        self.log.note(meta)
        return Document(*document_of(element)), suffered

    def _own_words(self, meta: dict[str, str], standing: Document | None, *, user: str) -> dict[str, str]:
        """What Effica itself says of a document; a caller's word counts where Effica has none of its own."""
        if standing is None:
            number = self._state.next_number("asiakirja", start=881)
            oid = f"{_OID_ROOT}.{self._sim.clock.local().year}.{number}"
            base = {"Asiakirjatyyppi": DOCUMENT_TYPE, "Palvelutehtava": SERVICE_TASK, "Tila": DONE} | meta
            base |= {"AsiakirjaOid": oid, "Versionumero": "1"}
        else:
            sent = {name: meta[name] for name in ("Tila", "Siirtotunniste") if name in meta}
            base = standing.meta | sent | {"Versionumero": str(standing.version + 1)}
        owner = self.person(base["AsiakasTunnus"])
        base["Hetu"] = owner["Hetu"] if owner else ""
        stamp = self._sim.clock.local().strftime("%d.%m.%Y %H.%M")
        return {
            name: text
            for name, text in (base | {"Muokattu": stamp, "Muokkaaja": user}).items()
            if name in META
        }

    def _name_elements(self, element: Element) -> None:
        """Give every element of a list that came without one its ``Tunniste``."""
        for inner in element.iter():
            own = str(inner.tag).startswith(f"{{{EFF}}}") and local_name(inner) in REPEATED - PLAIN
            if own and inner.find(f"{{{EFF}}}Tunniste") is None:
                # Drawn and not counted: two installations must not give one key to two elements.
                key = f"eff-{self._sim.chaos.random.getrandbits(40):010x}"
                inner.insert(0, element_of("Tunniste", key))

    def _surprise(self, text: str) -> str:
        strange = [at for at, letter in enumerate(text) if ord(letter) > 127]
        return text if not strange else text[: strange[0]] + "?" + text[strange[0] + 1 :]

    def lock(self, oid: str, user: str) -> tuple[str, str]:
        """Take or renew the lock: (owner, token). Another user's living lock stays and its owner is told."""
        standing = self.lock_of(oid)
        if standing is not None and standing[0] != user:
            return standing
        token = f"L{random.SystemRandom().getrandbits(64):016X}"
        row = {"user": user, "token": token, "until": (self._sim.clock.now() + LOCK_LIFE).isoformat()}
        self._state.put("lukko", oid, row)
        return user, token

    def lock_of(self, oid: str) -> tuple[str, str] | None:
        """Owner and token of a lock that still lives."""
        row = self._state.get("lukko", oid)
        if row is None or datetime.fromisoformat(row["until"]) <= self._sim.clock.now():
            return None
        return row["user"], row["token"]

    def unlock(self, oid: str) -> None:
        """Drop the lock."""
        self._state.delete("lukko", oid)


def maltreat(element: Element, surprise: Callable[[str], str] | None = None) -> bool:
    """Put every text through Effica's storage; tells whether any of it came out different."""
    suffered = False
    for holder, slot in _texts(element):
        before = str(getattr(holder, slot))
        after = _stored(surprise(before) if surprise else before)
        setattr(holder, slot, after)
        suffered = suffered or after != before
    for inner in element.iter():
        for name, before in inner.attrib.items():
            inner.set(name, _stored(str(before)))
            suffered = suffered or _stored(str(before)) != before
    return suffered


def _texts(element: Element) -> Iterator[tuple[Element, str]]:
    for inner in element.iter():
        if inner.text:
            yield inner, "text"
        if inner.tail:
            yield inner, "tail"


def _stored(text: str) -> str:
    """What Effica keeps of a text: ``?`` for what its character set lacks, and the first 4 000 bytes."""
    return text.encode(ENCODING, "replace")[:MAX_TEXT_BYTES].decode(ENCODING)
