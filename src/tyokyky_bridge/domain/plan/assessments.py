"""D4 and D5: assessments and scores."""

from decimal import Decimal
from typing import Self, cast

from pydantic import model_validator

from tyokyky_bridge.domain.codes import code_list
from tyokyky_bridge.domain.plan.coded import (
    AbsentReason,
    AssessmentKind,
    AssessmentSetting,
    AssessmentStatus,
    Instrument,
    ScoreBand,
    ScoreDimension,
    ScoreMode,
)
from tyokyky_bridge.domain.plan.meaning import means
from tyokyky_bridge.domain.plan.parts import ListedWorker, OrgRef, Period, WorkerRef
from tyokyky_bridge.domain.plan.text import Str, Text, refuse
from tyokyky_bridge.domain.plan.values import Day, Element, Flag, Language, Many, Moment, Number, Part


class NecessityFlag(Part):
    """A professional's mark that the assessment is necessary for employment (TYP)."""

    flag: Flag | None = means("välttämätön", "nödvändig", "necessary")
    by: WorkerRef = means("merkitsijä", "märkt av", "marked by", default=WorkerRef())
    at: Moment | None = means("merkitty", "märkt", "marked at")


class Assessment(Element):
    """One assessment. Source: domain report 3.3 D4."""

    kind: AssessmentKind | None = means("arvioinnin laji", "typ av bedömning", "kind", source="seeds 000-003")
    setting: AssessmentSetting | None = means(
        "toteutustapa", "genomförandesätt", "setting", source="seed 002"
    )
    period: Period = means(
        "jakso tai päivä", "period eller dag", "period", source="seed 002", default=Period()
    )
    performers: Many[ListedWorker] = means("tekijät", "utförare", "performers", source="derived", default=())
    status: AssessmentStatus | None = means("tila", "status", "status", source="derived")
    conclusion: Text | None = means("johtopäätös", "slutsats", "conclusion", source="seeds 000, 002")
    necessary_for_employment: NecessityFlag = means(
        "välttämättömyysmerkintä",
        "nödvändighetsmarkering",
        "necessity mark",
        source="derived from law",
        default=NecessityFlag(),
    )


def check_score(instrument: str, value: Decimal) -> str | None:
    """The rule that *value* breaks on *instrument*, or ``None``. Zero is an ordinary value.

    Source: domain report 7.1, 7.3.
    """
    instruments = code_list("CL-36")
    lowest, highest = instruments.value(instrument, "minimum"), instruments.value(instrument, "maximum")
    if lowest is None or highest is None:
        return "this instrument carries no value"
    if not cast("int", lowest) <= value <= cast("int", highest):
        return "is outside the range of the instrument"
    if instruments.value(instrument, "integer") and value != value.to_integral_value():
        return "must be a whole number for this instrument"
    return None


class Score(Element):
    """One score; every repeat is kept. Source: domain report 3.3 D5, 7."""

    instrument: Instrument | None = means("mittari", "mätare", "instrument", source="seed 002")
    instrument_version: Str | None = means(
        "mittarin versio", "mätarens version", "instrument version", source="seed 002"
    )
    dimension: ScoreDimension | None = means("osa-alue", "delområde", "dimension", source="domain report 7")
    value: Number | None = means("pistemäärä", "poäng", "value", auth="CH", source="seed 002")
    absent_reason: AbsentReason | None = means(
        "puuttumisen syy", "orsak till att värdet saknas", "reason of absence", source="derived"
    )
    band: ScoreBand | None = means("luokka", "klass", "band", auth="B", source="domain report 7")
    effective_on: Day | None = means("täyttöpäivä", "ifyllningsdag", "effective on", source="derived")
    mode: ScoreMode | None = means("täyttötapa", "ifyllningssätt", "mode", source="seed 002")
    language: Language | None = means("kieli", "språk", "language", source="seed 002")
    interpreted: Flag | None = means("tulkattu", "tolkad", "interpreted", source="seed 002")
    collected_by: OrgRef = means(
        "kysymyksen esittänyt organisaatio",
        "organisationen som ställde frågan",
        "collected by",
        source="seed 002",
        default=OrgRef(),
    )

    @model_validator(mode="after")
    def _value_fits_the_instrument(self) -> Self:
        if self.instrument is not None and self.value is not None:
            broken = check_score(self.instrument, self.value)
            if broken is not None:
                refuse("score_value", "value {rule}", rule=broken)
        return self
