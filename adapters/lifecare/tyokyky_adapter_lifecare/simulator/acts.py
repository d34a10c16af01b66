"""What workers of the pretended health centre do to records: the acts of the control surface."""

from collections.abc import Callable
from typing import Any

from tyokyky_adapter_lifecare.records import KIND, document_of
from tyokyky_adapter_lifecare.simulator.announcer import Announcer
from tyokyky_adapter_lifecare.simulator.archive import DRAFT, SIGNED, VOIDED, Archive, shown
from tyokyky_adapter_lifecare.simulator.identity import PatientOffice
from tyokyky_adapter_lifecare.simulator.people import Act, Users
from tyokyky_adapter_lifecare.simulator.rules import LifecareFault
from tyokyky_bridge.adapterkit.simulation import ControlError, Outbox

USER_REF = "käyttäjä"


class Ward:
    """The acts on documents and patients. ``sign: false`` leaves an edit as an open draft; *by* is a mnemonic."""

    def __init__(self, archive: Archive, users: Users, announcer: Announcer) -> None:
        self._archive = archive
        self._users = users
        self._announcer = announcer

    def sign(self, given: dict[str, Any]) -> dict[str, Any]:
        """Sign the open draft."""
        return shown(self._archive.sign(self._document(given), by=self._author(given)))

    def edit(self, given: dict[str, Any]) -> dict[str, Any]:
        """Save a whole *content*, shaped like `Standing.content`, of a *document* or of the plan of a *hetu*.

        A person without a document gets one. A person block that differs is saved too.
        """
        content = given["content"]
        patient_id, document_id = self._meant(given)
        if "potilas" in content:
            self._save_person(patient_id, content["potilas"])
        if document_id is None:
            return self._create(given, patient_id, document_of(content))
        return self._save(given, document_id, document_of(content))

    def edit_heading(self, given: dict[str, Any]) -> dict[str, Any]:
        """Put *teksti* under one *otsikko*."""
        content = self._current(given)
        heading = next(h for h in content["otsikot"] if h["otsikko"] == given["otsikko"])
        heading["teksti"] = given["teksti"]
        return self._save(given, self._document(given), content)

    def add_measurement(self, given: dict[str, Any]) -> dict[str, Any]:
        """Type a measurement in."""
        content = self._current(given)
        measure = {k: given[k] for k in ("koodi", "arvo", "pvm", "lahde", "tunniste") if k in given}
        content["mittaukset"].append({"yksikko": "p", **measure})
        return self._save(given, self._document(given), content)

    def edit_fields(self, given: dict[str, Any]) -> dict[str, Any]:
        """Set any *fields* of the content."""
        return self._save(given, self._document(given), {**self._current(given), **given["fields"]})

    def edit_patient(self, given: dict[str, Any]) -> dict[str, Any]:
        """Set any *fields* of a patient, except identity numbers."""
        standing = self._archive.patient(given["potilasId"])
        return self._save_person(given["potilasId"], {**standing, **given["fields"]})

    def create(self, given: dict[str, Any]) -> dict[str, Any]:
        """Make a document of *fields* for patient *potilasId*."""
        return self._create(given, given["potilasId"], {"laji": KIND, **given.get("fields", {})})

    def void(self, given: dict[str, Any]) -> dict[str, Any]:
        """Void a *document*, or the plan of a *hetu*, on behalf of whoever made it."""
        shelf = self._archive.shelf(self._document(given))
        owner = {"tunnus": shelf["luoja"], "nimi": "-"}
        expected = str(shelf["versiot"][-1]["versio"])
        return shown(self._archive.void(shelf["asiakirjaId"], by=owner, expected=expected, ref=VOIDED))

    def _meant(self, given: dict[str, Any]) -> tuple[str, str | None]:
        """Patient and open plan, named by ``document`` (or ``asiakirjaId``) or else by ``hetu``."""
        document_id = given.get("document", given.get("asiakirjaId"))
        if document_id is not None:
            return self._archive.shelf(document_id)["potilasId"], document_id
        patient_id = self._archive.patient_by_hetu(given["hetu"])
        open_plans = self._archive.find(patient_id)
        return patient_id, open_plans[0]["asiakirjaId"] if open_plans else None

    def _document(self, given: dict[str, Any]) -> str:
        document_id = self._meant(given)[1]
        if document_id is None:
            raise LifecareFault(404, "LC-2005")
        return document_id

    def _author(self, given: dict[str, Any]) -> dict[str, Any]:
        return self._users.get(given.get("by", "HVIRTA"))

    def _current(self, given: dict[str, Any]) -> dict[str, Any]:
        return self._archive.shelf(self._document(given))["versiot"][-1]["sisalto"]

    def _state(self, given: dict[str, Any]) -> str:
        return SIGNED if given.get("sign", True) else DRAFT

    def _save(self, given: dict[str, Any], document_id: str, content: dict[str, Any]) -> dict[str, Any]:
        last = self._archive.shelf(document_id)["versiot"][-1]["versio"]
        author, state = self._author(given), self._state(given)
        return shown(
            self._archive.change(
                document_id, content, by=author, expected=str(last), ref=USER_REF, state=state
            )
        )

    def _create(self, given: dict[str, Any], patient_id: str, content: dict[str, Any]) -> dict[str, Any]:
        ref = f"{USER_REF}-{self._archive.new_id()}"
        author, state = self._author(given), self._state(given)
        return shown(self._archive.create(patient_id, content, by=author, ref=ref, state=state)[0])

    def _save_person(self, patient_id: str, person: dict[str, Any]) -> dict[str, Any]:
        standing = self._archive.patient(patient_id)
        book_keeping = {name: standing[name] for name in ("potilasId", "versio", "viite") if name in standing}
        if {**person, **book_keeping} == standing:
            return standing
        expected = str(standing["versio"])
        changed = self._archive.change_patient(patient_id, person, expected=expected, ref=USER_REF)
        self._announcer.details_changed(changed)
        return changed


