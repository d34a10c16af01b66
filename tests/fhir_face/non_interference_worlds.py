"""Two hubs that one caller must not be able to tell apart, and how they are put into a store.

The second also holds what the caller may not see: other content and more revisions, plans and consents of others, and
other parties' own documents, some under the caller's ids.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from fhir_face.non_interference_plans import SOURCES, State, history, seen
from fhir_face.non_interference_twins import RECIPIENTS, Twin
from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.consent import Consent, Grant, Restriction
from tyokyky_bridge.domain.disclosure import in_network
from tyokyky_bridge.domain.items import Scalar, leaves_to_json
from tyokyky_bridge.domain.revision import Origin
from tyokyky_bridge.services.fhir import kept
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.storage.repositories.clients import _CREATE
from worlds.hub import caller
from worlds.parties import EMPLOYMENT, HEALTH, KELA, NGO, NOW, SOCIAL, form

CALLERS = (EMPLOYMENT, KELA, SOCIAL, NGO)
CLIENTS = {n: UUID(int=0x0198_0000_0000_7000_8000_0000_0000_0000 + n) for n in range(1, 5)}
HETUS = {1: "120385-921T", 2: "171268X9339", 3: "030278-958K", 4: "230599-9878"}
EXPLAINED = frozenset({1})
"""Clients whose plans are asked to explain themselves: that tells the truth about decisions towards others, which may
hang on a hidden value or form. So for these plans such values and forms stay as they are.
"""
FORMED = NOW - timedelta(days=50)


@dataclass(frozen=True)
class Story:
    """One plan with its revisions."""

    plan_id: UUID
    client: int
    states: tuple[State, ...]


@dataclass(frozen=True)
class World:
    """All that one hub holds: plans, forms with their history, and parties' own documents."""

    stories: tuple[Story, ...]
    forms: tuple[tuple[Consent, ...], ...]
    own: tuple[tuple[str, str, str, Mapping[str, Any]], ...]


@dataclass(frozen=True)
class Pair:
    """Two worlds that are one to *party*."""

    party: str
    plain: World
    other: World


def a_pair(seed: int) -> Pair:
    """A pair drawn by seed."""
    rng = random.Random(seed)
    party = rng.choice(CALLERS)
    strangers = [each for each in SOURCES if each != party]
    forms = {n: _form(rng, n, party, strangers) for n in (1, 2, 4)}
    main, second = (Story(_plan(n), n, history(rng, _ids(n), party)) for n in (1, 2))
    plain = World((main, second), tuple((forms[n],) for n in sorted(forms)), _own(party))
    twins = tuple(
        replace(each, states=_twin(party, forms[each.client], seed, each.client).of(each.states))
        for each in (main, second)
    )
    hidden = tuple(_hidden(rng, number, client, party, forms) for number, client in ((5, 1), (6, 3), (7, 4)))
    more = tuple(_more(rng, form, strangers, n) for n, form in sorted(forms.items()))
    theirs = tuple(
        (_form(rng, 10 + n, giver, [taker], client=n),)
        for n in (2, 3)
        for giver, taker in [rng.sample(strangers, 2)]
    )
    others = tuple(each for other in strangers[:2] for each in _own(other, ("of others", "own-1", "own-2")))
    return Pair(party, plain, World((*twins, *hidden), (*more, *theirs), (*plain.own, *others)))


def _twin(party: str, form: Consent, seed: int, client: int) -> Twin:
    return Twin(party, (form,), f"{seed}/{client}", explained=client in EXPLAINED)


def _plan(number: int) -> UUID:
    return UUID(int=0x0198_1000_0000_7000_8000_0000_0000_0000 + number)


def _ids(client: int, number: int | None = None) -> dict[str, Scalar]:
    number = number or client
    return {
        "header.plan_id": str(_plan(number)),
        "header.case_id": str(UUID(int=_plan(number).int + (1 << 32))),
        "header.created_at": NOW - timedelta(days=40),
        "header.status": "active" if number == client else "closed",
        "client.client_id": str(CLIENTS[client]),
        "client.hetu[h-1].value": HETUS[client],
        "client.hetu[h-1].kind": "official",
        "client.family_name": ("Esimerkki", "Koeajo", "Malliviite", "Näyte")[client - 1],
        "client.given_names": ("Tuulikki", "Pekka", "Sanna", "Liisa")[client - 1],
        "client.birth_date": date(1985, 3, 10 + client),
    }


_ORDER = "client.non_disclosure.active"


def _hidden(rng: random.Random, number: int, client: int, party: str, forms: Mapping[int, Consent]) -> Story:
    """A plan that the party may not know of, of a client whom it may know.

    It tells of no non-disclosure order: that is about the person and holds for every plan, so it is not hidden.
    """
    consents = [forms[client]] if client in forms else []
    while True:
        states = tuple(
            replace(
                state,
                leaves={p: p != _ORDER and value for p, value in state.leaves.items()},
                parties={p: HEALTH if s == party else s for p, s in state.parties.items()},
            )
            for state in history(rng, _ids(client, number), None, states=2, density=0.2)
        )
        if not any(_is_known(state, party, consents) for state in states):
            return Story(_plan(number), client, states)


def _is_known(state: State, party: str, consents: Sequence[Consent]) -> bool:
    return bool(seen(state, party, consents)[0]) or in_network(state.revision.plan, party, at=NOW)


