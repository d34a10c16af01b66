"""The shape of a type 17 document: which elements hold lists or members of their own, and which are about it.

Invented, like all element names (domain report 8.3).
"""

from collections.abc import Mapping

DOCUMENT_TYPE = "17"
"""Työkyvyn tuen suunnitelma (osa)."""
SERVICE_TASK = "05"
"""Työikäisten palvelut."""
DONE = "2"
VOIDED = "3"
SOURCE = "tyokyky-bridge"
"""What the hub writes as ``Lahdejarjestelma`` into the documents that it creates."""

META = (
    "AsiakirjaOid",
    "Versionumero",
    "Asiakirjatyyppi",
    "Palvelutehtava",
    "Tila",
    "AsiakasTunnus",
    "Hetu",
    "Lahdejarjestelma",
    "Siirtotunniste",
    "Muokattu",
    "Muokkaaja",
)
"""Elements about the document itself, kept by Effica and the client; the lens never sees them."""

CONTAINERS: Mapping[str, str] = {
    "Ohjaukset": "Ohjaus",
    "Tavoitteet": "Tavoite",
    "Palvelut": "Palvelu",
    "Paatokset": "Paatos",
    "Palautteet": "Palaute",
    "Palauteviitteet": "Palauteviite",
    "Etuudet": "Etuus",
    "Hakemisohjaukset": "Hakemisohjaus",
    "Tapaamiset": "Tapaaminen",
    "Osallistujat": "Osallistuja",
    "SovitutAsiat": "SovittuAsia",
    "Arvioinnit": "Arviointi",
    "Tekijat": "Tekija",
    "Jasenet": "Jasen",
    "Laheiset": "Laheinen",
    "KaytossaPalvelut": "KaytossaPalvelu",
    "Tukiverkosto": "Tukihenkilo",
    "Palvelutarpeenarviot": "Palvelutarpeenarvio",
    "Selvitykset": "Selvitys",
    "Suositukset": "Suositus",
    "Vastuutahot": "Vastuutaho",
    "Vastuutyontekijat": "Vastuutyontekija",
    "Laatijat": "Laatija",
    "Isantasuunnitelmat": "Isantasuunnitelma",
    "Asiakkuudet": "Asiakkuus",
    "Edunvalvojat": "Edunvalvoja",
    "Yhteystiedot": "Yhteystieto",
    "Seurantatapahtumat": "Seurantatapahtuma",
    "Siirrot": "Siirto",
    "Jatkajat": "Jatkaja",
}
"""Elements that hold a list, and the element that repeats in them."""

REPEATED = frozenset(CONTAINERS.values()) | {"Tyokykyarvio"}
"""Elements that are a list however many there are."""

PLAIN = frozenset({"Selvitys", "KaytossaPalvelu", "Palauteviite"})
"""Repeating elements that are mere text; all others have members, among them their ``Tunniste``."""

OBJECTS = frozenset(CONTAINERS) | frozenset(
    {
        "Antaja", "Asiakas", "Asiakasvastaava", "Henkilo", "Jarjestaja", "Kannattelu", "Kirjaaja",
        "Koollekutsuja", "Koordinaattori", "Koordinointi", "Kysyja", "Luovuttaja",
        "Matkakulupaatos", "Ohjaaja", "OhjaavaTyontekija", "Omatyontekija", "Organisaatio",
        "Osoite", "Paattyminen", "PalvelunVastuuhenkilo", "Saaja", "Seuranta", "Sosiaalinentilanne",
        "Suosittelija", "Suunnitelma", "Suunniteltu", "Tekstit", "Toteutunut", "Tukija", "Tuottaja",
        "Tyontekija", "Vastaanottaja", "Vastuussa", "Verkosto", "Yhteyshenkilo", "Yhteysosoite",
    }
)  # fmt: skip
"""Elements with members of their own: empty, they are an empty dict and not an empty text."""
