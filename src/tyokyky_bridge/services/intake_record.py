"""What became of a partner's edit, on record: an intake decision without values, the audit, and who has to be told."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from tyokyky_bridge.domain.authority import AUTHORITY_VERSION
from tyokyky_bridge.domain.merge import Merged, Verdict
from tyokyky_bridge.mapping.lens import Reading
from tyokyky_bridge.services.bridge import Partner
from tyokyky_bridge.services.ports import Tx
from tyokyky_bridge.services.records import AuditEntry, LinkRow
from tyokyky_bridge.services.sync_records import IntakeRow

_OURS = frozenset({Verdict.PUSH, Verdict.HIDDEN})


def intake_items(
    merged: Merged, refused: Mapping[str, str], invalid: Collection[str], reading: Reading
) -> tuple[dict[str, Any], ...]:
    """One entry for each item that came in, without values; what only we changed is no concern of an intake."""
    states: dict[str, str] = {p: e.verdict.value for p, e in merged.found.items() if e.verdict not in _OURS}
    states |= {**refused, **dict.fromkeys(invalid, "invalid")}
    noted = {note.path for note in reading.notes}
    entries: list[dict[str, Any]] = [
        {"path": p, "state": states[p]} for p in sorted(states) if p not in noted
    ]
    entries += [{"path": n.path, "state": "unreadable", "rule": f"{n.row}: {n.rule}"} for n in reading.notes]
    return tuple(entries)


def tell_of_intake(
    tx: Tx, partner: Partner, link: LinkRow, row: IntakeRow, before: Collection[Mapping[str, Any]]
) -> None:
    """Put the intake on record, and tell the party whose edit did not stand or could not be read; that once."""
    tx.intakes.add(row)
    states = {item["state"] for item in row.items}
    if "rejected" in states:
        tx.notices.add(client_id=link.client_id, party=partner.system.party, kind="edit_rejected")
    if any(item["state"] in {"unreadable", "invalid"} and item not in before for item in row.items):
        tx.notices.add(client_id=link.client_id, party=partner.system.party, kind="data_quality")
    counts = Counter(item["state"] for item in row.items)
    tx.audit.add(
        AuditEntry(
            event="intake/merged",
            outcome="ok",
            actor_party=partner.system.party,
            client_id=link.client_id,
            plan_id=link.plan_id,
            what={"version": row.plan_version, "authority": AUTHORITY_VERSION, **counts},
            recipient="hub",
        )
    )
