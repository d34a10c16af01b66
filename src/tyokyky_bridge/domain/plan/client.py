"""D1: who the client is. The key is the client id; a HETU is an attribute with a history."""

from typing import Self

from pydantic import model_validator

from tyokyky_bridge.domain.categories import Category as Cat
from tyokyky_bridge.domain.hetu import InvalidHetu, parse_hetu
from tyokyky_bridge.domain.plan.coded import (
    AdministrativeGender,
    ContactSystem,
    GuardianKind,
    IdentifierKind,
)
from tyokyky_bridge.domain.plan.meaning import REQUIRED, means
from tyokyky_bridge.domain.plan.parts import Period
from tyokyky_bridge.domain.plan.text import Str, refuse
from tyokyky_bridge.domain.plan.values import Day, Element, Flag, Language, Many, Municipality, Part, Uuid


class PersonIdentifier(Element):
    """A HETU, or what stands in for one. Two HETUs that differ only in the century sign are two people."""

    value: Str = means("arvo", "värde", "value", default=REQUIRED)
    period: Period = means("voimassa", "giltig", "period", default=Period())
    kind: IdentifierKind = means("laji", "slag", "kind", default=REQUIRED)

    @model_validator(mode="after")
    def _an_official_number_is_a_valid_hetu(self) -> Self:
        if self.kind in ("official", "former"):
            try:
                parsed = parse_hetu(self.value)
            except InvalidHetu as wrong:
                refuse("hetu", "is not a valid HETU ({rule})", rule=wrong.rule)
            if parsed.value != self.value:
                refuse("hetu", "a HETU is kept in its normal form")
        return self


class Address(Part):
    """A postal address."""

    street: Str | None = means("katuosoite", "gatuadress", "street")
    postal_code: Str | None = means("postinumero", "postnummer", "postal code")
    city: Str | None = means("postitoimipaikka", "postort", "city")


class ContactPoint(Element):
    """A telephone number or an e-mail address."""

    system: ContactSystem | None = means("laji", "slag", "system")
    value: Str | None = means("arvo", "värde", "value")


class NonDisclosure(Part):
    """The non-disclosure order (turvakielto)."""

    active: Flag | None = means("voimassa", "i kraft", "active")
    known_since: Day | None = means("tiedossa alkaen", "känd sedan", "known since")
    source: Str | None = means("tiedon lähde", "källa", "source")


class Interpreter(Part):
    """The need of an interpreter."""

    required: Flag | None = means("tarvitaan", "behövs", "required")
    language: Language | None = means("tulkkauskieli", "tolkningsspråk", "language")


class Guardian(Element):
    """A guardian or another legal representative."""

    name: Str | None = means("nimi", "namn", "name")
    kind: GuardianKind | None = means("laji", "slag", "kind")
    period: Period = means("aika", "tid", "period", default=Period())


class Client(Part):
    """The client. Source: domain report 3.3 D1, 5."""

    client_id: Uuid = means(
        "asiakkaan tunniste",
        "klientens identifierare",
        "client id",
        auth="B",
        source="proposal",
        default=REQUIRED,
    )
    hetu: Many[PersonIdentifier] = means(
        "henkilötunnus", "personbeteckning", "personal identity codes", source="background", default=REQUIRED
    )
    family_name: Str = means("sukunimi", "efternamn", "family name", source="derived", default=REQUIRED)
    given_names: Str = means("etunimet", "förnamn", "given names", source="derived", default=REQUIRED)
    call_name: Str | None = means("kutsumanimi", "tilltalsnamn", "call name", source="derived")
    birth_date: Day = means("syntymäaika", "födelsedatum", "birth date", source="derived", default=REQUIRED)
    gender: AdministrativeGender | None = means(
        "sukupuoli", "kön", "gender", source="fhir-fi/finnish-base-profiles"
    )
    home_municipality: Municipality | None = means(
        "kotikunta",
        "hemkommun",
        "home municipality",
        labels=[Cat.IDENTITY_CONTACT],
        source="fhir-fi/finnish-base-profiles",
    )
    address: Address = means(
        "osoite", "adress", "address", labels=[Cat.IDENTITY_CONTACT], source="derived", default=Address()
    )
    contact_address: Address = means(
        "yhteysosoite",
        "kontaktadress",
        "contact address",
        auth="C",
        labels=[Cat.IDENTITY_CONTACT],
        source="derived",
        default=Address(),
    )
    telecom: Many[ContactPoint] = means(
        "puhelin ja sähköposti",
        "telefon och e-post",
        "telephone and e-mail",
        auth="C",
        labels=[Cat.IDENTITY_CONTACT],
        source="seed 002",
        default=(),
    )
    non_disclosure: NonDisclosure = means(
        "turvakielto", "spärrmarkering", "non-disclosure order", source="dvv.fi", default=NonDisclosure()
    )
    native_language: Language | None = means(
        "äidinkieli", "modersmål", "native language", labels=[Cat.IDENTITY_LANGUAGE], source="seed 002"
    )
    contact_language: Language | None = means(
        "asiointikieli",
        "kontaktspråk",
        "contact language",
        auth="C",
        labels=[Cat.IDENTITY_LANGUAGE],
        source="seed 002",
    )
    interpreter: Interpreter = means(
        "tulkin tarve",
        "behov av tolk",
        "interpreter",
        auth="C",
        labels=[Cat.IDENTITY_LANGUAGE],
        source="seed 002",
        default=Interpreter(),
    )
    guardians: Many[Guardian] = means(
        "edunvalvoja tai muu edustaja",
        "intressebevakare eller annan företrädare",
        "guardians",
        plus=[Cat.SOCIAL_SITUATION],
        source="kela.fi Y100",
        default=(),
    )

    @model_validator(mode="after")
    def _has_an_identifier(self) -> Self:
        if not any(each.kind in ("official", "temporary") for each in self.hetu):
            refuse("client_identifier", "needs a HETU or a temporary identifier")
        return self
