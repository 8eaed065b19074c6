"""The HorizontalPodAutoscaler: scales by what the metrics API says.

What flows in: autoscalers, the scales and pods of their targets, metrics. What flows out: scales, and the autoscaler's status.
The loop's thread. Mirrors kubernetes pkg/controller/podautoscaler/horizontal.go; deviation: of metrics only those of resources
and of container resources are known.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from envtest.embedded.api import requests, selectors, status, store, subresources
from envtest.embedded.api.status import Json
from envtest.embedded.builtin import quantities
from envtest.embedded.controllers import autoscaler_status, loop, metrics, replica_counts, scaling_limits, world

PERIOD_SECONDS = 2.0
"""As the control plane of tests sets it; 15 s in a cluster."""

_COMPONENT = "horizontal-pod-autoscaler"
_TOLERANCE = 0.1
_NO_API = "the server could not find the requested resource (get pods.metrics.k8s.io)"


class _ScalingError(Exception):
    """Nothing can be computed; the status says so already."""


@dataclass(frozen=True)
class _Target:
    """What is scaled."""

    place: requests.Target
    scale: Json
    selector: selectors.Selector
    selector_text: str
    pods: list[Json]

    @property
    def replicas(self) -> int:
        return int((self.scale.get("spec") or {}).get("replicas", 0))


class Autoscaler:
    """The controller."""

    def __init__(self, shared: world.World, measures: metrics.Metrics | None, period_seconds: float = PERIOD_SECONDS) -> None:
        self._world = shared
        self._period_seconds = period_seconds
        self._api = shared.api
        self._metrics = measures
        self._parts = subresources.Subresources(shared.api.api)
        self._histories: dict[str, scaling_limits.History] = {}
        self._selectors: dict[str, selectors.Selector] = {}
        self.queue = loop.Queue(self.sync, shared.timers)

    def see(self, key: str, event: store.Event) -> None:
        """Take note of a change of any kind."""
        if key != world.AUTOSCALERS:
            return
        name = world.key_of(event.object)
        if event.type == "DELETED":
            self._histories.pop(name, None)
            self._selectors.pop(name, None)
        else:
            self.queue.add_after(name, self._period_seconds)

    def sync(self, key: str) -> float | None:
        """Scale by one autoscaler.

        Raises:
            status.StatusError: A write is refused.
        """
        found = self._api.find(world.AUTOSCALERS, *world.split(key))
        if found is None:
            return None
        state = autoscaler_status.State(found.get("status") or {}, self._world.now)
        with contextlib.suppress(_ScalingError):
            self._scale(key, found, state)
        if state.changed:
            self._api.update(world.AUTOSCALERS, {**found, "status": state.status}, "status")
        return self._period_seconds

    def _scale(self, key: str, found: Json, state: autoscaler_status.State) -> None:
        target = self._target(found, state)
        state.set("AbleToScale", "True", "SucceededGetScale", "the HPA controller was able to get the target's current scale")
        now, spec, current = self._world.timers.time(), found["spec"], target.replicas
        history = self._histories.setdefault(key, scaling_limits.History())
        history.begin(current, now)
        least, most = spec.get("minReplicas", 1), spec["maxReplicas"]
        desired, reason, measured = current, "", list[Json]()
        if current == 0:
            text = "scaling is disabled since the replica count of the target is zero"
            state.set("ScalingActive", "False", "ScalingDisabled", text)
        elif current > most:
            desired, reason = most, "Current number of replicas above Spec.MaxReplicas"
        elif current < least:
            desired, reason = least, "Current number of replicas below Spec.MinReplicas"
        else:
            wanted, metric, measured = self._wanted(key, found, target, state)
            if wanted != current:
                reason = f"{metric} above target" if wanted > current else "All metrics below target"
            limited = scaling_limits.limit(scaling_limits.Wish(spec, current, wanted, now), history)
            state.set("AbleToScale", "True", *limited.able)
            state.set("ScalingLimited", str(limited.is_limited), *limited.limited)
            desired = limited.replicas
        if desired != current:
            self._rescale(found, target, (desired, reason, measured), state)
            history.scaled(spec, current, desired, now)
        state.count(current, desired, measured, is_scaled=desired != current)

    def _target(self, found: Json, state: autoscaler_status.State) -> _Target:
        reference, namespace = found["spec"]["scaleTargetRef"], found["metadata"]["namespace"]
        group = reference.get("apiVersion", "").rpartition("/")[0]
        kinds = [each for each in self._api.api.registry.all() if (each.group, each.kind) == (group, reference["kind"])]
        try:
            if not kinds:
                text = f'no matches for kind "{reference["kind"]}" in group "{group}"'
                raise status.StatusError(404, "NotFound", text)
            place = requests.Target(kinds[0], namespace, reference["name"], "scale")
            if "scale" not in kinds[0].subresources:
                raise status.StatusError(404, "NotFound", "the server could not find the requested resource")
            _, scale = self._parts.do("get", place, subresources.Input({}, requests.Options()))
        except status.StatusError as error:
            self._world.events.warning(_COMPONENT, found, "FailedGetScale", str(error))
            text = f"the HPA controller was unable to get the target's current scale: {error}"
            state.set("AbleToScale", "False", "FailedGetScale", text)
            raise _ScalingError from error
        text = (scale.get("status") or {}).get("selector", "")
        selector = selectors.Selector(selectors.parse_labels(text))
        pods = [pod for pod in self._api.list(world.PODS, namespace) if text and selector.matches(pod)]
        return _Target(place, scale, selector, text, pods)

    def _wanted(self, key: str, found: Json, target: _Target, state: autoscaler_status.State) -> tuple[int, str, list[Json]]:
        """Return what the metrics ask for, which of them asks for most, and what they are."""
        self._check_selector(key, found, target, state)
        current, specs = target.replicas, found["spec"].get("metrics") or []
        replicas, name, statuses, errors = 0, "", list[Json](), list[tuple[str, str, str]]()
        for metric in specs:
            try:
                proposal = self._proposal(found, metric, target)
            except replica_counts.MetricError as error:
                reason, text = f"FailedGet{metric['type']}Metric", str(error)
                self._world.events.warning(_COMPONENT, found, reason, text)
                errors.append((reason, text, f"{_failed(metric)}: {text}"))
                statuses.append({"type": ""})  # so the real one does
                continue
            statuses.append(autoscaler_status.of_metric(metric, proposal))
            if replicas == 0 or proposal.replicas > replicas:
                replicas, name = proposal.replicas, _title(metric)
        if errors and (len(errors) == len(specs) or replicas < current):
            reason, text, said = errors[0]
            state.set("ScalingActive", "False", reason, f"the HPA was unable to compute the replica count: {text}")
            all_text = f"invalid metrics ({len(errors)} invalid out of {len(specs)}), first error is: {said}"
            self._give_up(found, target, state, (statuses, all_text))
        text = f"the HPA was able to successfully calculate a replica count from {name}"
        state.set("ScalingActive", "True", "ValidMetricFound", text)
        return replicas, name, statuses

    def _give_up(self, found: Json, target: _Target, state: autoscaler_status.State, why: tuple[Sequence[Json], str]) -> None:
        statuses, text = why
        state.count(target.replicas, (found.get("status") or {}).get("desiredReplicas", 0), statuses, is_scaled=False)
        self._world.events.warning(_COMPONENT, found, "FailedComputeMetricsReplicas", text)
        raise _ScalingError

    def _check_selector(self, key: str, found: Json, target: _Target, state: autoscaler_status.State) -> None:
        if not target.selector_text:
            self._world.events.warning(_COMPONENT, found, "SelectorRequired", "selector is required")
            state.set("ScalingActive", "False", "InvalidSelector", "the HPA target's scale is missing a selector")
            self._give_up(found, target, state, ([], "selector is required"))
        self._selectors[key] = target.selector
        namespace = found["metadata"]["namespace"]
        rivals = [
            other
            for other, selector in self._selectors.items()
            if world.split(other)[0] == namespace and any(map(selector.matches, target.pods))
        ]
        if len(rivals) > 1:
            listed = " ".join(f"{{{world.split(each)[1]} {namespace}}}" for each in sorted(rivals))
            text = f"pods by selector {target.selector_text} are controlled by multiple HPAs: [{listed}]"
            self._world.events.warning(_COMPONENT, found, "AmbiguousSelector", text)
            state.set("ScalingActive", "False", "AmbiguousSelector", text)
            self._give_up(found, target, state, ([], text))

    def _proposal(self, found: Json, metric: Json, target: _Target) -> replica_counts.Proposal:
        source = autoscaler_status.source_of(metric)
        if source is None:
            raise replica_counts.MetricError("the embedded server has no such metrics")
        wanted, behavior = source["target"], found["spec"].get("behavior") or {}
        wish = replica_counts.Wish(
            resource=source["name"],
            container=source.get("container", ""),
            current=target.replicas,
            up=_tolerance(behavior, "scaleUp"),
            down=_tolerance(behavior, "scaleDown"),
        )
        is_average = "averageValue" in wanted
        try:
            values = self._values(target, wish)
            if is_average:
                goal = quantities.of(wanted["averageValue"]).milli_value
                return replica_counts.by_average(target.pods, values, goal, wish)
            return replica_counts.by_utilization(target.pods, values, wanted["averageUtilization"], wish)
        except replica_counts.MetricError as error:
            what = "usage" if is_average else "utilization"
            raise replica_counts.MetricError(f"failed to get {wish.resource} {what}: {error}") from error

    def _values(self, target: _Target, wish: replica_counts.Wish) -> replica_counts.Values:
        start = f"unable to get metrics for resource {wish.resource}"
        if self._metrics is None:
            raise replica_counts.MetricError(f"{start}: unable to fetch metrics from resource metrics API: {_NO_API}")
        found = self._metrics.measure(target.place.namespace, target.selector)
        try:
            return replica_counts.measured(found, wish)
        except replica_counts.MetricError as error:
            raise replica_counts.MetricError(f"{start}: {error}") from error

    def _rescale(
        self, found: Json, target: _Target, wanted: tuple[int, str, Sequence[Json]], state: autoscaler_status.State
    ) -> None:
        replicas, reason, measured = wanted
        scale = {**target.scale, "spec": {**(target.scale.get("spec") or {}), "replicas": replicas}}
        options = requests.Options(field_manager=world.MANAGER, field_validation="Ignore")
        try:
            self._parts.do("update", target.place, subresources.Input(scale, options))
        except status.StatusError as error:
            text = f"New size: {replicas}; reason: {reason}; error: {error}"
            self._world.events.warning(_COMPONENT, found, "FailedRescale", text)
            text = f"the HPA controller was unable to update the target scale: {error}"
            state.set("AbleToScale", "False", "FailedUpdateScale", text)
            before = (found.get("status") or {}).get("desiredReplicas", 0)
            state.count(target.replicas, before, measured, is_scaled=False)
            raise _ScalingError from error
        text = f"the HPA controller was able to update the target scale to {replicas}"
        state.set("AbleToScale", "True", "SucceededRescale", text)
        self._world.events.normal(_COMPONENT, found, "SuccessfulRescale", f"New size: {replicas}; reason: {reason}")


def _tolerance(behavior: Json, rules: str) -> float:
    given = (behavior.get(rules) or {}).get("tolerance")
    return _TOLERANCE if given is None else float(quantities.of(given).value)


def _failed(metric: Json) -> str:
    source = autoscaler_status.source_of(metric) or {}
    if metric["type"] == "ContainerResource":
        return f"failed to get {source.get('container')} container metric value"
    return f"failed to get {source.get('name')} resource metric value"


def _title(metric: Json) -> str:
    source = autoscaler_status.source_of(metric) or {}
    if "averageValue" in source["target"]:
        return f"{source['name']} resource"
    kind = "container resource" if metric["type"] == "ContainerResource" else "resource"
    return f"{source['name']} {kind} utilization (percentage of request)"