def acts(ward: Ward, office: PatientOffice, outbox: Outbox, *, secret: str) -> dict[str, Act]:
    """``/__sim/act``: what people do, and where messages about it go. *secret* is that of a subscription by default."""

    def change_hetu(given: dict[str, Any]) -> dict[str, Any]:
        return {"potilasId": office.change_number(given["from"], given["to"])["potilasId"]}

    def merge(given: dict[str, Any]) -> dict[str, Any]:
        return {"potilasId": office.merge(given["lose"], given["keep"])["potilasId"]}

    def subscribe(given: dict[str, Any]) -> dict[str, Any]:
        both = [given.get("secret", secret), given.get("secret_next")]
        outbox.subscribe(given["url"], [str(one) for one in both if one])
        return outbox.standing()

    def rearm(_given: dict[str, Any]) -> dict[str, Any]:
        outbox.rearm()
        return outbox.standing()

    def subscription(_given: dict[str, Any]) -> dict[str, Any]:
        return outbox.standing()

    named: dict[str, Act] = {
        "sign": ward.sign,
        "edit": ward.edit,
        "edit_heading": ward.edit_heading,
        "add_measurement": ward.add_measurement,
        "edit_fields": ward.edit_fields,
        "edit_patient": ward.edit_patient,
        "create": ward.create,
        "void": ward.void,
        "change_hetu": change_hetu,
        "merge": merge,
        "subscribe": subscribe,
        "rearm": rearm,
        "subscription": subscription,
    }
    return {name: _controlled(act) for name, act in named.items()}


def _controlled(act: Callable[[dict[str, Any]], Any]) -> Act:
    def careful(given: dict[str, Any]) -> Any:
        try:
            return act(given)
        except LifecareFault as fault:
            raise ControlError(fault.code) from fault

    return careful
