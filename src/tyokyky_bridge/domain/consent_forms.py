"""What a worker needs while recording a form: expanding what it says, checking it, and who must be told of
its end.

Source: domain report 6.1, 6.5.
"""

from collections.abc import Iterable
from datetime import date
from itertools import permutations

from tyokyky_bridge.domain.categories import SPECIAL, Category
from tyokyky_bridge.domain.consent import (
    CategoryMustBeNamed,
    Consent,
    FormKind,
    Grant,
    Restriction,
    UnknownCategory,
)
from tyokyky_bridge.domain.errors import Problem
from tyokyky_bridge.domain.parties import Directory, PartyId, Purpose, Register
from tyokyky_bridge.domain.plan.parts import Period


def expand_categories(names: Iterable[str]) -> tuple[Category, ...]:
    """
    Turn what stands on a form into categories named one by one; ``admin.*`` stands for the ordinary ones
    under it.

    A wildcard never brings in a special category: those are granted only by their own name.

    Raises:
        CategoryMustBeNamed: a wildcard under which there is nothing but special categories.
        UnknownCategory: a name that is no category.
    """
    found: set[Category] = set()
    for name in names:
        if name.endswith(".*"):
            ordinary = {c for c in Category if c.value.startswith(name[:-1])} - SPECIAL
            if not ordinary:
                raise CategoryMustBeNamed(name)
            found |= ordinary
        else:
            found.add(_category(name))
    return tuple(sorted(found))


def expand_mutual(
    parties: Iterable[PartyId],
    *,
    categories: Iterable[str],
    purpose: Purpose = Purpose.WORK_ABILITY_SUPPORT,
    data_from: date | None = None,
    period: Period | None = None,
    services: Iterable[str] = (),
    direction_note: str | None = None,
) -> tuple[Grant, ...]:
    """Turn "these parties may share mutually" into one grant for each direction, to be shown before
    saving.
    """
    named = expand_categories(categories)
    restricted_to = tuple(services)
    return tuple(
        Grant(
            discloser=discloser,
            recipient=recipient,
            categories=named,
            purpose=purpose,
            data_from=data_from,
            period=period,
            services=restricted_to,
            direction_note=direction_note,
        )
        for discloser, recipient in permutations(sorted(set(parties)), 2)
    )


def expand_denials(
    names: Iterable[str], *, recipient: PartyId | None = None, item: str | None = None
) -> tuple[Restriction, ...]:
    """Turn "nothing about my health to them" into restrictions. Here ``health.*`` does cover special
    categories.
    """
    found: set[Category] = set()
    for name in names:
        under = (
            {c for c in Category if c.value.startswith(name[:-1])}
            if name.endswith(".*")
            else {_category(name)}
        )
        if not under:
            raise UnknownCategory
        found |= under
    return tuple(Restriction(category=c, recipient=recipient, item=item) for c in sorted(found))


def recording_problems(consent: Consent, directory: Directory, *, on: date) -> tuple[Problem, ...]:
    """
    List what a worker has to put right before the form can be active.

    Every party has to be in the directory on the day *on*; a Kanta permission works between health care and
    social welfare only.
    """
    problems: list[Problem] = []
    kanta = consent.form_kind is FormKind.KANTA_LUOVUTUSLUPA
    known = {party.id: party for party in directory.parties_on(on)}
    for number, grant in enumerate(consent.grants):
        sides = {"discloser": grant.discloser, "recipient": grant.recipient}
        problems += [
            Problem(f"grants[{number}].{side}", "is not a party on that day")
            for side, id_ in sides.items()
            if id_ not in known
        ]
        registers = {known[id_].register for id_ in sides.values() if id_ in known}
        if kanta and not registers <= {Register.HEALTH, Register.SOCIAL}:
            problems.append(
                Problem(f"grants[{number}]", "a Kanta permission is between health and social only")
            )
    problems += [
        Problem(f"restrictions[{number}].recipient", "is not a party the directory knows")
        for number, restriction in enumerate(consent.restrictions)
        if restriction.recipient is not None and restriction.recipient not in directory.parties
    ]
    return tuple(problems)


def _category(name: str) -> Category:
    try:
        return Category(name)
    except ValueError:
        raise UnknownCategory from None
