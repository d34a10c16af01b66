"""Why an item went or did not go, in Finnish, Swedish and English, with what to do next.

Sentences are keyed by the code of a basis, an outcome or a reason and carry no parameters, so that no
personal data can stand in them. Source: domain report 6.6, security report 2.5.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from tyokyky_bridge.domain.decision import Decision

Language = Literal["fi", "sv", "en"]


@dataclass(frozen=True)
class Explanation:
    """One code in words: *why* and *next*, what can be done about it, by language."""

    code: str
    why: Mapping[Language, str]
    next: Mapping[Language, str]


_TEXTS: Final[Mapping[str, tuple[tuple[str, str, str], tuple[str, str, str]]]] = {
    "SAME_REGISTER": (
        (
            "Tieto on vastaanottajan omassa rekisterissä.",
            "Uppgiften finns i mottagarens eget register.",
            "The information is in the recipient's own register.",
        ),
        ("Ei toimenpiteitä.", "Inga åtgärder.", "Nothing to do."),
    ),
    "STATUTORY_OTHER": (
        (
            "Laki oikeuttaa luovuttamaan tiedon tähän tarkoitukseen.",
            "Lagen ger rätt att lämna ut uppgiften för detta ändamål.",
            "The law allows the information to be given for this purpose.",
        ),
        ("Ei toimenpiteitä.", "Inga åtgärder.", "Nothing to do."),
    ),
    "STATUTORY_TYP": (
        (
            "Laki monialaisesta yhteispalvelusta sallii tiedon yhteisessä asiakasrekisterissä.",
            "Lagen om sektorsövergripande samservice tillåter uppgiften i det gemensamma kundregistret.",
            "The law on the joint service allows the information in the joint customer register.",
        ),
        ("Ei toimenpiteitä.", "Inga åtgärder.", "Nothing to do."),
    ),
    "CONSENT_Y100": (
        (
            "Asiakas on antanut kirjallisen suostumuksen.",
            "Klienten har gett sitt skriftliga samtycke.",
            "The client has given a written consent.",
        ),
        ("Ei toimenpiteitä.", "Inga åtgärder.", "Nothing to do."),
    ),
    "KANTA_LUOVUTUSLUPA": (
        (
            "Asiakas on antanut luovutusluvan terveydenhuollon ja sosiaalihuollon välille.",
            "Klienten har gett tillstånd till utlämnande mellan hälso- och sjukvården och socialvården.",
            "The client has given a permission between health care and social welfare.",
        ),
        ("Ei toimenpiteitä.", "Inga åtgärder.", "Nothing to do."),
    ),
    "CONSENT_ORAL_ONCE": (
        (
            "Asiakas on antanut suullisen suostumuksen yhteen kertaan.",
            "Klienten har gett ett muntligt samtycke för en gång.",
            "The client has given a spoken consent for one time.",
        ),
        (
            "Pyydä kirjallinen suostumus, jos yhteistyö jatkuu.",
            "Be om ett skriftligt samtycke om samarbetet fortsätter.",
            "Ask for a written consent if the cooperation goes on.",
        ),
    ),
    "TYP_OBJECTION": (
        (
            "Laki oikeuttaisi luovutuksen, mutta asiakas on vastustanut sitä.",
            "Lagen skulle tillåta utlämnandet, men klienten har motsatt sig det.",
            "The law would allow it, but the client has objected.",
        ),
        (
            "Nimetty vastuuhenkilö ratkaisee asian; siihen asti tietoa ei luovuteta.",
            "En utsedd ansvarig person avgör saken; tills dess lämnas uppgiften inte ut.",
            "A named person has to decide; until then the information stays.",
        ),
    ),
    "NO_BASIS": (
        (
            "Luovutukselle ei ole perustetta.",
            "Det finns ingen grund för utlämnandet.",
            "There is no basis for giving the information.",
        ),
        (
            "Kysy asiakkaalta suostumus tai jätä tieto pois.",
            "Be klienten om samtycke eller lämna bort uppgiften.",
            "Ask the client for consent, or leave the information out.",
        ),
    ),
    "IDENTITY": (
        (
            "Asiakkaan henkilöllisyyttä ei ole voitu varmistaa.",
            "Klientens identitet har inte kunnat säkerställas.",
            "The client's identity is not certain.",
        ),
        (
            "Selvitä henkilöllisyys, myös henkilötunnuksen välimerkki, ennen tietojen vaihtoa.",
            "Utred identiteten, också skiljetecknet i personbeteckningen, innan uppgifter utbyts.",
            "Settle the identity, the century sign of the HETU too, before anything is exchanged.",
        ),
    ),
    "DISCLOSER_UNKNOWN": (
        (
            "Ei tiedetä, kenen rekisteriin tieto kuuluu.",
            "Det är inte känt vems register uppgiften hör till.",
            "It is not known whose register the information belongs to.",
        ),
        (
            "Lisää rekisterinpitäjä hakemistoon.",
            "Lägg till den personuppgiftsansvarige i katalogen.",
            "Add the controller to the directory.",
        ),
    ),
    "OTHER_REGISTER": (
        (
            "Tieto kuuluu toiseen rekisteriin.",
            "Uppgiften hör till ett annat register.",
            "The information belongs to another register.",
        ),
        (
            "Luovutus tarvitsee lain tai asiakkaan suostumuksen.",
            "Utlämnandet kräver lag eller klientens samtycke.",
            "Giving it needs a law or the client's consent.",
        ),
    ),
    "NO_STATUTE": (
        (
            "Mikään laista kirjattu peruste ei koske tätä tietoa ja tarkoitusta.",
            "Ingen registrerad lagbestämmelse gäller denna uppgift och detta ändamål.",
            "No provision on file covers this information and purpose.",
        ),
        (
            "Tarkista käyttötarkoitus.",
            "Kontrollera ändamålet.",
            "Check the purpose.",
        ),
    ),
    "TYP_CUSTOMERSHIP": (
        (
            "Asiakkaalla ei ole voimassa olevaa monialaisen yhteispalvelun asiakkuutta.",
            "Klienten har inget gällande klientskap i den sektorsövergripande samservicen.",
            "The client has no active customership of the joint service.",
        ),
        (
            "Kirjaa asiakkuuden alku, jos se on alkanut; muuten tarvitaan suostumus.",
            "Anteckna när klientskapet började, om det har börjat; annars behövs samtycke.",
            "Record the start of the customership if it has begun; otherwise consent is needed.",
        ),
    ),
    "TYP_PARTIES": (
        (
            "Luovuttaja tai vastaanottaja ei kuulu monialaiseen yhteispalveluun.",
            "Utlämnaren eller mottagaren hör inte till den sektorsövergripande samservicen.",
            "Discloser or recipient is no party of the joint service.",
        ),
        ("Tarvitaan suostumus.", "Samtycke behövs.", "Consent is needed."),
    ),
    "TYP_CHANNEL": (
        (
            "Laki koskee vain yhteistä asiakasrekisteriä, ei tätä reittiä.",
            "Lagen gäller bara det gemensamma kundregistret, inte denna kanal.",
            "The law covers the joint register alone, not this channel.",
        ),
        (
            "Tälle reitille tarvitaan suostumus.",
            "För denna kanal behövs samtycke.",
            "This channel needs consent.",
        ),
    ),
    "TYP_PURPOSE": (
        (
            "Käyttötarkoitus ei ole monialainen yhteispalvelu.",
            "Ändamålet är inte den sektorsövergripande samservicen.",
            "The purpose is not the joint service.",
        ),
        ("Tarvitaan suostumus.", "Samtycke behövs.", "Consent is needed."),
    ),
    "TYP_LABELS": (
        (
            "Tieto ei ole laissa lueteltujen joukossa.",
            "Uppgiften hör inte till dem som räknas upp i lagen.",
            "The information is not among those the law lists.",
        ),
        ("Tarvitaan suostumus.", "Samtycke behövs.", "Consent is needed."),
    ),
    "TYP_MARK": (
        (
            "Ammattihenkilö ei ole merkinnyt tietoa välttämättömäksi työllistymisen kannalta.",
            "Ingen yrkesutbildad person har märkt uppgiften som nödvändig för sysselsättningen.",
            "No professional has marked the information as necessary for employment.",
        ),
        (
            "Merkitse tieto välttämättömäksi tai jätä se pois.",
            "Märk uppgiften som nödvändig eller lämna bort den.",
            "Mark it as necessary, or leave it out.",
        ),
    ),
    "CLIENT_RESTRICTION": (
        (
            "Asiakas on kieltänyt luovutuksen.",
            "Klienten har förbjudit utlämnandet.",
            "The client has forbidden it.",
        ),
        (
            "Kunnioita kieltoa; asiakas voi muuttaa sitä uudella lomakkeella.",
            "Respektera förbudet; klienten kan ändra det med en ny blankett.",
            "Respect it; the client can change it with a new form.",
        ),
    ),
    "NOT_IN_NETWORK": (
        (
            "Vastaanottaja ei kuulu asiakkaan verkostoon.",
            "Mottagaren hör inte till klientens nätverk.",
            "The recipient is not in the client's network.",
        ),
        (
            "Lisää taho verkostoon, jos asiakas niin haluaa.",
            "Lägg till parten i nätverket om klienten vill det.",
            "Add the party to the network if the client wants it.",
        ),
    ),
    "CONSENT_NONE": (
        (
            "Voimassa olevaa kirjallista suostumusta ei ole.",
            "Det finns inget gällande skriftligt samtycke.",
            "There is no written consent in force.",
        ),
        ("Kysy asiakkaalta suostumus.", "Be klienten om samtycke.", "Ask the client for consent."),
    ),
    "CONSENT_DIRECTION": (
        (
            "Suostumus ei koske tätä luovuttajaa ja vastaanottajaa tähän suuntaan.",
            "Samtycket gäller inte denna utlämnare och mottagare i denna riktning.",
            "The consent does not cover this discloser and recipient in this direction.",
        ),
        (
            "Tarkista lomakkeen osapuolet; tarvittaessa uusi lomake.",
            "Kontrollera parterna på blanketten; vid behov en ny blankett.",
            "Check the parties of the form; take a new form if needed.",
        ),
    ),
    "CONSENT_PURPOSE": (
        (
            "Suostumus on annettu muuhun tarkoitukseen.",
            "Samtycket har getts för ett annat ändamål.",
            "The consent was given for another purpose.",
        ),
        ("Tarkista käyttötarkoitus.", "Kontrollera ändamålet.", "Check the purpose."),
    ),
    "CONSENT_PERIOD": (
        (
            "Suostumuksen rajattu aika ei ole nyt.",
            "Den begränsade tiden i samtycket gäller inte nu.",
            "The narrower period of the consent is not now.",
        ),
        (
            "Odota tai pyydä uusi suostumus.",
            "Vänta eller be om ett nytt samtycke.",
            "Wait, or ask for a new consent.",
        ),
    ),
    "CONSENT_SERVICE": (
        (
            "Suostumus koskee vain nimettyjä palveluja.",
            "Samtycket gäller bara namngivna tjänster.",
            "The consent covers named services only.",
        ),
        (
            "Pyydä tarvittaessa laajempi suostumus.",
            "Be vid behov om ett vidare samtycke.",
            "Ask for a wider consent if needed.",
        ),
    ),
    "CONSENT_DATA_FROM": (
        (
            "Tieto on vanhempi kuin suostumus sallii.",
            "Uppgiften är äldre än samtycket tillåter.",
            "The information is older than the consent allows.",
        ),
        (
            "Pyydä tarvittaessa suostumus vanhempiin tietoihin.",
            "Be vid behov om samtycke till äldre uppgifter.",
            "Ask for consent to older information if needed.",
        ),
    ),
    "CONSENT_CATEGORY": (
        (
            "Suostumus ei nimeä kaikkia tietoryhmiä, joihin tieto kuuluu.",
            "Samtycket nämner inte alla uppgiftsgrupper som uppgiften hör till.",
            "The consent does not name every category the information belongs to.",
        ),
        (
            "Pyydä suostumus puuttuvaan tietoryhmään tai jätä tieto pois.",
            "Be om samtycke till den uppgiftsgrupp som saknas eller lämna bort uppgiften.",
            "Ask for consent to the missing category, or leave the information out.",
        ),
    ),
    "ORAL_NONE": (
        (
            "Suullista suostumusta tähän ei ole kirjattu.",
            "Inget muntligt samtycke till detta har antecknats.",
            "No spoken consent to this is on file.",
        ),
        (
            "Suullinen suostumus kelpaa yhteen kertaan; kirjaa se, jos asiakas antaa sen.",
            "Ett muntligt samtycke gäller en gång; anteckna det om klienten ger det.",
            "A spoken consent serves once; record it if the client gives it.",
        ),
    ),
    "ORAL_USED": (
        (
            "Suullinen suostumus on jo käytetty.",
            "Det muntliga samtycket har redan använts.",
            "The spoken consent has been used already.",
        ),
        (
            "Pyydä uusi tai kirjallinen suostumus.",
            "Be om ett nytt eller ett skriftligt samtycke.",
            "Ask for another, or for a written consent.",
        ),
    ),
    "NON_DISCLOSURE": (
        (
            "Asiakkaalla on turvakielto: osoite, kotikunta, yhteystiedot ja tapaamispaikat jäävät pois.",
            "Klienten har spärrmarkering: adress, hemkommun, kontaktuppgifter och mötesplatser utelämnas.",
            "There is a non-disclosure order: address, municipality, contact points and meeting places stay.",
        ),
        (
            "Sovi yhteydenpidosta asiakkaan kanssa suoraan.",
            "Kom överens om kontakten direkt med klienten.",
            "Agree on contacts with the client directly.",
        ),
    ),
}


def _by_language(texts: tuple[str, str, str]) -> Mapping[Language, str]:
    fi, sv, en = texts
    return MappingProxyType({"fi": fi, "sv": sv, "en": en})


EXPLANATIONS: Final[Mapping[str, Explanation]] = MappingProxyType(
    {code: Explanation(code, _by_language(why), _by_language(then)) for code, (why, then) in _TEXTS.items()}
)
"""Every code of a basis, an outcome or a reason, and ``NON_DISCLOSURE`` for what the filter kept back."""


def explain(decision: Decision) -> tuple[Explanation, ...]:
    """Explain a decision: its headline first, then every other reason in the order of the table."""
    codes = dict.fromkeys((decision.code, *(reason.value for reason in decision.reasons)))
    return tuple(EXPLANATIONS[code] for code in codes)
