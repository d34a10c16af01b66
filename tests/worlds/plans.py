"""Plans for tests: a small one to start from, one with every pattern filled, and Hypothesis strategies.

Everything is generated from the compiled schema, so a new field takes part in every law with no change here.
The people are those of the domain report 5.4 and 9: made up, with numbers that the register never gives.
"""

import random
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from tyokyky_bridge.domain.codes import code_list
from tyokyky_bridge.domain.items import FIELDS, Scalar, pattern_of, plan_from_leaves
from tyokyky_bridge.domain.plan import SupportPlan, normalise_text
from tyokyky_bridge.domain.schema import SCHEMA, FieldMeaning, Shape

PARTIES = (
    "lrha-health",
    "lrha-social",
    "meriniemi-employment",
    "kela",
    "typ",
    "satamapaja",
    "jarvialue-health",
)
WORKERS = ("HVIRTA", "KSALMI", "OLINDQ", "MKIVI", "TRANTA", "LHARJU")
SYNTHETIC_HETUS = (
    "120385-921T",
    "120385Y921T",
    "250791Y946S",
    "030278-958K",
    "171268X9339",
    "290204A912S",
    "060602B975N",
    "230599-9878",
)


def _identity(n: int, hetu: str, family: str, given: str, born: date) -> dict[str, Scalar]:
    return {
        "header.plan_id": f"00000000-0000-4000-8000-00000000000{n}",
        "client.client_id": f"10000000-0000-4000-8000-00000000000{n}",
        "client.hetu[h-1].value": hetu,
        "client.hetu[h-1].kind": "official",
        "client.family_name": family,
        "client.given_names": given,
        "client.birth_date": born,
    }


TUULIKKI: Mapping[str, Scalar] = _identity(1, "120385-921T", "Esimerkki", "Tuulikki", date(1985, 3, 12))
PEKKA: Mapping[str, Scalar] = _identity(2, "171268X9339", "Koeajo", "Pekka", date(1968, 12, 17))
LUCJA: Mapping[str, Scalar] = {
    **_identity(3, "250791Y946S", "Przykładowa-Đặng", "Łucja", date(1991, 7, 25)),
    "client.native_language": "pl",
    "client.contact_language": "en",
    "client.interpreter.required": True,
    "client.interpreter.language": "pl",
}
SANNA: Mapping[str, Scalar] = _identity(4, "030278-958K", "Malliviite", "Sanna", date(1978, 2, 3))


def a_plan(*more: Mapping[str, Scalar], client: Mapping[str, Scalar] = TUULIKKI) -> SupportPlan:
    """A small active plan of *client*, coordinated by Helmi at lrha-health, with *more* leaves on top."""
    leaves: dict[str, Scalar] = {
        "header.status": "active",
        "care_team.coordinator.party": "lrha-health",
        "care_team.coordinator.worker.name": "Helmi Virta",
        "care_team.coordinator.worker.user": "HVIRTA",
        **client,
    }
    for each in more:
        leaves.update(each)
    return plan_from_leaves(leaves)


def scenario_1_plan() -> SupportPlan:
    """Tuulikki after the assessment: referral, scores, conclusion, feedback. Source: domain report 9."""
    return a_plan(
        {
            "referrals[r-1].referring_party_type": "employment_trial",
            "referrals[r-1].channel": "referral_letter",
            "referrals[r-1].received_on": date(2026, 2, 2),
            "referrals[r-1].reason": "Työkokeilut ovat keskeytyneet kahdesti.",
            "referrals[r-1].need_cues[fragmented_work_history]": "fragmented_work_history",
            "referrals[r-1].need_cues[interrupted_services]": "interrupted_services",
            "referrals[r-1].need_cues[health_limitation_noted]": "health_limitation_noted",
            "referrals[r-1].need_cues[low_b4]": "low_b4",
            "referrals[r-1].client_willing": True,
            "referrals[r-1].status": "answered",
            "competence.work_history_pattern": "fragmented",
            "employment.labour_market_status": "unemployed_jobseeker",
            "employment.unemployed_since": "2019-04",
            "health.checkup_date": date(2026, 2, 10),
            "health.checkup_status": "done",
            "health.work_limitation_flag": True,
            "health.work_limitation_text": "Ei raskaita nostoja.",
            "health.work_ability_conclusion": "Osa-aikatyö mahdollinen, nostorajoite.",
            "scores[b4-ura].instrument": "kykyviisari_b4",
            "scores[b4-ura].value": Decimal(3),
            "scores[b4-ura].effective_on": date(2026, 2, 2),
            "scores[b4-lifecare].instrument": "kykyviisari_b4",
            "scores[b4-lifecare].value": Decimal(4),
            "scores[b4-lifecare].effective_on": date(2026, 2, 10),
            "scores[bdi].instrument": "bdi_ii",
            "scores[bdi].instrument_version": "II",
            "scores[bdi].value": Decimal(18),
            "scores[bdi].effective_on": date(2026, 2, 10),
            "scores[audit].instrument": "audit",
            "scores[audit].value": Decimal(6),
            "scores[audit].effective_on": date(2026, 2, 10),
            "network.members[n-ura].sector": "employment",
            "network.members[n-ura].organization.party": "meriniemi-employment",
            "network.members[n-ura].role": "personal_coach",
            "network.members[n-ura].period.start": date(2026, 2, 2),
            "goals[g-1].text_client": "Haluan osa-aikatyöhön keväällä.",
            "goals[g-1].status": "active",
            "feedback[f-1].kind": "referral_answer",
            "feedback[f-1].about": "r-1",
            "feedback[f-1].text": "Arvio on tehty, osa-aikatyö on mahdollinen.",
        }
    )


