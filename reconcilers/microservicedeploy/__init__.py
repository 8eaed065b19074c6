"""The MicroServiceDeploy operator, as its entry point finds it.

What flows in: a manager and the operator's flags. What flows out: two controllers, of instances and of namespaces' quotas.
Called by the main thread.
"""

from collections.abc import Callable, Mapping

from controller import builder, handler, manager, operators, predicate, reconcile
from informers import objects
from reconcilers import apply
from reconcilers.microservicedeploy import cache, instances, kinds, quota_reconciler, reconciler, spec, tenants

FIELD_MANAGER = "coxswain"

_DEFAULTS = instances.Settings()
FLAGS = (
    operators.Flag("base-domain", _DEFAULTS.base_domain, "parent domain of instances' hosts (default: no Ingress is made)"),
    operators.Flag("ingress-class", _DEFAULTS.ingress_class, "ingressClassName of Ingresses (default: the cluster's)"),
    operators.Flag("ingress-tls-secret", _DEFAULTS.tls_secret, "Secret with the hosts' certificate (default: plain HTTP)"),
    operators.Flag("auth-proxy-image", _DEFAULTS.auth_proxy_image, f"nginx for needAuth (default: {_DEFAULTS.auth_proxy_image})"),
    operators.Flag("auth-proxy-cpu", _DEFAULTS.auth_proxy_cpu, f"its CPU (default: {_DEFAULTS.auth_proxy_cpu})"),
    operators.Flag("auth-proxy-memory", _DEFAULTS.auth_proxy_memory, f"its memory (default: {_DEFAULTS.auth_proxy_memory})"),
)


_IS_NEWS = predicate.any_of(predicate.generation_changed, predicate.annotations_changed)
"""Whether an instance is another one than before to its siblings and to the quota: its status is its own."""


def setup(
    a_manager: manager.Manager,
    flags: Mapping[str, str],
    make_reconciler: Callable[[reconciler.Tools], reconciler.InstanceReconciler] = reconciler.InstanceReconciler,
) -> None:
    """Add the operator's controllers to *a_manager*.

    Args:
        a_manager: Runs them.
        flags: The values of `FLAGS`, by name.
        make_reconciler: Makes the reconciler of instances of its tools; tests bring their own.
    """
    settings = instances.Settings(
        base_domain=flags["base-domain"],
        ingress_class=flags["ingress-class"],
        tls_secret=flags["ingress-tls-secret"],
        auth_proxy_image=flags["auth-proxy-image"],
        auth_proxy_cpu=flags["auth-proxy-cpu"],
        auth_proxy_memory=flags["auth-proxy-memory"],
    )
    reads = cache.OperatorCache(a_manager.cached, settings)
    applier = apply.Applier(a_manager.cached, a_manager.live, FIELD_MANAGER, a_manager.clock)
    quotas = quota_reconciler.QuotaReconciler(reads, applier)
    tools = reconciler.Tools(
        client=a_manager.client,
        applier=applier,
        reads=reads,
        tenants=tenants.TenantSecrets(a_manager.live, a_manager.clock),
        recorder=a_manager.recorder,
        clock=a_manager.clock,
        settings=settings,
        quota_standing=quotas.standing,
    )
    _watch_instances(a_manager, reads, make_reconciler(tools))
    _watch_namespaces(a_manager, quotas)


def _watch_instances(
    a_manager: manager.Manager, reads: cache.OperatorCache, instance_reconciler: reconciler.InstanceReconciler
) -> None:
    a_manager.informer(kinds.INSTANCE).add_index(cache.PATH_INDEX, cache.index_by_path)
    built = builder.Builder(a_manager).for_(kinds.INSTANCE)
    for gvk in kinds.CHILDREN:
        built.owns(gvk)

    def siblings(snapshot: objects.Snapshot) -> list[reconcile.Request]:
        return [reconcile.Request(*key) for key in reads.contestants(snapshot)]

    def rivals(snapshot: objects.Snapshot) -> list[reconcile.Request]:
        return [reconcile.Request(*key) for key in reads.rivals(snapshot)]

    def waiting(snapshot: objects.Snapshot) -> list[reconcile.Request]:
        return instance_reconciler.waiting_in(snapshot.meta.namespace)

    def neighbours(snapshot: objects.Snapshot) -> list[reconcile.Request]:
        return [reconcile.Request(*key) for key in reads.named_in(snapshot.meta.namespace or snapshot.meta.name)]

    built.watches(kinds.INSTANCE, handler.enqueue_requests_from_map_func(siblings), _IS_NEWS)
    # the old holder of a host keeps its Ingress until it sees the new one's
    built.watches(kinds.INGRESS, handler.enqueue_requests_from_map_func(rivals), quota_reconciler.is_instances_child)
    built.watches(kinds.QUOTA, handler.enqueue_requests_from_map_func(waiting), quota_reconciler.is_quota)
    # every instance's status says whether its namespace has a quota
    is_news = predicate.all_of(quota_reconciler.is_quota, quota_reconciler.comes_or_goes)
    built.watches(kinds.QUOTA, handler.enqueue_requests_from_map_func(neighbours), is_news)
    built.watches(kinds.NAMESPACE, handler.enqueue_requests_from_map_func(neighbours), predicate.annotations_changed)
    built.complete(instance_reconciler)


def _watch_namespaces(a_manager: manager.Manager, reconciles: quota_reconciler.QuotaReconciler) -> None:
    built = builder.Builder(a_manager).named("msd-quota")
    built.watches(kinds.INSTANCE, quota_reconciler.namespace_of, _IS_NEWS)
    built.watches(kinds.DEPLOYMENT, quota_reconciler.namespace_of, quota_reconciler.is_instances_child)
    built.watches(kinds.QUOTA, quota_reconciler.namespace_of, quota_reconciler.is_quota)
    built.watches(kinds.NAMESPACE, handler.enqueue_request_for_object, quota_reconciler.is_within(a_manager.options.namespace))
    built.complete(reconciles)


OPERATOR = operators.Operator("microservicedeploy", resources=(spec.RESOURCE,), setup=setup, flags=FLAGS)
"""The operator."""
