"""D0: what the plan is, where else it lives, and whose customer the client is."""

from tyokyky_bridge.domain.plan.coded import HostPlanType, PlanForm, PlanStatus, Sector, TypStatus
from tyokyky_bridge.domain.plan.meaning import REQUIRED, means
from tyokyky_bridge.domain.plan.parts import ListedWorker, OrgRef, Period
from tyokyky_bridge.domain.plan.text import Str
from tyokyky_bridge.domain.plan.values import Count, Day, Element, Many, Moment, Part, PartyRef, SetOf, Uuid


class EmbeddedIn(Element):
    """Another plan that this one is part of."""

    host_plan_type: HostPlanType | None = means("suunnitelman laji", "typ av plan", "kind of plan")
    host_ref: Str | None = means("viite", "referens", "reference")
    organization: OrgRef = means("organisaatio", "organisation", "organisation", default=OrgRef())


class TypCustomership(Part):
    """Customership of the multi-sector joint service; its dates gate the statutory basis."""

    status: TypStatus | None = means("tila", "status", "status")
    start: Day | None = means("alku", "början", "start")
    end: Day | None = means("loppu", "slut", "end")


class Customership(Element):
    """A customership at some sector's organisation."""

    sector: Sector | None = means("toimiala", "sektor", "sector")
    organization: OrgRef = means("organisaatio", "organisation", "organisation", default=OrgRef())
    period: Period = means("aika", "tid", "period", default=Period())


class Header(Part):
    """The plan as a document. Source: domain report 3.3 D0."""

    plan_id: Uuid = means(
        "suunnitelman tunniste",
        "planens identifierare",
        "plan id",
        auth="B",
        source="derived",
        default=REQUIRED,
    )
    case_id: Uuid | None = means("asiakkuusjakso", "klientperiod", "case id", auth="B", source="derived")
    plan_version: Count | None = means(
        "suunnitelman versio", "planens version", "plan version", auth="B", source="derived"
    )
    status: PlanStatus = means("tila", "status", "status", auth="B", source="derived", default=REQUIRED)
    form: PlanForm | None = means(
        "suunnitelman laajuus", "planens omfattning", "form", auth="B", source="seed 004"
    )
    embedded_in: Many[EmbeddedIn] = means(
        "minkä suunnitelman osana",
        "som del av vilken plan",
        "embedded in",
        source="seeds 001, 003, 004",
        default=(),
    )
    located_at: SetOf[PartyRef] = means(
        "mistä suunnitelma löytyy", "var planen finns", "located at", auth="B", source="seed 004", default=()
    )
    created_at: Moment | None = means("laadittu", "upprättad", "created at", auth="B", source="derived")
    updated_at: Moment | None = means("päivitetty", "uppdaterad", "updated at", auth="B", source="derived")
    authors: Many[ListedWorker] = means(
        "laatijat", "upprättare", "authors", auth="B", source="derived", default=()
    )
    agreed_with_client_on: Day | None = means(
        "asiakkaan kanssa sovittu",
        "överenskommet med klienten",
        "agreed with client on",
        auth="C",
        source="seed 004",
    )
    client_copy_given_on: Day | None = means(
        "asiakas saanut kappaleen", "klienten har fått en kopia", "client copy given on", source="seed 004"
    )
    previous_case_id: Uuid | None = means(
        "edellinen jakso", "föregående period", "previous case", auth="B", source="seed 004"
    )
    typ_customership: TypCustomership = means(
        "TYP-asiakkuus",
        "TYP-klientskap",
        "joint-service customership",
        auth="E",
        source="seeds 003, 004",
        default=TypCustomership(),
    )
    customerships: Many[Customership] = means(
        "asiakkuudet", "klientskap", "customerships", source="seed 003", by="sector:CL-26", default=()
    )
