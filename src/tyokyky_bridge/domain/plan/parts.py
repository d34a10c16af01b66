"""Values that many sections share: periods, references to organisations and workers, code with text."""

from tyokyky_bridge.domain.plan.coded import (
    CareTeamRole,
    GoalAchievement,
    HandoverReason,
    Housing,
    InterruptionReason,
    SpecialSupport,
)
from tyokyky_bridge.domain.plan.meaning import means
from tyokyky_bridge.domain.plan.text import Str, Text
from tyokyky_bridge.domain.plan.values import Day, Element, Flag, Part, PartyRef


class Period(Part):
    """A time from *start* to *end*, both included; an open end is unknown or still running."""

    start: Day | None = means("alku", "början", "start")
    end: Day | None = means("loppu", "slut", "end")


class OrgRef(Part):
    """An organisation: a party of the hub's directory by id, or any other by name."""

    party: PartyRef | None = means("rekisterinpitäjä", "personuppgiftsansvarig", "party")
    name: Str | None = means("organisaatio", "organisation", "organisation")


class WorkerRef(Part):
    """A worker as a source record names them: *user* is the local mnemonic there (``HVIRTA``)."""

    name: Str | None = means("nimi", "namn", "name")
    role: CareTeamRole | None = means("rooli", "roll", "role")
    party: PartyRef | None = means("rekisterinpitäjä", "personuppgiftsansvarig", "party")
    user: Str | None = means("käyttäjätunnus", "användarkod", "user code")


class ListedWorker(Element):
    """A worker who stands in a list."""

    name: Str | None = means("nimi", "namn", "name")
    role: CareTeamRole | None = means("rooli", "roll", "role")
    party: PartyRef | None = means("rekisterinpitäjä", "personuppgiftsansvarig", "party")
    user: Str | None = means("käyttäjätunnus", "användarkod", "user code")


class HousingText(Part):
    """A form of housing with words."""

    code: Housing | None = means("asumismuoto", "boendeform", "form")
    text: Text | None = means("kuvaus", "beskrivning", "description")


class SupportAtSchool(Part):
    """A form of support with words."""

    code: SpecialSupport | None = means("tuen muoto", "form av stöd", "form")
    text: Text | None = means("kuvaus", "beskrivning", "description")


class Achievement(Part):
    """How far a goal was reached, with words."""

    code: GoalAchievement | None = means("arvio", "bedömning", "assessment")
    text: Text | None = means("kuvaus", "beskrivning", "description")


class Interruption(Part):
    """Why a service stopped, with words."""

    code: InterruptionReason | None = means("syy", "orsak", "reason")
    text: Text | None = means("kuvaus", "beskrivning", "description")


class HandoverCause(Part):
    """Why coordination moves, with words."""

    code: HandoverReason | None = means("syy", "orsak", "reason")
    text: Text | None = means("kuvaus", "beskrivning", "description")


class FlaggedText(Part):
    """Yes or no, with words."""

    flag: Flag | None = means("kyllä/ei", "ja/nej", "yes or no")
    text: Text | None = means("kuvaus", "beskrivning", "description")
