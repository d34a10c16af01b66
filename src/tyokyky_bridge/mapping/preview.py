"""What the lens would write for a view, leaf by leaf, for people who check a mapping."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tyokyky_bridge.domain.disclosure import View
from tyokyky_bridge.mapping.binding import bind
from tyokyky_bridge.mapping.compiled import split_path
from tyokyky_bridge.mapping.lens import Lens, LensRefusal
from tyokyky_bridge.mapping.native_path import Box
from tyokyky_bridge.mapping.patterns import Carrier, carriers


@dataclass(frozen=True)
class PreviewRow:
    """One leaf of a view: the row that carries it and its native place and value, or why it is not carried."""

    path: str
    value: Any
    row: str | None
    native_path: str | None
    native_value: Any
    loss: str | None
    reason: str | None = None


def preview(lens: Lens, standing: Box, view: View) -> list[PreviewRow]:
    """Say for every leaf of *view* what would become of it in *standing*. Never raises for what cannot be written."""
    return preview_leaves(lens, standing, view.leaves)


def preview_leaves(lens: Lens, standing: Box, leaves: Mapping[str, Any]) -> list[PreviewRow]:
    """The same from plain leaves."""
    left, refused = dict(leaves), dict[str, str]()
    while True:
        try:
            put = lens.put_leaves(standing, left)
            break
        except LensRefusal as refusal:
            for fault in refusal.faults:
                for path in [one for one in left if one == fault.path or one.startswith(f"{fault.path}.")]:
                    refused[path] = f"refused: {fault.rule}"
                    del left[path]
    by_pattern: dict[str, list[Carrier]] = {}
    for carrier in carriers(lens.spec):
        by_pattern.setdefault(carrier.pattern, []).append(carrier)
    out: list[PreviewRow] = []
    for path, value in leaves.items():
        pattern, ids = split_path(path)
        carrier = next((one for one in by_pattern.get(pattern, ()) if _takes(one, ids, leaves)), None)
        if path not in put.carried or carrier is None:
            reason = refused.get(path) or put.not_carried.get(path)
            out.append(PreviewRow(path, value, None, None, None, None, reason))
            continue
        out.append(
            PreviewRow(
                path, value, carrier.row, carrier.native, _written(lens, carrier, value), put.losses.get(path)
            )
        )
    return out


def _takes(carrier: Carrier, ids: tuple[str, ...], leaves: Mapping[str, Any]) -> bool:
    for pattern, allowed in carrier.conditions:
        pieces = pattern.split("[]")
        at = "".join(f"{piece}[{known}]" for piece, known in zip(pieces, ids, strict=False)) + pieces[-1]
        if leaves.get(at) not in allowed:
            return False
    return True


def _written(lens: Lens, carrier: Carrier, value: Any) -> Any:
    if carrier.implied:
        return None
    return bind(carrier.rule, lens.codecs, lens.maps, in_text=carrier.how != "native").encode(value)
