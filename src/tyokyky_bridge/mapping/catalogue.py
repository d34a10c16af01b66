"""Loads mapping files from packages and proves them whole before anything runs (design 5).

A mapping is named ``package:folder``, e.g. ``tyokyky_mappings:typpi``: the folder holds ``plan.yaml`` and
``codes/*.json``. What is wrong stops the start with file, row and reason.
"""

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml
from pydantic import ValidationError

from tyokyky_bridge.adapterkit.codec import Codec
from tyokyky_bridge.mapping.checks import problems
from tyokyky_bridge.mapping.codes import BrokenConceptMap, CodeMap, code_map
from tyokyky_bridge.mapping.compiled import MappingBroken
from tyokyky_bridge.mapping.lens import Lens
from tyokyky_bridge.mapping.spec import Spec

PLAN_FILE = "plan.yaml"

# Ten times as fast where PyYAML was built with libyaml: four mappings would be half a second of every start.
SAFE_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(SAFE_LOADER):
    """YAML as people read it: ``01``, ``no`` and ``2026-02-03`` are texts, and a key stands once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        names = [name.value for name, _ in node.value]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            msg = f"key {sorted(twice)[0]} stands twice, line {node.start_mark.line + 1}"
            raise yaml.YAMLError(msg)
        return super().construct_mapping(node, deep=deep)


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("tag:yaml.org,2002:bool", r"^(?:true|false)$", "tf"),
    ("tag:yaml.org,2002:int", r"^-?(?:0|[1-9][0-9]*)$", "-0123456789"),
    ("tag:yaml.org,2002:null", r"^(?:~|null|)$", ["~", "n", ""]),
    ("tag:yaml.org,2002:merge", r"^(?:<<)$", "<"),
):
    _Loader.add_implicit_resolver(_tag, re.compile(_pattern), list(_first))  # pyright: ignore[reportUnknownMemberType]


def _row_at(document: object, location: tuple[int | str, ...]) -> str:
    """The id of the innermost row on the way to *location*; the location itself where no row has one."""
    found = ".".join(str(step) for step in location)
    here: Any = document
    for step in location:
        try:
            here = here[step]
            found = here["id"] if isinstance(here["id"], str) else found
        except (KeyError, IndexError, TypeError):
            continue
    return found


def read_spec(text: str, file: str = PLAN_FILE) -> Spec:
    """Read one ``plan.yaml``. Raises: MappingBroken."""
    try:
        document: Any = yaml.load(text, Loader=_Loader)  # noqa: S506 - a subclass of SafeLoader
    except yaml.YAMLError as wrong:
        raise MappingBroken(file, "-", f"not readable YAML: {wrong}") from wrong
    try:
        return Spec.model_validate(document)
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise MappingBroken(file, _row_at(document, first["loc"]), f"{where}: {first['msg']}") from wrong


def read_tables(folder: Traversable, file: str) -> dict[str, CodeMap]:
    """Read every ``codes/*.json`` of a mapping folder. Raises: MappingBroken."""
    codes = folder.joinpath("codes")
    tables: dict[str, CodeMap] = {}
    for entry in sorted(codes.iterdir(), key=lambda one: one.name) if codes.is_dir() else ():
        if not entry.name.endswith(".json"):
            continue
        name = entry.name.removesuffix(".json")
        try:
            tables[name] = code_map(name, json.loads(entry.read_text("utf-8")))
        except (json.JSONDecodeError, BrokenConceptMap) as wrong:
            msg = f"{file}/codes/{entry.name}"
            raise MappingBroken(msg, "-", str(wrong)) from wrong
    return tables


def load_draft(mapping: str, codecs: Mapping[str, Codec] | None = None) -> Lens:
    """Compile a mapping without the checks of the whole: for a mapping that is still being written.

    Raises: MappingBroken.
    """
    package, _, name = mapping.partition(":")
    file = f"{mapping}/{PLAN_FILE}"
    try:
        folder = files(package).joinpath(name)
        text = folder.joinpath(PLAN_FILE).read_text("utf-8")
    except (FileNotFoundError, ModuleNotFoundError) as wrong:
        raise MappingBroken(file, "-", "there is no such file") from wrong
    return Lens(read_spec(text, file), codecs=codecs, maps=read_tables(folder, mapping), file=file)


def load(mapping: str, codecs: Mapping[str, Codec] | None = None) -> Lens:
    """Load one mapping with its adapter's own codecs, and prove it whole.

    Raises: MappingBroken, naming the first problem; `problems` of `mapping.checks` lists all.
    """
    lens = load_draft(mapping, codecs)
    for row, reason in problems(lens):
        msg = f"{mapping}/{PLAN_FILE}"
        raise MappingBroken(msg, row, reason)
    return lens
