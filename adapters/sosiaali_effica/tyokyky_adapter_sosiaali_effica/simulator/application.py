"""The simulated service on the wire: SOAPAction, WS-Security, Faults, WSDL; and what its users do by hand."""

import argparse
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tyokyky_adapter_sosiaali_effica.records import Record
from tyokyky_adapter_sosiaali_effica.shape import META, VOIDED
from tyokyky_adapter_sosiaali_effica.simulator.archive import Archive
from tyokyky_adapter_sosiaali_effica.simulator.operations import ABSENT_COLLEAGUE, EfficaFault, Operations
from tyokyky_adapter_sosiaali_effica.simulator.wsdl import wsdl
from tyokyky_adapter_sosiaali_effica.soap import (
    EFF,
    PATH,
    SOAP,
    WSSE,
    WSU,
    Element,
    UnsafeXml,
    body_of,
    envelope,
    fault,
    local_name,
    parse,
)
from tyokyky_bridge.adapterkit.simulation import ControlError, Made, Simulation

KNOBS = {"latency_ms": [150, 800], "security_clock_skew_s": 0}
MAX_SKEW = timedelta(minutes=5)
MAX_REQUEST_BYTES = 2_000_000
_XML = "text/xml; charset=ISO-8859-15"


def make(sim: Simulation, args: argparse.Namespace) -> Made:
    """Put the service together over one state. *args* has ``user`` and ``password``."""
    archive = Archive(sim)
    account = (str(args.user), str(args.password))

    async def service(request: Request) -> Response:
        body = await request.body()
        try:
            inside = _read(request, body, account, _clock(sim))
            answer = Operations(sim, archive, account[0]).run(local_name(inside), inside)
        except EfficaFault as wrong:
            return Response(
                fault(wrong.code, wrong.text, side=wrong.side, user=wrong.user),
                status_code=500,
                media_type=_XML,
            )
        return Response(envelope(answer), media_type=_XML)

    async def description(request: Request) -> Response:
        if "wsdl" not in request.query_params:
            return Response(status_code=405)
        return Response(wsdl(str(request.url.replace(query=""))), media_type="text/xml")

    def seed(given: dict[str, Any]) -> Any:
        numbers = [archive.add_person(person) for person in given.get("persons", [])]
        oids = [_add(archive, record) for record in given.get("records", [])]
        return {"ok": True, "AsiakasTunnus": numbers, "AsiakirjaOid": oids}

    def records() -> list[Record]:
        return [document.meta | document.content for document in archive.documents()]

    acts = {
        "edit": partial(_edit, archive),
        "lock": partial(_lock, archive),
        "unlock": partial(_unlock, archive),
        "void": partial(_edit, archive, tila=VOIDED),
    }
    routes = [Route(PATH, service, methods=["POST"]), Route(PATH, description, methods=["GET"])]
    return Made(app=Starlette(routes=routes), seed=seed, records=records, acts=acts)


def _clock(sim: Simulation) -> datetime:
    """The server's own clock. It is not the simulated calendar: nobody could log in on a past date."""
    return datetime.now(UTC) + timedelta(seconds=float(sim.chaos["security_clock_skew_s"]))


def _read(request: Request, body: bytes, account: tuple[str, str], now: datetime) -> Element:
    """Everything that is looked at before an operation runs, in Effica's order."""
    if len(body) > MAX_REQUEST_BYTES:
        raise EfficaFault(code="EFF-003", text="Sanoma on liian suuri")
    try:
        root = parse(body)
        inside = body_of(root)
    except UnsafeXml as unsafe:
        raise EfficaFault(code="EFF-002", text="Sanoma ei ole skeeman mukainen") from unsafe
    action = request.headers.get("soapaction", "").strip('"')
    if action != f"{EFF}:{local_name(inside)}" or not str(inside.tag).startswith(f"{{{EFF}}}"):
        raise EfficaFault(code="EFF-001", text="Virheellinen SOAPAction")
    _log_in(root, account, now)
    return inside