_SENTENCES = (
    'työ kyky ensin että äiti yö åbo Örö École straße niño maçon 3,5kg <b>lihava</b> &amp; "lainaus"'
    " 'heitto' a|b ; = # [x] {y} ~ \\ / 100% 2+2 #KV-B4=3 12.3.2026 -- ... Asiakas haluaa osa-aikatyöhön"
    " keväällä, kun selkä kestää istumista"
)
_LATIN = _SENTENCES.split(" ")
"""Words that every partner's character set can carry: the common part of ISO-8859-1 and ISO-8859-15."""

_WILD = [
    "Łucja",
    "Đặng",
    "🙂",
    "👩\u200d⚕️",
    "Жизнь",
    "مرحبا",
    "日本",
    "éclair",
    "Ångström",
    "ﬁ",
    "Ω",
    "ẞ",
    "☃",
    "𝒳",
    "š",
    "ž",
    "€",
    "‰",
    "\xa0x",
]


def _words(rng: random.Random, count: int, *, wild: bool) -> str:
    pool = [*_LATIN, *_WILD] if wild else _LATIN
    return " ".join(rng.choice(pool) for _ in range(count))


def _line(rng: random.Random, *, wild: bool) -> str:
    text = normalise_text(_words(rng, rng.randint(1, 4), wild=wild) or "x").strip()
    return text[:60].strip() or "x"


def _text(rng: random.Random, *, wild: bool) -> str:
    kind = rng.randrange(12)
    if kind < 6:
        return normalise_text(_words(rng, rng.randint(1, 8), wild=wild) or "x")
    lines = [_words(rng, rng.randint(0, 7), wild=wild) for _ in range(rng.randint(1, 4))]
    if kind == 10:
        lines.append("x" * rng.randint(60, 160))
    elif kind == 11:
        lines.append(" " * rng.randint(1, 3) + _words(rng, 40, wild=wild))
    try:
        return normalise_text("\n".join(lines))
    except ValueError:
        return "x"


def _code(meaning: FieldMeaning, rng: random.Random) -> str:
    codes = sorted(code_list(meaning.codes or "").codes - {"anonymous"})
    return rng.choice(codes)


def value_for(pattern: str, rng: random.Random, *, wild: bool = False) -> Scalar:  # noqa: PLR0912  one case per kind
    """An arbitrary valid value of *pattern*; cross-field rules are the caller's business."""
    meaning = FIELDS[pattern]
    day = date(2019, 1, 1) + timedelta(days=rng.randrange(3000))
    match meaning.kind:
        case "code":
            return _code(meaning, rng)
        case "text":
            return _text(rng, wild=wild)
        case "str":
            return _line(rng, wild=wild)
        case "date":
            return day
        case "datetime":
            moment = datetime(day.year, day.month, day.day, rng.randrange(24), rng.randrange(60), tzinfo=UTC)
            return moment + timedelta(microseconds=rng.randrange(10**9)) if wild else moment
        case "int":
            return rng.randrange(11)
        case "decimal":
            return Decimal(rng.randrange(11))
        case "bool":
            return rng.random() < 0.5
        case "partial_date":
            return day.isoformat()[: rng.choice((4, 7, 10))]
        case "uuid":
            return str(uuid.UUID(int=rng.getrandbits(128), version=4))
        case "ref":
            return f"e-{rng.randrange(4)}"
        case "party":
            return rng.choice(PARTIES)
        case "language":
            return rng.choice(("fi", "sv", "en", "ar", "so", "ckb"))
        case "municipality":
            return rng.choice(("049", "853", "837"))
        case "icd10":
            return rng.choice(("M54.5", "F32.1", "E11"))
        case "occupation":
            return rng.choice(("5223", "91121"))
        case "oid":
            return f"1.2.246.10.90000011.{rng.randrange(1, 999)}"
        case "sha256":
            return f"{rng.getrandbits(256):064x}"
        case "mime":
            return "application/pdf"
        case "path":
            return rng.choice(
                ("health.work_ability_conclusion", "goals[e-0].text_client", "health.substance_use")
            )
        case other:
            raise AssertionError(other)


