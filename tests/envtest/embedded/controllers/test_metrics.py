"""Tests of the metrics API of an embedded server."""

import json

import pytest

from envtest import metrics_api
from envtest.embedded.api import status
from tests.support import simulated_cluster

PODS = f"{metrics_api.PATH}/namespaces/default/pods"
USAGE = f"{metrics_api.PATH}/namespaces/default/usage"


@pytest.fixture
def metrics():
    """The metrics of a cluster in which a Deployment of two pods runs."""
    cluster = simulated_cluster.Cluster()
    cluster.create("deployments.apps", simulated_cluster.deployment())
    cluster.settle()
    return cluster.manager.metrics


def say(millicores):
    """Return the body that sets a use."""
    return json.dumps({"labels": {"app": "web"}, "container": "app", "millicores": millicores}).encode()


def test_a_use_that_is_put_is_shared_out(metrics):
    """Among the pods that have the labels; selectors choose among them."""
    metrics.answer("PUT", USAGE, say(300))
    for query, number in (("", 2), ("?labelSelector=app%3Dweb", 2), ("?labelSelector=app%21%3Dweb", 0)):
        items = metrics.answer("GET", PODS + query, b"")["items"]
        assert [item["containers"][0]["usage"]["cpu"] for item in items] == ["150000000n"] * number
    assert len(metrics.answer("GET", f"{metrics_api.PATH}/pods", b"")["items"]) == 2


def test_what_makes_no_sense_is_refused(metrics):
    """With the code that the real one has."""
    cases = [("PUT", USAGE, b"{}", 400), ("GET", f"{metrics_api.PATH}/nodes", b"", 404), ("DELETE", PODS, b"", 405)]
    for method, path, body, code in cases:
        with pytest.raises(status.StatusError) as error:
            metrics.answer(method, path, body)
        assert error.value.code == code


def test_discovery_knows_it(metrics):
    """The group, and what is in it."""
    assert metrics.group.entry["name"] == "metrics.k8s.io"
    assert metrics.answer("GET", metrics_api.PATH, b"")["kind"] == "APIResourceList"
