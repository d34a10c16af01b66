"""The gateway in front of the register: keys, message ids, purpose, the nightly window, the envelope."""

import base64
import json
import math
import uuid
from datetime import datetime, time, timedelta
from typing import Any, cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tyokyky_adapter_ura.simulator.changelog import ChangeLog
from tyokyky_adapter_ura.simulator.register import Declined, Register, Row
from tyokyky_adapter_ura.simulator.rules import Error
from tyokyky_bridge.adapterkit.simulation import HELSINKI, Simulation

CLOSES, OPENS = time(22), time(5)
REPLAY_FOR = timedelta(hours=24)
PURPOSES = {"01": "työkyvyn tuki työllisyyspalveluissa", "02": "monialainen yhteispalvelu"}
"""The statutory purposes; any other read is refused. Codes invented; the rule is public (domain report 8.4)."""

WRITES = ("asiakas/tallenna", "suunnitelma/tallenna", "palaute/tallenna")


class Gateway:
    """Answers one request after the other, each in one transaction with its effects and its remembered answer."""

    def __init__(
        self,
        sim: Simulation,
        register: Register,
        log: ChangeLog,
        *,
        key: str,
        ytunnukset: frozenset[str],
        closes: bool,
    ) -> None:
        self._sim = sim
        self._register = register
        self._log = log
        self._key = key
        self._ytunnukset = ytunnukset
        self._closes = closes

    def app(self) -> Starlette:
        """The ASGI application."""
        calls = ("asiakas/hae", "suunnitelma/hae", "muutokset/hae", *WRITES)
        routes = [Route(f"/ura/v2/{call}", self._answer, methods=["POST"], name=call) for call in calls]
        return Starlette(routes=[*routes, Route("/ura/v2/tila", self._alive, methods=["GET"])])

    async def _alive(self, request: Request) -> Response:
        return self._keyless(request) or JSONResponse({"tila": "OK"})

    async def _answer(self, request: Request) -> Response:
        refusal = self._keyless(request)
        if refusal is not None:
            return refusal
        message = request.headers.get("kipa-messageid", "")
        try:
            uuid.UUID(message)
        except ValueError:
            return JSONResponse({"statusCode": 400, "message": "KIPA-MessageId missing or not a UUID"}, 400)
        body = await request.body()
        call = request.url.path.removeprefix("/ura/v2/")
        with self._sim.state.transaction():
            remembered = self._remembered(message)
            if remembered is not None:
                return Response(remembered, media_type="application/json")
            if call in WRITES:
                closed = self._closed_for()
                if closed is not None:
                    return JSONResponse(
                        {"statusCode": 503, "message": "Ura on lukutilassa 22.00-05.00"},
                        503,
                        headers={"Retry-After": str(math.ceil(closed.total_seconds()))},
                    )
            answer = _encoded(self._envelope(call, body))
            self._remember(message, answer)
        return Response(answer, media_type="application/json")

    def _keyless(self, request: Request) -> Response | None:
        if request.headers.get("kipa-subscription-key") == self._key:
            return None
        text = "Access denied due to missing or invalid subscription key."
        return JSONResponse({"statusCode": 401, "message": text}, 401)

    def _remembered(self, message: str) -> bytes | None:
        entry = self._sim.state.get("vastaus", message)
        if entry is None or self._sim.clock.now() - datetime.fromisoformat(entry["at"]) > REPLAY_FOR:
            return None
        return base64.b64decode(entry["body"])

    def _remember(self, message: str, answer: bytes) -> None:
        at = self._sim.clock.now().isoformat()
        self._sim.state.put("vastaus", message, {"at": at, "body": base64.b64encode(answer).decode()})

    def _closed_for(self) -> timedelta | None:
        """Time until writing opens again; ``None`` while it is open."""
        now = self._sim.clock.local()
        knob = self._sim.chaos["night_window"]
        closes = self._closes if knob is None else knob
        if not closes or OPENS <= now.time() < CLOSES:
            return None
        day = now.date() + timedelta(days=1) if now.time() >= CLOSES else now.date()
        return datetime.combine(day, OPENS, HELSINKI).astimezone(now.tzinfo) - now

    def _envelope(self, call: str, body: bytes) -> Row:
        try:
            asked = _object(body)
            self._admit(asked)
            return {"paluukoodi": "0", "virheet": [], "data": self._do(call, asked)}
        except Declined as declined:
            return {"paluukoodi": "E", "virheet": [e.as_json() for e in declined.errors], "data": None}

    def _admit(self, asked: Row) -> None:
        if asked.get("ytunnus") not in self._ytunnukset:
            raise Declined(Error(17, "Y-TUNNUKSELLA EI OIKEUTTA", "ytunnus"))
        if asked.get("kayttotarkoitus") not in PURPOSES:
            raise Declined(Error(18, "KÄYTTÖTARKOITUS EI SALLITTU", "kayttotarkoitus"))

    def _do(self, call: str, asked: Row) -> Row:
        register = self._register
        match call:
            case "asiakas/hae":
                parts = (asked.get("syntaika"), asked.get("loppuosa"), asked.get("vuosisata"))
                return {"asiakkaat": register.persons(*parts)}
            case "suunnitelma/hae":
                number = str(asked.get("asiakasnro"))
                return {
                    "asiakas": register.person(number),
                    "suunnitelma": register.plan_of(number),
                    "palautteet": register.forms_of(number),
                    "palautteet_muutosnumero": register.newest_form_of(number),
                }
            case "muutokset/hae":
                rows, more = self._log.after(
                    _count(asked, "edellinen", least=0), _count(asked, "max", least=1)
                )
                return {"muutokset": rows, "lisaa": more, "viimeisin": self._log.newest()}
            case "asiakas/tallenna":
                return _receipt(register.save_person(_row(asked, "asiakas")))
            case "suunnitelma/tallenna":
                return _receipt(register.save_plan(_row(asked, "suunnitelma")))
            case _:
                return _receipt(register.save_form(_row(asked, "palaute")))


def _receipt(row: Row) -> Row:
    return {
        name: row[name] for name in ("asiakasnro", "suunnitelmanro", "viite", "muutosnumero") if name in row
    }


def _count(asked: Row, name: str, *, least: int) -> int:
    number = asked.get(name)
    if not isinstance(number, int) or isinstance(number, bool) or not least <= number < 10**15:
        raise Declined(Error(10, "SANOMA VIRHEELLINEN", name))
    return number


def _row(asked: Row, name: str) -> Row:
    row = asked.get(name)
    if not isinstance(row, dict):
        raise Declined(Error(10, "SANOMA VIRHEELLINEN", name))
    return cast("Row", row)


def _object(body: bytes) -> Row:
    try:
        document: Any = json.loads(body)
    except ValueError:
        raise Declined(Error(10, "SANOMA VIRHEELLINEN")) from None
    if not isinstance(document, dict):
        raise Declined(Error(10, "SANOMA VIRHEELLINEN"))
    return cast("Row", document)


def _encoded(document: Row) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
