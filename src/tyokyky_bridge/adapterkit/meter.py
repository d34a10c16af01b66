"""How many requests were sent to a partner for one piece of work, as the HTTP client counts them."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Meter:
    """A count of requests."""

    requests: int = 0

    def taken(self) -> int:
        """What was counted since the last time, so that nothing is counted twice."""
        counted, self.requests = self.requests, 0
        return counted


_meter: ContextVar[Meter | None] = ContextVar("meter", default=None)


def start_meter() -> Meter:
    """Count the requests that are sent in this context from now on."""
    meter = Meter()
    _meter.set(meter)
    return meter


def count_request() -> None:
    """Note that a request is about to be sent, for whoever counts. An adapter without `PartnerHttp` calls it itself."""
    meter = _meter.get()
    if meter is not None:
        meter.requests += 1
