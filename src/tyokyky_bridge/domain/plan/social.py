"""S5: the social situation, and the client's standing on the labour market."""

from tyokyky_bridge.domain.categories import Category as Cat
from tyokyky_bridge.domain.plan.coded import BarrierType, DebtEnforcement, LabourMarketStatus, Relation
from tyokyky_bridge.domain.plan.meaning import means
from tyokyky_bridge.domain.plan.parts import HousingText
from tyokyky_bridge.domain.plan.text import Str, Text
from tyokyky_bridge.domain.plan.values import Day, Element, Many, Part, PartialDate, Ref, SetOf


class Supporter(Element):
    """Somebody who supports the client. Names of third persons are not stored."""

    relation: Relation | None = means("suhde", "relation", "relation")
    description: Text | None = means("kuvaus", "beskrivning", "description")


class Barrier(Element):
    """Something that the client tells is in the way of work."""

    type: BarrierType | None = means("laji", "slag", "type")
    text: Text | None = means("kuvaus", "beskrivning", "description")


class ServiceNeedAssessment(Element):
    """An assessment of service needs (PTA) by social welfare."""

    date: Day | None = means("päivä", "dag", "date")
    summary: Text | None = means("tiivistelmä", "sammandrag", "summary")
    ref: Str | None = means("viite", "referens", "reference")


class Social(Part):
    """Social situation. Source: domain report 3.2 S5."""

    family_situation: Text | None = means("perhetilanne", "familjesituation", "family situation")
    support_network: Many[Supporter] = means(
        "keneltä saa tukea", "av vem klienten får stöd", "support network", default=()
    )
    housing: HousingText = means("asuminen", "boende", "housing", default=HousingText())
    interests: Text | None = means(
        "harrastukset ja kiinnostuksen kohteet", "hobbyer och intressen", "interests", auth="C"
    )
    special_skills: Text | None = means(
        "erityistaidot", "specialkunskaper", "special skills", auth="C", plus=[Cat.EMPLOYMENT_HISTORY]
    )
    daily_rhythm: Text | None = means("päivärytmi", "dygnsrytm", "daily rhythm")
    everyday_management: Text | None = means("arjenhallinta", "vardagshantering", "everyday management")
    income_summary: Text | None = means(
        "toimeentulo", "utkomst", "income", labels=[Cat.SOCIAL_FINANCE, Cat.BENEFITS_STATUS]
    )
    debts: Text | None = means("velat", "skulder", "debts", labels=[Cat.SOCIAL_FINANCE])
    debt_enforcement: DebtEnforcement | None = means(
        "ulosotto", "utsökning", "debt enforcement", labels=[Cat.SOCIAL_FINANCE]
    )
    barriers: Many[Barrier] = means(
        "muut asiakkaan kertomat esteet",
        "andra hinder enligt klienten",
        "barriers told by the client",
        auth="C",
        by="type:CL-20",
        default=(),
    )
    service_need_assessment: Many[ServiceNeedAssessment] = means(
        "palvelutarpeen arvio",
        "bedömning av servicebehovet",
        "assessment of service needs",
        auth="S",
        labels=[Cat.SOCIAL_SERVICES],
        source="seeds 001, 003",
        default=(),
    )
    comprehensive_report: SetOf[Ref] = means(
        "kattava sosiaalinen selvitys",
        "omfattande social utredning",
        "comprehensive social report",
        auth="S",
        labels=[Cat.SOCIAL_SERVICES],
        source="seeds 000, 002",
        default=(),
    )
    client_plan_ref: Str | None = means(
        "asiakassuunnitelman viite",
        "referens till klientplanen",
        "client plan reference",
        auth="S",
        labels=[Cat.SOCIAL_SERVICES],
        source="seed 003",
    )


class Employment(Part):
    """Standing on the labour market. Source: domain report 3.2 S5."""

    labour_market_status: LabourMarketStatus | None = means(
        "status työmarkkinoilla", "ställning på arbetsmarknaden", "labour-market status"
    )
    unemployed_since: PartialDate | None = means(
        "työttömyyden alku", "arbetslöshetens början", "unemployed since", source="derived"
    )
