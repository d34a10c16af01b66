"""Consent forms as they come from a caller: boxes and wildcards expanded, rules checked, nothing echoed."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core.core_schema import ErrorType

from tyokyky_bridge.domain.categories import Category
from tyokyky_bridge.domain.consent import CategoryMustBeNamed, Consent, ConsentStatus, UnknownCategory
from tyokyky_bridge.domain.consent_forms import expand_categories, expand_mutual, recording_problems
from tyokyky_bridge.domain.errors import BridgeError, Problem
from tyokyky_bridge.domain.parties import Directory, Purpose
from tyokyky_bridge.domain.plan.values import PartyRef

RECORDED_AS = frozenset({ConsentStatus.ACTIVE, ConsentStatus.DRAFT})
BUILT_IN = frozenset(get_args(ErrorType)) - {"value_error"}
MAX_PARTIES = 20
"""Most parties of one mutual box: it stands for a grant in each direction between every two of them."""


class ConsentInvalid(BridgeError):
    """The form breaks a rule; *problems* name field and rule."""

    code = "consent/invalid"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.field}: {p.rule}" for p in self.problems))


class MutualGrant(BaseModel):
    """ "These parties may share mutually": one box of the form, expanded into a grant for each direction."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    parties: list[PartyRef] = Field(min_length=2, max_length=MAX_PARTIES)
    categories: list[str] = Field(
        min_length=1,
        max_length=2 * len(Category),
        description="named one by one; `admin.*` brings in ordinary ones only",
    )
    purpose: Purpose = Purpose.WORK_ABILITY_SUPPORT
    data_from: date | None = None


def read_form(form: Mapping[str, Any]) -> Consent:
    """The form as a value: ``mutual`` boxes become grants in both directions, wildcards what they stand for.

    Raises: ConsentInvalid.
    """
    given = dict(form)
    try:
        mutual = [MutualGrant.model_validate(box) for box in given.pop("mutual", ())]
        grants = [_named(grant) for grant in given.get("grants", ())]
        expanded = [
            grant.model_dump(mode="json")
            for box in mutual
            for grant in expand_mutual(
                box.parties, categories=box.categories, purpose=box.purpose, data_from=box.data_from
            )
        ]
        consent = Consent.model_validate({**given, "grants": [*grants, *expanded]})
    except ValidationError as error:
        raise ConsentInvalid(rules_of(error)) from None
    except CategoryMustBeNamed:
        rule = "a special category has to be named, a wildcard does not bring it in"
        raise ConsentInvalid([Problem("categories", rule)]) from None
    except UnknownCategory:
        raise ConsentInvalid([Problem("categories", "there is no such information category")]) from None
    except (TypeError, AttributeError):
        raise ConsentInvalid([Problem("grants", "has the wrong shape")]) from None
    if consent.status not in RECORDED_AS:
        raise ConsentInvalid([Problem("status", "a form is recorded as active or as a draft")])
    return consent


def _named(grant: Any) -> dict[str, Any]:
    return {**grant, "categories": list(expand_categories(grant.get("categories", ())))}


def rules_of(error: ValidationError) -> list[Problem]:
    """Field and rule; names and values that the caller made up are not repeated."""
    return [
        Problem(
            ".".join(str(part) for part in (e["loc"][:-1] if e["type"] == "extra_forbidden" else e["loc"])),
            rule_of(e["type"], e["msg"]),
        )
        for e in error.errors(include_input=False, include_url=False, include_context=False)
    ]


def rule_of(kind: str, message: str) -> str:
    """Our own sentences name a rule alone; of pydantic's, some quote what they could not read."""
    if kind in BUILT_IN:
        return kind.replace("_", " ")
    return message.removeprefix("Value error, ")


def check_form(consent: Consent, directory: Directory, day: date) -> None:
    """A form that is to be active has to be right; an unreadable one can be kept as a draft.

    Raises: ConsentInvalid.
    """
    problems = recording_problems(consent, directory, on=day)
    if problems and consent.status is ConsentStatus.ACTIVE:
        raise ConsentInvalid(problems)
