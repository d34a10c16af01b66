"""What every use case is given: the store, the directory, the law, and the partners with their lenses."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from tyokyky_bridge.adapterkit.contract import Adapter
from tyokyky_bridge.adapterkit.manifest import Manifest
from tyokyky_bridge.domain.calendar import finnish_day
from tyokyky_bridge.domain.legal_basis import LegalBases
from tyokyky_bridge.domain.parties import Directory, NotInForce, System
from tyokyky_bridge.mapping.lens import Lens
from tyokyky_bridge.services.ports import Store


@dataclass(frozen=True)
class Partner:
    """One installed system as the engine sees it: who it belongs to, how to speak to it, what it can hold."""

    system: System
    manifest: Manifest
    lens: Lens
    adapter: Adapter


@dataclass(frozen=True)
class Bridge:
    """The hub, wired: everything a use case needs, bound once by bootstrap."""

    store: Store
    directory: Directory
    legal_bases: LegalBases
    partners: Mapping[str, Partner]
    synthetic_only: bool = False
    """Whether only identity numbers 900–999 are taken (test and demo)."""

    def in_force(self, party: str, at: datetime) -> bool:
        """Whether *party* is a party of the directory on that day."""
        return any(row.id == party for row in self.directory.parties_on(finnish_day(at)))

    def partners_on(self, at: datetime) -> tuple[Partner, ...]:
        """The partners whose system and party are both in force at *at*, by system id, each as it is that day."""
        day = finnish_day(at)
        parties = {party.id for party in self.directory.parties_on(day)}
        systems = self.directory.systems_on(day)
        known = ((s, self.partners[s.id]) for s in systems if s.id in self.partners and s.party in parties)
        return tuple(p if p.system is s else replace(p, system=s) for s, p in known)

    def known_partner(self, system: str, at: datetime) -> Partner | None:
        """One partner as it is at *at*; ``None`` where its system or party is not in force then."""
        return next((p for p in self.partners_on(at) if p.system.id == system), None)

    def partner_on(self, system: str, at: datetime) -> Partner:
        """One partner whose system and party are both in force at *at*. Raises NotInForce."""
        partner = self.known_partner(system, at)
        if partner is None:
            kind = "system"
            raise NotInForce(kind, system, finnish_day(at))
        return partner
