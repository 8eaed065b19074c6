"""Tests of what the metrics API answers, without a server."""

import json

import pytest

from envtest import metrics_api, pod_metrics
from envtest.kubelet import api

USAGE = f"{metrics_api.PATH}/namespaces/team/usage"
PODS = f"{metrics_api.PATH}/namespaces/team/pods"


class Pods:
    """A client of an API server that has one pod, and tells what it was asked."""

    def __init__(self):
        self.asked = []
        self.error = None

    def get(self, path):
        """Return the list with the pod."""
        self.asked.append(path)
        if self.error:
            raise self.error
        metadata = {"name": "a", "namespace": "team", "labels": {"app": "shop"}}
        return {"items": [{"metadata": metadata, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}]}


@pytest.fixture
def pods():
    """The pods."""
    return Pods()


@pytest.fixture
def answers(pods):
    """What is answered about the pods."""
    return metrics_api.Answers(pods, pod_metrics.Usages())


def say(millicores, **changes):
    """Return the body that sets a use."""
    return json.dumps({"labels": {"app": "shop"}, "container": "main", "millicores": millicores} | changes).encode()


def test_a_use_that_is_put_is_measured(answers, pods):
    """It shows in the namespace's list, in that of all namespaces and in the pod's own metrics, until it is taken back."""
    assert answers.get(PODS)["items"] == []
    answers.put(USAGE, say(1200))
    listed = answers.get(f"{PODS}?labelSelector=app%3Dshop%2Cx%21%3Dy&limit=500")
    assert listed["kind"] == "PodMetricsList"
    [item] = listed["items"]
    assert item["containers"] == [{"name": "main", "usage": {"cpu": "1200000000n"}}]
    assert answers.get(f"{PODS}/a")["containers"] == item["containers"]
    assert len(answers.get(f"{metrics_api.PATH}/pods")["items"]) == 1
    answers.put(USAGE, say(None))
    assert answers.get(PODS)["items"] == []
    namespaced = "/api/v1/namespaces/team/pods"
    assert pods.asked == [
        namespaced,
        f"{namespaced}?labelSelector=app%3Dshop%2Cx%21%3Dy",
        namespaced,
        "/api/v1/pods",
        namespaced,
    ]


def test_discovery_names_the_pods(answers):
    """A client finds the resource, read-only."""
    [resource] = answers.get(metrics_api.PATH)["resources"]
    assert (resource["name"], resource["kind"], resource["verbs"]) == ("pods", "PodMetrics", ["get", "list"])


@pytest.mark.parametrize(
    ("target", "code"),
    [("/openapi/v2", 404), (f"{metrics_api.PATH}/nodes", 404), (f"{PODS}/gone", 404), (USAGE, 405)],
)
def test_there_is_nothing_else_to_get(answers, target, code):
    """Other paths, and pods that have no metrics, are refused."""
    with pytest.raises(metrics_api.RefusedError) as refusal:
        answers.get(target)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("target", "body", "code"),
    [
        (PODS, say(1), 405),
        (f"{metrics_api.PATH}/usage", say(1), 405),
        (f"{USAGE}/a", say(1), 405),
        (USAGE, b"{", 400),
        (USAGE, b"[]", 400),
        (USAGE, b"{}", 400),
        (USAGE, say("many"), 400),
        (USAGE, say(1, labels="app=shop"), 400),
    ],
)
def test_what_does_not_say_a_use_is_refused(answers, target, body, code):
    """The wrong place, or a body without what is needed, sets nothing."""
    with pytest.raises(metrics_api.RefusedError) as refusal:
        answers.put(target, body)
    assert refusal.value.code == code
    assert answers.get(PODS)["items"] == []


@pytest.mark.parametrize(("said", "code"), [(403, 403), (0, 503)])
def test_an_api_server_that_does_not_tell_is_an_error(answers, pods, said, code):
    """Its refusal is passed on; its silence is 503."""
    pods.error = api.ApiError(said, "no")
    with pytest.raises(metrics_api.RefusedError) as refusal:
        answers.get(PODS)
    assert refusal.value.code == code
