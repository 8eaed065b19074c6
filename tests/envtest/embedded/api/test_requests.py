"""Options of requests, and what is said of those that make no sense."""

import pytest

from envtest.embedded.api import requests, status


def said(error):
    """Return code and message."""
    return error.value.code, error.value.message


def test_a_manager_is_named_or_is_the_user_agent_up_to_its_slash():
    """As the real server names who owns fields."""
    assert requests.options({"fieldManager": "m"}, "kubectl/v1", "CreateOptions").manager == "m"
    assert requests.options({}, "kubectl/v1 (linux)", "CreateOptions").manager == "kubectl"


def test_unknown_fields_lead_to_a_warning_unless_something_else_is_asked_for():
    """The server's default since 1.25."""
    assert requests.options({}, "", "CreateOptions").field_validation == "Warn"
    assert requests.options({"fieldValidation": "Strict"}, "", "CreateOptions").field_validation == "Strict"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"dryRun": "Some"}, 'dryRun: Unsupported value: ["Some"]: supported values: "All"'),
        ({"fieldManager": "x" * 129}, "fieldManager: Too long: may not be more than 128 bytes"),
        ({"fieldManager": "a\nb"}, 'fieldManager: Invalid value: "a\\nb": invalid character U+000A (at position 1)'),
    ],
)
def test_options_of_a_write_are_checked(query, message):
    """With the server's text."""
    with pytest.raises(status.StatusError) as error:
        requests.options(query, "", "CreateOptions")
    assert said(error) == (422, f'CreateOptions.meta.k8s.io "" is invalid: {message}')


def test_an_apply_names_its_manager_and_only_an_apply_forces():
    """Both are refused otherwise."""
    apply, merge = requests.Patch(requests.APPLY_PATCH, {}), requests.Patch(requests.MERGE_PATCH, {})
    with pytest.raises(status.StatusError, match="fieldManager: Required value: is required for apply patch"):
        requests.check_patch_options(apply, requests.Options(), {})
    with pytest.raises(status.StatusError, match="force: Forbidden: may not be specified for non-apply patch"):
        requests.check_patch_options(merge, requests.Options("m"), {"force": "true"})
    requests.check_patch_options(apply, requests.Options("m"), {"force": "true"})


def test_the_options_of_a_deletion_come_from_the_body_or_the_query():
    """The body wins."""
    found = requests.delete_options({"gracePeriodSeconds": 5, "preconditions": {"uid": "u"}}, {"gracePeriodSeconds": "7"})
    assert (found.grace_period_seconds, found.uid) == (5, "u")
    assert requests.delete_options({}, {"gracePeriodSeconds": "7"}).grace_period_seconds == 7
    assert requests.delete_options({}, {"propagationPolicy": "Orphan"}).propagation_policy == "Orphan"
    assert requests.delete_options({"dryRun": ["All"]}, {}).dry_run


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"propagationPolicy": "Nope"},
            'Unsupported value: "Nope": supported values: "Foreground", "Background", "Orphan", "nil"',
        ),
        (
            {"propagationPolicy": "Orphan", "orphanDependents": True},
            'Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
        ),
    ],
)
def test_the_options_of_a_deletion_are_checked(body, message):
    """With the server's text."""
    with pytest.raises(status.StatusError) as error:
        requests.delete_options(body, {})
    assert said(error) == (422, f'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: {message}')


@pytest.mark.parametrize(
    ("query", "is_watch", "part"),
    [
        ({"resourceVersionMatch": "Exact"}, False, "is forbidden unless resourceVersion is provided"),
        ({"resourceVersionMatch": "Exact", "resourceVersion": "0"}, False, '"exact" is forbidden for resourceVersion "0"'),
        ({"resourceVersionMatch": "Foo", "resourceVersion": "1"}, False, 'supported values: "Exact", "NotOlderThan", ""'),
        ({"sendInitialEvents": "true"}, False, "sendInitialEvents is forbidden for list"),
        ({"sendInitialEvents": "true"}, True, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"),
        ({"resourceVersionMatch": "NotOlderThan"}, True, "is forbidden for watch unless sendInitialEvents is provided"),
    ],
)
def test_versions_to_match_are_checked(query, is_watch, part):
    """A list and a watch differ."""
    with pytest.raises(status.StatusError) as error:
        requests.list_options(query, is_watch=is_watch)
    assert error.value.code == 422
    assert part in error.value.message


def test_a_version_is_a_number():
    """What is none is an error of the server itself."""
    assert requests.revision("") == 0
    assert requests.revision("17") == 17
    with pytest.raises(status.StatusError) as error:
        requests.revision("x")
    assert said(error) == (500, 'resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax')
