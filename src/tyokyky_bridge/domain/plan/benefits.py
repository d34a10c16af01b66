"""D10: benefits."""

from tyokyky_bridge.domain.plan.coded import BenefitStatus, BenefitType, Payer
from tyokyky_bridge.domain.plan.meaning import means
from tyokyky_bridge.domain.plan.parts import Period, WorkerRef
from tyokyky_bridge.domain.plan.text import Str, Text
from tyokyky_bridge.domain.plan.values import Day, Element, Many, Part


class Transition(Part):
    """A move from this benefit to another that is in sight."""

    to_type: BenefitType | None = means("uusi etuus", "ny förmån", "to benefit")
    on: Day | None = means("päivä", "dag", "on")
    note: Text | None = means("huomautus", "anmärkning", "note")


class UnemploymentStatement(Element):
    """The employment authority's statement that the benefit rests on."""

    kind: Str | None = means("laji", "slag", "kind")
    given_on: Day | None = means("annettu", "given", "given on")
    validity: Period = means("voimassa", "giltig", "validity", default=Period())


class ApplicationGuidance(Element):
    """Guidance given in applying."""

    what: Text | None = means("mitä", "vad", "what")
    by: WorkerRef = means("kuka", "vem", "by", default=WorkerRef())
    on: Day | None = means("päivä", "dag", "on")


class Benefit(Element):
    """One benefit. Source: domain report 3.3 D10."""

    type: BenefitType | None = means("etuus", "förmån", "benefit", auth="KPS")
    payer: Payer | None = means("maksaja", "betalare", "payer", auth="KP")
    status: BenefitStatus | None = means("tila", "status", "status", auth="KP", source="derived")
    period: Period = means("jakso", "period", "period", default=Period())
    max_end: Day | None = means("enimmäisaika täyttyy", "maximitiden uppnås", "maximum end")
    expected_transition: Transition = means(
        "siirtymä tuelta toiselle",
        "övergång från ett stöd till ett annat",
        "expected transition",
        by="to_type:CL-21?",
        default=Transition(),
    )
    unemployment_statement: Many[UnemploymentStatement] = means(
        "työttömyysetuuslausunto",
        "utlåtande om arbetslöshetsförmån",
        "unemployment statement",
        auth="E",
        default=(),
    )
    application_guidance: Many[ApplicationGuidance] = means(
        "hakemisohjaus annettu",
        "vägledning i ansökan given",
        "guidance in applying",
        auth="KS",
        source="seed 000",
        default=(),
    )