def _form(
    rng: random.Random, number: int, party: str, strangers: Sequence[str], *, client: int | None = None
) -> Consent:
    """A form by which two others may give *party* some categories."""
    open_ = rng.sample(sorted(Category), rng.randint(8, 16))
    categories = tuple(sorted({*open_, Category.IDENTITY_CORE, Category.PLAN_GOALS}))
    givers = rng.sample(list(strangers), min(2, len(strangers)))
    return form(
        number,
        client=str(CLIENTS[client or number]),
        grants=tuple(Grant(discloser=giver, recipient=party, categories=categories) for giver in givers),
        taken_by={"name": "Helmi Virta", "party": HEALTH, "user": "HVIRTA"},
    )


def _more(rng: random.Random, form: Consent, strangers: Sequence[str], n: int) -> tuple[Consent, ...]:
    """The same form with a direction between two others, which changes later, and a prohibition for one of them."""
    systems = {party for party, _ in RECIPIENTS} if n in EXPLAINED else set[str]()
    taker = rng.choice([each for each in strangers if each not in systems])
    giver = rng.choice([each for each in strangers if each != taker])
    extra = Grant(discloser=giver, recipient=taker, categories=(Category.HEALTH_SUBSTANCE,))
    wider = extra.model_copy(update={"categories": (Category.HEALTH_SUBSTANCE, Category.SOCIAL_FINANCE)})
    denied = (Restriction(recipient=taker, category=Category.ADMIN_REFERRAL),)
    first = form.model_copy(update={"grants": (*form.grants, extra)})
    return first, form.model_copy(update={"grants": (*form.grants, wider), "restrictions": denied})


def _own(party: str, names: Sequence[str] = ("Oma", "own-1", "own-2")) -> tuple[Any, ...]:
    family, *ids = names
    subject = {"reference": f"Patient/{ids[0]}"}
    code = {"coding": [{"system": "http://loinc.org", "code": "8302-2"}]}
    observation = {"status": "final", "code": code, "subject": subject, "valueInteger": len(family)}
    return (
        (party, "Patient", ids[0], {"resourceType": "Patient", "name": [{"family": family}]}),
        (party, "Observation", ids[0], {"resourceType": "Observation", **observation}),
        (party, "Goal", ids[1], _goal(subject, family)),
        *(
            [(party, "Goal", f"of-{party}", _goal(subject, family))] if family == "of others" else []
        ),
    )  # fmt: skip


def _goal(subject: Mapping[str, Any], text: str) -> dict[str, Any]:
    return {
        "resourceType": "Goal",
        "lifecycleStatus": "active",
        "description": {"text": text},
        "subject": subject,
    }


class Clock:
    """The hub clock of a test: it stands still until it is set."""

    def __init__(self) -> None:
        self.now = FORMED

    def __call__(self) -> datetime:
        """What the hub takes for now."""
        return self.now


async def load(store: Any, clock: Clock, world: World) -> None:
    """Put *world* into an empty store, each row at its moment; the clock then stands at `NOW`."""

    def clients(tx: Tx) -> None:
        for n, client_id in CLIENTS.items():
            tx.clients._session.run(_CREATE, id=client_id, epoch=1, created_at=clock.now)
            tx.clients.add_identifier(client_id, HETUS[n], kind="final")

    await store.write(clients)
    for at, act in sorted(_acts(world), key=lambda each: each[0]):
        clock.now = at
        await store.write(act)
    clock.now = NOW


def _acts(world: World) -> Iterator[tuple[datetime, Any]]:
    for form_ in world.forms:
        for n, event in enumerate(form_):
            yield FORMED + timedelta(hours=1 + n), _consenting(event, first=n == 0)
    for story in world.stories:
        origins: dict[str, Origin] = {}
        before: Mapping[str, Scalar] = {}
        for n, state in enumerate(story.states):
            fresh = {p: Origin(party, state.at, "professional") for p, party in state.parties.items()}
            same = {p for p, value in state.leaves.items() if before.get(p) == value}
            stays = {p for p in same if origins[p].party == state.parties[p]}
            origins = {p: origins[p] if p in stays else fresh[p] for p in state.leaves}
            before = state.leaves
            yield state.at, _recording(story, state, n, origins)
    for n, (party, type_, id_, document) in enumerate(world.own):
        yield NOW - timedelta(hours=9 - n / 60), _keeping(party, type_, id_, document)


def _consenting(event: Consent, *, first: bool) -> Any:
    id_, client = UUID(event.consent_id), UUID(str(event.client_id))
    said: dict[str, Any] = {
        "status": event.status.value,
        "doc": event.model_dump(mode="json"),
        "actor": HEALTH,
    }
    if first:
        return lambda tx: tx.consents.add(consent_id=id_, client_id=client, **said)
    return lambda tx: tx.consents.change(id_, **said)


def _recording(story: Story, state: State, number: int, origins: Mapping[str, Origin]) -> Any:
    said: dict[str, Any] = {
        "leaves": leaves_to_json(state.leaves),
        "origins": {path: origin.to_json() for path, origin in origins.items()},
        "cause": "api",
        "actor": state.by,
        "status": str(state.leaves["header.status"]),
    }
    if number:
        return lambda tx: tx.plans.append(story.plan_id, expected=number, **said)
    case = UUID(str(state.leaves["header.case_id"]))
    client = CLIENTS[story.client]
    return lambda tx: tx.plans.insert(plan_id=story.plan_id, client_id=client, case_id=case, **said)


def _keeping(party: str, type_: str, id_: str, document: Mapping[str, Any]) -> Any:
    return lambda tx: kept.update(tx, caller(party), type_, id_, dict(document))
