"""What tests and the demo do behind the gateway: seed persons and records, and act as a user of Ura."""

from typing import Any

from tyokyky_adapter_ura.records import SplitHetu
from tyokyky_adapter_ura.simulator.register import Register, Row, form_key
from tyokyky_adapter_ura.simulator.rules import IDENTITY
from tyokyky_bridge.adapterkit.simulation import ControlError, Simulation

_BOOK_KEEPING = frozenset({"asiakasnro", "muutosnumero"})


class Desk:
    """A user of Ura, who is not bound by what the interface refuses."""

    def __init__(self, sim: Simulation, register: Register) -> None:
        self._state = sim.state
        self._register = register

    def seed(self, given: dict[str, Any]) -> dict[str, Any]:
        """Take ``persons`` (hetu, names, language, interpreter; ``legacy`` drops the century sign) and ``records``.

        A record names its person by ``hetu`` or ``asiakasnro`` and carries ``asiakas`` (merged into the person row),
        ``suunnitelma`` and ``palautteet`` in Ura's own fields.
        """
        numbers = [self._seed_person(person) for person in given.get("persons", [])]
        for record in given.get("records", []):
            self._seed_record(record)
        return {"ok": True, "asiakasnrot": numbers}

    def records(self) -> list[dict[str, Any]]:
        """Every person with plan and forms, as they stand."""
        return [
            {
                "asiakas": person,
                "suunnitelma": self._register.plan_of(number),
                "palautteet": self._register.forms_of(number),
            }
            for number, person in self._state.list("asiakas")
            if not person.get("poistettu")
        ]

    def edit(self, given: dict[str, Any]) -> dict[str, Any]:
        """Overwrite ``fields`` of a row, or save a whole ``content``.

        ``{"act": "edit", "suunnitelmanro" | "asiakasnro" | "viite": …, "fields": {…}}``, or
        ``{"act": "edit", "suunnitelmanro" | "asiakasnro" | "hetu": …, "content": {…}}`` in the shape of
        `Standing.content`; the person need not have a plan yet.
        """
        if "content" in given:
            return self._save(self._person_meant(given), given["content"])
        kind, key, row = self._row_meant(given)
        return {"muutosnumero": self._register.force(kind, key, row | given["fields"])["muutosnumero"]}

    def edit_lines(self, given: dict[str, Any]) -> dict[str, Any]:
        """``{"act": "edit_lines", "suunnitelmanro": …, "field": "tavoite", "lines": […]}``: type a text anew."""
        return self.edit(given | {"fields": {given["field"]: given["lines"]}})

    def delete(self, given: dict[str, Any]) -> dict[str, Any]:
        """``{"act": "delete", "suunnitelmanro" | "hetu" | "viite" | "asiakasnro": …}``: leave a tombstone."""
        kind, key, _ = self._row_meant(given)
        return {"muutosnumero": self._register.bury(kind, key)["muutosnumero"]}

    def send_form(self, given: dict[str, Any]) -> dict[str, Any]:
        """``{"act": "send_form", "hetu" | "asiakasnro": …, "form": {…}}``: a feedback form entered in Ura."""
        form = given["form"]
        row = form | {"asiakasnro": self._number(given)}
        if "viite" in form:
            return {"viite": self._register.force("palaute", form_key(row), row)["viite"]}
        return {"viite": self._register.save_form(row)["viite"]}

    def _seed_person(self, person: dict[str, Any]) -> str:
        number = str(person.get("asiakasnro") or f"{self._state.next_number('asiakasnro', start=600001):08}")
        identity = SplitHetu.of(person["hetu"]).fields()
        if person.get("legacy"):
            del identity["vuosisata"]
        row: Row = {
            "asiakasnro": number,
            **identity,
            "sukunimi": str(person.get("family_name", "")).upper(),
            "etunimet": str(person.get("given_names", "")).upper(),
            "kieli": person.get("language", "fi"),
            **(
                {} if person.get("interpreter") is None else {"tulkki": "K" if person["interpreter"] else "E"}
            ),
            **person.get("fields", {}),
        }
        self._register.force("asiakas", number, row)
        return number

    def _seed_record(self, record: dict[str, Any]) -> None:
        number = self._number(record)
        if record.get("asiakas"):
            self._register.force("asiakas", number, self._register.person(number) | record["asiakas"])
        plan = record.get("suunnitelma")
        if plan is not None:
            key = str(plan.get("suunnitelmanro") or self._state.next_number("suunnitelmanro", start=77120))
            whole = {"laji": "TT", **plan, "suunnitelmanro": key, "asiakasnro": number}
            self._register.force("suunnitelma", key, whole)
        for form in record.get("palautteet", []):
            self.send_form({"asiakasnro": number, "form": form})

    def _save(self, number: str, content: dict[str, Any]) -> dict[str, Any]:
        """Person row and forms where they differ, and always the plan: whoever presses "save" makes a version."""
        person = self._register.person(number)
        if "asiakas" in content:
            edited = _person_row(content["asiakas"], person)
            if edited != person:
                self._register.force("asiakas", number, edited)
        if "palautteet" in content:
            self._save_forms(number, content["palautteet"])
        standing = self._register.plan_of(number) or {
            "suunnitelmanro": str(self._state.next_number("suunnitelmanro", start=77120))
        }
        plan = content["suunnitelma"] | {"suunnitelmanro": standing["suunnitelmanro"], "asiakasnro": number}
        saved = self._register.force("suunnitelma", plan["suunnitelmanro"], plan)
        return {name: saved[name] for name in ("asiakasnro", "suunnitelmanro", "muutosnumero")}

    def _save_forms(self, number: str, forms: list[Row]) -> None:
        standing = {form["viite"]: form for form in self._register.forms_of(number)}
        for form in forms:
            was = standing.pop(form.get("viite"), {})
            if form != {name: value for name, value in was.items() if name not in _BOOK_KEEPING}:
                self.send_form({"asiakasnro": number, "form": form})
        for form in standing.values():
            self._register.bury("palaute", form_key(form))

    def _person_meant(self, given: dict[str, Any]) -> str:
        if "suunnitelmanro" in given:
            return self._row_meant(given)[2]["asiakasnro"]
        return self._number(given)

    def _number(self, given: dict[str, Any]) -> str:
        if "asiakasnro" in given:
            return str(given["asiakasnro"])
        split = SplitHetu.of(given["hetu"])
        rows = self._register.persons(split.syntaika, split.loppuosa, split.vuosisata)
        if len(rows) != 1:
            msg = f"the number fits {len(rows)} persons"
            raise ControlError(msg)
        return rows[0]["asiakasnro"]

    def _row_meant(self, given: dict[str, Any]) -> tuple[str, str, Row]:
        for key, form in self._state.list("palaute") if "viite" in given else ():
            if form["viite"] == given["viite"] and given.get("asiakasnro") in (None, form["asiakasnro"]):
                return "palaute", key, form
        for name, kind in (("suunnitelmanro", "suunnitelma"), ("asiakasnro", "asiakas")):
            if name in given:
                row = self._state.get(kind, str(given[name]))
                if row is not None and not row.get("poistettu"):
                    return kind, str(given[name]), row
        if "hetu" in given:
            plan = self._register.plan_of(self._number(given))
            if plan is not None:
                return "suunnitelma", plan["suunnitelmanro"], plan
        msg = "name a row that exists: suunnitelmanro, viite, asiakasnro, or hetu of a person with a plan"
        raise ControlError(msg)


def _person_row(edited: Row, standing: Row) -> Row:
    """A person row as its user left it: the number split again, also when it is another one now."""
    row = {name: value for name, value in edited.items() if name != "henkilotunnus"}
    number = edited.get("henkilotunnus")
    identity = {name: standing[name] for name in IDENTITY if name in standing}
    kept = {name: standing[name] for name in ("asiakasnro", "muutosnumero")}
    return row | (SplitHetu.of(number).fields() if number else identity) | kept
