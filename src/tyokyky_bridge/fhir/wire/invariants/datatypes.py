"""Invariants of the data types."""

from tyokyky_bridge.fhir.wire.invariants.rule import Invariant
from tyokyky_bridge.fhir.wire.issues import Document
from tyokyky_bridge.fhir.wire.moments import is_after
from tyokyky_bridge.fhir.wire.walk import has, has_choice

UCUM = "http://unitsofmeasure.org"
MEALS = frozenset({"C", "CM", "CD", "CV"})
QUANTITIES = ("Quantity", "SimpleQuantity", "MoneyQuantity", "Age", "Distance", "Duration", "Count")


def _measured(node: Document, system: str) -> bool:
    """A value has a code, and the code is of *system*."""
    return (has(node, "code") or not has(node, "value")) and node.get("system", system) == system


def _in_order(node: Document) -> bool:
    low, high = node.get("low", {}), node.get("high", {})
    if "value" not in low or "value" not in high:
        return True
    same = all(low.get(name) == high.get(name) for name in ("system", "code", "unit"))
    return not same or low["value"] <= high["value"]


def _without(node: Document, name: str, needed: str) -> bool:
    return not has(node, name) or has(node, needed)


def _ratio(node: Document) -> bool:
    return ("numerator" in node) == ("denominator" in node) and ("numerator" in node or "extension" in node)


def _triggered(node: Document) -> bool:
    kind: str = node.get("type", "")
    return (
        (kind != "named-event" or has(node, "name"))
        and (kind != "periodic" or has_choice(node, "timing"))
        and (not kind.startswith("data-") or "data" in node)
    )


DATA_TYPES = (
    Invariant(
        "ext-1",
        "Extension",
        "an extension has a value or extensions of its own, not both",
        lambda x: ("extension" in x) != has_choice(x, "value"),
    ),
    Invariant(
        "per-1",
        "Period",
        "the end is not before the start",
        lambda x: "start" not in x or "end" not in x or not is_after(x["start"], x["end"]),
    ),
    Invariant("att-1", "Attachment", "data has a contentType", lambda x: _without(x, "data", "contentType")),
    Invariant("cpt-2", "ContactPoint", "a value has a system", lambda x: _without(x, "value", "system")),
    Invariant("rng-2", "Range", "low is not above high", _in_order),
    Invariant("rat-1", "Ratio", "numerator and denominator are both there, or neither", _ratio),
    Invariant(
        "exp-1",
        "Expression",
        "an expression or a reference is there",
        lambda x: has(x, "expression") or has(x, "reference"),
    ),
    *(
        Invariant("qty-3", kind, "a code of a unit has a system", lambda x: _without(x, "code", "system"))
        for kind in QUANTITIES
    ),
    Invariant("sqty-1", "SimpleQuantity", "no comparator here", lambda x: not has(x, "comparator")),
    Invariant(
        "mqty-1",
        "MoneyQuantity",
        "the unit is a currency (ISO 4217)",
        lambda x: _measured(x, "urn:iso:std:iso:4217"),
    ),
    Invariant(
        "age-1",
        "Age",
        "a unit of UCUM and a value above zero",
        lambda x: _measured(x, UCUM) and x.get("value", 1) > 0,
    ),
    Invariant("dis-1", "Distance", "a unit of UCUM", lambda x: _measured(x, UCUM)),
    Invariant(
        "drt-1",
        "Duration",
        "a code is of UCUM and has a value",
        lambda x: not has(x, "code") or (x.get("system") == UCUM and has(x, "value")),
    ),
    Invariant(
        "cnt-3",
        "Count",
        "a whole number in the unit 1 of UCUM",
        lambda x: _measured(x, UCUM) and x.get("code", "1") == "1" and "." not in str(x.get("value", 0)),
    ),
    Invariant(
        "drq-1",
        "DataRequirement.codeFilter",
        "one of path and searchParam",
        lambda x: has(x, "path") != has(x, "searchParam"),
    ),
    Invariant(
        "drq-2",
        "DataRequirement.dateFilter",
        "one of path and searchParam",
        lambda x: has(x, "path") != has(x, "searchParam"),
    ),
    Invariant(
        "tim-1", "Timing.repeat", "a duration has a unit", lambda x: _without(x, "duration", "durationUnit")
    ),
    Invariant("tim-2", "Timing.repeat", "a period has a unit", lambda x: _without(x, "period", "periodUnit")),
    Invariant(
        "tim-4",
        "Timing.repeat",
        "a duration is not below zero",
        lambda x: x.get("duration", 0) >= 0,
        "duration",
    ),
    Invariant(
        "tim-5", "Timing.repeat", "a period is not below zero", lambda x: x.get("period", 0) >= 0, "period"
    ),
    Invariant(
        "tim-6", "Timing.repeat", "periodMax needs a period", lambda x: _without(x, "periodMax", "period")
    ),
    Invariant(
        "tim-7",
        "Timing.repeat",
        "durationMax needs a duration",
        lambda x: _without(x, "durationMax", "duration"),
    ),
    Invariant("tim-8", "Timing.repeat", "countMax needs a count", lambda x: _without(x, "countMax", "count")),
    Invariant(
        "tim-9",
        "Timing.repeat",
        "an offset needs an event of the day that is no meal",
        lambda x: not has(x, "offset") or (has(x, "when") and not MEALS & set(x.get("when", ()))),
    ),
    Invariant(
        "tim-10",
        "Timing.repeat",
        "timeOfDay and when exclude each other",
        lambda x: not (has(x, "timeOfDay") and has(x, "when")),
    ),
    Invariant(
        "trd-1",
        "TriggerDefinition",
        "data and timing exclude each other",
        lambda x: not ("data" in x and has_choice(x, "timing")),
    ),
    Invariant(
        "trd-2", "TriggerDefinition", "a condition needs data", lambda x: "condition" not in x or "data" in x
    ),
    Invariant("trd-3", "TriggerDefinition", "the type has what it is about", _triggered),
)
