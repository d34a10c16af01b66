"""The adapter of Ura: split identity, envelopes, change numbers, and one message id for each intended effect."""

import time
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypeVar

import orjson
from pydantic import BaseModel

from tyokyky_adapter_ura import answers
from tyokyky_adapter_ura.answers import data_of, raise_for_gateway, unreadable
from tyokyky_adapter_ura.feed import OVERLAP, PAGE, Cursor, Page, hints_of
from tyokyky_adapter_ura.records import (
    CenturyUnknown,
    MalformedNumber,
    SplitHetu,
    Version,
    changed_forms,
    from_wire,
    person_to_wire,
    sign_of,
)
from tyokyky_bridge.adapterkit.contract import (
    Changes,
    Found,
    Health,
    Licence,
    Native,
    Notice,
    Standing,
    SystemConfig,
    Written,
)
from tyokyky_bridge.adapterkit.errors import (
    AmbiguousIdentity,
    Blocked,
    ChangedUnderneath,
    NotAuthentic,
    NotThere,
    PartnerError,
    Refusal,
    Refused,
)
from tyokyky_bridge.adapterkit.http import PartnerHttp
from tyokyky_bridge.adapterkit.manifest import Manifest

PURPOSES = {"work_ability_support": "01", "typ": "02"}
"""The hub's purposes that are statutory in Ura. For any other nothing is asked. Source: domain report 8.4."""

_MESSAGES = uuid.UUID("6f0a4f0e-2f8c-5e0b-9a52-4d0b5f6f7a31")
_Data = TypeVar("_Data", bound=BaseModel)


