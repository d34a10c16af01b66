"""What a drill left behind: acknowledged writes, order at the partners by their own journals, and the records."""

import re
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from drill.clerks import GOAL, Case, Clerks
from drill.site import Site
from tyokyky_bridge.adapterkit.testing_process import Entry
from tyokyky_bridge.domain.items import leaves_from_json
from worlds.casework import Casework
from worlds.parties import EMPLOYMENT
from worlds.partner_records import lenses, read_items, standing
from worlds.two_way import read_hub

MARK = re.compile(rb"Askel(\d{3})x(\d{5})x")
SETTLE_MOST_S = 120.0
SETTLED_WITHIN_S = 5.0


@dataclass
class Verdict:
    """The figures of one drill."""

    lost: list[str] = field(default_factory=list[str])
    twice: list[str] = field(default_factory=list[str])
    diverging: list[str] = field(default_factory=list[str])
    applied: Counter[str] = field(default_factory=Counter[str])
    """Steps found in each partner's journal: without any, there would be no order to judge."""
    settled_s: float = float("inf")


def settle(site: Site, clerks: Clerks) -> tuple[float, Counter[str]]:
    """Seconds until nothing is due or in hand any more, and what was left when that took too long.

    Worker after worker was killed, at times with the same link in hand: an operator lifts what was parked for that.
    """
    began = time.monotonic()
    late: Counter[str] = Counter()
    while (took_s := time.monotonic() - began) < SETTLE_MOST_S:
        systems = _lines(site)
        quiet = systems is not None and all(row["due"] == row["leased"] == 0 for row in systems)
        if quiet and not _redrive_poison(site):
            return took_s, late
        if systems is not None and took_s > SETTLED_WITHIN_S and not late:
            late = links_left(site, clerks.cases)
            late.update(f"{row['system']} {row['state']}" for row in systems if row["state"] != "open")
        time.sleep(0.05)
    return float("inf"), links_left(site, clerks.cases)


def _redrive_poison(site: Site) -> int:
    claims = {"party": "lrha-health", "role": "operations", "body": {"reason": "poison"}}
    try:
        answer = site.stage.call("POST", "/v1/sync/parked/redrive", **claims)
    except httpx.TransportError:
        return 0
    redriven = answer.json()["redriven"] if answer.status_code == 200 else 0
    if redriven:
        print(f"  an operator redrives {redriven} link(s) that five workers in a row were killed with")
    return redriven


def _lines(site: Site) -> list[dict[str, Any]] | None:
    """What the hub tells of each system; ``None`` while it does not answer."""
    try:
        answer = site.stage.http.get("/health", timeout=2)
    except httpx.TransportError:
        return None
    return answer.json()["systems"] if answer.status_code == 200 else None


def judge(site: Site, clerks: Clerks, settled_s: float) -> Verdict:
    """Look at the hub's plans, the partners' journals and the partners' records."""
    verdict = Verdict(settled_s=settled_s)
    _judge_writes(site, clerks, verdict)
    for system, simulator in site.stage.simulators.items():
        journal = simulator.journal()
        verdict.twice += out_of_order(system, journal)
        verdict.applied[system] = sum(1 for e in journal if e.effects and MARK.search(e.body))
        if verdict.applied[system] < len(clerks.cases):
            verdict.diverging.append(f"{system}: only {verdict.applied[system]} steps in its journal")
    _judge_records(site, clerks, verdict)
    return verdict


def _judge_writes(site: Site, clerks: Clerks, verdict: Verdict) -> None:
    """Every acknowledged write stands, and each was made once."""
    for case in clerks.cases:
        plan = UUID(case.plan_id)
        latest, history = read_hub(
            site.stage, lambda tx, plan=plan: (tx.plans.latest(plan), tx.plans.history(plan))
        )
        said = latest.leaves.get(GOAL) if latest is not None else None
        made = sum(1 for revision in history if revision.cause == "api")
        if said != case.text(case.step):
            verdict.lost.append(f"plan {case.number}: step {case.step} acknowledged, {said!r} stands")
        if made != case.step + 1:
            verdict.twice.append(f"plan {case.number}: {made} revisions for {case.step + 1} writes")
        if latest is not None:
            clerks.leaves[case.who.hetu] = leaves_from_json(latest.leaves)


def out_of_order(system: str, journal: list[Entry]) -> list[str]:
    """By a partner's journal: steps that took effect a second time, or after a later one, in the same subject."""
    seen: dict[tuple[str, str], int] = defaultdict(lambda: -1)
    found: list[str] = []
    for entry in journal:
        marks = {(m[1].decode(), int(m[2])) for m in MARK.finditer(entry.body)}
        subjects = {_subject(effect) for effect in entry.effects}
        for number, step in marks:
            for subject in subjects:
                if step <= seen[number, subject]:
                    word = "twice" if step == seen[number, subject] else "late"
                    found.append(f"{system}: plan {number} step {step} {word} in {subject} at {entry.at}")
                seen[number, subject] = max(step, seen[number, subject])
    return found


def _subject(effect: str) -> str:
    return re.sub(r" (v\d+( \w+)?|muutosnumero \d+)$", "", effect)


def _judge_records(site: Site, clerks: Clerks, verdict: Verdict) -> None:
    """Every partner's record holds the image of what it may have of the plan, and every link is in step."""
    work = Casework(site.stage, party=EMPLOYMENT)
    verdict.diverging += [f"{count} links {what}" for what, count in links_left(site, clerks.cases).items()]
    for system, lens in lenses().items():
        permitted = {
            path
            for path, item in work.trace(clerks.cases[0].plan_id, system).items()
            if item["outcome"] == "PERMIT"
        }
        records = standing(system, site.stage.simulators[system])
        for case in clerks.cases:
            view = {p: v for p, v in clerks.leaves[case.who.hetu].items() if p in permitted}
            image = lens.put_leaves({}, view).expected
            held = read_items(lens, records.get(case.who.hetu, {}))
            wrong = sorted(path for path in image if held.get(path) != image[path])
            if wrong:
                verdict.diverging.append(
                    f"{system}: plan {case.number} at step {case.step}: {_tell(wrong, held)}"
                )


def _tell(wrong: list[str], held: dict[str, object]) -> str:
    return ", ".join(f"{path} is {held.get(path)!r}" for path in wrong[:3])


def links_left(site: Site, cases: list[Case]) -> Counter[str]:
    """States and reasons of links that did not settle, for whoever looks for the cause."""
    work = Casework(site.stage, party=EMPLOYMENT)
    found: Counter[str] = Counter()
    for case in cases:
        for system, link in work.links(case.plan_id).items():
            if link["state"] != "in_sync":
                found[f"{system} {link['state']} {link.get('last_error')}"] += 1
    return found
