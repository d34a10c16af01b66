"""The adapter of Sosiaali Effica: SOAP over mutual TLS, lock → save → unlock, in-band return codes."""

import contextlib
import copy
import ssl
import time
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Literal

from tyokyky_adapter_sosiaali_effica.answers import KEPT_WITH_REMARKS, NOTE_REMARKS, answer_of
from tyokyky_adapter_sosiaali_effica.outgoing import sendable
from tyokyky_adapter_sosiaali_effica.records import EMPTY, document_of
from tyokyky_adapter_sosiaali_effica.shape import DOCUMENT_TYPE, DONE, SERVICE_TASK, SOURCE, VOIDED
from tyokyky_adapter_sosiaali_effica.soap import (
    EFF,
    ENCODING,
    PATH,
    Element,
    eff,
    envelope,
    local_name,
    message,
    security,
    text_of,
)
from tyokyky_bridge.adapterkit.contract import Found, Health, Licence, Native, Standing, SystemConfig, Written
from tyokyky_bridge.adapterkit.errors import (
    AmbiguousIdentity,
    ChangedUnderneath,
    NotThere,
    PartnerError,
)
from tyokyky_bridge.adapterkit.http import PartnerHttp
from tyokyky_bridge.adapterkit.manifest import Manifest

Row = dict[str, str]


