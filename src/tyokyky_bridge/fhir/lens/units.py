"""Every unit of the plan, and the lens that they make together."""

from typing import Final

from tyokyky_bridge.fhir.lens.lens import Lens
from tyokyky_bridge.fhir.lens.rows import Unit
from tyokyky_bridge.fhir.units.appointment import MEETING
from tyokyky_bridge.fhir.units.care_plan import CARE_PLAN
from tyokyky_bridge.fhir.units.care_team import CARE_TEAM
from tyokyky_bridge.fhir.units.communication import CLIENT_FEEDBACK, CONSULTATION, FEEDBACK
from tyokyky_bridge.fhir.units.condition import LIMITING_ILLNESS
from tyokyky_bridge.fhir.units.document_reference import DOCUMENT, STATEMENT
from tyokyky_bridge.fhir.units.episode_of_care import EPISODE_OF_CARE
from tyokyky_bridge.fhir.units.goal import GOAL
from tyokyky_bridge.fhir.units.income import BENEFIT, PENSION, SICK_LEAVE, SUBSIDY
from tyokyky_bridge.fhir.units.observation import ASSESSMENT, SCORE
from tyokyky_bridge.fhir.units.patient import PATIENT
from tyokyky_bridge.fhir.units.service_request import PREVIOUS, REFERRAL, REHABILITATION, SERVICE
from tyokyky_bridge.fhir.units.task import AGREEMENT, HANDOVER

UNITS: Final[tuple[Unit, ...]] = (
    PATIENT,
    CARE_PLAN,
    EPISODE_OF_CARE,
    CARE_TEAM,
    GOAL,
    SERVICE,
    REFERRAL,
    REHABILITATION,
    PREVIOUS,
    MEETING,
    HANDOVER,
    AGREEMENT,
    SCORE,
    ASSESSMENT,
    BENEFIT,
    SICK_LEAVE,
    SUBSIDY,
    PENSION,
    LIMITING_ILLNESS,
    STATEMENT,
    DOCUMENT,
    FEEDBACK,
    CLIENT_FEEDBACK,
    CONSULTATION,
)
"""In the order in which their resources are listed."""

LENS: Final = Lens(UNITS)
