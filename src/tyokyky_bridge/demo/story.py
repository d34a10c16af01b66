"""The whole story, chapter after chapter; a chapter that cannot go on is a failed check with a log to read."""

from pathlib import Path

from tyokyky_bridge.demo.chapters import CHAPTERS
from tyokyky_bridge.demo.desk import Desk
from tyokyky_bridge.demo.narration import Narrator
from tyokyky_bridge.demo.people import on_the_clock
from tyokyky_bridge.demo.scene import Scene
from tyokyky_bridge.demo.stage import Stage


def tell_story(stage: Stage, narrator: Narrator) -> Scene:
    """Tell every chapter on a running stage; *narrator* keeps the checks."""
    stage.simulators["ura"].clock(set=on_the_clock(10))
    scene = Scene(stage, Desk(stage), narrator)
    for chapter in CHAPTERS:
        try:
            chapter(scene)
        except Exception as trouble:  # noqa: BLE001  # whatever it was, it is a failed check, and the story goes on
            told = f"chapter {chapter.__name__} is told to its end"
            narrator.check(f"{told} ({type(trouble).__name__}: {trouble})", passed=False)
            for process, log in _to_read(trouble, stage):
                narrator.log_tail(process, log)
    return scene


def _to_read(trouble: Exception, stage: Stage) -> list[tuple[str, Path]]:
    """Whose log says more: a record that did not become true is the worker's matter, the rest is the hub's."""
    hub, worker = ("hub", stage.hub.log), ("worker", stage.worker.log)
    return [worker] if isinstance(trouble, TimeoutError) else [hub, worker]
