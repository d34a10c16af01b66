"""S7: the network around the client."""

from tyokyky_bridge.domain.categories import Category as Cat
from tyokyky_bridge.domain.plan.coded import CareTeamRole, PeerSupport, Relation, Sector, ServiceType
from tyokyky_bridge.domain.plan.meaning import means
from tyokyky_bridge.domain.plan.parts import OrgRef, Period, WorkerRef
from tyokyky_bridge.domain.plan.text import Text
from tyokyky_bridge.domain.plan.values import Day, Element, Many, Part, SetOf


class Member(Element):
    """An organisation in the client's network. A member of sector ``justice`` is labelled as such."""

    organization: OrgRef = means(
        "yhteistyötaho", "samarbetspart", "organisation", auth="CR", default=OrgRef()
    )
    contact: WorkerRef = means("yhteyshenkilö", "kontaktperson", "contact", default=WorkerRef())
    role: CareTeamRole | None = means("rooli verkostossa", "roll i nätverket", "role", source="seed 002")
    sector: Sector | None = means("toimiala", "sektor", "sector")
    approved_by_client_on: Day | None = means(
        "asiakas hyväksynyt", "godkänd av klienten", "approved by the client on", auth="C"
    )
    period: Period = means(
        "jäsenyyden aika", "medlemskapets tid", "period", source="derived", default=Period()
    )


class Relative(Element):
    """Somebody close who takes part at the client's wish. Names of third persons are not stored."""

    relation: Relation | None = means("suhde", "relation", "relation")
    wish_recorded_on: Day | None = means("toive kirjattu", "önskan antecknad", "wish recorded on")


class Network(Part):
    """Network and cooperation. Source: domain report 3.2 S7."""

    members: Many[Member] = means(
        "yhteistyötahot", "samarbetsparter", "members", by="sector:CL-26", default=()
    )
    services_in_use: SetOf[ServiceType] = means(
        "käytössä olevat palvelut", "tjänster i bruk", "services in use", labels=[], by=":CL-11", default=()
    )
    client_view_of_services: Text | None = means(
        "asiakkaan oma näkemys tarvitsemistaan palveluista",
        "klientens egen syn på de tjänster som behövs",
        "client's view of the services needed",
        auth="C",
        plus=[Cat.PLAN_SERVICES],
    )
    peer_support_offered: PeerSupport | None = means(
        "kokemusasiantuntija tai vertaistuki tarjottu",
        "erfarenhetsexpert eller kamratstöd erbjudet",
        "peer support offered",
    )
    relatives: Many[Relative] = means(
        "läheiset mukana asiakkaan toiveesta",
        "närstående med på klientens önskan",
        "relatives at the client's wish",
        auth="C",
        labels=[Cat.SOCIAL_SITUATION],
        source="seed 003",
        default=(),
    )
