"""The border models of ``plan.yaml``: what a mapping file may say. Unknown keys are refused."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Way = Literal["both", "read", "write"]
Constant = str | int | bool
_ID = r"^[a-z0-9][a-z0-9-]*$"


class Border(BaseModel):
    """Frozen, and strict about keys: a misspelt key must stop the start, not be ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ValueRule(Border):
    """How one value is written: *codes* names a ConceptMap and comes before *codec*; *loss* says what gets
    lost."""

    codec: str = "text"
    codes: str | None = None
    loss: str | None = None


class FieldRow(ValueRule):
    """One plan leaf and one native leaf. Inside a list both are relative to the element.

    *max* counts characters, *max_bytes* bytes in *encoding*. *required*: an element is not carried without
    this leaf. *empty* is what the native field holds when it means nothing (``None``: the key is removed).
    """

    id: str = Field(pattern=_ID)
    plan: str
    native: str
    max: int | None = None
    max_bytes: int | None = None
    encoding: str = "utf-8"
    over: Literal["reject"] = "reject"
    required: bool = False
    empty: Any = None
    way: Way = "both"
    source: str | None = None


class SetRow(ValueRule):
    """A set of bare codes and a native list: of plain values, or of objects whose *member* holds the code."""

    id: str = Field(pattern=_ID)
    plan: str
    native: str
    member: str | None = None
    create: dict[str, Constant] = {}
    way: Way = "both"
    source: str | None = None


class Key(Border):
    """The native member that holds the element id."""

    native: str
    codec: str = "text"


class TextForm(Border):
    """Newline-joined text: its newline, and its limits in characters or in bytes of *encoding*."""

    newline: str = "\n"
    max: int | None = None
    max_bytes: int | None = None
    encoding: str = "utf-8"
    width: int | None = Field(default=None, ge=20)


class LineGrid(Border):
    """A native array of lines."""

    count: int
    width: int = Field(ge=20)


class Form(TextForm):
    """The form of a block: a string, or an array of *lines*."""

    lines: LineGrid | None = None


class LineRow(ValueRule):
    """One plan leaf (or templated element) and one labelled line of a native text.

    *label* stands before a colon; each ``{id}`` in it is one element id of the path, outermost first.
    *template* writes several leaves of an element on one line. *born* gives an id to a tag that a person
    wrote without one.
    """

    id: str = Field(pattern=_ID)
    plan: str
    label: str | None = None
    template: str | None = None
    fields: dict[str, ValueRule] = {}
    only: dict[str, list[Constant]] = {}
    born: str | None = None
    max: int | None = None
    position: Literal["top", "end"] = "end"
    way: Way = "both"
    source: str | None = None

    @model_validator(mode="after")
    def _one_shape(self) -> "LineRow":
        if (self.label is None) == (self.template is None):
            msg = "a line row has either a label or a template"
            raise ValueError(msg)
        if self.template is not None and not self.fields:
            msg = "a template names its fields"
            raise ValueError(msg)
        if self.template is None and (self.fields or self.born):
            msg = "only a template has fields or born"
            raise ValueError(msg)
        return self


class Block(Border):
    """Labelled lines inside one native text. Every other line is the partner's own and survives."""

    id: str = Field(pattern=_ID)
    native: str
    form: Form = Form()
    rows: list[LineRow]
    source: str | None = None


class ListRows(Border):
    """A plan list and a native list, matched by key and never by position.

    *only* says which plan elements belong here, *native_only* which native elements do; *create* holds
    constants of a new native element.
    """

    id: str = Field(pattern=_ID)
    plan: str
    native: str
    key: Key
    only: dict[str, list[Constant]] = {}
    native_only: dict[str, list[Constant]] = {}
    create: dict[str, Constant] = {}
    fields: list[FieldRow] = []
    sets: list[SetRow] = []
    lists: list["ListRows"] = []
    blocks: list[Block] = []
    source: str | None = None


class Never(Border):
    """A plan pattern that this system does not hold, and why. A trailing ``*`` means every pattern that
    begins so."""

    plan: str
    why: str


class Spec(Border):
    """One mapping file."""

    system: str
    version: int | str
    record: str
    source: str | None = None
    fields: list[FieldRow] = []
    sets: list[SetRow] = []
    lists: list[ListRows] = []
    blocks: list[Block] = []
    never: list[Never] = []
