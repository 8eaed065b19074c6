"""Errors and the Status that tells of them, with the server's texts."""

import pytest

from envtest.embedded.api import status
from envtest.embedded.builtin import resources

DEPLOYMENTS = resources.Registry.built_in().find("apps", "v1", "deployments")
PODS = resources.Registry.built_in().find("", "v1", "pods")


def test_a_missing_object_is_named_with_its_group():
    """The message has resource and group, the details have both apart."""
    said = status.not_found(DEPLOYMENTS, "web").to_json()
    assert said == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'deployments.apps "web" not found',
        "reason": "NotFound",
        "details": {"name": "web", "group": "apps", "kind": "deployments"},
        "code": 404,
    }


@pytest.mark.parametrize(
    ("error", "code", "reason", "message"),
    [
        (status.already_exists(PODS, "a"), 409, "AlreadyExists", 'pods "a" already exists'),
        (status.conflict(PODS, "a", "no"), 409, "Conflict", 'Operation cannot be fulfilled on pods "a": no'),
        (status.forbidden(PODS, "a", "no"), 403, "Forbidden", 'pods "a" is forbidden: no'),
        (status.forbidden(PODS, "", "no"), 403, "Forbidden", "pods is forbidden: no"),
        (status.expired("old"), 410, "Expired", "old"),
        (status.gone("away"), 410, "Gone", "away"),
        (status.bad_request("no"), 400, "BadRequest", "no"),
        (status.internal("no"), 500, "InternalError", "Internal error occurred: no"),
        (
            status.no_unique_name(PODS, "a"),
            409,
            "AlreadyExists",
            'pods "a" already exists, the server was not able to generate a unique name for the object',
        ),
    ],
)
def test_each_error_has_the_servers_code_reason_and_text(error, code, reason, message):
    """What the real server says in the same case."""
    assert (error.code, error.reason, error.message) == (code, reason, message)


def test_several_causes_are_listed_and_said_once():
    """Equal texts are not repeated in the message, but in the causes."""
    wrong = status.Cause(status.INVALID, "spec.a", 'Invalid value: "x": no')
    missing = status.Cause(status.REQUIRED, "spec.b", "Required value")
    said = status.invalid(("Pod", ""), "a", [wrong, wrong, missing]).to_json()
    assert said["message"] == 'Pod "a" is invalid: [spec.a: Invalid value: "x": no, spec.b: Required value]'
    assert [cause["field"] for cause in said["details"]["causes"]] == ["spec.a", "spec.a", "spec.b"]


def test_one_cause_stands_without_brackets():
    """As the server prints a list of one."""
    error = status.invalid(("Deployment", "apps"), "a", [status.Cause(status.REQUIRED, "spec.b", "Required value")])
    assert error.message == 'Deployment.apps "a" is invalid: spec.b: Required value'


def test_one_conflict_of_an_apply_is_said_in_a_line():
    """The manager comes as it is printed."""
    error = status.apply_conflict([('"kubectl" using v1', ".data.k")])
    assert error.message == 'Apply failed with 1 conflict: conflict with "kubectl" using v1: .data.k'
    assert error.details == {
        "causes": [{"reason": "FieldManagerConflict", "message": 'conflict with "kubectl" using v1', "field": ".data.k"}]
    }


def test_several_conflicts_are_grouped_by_manager():
    """In the order in which they come first; the causes keep their order."""
    error = status.apply_conflict([('"b"', ".x"), ('"a"', ".y"), ('"b"', ".z")])
    assert error.message == 'Apply failed with 3 conflicts: conflicts with "b":\n- .x\n- .z\nconflicts with "a":\n- .y'
    assert [cause["field"] for cause in error.details["causes"]] == [".x", ".y", ".z"]


def test_too_many_requests_say_how_long_to_wait():
    """In the header and in the details."""
    error = status.too_many_requests(7)
    assert error.headers == {"Retry-After": "7"}
    assert error.details == {"retryAfterSeconds": 7}


def test_values_are_printed_as_go_prints_them():
    """JSON with sorted keys, without blanks, and with what HTML would read escaped."""
    assert status.compact({"b": "<&>", "a": [1, None]}) == '{"a":[1,null],"b":"\\u003c\\u0026\\u003e"}'
    assert status.quoted('a"b\n') == '"a\\"b\\n"'
