"""The smallest possible simulator: it keeps notes by name. Run as a module by the kit's own tests."""

import argparse
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tyokyky_bridge.adapterkit.simulation import Made, Simulation, run


def make(sim: Simulation, args: argparse.Namespace) -> Made:
    async def put(request: Request) -> Response:
        name, body = request.path_params["name"], await request.json()
        with sim.state.transaction():
            version = (sim.state.get("note", name) or {"version": 0})["version"] + 1
            sim.state.put("note", name, {**body, "version": version})
            sim.effect(f"note {name} v{version}")
            if body.get("fail"):
                raise RuntimeError
        return JSONResponse({"version": version})

    async def get(request: Request) -> Response:
        now = sim.clock.local().isoformat()
        return JSONResponse(
            {"now": now, "greeting": args.greeting, "surprise": sim.chaos["charset_surprise"]}
        )

    return Made(
        app=Starlette(routes=[Route("/note/{name}", put, methods=["PUT"]), Route("/", get)]),
        seed=lambda given: [sim.state.put("note", n["name"], n) for n in given["records"]] and None,
        records=lambda: [note for _, note in sim.state.list("note")],
        acts={"wipe": lambda given: sim.state.delete("note", given["name"])},
    )


def main(argv: list[str] | None = None, **more: Any) -> None:
    run(
        "toy",
        make,
        knobs={"charset_surprise": 0.25},
        arguments=lambda parser: parser.add_argument("--greeting", default="moi"),  # type: ignore[func-returns-value]
        argv=argv,
    )


if __name__ == "__main__":
    main()
