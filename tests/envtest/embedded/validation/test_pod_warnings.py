"""`envtest.embedded.pod_warnings`: what the server warns of when it accepts what makes pods."""

import json
import re

import pytest
import urllib3

from envtest.embedded.builtin import defaults, extract, resources
from envtest.embedded.validation import pod_warnings
from tests.support import plain_objects

REGISTRY = resources.Registry.built_in()
TERM = {"topologyKey": "zone"}
PORT = {"containerPort": 80}


def deployment(**spec):
    """Return a Deployment whose pods have *spec*."""
    return plain_objects.changed(plain_objects.deployment(), "spec|template", plain_objects.template(**spec))


def container(**fields):
    """Return a Deployment with a container that has *fields*."""
    return deployment(containers=[plain_objects.container(**fields)])


WORRYING = (
    plain_objects.changed(plain_objects.deployment(), "metadata|name", "a.b"),
    plain_objects.changed(plain_objects.job(), "metadata|name", "a.b"),
    plain_objects.changed(plain_objects.pod(), "metadata|name", "a.b"),
    deployment(nodeSelector={"beta.kubernetes.io/os": "linux"}),
    deployment(topologySpreadConstraints=[
        {"maxSkew": 1, "topologyKey": "failure-domain.beta.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"},
    ]),
    deployment(hostAliases=[{"ip": "1.2.3.4"}, {"ip": "1.2.3.4"}]),
    deployment(imagePullSecrets=[{"name": "a"}, {"name": "a"}]),
    deployment(imagePullSecrets=[{}]),
    deployment(terminationGracePeriodSeconds=-1),
    deployment(affinity={"podAntiAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [TERM],
        "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": TERM}],
    }}),
    container(env=[{"name": "A", "value": "1"}, {"name": "A", "value": "$(A)2"}, {"name": "A", "value": "3"}]),
    container(resources={"limits": {"memory": "1.5"}, "requests": {"memory": "500m"}}),
    container(ports=[PORT, PORT]),
    container(ports=[{**PORT, "hostPort": 81}, PORT]),
    container(ports=[{**PORT, "hostPort": 81}, {**PORT, "hostPort": 81, "hostIP": "1.2.3.4"}]),
    deployment(containers=[
        plain_objects.container(ports=[{**PORT, "name": "a"}]),
        plain_objects.container(name="b", ports=[{"containerPort": 81, "name": "a"}]),
    ]),
    plain_objects.changed(plain_objects.cron_job(), "spec|jobTemplate|spec|template|spec|terminationGracePeriodSeconds", -1),
)  # fmt: skip


def ours(obj, old=None):
    """Return what ours warns of."""
    resource = REGISTRY.of_kind(obj["apiVersion"], obj["kind"])
    return pod_warnings.warnings(resource, defaults.apply(resource, obj), old)


def told(client, obj):
    """Return what a server warns of."""
    path = extract.creation(REGISTRY.of_kind(obj["apiVersion"], obj["kind"]))
    answer = client.ask("POST", f"{path}?dryRun=All", obj)
    headers = urllib3.HTTPHeaderDict(answer.headers).getlist("warning")
    found = [re.fullmatch(r'299 - ("(?:[^"\\]|\\.)*")', text)[1] for text in headers]
    return [json.loads(text) for text in found]


@pytest.fixture(scope="module")
def client(control_plane):
    """A client of a server."""
    server = extract.Server(control_plane.kubeconfig)
    yield server
    server.close()


@pytest.mark.real_only
def test_warnings_are_those_of_a_real_server(client):
    """Each text, in the same order."""
    for obj in WORRYING:
        assert ours(obj) == told(client, obj) != []


def test_good_objects_are_no_reason_to_warn():
    """Neither are updates that leave the spec as it is."""
    assert ours(plain_objects.deployment()) == []
    assert ours(container(ports=[PORT, PORT])) != []
    assert ours(container(ports=[PORT, PORT]), {"metadata": {}}) == []
    assert ours(plain_objects.config_map()) == []