def _grow(
    shape: Shape, prefix: str, rng: random.Random, density: float, elements: int, *, wild: bool
) -> Iterator[tuple[str, Scalar]]:
    for field in shape:
        at = prefix + field.name
        if field.form == "leaf":
            if rng.random() < density:
                yield at, value_for(pattern_of(at), rng, wild=wild)
        elif field.form == "part":
            yield from _grow(field.shape, f"{at}.", rng, density, elements, wild=wild)
        elif field.form == "set":
            for _ in range(rng.randint(0, elements)):
                member = value_for(pattern_of(at) + "[]", rng)
                yield f"{at}[{member}]", member
        else:
            for n in range(rng.randint(0, elements)):
                yield from _grow(field.shape, f"{at}[e-{n}].", rng, density, elements, wild=wild)


def _made_valid(leaves: dict[str, Scalar], rng: random.Random) -> dict[str, Scalar]:
    """Bring leaves that were drawn one by one under the few rules that join fields."""
    for path in [p for p in leaves if p.startswith("client.hetu[")]:
        del leaves[path]
    leaves["client.hetu[h-1].value"] = rng.choice(SYNTHETIC_HETUS)
    leaves["client.hetu[h-1].kind"] = "official"
    leaves.setdefault("header.plan_id", str(uuid.UUID(int=rng.getrandbits(128), version=4)))
    leaves.setdefault("header.status", "active")
    leaves.setdefault("client.client_id", str(uuid.UUID(int=rng.getrandbits(128), version=4)))
    leaves.setdefault("client.family_name", "Esimerkki")
    leaves.setdefault("client.given_names", "Tuulikki")
    leaves.setdefault("client.birth_date", date(1985, 3, 12))
    leaves.setdefault("care_team.coordinator.party", "lrha-health")
    for path in [p for p in leaves if p.startswith("scores[") and p.endswith("].value")]:
        instrument = leaves.get(path.removesuffix("value") + "instrument")
        if instrument is not None and code_list("CL-36").value(str(instrument), "maximum") is None:
            del leaves[path]
    return leaves


def random_leaves(
    rng: random.Random,
    *,
    sections: frozenset[str] | None = None,
    density: float = 0.5,
    elements: int = 2,
    wild: bool = False,
) -> dict[str, Scalar]:
    """The leaves of a valid plan with some of *sections* (all by default)."""
    shape = tuple(f for f in SCHEMA.shape if sections is None or f.name in sections)
    return _made_valid(dict(_grow(shape, "", rng, density, elements, wild=wild)), rng)


SECTIONS = tuple(field.name for field in SCHEMA.shape)


@st.composite
def plans(draw: st.DrawFn, *, rich: bool = False, wild: bool = False) -> SupportPlan:
    """Valid plans. *rich* ones have every section; *wild* ones use all of Unicode instead of Latin-1.

    Which sections there are and how full they are is drawn, so failures shrink to few sections; the values
    come from a seeded generator, so that a plan costs milliseconds.
    """
    sections = frozenset(SECTIONS) if rich else draw(st.frozensets(st.sampled_from(SECTIONS)))
    density = draw(st.sampled_from((0.6, 0.9) if rich else (0.1, 0.4, 0.8)))
    elements = draw(st.integers(1, 3) if rich else st.integers(0, 2))
    rng = random.Random(draw(st.integers(0, 2**32)))
    return plan_from_leaves(
        random_leaves(rng, sections=sections, density=density, elements=elements, wild=wild)
    )


def rich_plan() -> SupportPlan:
    """One deterministic plan in which every pattern of the schema is filled at least once."""
    rng = random.Random(20260202)
    leaves: dict[str, Scalar] = {}
    for pattern in FIELDS:
        if pattern.endswith("[]"):
            for _ in range(3):
                member = value_for(pattern, rng)
                leaves[f"{pattern[:-2].replace('[]', '[e-1]')}[{member}]"] = member
        else:
            for element in ("e-1", "e-2") if "[]" in pattern else ("",):
                leaves[pattern.replace("[]", f"[{element}]")] = value_for(pattern, rng)
    leaves["header.status"] = "active"
    for n in (1, 2):
        leaves[f"client.hetu[e-{n}].value"] = SYNTHETIC_HETUS[n - 1]
        leaves[f"client.hetu[e-{n}].kind"] = ("official", "former")[n - 1]
        leaves[f"scores[e-{n}].instrument"] = ("kykyviisari_b4", "bdi_ii")[n - 1]
        leaves[f"scores[e-{n}].value"] = Decimal((4, 18)[n - 1])
    return plan_from_leaves(leaves)
