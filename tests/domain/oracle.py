"""The decision rule once more, written down straight from the pseudocode of the domain report 6.6.

It shares nothing with the product: no table, no enums, only the order of the ifs.
"""


def oracle(
    *,
    identity_resolved: bool,
    same_register: bool,
    statutory_other: bool,
    typ_basis: bool,
    client_restriction: bool,
    in_network: bool,
    written_consent: bool,
    oral_once: bool,
) -> tuple[str, str]:
    if not identity_resolved:
        return "DENY", "IDENTITY"
    if same_register:
        return "PERMIT", "SAME_REGISTER"
    if statutory_other:
        return "PERMIT", "STATUTORY_OTHER"
    typ = typ_basis
    if typ and client_restriction:
        return "REVIEW", "TYP_OBJECTION"
    if typ:
        return "PERMIT", "STATUTORY_TYP"
    if client_restriction:
        return "DENY", "CLIENT_RESTRICTION"
    if not in_network:
        return "DENY", "NOT_IN_NETWORK"
    if written_consent:
        return "PERMIT", "CONSENT_Y100"
    if oral_once:
        return "PERMIT", "CONSENT_ORAL_ONCE"
    return "DENY", "NO_BASIS"
