"""The metrics API behind a real API server: what is set there, and by other processes, is what clients read."""

import pytest
import urllib3

from envtest.kubelet import api
from tests.support import control_planes, raw_api

pytestmark = [pytest.mark.controlplane, pytest.mark.real_only]
METRICS = "/apis/metrics.k8s.io/v1beta1"
LABELS = {"app": "busy"}


def uses(control_plane, namespace, selector=""):
    """Return the CPU use of each container that the namespace's pods have metrics of."""
    found = control_plane.client.get(f"{METRICS}/namespaces/{namespace}/pods{selector}")["items"]
    return sorted(each["usage"]["cpu"] for pod in found for each in pod["containers"])


def test_a_use_is_set_and_read(control_plane, namespace):
    """By Python, through the API server and on its own port a use is set; the API server shows it, shared out among the pods."""
    pods = f"/api/v1/namespaces/{namespace}/pods"
    for name in ("a", "b"):
        spec = {"containers": [{"name": "app", "image": "i"}]}
        control_plane.client.post(pods, {"metadata": {"name": name, "labels": LABELS}, "spec": spec})
    assert uses(control_plane, namespace) == []
    control_plane.metrics.set_cpu(namespace, LABELS, "app", 1000)
    control_planes.wait_for(lambda: uses(control_plane, namespace) == ["500000000n"] * 2)
    assert uses(control_plane, namespace, "?labelSelector=app%3Dbusy") == ["500000000n"] * 2
    assert uses(control_plane, namespace, "?labelSelector=app%21%3Dbusy") == []

    body = {"labels": LABELS, "container": "app", "millicores": 300}
    client = raw_api.Api(control_plane.kubeconfig)
    assert client.request("PUT", f"{METRICS}/namespaces/{namespace}/usage", body).status == 200
    assert uses(control_plane, namespace) == ["150000000n"] * 2
    assert client.request("PUT", f"{METRICS}/namespaces/{namespace}/usage", {}).status == 400
    client.close()

    with urllib3.PoolManager(ca_certs=str(control_plane.authority), retries=False) as pool:
        path = f"{control_plane.metrics.url}{METRICS}/namespaces/{namespace}/usage"
        assert pool.request("PUT", path, json=body | {"millicores": 100}).status == 200
    assert uses(control_plane, namespace) == ["50000000n"] * 2


def test_it_is_found_by_discovery(control_plane):
    """The group stands among the server's, so that kubectl top and the autoscaler find it."""
    groups = [group["name"] for group in control_plane.client.get("/apis")["groups"]]
    assert "metrics.k8s.io" in groups
    with pytest.raises(api.ApiError, match="404"):
        control_plane.client.get(f"{METRICS}/nodes")
