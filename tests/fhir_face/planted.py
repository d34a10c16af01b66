"""Planted bugs: what some FHIR server has or had, put into ours to see that a check notices.

Each is put in by patching the one function that would have it. Source: FHIR report, section 3.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from fhir_face import planted_in_reading, planted_in_search, planted_in_writing


@dataclass(frozen=True)
class Planted:
    """A bug: who had it, which check has to notice, and how it is put in."""

    title: str
    seen_at: str
    check: str
    plant: Callable[[pytest.MonkeyPatch], None]


PLANTED: tuple[Planted, ...] = (
    Planted(
        "every version has the same ETag",
        "microsoft/fhir-server#4647",
        "an_etag_names_the_version_that_was_read",
        planted_in_reading.one_etag_for_all,
    ),
    Planted(
        "a stale If-Match is a fault",
        "fhir-candle",
        "a_stale_update_is_412",
        planted_in_writing.stale_is_a_fault,
    ),
    Planted(
        "If-Match is not looked at",
        "microsoft/fhir-server#4647",
        "a_stale_update_is_412",
        planted_in_writing.if_match_is_ignored,
    ),
    Planted(
        "an OperationOutcome with an invented code",
        "measured, FHIR report 2.2",
        "an_error_has_a_kind_that_fhir_knows",
        planted_in_reading.invented_issue_code,
    ),
    Planted(
        "405 without Allow",
        "several",
        "what_is_not_allowed_says_what_is",
        planted_in_reading.no_allow,
    ),
    Planted(
        "a history without deletions",
        "hapi-fhir#5380",
        "a_history_holds_the_deletion",
        planted_in_reading.history_without_deletions,
    ),
    Planted(
        "the version of a deletion was never there",
        "several",
        "a_deleted_version_is_gone",
        planted_in_reading.deletion_was_never_there,
    ),
    Planted(
        "a hidden edit makes a version",
        "medplum#2444",
        "a_hidden_edit_moves_nothing",
        planted_in_reading.every_edit_is_a_version,
    ),
    Planted(
        "the link to the next page is missing",
        "hapi-fhir#2114",
        "pages_reach_everything_once",
        planted_in_search.no_next_link,
    ),
    Planted(
        "a page begins with the last match of the one before",
        "hapi-fhir#3086",
        "pages_reach_everything_once",
        planted_in_search.pages_overlap,
    ),
    Planted(
        "a page link serves anybody",
        "FHIR report 1.6",
        "a_page_link_is_for_its_caller_alone",
        planted_in_search.links_for_anybody,
    ),
    Planted(
        "consent is not asked again on the next page",
        "hapi-fhir#2369",
        "a_withdrawal_counts_between_two_pages",
        planted_in_search.later_pages_without_consent,
    ),
    Planted(
        "deleted resources are found and included",
        "microsoft/fhir-server#1955",
        "what_is_deleted_is_found_by_nothing",
        planted_in_search.deleted_is_found,
    ),
    Planted(
        "includes are not asked for permission",
        "medplum#9973",
        "an_include_brings_nothing_that_is_not_permitted",
        planted_in_search.includes_of_anybody,
    ),
    Planted(
        "a total counts what is hidden",
        "hapi-fhir#6065",
        "a_total_counts_what_the_caller_may_see",
        planted_in_search.total_of_everybody,
    ),
    Planted(
        "unknown parameters are passed over",
        "microsoft/fhir-server#1731, LinuxForHealth/FHIR#260",
        "an_unknown_parameter_is_refused",
        planted_in_search.silence_about_parameters,
    ),
    Planted(
        "conditional create searches first and inserts then",
        "hapi-fhir#3141",
        "many_creators_of_one_thing_make_one",
        planted_in_writing.search_then_insert,
    ),
    Planted(
        "conditional create updates what it finds",
        "hapi-fhir#509",
        "a_conditional_create_changes_nothing_that_is_there",
        planted_in_writing.create_updates_the_match,
    ),
    Planted(
        "criteria that cannot be evaluated match nothing",
        "FHIR report 1.3",
        "criteria_that_say_nothing_create_nothing",
        planted_in_writing.strange_criteria_match_nothing,
    ),
    Planted(
        "the query of a create is not looked at",
        "fhirpy against most servers",
        "criteria_in_the_url_of_a_create_are_refused",
        planted_in_writing.query_of_a_create_is_ignored,
    ),
    Planted(
        "a redacted write-back erases what was hidden",
        "FHIR report 1.2",
        "a_redacted_write_back_erases_nothing",
        planted_in_writing.write_back_erases,
    ),
    Planted(
        "a part is taken for the whole",
        "FHIR report 1.2",
        "a_part_cannot_replace_the_whole",
        planted_in_writing.part_is_taken_for_the_whole,
    ),
    Planted(
        "decimals go through floating point",
        "nazrulworld/fhir.resources",
        "a_number_keeps_its_digits",
        planted_in_writing.decimals_through_floats,
    ),
    Planted(
        "references in arrays stay urns",
        "fhir-candle",
        "a_transaction_resolves_every_urn",
        planted_in_writing.arrays_are_not_resolved,
    ),
    Planted(
        "a transaction keeps what went well",
        "FHIR report 1.8",
        "a_transaction_is_all_or_nothing",
        planted_in_writing.transaction_entry_by_entry,
    ),
)
"""Every planted bug."""
