"""D8, D9 and D11: meetings, feedback and consultations."""

from typing import Self

from pydantic import model_validator

from tyokyky_bridge.domain.categories import Category as Cat
from tyokyky_bridge.domain.plan.coded import (
    CareTeamRole,
    ConsultationKind,
    FeedbackChannel,
    FeedbackKind,
    MeetingKind,
    MeetingMode,
    MeetingStatus,
)
from tyokyky_bridge.domain.plan.meaning import means
from tyokyky_bridge.domain.plan.parts import WorkerRef
from tyokyky_bridge.domain.plan.text import Str, Text, refuse
from tyokyky_bridge.domain.plan.values import Day, Element, Flag, Many, Moment, Ref, Uuid


class Participant(Element):
    """Somebody invited to a meeting."""

    who: WorkerRef = means("kuka", "vem", "who", default=WorkerRef())
    role: CareTeamRole | None = means("rooli", "roll", "role")
    invited: Flag | None = means("kutsuttu", "inbjuden", "invited")
    attended: Flag | None = means("läsnä", "närvarande", "attended")


class Agreement(Element):
    """Something agreed in a meeting."""

    text: Text | None = means("sovittu asia", "överenskommelse", "text")
    responsible: WorkerRef = means("vastuuhenkilö", "ansvarig", "responsible", default=WorkerRef())
    due: Day | None = means("määräpäivä", "förfallodag", "due")


class Meeting(Element):
    """A meeting; its place is address-like, so turvakielto hides it. Source: domain report 3.3 D8, 5.6."""

    kind: MeetingKind | None = means("tapaamisen laji", "typ av möte", "kind")
    start: Moment | None = means("alkaa", "börjar", "start")
    end: Moment | None = means("päättyy", "slutar", "end")
    mode: MeetingMode | None = means("tapa", "sätt", "mode")
    place: Str | None = means("paikka", "plats", "place")
    convener: WorkerRef = means("koollekutsuja", "sammankallare", "convener", default=WorkerRef())
    participants: Many[Participant] = means("osallistujat", "deltagare", "participants", default=())
    client_present: Flag | None = means("asiakas läsnä", "klienten närvarande", "client present")
    agreements: Many[Agreement] = means("sovitut asiat", "överenskommelser", "agreements", default=())
    status: MeetingStatus | None = means("tila", "status", "status", source="derived")


class Feedback(Element):
    """Feedback between organisations. Source: domain report 3.3 D9, 1.7."""

    kind: FeedbackKind | None = means("palautteen laji", "typ av respons", "kind", source="seeds 002, 003")
    channel: FeedbackChannel | None = means("kanava", "kanal", "channel", auth="B")
    about: Ref | None = means("mihin liittyy", "gäller", "about", source="seeds 002, 003")
    sender: WorkerRef = means("antaja", "avsändare", "sender", default=WorkerRef())
    recipient: WorkerRef = means("saaja", "mottagare", "recipient", default=WorkerRef())
    text: Text | None = means("sisältö", "innehåll", "text")
    given_at: Moment | None = means("annettu", "given", "given at", auth="B", source="derived")
    delivered_at: Moment | None = means("toimitettu", "levererad", "delivered at", auth="B", source="derived")
    acknowledged_at: Moment | None = means(
        "kuitattu", "kvitterad", "acknowledged at", auth="B", source="derived"
    )


class ClientFeedback(Element):
    """The client's feedback on the process."""

    stage: Str | None = means("vaihe", "skede", "stage")
    text: Text | None = means("palaute", "respons", "text")
    date: Day | None = means("päivä", "dag", "date")
    anonymous: Flag | None = means("nimetön", "anonym", "anonymous")


class Consultation(Element):
    """A consultation about this client. Source: domain report 3.3 D11, 1.6.

    An anonymous consultation is a record of its own without any client, so it is refused here.
    """

    kind: ConsultationKind | None = means(
        "konsultaation laji", "typ av konsultation", "kind", source="seeds 002, 004"
    )
    asker: WorkerRef = means("kysyjä", "frågare", "asker", source="seed 002", default=WorkerRef())
    answerer: WorkerRef = means("vastaaja", "svarare", "answerer", source="seed 002", default=WorkerRef())
    question: Text | None = means(
        "kysymys",
        "fråga",
        "question",
        plus=[Cat.HEALTH_FUNCTIONING, Cat.SOCIAL_SITUATION, Cat.EMPLOYMENT_HISTORY],
        source="seed 004",
    )
    answer: Text | None = means(
        "vastaus",
        "svar",
        "answer",
        plus=[Cat.HEALTH_FUNCTIONING, Cat.SOCIAL_SITUATION, Cat.EMPLOYMENT_HISTORY],
        source="seed 004",
    )
    client_ref: Uuid | None = means(
        "asiakasviite", "klientreferens", "client", plus=[Cat.IDENTITY_CORE], source="seed 002"
    )

    @model_validator(mode="after")
    def _an_anonymous_one_has_no_client(self) -> Self:
        if self.kind == "anonymous":
            refuse("consultation_anonymous", "an anonymous consultation never belongs to a plan")
        return self
