"""Keys that a kind of client is known to rename are read under our names."""

from dataclasses import replace

from cds_service.hooks.request import HookRequest, read_request
from cds_service.profiles import STANDARD, profile_of
from cds_service.profiles.prefetch import our_key, with_our_keys

EPIC = profile_of("epic")


def call(**prefetch: object) -> HookRequest:
    body = {
        "hook": "patient-view",
        "hookInstance": "5e1f8c1e-7a53-4b8a-9f0e-2d6c1a4b7e90",
        "context": {"userId": "Practitioner/a", "patientId": "b"},
        "prefetch": {name.replace("_", "-"): value for name, value in prefetch.items()},
    }
    return read_request(body, "patient-view")


def test_a_suffix_of_epic_is_taken_off() -> None:
    assert our_key("medRequests-user", EPIC) == "medRequests"
    assert our_key("medRequests", EPIC) == "medRequests"


def test_a_name_that_only_ends_like_one_is_left_alone() -> None:
    assert our_key("everything-user", EPIC) == "everything-user"
    assert our_key("medRequests-user-2", EPIC) == "medRequests-user-2"
    assert our_key("medRequests-user", STANDARD) == "medRequests-user"


def test_a_pattern_may_put_something_in_front() -> None:
    assert our_key("site.labs.v2", replace(STANDARD, renamed=("site.{key}.v2",))) == "labs"
    assert our_key("siteXlabs.v2", replace(STANDARD, renamed=("site.{key}.v2",))) == "siteXlabs.v2"


def test_the_request_is_read_under_our_names_and_values_stay() -> None:
    request = with_our_keys(call(labs_user=None, other={"a": 1}), EPIC)
    assert dict(request.prefetch) == {"labs": None, "other": {"a": 1}}


def test_a_key_that_came_under_both_names_is_never_lost() -> None:
    request = with_our_keys(call(labs_user={"a": 1}, labs=None), EPIC)
    assert dict(request.prefetch) == {"labs-user": {"a": 1}, "labs": None}


def test_a_request_without_such_names_is_the_same_object() -> None:
    request = call(labs=None)
    assert with_our_keys(request, EPIC) is request
    assert with_our_keys(request, STANDARD) is request
