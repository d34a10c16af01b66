"""The canonical plan: one frozen value per client, in the order of the skeleton."""

from typing import Any, Final, Self

from pydantic import ValidationError, model_validator

from tyokyky_bridge.domain.categories import Category as Cat
from tyokyky_bridge.domain.errors import InvalidPlan, Problem
from tyokyky_bridge.domain.plan.assessments import Assessment, Score
from tyokyky_bridge.domain.plan.background import Competence, PreviousService, Referral
from tyokyky_bridge.domain.plan.benefits import Benefit
from tyokyky_bridge.domain.plan.care_team import CareTeam
from tyokyky_bridge.domain.plan.client import Client
from tyokyky_bridge.domain.plan.documents import Document, Statement
from tyokyky_bridge.domain.plan.follow_up import Closing, FollowUp, Handover
from tyokyky_bridge.domain.plan.goals import AgreedPlan, Goal
from tyokyky_bridge.domain.plan.header import Header
from tyokyky_bridge.domain.plan.health import Health
from tyokyky_bridge.domain.plan.meaning import REQUIRED, means
from tyokyky_bridge.domain.plan.measures import Measures
from tyokyky_bridge.domain.plan.meetings import ClientFeedback, Consultation, Feedback, Meeting
from tyokyky_bridge.domain.plan.network import Network
from tyokyky_bridge.domain.plan.parts import WorkerRef
from tyokyky_bridge.domain.plan.services import Service
from tyokyky_bridge.domain.plan.social import Employment, Social
from tyokyky_bridge.domain.plan.text import refuse
from tyokyky_bridge.domain.plan.values import Element, ItemPath, Many, Moment, Part

OPEN: Final = frozenset({"active", "under_revision"})
"""Plan statuses in which somebody must coordinate."""


class NecessityMark(Element):
    """A named professional's mark that an item is necessary for employment (TYP).

    Source: domain report 6.2, 6.6.
    """

    item: ItemPath | None = means("tieto", "uppgift", "item")
    by: WorkerRef = means("merkitsijä", "märkt av", "marked by", default=WorkerRef())
    at: Moment | None = means("merkitty", "märkt", "marked at")


