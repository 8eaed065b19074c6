"""Requests are understood as an API server understands them."""

import pytest

from envtest import calls

APPLY = "application/apply-patch+yaml"


@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [
        ("GET", "/api/v1/namespaces/team/pods/one", calls.Call("get", "pods", "", "team", "one")),
        ("GET", "/api/v1/namespaces/team/pods?limit=500", calls.Call("list", "pods", "", "team")),
        ("GET", "/apis/apps/v1/deployments?watch=true", calls.Call("watch", "deployments.apps")),
        ("GET", "/apis/apps/v1/deployments?watch=false", calls.Call("list", "deployments.apps")),
        ("GET", "/api/v1/namespaces/team", calls.Call("get", "namespaces", "", "team", "team")),
        ("PUT", "/api/v1/namespaces/team/finalize", calls.Call("update", "namespaces", "finalize", "team", "team")),
        ("GET", "/api/v1/namespaces", calls.Call("list", "namespaces")),
        ("POST", "/api/v1/namespaces/team/secrets", calls.Call("create", "secrets", "", "team")),
        ("DELETE", "/api/v1/namespaces/team/secrets/one", calls.Call("delete", "secrets", "", "team", "one")),
        ("DELETE", "/api/v1/namespaces/team/secrets", calls.Call("deletecollection", "secrets", "", "team")),
        ("GET", "/readyz?verbose", calls.Call("get", "/readyz")),
        ("GET", "/apis", calls.Call("get", "/apis")),
        ("GET", "/apis/apps/v1", calls.Call("get", "/apis/apps/v1")),
        ("GET", "/", calls.Call("get", "/")),
    ],
)
def test_requests_are_understood(method, target, expected):
    """Verb, resource, namespace and name are read from method and path, and paths without a resource stay paths."""
    assert calls.parse(method, target) == expected


def test_an_apply_is_told_from_other_patches():
    """The content type makes a patch an apply; manager, force and subresource come along."""
    target = "/apis/custom.ops/v1/namespaces/team/microservicedeploys/one/status?fieldManager=me&force=true"
    expected = calls.Call("apply", "microservicedeploys.custom.ops", "status", "team", "one", "me", force=True)
    assert calls.parse("PATCH", target, APPLY) == expected
    assert calls.parse("PATCH", target, "application/merge-patch+json").verb == "patch"


@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [
        ("PATCH", "/api/v1/namespaces/team/pods/one", True),
        ("DELETE", "/api/v1/namespaces/team/pods", True),
        ("POST", "/api/v1/namespaces/team/pods", True),
        ("POST", "/api/v1/namespaces/team/pods?dryRun=All", False),
        ("GET", "/api/v1/namespaces/team/pods/one", False),
        ("GET", "/api/v1/pods?watch=1", False),
    ],
)
def test_writes_are_what_may_change_something(method, target, expected):
    """Reads are no writes, nor are dry runs."""
    assert calls.parse(method, target).is_write is expected
