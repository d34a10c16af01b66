"""Asking Effica: one SOAP call, logged in, and the questions about documents and locks that all work needs."""

import contextlib
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

from tyokyky_adapter_sosiaali_effica.answers import answer_of, needed
from tyokyky_adapter_sosiaali_effica.records import document_of
from tyokyky_adapter_sosiaali_effica.shape import DOCUMENT_TYPE, SERVICE_TASK, SOURCE, VOIDED
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
)
from tyokyky_bridge.adapterkit.contract import Licence, Native
from tyokyky_bridge.adapterkit.errors import NotThere, PartnerError
from tyokyky_bridge.adapterkit.http import PartnerHttp

Row = dict[str, str]


class Door:
    """The one service of an installation, with the account that the hub has there."""

    def __init__(self, http: PartnerHttp, *, user: str, password: str) -> None:
        self.http = http
        self._user = user
        self._password = password

    async def ask(self, operation: str, **members: str) -> Element:
        """Call an operation that takes mere text members. Raises `PartnerError`."""
        return await self.call(operation, message(operation, members))

    async def call(self, operation: str, request: Element, *, licence: Licence | None = None) -> Element:
        """Call *operation*; one that carries plan items or takes them back has a *licence*. Raises `PartnerError`."""
        header = security(self._user, self._password, datetime.now(UTC))
        response = await self.http.send(
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

    @contextlib.asynccontextmanager
    async def locked(self, oid: str) -> AsyncGenerator[str]:
        """Hold the document's lock. A lock that cannot be given back ends by itself in ten minutes."""
        answer = await self.ask("LukitseAsiakirja", AsiakirjaOid=oid)
        lock = needed(answer, "LukkoTunnus")
        try:
            yield lock
        finally:
            with contextlib.suppress(PartnerError):
                await self.ask("VapautaAsiakirja", AsiakirjaOid=oid, LukkoTunnus=lock)

    async def documents(self, person: str) -> list[Row]:
        """Our kind of documents of a client that are not voided, oldest first, the hub's own last."""
        answer = await self.ask("HaeAsiakirjat", AsiakasTunnus=person, Asiakirjatyyppi=DOCUMENT_TYPE)
        found = answer.findall(eff("AsiakirjaRivi"))
        rows = [
            {local_name(m): m.text or "" for m in row}
            | {name: needed(row, name) for name in ("AsiakirjaOid", "Versionumero")}
            for row in found
        ]
        living = [
            row for row in rows if row.get("Tila") != VOIDED and row.get("Palvelutehtava") == SERVICE_TASK
        ]
        return sorted(living, key=lambda row: row.get("Lahdejarjestelma") == SOURCE)

    async def document(self, oid: str) -> tuple[Row, Native]:
        """One document: what it says of itself, and its content. Raises: NotThere."""
        answer = await self.ask("HaeAsiakirja", AsiakirjaOid=oid)
        document = answer.find(eff("Asiakirja"))
        if document is None:
            raise NotThere
        meta, content = document_of(document)
        return meta | {"Versionumero": needed(document, "Versionumero")}, content
