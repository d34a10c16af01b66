"""A worker of the plan as a Reference, where a resource shows a worker that another one carries."""

from collections.abc import Mapping
from typing import Final

from tyokyky_bridge.domain.items import Scalar
from tyokyky_bridge.fhir.derived.practitioner import worker_id
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
    return {**worker_link(leaves, at), **present(extension=shown, identifier=identifier, display=name)}


REFERRED_AS: Final = {"CareTeam": "Practitioner"}
"""Where a worker is referred to as a person: one who takes part on behalf of an organisation has to be (ctm-1)."""


def worker_link(leaves: Mapping[str, Scalar], at: str, resource_type: str = "") -> Document:
    """
    The address of the worker at path *at*, for a resource of this type; nothing for one without code and name.

    It is derived from what identifies the worker, and reading asks only for that.
    """
    party, user, name = (
        None if (value := leaves.get(f"{at}.{member}")) is None else str(value)
        for member in ("party", "user", "name")
    )
    id_ = worker_id(party=party, user=user, name=name)
    return {} if id_ is None else reference(REFERRED_AS.get(resource_type, "PractitionerRole"), id_)
