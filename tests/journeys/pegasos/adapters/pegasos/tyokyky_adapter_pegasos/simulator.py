"""A pretended Pegasos. Everything but the eight headings is invented."""

import argparse
import json
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tyokyky_adapter_pegasos.records import empty_form
from tyokyky_bridge.adapterkit.simulation import Made, Simulation, run

KEY = "pegasos-sim-key"


def make(sim: Simulation, args: argparse.Namespace) -> Made:
    """Build the simulator over its state."""

    async def search(request: Request) -> Response:
        hetu = json.loads(await request.body())["hetu"]
        hits = [person for person, known in sim.state.list("potilas") if known["hetu"] == hetu]
        return JSONResponse({"potilaat": [{"potilas": p, "suunnitelma": _record_of(sim, p)} for p in hits]})

    async def read(request: Request) -> Response:
        text = sim.state.get("suunnitelma", request.path_params["potilas"])
        return JSONResponse(text and text["teksti"], status_code=200 if text else 404)

    async def write(request: Request) -> Response:
        person, reference = request.path_params["potilas"], request.headers["x-viite"]
        given = json.loads(await request.body())
        if sim.state.get("potilas", person) is None:
            return JSONResponse({}, status_code=404)
        with sim.state.transaction():
            standing = sim.state.get("suunnitelma", person)
            version = standing["teksti"]["versio"] if standing else 0
            if standing is None or standing["viite"] != reference:
                if request.headers["if-match"] != str(version):
                    return JSONResponse({}, status_code=409)
                version += 1
                text = {**given, "versio": version}
                sim.state.put("suunnitelma", person, {"viite": reference, "teksti": text})
                sim.effect(f"suunnitelma {person} v{version}")
        return JSONResponse({"suunnitelma": _record_of(sim, person), "versio": version})

    async def status(request: Request) -> Response:
        return JSONResponse({"tila": "ok"})

    def seed(given: dict[str, Any]) -> None:
        for person in given.get("persons", []):
            number = str(sim.state.next_number("potilas", start=101))
            sim.state.put("potilas", number, {"hetu": person["hetu"]})
            if "oma_teksti" in person:
                text = {**empty_form(), "versio": 1, "palveluyksikko": person["oma_teksti"]["palveluyksikko"]}
                text["otsikot"][-1]["teksti"] = person["oma_teksti"]["suu"]
                sim.state.put("suunnitelma", number, {"viite": "", "teksti": text})

    def records() -> list[dict[str, Any]]:
        return [{"potilas": person, **kept["teksti"]} for person, kept in sim.state.list("suunnitelma")]

    app = Starlette(
        routes=[
            Route("/tila", status),
            Route("/potilaat/haku", search, methods=["POST"]),
            Route("/potilaat/{potilas}/suunnitelma", read),
            Route("/potilaat/{potilas}/suunnitelma", write, methods=["PUT"]),
        ]
    )

    async def gate(scope: Any, receive: Any, send: Any) -> None:
        allowed = Request(scope).headers.get("x-api-key") == KEY
        await (app if allowed else JSONResponse({}, status_code=401))(scope, receive, send)

    return Made(app=gate, seed=seed, records=records)


def _record_of(sim: Simulation, person: str) -> str | None:
    return f"S{person}" if sim.state.get("suunnitelma", person) else None


if __name__ == "__main__":
    run("pegasos", make)
