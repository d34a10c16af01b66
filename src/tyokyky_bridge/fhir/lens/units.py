"""Every unit of the plan, and the lens that they make together."""

from typing import Final

from tyokyky_bridge.fhir.lens.lens import Lens
from tyokyky_bridge.fhir.lens.rows import Unit
from tyokyky_bridge.fhir.units.care_plan import CARE_PLAN
from tyokyky_bridge.fhir.units.care_team import CARE_TEAM
from tyokyky_bridge.fhir.units.episode_of_care import EPISODE_OF_CARE
from tyokyky_bridge.fhir.units.goal import GOAL
from tyokyky_bridge.fhir.units.patient import PATIENT

UNITS: Final[tuple[Unit, ...]] = (PATIENT, CARE_PLAN, EPISODE_OF_CARE, CARE_TEAM, GOAL)
"""In the order in which their resources are listed."""

LENS: Final = Lens(UNITS)
