"""What is there from the start: the namespaces of every cluster, and the Service of the API itself.

What flows in: an empty API. What flows out: the same with its first objects. The thread that starts the server, before the loop
runs. Mirrors kubernetes pkg/controlplane (controller/systemnamespaces, controller/kubernetesservice).
"""

from envtest.embedded.api import pipeline, requests
from envtest.embedded.api.status import Json

NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")

_OPTIONS = requests.Options(field_manager="kube-apiserver", field_validation="Ignore")


def plant(api: pipeline.Api) -> None:
    """Make the first objects."""
    namespaces = api.registry.find("", "v1", "namespaces")
    services = api.registry.find("", "v1", "services")
    assert namespaces is not None
    assert services is not None
    for name in NAMESPACES:
        api.create(requests.Target(namespaces), {"metadata": {"name": name}}, _OPTIONS)
    api.create(requests.Target(services, "default"), _service(), _OPTIONS)


def _service() -> Json:
    labels = {"component": "apiserver", "provider": "kubernetes"}
    port = {"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}
    spec = {"clusterIP": "10.0.0.1", "ports": [port], "type": "ClusterIP"}
    return {"metadata": {"name": "kubernetes", "labels": labels}, "spec": spec}
