"""The change log of the simulated Effica: every version that was ever kept, by the minute on the Finnish wall clock.

It knows no zone, so in the hour that comes twice its order mixes the first time with the second.
"""

from tyokyky_adapter_sosiaali_effica.feed import minute_of
from tyokyky_bridge.adapterkit.simulation import SimState

MOST_ROWS = 500
COLUMNS = ("AsiakirjaOid", "Versionumero", "Aika", "Tila", "AsiakasTunnus")
_KIND = "muutosloki"


class ChangeLog:
    """Rows in one simulator's state, addressed by minute and the order of their coming."""

    def __init__(self, state: SimState) -> None:
        self._state = state

    def note(self, meta: dict[str, str]) -> None:
        """Keep one row for a version that was just saved, at the minute when it was."""
        number = self._state.next_number(_KIND)
        key = f"{minute_of(meta['Muokattu']).isoformat(timespec='minutes')} {number:09d}"
        self._state.put(
            _KIND, key, {name: meta.get(name, "") for name in COLUMNS} | {"Aika": meta["Muokattu"]}
        )

    def since(self, start: str) -> tuple[list[dict[str, str]], bool]:
        """The first rows from *start* (``03.02.2026 10.15``, inclusive) on, and whether there are more.

        Raises: ValueError when *start* is no minute.
        """
        first = minute_of(start).isoformat(timespec="minutes")
        keys = self._state.execute(
            "select key from document where kind=? and key>=? order by key limit ?",
            (_KIND, first, MOST_ROWS + 1),
        )
        rows = [row for (key,) in keys[:MOST_ROWS] if (row := self._state.get(_KIND, key)) is not None]
        return rows, len(keys) > MOST_ROWS
