"""`envtest.embedded.zeros`: what every object of a kind has."""

import pytest

from envtest.embedded.builtin import resources, zeros
from tests.support import apply_twin


@pytest.mark.parametrize(
    ("api_version", "kind", "empty"),
    [
        ("v1", "ConfigMap", {"metadata": {}}),
        ("rbac.authorization.k8s.io/v1", "Role", {"metadata": {}, "rules": None}),
        ("scheduling.k8s.io/v1", "PriorityClass", {"metadata": {}, "value": 0}),
        (
            "apps/v1",
            "Deployment",
            {
                "metadata": {},
                "spec": {"selector": None, "strategy": {}, "template": {"metadata": {}, "spec": {"containers": None}}},
                "status": {},
            },
        ),
    ],
)
def test_built_in_kinds_have_their_structs(api_version, kind, empty):
    """And fields that Go does not leave out, with nothing in them."""
    found = zeros.zero(resources.Registry.built_in().of_kind(api_version, kind))
    assert {name: value for name, value in found.items() if name not in ("apiVersion", "kind")} == empty


def test_custom_kinds_have_nothing():
    """So who creates an object owns all that it gives it."""
    assert zeros.zero(apply_twin.MIXTURE) == {}
