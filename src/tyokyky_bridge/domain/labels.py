"""Information categories of an item: by its field, and by the values that stand beside it.

Rules of the domain report 6.3: (a) a label depends on the value too; (b) a text that may mix matters carries
all labels of its section; (c) all labels must be permitted. Where the deciding code is missing, all labels
that its list knows apply: what cannot be told harmless is treated as the strictest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache

from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.codes import code_list

Scalar = str | int | Decimal | bool | date | datetime
Leaves = Mapping[str, Scalar]
Labels = frozenset[Category]

NO_LABELS: Labels = frozenset()


@cache
def labels_by_code(list_id: str) -> Mapping[str, Labels]:
    """The categories that each code of a list brings, from its ``category`` properties."""
    the_list = code_list(list_id)
    return {
        code: frozenset(Category(str(v)) for v in the_list.values(code, "category"))
        for code in the_list.codes
    }


@cache
def all_labels_of(list_id: str) -> Labels:
    """Every category that some code of the list brings."""
    return frozenset[Category]().union(*labels_by_code(list_id).values())


@dataclass(frozen=True)
class ByCode:
    """Labels by the code that stands in *leaf* below the field (empty: the field itself)."""

    leaf: str
    list_id: str
    missing: Labels | None

    def __call__(self, at: str, leaves: Leaves) -> Labels:
        code = leaves.get(f"{at}.{self.leaf}" if self.leaf else at)
        if code is None:
            return all_labels_of(self.list_id) if self.missing is None else self.missing
        return labels_by_code(self.list_id).get(str(code), all_labels_of(self.list_id))

    @property
    def possible(self) -> Labels:
        """Everything that this rule may answer."""
        return all_labels_of(self.list_id) | (self.missing or NO_LABELS)


@dataclass(frozen=True)
class OfFeedback:
    """Feedback is labelled by its kind, and by the service or assessment that it is about."""

    kind: ByCode = ByCode("kind", "CL-45", None)

    def __call__(self, at: str, leaves: Leaves) -> Labels:
        found = self.kind(at, leaves)
        about = leaves.get(f"{at}.about")
        if about is None:
            return found
        for holder, list_id in (
            ("services[{}].type", "CL-11"),
            ("previous_services[{}].type", "CL-09"),
            ("assessments[{}].kind", "CL-34"),
        ):
            code = leaves.get(holder.format(about))
            if code is not None:
                found |= labels_by_code(list_id).get(str(code), NO_LABELS)
        return found

    @property
    def possible(self) -> Labels:
        """Everything that this rule may answer."""
        return self.kind.possible | all_labels_of("CL-11") | all_labels_of("CL-09") | all_labels_of("CL-34")


Rule = ByCode | OfFeedback
