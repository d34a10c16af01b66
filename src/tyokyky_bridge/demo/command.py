"""``tyokyky-bridge demo``: the story on a whole installation of its own, which goes away with it."""

import contextlib
import signal
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from types import FrameType

import typer

from tyokyky_bridge.demo.narration import Narrator
from tyokyky_bridge.demo.people import HEALTH
from tyokyky_bridge.demo.scene import Scene
from tyokyky_bridge.demo.stage import Stage
from tyokyky_bridge.demo.story import tell_story

INTERRUPTED = 130
LOOK_S = 0.5


class _Asked(BaseException):
    """Somebody asked the demo to end."""


def tell(*, once: bool) -> None:
    """Tell the story and stay up until asked to end; with *once*, say which checks failed instead. Exits."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:  # a terminal that cannot show ł shows its code
        reconfigure(errors="backslashreplace")
    narrator = Narrator()
    try:
        with _ends_when_asked(), tempfile.TemporaryDirectory(prefix="tyokyky-demo-") as folder:
            _run(Path(folder), narrator, once=once)
    except _Asked:
        narrator.say("The demo has ended; its processes and files are gone.")
        raise typer.Exit(INTERRUPTED if once else 0) from None
    except RuntimeError as error:
        narrator.check(f"the demo starts ({error})", passed=False)
    if once:
        for check in narrator.failed:
            typer.echo(f"failed: {check.name}")
        typer.echo(narrator.score())
    raise typer.Exit(1 if narrator.failed else 0)


def _run(folder: Path, narrator: Narrator, *, once: bool) -> None:
    narrator.say("Starting hub, worker and four simulated partners on loopback …")
    with _shielded_exit(Stage(folder)) as stage:
        scene = tell_story(stage, narrator)
        if not once:
            _stay_up(scene)


def _stay_up(scene: Scene) -> None:
    """Print what to try and wait until asked to end. Raises: RuntimeError when a process of ours has died."""
    stage, tell = scene.stage, scene.narrator
    tell.chapter(
        "Now try it yourself", "Everything stays up until Ctrl-C. The token is Helmi's, good for an hour."
    )
    addresses = [("hub", stage.url), *((name, s.base_url) for name, s in stage.simulators.items())]
    tell.facts("Addresses", addresses)
    typer.echo(f"\nexport TOKEN={stage.token(HEALTH)}")
    if "Tuulikki" in scene.cases:
        plan = f"{stage.url}/v1/plans/{scene.cases['Tuulikki'].plan_id}"
        typer.echo(f'curl -s -H "Authorization: Bearer $TOKEN" {plan}')
        typer.echo(f'curl -s -H "Authorization: Bearer $TOKEN" {plan}/disclosures/ura')
    typer.echo(tell.score())
    while True:
        time.sleep(LOOK_S)
        for name, child in (("hub", stage.hub), ("worker", stage.worker)):
            if child.process is None or child.process.poll() is not None:
                tell.log_tail(name, child.log)
                msg = f"the {name} has ended by itself"
                raise RuntimeError(msg)


@contextlib.contextmanager
def _ends_when_asked() -> Generator[None]:
    """Turn SIGINT and SIGTERM into an orderly end; what is asked twice is still done once."""

    def ask(number: int, frame: FrameType | None) -> None:
        del number, frame
        _deaf()
        raise _Asked

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        _deaf()  # the folder is still to be removed by whoever called us
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _shielded_exit(stage: Stage) -> Generator[Stage]:
    """A stage whose end cannot be interrupted, so that no process of it survives."""
    with stage as running:
        try:
            yield running
        finally:
            _deaf()


def _deaf() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
