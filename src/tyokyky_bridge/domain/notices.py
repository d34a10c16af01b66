"""Who must be told that a consent no longer holds. Source: domain report 6.1, 6.6."""

from tyokyky_bridge.domain.consent import Consent
from tyokyky_bridge.domain.parties import PartyId


def parties_to_notify(ended: Consent, *, replaced_by: Consent | None = None) -> tuple[PartyId, ...]:
    """
    List every party of the form that has ended, the one that took the withdrawal in too, in the order of
    their ids.

    A newer form that takes nothing away from the old one and forbids nothing more needs no notice.
    """
    if replaced_by is not None:
        takes_away = _permissions(ended) - _permissions(replaced_by)
        forbids_more = set(replaced_by.restrictions) - set(ended.restrictions)
        if not takes_away and not forbids_more:
            return ()
    return tuple(sorted(ended.parties))


def _permissions(consent: Consent) -> frozenset[tuple[object, ...]]:
    """Break the grants into single permissions: the same only when every limit of theirs is the same."""
    return frozenset(
        (
            grant.discloser,
            grant.recipient,
            category,
            grant.purpose,
            grant.data_from,
            grant.period,
            grant.services,
            consent.valid_until,
        )
        for grant in consent.grants
        for category in grant.categories
    )
