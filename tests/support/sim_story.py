"""A short life of one MicroServiceDeploy, told by a user, among objects of somebody else.

What flows in: an embedded control plane and a namespace. What flows out: a user's writes, step by step. The end of each step is
determined: however the operator got there, the namespace must look the same. The test's thread.
"""

import json

from envtest.kubelet import api
from tests.support import cluster, control_planes, sim_view

NAME = "ms"
GROWN = 3
PAUSED = {"coxswain.dev/paused": "true"}
_FEW = {"limits": {"cpu": "200m", "memory": "64Mi"}, "requests": {"cpu": "100m", "memory": "64Mi"}}
_SPEC = {"replicas": 1, "maxReplicas": 4, "autoscaling": False, "needAuth": False, "resourceRequirements": _FEW, "msName": NAME}
_LABELS = {"app.kubernetes.io/managed-by": "coxswain", "app.kubernetes.io/instance": NAME}
_AUTOSCALERS = "apis/autoscaling/v2", "horizontalpodautoscalers"
_THEIRS = (
    ("ConfigMap", "api/v1", "configmaps", {"data": {"mode": "theirs"}}),
    ("ServiceAccount", "api/v1", "serviceaccounts", {}),
    ("Service", "api/v1", "services", {"spec": {"ports": [{"port": 80}]}}),
    ("NetworkPolicy", "apis/networking.k8s.io/v1", "networkpolicies", {"spec": {"podSelector": {}}}),
    ("Secret", "api/v1", "secrets", {"stringData": {"auth": "tenant:$2y$05$c29tZS1zYWx0LWhlcmUuLuVVtWzYJDTcwkNbP"}}),
)
"""Somebody else's objects; all but the tenant's Secret have labels as if they were ours."""


class Story:
    """The story in one namespace."""

    def __init__(self, control_plane, namespace):
        self._control_plane = control_plane
        self._client = control_plane.client
        self._namespace = namespace
        self._spec = dict(_SPEC)
        self._theirs = {}
        self.steps = {
            "create": self._apply,
            "guard": lambda: self._apply(needAuth=True),
            "autoscale": lambda: self._apply(autoscaling=True),
            "grow": self._grow,
            "configure": lambda: self._apply(config="mode=fast"),
            "sleep": lambda: self._apply(idle=True),
            "wake": lambda: self._apply(idle=False, needAuth=False),
            "pause": lambda: self._apply(PAUSED),
            "take over": self._take_over,
            "begin anew": self._begin_anew,
            "delete": self._delete,
        }
        """What the user does, in order, by name."""

    def prepare(self):
        """Make the namespace, and what is in it of somebody else."""
        control_planes.make_namespace(self._control_plane, self._namespace)
        for kind, version, plural, content in _THEIRS:
            name = "tenant-auth" if kind == "Secret" else "theirs"
            labels = {} if kind == "Secret" else _LABELS
            self._create(kind, (version, plural), {"metadata": {"name": name, "labels": labels}, **content})

    def touched(self):
        """Name what is not as somebody else left it."""
        sight = sim_view.look(self._control_plane, self._namespace)
        return [f"{kind} {name}" for (kind, name), left in self._theirs.items() if _kept(sight.find(kind, name)) != left]

    def _create(self, kind, place, body):
        version, plural = place
        made = self._client.post(f"/{version}/namespaces/{self._namespace}/{plural}", body)
        sight = sim_view.look(self._control_plane, self._namespace)
        name = made["metadata"]["name"]
        self._theirs[kind, name] = _kept(sight.find(kind, name))

    def _path(self, version, plural, name):
        return f"/{version}/namespaces/{self._namespace}/{plural}/{name}"

    def _instance_path(self):
        return self._path("apis/custom.ops/v1", "microservicedeploys", NAME)

    def _apply(self, annotations=None, /, **changes):
        self._spec |= changes
        manifest = cluster.sample(NAME, **{"creationTimestamp": None, **self._spec})
        manifest["metadata"] |= {"annotations": annotations or {}, "namespace": self._namespace}
        self._client.patch(f"{self._instance_path()}?fieldManager=user&force=true", manifest, api.APPLY)

    def _grow(self):
        """Scale as an autoscaler would: what it must wake up with stands in no spec."""
        self._client.patch(self._path("apis/apps/v1", "deployments", NAME), {"spec": {"replicas": GROWN}})

    def _take_over(self):
        """While the operator holds still, put an object of one's own in its autoscaler's place, and do without that one."""
        path = self._path(*_AUTOSCALERS, NAME)
        self._client.delete(path, {})
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "theirs"}
        spec = {"maxReplicas": 2, "scaleTargetRef": target}
        self._create("HorizontalPodAutoscaler", _AUTOSCALERS, {"metadata": {"name": NAME}, "spec": spec})
        self._apply(autoscaling=False)

    def _begin_anew(self):
        """Delete the instance and make one of its name at once, which is another one."""
        self._delete()
        self._apply(config=None)

    def _delete(self):
        self._client.delete(self._instance_path(), {"propagationPolicy": "Background"})


def _kept(found):
    """Return what nobody but the owner may change, byte by byte; an autoscaler's status is Kubernetes' own."""
    if found is None or found["kind"] != "HorizontalPodAutoscaler":
        return json.dumps(found)
    metadata = {key: value for key, value in found["metadata"].items() if key not in ("resourceVersion", "managedFields")}
    return json.dumps({**found, "metadata": metadata, "status": None})
