"""The story on the terminal: headings, plain sentences, native records, and checks that count."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table

from tyokyky_bridge.domain.explanations import EXPLANATIONS

PLAIN_WIDTH = 110
TAIL_LINES = 15


@dataclass(frozen=True)
class Check:
    """One thing that has to be so, and whether it was."""

    name: str
    passed: bool


def plain_console() -> Console:
    """A console that reads well on a terminal, in a pipe and in a log file."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PLAIN_WIDTH)


@dataclass
class Narrator:
    """Tells the story and keeps the score."""

    console: Console = field(default_factory=plain_console)
    checks: list[Check] = field(default_factory=list[Check])

    @property
    def failed(self) -> list[Check]:
        """The checks that did not hold."""
        return [check for check in self.checks if not check.passed]

    def chapter(self, title: str, teaser: str) -> None:
        """Begin a chapter."""
        self.console.print()
        self.console.rule(f"[bold]{escape(title)}", align="left")
        self.say(teaser)

    def say(self, text: str) -> None:
        """One short paragraph."""
        self.console.print(escape(text))

    def check(self, name: str, passed: object) -> None:
        """Hold that something is so; the story goes on either way."""
        self.checks.append(Check(name, bool(passed)))
        mark = "[green]  ok    [/]" if passed else "[bold red]  FAILED[/]"
        self.console.print(f"{mark} {escape(name)}")

    def native(self, title: str, record: Any) -> None:
        """Show a partner's record, or a part of it, in the partner's own form."""
        if isinstance(record, str):
            text, language = record, "xml"
        else:
            text, language = json.dumps(record, ensure_ascii=False, indent=2), "json"
        body = Syntax(text, language, theme="ansi_light", background_color="default", word_wrap=True)
        self.console.print(Panel(body, title=escape(title), title_align="left", border_style="dim"))

    def withheld(self, system: str, items: Mapping[str, Mapping[str, Any]]) -> None:
        """What one system did not get: items by information category, with the reason in words."""
        groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for item in items.values():
            if item["outcome"] != "PERMIT":
                decision = f"{item['outcome']} {item['reason']}"
                groups.setdefault((decision, _telling(item["reasons"])), []).append(item)
        table = Table(title=f"Withheld from {system}", title_justify="left", title_style="bold", box=None)
        for name in ("items", "information", "decision", "why"):
            table.add_column(name, overflow="fold", justify="right" if name == "items" else "left")
        for (decision, code), group in sorted(groups.items()):
            labels = sorted({label for item in group for label in item["labels"]})
            why = EXPLANATIONS[code].why["en"] if code else ""
            table.add_row(str(len(group)), ", ".join(labels), decision, why)
        self.console.print(table)

    def facts(self, title: str, rows: Iterable[tuple[str, str]]) -> None:
        """A small table of names and values."""
        table = Table(title=title, title_justify="left", title_style="bold", box=None, show_header=False)
        for name, value in rows:
            table.add_row(escape(name), escape(value))
        self.console.print(table)

    def log_tail(self, process: str, log: Path) -> None:
        """Show the end of the log of the process to look into."""
        lines = log.read_text("utf-8", errors="replace").splitlines()[-TAIL_LINES:] if log.exists() else []
        text = "\n".join(lines) or "(empty)"
        self.console.print(
            Panel(escape(text), title=f"end of {log.name}, the log of the {process}", border_style="red")
        )

    def score(self) -> str:
        """The last line of ``demo --once``."""
        return f"demo: {len(self.checks)} checks, {len(self.failed)} failed"


def _telling(reasons: Sequence[str]) -> str:
    """The reason that says most: at the joint register what the law lacks, elsewhere what the consent lacks."""
    prefixes = () if "TYP_CHANNEL" in reasons else ("TYP_CUSTOMERSHIP", "TYP_LABELS", "TYP_MARK")
    found = [reason for prefix in (*prefixes, "CONSENT_") for reason in reasons if reason.startswith(prefix)]
    return found[0] if found else next(iter(reasons), "")
