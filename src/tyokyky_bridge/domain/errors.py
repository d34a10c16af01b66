"""The root of every error that the hub raises on purpose."""

from collections.abc import Iterable
from dataclasses import dataclass


class BridgeError(Exception):
    """A fact that stops the work. Messages hold ids, fields, rules and counts; never a name, hetu or free
    text.
    """

    code = "bridge/error"


@dataclass(frozen=True, order=True)
class Problem:
    """One refused field: its pattern (``goals[].text_client``) and the rule it broke."""

    field: str
    rule: str


class InvalidPlan(BridgeError):
    """The given content is not a plan. Lists every broken rule by field; the refused values are not kept."""

    code = "plan/invalid"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        shown = "; ".join(f"{p.field}: {p.rule}" for p in self.problems[:20])
        more = f"; and {len(self.problems) - 20} more" if len(self.problems) > 20 else ""
        super().__init__(f"{shown}{more}")
