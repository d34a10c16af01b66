"""All extensions of our own that a projection can contain, for whoever publishes their definitions."""

from functools import cache

from tyokyky_bridge.fhir.lens.generated import Extension
from tyokyky_bridge.fhir.lens.rows import WORKER_ROLE
from tyokyky_bridge.fhir.lens.units import LENS

SHARED = (
    Extension(
        url=WORKER_ROLE,
        context="Reference",
        pattern="",
        title_fi="työntekijän rooli",
        title_sv="arbetstagarens roll",
        title_en="worker's role",
        repeats=False,
        type="Coding",
        list_id="CL-27",
    ),
)
"""Extensions that are not made from one field of the plan."""


@cache
def all_extensions() -> tuple[Extension, ...]:
    """Every extension, the shared ones first, then those generated from the schema by unit."""
    return (*SHARED, *LENS.extensions)
