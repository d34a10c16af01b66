"""The adapter of Sosiaali Effica: SOAP over mutual TLS, lock → save → unlock, in-band return codes."""

import copy
import dataclasses
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

from tyokyky_adapter_sosiaali_effica.answers import KEPT_WITH_REMARKS, NOTE_REMARKS, needed, page_of
from tyokyky_adapter_sosiaali_effica.door import Door
from tyokyky_adapter_sosiaali_effica.feed import OVERLAP, beginning, position_of, read_on, written
from tyokyky_adapter_sosiaali_effica.outgoing import sendable
from tyokyky_adapter_sosiaali_effica.records import EMPTY
from tyokyky_adapter_sosiaali_effica.shape import DOCUMENT_TYPE, DONE, SERVICE_TASK, SOURCE, VOIDED
from tyokyky_adapter_sosiaali_effica.soap import Element, eff, message, text_of
from tyokyky_bridge.adapterkit.contract import (
    Changes,
    Found,
    Health,
    Licence,
    Marked,
    Native,
    Notice,
    Standing,
    SystemConfig,
    Written,
)
from tyokyky_bridge.adapterkit.errors import (
    AmbiguousIdentity,
    ChangedUnderneath,
    NotAuthentic,
    NotThere,
    PartnerError,
)
from tyokyky_bridge.adapterkit.http import PartnerHttp
from tyokyky_bridge.adapterkit.manifest import Manifest

HETU_LENGTH = 11


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SosiaaliEffica:
    """One installation of Sosiaali Effica; use `connect`."""

    def __init__(
        self,
        http: PartnerHttp,
        *,
        user: str,
        password: str,
        overlap: timedelta = OVERLAP,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._http = http
        self._door = Door(http, user=user, password=password)
        self._overlap = overlap
        self._clock = clock

    async def find(self, hetu: str) -> Found:
        """Find the client by identity number, and their type 17 document unless it is voided."""
        async with self._http.one_call():
            answer = await self._door.ask("HaeAsiakas", Hetu=hetu)
            hits = answer.findall(eff("Asiakas"))
            if not hits:
                raise NotThere
            # A client who is held without the century sign may be either of two persons.
            if len(hits) > 1 or text_of(hits[0], "Hetu") != hetu:
                raise AmbiguousIdentity(len(hits))
            person = needed(hits[0], "AsiakasTunnus")
            rows = await self._door.documents(person)
            return Found(person, rows[-1]["AsiakirjaOid"] if rows else None, _marked(rows))

    async def fetch(self, found: Found) -> Standing:
        """Read the document; the version token is its ``Versionumero``."""
        if found.record_id is None:
            return Standing(copy.deepcopy(EMPTY))
        async with self._http.one_call():
            meta, content = await self._door.document(found.record_id)
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
            async with self._door.locked(standing.record_id) as lock:
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
            meta, _ = await self._door.document(standing.record_id)
            if meta.get("Lahdejarjestelma") != SOURCE:
                return "retained"
            if meta.get("Tila") == VOIDED:
                return "voided"
            async with self._door.locked(standing.record_id) as lock:
                words = {
                    "AsiakirjaOid": standing.record_id,
                    "Versionumero": standing.version,
                    "LukkoTunnus": lock,
                }
                await self._door.call("MitatoiAsiakirja", message("MitatoiAsiakirja", words), licence=licence)
            return "voided"

    async def changes(self, cursor: str | None) -> Changes:
        """Read one answer of the change log; `feed` tells how nothing is lost.

        A beginning tells the last minutes too. A cursor that is not one of ours is lost.
        """
        asked = self._clock()
        known = None if cursor is None else position_of(cursor)
        position = known or beginning(asked, self._overlap)
        async with self._http.one_call():
            answer = await self._door.ask("HaeMuutosloki", Alku=written(position.ask_from))
            answered = self._clock()
        page = read_on(position, page_of(answer), asked=asked, answered=answered, overlap=self._overlap)
        return page if known or cursor is None else dataclasses.replace(page, lost=True)

    def read_notice(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Notice:
        """Effica pushes nothing, so whatever says it comes from there does not. Raises: NotAuthentic."""
        del headers, body, now
        raise NotAuthentic(rule="this system pushes nothing")

    def matches(self, version: str, told: str) -> bool:
        """See `Adapter.matches`: a row of the log gives the document's own version."""
        return version == told

    async def number_of(self, person_id: str) -> str | None:
        """The client's identity number; ``None`` for one who is unknown or held without the century sign."""
        async with self._http.one_call():
            answer = await self._door.ask("HaeAsiakas", AsiakasTunnus=person_id)
        numbers = [text_of(client, "Hetu") for client in answer.findall(eff("Asiakas"))]
        return numbers[0] if len(numbers) == 1 and len(numbers[0]) == HETU_LENGTH else None

    async def health(self) -> Health:
        """Log in and ask for a client that cannot exist."""
        began = time.monotonic()
        try:
            async with self._http.one_call():
                await self._door.ask("HaeAsiakas", Hetu="")
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
        if await self._door.documents(found.person_id):
            raise ChangedUnderneath(native_code="document-exists")
        return await self._save(document, licence)

    async def _saved_before(self, found: Found, key: str) -> Written | None:
        """The document whose newest version carries our *key*: an earlier attempt did arrive."""
        for row in await self._door.documents(found.person_id):
            if row.get("Siirtotunniste") == key:
                return Written(row["AsiakirjaOid"], row["Versionumero"])
        return None

    async def _save(self, document: Element, licence: Licence, *, lock: str | None = None) -> Written:
        request = message("TallennaAsiakirja", {} if lock is None else {"LukkoTunnus": lock})
        request.append(document)
        answer = await self._door.call("TallennaAsiakirja", request, licence=licence)
        notes = (NOTE_REMARKS,) if text_of(answer, "Paluukoodi") == KEPT_WITH_REMARKS else ()
        oid, version = (needed(answer, name, wrote=True) for name in ("AsiakirjaOid", "Versionumero"))
        return Written(oid, version, notes)


def _marked(rows: Iterable[Mapping[str, str]]) -> tuple[Marked, ...]:
    """Those of the documents that the hub saved."""
    return tuple(
        Marked(row["AsiakirjaOid"], row.get("Siirtotunniste") or SOURCE, row.get("Versionumero"))
        for row in rows
        if row.get("Lahdejarjestelma") == SOURCE
    )


def connect(config: SystemConfig, *, clock: Callable[[], datetime] = _utc_now) -> SosiaaliEffica:
    """
    Connect to one installation.

    Args:
        config: *options* hold ``user`` and ``password``, and paths of PEM files: ``ca_file`` (who signed the
            server), ``cert_file`` and ``key_file`` (our client certificate). ``overlap_s`` says how late a row
            of the change log may show, and how far the clocks may be apart.
        clock: Our own (aware), for the change log.
    """
    options = config.options
    tls = ssl.create_default_context(cafile=options.get("ca_file"))
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    if options.get("cert_file"):
        tls.load_cert_chain(options["cert_file"], options.get("key_file"))
    http = PartnerHttp.of(config, Manifest.of(__package__ or ""), verify=tls)
    overlap = timedelta(seconds=float(options.get("overlap_s", OVERLAP.total_seconds())))
    return SosiaaliEffica(
        http, user=options["user"], password=options["password"], overlap=overlap, clock=clock
    )
