"""One MicroServiceDeploy as the pure core sees it, and what all its children share.

What flows in: the resource's identity and its decoded spec. What flows out: names, labels and metadata of children. Pure values,
any thread. No upstream file: the recommended labels are those of kubernetes.io/docs/concepts/overview/working-with-objects.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from controller.client import interfaces
from reconcilers.microservicedeploy.spec import MicroServiceDeploySpec

MANAGER = "coxswain"
"""The value of `app.kubernetes.io/managed-by` on everything that this operator makes."""

NAME_LABEL = "app.kubernetes.io/name"
INSTANCE_LABEL = "app.kubernetes.io/instance"
VERSION_LABEL = "app.kubernetes.io/version"
MANAGED_BY_LABEL = "app.kubernetes.io/managed-by"
PATH_LABEL = "custom.ops/path"

HOST_ANNOTATION = "custom.ops/host"
"""On a MicroServiceDeploy: "prefer" makes it the holder of a shared host."""

PAUSED_ANNOTATION = "coxswain.dev/paused"
"""On a resource of any kind: "true" stops every write except to that resource's status."""


@dataclass(frozen=True)
class Settings:
    """What the command line decides for all instances."""

    base_domain: str = ""
    """The parent of all hosts; "" means that no Ingress is made."""
    ingress_class: str = ""
    """The `ingressClassName`; "" leaves it to the cluster's default."""
    tls_secret: str = ""
    """The Secret with the hosts' certificate, in the instance's namespace; "" means plain HTTP."""
    auth_proxy_image: str = "docker.io/library/nginx:1.28-alpine"
    auth_proxy_cpu: str = "50m"
    auth_proxy_memory: str = "64Mi"


@dataclass(frozen=True)
class Instance:
    """One instance of a microservice."""

    name: str
    namespace: str
    uid: str
    spec: MicroServiceDeploySpec
    created: str = ""
    """metadata.creationTimestamp, RFC 3339."""
    generation: int = 0
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """The name of every child: spec.fullName, which equals the resource's own name where it is given."""
        return self.spec.full_name or self.name

    @property
    def is_autoscaled(self) -> bool:
        """Whether an HPA runs the replicas now; an idle instance has none."""
        return self.spec.autoscaling and not self.spec.idle

    @property
    def max_replicas(self) -> int:
        """The most replicas that autoscaling may make."""
        return self.spec.max_replicas or 2 * self.spec.replicas

    @property
    def is_paused(self) -> bool:
        """Whether a user stopped all writes for this resource."""
        return self.annotations.get(PAUSED_ANNOTATION) == "true"

    @property
    def prefers_host(self) -> bool:
        """Whether a user wants this instance to hold the shared host."""
        return self.annotations.get(HOST_ANNOTATION) == "prefer"


def selector(instance: Instance) -> dict[str, str]:
    """Return what selects the pods of *instance*: one label that never changes, because a Deployment's selector cannot."""
    return {INSTANCE_LABEL: instance.full_name}


def pod_labels(instance: Instance) -> dict[str, str]:
    """Return the labels of pods: without the path, which must not roll them."""
    return {
        NAME_LABEL: instance.spec.ms_name,
        INSTANCE_LABEL: instance.full_name,
        VERSION_LABEL: instance.spec.version,
        MANAGED_BY_LABEL: MANAGER,
    }


def manifest(instance: Instance, api_version: str, kind: str) -> interfaces.Manifest:
    """Return the head of a child's manifest: kind, name and labels."""
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {
            "name": instance.full_name,
            "namespace": instance.namespace,
            "labels": pod_labels(instance) | {PATH_LABEL: instance.spec.path},
        },
    }
