"""Control planes for tests: how they are started, and what tests ask of them beside what envtest offers."""

import pathlib
import time
import uuid

from envtest import controlplane
from envtest.embedded import server
from envtest.kubelet import api

CRDS = pathlib.Path(__file__).resolve().parents[2] / "crds"


class _SpeaksClient:
    """Also speaks the client side's language."""

    @property
    def client_config(self):
        """The client side's `transport.Config` of an administrator."""
        from controller.client import transport

        return transport.load_config(str(self.kubeconfig), None)


class RealControlPlane(_SpeaksClient, controlplane.ControlPlane):
    """The real one."""


class EmbeddedControlPlane(_SpeaksClient, server.EmbeddedControlPlane):
    """The one in memory."""


_KINDS = {"real": RealControlPlane, "embedded": EmbeddedControlPlane}


def create(nodes=2, crds=CRDS, kind="real", **options):
    """Return a control plane that has our CRDs and *nodes* simulated nodes with metrics, not started."""
    return _KINDS[kind](controlplane.Options(nodes=nodes, metrics=nodes > 0, crds=crds, **options))


def make_namespace(control_plane, name=""):
    """Make a namespace, with a name of its own by default, wait until pods may be made in it, and return its name."""
    return make_namespaces(control_plane, name or own_name())[0]


def make_namespaces(control_plane, *names):
    """Make namespaces, wait until pods may be made in them, and return their names."""
    for name in names:
        control_plane.client.post("/api/v1/namespaces", {"metadata": {"name": name}})
    for name in names:
        wait_for(lambda name=name: exists(control_plane, f"/api/v1/namespaces/{name}/serviceaccounts/default"))
    return names


def own_name():
    """Return a name that no other namespace has."""
    return f"test-{uuid.uuid4().hex[:10]}"


def delete_namespace(control_plane, name):
    """Ask for the deletion of a namespace; its contents go in their own time."""
    control_plane.client.delete(f"/api/v1/namespaces/{name}", {})


def exists(control_plane, path):
    """Ask whether there is something at *path*."""
    try:
        control_plane.client.get(path)
    except api.ApiError as error:
        if error.code == 404:
            return False
        raise
    return True


def wait_for(condition, timeout_seconds=30.0):
    """Wait until *condition* returns something true, and return that."""
    deadline = time.monotonic() + timeout_seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, f"still not so after {timeout_seconds:.0f} s"
        time.sleep(0.05)
    return result
