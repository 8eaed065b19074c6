"""`envtest.embedded.typed_errors`: the server's words for configurations that do not fit."""

import pytest

from envtest.embedded.apply import typed_errors
from envtest.embedded.builtin import resources

DEPLOYMENT = resources.Registry.built_in().of_kind("apps/v1", "Deployment").schema
CONTAINERS = ".spec.template.spec.containers"


def container(**fields):
    """Return a Deployment with one container."""
    return {"spec": {"template": {"spec": {"containers": [{"name": "c", **fields}]}}}}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (container(image="i", ports=[{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}]), ""),
        ({"spec": None, "metadata": {"labels": None}}, ""),
        ({"nope": 1}, ".nope: field not declared in schema"),
        ({"spec": {"replicas": "1"}}, ".spec.replicas: expected numeric (int or float), got string"),
        ({"spec": {"paused": 1}}, ".spec.paused: expected boolean, got &{1}"),
        (container(image=5), f'{CONTAINERS}[name="c"].image: expected string, got &value.valueUnstructured{{Value:5}}'),
        (container(args="x"), f'{CONTAINERS}[name="c"].args: expected list, got &{{x}}'),
        (container(args=[1]), f'{CONTAINERS}[name="c"].args[0]: expected string, got &value.valueUnstructured{{Value:1}}'),
        (container(resources=[]), f'{CONTAINERS}[name="c"].resources: expected map, got &{{[]}}'),
        (
            container(ports=[{"containerPort": 80}, {"containerPort": 80, "protocol": "TCP"}]),
            f'{CONTAINERS}[name="c"].ports: duplicate entries for key [containerPort=80,protocol="TCP"]',
        ),
        (
            {"metadata": {"finalizers": [{}]}},
            ".metadata.finalizers: element 0: associative list without keys has an element that's a map type",
        ),
        (
            {"metadata": {"labels": "x"}, "spec": {"replicas": "y"}},
            "errors:\n  .metadata.labels: expected map, got &{x}\n  .spec.replicas: expected numeric (int or float), got string",
        ),
    ],
)
def test_the_words_are_the_servers(body, message):
    """Each error has its path; several stand below each other."""
    assert typed_errors.message(DEPLOYMENT, body) == message
