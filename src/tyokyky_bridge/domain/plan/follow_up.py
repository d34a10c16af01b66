"""D12, D13 and D15: follow-up, hand-over of coordination, closing."""

from tyokyky_bridge.domain.categories import Category as Cat
from tyokyky_bridge.domain.plan.coded import ClosingReason, HandoverStatus, LabourMarketStatus
from tyokyky_bridge.domain.plan.meaning import means
from tyokyky_bridge.domain.plan.parts import HandoverCause, OrgRef, WorkerRef
from tyokyky_bridge.domain.plan.text import Text
from tyokyky_bridge.domain.plan.values import Count, Day, Element, Flag, Many, Part, PartyRef, Ref


class FollowUpEvent(Element):
    """One follow-up: is the plan still current?"""

    date: Day | None = means("päivä", "dag", "date")
    by: WorkerRef = means("kuka", "vem", "by", default=WorkerRef())
    summary: Text | None = means("tiivistelmä", "sammandrag", "summary")
    still_current: Flag | None = means("suunnitelma ajan tasalla", "planen är aktuell", "still current")


class FollowUp(Part):
    """Follow-up. Source: domain report 3.3 D12."""

    next_on: Day | None = means("seuraava seurantapäivä", "nästa uppföljningsdag", "next follow-up", auth="B")
    events: Many[FollowUpEvent] = means(
        "seurantatapahtumat",
        "uppföljningar",
        "events",
        plus=[Cat.PLAN_GOALS, Cat.PLAN_SERVICES],
        source="seed 004",
        default=(),
    )
    confirmed_current_on: Day | None = means(
        "todettu ajan tasalla olevaksi", "konstaterad aktuell", "confirmed current on", source="seed 004"
    )


class HandoverSide(Part):
    """One side of a hand-over."""

    party: PartyRef | None = means("taho", "part", "party")
    worker: WorkerRef = means("työntekijä", "arbetstagare", "worker", default=WorkerRef())


class JointContact(Part):
    """The joint contact with the client: a meeting, or the client's waiver."""

    meeting_ref: Ref | None = means("tapaaminen", "möte", "meeting")
    waived_by_client: Flag | None = means("asiakas luopunut", "klienten har avstått", "waived by the client")


class Handover(Element):
    """A hand-over of coordination, saattaen vaihtaen. Source: domain report 3.3 D13, 1.5."""

    from_: HandoverSide = means(
        "luovuttava taho", "överlämnande part", "from", alias="from", default=HandoverSide()
    )
    to: HandoverSide = means("vastaanottava taho", "mottagande part", "to", default=HandoverSide())
    reason: HandoverCause = means(
        "syy", "orsak", "reason", auth="R", source="derived", default=HandoverCause()
    )
    joint_contact: JointContact = means(
        "yhteinen tapaaminen", "gemensamt möte", "joint contact", auth="R", default=JointContact()
    )
    status: HandoverStatus | None = means("tila", "status", "status", source="derived")
    effective_on: Day | None = means("voimaan", "i kraft", "effective on", source="derived")


class ContinuingParty(Element):
    """Who goes on with what after the closing."""

    party: OrgRef = means("taho", "part", "party", default=OrgRef())
    worker: WorkerRef = means("työntekijä", "arbetstagare", "worker", default=WorkerRef())
    matter: Text | None = means("asia", "ärende", "matter")


class Closing(Part):
    """The end of the case. Source: domain report 3.3 D15."""

    closed_on: Day | None = means("päättymispäivä", "avslutningsdag", "closed on", auth="B")
    reason: ClosingReason | None = means("päättymisen syy", "orsak till avslutandet", "reason")
    agreed_with_client_on: Day | None = means(
        "sovittu asiakkaan kanssa", "överenskommet med klienten", "agreed with the client on", auth="C"
    )
    continuing_party: Many[ContinuingParty] = means(
        "kuka jatkaa", "vem fortsätter", "who continues", default=()
    )
    labour_market_status: LabourMarketStatus | None = means(
        "status työmarkkinoilla päättyessä",
        "ställning på arbetsmarknaden vid avslutandet",
        "labour-market status at closing",
        labels=[Cat.EMPLOYMENT_STATUS],
        source="derived",
    )
    b4: Count | None = means(
        "työkykypistemäärä päättyessä",
        "arbetsförmågepoäng vid avslutandet",
        "B4 at closing",
        labels=[Cat.SELF_B4],
        source="derived",
    )
    client_copy_on: Day | None = means(
        "asiakas saanut kappaleen", "klienten har fått en kopia", "client copy on"
    )
    summary: Text | None = means(
        "loppuyhteenveto",
        "slutsammanfattning",
        "summary",
        plus=[Cat.PLAN_GOALS, Cat.PLAN_SERVICES, Cat.HEALTH_FUNCTIONING, Cat.SOCIAL_SITUATION],
    )
