"""A simulator's own clock, moved by tests; durable like the rest of its state."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tyokyky_bridge.adapterkit.simulation.state import SimState

HELSINKI = ZoneInfo("Europe/Helsinki")


class Clock:
    """Real time plus an offset."""

    def __init__(self, state: SimState) -> None:
        self._state = state

    def now(self) -> datetime:
        """Aware, UTC."""
        standing = self._state.get("_sim", "clock")
        return datetime.now(UTC) + timedelta(seconds=standing["offset_s"] if standing else 0)

    def local(self) -> datetime:
        """The same moment on a Finnish wall clock."""
        return self.now().astimezone(HELSINKI)

    def set(self, moment: datetime) -> None:
        """Let it be *moment* (aware) now; time goes on from there."""
        offset = moment - datetime.now(UTC)
        self._state.put("_sim", "clock", {"offset_s": offset.total_seconds()})

    def advance(self, seconds: float) -> None:
        """Move forward (or, with a negative number, back)."""
        self.set(self.now() + timedelta(seconds=seconds))
