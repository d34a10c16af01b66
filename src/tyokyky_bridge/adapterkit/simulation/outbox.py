"""Messages that a simulated partner pushes to the hub: durable, at least once, in no promised order."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

from tyokyky_bridge.adapterkit.simulation.chaos import Knob
from tyokyky_bridge.adapterkit.simulation.surface import ControlError, Simulation

RETRIES = 5
OUTBOX_KNOBS: dict[str, Knob] = {
    "notice_pause_s": 1.0,  # before the first retry; doubled for each further one
    "notice_loss": 0.0,  # never sent at all
}
"""To be given to `run` by a simulator that has an outbox. The shared ``duplicate`` and ``reorder`` work too."""

_KIND, _ANSWER_WITHIN_S, _LATE_S = "notice", 5.0, (0.2, 1.0)

Sign = Callable[[Sequence[str], bytes, int], Mapping[str, str]]
"""Makes the headers of one attempt from the subscription's secrets, the body and the attempt's number from 1."""


class Outbox:
    """What waits for the hub, and the one address it goes to.

    A message stays until an attempt was answered with 2xx. After `RETRIES` repeats in vain the subscription is
    disarmed: messages are still kept, but nothing is sent before `rearm`.

    Args:
        sign: See `Sign`; called anew for each attempt.
        url: Where messages go until `subscribe` says otherwise; without one they are not even kept.
        secrets: Of that address.
    """

    def __init__(
        self, sim: Simulation, *, sign: Sign, url: str | None = None, secrets: Sequence[str] = ()
    ) -> None:
        self._sim = sim
        self._state = sim.state
        self._sign = sign
        self._first: dict[str, Any] = {"url": url, "secrets": list(secrets), "armed": True}
        self._news = asyncio.Event()

    def subscribe(self, url: str, secrets: Sequence[str]) -> None:
        """Send to *url* from now on, also what waits already. Raises `ControlError`."""
        if not url.startswith(("http://", "https://")):
            msg = "url begins with http:// or https://"
            raise ControlError(msg)
        self._state.put("_sim", "subscription", {"url": url, "secrets": list(secrets), "armed": True})
        self.rearm()

    def rearm(self) -> None:
        """Begin anew with everything that waits."""
        with self._state.transaction():
            self._state.put("_sim", "subscription", {**self._subscription(), "armed": True})
            for key, message in self._state.list(_KIND):
                self._state.put(_KIND, key, {**message, "attempts": 0, "due": time.time()})
        self._news.set()

    def put(self, body: bytes, *, content_type: str) -> None:
        """Keep one message, in the caller's transaction, and send it soon after."""
        chaos = self._sim.chaos
        if self._subscription()["url"] is None or chaos.happens("notice_loss"):
            return
        late_s = chaos.random.uniform(*_LATE_S) if chaos.happens("reorder") else 0.0
        message = {
            "body": body.decode("latin-1"),
            "content_type": content_type,
            "attempts": 0,
            "copies": 1 + chaos.happens("duplicate"),
            "due": time.time() + late_s,
        }
        self._state.put(_KIND, f"{self._state.next_number('notice'):09d}", message)
        self._news.set()

    def standing(self) -> dict[str, Any]:
        """Whether it is armed, and how many messages wait."""
        subscription = self._subscription()
        waiting = len(self._state.list(_KIND))
        return {"url": subscription["url"], "armed": subscription["armed"], "waiting": waiting}

    async def deliver(self) -> None:
        """Send what is due, for ever. Runs in the background of the simulator."""
        async with httpx.AsyncClient(trust_env=False, timeout=_ANSWER_WITHIN_S) as client:
            while True:
                self._news.clear()
                await self._send_due(client)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._pause_s()):
                        await self._news.wait()

    def _subscription(self) -> dict[str, Any]:
        return self._state.get("_sim", "subscription") or self._first

    def _pause_s(self) -> float | None:
        if not self._subscription()["armed"]:
            return None
        dues = [message["due"] for _, message in self._state.list(_KIND)]
        return max(0.0, min(dues) - time.time()) if dues else None

    async def _send_due(self, client: httpx.AsyncClient) -> None:
        now = time.time()
        due = sorted((m["due"], key) for key, m in self._state.list(_KIND) if m["due"] <= now)
        for _, key in due:
            subscription, message = self._subscription(), self._state.get(_KIND, key)
            if not subscription["armed"]:
                return
            if message is None:  # forgotten by a reset meanwhile
                continue
            taken = await self._send(client, subscription, message)
            with self._state.transaction():
                if self._state.get(_KIND, key) == message:
                    self._settle(key, message, taken=taken)

    async def _send(
        self, client: httpx.AsyncClient, subscription: Mapping[str, Any], message: Mapping[str, Any]
    ) -> bool:
        body = message["body"].encode("latin-1")
        headers = {
            **self._sign(subscription["secrets"], body, message["attempts"] + 1),
            "content-type": message["content_type"],
        }
        try:
            answer = await client.post(subscription["url"], content=body, headers=headers)
        except Exception:  # noqa: BLE001  # whatever became of the connection: the message stays
            return False
        return answer.is_success

    def _settle(self, key: str, message: dict[str, Any], *, taken: bool) -> None:
        if taken and message["copies"] == 1:
            self._state.delete(_KIND, key)
        elif taken:
            self._state.put(_KIND, key, {**message, "copies": message["copies"] - 1, "attempts": 0})
        else:
            pause_s = float(self._sim.chaos["notice_pause_s"]) * 2 ** message["attempts"]
            tried = {**message, "attempts": message["attempts"] + 1, "due": time.time() + pause_s}
            self._state.put(_KIND, key, tried)
            if tried["attempts"] > RETRIES:
                self._state.put("_sim", "subscription", {**self._subscription(), "armed": False})
