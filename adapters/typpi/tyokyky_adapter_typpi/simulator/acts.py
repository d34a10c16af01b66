"""What the users of the simulated TYPPI do by hand, in its own screens."""

from collections.abc import Generator
from contextlib import contextmanager

from tyokyky_adapter_typpi.records import sections_of
from tyokyky_adapter_typpi.simulator.login import Caller
from tyokyky_adapter_typpi.simulator.register import Document, Register, etag
from tyokyky_adapter_typpi.simulator.rules import ProblemAnswer
from tyokyky_adapter_typpi.simulator.world import USER_CLIENT, client_of
from tyokyky_bridge.adapterkit.simulation import ControlError


def edit(register: Register, given: Document) -> Document:
    """A worker edits a plan; its client is named by ``hetu`` or ``asiakasId``, or the plan by ``id``.

    Either one section, ``osio`` and ``tiedot`` to merge (``null`` removes a field); or the whole plan, ``content``
    in the shape that the adapter fetches: sections that differ are saved, the others keep their entity tag, and a
    client without a plan gets one. ``osapuoli`` is whose worker it is.
    """
    if "content" in given:
        return _save(register, given)
    plan, worker = _plan(register, given)
    section = _section(plan, given["osio"])
    content = {k: v for k, v in {**section["tiedot"], **given["tiedot"]}.items() if v is not None}
    return _write(register, worker, plan["suunnitelmaId"], section, content)


def remove_section(register: Register, given: Document) -> Document:
    """A worker removes a section (``osio``), whoever wrote it: a tombstone stays."""
    plan, worker = _plan(register, given)
    section = _section(plan, given["osio"])
    with _refusals_told():
        stored = register.remove(
            worker, plan["suunnitelmaId"], section["osio"], if_match=etag(section), anybodys=True
        )
    return {"ok": True, "versio": stored["versio"]}


def end_customership(register: Register, given: Document) -> Document:
    """The parties end a customership: ``hetu``, ``asiakasId`` or ``id``, and ``paattyen`` (default today)."""
    client = client_of(register, given)
    if client["typ"] is None:
        msg = "no customership to end"
        raise ControlError(msg)
    on = given.get("paattyen") or register.sim.clock.local().date().isoformat()
    ended = {**client, "typ": {**client["typ"], "paattyen": on}}
    register.sim.state.put("asiakas", client["asiakasId"], ended)
    register.feed.note("asiakkuus", ended, at=register.sim.clock.now(), by=_worker(ended, given))
    register.feed.expect(ended)
    return {"ok": True, "paattyen": on}


def _save(register: Register, given: Document) -> Document:
    client = client_of(register, given)
    worker, contents = _worker(client, given), sections_of(given["content"])
    if client["suunnitelmaId"] is None:
        first = {name: fields for name, fields in contents.items() if fields}
        with _refusals_told():
            plan = register.open_plan(worker, client["asiakasId"], first)
        saved = list(first)
    else:
        plan = register.stored(client["suunnitelmaId"])
        changed = {
            name: fields for name, fields in contents.items() if fields != _section(plan, name)["tiedot"]
        }
        for name, fields in changed.items():
            _write(register, worker, plan["suunnitelmaId"], _section(plan, name), fields)
        saved = list(changed)
    return {"ok": True, "suunnitelmaId": plan["suunnitelmaId"], "osiot": saved}


def _write(
    register: Register, worker: Caller, plan_id: str, section: Document, content: Document
) -> Document:
    with _refusals_told():
        stored = register.write(worker, plan_id, section["osio"], if_match=etag(section), content=content)
    return {"ok": True, "versio": stored["versio"]}


def _plan(register: Register, given: Document) -> tuple[Document, Caller]:
    client = client_of(register, given)
    if client["suunnitelmaId"] is None:
        msg = "no plan yet"
        raise ControlError(msg)
    return register.stored(client["suunnitelmaId"]), _worker(client, given)


def _section(plan: Document, name: str) -> Document:
    if name not in plan["osiot"]:
        msg = "no such section"
        raise ControlError(msg)
    return plan["osiot"][name]


def _worker(client: Document, given: Document) -> Caller:
    serving: list[str] = client["palvelevat"]
    usual = "tyovoimaviranomainen" if "tyovoimaviranomainen" in serving else serving[0]
    return Caller(USER_CLIENT, given.get("osapuoli", usual), "kirjaaja")


@contextmanager
def _refusals_told() -> Generator[None]:
    """TYPPI refuses its users what it refuses to systems; the control surface answers 400 with the code."""
    try:
        yield
    except ProblemAnswer as refused:
        raise ControlError(refused.code) from refused
