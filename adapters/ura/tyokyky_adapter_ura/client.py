"""The adapter of Ura: split identity, envelopes, change numbers, and one message id for each intended effect."""

import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Literal, cast

import httpx
import orjson

from tyokyky_adapter_ura.records import (
    CenturyUnknown,
    MalformedNumber,
    SplitHetu,
    Vastaus,
    Version,
    from_wire,
    person_to_wire,
)
from tyokyky_bridge.adapterkit.contract import Found, Health, Licence, Native, Standing, SystemConfig, Written
from tyokyky_bridge.adapterkit.errors import (
    AmbiguousIdentity,
    Blocked,
    ChangedUnderneath,
    NotThere,
    OutcomeUnknown,
    PartnerError,
    Refusal,
    Refused,
    TryLater,
)
from tyokyky_bridge.adapterkit.http import PartnerHttp, json_object, raise_for_outage
from tyokyky_bridge.adapterkit.manifest import Manifest

PURPOSES = {"work_ability_support": "01", "typ": "02"}
"""The hub's purposes that are statutory in Ura. For any other nothing is asked. Source: domain report 8.4."""

_STALE = 42
_KEEPS_US_OUT = {17, 18}
_UNKNOWN = {11, 12}
_MESSAGES = uuid.UUID("6f0a4f0e-2f8c-5e0b-9a52-4d0b5f6f7a31")


class Ura:
    """One Ura behind its gateway (`tyokyky_bridge.adapterkit.contract.Adapter`).

    Options of the system: ``subscription_key``, ``ytunnus`` (ours, as it was admitted) and ``purpose`` (a purpose of
    the hub, default ``work_ability_support``).
    """

    def __init__(self, config: SystemConfig, http: PartnerHttp) -> None:
        self._http = http
        self._ytunnus = config.options.get("ytunnus", "")
        self._purpose = PURPOSES.get(config.options.get("purpose", "work_ability_support"))

    async def find(self, hetu: str) -> Found:
        """Find the person by the whole number.

        Raises: AmbiguousIdentity also for a single hit on a legacy row without the century sign, which may be anybody.
        """
        try:
            split = SplitHetu.of(hetu)
        except MalformedNumber:
            msg = "not an identity number"
            raise NotThere(msg) from None
        async with self._http.one_call():
            data = await self._read("asiakas/hae", split.fields())
        rows: list[Native] = data["asiakkaat"]
        if not rows:
            msg = "no person with this number"
            raise NotThere(msg)
        if len(rows) > 1 or _sign_of(rows[0]) != split:
            raise AmbiguousIdentity(len(rows))
        return Found(person_id=str(rows[0]["asiakasnro"]), record_id=rows[0].get("suunnitelmanro"))

    async def fetch(self, found: Found) -> Standing:
        """Fetch person, plan and feedback forms in one call, so that they belong together."""
        async with self._http.one_call():
            content, version = await self._stand(found)
        record = content["suunnitelma"].get("suunnitelmanro")
        return Standing(content, record, None if record is None else str(version))

    async def write(
        self, found: Found, content: Native, *, standing: Standing, key: str, licence: Licence
    ) -> Written:
        """Save what differs from *standing*: the person row, the plan, then each feedback form, one request each.

        The message id of a request comes from *key*, the row and the change number it is written against: the same
        intent sent again is answered from Ura's memory and has no second effect.
        """
        async with self._http.one_call():
            version = await self._version_of(found, standing)
            was = standing.content
            record = standing.record_id
            person, plan, forms = version.asiakas, version.suunnitelma, version.palautteet
            if content["asiakas"] != was["asiakas"]:
                row = _person_row(content["asiakas"]) | {"muutosnumero": person}
                person = (await self._save("asiakas", row, key, licence))["muutosnumero"]
            if record is None or content["suunnitelma"] != was["suunnitelma"]:
                row = content["suunnitelma"] | {"asiakasnro": found.person_id, "muutosnumero": plan}
                saved = await self._save("suunnitelma", row, key, licence)
                record, plan = str(saved["suunnitelmanro"]), saved["muutosnumero"]
            read = forms
            for form in _changed_forms(was["palautteet"], content["palautteet"]):
                row = form | {"asiakasnro": found.person_id, "muutosnumero": read}
                forms = (await self._save("palaute", row, key, licence))["muutosnumero"]
        return Written(record, str(Version(person, plan, forms)))

    async def retract(
        self, found: Found, *, standing: Standing, key: str, licence: Licence
    ) -> Literal["voided", "retained"]:
        """Touch nothing: the employment register keeps what it lawfully received."""
        del found, standing, key, licence
        return "retained"

    async def health(self) -> Health:
        """Ask the gateway whether it is there and lets us in."""
        began = time.monotonic()
        try:
            if self._purpose is None:
                msg = "purpose"
                raise Blocked(msg)
            async with self._http.one_call():
                answer = await self._http.send("GET", "/ura/v2/tila")
            _raise_for_gateway(answer, wrote=False)
        except PartnerError as trouble:
            return Health(ok=False, detail=trouble.code)
        return Health(ok=True, milliseconds=(time.monotonic() - began) * 1000)

    async def aclose(self) -> None:
        """Close connections."""
        await self._http.aclose()

    async def _stand(self, found: Found) -> tuple[Native, Version]:
        data = await self._read("suunnitelma/hae", {"asiakasnro": found.person_id})
        try:
            return from_wire(data["asiakas"], data["suunnitelma"], data["palautteet"])
        except CenturyUnknown:
            raise AmbiguousIdentity(1) from None

    async def _version_of(self, found: Found, standing: Standing) -> Version:
        """The change numbers of *standing*; for a plan that does not exist yet they are read again and compared."""
        if standing.version is not None:
            return Version.parse(standing.version)
        content, version = await self._stand(found)
        if content != standing.content:
            msg = "muutosnumero"
            raise ChangedUnderneath(msg)
        return version

    async def _read(self, call: str, asked: Mapping[str, Any]) -> Native:
        return await self._call(call, asked, message=uuid.uuid4(), licence=None)

    async def _save(self, kind: str, row: Native, key: str, licence: Licence) -> Native:
        intent = f"{key}/{kind}/{row.get('viite', '')}/{row['muutosnumero']}"
        return await self._call(
            f"{kind}/tallenna", {kind: row}, message=uuid.uuid5(_MESSAGES, intent), licence=licence
        )

    async def _call(
        self, call: str, asked: Mapping[str, Any], *, message: uuid.UUID, licence: Licence | None
    ) -> Native:
        if self._purpose is None:
            msg = "purpose"
            raise Blocked(msg)
        wrote = licence is not None
        answer = await self._http.send(
            "POST",
            f"/ura/v2/{call}",
            content=orjson.dumps({"ytunnus": self._ytunnus, "kayttotarkoitus": self._purpose, **asked}),
            headers={"content-type": "application/json", "KIPA-MessageId": str(message)},
            licence=licence,
        )
        _raise_for_gateway(answer, wrote=wrote)
        try:
            envelope = Vastaus.model_validate(json_object(answer, wrote=wrote))
        except ValueError:
            raise _unreadable(wrote=wrote) from None
        if envelope.paluukoodi == "E":
            raise _error_of(envelope)
        data: object = envelope.data
        if envelope.paluukoodi not in {"0", "H"} or not isinstance(data, dict):
            raise _unreadable(wrote=wrote)
        return cast("Native", data)


