"""What is wrong with an object of a built-in kind.

What flows in: an object that has been read and prepared, and what it replaces. What flows out: causes, in the server's order.
Pure. Mirrors the Validate methods of kubernetes pkg/registry strategies, and BeforeCreate and BeforeUpdate of apiserver
pkg/registry/rest.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from envtest.embedded.api import names
from envtest.embedded.api.status import Cause
from envtest.embedded.builtin import resources
from envtest.embedded.validation import (
    autoscaling_validation,
    configuration_validation,
    event_validation,
    job_validation,
    metadata_validation,
    network_validation,
    pod_validation,
    service_validation,
    status_validation,
    storage_validation,
    workload_validation,
)
from envtest.embedded.validation.checks import Json, Texts

Check = Callable[[Json], Iterable[Cause]]
CheckUpdate = Callable[[Json, Json], Iterable[Cause]]


def _nothing(_: Json) -> Iterable[Cause]:
    return ()


def _no_change(_: Json, __: Json) -> Iterable[Cause]:
    return ()


@dataclass(frozen=True)
class _Rules:
    """What a kind asks for, beside its metadata."""

    check: Check = _nothing
    check_update: CheckUpdate = _no_change
    check_status: CheckUpdate = _no_change
    name: Texts = names.dns_subdomain


def _as_if_new(check: Check) -> CheckUpdate:
    return lambda obj, _: check(obj)


_DEFAULT: Final = _Rules()
_CONFIG: Final = configuration_validation
_NETWORK: Final = network_validation
_WORKLOAD: Final = workload_validation
_RULES: Final[Mapping[str, _Rules]] = {
    "configmaps": _Rules(_CONFIG.config_map, _CONFIG.changed_config_map),
    "endpoints": _Rules(_NETWORK.endpoints, _NETWORK.changed_endpoints),
    "events": _Rules(event_validation.core, event_validation.changed_core, name=names.path_segment),
    "events.events.k8s.io": _Rules(event_validation.new, event_validation.changed),
    "limitranges": _Rules(_CONFIG.limit_range, _CONFIG.changed_limit_range),
    "namespaces": _Rules(_CONFIG.namespace, _no_change, status_validation.namespace, names.dns_label),
    "nodes": _Rules(_CONFIG.node, _as_if_new(_CONFIG.node)),
    "persistentvolumeclaims": _Rules(storage_validation.claim, storage_validation.changed_claim, status_validation.claim),
    "persistentvolumes": _Rules(storage_validation.volume, storage_validation.changed_volume),
    "pods": _Rules(pod_validation.new, pod_validation.changed, status_validation.pod),
    "podtemplates": _Rules(pod_validation.of_template, _as_if_new(pod_validation.of_template)),
    "resourcequotas": _Rules(_CONFIG.quota, _CONFIG.changed_quota, status_validation.quota),
    "secrets": _Rules(_CONFIG.secret, _CONFIG.changed_secret),
    "services": _Rules(service_validation.new, service_validation.changed, status_validation.service, names.dns_label),
    "controllerrevisions.apps": _Rules(_WORKLOAD.revision, _WORKLOAD.changed_revision),
    "daemonsets.apps": _Rules(_WORKLOAD.daemon_set, _WORKLOAD.changed_daemon_set, status_validation.daemon_set),
    "deployments.apps": _Rules(_WORKLOAD.deployment, _WORKLOAD.changed_deployment, status_validation.deployment),
    "replicasets.apps": _Rules(_WORKLOAD.replica_set, _WORKLOAD.changed_replica_set, status_validation.replica_set),
    "statefulsets.apps": _Rules(
        _WORKLOAD.stateful_set, _WORKLOAD.changed_stateful_set, status_validation.stateful_set, names.dns_label
    ),
    "horizontalpodautoscalers.autoscaling": _Rules(
        autoscaling_validation.autoscaler,
        autoscaling_validation.changed_autoscaler,
        status_validation.autoscaler,
    ),
    "cronjobs.batch": _Rules(job_validation.cron_job, job_validation.changed_cron_job),
    "jobs.batch": _Rules(job_validation.job, job_validation.updated_job, status_validation.job),
    "leases.coordination.k8s.io": _Rules(_CONFIG.lease, _CONFIG.changed_lease),
    "endpointslices.discovery.k8s.io": _Rules(_NETWORK.endpoint_slice, _NETWORK.changed_endpoint_slice),
    "ingressclasses.networking.k8s.io": _Rules(_NETWORK.ingress_class, _NETWORK.changed_ingress_class),
    "ingresses.networking.k8s.io": _Rules(_NETWORK.ingress, _NETWORK.changed_ingress, status_validation.ingress),
    "networkpolicies.networking.k8s.io": _Rules(_NETWORK.policy, _NETWORK.changed_policy),
    "poddisruptionbudgets.policy": _Rules(
        autoscaling_validation.budget, autoscaling_validation.changed_budget, status_validation.budget, names.path_segment
    ),
    "clusterrolebindings.rbac.authorization.k8s.io": _Rules(
        _CONFIG.cluster_role_binding, _CONFIG.changed_cluster_role_binding, name=names.path_segment
    ),
    "clusterroles.rbac.authorization.k8s.io": _Rules(
        _CONFIG.cluster_role, _as_if_new(_CONFIG.cluster_role), name=names.path_segment
    ),
    "rolebindings.rbac.authorization.k8s.io": _Rules(_CONFIG.role_binding, _CONFIG.changed_role_binding, name=names.path_segment),
    "roles.rbac.authorization.k8s.io": _Rules(_CONFIG.role, _as_if_new(_CONFIG.role), name=names.path_segment),
    "priorityclasses.scheduling.k8s.io": _Rules(_CONFIG.priority, _CONFIG.changed_priority),
    "storageclasses.storage.k8s.io": _Rules(storage_validation.storage_class, storage_validation.changed_storage_class),
}


def validate(resource: resources.Resource, obj: Json, old: Json | None = None, subresource: str = "") -> list[Cause]:
    """Return what is wrong with an object of a built-in kind.

    Args:
        resource: Its kind.
        obj: The object as it shall be.
        old: The object as it is; None if it is new.
        subresource: What of it is written, such as status; empty if it is the whole.
    """
    rules = _RULES.get(resource.storage_key, _DEFAULT)
    metadata = obj["metadata"]
    if old is None:
        found = [*metadata_validation.new(metadata, rules.name, resource.is_namespaced), *rules.check(obj)]
        return found or metadata_validation.of_any_new(metadata, names.path_segment, resource.is_namespaced)
    found = metadata_validation.of_update(metadata, old["metadata"], resource.is_namespaced)
    found += metadata_validation.changed(metadata, old["metadata"])
    if subresource == "status":
        return [*found, *rules.check_status(obj, old)]
    return [*found, *rules.check_update(obj, old)]


def validate_metadata(resource: resources.Resource, obj: Json, old: Json | None = None) -> list[Cause]:
    """Return what is wrong with the metadata of an object of a custom kind.

    Args:
        resource: Its kind.
        obj: The object as it shall be.
        old: The object as it is; None if it is new.
    """
    if old is None:
        return metadata_validation.of_any_new(obj["metadata"], names.dns_subdomain, resource.is_namespaced)
    found = metadata_validation.of_update(obj["metadata"], old["metadata"], resource.is_namespaced)
    return [*found, *metadata_validation.of_any_changed(obj["metadata"], old["metadata"])]
