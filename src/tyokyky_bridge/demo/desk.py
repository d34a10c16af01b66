"""What workers do at their own screens: requests to the hub, each in the name of the worker's party."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from tyokyky_bridge.demo.people import HEALTH, Person, Worker
from tyokyky_bridge.demo.stage import Stage


class HubRefused(RuntimeError):
    """The hub did not do what the story needs; the message is its own problem document."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        super().__init__(
            f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:600]}"
        )


@dataclass(frozen=True)
class Opened:
    """A client and their plan on the hub."""

    client_id: str
    plan_id: str


@dataclass(frozen=True)
class Desk:
    """The hub as the workers of a stage use it."""

    stage: Stage

    def open_plan(self, worker: Worker, client: Person, content: Mapping[str, Any]) -> Opened:
        """Register the client and record the plan. Raises: HubRefused."""
        client_id = self._ask("POST", "/v1/clients", worker.party, {"hetu": client.hetu})["client_id"]
        body = {"client_id": client_id, "plan": content}
        return Opened(client_id, self._ask("POST", "/v1/plans", worker.party, body)["plan_id"])

    def read(self, party: str, plan_id: str) -> dict[str, Any]:
        """The plan as *party* may see it. Raises: HubRefused."""
        return self._ask("GET", f"/v1/plans/{plan_id}", party)

    def revise(self, worker: Worker, plan_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Set items, elements or sections as the worker who has just read the plan. Raises: HubRefused."""
        path = f"/v1/plans/{plan_id}"
        read = self.stage.call("GET", path, party=worker.party)
        if read.status_code != 200:
            raise HubRefused(read)
        listed = [{"path": p, "value": value} for p, value in changes.items()]
        return self._ask("PATCH", path, worker.party, {"changes": listed}, etag=read.headers["ETag"])

    def record_form(self, worker: Worker, client_id: str, form: Mapping[str, Any]) -> dict[str, Any]:
        """Record a signed form; returns the consent and what it stopped at once. Raises: HubRefused."""
        return self._ask("POST", f"/v1/clients/{client_id}/consents", worker.party, form)

    def withdraw(self, worker: Worker, consent_id: str, *, at: str) -> dict[str, Any]:
        """Record that the client took a consent back at *at*. Raises: HubRefused."""
        return self._ask("POST", f"/v1/consents/{consent_id}/withdrawal", worker.party, {"at": at})

    def links(self, plan_id: str) -> dict[str, dict[str, Any]]:
        """Each system's record as desired state, by system, as the data-protection officer sees it."""
        found = self._ask("GET", f"/v1/plans/{plan_id}/links", HEALTH, role="oversight")
        return {link["system"]: link for link in found}

    def outcomes(self, case: Opened, system: str) -> list[str]:
        """How the newest attempts at one partner ended, newest first."""
        deliveries = self.links(case.plan_id)[system]["deliveries"]
        return [delivery["outcome"] for delivery in deliveries if delivery["outcome"] is not None]

    def disclosures(self, plan_id: str, system: str) -> dict[str, dict[str, Any]]:
        """Every item of the plan with its decision towards *system*, by path, as the same officer sees it."""
        path = f"/v1/plans/{plan_id}/disclosures/{system}"
        items = self._ask("GET", path, HEALTH, role="oversight")["items"]
        return {item["path"]: item for item in items}

    def _ask(
        self, method: str, path: str, party: str, body: Any = None, etag: str | None = None, **claims: str
    ) -> Any:
        answer = self.stage.call(method, path, party=party, body=body, etag=etag, **claims)
        if answer.is_error:
            raise HubRefused(answer)
        return answer.json()


def enter_everywhere(stage: Stage, client: Person, **otherwise: Any) -> None:
    """Let every simulated register know the client; *otherwise* replaces members of the seed."""
    for simulator in stage.simulators.values():
        simulator.seed(persons=[client.seed | otherwise])
