"""S1–S3: who sent the client, what the client can do, and which services were tried before."""

from tyokyky_bridge.domain.categories import Category as Cat
from tyokyky_bridge.domain.plan.coded import (
    Completion,
    DrivingLicence,
    Impact,
    MilitaryService,
    NeedCue,
    PreviousServiceType,
    ReferralChannel,
    ReferralStatus,
    ReferringPartyType,
    WorkHistoryPattern,
)
from tyokyky_bridge.domain.plan.meaning import means
from tyokyky_bridge.domain.plan.parts import OrgRef, Period, WorkerRef
from tyokyky_bridge.domain.plan.text import Str, Text
from tyokyky_bridge.domain.plan.values import (
    Count,
    Day,
    Element,
    Flag,
    Language,
    Many,
    Occupation,
    Part,
    Ref,
    SetOf,
)


class Referral(Element):
    """S1: one referral to the work-ability coordinator. Source: domain report 3.2 S1."""

    referring_party_type: ReferringPartyType | None = means(
        "ohjaava taho", "hänvisande part", "referring party"
    )
    referring_organization: OrgRef = means(
        "ohjaava organisaatio",
        "hänvisande organisation",
        "referring organisation",
        source="seed 002",
        default=OrgRef(),
    )
    referring_worker: WorkerRef = means(
        "ohjaava työntekijä",
        "hänvisande arbetstagare",
        "referring worker",
        source="seed 002",
        default=WorkerRef(),
    )
    channel: ReferralChannel | None = means("ohjautumistapa", "hänvisningssätt", "channel", source="seed 002")
    received_on: Day | None = means("saapumispäivä", "ankomstdag", "received on", source="derived")
    reason: Text | None = means(
        "ohjauksen syy", "orsak till hänvisningen", "reason", plus=[Cat.HEALTH_FUNCTIONING], source="seed 002"
    )
    essential_information: Text | None = means(
        "arvion kannalta oleelliset tiedot",
        "uppgifter som är väsentliga för bedömningen",
        "essential information",
        plus=[Cat.HEALTH_FUNCTIONING, Cat.SOCIAL_SITUATION, Cat.EMPLOYMENT_HISTORY],
        source="seed 002",
    )
    need_cues: SetOf[NeedCue] = means(
        "tunnistamisen merkit",
        "tecken på behov",
        "cues of need",
        by=":CL-05",
        source="seeds 002, 004",
        default=(),
    )
    client_willing: Flag | None = means(
        "asiakas on suostuvainen arvioon",
        "klienten samtycker till bedömning",
        "client is willing",
        auth="C",
        source="seed 002",
    )
    status: ReferralStatus | None = means(
        "lähetteen tila", "remissens status", "status", auth="B", source="derived"
    )
    feedback_given_on: Day | None = means(
        "palaute lähettäjälle annettu",
        "respons given till avsändaren",
        "feedback given on",
        auth="H",
        source="seed 002",
    )


class Job(Element):
    """One period of work."""

    title: Str | None = means("tehtävä", "uppgift", "title")
    occupation_code: Occupation | None = means("ammattikoodi", "yrkeskod", "occupation code")
    employer: Str | None = means("työnantaja", "arbetsgivare", "employer")
    period: Period = means("aika", "tid", "period", default=Period())


class Qualification(Element):
    """A completed vocational qualification."""

    name: Str | None = means("tutkinto", "examen", "name")
    field: Str | None = means("ala", "område", "field")
    completed_year: Count | None = means("valmistumisvuosi", "examensår", "completed in")


class InterruptedEducation(Element):
    """An education that was left unfinished."""

    name: Str | None = means("koulutus", "utbildning", "name")
    year: Count | None = means("vuosi", "år", "year")
    reason: Text | None = means("syy", "orsak", "reason", plus=[Cat.HEALTH_FUNCTIONING])


class LanguageSkill(Element):
    """A language and how well the client knows it."""

    language: Language | None = means("kieli", "språk", "language")
    level: Str | None = means("taso", "nivå", "level")


class Competence(Part):
    """S2: skills and work history. Source: domain report 3.2 S2."""

    work_experience_summary: Text | None = means(
        "keskeisin työkokemus lyhyesti", "väsentlig arbetserfarenhet i korthet", "work experience in short"
    )
    work_history: Many[Job] = means(
        "työhistoria", "arbetshistoria", "work history", source="seed 002", default=()
    )
    work_history_pattern: WorkHistoryPattern | None = means(
        "työhistorian luonne", "arbetshistoriens karaktär", "pattern of work history", source="seed 002"
    )
    qualifications: Many[Qualification] = means(
        "ammattitutkinnot", "yrkesexamina", "qualifications", default=()
    )
    interrupted_education: Many[InterruptedEducation] = means(
        "keskeytyneet koulutukset", "avbrutna utbildningar", "interrupted education", default=()
    )
    study_support: Text | None = means(
        "opintojen aikainen tuki",
        "stöd under studierna",
        "support during studies",
        plus=[Cat.HEALTH_FUNCTIONING],
        source="seed 002",
    )
    driving_licence: SetOf[DrivingLicence] = means(
        "ajokortti", "körkort", "driving licence", auth="CE", default=()
    )
    military_service: MilitaryService | None = means("armeija", "militärtjänst", "military service", auth="C")
    language_skills: Many[LanguageSkill] = means(
        "kielitaito", "språkkunskaper", "language skills", auth="CE", source="derived", default=()
    )


class PreviousService(Element):
    """S3: an earlier service that promoted employment, and its effect. Source: domain report 3.2 S3."""

    type: PreviousServiceType | None = means("palvelu", "tjänst", "service", auth="ES")
    other_description: Str | None = means("muu, mikä", "annan, vilken", "other, which")
    period: Period = means("ajanjakso", "tidsperiod", "period", source="derived", default=Period())
    completion: Completion | None = means(
        "toteutui tai keskeytyi", "genomfördes eller avbröts", "completion", source="seed 002"
    )
    interruption_reason: Text | None = means(
        "keskeytymisen syy",
        "orsak till avbrottet",
        "reason of interruption",
        plus=[Cat.HEALTH_FUNCTIONING],
        source="seed 002",
    )
    impact: Impact | None = means("vaikuttavuus", "effekt", "impact")
    impact_text: Text | None = means("vaikuttavuus, sanallinen", "effekt, i ord", "impact in words")
    feedback: SetOf[Ref] = means("palautteet", "respons", "feedback", auth="ES", default=())
    reports: SetOf[Ref] = means(
        "raportit", "rapporter", "reports", auth="ES", plus=[Cat.HEALTH_FUNCTIONING], default=()
    )
    guidance_notes: Text | None = means(
        "ammatinvalinnanohjauksen huomiot",
        "yrkesvägledningens anmärkningar",
        "guidance notes",
        plus=[Cat.HEALTH_FUNCTIONING],
        source="seed 002",
    )
