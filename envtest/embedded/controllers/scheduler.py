"""The scheduler: binds pods to nodes that suit them.

What flows in: pods and nodes. What flows out: bindings, or the condition that says why there is none. The loop's thread. Mirrors
kubernetes pkg/scheduler; deviations: a node suits if it is schedulable, its labels match the node selector and affinity, its
taints are tolerated and its resources suffice; the one with the fewest pods wins; nobody is preempted.
"""

from collections import Counter

from envtest.embedded.api import store
from envtest.embedded.api.status import Json
from envtest.embedded.controllers import loop, node_fit, pods_of, world

SCHEDULER = "default-scheduler"

_MANAGER = "kube-scheduler"
_WAKING = (world.NODES,)


class Scheduler:
    """The scheduler."""

    def __init__(self, shared: world.World) -> None:
        self._world = shared
        self._api = world.Access(shared.api.api, _MANAGER)
        self._waiting: dict[str, None] = {}
        self._on_node: Counter[str] = Counter()
        self._used: dict[str, node_fit.Amounts] = {}
        self.queue = loop.Queue(self.sync, shared.timers)

    def see(self, key: str, event: store.Event) -> None:
        """Take note of a change of any kind."""
        if key == world.PODS:
            self._see_pod(event)
        elif key == world.NODES:
            self._wake()

    def _see_pod(self, event: store.Event) -> None:
        before, after = event.previous, event.object if event.type != "DELETED" else None
        was_on, is_on = _place(before), _place(after)
        if was_on != is_on:
            self._account(before, was_on, -1)
            self._account(after, is_on, 1)
        if after is not None and not after["spec"].get("nodeName"):
            self.queue.add(world.key_of(after))
        else:
            self._waiting.pop(world.key_of(event.object), None)
        if was_on and not is_on:
            self._wake()

    def _account(self, pod: Json | None, node: str, sign: int) -> None:
        if pod is None or not node:
            return
        self._on_node[node] += sign
        used = self._used.setdefault(node, Counter())
        for name, amount in node_fit.requested(pod).items():
            used[name] += sign * amount

    def _wake(self) -> None:
        for key in self._waiting:
            self.queue.add(key)

    def sync(self, key: str) -> float | None:
        """Bind one pod.

        Raises:
            status.StatusError: A write is refused.
        """
        pod = self._api.find(world.PODS, *world.split(key))
        if pod is None or not _is_ours(pod):
            self._waiting.pop(key, None)
            return None
        nodes = self._api.list(world.NODES)
        reasons = {node["metadata"]["name"]: self._reason(pod, node) for node in nodes}
        suitable = [name for name, reason in reasons.items() if not reason]
        if suitable:
            self._waiting.pop(key, None)
            self._bind(pod, min(suitable, key=lambda name: (self._on_node[name], name)))
        else:
            self._waiting[key] = None
            self._refuse(pod, node_fit.summary(list(reasons.values())))
        return None

    def _reason(self, pod: Json, node: Json) -> str:
        return node_fit.misfit(pod, node, self._used.get(node["metadata"]["name"], Counter()))

    def _bind(self, pod: Json, name: str) -> None:
        metadata = pod["metadata"]
        new = {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": self._world.now}
        generation = metadata.get("generation", 1)
        bound = {**pod, "spec": {**pod["spec"], "nodeName": name}, "status": _with_condition(pod, new)}
        bound["metadata"] = {**metadata, "generation": generation}
        self._api.api.store.put(self._api.resource(world.PODS), bound)
        text = f"Successfully assigned {metadata['namespace']}/{metadata['name']} to {name}"
        self._world.events.scheduled(pod, "Scheduled", text)

    def _refuse(self, pod: Json, message: str) -> None:
        old = pods_of.condition(pod, "PodScheduled")
        if old is not None and old.get("message") == message and old["status"] == "False":
            return
        known = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
        since = old["lastTransitionTime"] if old is not None and old["status"] == "False" else self._world.now
        seen = pod["metadata"].get("generation", 1)
        new = {**known, "observedGeneration": seen, "lastProbeTime": None, "lastTransitionTime": since}
        changed = {**pod, "status": _with_condition(pod, new)}
        self._api.update(world.PODS, changed, "status")
        self._world.events.scheduled(pod, "FailedScheduling", message)


def _is_ours(pod: Json) -> bool:
    spec = pod["spec"]
    is_waiting = not spec.get("nodeName") and not pods_of.is_going(pod) and not spec.get("schedulingGates")
    return is_waiting and spec.get("schedulerName", SCHEDULER) == SCHEDULER


def _place(pod: Json | None) -> str:
    """Return the node whose resources a pod takes."""
    return "" if pod is None or pods_of.is_ended(pod) else str(pod["spec"].get("nodeName", ""))


def _with_condition(pod: Json, new: Json) -> Json:
    old = pod.get("status") or {}
    others = [each for each in old.get("conditions") or () if each["type"] != new["type"]]
    return {**old, "conditions": [*others, new]}
