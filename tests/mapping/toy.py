"""A small mapping that uses every part of the grammar, for the lens's own tests. The partner is invented."""

from typing import Any

from tyokyky_bridge.domain.codes import code_list
from tyokyky_bridge.mapping.catalogue import read_spec
from tyokyky_bridge.mapping.codes import CodeMap, code_map
from tyokyky_bridge.mapping.lens import Lens

PLAN_YAML = r"""
system: toy
version: 1
record: suunnitelma
fields:
  - {id: conclusion, plan: health.work_ability_conclusion, native: "osiot[osio=terveys].tiedot.johtopaatos", max: 60}
  - {id: flag, plan: health.work_limitation_flag, native: rajoite, codec: bool-text}
  - {id: status, plan: header.status, native: tila, codes: status, loss: "under_revision is written as voimassa"}
  - {id: review, plan: follow_up.next_on, native: tarkistus, codec: date-int}
sets:
  - {id: licence, plan: competence.driving_licence, native: ajokortit, codes: licence}
lists:
  - id: b4
    plan: scores
    only: {instrument: [kykyviisari_b4]}
    native: mittaukset
    native_only: {koodi: [KV-B4]}
    create: {yksikko: p}
    key: {native: tunniste}
    fields:
      - {id: b4-value, plan: value, native: arvo, codec: int-text}
      - {id: b4-on, plan: effective_on, native: pvm, codec: date-fi}
  - id: bdi
    plan: scores
    only: {instrument: [bdi_ii]}
    native: mittaukset
    native_only: {koodi: [BDI-II]}
    key: {native: tunniste}
    fields:
      - {id: bdi-value, plan: value, native: arvo, codec: int-text}
  - id: services
    plan: services
    native: palvelut.rivit
    key: {native: tunniste}
    fields:
      - {id: service-type, plan: type, native: laji, codes: service, required: true}
      - {id: service-start, plan: planned_period.start, native: alku, codec: date-int}
      - {id: service-end, plan: planned_period.end, native: loppu, codec: date-int-open}
  - id: meetings
    plan: meetings
    native: tapaamiset
    key: {native: tunniste}
    fields:
      - {id: meeting-place, plan: place, native: paikka}
    lists:
      - id: participants
        plan: participants
        native: osallistujat
        key: {native: tunniste}
        fields:
          - {id: participant, plan: who.name, native: nimi}
          - {id: attended, plan: attended, native: lasna, codec: bool}
blocks:
  - id: social
    native: "otsikot[otsikko=SOS].teksti"
    form: {newline: "\r\n", max: 2000}
    rows:
      - {id: housing, plan: social.housing.code, label: Asuminen, codes: housing}
      - {id: rhythm, plan: social.daily_rhythm, label: Päivärytmi}
      - {id: cue, plan: "referrals[].need_cues[]", label: "Heräte {id}"}
  - id: note
    native: tavoite
    form: {lines: {count: 20, width: 40}}
    rows:
      - {id: goal-text, plan: "goals[].text_client", label: "Tavoite {id}"}
      - {id: agreed, plan: "meetings[].agreements[].text", label: "Sovittu {id}/{id}"}
      - id: b4-tag
        plan: "scores[]"
        only: {instrument: [work_ability_score]}
        template: "#WAS={value} {effective_on} {id}"
        fields: {value: {codec: int}, effective_on: {codec: date-fi}}
        born: "was-{effective_on}"
        position: top
never:
  - {plan: health.substance_use, why: "the toy may not hold it"}
"""


def table(name: str, pairs: dict[str, str | None], back: dict[str, str | None] | None = None) -> CodeMap:
    """A ConceptMap from pairs; ``None`` is unmatched. *back* makes the second group."""

    def group(source: str, target: str, said: dict[str, str | None]) -> dict[str, Any]:
        return {
            "source": source,
            "target": target,
            "element": [
                {
                    "code": code,
                    "target": [
                        {"equivalence": "unmatched"}
                        if to is None
                        else {"code": to, "equivalence": "equivalent"}
                    ],
                }
                for code, to in said.items()
            ],
        }

    groups = [group("urn:canonical", "urn:toy", pairs)]
    if back is not None:
        groups.append(group("urn:toy", "urn:canonical", back))
    return code_map(name, {"resourceType": "ConceptMap", "group": groups})


def _codes(list_id: str) -> list[str]:
    return sorted(code_list(list_id).codes)


TABLES = {
    "status": table(
        "status",
        {
            "draft": "luonnos",
            "active": "voimassa",
            "under_revision": "voimassa",
            "closed": "paattynyt",
            "cancelled": None,
            "superseded": None,
        },
        {"luonnos": "draft", "voimassa": "active", "paattynyt": "closed", "arkisto": None},
    ),
    "licence": table("licence", {code: f"aj-{code}" for code in _codes("CL-07")} | {"A1": None}),
    "service": table("service", {code: code.upper() for code in _codes("CL-11")} | {"other": None}),
    "housing": table("housing", {code: f"Asumismuoto {code}" for code in _codes("CL-18")}),
}


def toy_lens() -> Lens:
    """The toy mapping, compiled."""
    return Lens(read_spec(PLAN_YAML), maps=TABLES)