class Ura:
    """One Ura behind its gateway (`tyokyky_bridge.adapterkit.contract.Adapter`).

    Options of the system: ``subscription_key``, ``ytunnus`` (ours, as it was admitted), ``purpose`` (a purpose of
    the hub, default ``work_ability_support``) and ``feed_overlap`` (numbers that a row of the feed may come late).
    """

    def __init__(self, config: SystemConfig, http: PartnerHttp) -> None:
        self._http = http
        self._ytunnus = config.options.get("ytunnus", "")
        self._overlap = int(config.options.get("feed_overlap", OVERLAP))
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
            rows = (await self._read("asiakas/hae", split.fields(), answers.Hits)).asiakkaat
        if not rows:
            msg = "no person with this number"
            raise NotThere(msg)
        if len(rows) > 1 or sign_of(rows[0].model_dump()) != split:
            raise AmbiguousIdentity(len(rows))
        return Found(person_id=rows[0].asiakasnro, record_id=rows[0].suunnitelmanro)

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
                person = (await self._save("asiakas", row, answers.Saved, key, licence)).muutosnumero
            if record is None or content["suunnitelma"] != was["suunnitelma"]:
                row = content["suunnitelma"] | {"asiakasnro": found.person_id, "muutosnumero": plan}
                saved = await self._save("suunnitelma", row, answers.SavedPlan, key, licence)
                record, plan = saved.suunnitelmanro, saved.muutosnumero
            read = forms
            for form in changed_forms(was["palautteet"], content["palautteet"]):
                row = form | {"asiakasnro": found.person_id, "muutosnumero": read}
                forms = (await self._save("palaute", row, answers.Saved, key, licence)).muutosnumero
        return Written(record, str(Version(person, plan, forms)))

    async def retract(
        self, found: Found, *, standing: Standing, key: str, licence: Licence
    ) -> Literal["voided", "retained"]:
        """Touch nothing: the employment register keeps what it lawfully received."""
        del found, standing, key, licence
        return "retained"

    async def changes(self, cursor: str | None) -> Changes:
        """Ask for the rows after the cursor, one page; see `feed` for what the cursor is.

        A cursor that is not ours, or that knows a newer number than Ura does (Ura was set back), is lost.
        """
        start = None if cursor is None else Cursor.parse(cursor)
        async with self._http.one_call():
            asked = {"edellinen": start.at, "max": PAGE} if start is not None else {"edellinen": 0, "max": 1}
            page = await self._read("muutokset/hae", asked, Page)
        if start is None or start.newest > page.viimeisin:
            fresh = Cursor.start(page.viimeisin, overlap=self._overlap)
            return Changes((), str(fresh), lost=cursor is not None)
        numbers = [row.muutosnumero for row in page.muutokset]
        onward = start.after(numbers, newest=page.viimeisin, more=page.lisaa, overlap=self._overlap)
        if onward is None:
            raise unreadable(wrote=False)
        return Changes(hints_of(page.muutokset), str(onward), more=page.lisaa)

    def read_notice(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Notice:
        """Ura sends no messages, so that one in its name is false. Raises: NotAuthentic."""
        del headers, body, now
        raise NotAuthentic(rule="ura sends no messages")

    def matches(self, version: str, told: str) -> bool:
        """See `Adapter.matches`."""
        return told in Version.parse(version).rows

    async def number_of(self, person_id: str) -> str | None:
        """The number put together again; ``None`` on a legacy row without the century sign."""
        async with self._http.one_call():
            whole = await self._read("suunnitelma/hae", {"asiakasnro": person_id}, answers.Whole)
        sign = sign_of(whole.asiakas)
        return None if sign is None else sign.joined

    async def health(self) -> Health:
        """Ask the gateway whether it is there and lets us in."""
        began = time.monotonic()
        try:
            if self._purpose is None:
                msg = "purpose"
                raise Blocked(msg)
            async with self._http.one_call():
                answer = await self._http.send("GET", "/ura/v2/tila")
            raise_for_gateway(answer, wrote=False)
        except PartnerError as trouble:
            return Health(ok=False, detail=trouble.code)
        return Health(ok=True, milliseconds=(time.monotonic() - began) * 1000)

    async def aclose(self) -> None:
        """Close connections."""
        await self._http.aclose()

    async def _stand(self, found: Found) -> tuple[Native, Version]:
        whole = await self._read("suunnitelma/hae", {"asiakasnro": found.person_id}, answers.Whole)
        plan = None if whole.suunnitelma is None else whole.suunnitelma.model_dump()
        try:
            return from_wire(
                whole.asiakas, plan, whole.palautteet, newest_form=whole.palautteet_muutosnumero or 0
            )
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

    async def _read(self, call: str, asked: Mapping[str, Any], shape: type[_Data]) -> _Data:
        return await self._call(call, asked, shape, message=uuid.uuid4(), licence=None)

    async def _save(self, kind: str, row: Native, shape: type[_Data], key: str, licence: Licence) -> _Data:
        intent = f"{key}/{kind}/{row.get('viite', '')}/{row['muutosnumero']}"
        message = uuid.uuid5(_MESSAGES, intent)
        return await self._call(f"{kind}/tallenna", {kind: row}, shape, message=message, licence=licence)

    async def _call(
        self,
        call: str,
        asked: Mapping[str, Any],
        shape: type[_Data],
        *,
        message: uuid.UUID,
        licence: Licence | None,
    ) -> _Data:
        if self._purpose is None:
            msg = "purpose"
            raise Blocked(msg)
        answer = await self._http.send(
            "POST",
            f"/ura/v2/{call}",
            content=orjson.dumps({"ytunnus": self._ytunnus, "kayttotarkoitus": self._purpose, **asked}),
            headers={"content-type": "application/json", "KIPA-MessageId": str(message)},
            licence=licence,
        )
        return data_of(answer, shape, wrote=licence is not None)


def connect(config: SystemConfig) -> Ura:
    """Make the adapter of one configured system."""
    headers = {"KIPA-Subscription-Key": config.options.get("subscription_key", "")}
    return Ura(config, PartnerHttp.of(config, Manifest.of("tyokyky_adapter_ura"), headers=headers))


def _person_row(person: Native) -> Native:
    try:
        return person_to_wire(person)
    except MalformedNumber:
        raise Refused(
            (Refusal("henkilotunnus", "asiakas.henkilotunnus", "not an identity number"),)
        ) from None
