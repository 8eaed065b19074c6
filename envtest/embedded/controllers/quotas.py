"""ResourceQuotas: what is used of them, and the refusal of what would use too much.

What flows in: quotas, and every object that takes of one. What flows out: the quota's status; refusals. The loop's thread.
Mirrors kubernetes pkg/controller/resourcequota and apiserver pkg/admission/plugin/resourcequota.
"""

from envtest.embedded.api import admission, status, store
from envtest.embedded.api.status import Json
from envtest.embedded.builtin import quantities
from envtest.embedded.controllers import loop, pod_resources, quota_usage, world

_SERVER = "kube-apiserver"
_ON_UPDATE = frozenset({quota_usage.SERVICES, quota_usage.CLAIMS})


class Quotas:
    """The controller."""

    def __init__(self, shared: world.World) -> None:
        self._api = shared.api
        self.queue = loop.Queue(self.sync, shared.timers)

    def see(self, key: str, event: store.Event) -> None:
        """Take note of a change of any kind."""
        namespace = event.object["metadata"].get("namespace")
        if key == world.QUOTAS:
            self.queue.add(world.key_of(event.object))
        if namespace:
            for quota in self._api.list(world.QUOTAS, namespace):
                if quota_usage.names_for(key, (quota["spec"].get("hard") or {}).keys()):
                    self.queue.add(world.key_of(quota))

    def sync(self, key: str) -> float | None:
        """Count what is used of one quota.

        Raises:
            status.StatusError: A write is refused.
        """
        quota = self._api.find(world.QUOTAS, *world.split(key))
        if quota is None or quota["metadata"].get("deletionTimestamp"):
            return None
        hard = quota["spec"].get("hard") or {}
        kinds = {kind for name in hard if (kind := quota_usage.kind_of(name)) and self._is_served(kind)}
        used: dict[str, str] = {}
        for kind in kinds:
            found = self._api.list(kind, quota["metadata"]["namespace"])
            taken = quota_usage.total(kind, found, quota, self._api.api.clock())
            used |= {name: str(amount) for name, amount in taken.items()}
        new = {"hard": hard, "used": used} if hard else {"hard": {}, "used": {}}
        old = quota.get("status") or {}
        if old.get("hard") != new["hard"] or old.get("used") != new["used"]:
            self._api.update(world.QUOTAS, {**quota, "status": new}, "status")
        return None

    def _is_served(self, key: str) -> bool:
        return any(each.storage_key == key for each in self._api.api.registry.all())


class QuotaAdmission:
    """The plugin."""

    def __init__(self, api: world.Access) -> None:
        self._api = world.Access(api.api, _SERVER)

    def validate(self, attempt: admission.Attempt) -> None:
        """Refuse what would use too much, and count what would not.

        Raises:
            status.StatusError: It would use too much.
        """
        target, key = attempt.target, attempt.target.resource.storage_key
        if target.subresource or not target.resource.is_namespaced or not _is_counted(attempt, key):
            return
        for quota, used in [self._charge(attempt, quota) for quota in self._api.list(world.QUOTAS, target.namespace)]:
            if used and not attempt.dry_run:
                self._api.update(world.QUOTAS, {**quota, "status": {**quota["status"], "used": used}}, "status")

    def _charge(self, attempt: admission.Attempt, quota: Json) -> tuple[Json, dict[str, str]]:
        """Return what will be used of a quota; nothing if that does not change."""
        key, obj, now = attempt.target.resource.storage_key, attempt.object, self._api.api.clock()
        state = quota.get("status") or {}
        hard, used = state.get("hard") or {}, state.get("used") or {}
        names = quota_usage.names_for(key, hard)
        if not names or not quota_usage.is_in_scope(key, obj, quota):
            return quota, {}
        own = quota["metadata"]["name"]
        if key == quota_usage.PODS and (text := quota_usage.missing(obj, names)):
            raise _refused(attempt, f"failed quota: {own}: {text}")
        if any(name not in used for name in names):
            raise _refused(attempt, f"status unknown for quota: {own}, resources: {','.join(sorted(names))}")
        taken = quota_usage.usage(key, obj, now)
        if attempt.old is not None and quota_usage.is_in_scope(key, attempt.old, quota):
            before = quota_usage.usage(key, attempt.old, now)
            taken = {name: amount - before[name] if name in before else amount for name, amount in taken.items()}
        taken = {name: amount for name, amount in taken.items() if name in hard and amount.value > 0}
        limits, present = _parsed(hard), _parsed(used)
        after = pod_resources.added([{name: present[name] for name in taken}, taken])
        if exceeded := sorted(name for name in taken if after[name].value > limits[name].value):
            parts = [f"{what}: {_shown(amounts, exceeded)}" for what, amounts in _said(taken, present, limits)]
            raise _refused(attempt, f"exceeded quota: {own}, {', '.join(parts)}")
        return quota, {**used, **{name: str(amount) for name, amount in after.items()}} if taken else {}


def _is_counted(attempt: admission.Attempt, key: str) -> bool:
    return attempt.operation == "CREATE" or (attempt.operation == "UPDATE" and key in _ON_UPDATE)


def _parsed(amounts: Json) -> pod_resources.Amounts:
    return {name: quantities.of(text) for name, text in amounts.items()}


def _said(
    taken: pod_resources.Amounts, used: pod_resources.Amounts, hard: pod_resources.Amounts
) -> list[tuple[str, pod_resources.Amounts]]:
    return [("requested", taken), ("used", used), ("limited", hard)]


def _shown(amounts: pod_resources.Amounts, names: list[str]) -> str:
    return ",".join(f"{name}={amounts[name]}" for name in names)


def _refused(attempt: admission.Attempt, text: str) -> status.StatusError:
    return status.forbidden(attempt.target.resource, attempt.object["metadata"].get("name", ""), text)
