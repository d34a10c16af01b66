"""The information categories: what a consent names, and what every item of a plan is labelled with."""

from enum import StrEnum
from typing import Final


class Category(StrEnum):
    """One information category. Source: domain report 6.3."""

    IDENTITY_CORE = "identity.core"
    IDENTITY_CONTACT = "identity.contact"
    IDENTITY_LANGUAGE = "identity.language"
    ADMIN_CASE = "admin.case"
    ADMIN_REFERRAL = "admin.referral"
    ADMIN_NETWORK = "admin.network"
    ADMIN_NETWORK_JUSTICE = "admin.network.justice"
    EMPLOYMENT_HISTORY = "employment.history"
    EMPLOYMENT_SERVICES = "employment.services"
    EMPLOYMENT_STATUS = "employment.status"
    HEALTH_CHECKUP = "health.checkup"
    HEALTH_DIAGNOSES = "health.diagnoses"
    HEALTH_FUNCTIONING = "health.functioning"
    HEALTH_SCORES = "health.scores"
    HEALTH_SUBSTANCE = "health.substance"
    HEALTH_STATEMENTS = "health.statements"
    HEALTH_CONCLUSION = "health.conclusion"
    SELF_B4 = "self.b4"
    SELF_KYKYVIISARI = "self.kykyviisari"
    SOCIAL_SITUATION = "social.situation"
    SOCIAL_FINANCE = "social.finance"
    SOCIAL_SERVICES = "social.services"
    BENEFITS_STATUS = "benefits.status"
    BENEFITS_DECISIONS = "benefits.decisions"
    REHAB_KELA = "rehab.kela"
    PLAN_GOALS = "plan.goals"
    PLAN_SERVICES = "plan.services"
    PLAN_MEETINGS = "plan.meetings"


SPECIAL: Final = frozenset(
    c
    for c in Category
    if c.value.startswith(("health.", "self.", "social.", "benefits.", "rehab."))
    or c is Category.ADMIN_NETWORK_JUSTICE
)
"""Categories that a form must name one by one. Source: domain report 6.3, column "Special"."""

Titles = tuple[str, str, str]

TITLES: Final[dict[Category, Titles]] = {
    Category.IDENTITY_CORE: ("henkilön perustiedot", "grunduppgifter om personen", "core identity"),
    Category.IDENTITY_CONTACT: ("yhteystiedot", "kontaktuppgifter", "contact details"),
    Category.IDENTITY_LANGUAGE: ("kielet ja tulkkaus", "språk och tolkning", "languages and interpreting"),
    Category.ADMIN_CASE: ("asiakkuus ja vastuutyöntekijät", "klientskap och ansvariga", "case and workers"),
    Category.ADMIN_REFERRAL: ("ohjautuminen", "hänvisning", "referral"),
    Category.ADMIN_NETWORK: ("verkosto", "nätverk", "network"),
    Category.ADMIN_NETWORK_JUSTICE: (
        "rikosseuraamusalan taho",
        "brottspåföljdsaktör",
        "prison and probation contact",
    ),
    Category.EMPLOYMENT_HISTORY: (
        "osaaminen ja työhistoria",
        "kompetens och arbetshistoria",
        "work history and skills",
    ),
    Category.EMPLOYMENT_SERVICES: ("työllisyyspalvelut", "sysselsättningstjänster", "employment services"),
    Category.EMPLOYMENT_STATUS: (
        "tilanne työmarkkinoilla",
        "ställning på arbetsmarknaden",
        "labour-market status",
    ),
    Category.HEALTH_CHECKUP: ("terveystarkastus", "hälsoundersökning", "health check"),
    Category.HEALTH_DIAGNOSES: ("sairaudet", "sjukdomar", "diagnoses"),
    Category.HEALTH_FUNCTIONING: ("toimintakyky", "funktionsförmåga", "functioning"),
    Category.HEALTH_SCORES: ("terveyden mittarit", "hälsomätare", "clinical scores"),
    Category.HEALTH_SUBSTANCE: ("päihteet", "rusmedel", "substance use"),
    Category.HEALTH_STATEMENTS: ("lausunnot", "utlåtanden", "statements"),
    Category.HEALTH_CONCLUSION: (
        "työkyvyn arvion johtopäätös",
        "slutsats om arbetsförmågan",
        "work-ability conclusion",
    ),
    Category.SELF_B4: ("työkykypistemäärä", "arbetsförmågepoäng", "work-ability score (B4)"),
    Category.SELF_KYKYVIISARI: ("Kykyviisari", "Abilitator (Kykyviisari)", "Abilitator (Kykyviisari)"),
    Category.SOCIAL_SITUATION: ("sosiaalinen tilanne", "social situation", "social situation"),
    Category.SOCIAL_FINANCE: ("talous ja velat", "ekonomi och skulder", "finances and debts"),
    Category.SOCIAL_SERVICES: ("sosiaalipalvelut", "socialservice", "social services"),
    Category.BENEFITS_STATUS: ("etuudet", "förmåner", "benefits"),
    Category.BENEFITS_DECISIONS: ("etuuspäätökset", "förmånsbeslut", "benefit decisions"),
    Category.REHAB_KELA: ("Kelan kuntoutus", "FPA:s rehabilitering", "Kela rehabilitation"),
    Category.PLAN_GOALS: ("tavoitteet", "mål", "goals"),
    Category.PLAN_SERVICES: ("sovitut palvelut", "överenskomna tjänster", "agreed services"),
    Category.PLAN_MEETINGS: (
        "tapaamiset ja sovitut asiat",
        "möten och överenskommelser",
        "meetings and agreements",
    ),
}
"""Finnish, Swedish and English title of each category."""