def _log_in(root: Element, account: tuple[str, str], now: datetime) -> None:
    token = f"{{{SOAP}}}Header/{{{WSSE}}}Security/{{{WSSE}}}UsernameToken"
    user = root.findtext(f"{token}/{{{WSSE}}}Username")
    password = root.findtext(f"{token}/{{{WSSE}}}Password")
    if (user, password) != account:
        raise EfficaFault(code="EFF-011", text="Käyttäjätunnus tai salasana on virheellinen")
    try:
        created = datetime.fromisoformat(root.findtext(f"{token}/{{{WSU}}}Created") or "")
        skew = abs(now - created)
    except (ValueError, TypeError) as missing:
        raise EfficaFault(code="EFF-012", text="Aikaleima puuttuu") from missing
    if skew > MAX_SKEW:
        raise EfficaFault(code="EFF-013", text="Aikaleima on vanhentunut")


def _add(archive: Archive, record: Record, *, user: str = ABSENT_COLLEAGUE) -> str:
    """A document that a user of Effica has made: meta and content in one dict, the client by ``Hetu``."""
    meta = {name: str(record[name]) for name in META if name in record}
    hetu = meta.pop("Hetu", "")
    if "AsiakasTunnus" not in meta:
        fits = archive.persons_by_hetu(hetu)
        meta["AsiakasTunnus"] = fits[0][0] if fits else archive.add_person({"hetu": hetu})
    content = {name: inner for name, inner in record.items() if name not in META}
    saved, _ = archive.save(meta, content, user=str(record.get("Muokkaaja", user)))
    return saved.oid


def _meant(archive: Archive, given: dict[str, Any]) -> list[str]:
    """The documents meant by ``document`` (or ``oid``), by ``hetu``, or all that there are."""
    oid = given.get("document") or given.get("oid")
    if oid:
        return [str(oid)]
    hetu = str(given.get("hetu", ""))
    persons = [number for number, _ in archive.persons_by_hetu(hetu)] if hetu else [None]
    if not persons:
        msg = "no such client"
        raise ControlError(msg)
    return [d.oid for person in persons for d in archive.documents(person=person) if not d.voided]


def _only(archive: Archive, given: dict[str, Any]) -> str:
    oids = _meant(archive, given)
    if len(oids) != 1:
        msg = f"which document? {len(oids)} fit"
        raise ControlError(msg)
    return oids[0]


def _edit(archive: Archive, given: dict[str, Any], *, tila: str | None = None) -> Any:
    """
    A user changes a document.

    ``content`` is the whole of it, as the adapter fetches it; a client (``hetu``) who has none gets one. ``set`` holds
    dotted paths (``Tavoitteet.Tavoite.0.Kuvaus``) and values. List elements that are new get their ``Tunniste``.
    """
    if "content" in given and given.get("hetu") and not _meant(archive, given):
        oid = _add(archive, given["content"] | {"Hetu": given["hetu"]}, user=_user(given))
        return {"AsiakirjaOid": oid, "Versionumero": "1"}
    document = archive.document(_only(archive, given))
    if document is None:
        msg = "no such document"
        raise ControlError(msg)
    content: Any = dict(given.get("content", document.content))
    for path, value in dict(given.get("set", {})).items():
        *way, last = [int(step) if step.isdigit() else step for step in str(path).split(".")]
        place = content
        for step in way:
            place = place[step] if isinstance(step, int) else place.setdefault(step, {})
        place[last] = value
    meta = document.meta | ({"Tila": tila} if tila else {})
    saved, _ = archive.save(meta, content, user=_user(given))
    return {"AsiakirjaOid": saved.oid, "Versionumero": saved.meta["Versionumero"]}


def _unlock(archive: Archive, given: dict[str, Any]) -> Any:
    archive.unlock(_only(archive, given))


def _lock(archive: Archive, given: dict[str, Any]) -> Any:
    owner, _ = archive.lock(_only(archive, given), _user(given))
    return {"user": owner}


def _user(given: dict[str, Any]) -> str:
    return str(given.get("user", ABSENT_COLLEAGUE))
