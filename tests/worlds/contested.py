"""A plan in step at two partners, a goal that both the hub and one of them changed, and the people around it."""

from typing import Any
from uuid import UUID

from tyokyky_bridge.domain.parties import Purpose
from tyokyky_bridge.services.callers import Caller, Role
from tyokyky_bridge.services.conflict_sight import ConflictView
from tyokyky_bridge.services.conflicts import conflicts_of_plan, read_conflict
from tyokyky_bridge.services.resolving import Choice, resolve_conflict
from tyokyky_bridge.storage import Store
from worlds.paper import Office, Paper
from worlds.parties import EMPLOYMENT, HEALTH, KELA, SOCIAL

GOAL = "goals[g-1].text_client"
BOTH_WAYS = [
    {"discloser": giver, "recipient": taker, "categories": ["plan.goals", "health.conclusion"]}
    for giver, taker in [
        (HEALTH, SOCIAL),
        (SOCIAL, HEALTH),
        (HEALTH, EMPLOYMENT),
        (EMPLOYMENT, HEALTH),
        (SOCIAL, EMPLOYMENT),
        (EMPLOYMENT, SOCIAL),
    ]
]
OURS, THEIRS = "Kokoaikatyö keväällä.", "Työkokeilu syksyllä."


def one_of(party: str, role: Role = Role.PROFESSIONAL) -> Caller:
    """Somebody of *party*."""
    return Caller(party, role, f"{role.value}@{party}", Purpose.WORK_ABILITY_SUPPORT)


HELMI, KAISA, OLLI, TEEMU = one_of(HEALTH), one_of(SOCIAL), one_of(EMPLOYMENT), one_of(KELA)
DPO = one_of(KELA, Role.OVERSIGHT)


def write_goal(text: str, key: str = "g-1") -> Any:
    """An edit of a goal by a user of the partner."""

    def edit(content: dict[str, Any]) -> None:
        rows = content.setdefault("tavoitteet", [])
        for row in rows:
            if row["tunniste"] == key:
                row["teksti"] = text
                return
        rows.append({"tunniste": key, "teksti": text})

    return edit


def goals(paper: Paper) -> dict[str, Any]:
    """The goals that the partner holds."""
    return {row["tunniste"]: row.get("teksti") for row in paper.holds().get("tavoitteet", ())}


class Contested(Office):
    """An office with partners *paper-1* (social) and *paper-2* (employment); Kela is in the network."""

    async def begin(self, **leaves: Any) -> "Contested":
        """Record the plan, let the parties exchange goals and conclusions, and bring both partners up to date."""
        await self.open(
            **{
                "network.members[n-0].organization.party": HEALTH,
                "network.members[n-0].sector": "health",
                "network.members[n-2].organization.party": EMPLOYMENT,
                "network.members[n-2].sector": "employment",
                "network.members[n-3].organization.party": KELA,
                "network.members[n-3].sector": "kela",
                GOAL: "Osa-aikatyö syksyllä.",
                "goals[g-1].status": "active",
            },
            **leaves,
        )
        self.form = await self.consent(grants=BOTH_WAYS)
        await self.settle()
        return self

    async def collide(self, ours: str | None = OURS, theirs: str = THEIRS) -> ConflictView:
        """Both sides change the goal; the conflict as its owner sees it."""
        self.paper.edit(write_goal(theirs))
        await self.change({GOAL: ours} if ours is not None else {"goals[g-1]": None})
        await self.look()
        return await self.the_conflict()

    async def look(self, system: str = "paper-1") -> None:
        """Let the engine look at a partner's record, and do what follows."""
        link = await self.link(system)
        await self.store.write(lambda tx: tx.links.look(link.id))
        await self.settle()

    async def the_conflict(self, caller: Caller = HELMI) -> ConflictView:
        """The only open conflict of the plan."""
        (found,) = await conflicts_of_plan(self.bridge, caller, self.plan_id, state="open")
        return found

    async def resolve(
        self,
        resolution: Any,
        value: Any = None,
        *,
        caller: Caller = HELMI,
        view: ConflictView | None = None,
        **options: Any,
    ) -> ConflictView:
        """Decide a conflict as it stands, or as it was read."""
        view = view or await self.the_conflict(caller)
        return await resolve_conflict(
            self.bridge, caller, view.row.id, Choice(resolution, value), if_match=view.etag, **options
        )

    async def again(self, conflict_id: UUID, caller: Caller = HELMI) -> ConflictView:
        """A conflict by its id."""
        return await read_conflict(self.bridge, caller, conflict_id)

    async def leaves(self) -> Any:
        """The plan's items, whoever may see them."""
        return (await self.store.read(lambda tx: tx.plans.latest(self.plan_id))).leaves


async def a_contested_office(store: Store, **leaves: Any) -> Contested:
    """A plan in step at two partners."""
    return await Contested(store, Paper(), Paper(), licence_s=1.0).begin(**leaves)
