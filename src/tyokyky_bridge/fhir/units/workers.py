"""A worker of the plan as a Reference, where a resource shows a worker that another one carries."""

from collections.abc import Mapping

from tyokyky_bridge.domain.items import Scalar
from tyokyky_bridge.fhir.derived.vocabulary import present, reference
from tyokyky_bridge.fhir.lens.codecs import of_list
from tyokyky_bridge.fhir.lens.rows import WORKER_ID, WORKER_ROLE
from tyokyky_bridge.fhir.wire.issues import Document


def worker_reference(leaves: Mapping[str, Scalar], at: str) -> Document | None:
    """The worker at path *at* as the rows of `tyokyky_bridge.fhir.lens.rows.worker` would write it."""
    name, user, party, role = (leaves.get(f"{at}.{member}") for member in ("name", "user", "party", "role"))
    if name is user is party is role is None:
        return None
    identifier: Document = {}
    if user is not None or party is not None:
        assigner = None if party is None else reference("Organization", str(party))
        identifier = present(system=WORKER_ID, value=user, assigner=assigner)
    shown = None if role is None else [{"url": WORKER_ROLE, "valueCoding": of_list("CL-27").show(role)}]
    return present(extension=shown, identifier=identifier, display=name)
