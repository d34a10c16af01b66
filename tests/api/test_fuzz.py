"""Whatever is sent, the answer is one of ours: never a fault, never an undocumented status, nothing of it repeated."""

import json
from collections.abc import Iterator
from uuid import uuid4

import anyio.from_thread
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tyokyky_bridge.domain.items import FIELDS, leaves_of
from tyokyky_bridge.services.shape import shaped
from tyokyky_bridge.storage import open_store
from worlds.hub import plan_content, y100
from worlds.parties import EMPLOYMENT, HEALTH
from worlds.plans import plans
from worlds.web import a_web

WILD = st.text(st.characters(codec=None), max_size=12)
WORDS = st.sampled_from(
    [
        "id",
        "hetu",
        "value",
        "goals",
        "health",
        "g-1",
        "120385-921T",
        "active",
        "2026-03-02",
        "\x00",
        "\ud800",
        "[]",
        ".",
        "",
    ]
)
TEXTS = st.one_of(WORDS, WILD)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(10**30, 10**40), st.floats(allow_nan=False), TEXTS
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
PATHS = st.one_of(
    st.sampled_from(sorted(FIELDS)).map(lambda p: p.replace("[]", "[e-1]")),
    st.sampled_from(sorted({p.partition(".")[0].partition("[")[0] for p in FIELDS})),
    TEXTS,
)


@st.composite
def damaged(draw: st.DrawFn, whole: object) -> object:
    """A good document with something wrong in one place, or with a surplus member."""
    document = json.loads(json.dumps(whole, default=str))
    holder = document
    while True:
        inner = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if not inner:
            return draw(JSON)
        key = draw(st.sampled_from(inner))
        if isinstance(holder[key], dict | list) and holder[key] and draw(st.booleans()):
            holder = holder[key]
            continue
        if isinstance(holder, dict) and draw(st.booleans()):
            holder[draw(TEXTS)] = draw(JSON)
        else:
            holder[key] = draw(JSON)
        return document


def by_section(document: object) -> object:
    """A damaged plan as changes of its sections."""
    if not isinstance(document, dict):
        return document
    return {"changes": [{"path": name, "value": value} for name, value in document.items()]}


FORM = y100((HEALTH, EMPLOYMENT))
WITHDRAWAL = {"at": "2026-03-02T10:00:00Z", "by": {"kind": "client"}}
REQUESTS = st.one_of(
    st.tuples(st.just("POST"), st.just("/v1/clients"), JSON | st.fixed_dictionaries({"hetu": TEXTS})),
    st.tuples(st.just("POST"), st.just("/v1/clients/search"), st.fixed_dictionaries({"hetu": TEXTS})),
    st.tuples(
        st.just("POST"),
        st.just("/v1/plans"),
        JSON | st.fixed_dictionaries({"client_id": st.just("CLIENT"), "plan": damaged(plan_content())}),
    ),
    st.tuples(
        st.just("PATCH"),
        st.just("/v1/plans/PLAN"),
        JSON
        | st.fixed_dictionaries(
            {
                "changes": st.lists(
                    st.fixed_dictionaries({"path": PATHS, "value": JSON | st.just([{"id": "e-1"}])}),
                    max_size=3,
                )
            }
        ),
    ),
    st.tuples(st.just("PATCH"), st.just("/v1/plans/PLAN"), damaged(plan_content()).map(by_section)),
    st.tuples(st.just("PUT"), PATHS.map(lambda p: f"/v1/plans/PLAN/sections/{p.partition('.')[0]}"), JSON),
    st.tuples(
        st.just("POST"),
        st.just("/v1/plans/PLAN/close"),
        damaged({"closed_on": "2026-03-02", "reason": "employed", "summary": "x"}),
    ),
    st.tuples(st.just("POST"), st.just("/v1/clients/CLIENT/consents"), JSON | damaged(FORM)),
    st.tuples(
        st.just("POST"),
        st.just("/v1/consents/FORM/withdrawal"),
        damaged(WITHDRAWAL),
    ),
)


class Hub:
    """A hub in a thread of its own, with a plan that stays open."""

    def __init__(self, portal, url) -> None:
        self._portal = portal
        self.web = portal.call(self._made, url)
        self.plan = portal.call(self.web.plan)
        self.form = portal.call(self.web.consent, self.plan.client_id, FORM)

    @staticmethod
    async def _made(url):
        return a_web(open_store(url, index_key=b"a key for made-up people only...."))

    def send(self, method, path, body, **more):
        for name, value in (
            ("CLIENT", self.plan.client_id),
            ("PLAN", self.plan.plan_id),
            ("FORM", self.form),
        ):
            path = path.replace(name, value)
            if isinstance(body, dict) and body.get("client_id") == name:
                body = {**body, "client_id": value}
        raw = json.dumps(body, default=str).encode()

        async def go():
            return await self.web.call(method, path, raw=raw, **more)

        return self._portal.call(go)

    def end(self):
        self._portal.call(self.web.bridge.store.aclose)


@pytest.fixture
def hub(database_url) -> Iterator[Hub]:
    with anyio.from_thread.start_blocking_portal() as portal:
        made = Hub(portal, database_url)
        yield made
        made.end()


SETTINGS = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@settings(SETTINGS, max_examples=400)
@given(request=REQUESTS, party=st.sampled_from([HEALTH, EMPLOYMENT]))
def test_no_body_brings_about_a_fault(hub, request, party):
    method, path, body = request
    if not path.isascii() or not path.isprintable() or set(path) & set("?#% "):
        path = "/v1/plans/PLAN/sections/x_"
    hub.send(method, path, body, party=party, etag="*")


@settings(SETTINGS, max_examples=60)
@given(raw=st.binary(max_size=60) | st.text(max_size=60).map(lambda t: t.encode("utf-8", "surrogatepass")))
def test_no_bytes_bring_about_a_fault(hub, raw):
    async def go():
        return await hub.web.call("PATCH", f"/v1/plans/{uuid4()}", raw=raw, etag="*")

    assert hub._portal.call(go).status_code in {400, 404, 422}


@settings(SETTINGS, max_examples=20)
@given(plan=plans(wild=True))
def test_a_whole_section_of_any_plan_is_taken_or_refused_and_read_back_as_it_is(hub, plan):
    """What a plan can hold, the REST face can hold: sections are sent as they are read."""
    for section, content in shaped(leaves_of(plan)).items():
        if section in {"header", "client", "necessity_marks"}:
            continue
        answer = hub.send("PUT", f"/v1/plans/PLAN/sections/{section}", content, etag="*")
        assert answer.status_code in {200, 403, 422}, answer.text
        if answer.status_code == 422:
            assert {e["field"] for e in answer.json()["errors"]}
