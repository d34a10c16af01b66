"""A FHIR client over HTTP, in process: a hub with a plan that has something of every type, and small resources."""

from collections.abc import Mapping
from typing import Any

import httpx

from worlds.hub import days, member, y100
from worlds.parties import EMPLOYMENT, HEALTH, KELA
from worlds.web import Recorded, Web, a_web

Doc = dict[str, Any]
FHIR_JSON = "application/fhir+json"
BASE = "http://hub.test/fhir"

RICH: Mapping[str, Any] = {
    "network": {"members": [member(EMPLOYMENT, "employment"), member(KELA, "kela")]},
    "referrals": [{"id": "r-1", "reason": "Työkokeilu keskeytyi.", "status": "answered"}],
    "services": [{"id": "s-1", "type": "social_work", "status": "ongoing"}],
    "meetings": [
        {
            "id": "m-1",
            "kind": "network",
            "start": f"{days(3)}T10:00:00Z",
            "status": "booked",
            "agreements": [{"id": "a-1", "text": "Soitetaan."}],
        },
        {"id": "m-2", "kind": "network", "start": f"{days(-3)}T10:00:00Z", "status": "held"},
    ],
    "documents": [{"id": "d-1", "title": "Lausunto"}],
    "feedback": [{"id": "f-1", "kind": "referral_answer", "text": "Arvio on tehty."}],
    "health": {
        "work_ability_conclusion": "Osa-aikatyö mahdollinen.",
        "limiting_illnesses": [{"id": "i-1", "text": "Selkä"}],
    },
}
"""Sections that give the plan resources of every type of which a plan has any."""


def small(type_: str, subject: str = "Patient/nobody") -> Doc:
    """The least that R4 takes of a type, about somebody."""
    about = {"reference": subject}
    code = {"text": "jotain"}
    members: Mapping[str, Doc] = {
        "Appointment": {"status": "proposed", "participant": [{"actor": about, "status": "accepted"}]},
        "CarePlan": {"status": "active", "intent": "plan", "subject": about},
        "CareTeam": {"subject": about},
        "Communication": {"status": "completed", "subject": about},
        "Condition": {"subject": about, "code": code},
        "DocumentReference": {
            "status": "current",
            "subject": about,
            "content": [{"attachment": {"title": "Lausunto"}}],
        },
        "EpisodeOfCare": {"status": "active", "patient": about},
        "Goal": {"lifecycleStatus": "active", "description": code, "subject": about},
        "Observation": {"status": "final", "code": code, "subject": about},
        "Patient": {"name": [{"family": "Vieras", "given": ["Outi"]}], "birthDate": "1970-01-01"},
        "ServiceRequest": {"status": "active", "intent": "order", "subject": about},
        "Task": {"status": "requested", "intent": "order", "for": about},
    }
    return {"resourceType": type_, **members[type_]}


class Client:
    """Somebody who speaks FHIR over HTTP; every answer is held against the rules of the face."""

    def __init__(self, web: Web, **who: Any) -> None:
        self.web = web
        self._who = who

    def as_(self, **who: Any) -> "Client":
        """The same hub, asked by somebody else."""
        return Client(self.web, **who)

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """One request to a path under the base, or to a link that an answer gave."""
        url = path.removeprefix("http://hub.test") if path.startswith("http") else f"/fhir{path}"
        headers = {"Content-Type": FHIR_JSON, **more.pop("headers", {})} if body is not None else None
        return await self.web.call(
            method, url, body, **{"headers": headers, **more} if headers else more, **self._who
        )

    async def get(self, path: str, **more: Any) -> httpx.Response:
        """GET."""
        return await self.call("GET", path, **more)

    async def post(self, path: str, body: Any, **more: Any) -> httpx.Response:
        """POST of a resource."""
        return await self.call("POST", path, body, **more)

    async def form(self, path: str, fields: str, **more: Any) -> httpx.Response:
        """POST of a form."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self.call("POST", path, raw=fields.encode(), headers=kind, **more)

    async def put(self, path: str, body: Any, **more: Any) -> httpx.Response:
        """PUT."""
        return await self.call("PUT", path, body, **more)

    async def patch(self, path: str, operations: Any, **more: Any) -> httpx.Response:
        """PATCH with a JSON Patch."""
        kind = {"Content-Type": "application/json-patch+json", **more.pop("headers", {})}
        return await self.call("PATCH", path, operations, headers=kind, **more)

    async def delete(self, path: str, **more: Any) -> httpx.Response:
        """DELETE."""
        return await self.call("DELETE", path, **more)

    async def created(self, document: Doc, **more: Any) -> httpx.Response:
        """The answer to a create that has to work."""
        answer = await self.post(f"/{document['resourceType']}", document, **more)
        assert answer.status_code == 201, answer.text
        return answer


async def a_rich_plan(web: Web) -> Recorded:
    """A plan with something of every type, and a consent that tells employment of a part of it."""
    plan = await web.plan(**RICH)
    await web.consent(plan.client_id, y100((HEALTH, EMPLOYMENT)))
    return plan


def a_client(store: Any, **options: Any) -> Client:
    """A client of a hub over *store*."""
    return Client(a_web(store, **options))


def issues(answer: httpx.Response) -> list[Doc]:
    """What an OperationOutcome says."""
    return answer.json()["issue"]


def said(answer: httpx.Response) -> str:
    """The words of the first issue."""
    return issues(answer)[0]["details"]["text"]


def resources(answer: httpx.Response) -> list[Doc]:
    """What stands in a Bundle."""
    return [entry["resource"] for entry in answer.json().get("entry", [])]
