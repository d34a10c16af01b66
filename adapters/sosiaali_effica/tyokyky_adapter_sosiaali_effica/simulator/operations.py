"""The operations of ``AsiakirjaPalvelu``: each takes a request element and answers one, or raises."""

from collections.abc import Callable, Mapping

from tyokyky_adapter_sosiaali_effica.records import document_of, element_of_document
from tyokyky_adapter_sosiaali_effica.shape import DOCUMENT_TYPE, VOIDED
from tyokyky_adapter_sosiaali_effica.simulator.archive import Archive, Document
from tyokyky_adapter_sosiaali_effica.simulator.checks import objections
from tyokyky_adapter_sosiaali_effica.soap import Element, eff, message, text_of
from tyokyky_bridge.adapterkit.simulation import Simulation

ABSENT_COLLEAGUE = "MKIVI"
"""Who has gone to lunch with the document open, when chaos says so."""


class EfficaFault(Exception):  # named as the fact
    """An answer by SOAP Fault."""

    def __init__(self, code: str, text: str, *, side: str = "Client", user: str | None = None) -> None:
        self.code, self.text, self.side, self.user = code, text, side, user
        super().__init__(code)


class Operations:
    """What the service can do for the user who is logged in."""

    def __init__(self, sim: Simulation, archive: Archive, user: str) -> None:
        self._sim = sim
        self._archive = archive
        self._user = user

    def run(self, name: str, request: Element) -> Element:
        """Run one operation in one transaction. Raises `EfficaFault`."""
        operations: Mapping[str, Callable[[Element], Element]] = {
            "HaeAsiakas": self._find_client,
            "HaeAsiakirja": self._document,
            "HaeAsiakirjat": self._documents,
            "TallennaAsiakirja": self._save,
            "LukitseAsiakirja": self._lock,
            "VapautaAsiakirja": self._unlock,
            "MitatoiAsiakirja": self._void,
            "HaeMuutosloki": self._changes,
        }
        operation = operations.get(name)
        if operation is None:
            raise EfficaFault(code="EFF-001", text="Tuntematon operaatio")
        with self._sim.state.transaction():
            return operation(request)

    def _find_client(self, request: Element) -> Element:
        answer = _answer("HaeAsiakas")
        known = text_of(request, "AsiakasTunnus")
        if known:
            client = self._archive.person(known)
            found = [] if client is None else [(known, client)]
        else:
            found = self._archive.persons_by_hetu(text_of(request, "Hetu"))
        for number, row in found:
            answer.append(message("Asiakas", {"AsiakasTunnus": number, **row}))
        return answer

    def _documents(self, request: Element) -> Element:
        answer = _answer("HaeAsiakirjat")
        kind = text_of(request, "Asiakirjatyyppi") or None
        for document in self._archive.documents(person=text_of(request, "AsiakasTunnus"), kind=kind):
            row = {name: text for name, text in document.meta.items() if name != "Hetu"}
            answer.append(message("AsiakirjaRivi", row))
        return answer

    def _document(self, request: Element) -> Element:
        document = self._standing(request)
        answer = _answer("HaeAsiakirja")
        answer.append(element_of_document(document.meta, document.content))
        return answer

    def _lock(self, request: Element) -> Element:
        oid = self._standing(request).oid
        if self._sim.chaos.happens("leave_lock"):
            self._archive.lock(oid, ABSENT_COLLEAGUE)
        owner, token = self._archive.lock(oid, self._user)
        if owner != self._user:
            raise EfficaFault(code="EFF-202", text="Asiakirja on lukittu toisella käyttäjällä", user=owner)
        return _answer("LukitseAsiakirja", LukkoTunnus=token)

    def _unlock(self, request: Element) -> Element:
        oid = self._standing(request).oid
        held = self._archive.lock_of(oid)
        if held is not None and held == (self._user, text_of(request, "LukkoTunnus")):
            self._archive.unlock(oid)
        return _answer("VapautaAsiakirja")

    def _save(self, request: Element) -> Element:
        sent = request.find(eff("Asiakirja"))
        if sent is None:
            raise EfficaFault(code="EFF-002", text="Sanoma ei ole skeeman mukainen")
        meta, content = document_of(sent)
        if meta.get("AsiakirjaOid"):
            standing = self._writable(request, meta["AsiakirjaOid"], meta.get("Versionumero", ""))
            if standing.voided:
                return _refusal("TallennaAsiakirja", "Asiakirja on mitätöity", "Tila")
        else:
            hetu = meta.pop("Hetu", "")
            known = [number for number, _ in self._archive.persons_by_hetu(hetu)] if hetu else []
            meta.setdefault("AsiakasTunnus", known[0] if len(known) == 1 else "")
            if self._archive.person(meta["AsiakasTunnus"]) is None:
                return _refusal("TallennaAsiakirja", "Asiakasta ei ole", "AsiakasTunnus")
        if meta.get("Asiakirjatyyppi", DOCUMENT_TYPE) == DOCUMENT_TYPE:
            wrong = objections(sent)
            if wrong:
                return _refusal("TallennaAsiakirja", "Virheellinen arvo", wrong[0])
        saved, suffered = self._archive.save(meta, content, user=self._user)
        number, text = ("4", "Tallennettu huomautuksin") if suffered else ("0", "")
        return _answer(
            "TallennaAsiakirja", number, text, AsiakirjaOid=saved.oid, Versionumero=saved.meta["Versionumero"]
        )

    def _void(self, request: Element) -> Element:
        oid = text_of(request, "AsiakirjaOid")
        standing = self._writable(request, oid, text_of(request, "Versionumero"))
        if standing.voided:
            return _refusal("MitatoiAsiakirja", "Asiakirja on jo mitätöity", "Tila")
        saved, _ = self._archive.save(standing.meta | {"Tila": VOIDED}, standing.content, user=self._user)
        self._archive.unlock(oid)
        return _answer("MitatoiAsiakirja", AsiakirjaOid=oid, Versionumero=saved.meta["Versionumero"])

    def _changes(self, request: Element) -> Element:
        try:
            rows, more = self._archive.log.since(text_of(request, "Alku"))
        except ValueError as wrong:
            raise EfficaFault(code="EFF-002", text="Sanoma ei ole skeeman mukainen") from wrong
        answer = _answer("HaeMuutosloki", Lisaa="true" if more else "false")
        for row in rows:
            answer.append(message("MuutosRivi", row))
        return answer

    def _standing(self, request: Element) -> Document:
        document = self._archive.document(text_of(request, "AsiakirjaOid"))
        if document is None:
            raise EfficaFault(code="EFF-101", text="Asiakirjaa ei ole")
        return document

    def _writable(self, request: Element, oid: str, version: str) -> Document:
        """The document that the request may change: lock first, then version."""
        document = self._archive.document(oid)
        if document is None:
            raise EfficaFault(code="EFF-101", text="Asiakirjaa ei ole")
        held = self._archive.lock_of(oid)
        if held is not None and held[0] != self._user:
            raise EfficaFault(code="EFF-202", text="Asiakirja on lukittu toisella käyttäjällä", user=held[0])
        if held is None or held[1] != text_of(request, "LukkoTunnus"):
            raise EfficaFault(code="EFF-201", text="Asiakirjaa ei ole lukittu")
        if version != document.meta["Versionumero"]:
            raise EfficaFault(code="EFF-105", text="Asiakirjaa on muutettu")
        return document


def _answer(operation: str, number: str = "0", text: str = "", /, **members: str) -> Element:
    return message(f"{operation}Vastaus", {"Paluukoodi": number, "Selite": text, **members})


def _refusal(operation: str, text: str, field: str) -> Element:
    return _answer(operation, "8", text, Kentta=field)
