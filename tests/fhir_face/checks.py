"""Checks by name: each is one promise of the FHIR face that some server in the field does not keep.

Run against the build as it is, all hold; run against a build with a planted bug, the one that the bug names fails.
Source: FHIR report, section 3.
"""

from collections.abc import Awaitable, Callable
from inspect import getmembers, iscoroutinefunction

from fhir_face import checks_of_reading, checks_of_search, checks_of_writing
from fhir_face.ward import Ward

Check = Callable[[Ward], Awaitable[None]]

CHECKS: dict[str, Check] = {
    name: check
    for module in (checks_of_reading, checks_of_search, checks_of_writing)
    for name, check in getmembers(module, iscoroutinefunction)
    if not name.startswith("_")
}
