"""D6: services of the plan. A service is labelled by its type."""

from tyokyky_bridge.domain.categories import Category as Cat
from tyokyky_bridge.domain.plan.coded import Completion, DecisionKind, Impact, ServiceStatus, ServiceType
from tyokyky_bridge.domain.plan.meaning import means
from tyokyky_bridge.domain.plan.parts import Interruption, OrgRef, Period, WorkerRef
from tyokyky_bridge.domain.plan.text import Str, Text
from tyokyky_bridge.domain.plan.values import Day, Element, Flag, Many, Part, Ref, SetOf


class Decision(Element):
    """An official decision on the service."""

    kind: DecisionKind | None = means("päätöksen laji", "typ av beslut", "kind")
    number: Str | None = means("päätöksen numero", "beslutsnummer", "number")
    date: Day | None = means("päätöspäivä", "beslutsdatum", "date")
    outcome: Str | None = means("ratkaisu", "avgörande", "outcome")


class TravelCostDecision(Part):
    """The decision on travel costs."""

    number: Str | None = means("päätöksen numero", "beslutsnummer", "number")
    date: Day | None = means("päätöspäivä", "beslutsdatum", "date")
    outcome: Str | None = means("ratkaisu", "avgörande", "outcome")


class Outcome(Part):
    """How the service ended and what it led to."""

    code: Completion | None = means("toteutuminen", "genomförande", "completion")
    impact: Impact | None = means("vaikuttavuus", "effekt", "impact")
    text: Text | None = means("kuvaus", "beskrivning", "description")


class WorkplaceVisit(Element):
    """A visit of the job coach to the workplace."""

    date: Day | None = means("päivä", "dag", "date")
    note: Text | None = means("huomio", "anteckning", "note")


class WaitingSupport(Part):
    """Support while waiting (kannattelu)."""

    needed: Flag | None = means("tarvitaan", "behövs", "needed")
    by_whom: WorkerRef = means("kuka", "vem", "by whom", default=WorkerRef())
    how: Text | None = means("miten", "hur", "how")


class Service(Element):
    """One service. Source: domain report 3.3 D6."""

    type: ServiceType | None = means("palvelun laji", "typ av tjänst", "type", source="seeds 000-004")
    organizer: OrgRef = means("järjestäjä", "anordnare", "organiser", default=OrgRef())
    producer: OrgRef = means("tuottaja", "producent", "producer", default=OrgRef())
    responsible_worker: WorkerRef = means(
        "vastuutyöntekijä",
        "ansvarig arbetstagare",
        "responsible worker",
        source="seed 002",
        default=WorkerRef(),
    )
    status: ServiceStatus | None = means("tila", "status", "status", source="derived")
    planned_period: Period = means(
        "suunniteltu aika", "planerad tid", "planned period", source="derived", default=Period()
    )
    actual_period: Period = means(
        "toteutunut aika", "verklig tid", "actual period", source="derived", default=Period()
    )
    intensity: Str | None = means(
        "viikkotunnit tai päivät", "veckotimmar eller dagar", "intensity", source="background"
    )
    decision: Many[Decision] = means(
        "palvelupäätökset", "servicebeslut", "decisions", auth="SEK", by="kind:CL-41", default=()
    )
    travel_cost_decision: TravelCostDecision = means(
        "päätös matkakuluista",
        "beslut om resekostnader",
        "travel cost decision",
        auth="S",
        plus=[Cat.SOCIAL_SERVICES],
        default=TravelCostDecision(),
    )
    compatibility_note: Text | None = means(
        "yhteensopivuus muiden palvelujen kanssa", "förenlighet med andra tjänster", "compatibility"
    )
    outcome: Outcome = means("lopputulos", "slutresultat", "outcome", default=Outcome())
    interruption_reason: Interruption = means(
        "keskeytymisen syy",
        "orsak till avbrottet",
        "reason of interruption",
        by="code:CL-42",
        missing=[Cat.HEALTH_FUNCTIONING],
        source="seed 002",
        default=Interruption(),
    )
    feedback: SetOf[Ref] = means("palaute", "respons", "feedback", default=())
    workplace_visits: Many[WorkplaceVisit] = means(
        "työpaikkakäynnit", "arbetsplatsbesök", "workplace visits", default=()
    )
    waiting_support: WaitingSupport = means(
        "odotusajan tuki",
        "stöd under väntetiden",
        "support while waiting",
        source="seed 004",
        default=WaitingSupport(),
    )
