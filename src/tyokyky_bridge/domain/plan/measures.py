"""S6: what Kela and the pension provider do."""

from tyokyky_bridge.domain.categories import Category as Cat
from tyokyky_bridge.domain.plan.coded import (
    Payer,
    PensionDecision,
    RehabilitationType,
    RehabTimeliness,
    ServiceStatus,
)
from tyokyky_bridge.domain.plan.meaning import means
from tyokyky_bridge.domain.plan.parts import OrgRef, Period
from tyokyky_bridge.domain.plan.text import Str, Text
from tyokyky_bridge.domain.plan.values import Day, Element, Many, Part, Ref, SetOf


class SickLeave(Element):
    """A period of sick leave."""

    period: Period = means("jakso", "period", "period", default=Period())
    basis_text: Text | None = means("peruste", "grund", "basis")


class RehabilitationSubsidy(Element):
    """A fixed-term disability pension (kuntoutustuki)."""

    payer: Payer | None = means("maksaja", "betalare", "payer")
    period: Period = means("jakso", "period", "period", default=Period())
    decision_date: Day | None = means("päätöspäivä", "beslutsdatum", "decision date")


class Rehabilitation(Element):
    """A rehabilitation by Kela, a pension provider or health care."""

    type: RehabilitationType | None = means("laji", "slag", "type")
    organiser: OrgRef = means("järjestäjä", "anordnare", "organiser", default=OrgRef())
    period: Period = means("jakso", "period", "period", default=Period())
    status: ServiceStatus | None = means("tila", "status", "status")
    outcome: Text | None = means("tulos", "resultat", "outcome", plus=[Cat.HEALTH_FUNCTIONING])
    report_ref: Ref | None = means("raportti", "rapport", "report")


class PensionApplication(Element):
    """An application for a pension and what came of it."""

    pension_type: Str | None = means("eläkelaji", "pensionsslag", "pension type")
    insurer: Str | None = means("eläkelaitos", "pensionsanstalt", "insurer")
    applied_on: Day | None = means("haettu", "ansökt", "applied on")
    decision: PensionDecision | None = means("päätös", "beslut", "decision")
    decided_on: Day | None = means("päätetty", "beslutat", "decided on")
    rejection_reason: Text | None = means(
        "hylkäyksen syy", "orsak till avslag", "reason of rejection", plus=[Cat.HEALTH_FUNCTIONING]
    )


class Measures(Part):
    """Measures of Kela and pension providers. Source: domain report 3.2 S6."""

    sick_leaves: Many[SickLeave] = means(
        "sairauslomajaksot",
        "sjukledigheter",
        "sick leaves",
        auth="HK",
        labels=[Cat.BENEFITS_STATUS, Cat.HEALTH_FUNCTIONING],
        default=(),
    )
    rehabilitation_subsidy: Many[RehabilitationSubsidy] = means(
        "kuntoutustuki",
        "rehabiliteringsstöd",
        "rehabilitation subsidy",
        labels=[Cat.BENEFITS_STATUS],
        source="seeds 003, 004",
        default=(),
    )
    rehabilitation: Many[Rehabilitation] = means(
        "kuntoutus", "rehabilitering", "rehabilitation", auth="KHP", source="seeds 003, 004", default=()
    )
    rehabilitation_timeliness: RehabTimeliness | None = means(
        "kuntoutuksen oikea-aikaisuus",
        "rehabiliteringens rätta tidpunkt",
        "timeliness of rehabilitation",
        auth="K",
        source="seeds 002, 003",
    )
    pension_applications: Many[PensionApplication] = means(
        "eläkehakemukset",
        "pensionsansökningar",
        "pension applications",
        labels=[Cat.BENEFITS_DECISIONS],
        default=(),
    )
    statements: SetOf[Ref] = means(
        "lausunnot ja tiedot kuntoutuksista",
        "utlåtanden och uppgifter om rehabilitering",
        "statements",
        auth="KH",
        labels=[Cat.HEALTH_STATEMENTS],
        default=(),
    )
    kela_view: Text | None = means(
        "Kelan asiantuntijan arvio",
        "FPA-sakkunnigs bedömning",
        "view of Kela's expert",
        auth="K",
        plus=[Cat.BENEFITS_STATUS],
        source="seeds 000, 003",
    )
