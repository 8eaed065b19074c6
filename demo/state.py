"""One line for each object: how it stands.

What flows in: a decoded object. What flows out: a short text, without any value of a ConfigMap. Pure.
"""

from collections.abc import Callable, Mapping

from demo import observation

Manifest = observation.Manifest


def describe(obj: Manifest) -> str:
    """Say how *obj* stands."""
    if obj["metadata"].get("deletionTimestamp"):
        return "going"
    return _BY_KIND.get(obj["kind"], _there)(obj)


def _there(obj: Manifest) -> str:  # noqa: ARG001 (one of the functions below)
    return "there"


def _resource(obj: Manifest) -> str:
    status = obj.get("status") or {}
    if not status:
        return "no status yet"
    ready, wanted = status.get("readyReplicas", 0), obj["spec"].get("replicas", 1)
    return f"{ready} ready, at least {wanted} wanted" if obj["spec"].get("autoscaling") else f"{ready}/{wanted} ready"


def _deployment(obj: Manifest) -> str:
    status = obj.get("status") or {}
    counts = {name: status.get(f"{name}Replicas", 0) for name in ("ready", "updated")}
    return f"{counts['ready']}/{obj['spec'].get('replicas', 1)} ready, {counts['updated']} updated"


def _config_map(obj: Manifest) -> str:
    return f"{len(obj.get('data') or {})} keys"


def _service(obj: Manifest) -> str:
    ports = [f"{port['port']} to {port.get('targetPort', port['port'])}" for port in obj["spec"].get("ports") or ()]
    return f"port {', '.join(ports)}"


def _autoscaler(obj: Manifest) -> str:
    spec = obj["spec"]
    return f"{spec.get('minReplicas', 1)} to {spec['maxReplicas']} pods"


def _quota(obj: Manifest) -> str:
    status = obj.get("status") or {}
    hard, used = status.get("hard") or {}, status.get("used") or {}
    shown = [
        f"{name.removeprefix('requests.')} {used.get(name, '0')}/{hard[name]}" for name in sorted(hard) if "requests." in name
    ]
    return "used " + ", ".join(shown) if shown else "not measured yet"


def _network_policy(obj: Manifest) -> str:
    ports = [str(p["port"]) for rule in obj["spec"].get("ingress") or () for p in rule.get("ports") or ()]
    return f"admits {', '.join(ports)}" if ports else "there"


_BY_KIND: Mapping[str, Callable[[Manifest], str]] = {
    observation.RESOURCE.kind: _resource,
    "Deployment": _deployment,
    "ConfigMap": _config_map,
    "Service": _service,
    "HorizontalPodAutoscaler": _autoscaler,
    "ResourceQuota": _quota,
    "NetworkPolicy": _network_policy,
}