def connect(config: SystemConfig) -> Ura:
    """Make the adapter of one configured system."""
    headers = {"KIPA-Subscription-Key": config.options.get("subscription_key", "")}
    return Ura(config, PartnerHttp.of(config, Manifest.of("tyokyky_adapter_ura"), headers=headers))


def _sign_of(row: Native) -> SplitHetu | None:
    try:
        return SplitHetu.of_row(row)
    except CenturyUnknown:
        return None


def _person_row(person: Native) -> Native:
    try:
        return person_to_wire(person)
    except MalformedNumber:
        raise Refused(
            (Refusal("henkilotunnus", "asiakas.henkilotunnus", "not an identity number"),)
        ) from None


def _changed_forms(was: list[Native], now: list[Native]) -> Iterator[Native]:
    """The forms to post: new ones, corrected ones, and those that were taken away as ``poistettu``."""
    standing = {form.get("viite"): form for form in was}
    for form in now:
        if standing.pop(form.get("viite"), None) != form:
            yield form
    for viite in standing:
        yield {"viite": viite, "poistettu": True}


def _raise_for_gateway(answer: httpx.Response, *, wrote: bool) -> None:
    raise_for_outage(answer, wrote=wrote)
    if answer.status_code in {401, 403}:
        msg = f"http-{answer.status_code}"
        raise Blocked(msg)
    if answer.status_code != 200:
        raise Refused((Refusal(f"http-{answer.status_code}"),))


def _unreadable(*, wrote: bool) -> PartnerError:
    return OutcomeUnknown("malformed-envelope") if wrote else TryLater("malformed-envelope")


def _error_of(envelope: Vastaus) -> PartnerError:
    """Translate ``paluukoodi`` E. Ura's own wording is left out: it may repeat what was sent."""
    numbers = {error.nro for error in envelope.virheet}
    if numbers & _KEEPS_US_OUT:
        return Blocked(f"ura-{min(numbers & _KEEPS_US_OUT)}")
    if _STALE in numbers:
        return ChangedUnderneath(f"ura-{_STALE}")
    if numbers & _UNKNOWN:
        return NotThere(f"ura-{min(numbers & _UNKNOWN)}")
    return Refused(
        tuple(Refusal(f"ura-{error.nro}", error.kentta, error.merkki or "") for error in envelope.virheet)
        or (Refusal("ura-E"),)
    )
