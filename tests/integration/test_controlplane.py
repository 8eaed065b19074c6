"""A real control plane starts, is ready, and stops."""

import pytest

pytestmark = pytest.mark.controlplane


def test_a_namespace_per_test(control_plane, namespace):
    """Each test gets a namespace of its own, in which pods may be made."""
    found = control_plane.client.get(f"/api/v1/namespaces/{namespace}")
    assert found["status"]["phase"] == "Active"


def test_start_is_quick(control_plane):
    """The start of all components, nodes included, takes seconds."""
    assert control_plane.start_seconds < 20
