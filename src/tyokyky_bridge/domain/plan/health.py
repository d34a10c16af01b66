"""S4: health factors that bear on employment."""

from tyokyky_bridge.domain.categories import Category as Cat
from tyokyky_bridge.domain.plan.coded import CheckupMode, CheckupStatus
from tyokyky_bridge.domain.plan.meaning import means
from tyokyky_bridge.domain.plan.parts import FlaggedText, SupportAtSchool, WorkerRef
from tyokyky_bridge.domain.plan.text import Str, Text
from tyokyky_bridge.domain.plan.values import Day, Element, Flag, Icd10, Many, Part, PartialDate, Ref, SetOf


class LimitingIllness(Element):
    """An illness that a physician found to affect work ability."""

    text: Text | None = means("sairaus", "sjukdom", "illness")
    icd10: Icd10 | None = means("ICD-10", "ICD-10", "ICD-10")
    diagnosed_on: PartialDate | None = means("todettu", "konstaterad", "diagnosed on")
    diagnosed_by: WorkerRef = means("toteaja", "konstaterad av", "diagnosed by", default=WorkerRef())


class Health(Part):
    """Health factors. Source: domain report 3.2 S4."""

    checkup_date: Day | None = means(
        "terveystarkastus tehty",
        "hälsoundersökning gjord",
        "health check done on",
        labels=[Cat.HEALTH_CHECKUP],
    )
    checkup_status: CheckupStatus | None = means(
        "terveystarkastuksen tila",
        "hälsoundersökningens status",
        "health check status",
        labels=[Cat.HEALTH_CHECKUP],
        source="seed 002",
    )
    checkup_mode: CheckupMode | None = means(
        "terveystarkastuksen tapa",
        "hälsoundersökningens sätt",
        "health check mode",
        labels=[Cat.HEALTH_CHECKUP],
        source="seed 002",
    )
    limiting_illnesses: Many[LimitingIllness] = means(
        "lääkärin toteamat työkykyyn vaikuttavat sairaudet",
        "av läkare konstaterade sjukdomar som påverkar arbetsförmågan",
        "illnesses that limit work ability",
        labels=[Cat.HEALTH_DIAGNOSES],
        default=(),
    )
    work_limitation_flag: Flag | None = means(
        "terveysrajoite on", "hälsobegränsning finns", "has a health limitation", auth="HE", source="seed 002"
    )
    work_limitation_text: Text | None = means(
        "terveysrajoitteen kuvaus työn kannalta",
        "hälsobegränsningen i arbetet",
        "health limitation at work",
        source="seed 002",
    )
    school_learning_difficulties: Text | None = means(
        "kouluaikaiset oppimisvaikeudet",
        "inlärningssvårigheter i skolan",
        "learning difficulties at school",
        auth="CH",
    )
    special_support_at_school: SupportAtSchool = means(
        "erityisen tuen tarve koulussa",
        "behov av särskilt stöd i skolan",
        "special support at school",
        auth="CH",
        default=SupportAtSchool(),
    )
    substance_use: Text | None = means(
        "päihteiden käyttö", "bruk av rusmedel", "substance use", labels=[Cat.HEALTH_SUBSTANCE]
    )
    functioning_self_description: Text | None = means(
        "toimintakyky asiakkaan kertomana",
        "funktionsförmågan enligt klienten",
        "functioning as the client tells it",
        auth="C",
    )
    strengths: Text | None = means(
        "voimavarat ja vahvuudet", "resurser och styrkor", "strengths", auth="C", source="seeds 000, 004"
    )
    recurrent_sick_leaves: FlaggedText = means(
        "toistuvat sairauslomat palvelujakson aikana",
        "upprepade sjukledigheter under tjänsten",
        "recurrent sick leaves during a service",
        auth="SE",
        source="seed 002",
        default=FlaggedText(),
    )
    statements: SetOf[Ref] = means(
        "lausunnot työ- ja toimintakyvystä",
        "utlåtanden om arbets- och funktionsförmågan",
        "statements",
        labels=[Cat.HEALTH_STATEMENTS],
        default=(),
    )
    care_plan_ref: Str | None = means(
        "terveys- ja hoitosuunnitelman viite",
        "referens till hälso- och vårdplanen",
        "care plan reference",
        labels=[Cat.HEALTH_STATEMENTS],
        source="seed 002",
    )
    work_ability_conclusion: Text | None = means(
        "työkyvyn arvion johtopäätös",
        "slutsats om arbetsförmågan",
        "work-ability conclusion",
        labels=[Cat.HEALTH_CONCLUSION],
        source="seeds 000, 002",
    )