class SosiaaliEffica:
    """One installation of Sosiaali Effica; use `connect`."""

    def __init__(self, http: PartnerHttp, *, user: str, password: str) -> None:
        self._http = http
        self._user = user
        self._password = password

    async def find(self, hetu: str) -> Found:
        """Find the client by identity number, and their type 17 document unless it is voided."""
        async with self._http.one_call():
            answer = await self._call("HaeAsiakas", message("HaeAsiakas", {"Hetu": hetu}))
            hits = answer.findall(eff("Asiakas"))
            if not hits:
                raise NotThere
            # A client who is held without the century sign may be either of two persons.
            if len(hits) > 1 or text_of(hits[0], "Hetu") != hetu:
                raise AmbiguousIdentity(len(hits))
            person = text_of(hits[0], "AsiakasTunnus")
            rows = await self._documents(person)
            return Found(person, rows[-1]["AsiakirjaOid"] if rows else None)

    async def fetch(self, found: Found) -> Standing:
        """Read the document; the version token is its ``Versionumero``."""
        if found.record_id is None:
            return Standing(copy.deepcopy(EMPTY))
        async with self._http.one_call():
            meta, content = await self._document(found.record_id)
            if meta.get("Tila") == VOIDED:
                return Standing(copy.deepcopy(EMPTY))
            return Standing(content, found.record_id, meta["Versionumero"])

    async def write(
        self, found: Found, content: Native, *, standing: Standing, key: str, licence: Licence
    ) -> Written:
        """
        Save *content* as a new document or the next version.

        The key travels in ``Siirtotunniste``, so that a save whose answer was lost is recognised. Text that
        Effica would cut or fill with ``?`` is refused before anything is sent.
        """
        async with self._http.one_call():
            if standing.record_id is None or standing.version is None:
                return await self._create(found, content, key, licence)
            if content == standing.content:
                return Written(standing.record_id, standing.version)
            meta = {
                "AsiakirjaOid": standing.record_id,
                "Versionumero": standing.version,
                "AsiakasTunnus": found.person_id,
                "Siirtotunniste": key,
            }
            document = sendable(meta, content)
            async with self._locked(standing.record_id) as lock:
                try:
                    return await self._save(document, licence, lock=lock)
                except ChangedUnderneath:
                    ours = await self._saved_before(found, key)
                    if ours is None:
                        raise
                    return ours

    async def retract(
        self, found: Found, *, standing: Standing, key: str, licence: Licence
    ) -> Literal["voided", "retained"]:
        """Void the document when the hub created it; a document that Effica's own users made is theirs."""
        del found, key  # the version makes a second voiding impossible
        if standing.record_id is None or standing.version is None:
            return "voided"
        async with self._http.one_call():
            meta, _ = await self._document(standing.record_id)
            if meta.get("Lahdejarjestelma") != SOURCE:
                return "retained"
            if meta.get("Tila") == VOIDED:
                return "voided"
            async with self._locked(standing.record_id) as lock:
                words = {
                    "AsiakirjaOid": standing.record_id,
                    "Versionumero": standing.version,
                    "LukkoTunnus": lock,
                }
                await self._call("MitatoiAsiakirja", message("MitatoiAsiakirja", words), licence=licence)
            return "voided"

    async def health(self) -> Health:
        """Log in and ask for a client that cannot exist."""
        began = time.monotonic()
        try:
            async with self._http.one_call():
                await self._call("HaeAsiakas", message("HaeAsiakas", {"Hetu": ""}))
        except PartnerError as error:
            return Health(ok=False, detail=error.code)
        return Health(ok=True, milliseconds=(time.monotonic() - began) * 1000)

    async def aclose(self) -> None:
        """Close connections."""
        await self._http.aclose()

    async def _create(self, found: Found, content: Native, key: str, licence: Licence) -> Written:
        meta = {
            "Asiakirjatyyppi": DOCUMENT_TYPE,
            "Palvelutehtava": SERVICE_TASK,
            "Tila": DONE,
            "AsiakasTunnus": found.person_id,
            "Lahdejarjestelma": SOURCE,
            "Siirtotunniste": key,
        }
        document = sendable(meta, content)
        ours = await self._saved_before(found, key)
        if ours is not None:
            return ours
        if await self._documents(found.person_id):
            raise ChangedUnderneath(native_code="document-exists")
        return await self._save(document, licence)

    async def _saved_before(self, found: Found, key: str) -> Written | None:
        """The document whose newest version carries our *key*: an earlier attempt did arrive."""
        for row in await self._documents(found.person_id):
            if row.get("Siirtotunniste") == key:
                return Written(row["AsiakirjaOid"], row["Versionumero"])
        return None

    async def _save(self, document: Element, licence: Licence, *, lock: str | None = None) -> Written:
        request = message("TallennaAsiakirja", {} if lock is None else {"LukkoTunnus": lock})
        request.append(document)
        answer = await self._call("TallennaAsiakirja", request, licence=licence)
        notes = (NOTE_REMARKS,) if text_of(answer, "Paluukoodi") == KEPT_WITH_REMARKS else ()
        return Written(text_of(answer, "AsiakirjaOid"), text_of(answer, "Versionumero"), notes)

    @contextlib.asynccontextmanager
    async def _locked(self, oid: str) -> AsyncGenerator[str]:
        """Hold the document's lock. A lock that cannot be given back ends by itself in ten minutes."""
        answer = await self._call("LukitseAsiakirja", message("LukitseAsiakirja", {"AsiakirjaOid": oid}))
        lock = text_of(answer, "LukkoTunnus")
        try:
            yield lock
        finally:
            with contextlib.suppress(PartnerError):
                words = {"AsiakirjaOid": oid, "LukkoTunnus": lock}
                await self._call("VapautaAsiakirja", message("VapautaAsiakirja", words))

    async def _documents(self, person: str) -> list[Row]:
        """Our kind of documents of a client that are not voided, oldest first, the hub's own last."""
        words = {"AsiakasTunnus": person, "Asiakirjatyyppi": DOCUMENT_TYPE}
        answer = await self._call("HaeAsiakirjat", message("HaeAsiakirjat", words))
        rows = [{local_name(m): m.text or "" for m in row} for row in answer.findall(eff("AsiakirjaRivi"))]
        living = [
            row for row in rows if row.get("Tila") != VOIDED and row.get("Palvelutehtava") == SERVICE_TASK
        ]
        return sorted(living, key=lambda row: row.get("Lahdejarjestelma") == SOURCE)

    async def _document(self, oid: str) -> tuple[Row, Native]:
        answer = await self._call("HaeAsiakirja", message("HaeAsiakirja", {"AsiakirjaOid": oid}))
        document = answer.find(eff("Asiakirja"))
        if document is None:
            raise NotThere
        return document_of(document)

    async def _call(self, operation: str, request: Element, *, licence: Licence | None = None) -> Element:
        header = security(self._user, self._password, datetime.now(UTC))
        response = await self._http.send(
            "POST",
            PATH,
            content=envelope(request, header=header),
            headers={
                "content-type": f"text/xml; charset={ENCODING}",
                "soapaction": f'"{EFF}:{operation}"',
            },
            licence=licence,
        )
        return answer_of(response, operation, wrote=licence is not None)


def connect(config: SystemConfig) -> SosiaaliEffica:
    """
    Connect to one installation.

    Args:
        config: *options* hold ``user`` and ``password``, and paths of PEM files: ``ca_file`` (who signed the
            server), ``cert_file`` and ``key_file`` (our client certificate).
    """
    options = config.options
    tls = ssl.create_default_context(cafile=options.get("ca_file"))
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    if options.get("cert_file"):
        tls.load_cert_chain(options["cert_file"], options.get("key_file"))
    http = PartnerHttp.of(config, Manifest.of(__package__ or ""), verify=tls)
    return SosiaaliEffica(http, user=options["user"], password=options["password"])
