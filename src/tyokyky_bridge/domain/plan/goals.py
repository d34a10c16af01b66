"""S8 and D2: what the client aims at, what the workers recommend, and who answers for what."""

from tyokyky_bridge.domain.categories import Category as Cat
from tyokyky_bridge.domain.plan.coded import CareTeamRole, GoalArea, GoalStatus, ServiceType
from tyokyky_bridge.domain.plan.meaning import means
from tyokyky_bridge.domain.plan.parts import Achievement, OrgRef, WorkerRef
from tyokyky_bridge.domain.plan.text import Text
from tyokyky_bridge.domain.plan.values import Element, Flag, Language, Many, Part, PartialDate


class Goal(Element):
    """A goal in the client's own words. Source: domain report 3.3 D2."""

    text_client: Text | None = means(
        "tavoite asiakkaan sanoin", "målet med klientens ord", "goal in the client's words", auth="C"
    )
    area: GoalArea | None = means("tavoitteen alue", "målets område", "area", source="derived")
    language: Language | None = means("kieli", "språk", "language", source="derived")
    interpreted: Flag | None = means("tulkattu", "tolkad", "interpreted", source="derived")
    status: GoalStatus | None = means("tila", "status", "status", auth="C", source="derived")
    achievement: Achievement = means(
        "saavuttamisen arvio",
        "bedömning av måluppfyllelse",
        "achievement",
        auth="CR",
        source="derived",
        default=Achievement(),
    )
    due: PartialDate | None = means("tavoitepäivä", "måldatum", "due", auth="C", source="derived")
    measure: Text | None = means("seurannan tapa", "uppföljningssätt", "measure", source="derived")


class Recommendation(Element):
    """A worker's recommendation and assessment of the services needed."""

    text: Text | None = means("suositus", "rekommendation", "text")
    service_type: ServiceType | None = means("palvelun laji", "typ av tjänst", "service type")
    recommended_by: WorkerRef = means(
        "suosittelija", "rekommenderad av", "recommended by", default=WorkerRef()
    )


class ResponsibleParty(Element):
    """Who answers for what in the plan."""

    party: OrgRef = means("taho", "part", "party", default=OrgRef())
    worker: WorkerRef = means("työntekijä", "arbetstagare", "worker", default=WorkerRef())
    responsibility: CareTeamRole | None = means("vastuu", "ansvar", "responsibility")


class AgreedPlan(Part):
    """S8 without the goals. Source: domain report 3.2 S8."""

    client_vocational_plans: Text | None = means(
        "asiakkaan omat ammatilliset suunnitelmat",
        "klientens egna yrkesplaner",
        "client's vocational plans",
        auth="C",
    )
    client_considerations: Text | None = means(
        "asiakkaan esittämät työllistymisessä huomioitavat tekijät",
        "faktorer som klienten vill att beaktas vid sysselsättningen",
        "client's considerations",
        auth="C",
        plus=[Cat.HEALTH_FUNCTIONING, Cat.SOCIAL_SITUATION],
    )
    client_assessment_of_services: Text | None = means(
        "asiakkaan arvio tarvittavista palveluista",
        "klientens bedömning av de tjänster som behövs",
        "client's assessment of services",
        auth="C",
        plus=[Cat.PLAN_SERVICES],
    )
    worker_recommendations: Many[Recommendation] = means(
        "työntekijän suositukset",
        "arbetstagarens rekommendationer",
        "worker's recommendations",
        auth="R",
        labels=[Cat.PLAN_SERVICES],
        by="service_type:CL-11",
        missing=[Cat.HEALTH_FUNCTIONING, Cat.SOCIAL_SITUATION],
        default=(),
    )
    responsible_parties: Many[ResponsibleParty] = means(
        "vastuutahot",
        "ansvariga parter",
        "responsible parties",
        auth="B",
        labels=[Cat.ADMIN_CASE],
        default=(),
    )
    client_role: Text | None = means(
        "asiakkaan oma rooli", "klientens egen roll", "client's own role", auth="C"
    )
