"""D3: workers and coordination."""

from tyokyky_bridge.domain.categories import Category as Cat
from tyokyky_bridge.domain.plan.meaning import means
from tyokyky_bridge.domain.plan.parts import ListedWorker, OrgRef, Period, WorkerRef
from tyokyky_bridge.domain.plan.values import Day, Element, Many, Part, PartyRef, Ref


class ResponsibleWorker(Element):
    """The worker responsible in one organisation, for one service."""

    worker: WorkerRef = means("työntekijä", "arbetstagare", "worker", default=WorkerRef())
    organization: OrgRef = means("organisaatio", "organisation", "organisation", default=OrgRef())
    service_ref: Ref | None = means("palvelu", "tjänst", "service")
    period: Period = means("aika", "tid", "period", default=Period())


class Coordinator(Part):
    """The one who coordinates now: exactly one for an open plan."""

    party: PartyRef | None = means("koordinoiva taho", "samordnande part", "party")
    worker: WorkerRef = means("työntekijä", "arbetstagare", "worker", default=WorkerRef())
    since: Day | None = means("alkaen", "från och med", "since")


class PastCoordination(Element):
    """Who coordinated when."""

    party: PartyRef | None = means("koordinoiva taho", "samordnande part", "party")
    worker: WorkerRef = means("työntekijä", "arbetstagare", "worker", default=WorkerRef())
    period: Period = means("aika", "tid", "period", default=Period())


class CareTeam(Part):
    """Workers and coordination. Source: domain report 3.3 D3, 1.4."""

    responsible_workers: Many[ResponsibleWorker] = means(
        "vastuutyöntekijät", "ansvariga arbetstagare", "responsible workers", source="seed 002", default=()
    )
    coordinator: Coordinator = means(
        "koordinoiva taho ja työntekijä",
        "samordnande part och arbetstagare",
        "coordinator",
        auth="B",
        source="seeds 002, 004",
        default=Coordinator(),
    )
    background_workers: Many[ListedWorker] = means(
        "taustalla seuraavat vastuutyöntekijät",
        "ansvariga i bakgrunden",
        "background workers",
        source="seed 002",
        default=(),
    )
    own_worker: WorkerRef = means(
        "omatyöntekijä",
        "egen kontaktperson",
        "own worker",
        auth="S",
        plus=[Cat.SOCIAL_SERVICES],
        source="seeds 000, 004",
        default=WorkerRef(),
    )
    client_lead: WorkerRef = means(
        "asiakasvastaava",
        "klientansvarig",
        "client lead",
        auth="B",
        source="seeds 001, 004",
        default=WorkerRef(),
    )
    main_customership: PartyRef | None = means(
        "pääasiallinen asiakkuus", "huvudsakligt klientskap", "main customership", auth="B", source="seed 002"
    )
    coordination_history: Many[PastCoordination] = means(
        "koordinoinnin historia",
        "samordningens historia",
        "history of coordination",
        auth="B",
        source="derived",
        default=(),
    )
