"""The chapters of the demo's story, each told on the same running stage."""

from tyokyky_bridge.demo.chapters.assessment import assessment
from tyokyky_bridge.demo.chapters.names import names
from tyokyky_bridge.demo.chapters.outage import outage
from tyokyky_bridge.demo.chapters.statute import statute
from tyokyky_bridge.demo.chapters.withdrawal import withdrawal

CHAPTERS = (assessment, names, outage, withdrawal, statute)

__all__ = ["CHAPTERS"]