class SupportPlan(Part):
    """Työkyvyn tuen suunnitelma. Source: domain report 3.2 (S1–S8) and 3.3 (D0–D15).

    Everything is optional but the identity, the status and, while the plan is open, the coordinator.
    References between elements may dangle, because the other end may be withheld or arrive later.
    """

    header: Header = means(
        "Suunnitelman tiedot",
        "Planens uppgifter",
        "Plan header",
        section="D0",
        auth="R",
        labels=[Cat.ADMIN_CASE],
        default=REQUIRED,
    )
    client: Client = means(
        "Asiakas", "Klient", "Client", section="D1", auth="V", labels=[Cat.IDENTITY_CORE], default=REQUIRED
    )
    referrals: Many[Referral] = means(
        "Työkykykoordinaattorille ohjaava taho",
        "Den som hänvisar till arbetsförmågekoordinatorn",
        "Referring body",
        section="S1",
        auth="R",
        labels=[Cat.ADMIN_REFERRAL],
        by="referring_party_type:CL-03",
        source="seed 004",
        default=(),
    )
    competence: Competence = means(
        "Ammattitaito ja osaaminen",
        "Yrkesskicklighet och kompetens",
        "Competence",
        section="S2",
        auth="E",
        labels=[Cat.EMPLOYMENT_HISTORY],
        source="seed 004",
        default=Competence(),
    )
    previous_services: Many[PreviousService] = means(
        "Aikaisemmat työllistämistä edistävät palvelut ja niiden vaikuttavuus",
        "Tidigare sysselsättningsfrämjande tjänster och deras effekt",
        "Previous services",
        section="S3",
        auth="E",
        labels=[],
        by="type:CL-09",
        source="seed 004",
        default=(),
    )
    health: Health = means(
        "Työllistymiseen vaikuttavat terveydelliset tekijät",
        "Hälsofaktorer som påverkar sysselsättningen",
        "Health factors",
        section="S4",
        auth="H",
        labels=[Cat.HEALTH_FUNCTIONING],
        source="seed 004",
        default=Health(),
    )
    social: Social = means(
        "Työllistymiseen vaikuttava sosiaalinen tilanne",
        "Den sociala situation som påverkar sysselsättningen",
        "Social situation",
        section="S5",
        auth="CS",
        labels=[Cat.SOCIAL_SITUATION],
        source="seed 004",
        default=Social(),
    )
    employment: Employment = means(
        "Työmarkkinatilanne",
        "Ställning på arbetsmarknaden",
        "Employment",
        section="S5",
        auth="E",
        labels=[Cat.EMPLOYMENT_STATUS],
        source="seed 004",
        default=Employment(),
    )
    measures: Measures = means(
        "Kelan/työeläkelaitoksen toimenpiteet",
        "FPA:s/arbetspensionsanstaltens åtgärder",
        "Measures of Kela and pension providers",
        section="S6",
        auth="KP",
        labels=[Cat.REHAB_KELA],
        source="seed 004",
        default=Measures(),
    )
    network: Network = means(
        "Verkostot ja yhteistyötahot",
        "Nätverk och samarbetsparter",
        "Network",
        section="S7",
        auth="R",
        labels=[Cat.ADMIN_NETWORK],
        source="seed 004",
        default=Network(),
    )
    plan: AgreedPlan = means(
        "Työkyvyn tuen suunnitelma",
        "Plan för stöd för arbetsförmågan",
        "Plan",
        section="S8",
        auth="R",
        labels=[Cat.PLAN_GOALS],
        source="seed 004",
        default=AgreedPlan(),
    )
    goals: Many[Goal] = means(
        "Asiakkaan omat tavoitteet",
        "Klientens egna mål",
        "Goals",
        section="D2",
        auth="R",
        labels=[Cat.PLAN_GOALS],
        source="seed 004",
        default=(),
    )
    care_team: CareTeam = means(
        "Työntekijät ja koordinointi",
        "Arbetstagare och samordning",
        "Care team",
        section="D3",
        auth="R",
        labels=[Cat.ADMIN_CASE],
        source="seeds 002, 004",
        default=CareTeam(),
    )
    assessments: Many[Assessment] = means(
        "Arvioinnit",
        "Bedömningar",
        "Assessments",
        section="D4",
        auth="R",
        labels=[],
        by="kind:CL-34",
        default=(),
    )
    scores: Many[Score] = means(
        "Mittarit", "Mätare", "Scores", section="D5", auth="R", labels=[], by="instrument:CL-36", default=()
    )
    services: Many[Service] = means(
        "Palvelut",
        "Tjänster",
        "Services",
        section="D6",
        auth="R",
        labels=[],
        by="type:CL-11",
        source="seed 003",
        default=(),
    )
    statements: Many[Statement] = means(
        "Lausunnot",
        "Utlåtanden",
        "Statements",
        section="D7",
        auth="R",
        labels=[],
        by="kind:CL-23",
        source="proposal",
        default=(),
    )
    documents: Many[Document] = means(
        "Asiakirjat",
        "Handlingar",
        "Documents",
        section="D7",
        auth="R",
        labels=[],
        by="kind:document-kind",
        source="proposal",
        default=(),
    )
    meetings: Many[Meeting] = means(
        "Tapaamiset",
        "Möten",
        "Meetings",
        section="D8",
        auth="R",
        labels=[Cat.PLAN_MEETINGS],
        source="seed 002",
        default=(),
    )
    feedback: Many[Feedback] = means(
        "Palautteet",
        "Respons",
        "Feedback",
        section="D9",
        auth="R",
        labels=[],
        by="@feedback",
        source="seed 002",
        default=(),
    )
    client_feedback: Many[ClientFeedback] = means(
        "Asiakaspalaute",
        "Klientrespons",
        "Client feedback",
        section="D9",
        auth="C",
        labels=[Cat.PLAN_GOALS],
        source="seed 004",
        default=(),
    )
    benefits: Many[Benefit] = means(
        "Etuudet",
        "Förmåner",
        "Benefits",
        section="D10",
        auth="K",
        labels=[Cat.BENEFITS_STATUS],
        by="type:CL-21 status:CL-48?",
        source="seed 003",
        default=(),
    )
    consultations: Many[Consultation] = means(
        "Konsultaatiot",
        "Konsultationer",
        "Consultations",
        section="D11",
        auth="R",
        labels=[Cat.ADMIN_CASE],
        default=(),
    )
    follow_up: FollowUp = means(
        "Seuranta",
        "Uppföljning",
        "Follow-up",
        section="D12",
        auth="R",
        labels=[Cat.ADMIN_CASE],
        source="seeds 001, 004",
        default=FollowUp(),
    )
    handovers: Many[Handover] = means(
        "Koordinoinnin siirrot",
        "Överföring av samordningen",
        "Hand-overs",
        section="D13",
        auth="B",
        labels=[Cat.ADMIN_CASE],
        source="seed 002",
        default=(),
    )
    closing: Closing = means(
        "Päättyminen",
        "Avslutande",
        "Closing",
        section="D15",
        auth="R",
        labels=[Cat.ADMIN_CASE],
        source="seed 004",
        default=Closing(),
    )
    necessity_marks: Many[NecessityMark] = means(
        "Välttämättömyysmerkinnät",
        "Nödvändighetsmarkeringar",
        "Necessity marks",
        section="D4",
        auth="R",
        labels=[Cat.ADMIN_CASE],
        by="@marked",
        source="domain report 6.2",
        default=(),
    )

    @model_validator(mode="after")
    def _an_open_plan_has_a_coordinator(self) -> Self:
        if self.header.status in OPEN and self.care_team.coordinator.party is None:
            refuse("plan_coordinator", "an open plan needs care_team.coordinator.party")
        return self


def _named(location: tuple[int | str, ...]) -> str:
    """The pattern of a refused field; a name that the schema cannot know is not repeated."""
    shown = ""
    for step in location:
        if isinstance(step, int):
            shown += "[]"
        elif step.isascii() and step.isidentifier() and step.islower() and len(step) <= 40:
            shown += f".{step}" if shown else step
        else:
            shown += ".?" if shown else "?"
    return shown or "plan"


def problems_of(refusal: ValidationError) -> tuple[Problem, ...]:
    """What pydantic refused, as field and rule, without the values."""
    found = refusal.errors(include_url=False, include_context=False, include_input=False)
    return tuple(Problem(_named(each["loc"]), each["msg"]) for each in found)


def parse_plan(document: Any) -> SupportPlan:
    """
    Check a plan that comes from outside.

    Raises:
        InvalidPlan: with every broken rule; the refused values are not in it.
    """
    try:
        return SupportPlan.model_validate(document)
    except ValidationError as refusal:
        raise InvalidPlan(problems_of(refusal)) from None
