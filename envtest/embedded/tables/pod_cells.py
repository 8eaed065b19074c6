"""The cells of a pod in tables: how many containers are ready, what state it is in, how often it restarted.

What flows in: a pod and the time. What flows out: its cells. Pure. Mirrors kubernetes pkg/printers/internalversion/printers.go
(printPod).
"""

import datetime
from dataclasses import dataclass
from typing import Any, Final

from envtest.embedded.api.status import Json
from envtest.embedded.tables import cells

_ENDED: Final = frozenset({"Succeeded", "Failed"})


@dataclass
class _Found:
    """What the containers' states add up to.

    Attributes:
        reason: The state, as it is shown.
        ready: How many containers are ready.
        restarts: How often containers restarted.
        last_restart: When one did so last.
    """

    reason: str
    ready: int = 0
    restarts: int = 0
    last_restart: str = ""

    def restarted(self, container: Json) -> None:
        """Count the restarts of a container."""
        self.restarts += container.get("restartCount", 0)
        self.last_restart = max(self.last_restart, cells.at(container, "lastState", "terminated", "finishedAt") or "")


def pod(obj: Json, now: datetime.datetime) -> list[Any]:
    """Return the cells of a pod."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    sidecars = {each["name"] for each in spec.get("initContainers") or [] if each.get("restartPolicy") == "Always"}
    found = _state(obj, sidecars)
    restarts = str(found.restarts)
    if found.restarts and found.last_restart:
        restarts = f"{found.restarts} ({cells.since(found.last_restart, now)} ago)"
    addresses = status.get("podIPs") or []
    return [
        cells.name_of(obj),
        f"{found.ready}/{len(spec.get('containers') or []) + len(sidecars)}",
        found.reason,
        restarts,
        cells.age(obj, now),
        (addresses[0].get("ip") if addresses else "") or cells.NONE,
        spec.get("nodeName") or cells.NONE,
        status.get("nominatedNodeName") or cells.NONE,
        _gates(spec, status),
    ]


def _conditions(status: Json) -> dict[str, Json]:
    return {each["type"]: each for each in status.get("conditions") or []}


def _is_true(status: Json, kind: str) -> bool:
    return bool(_conditions(status).get(kind, {}).get("status") == "True")


def _gates(spec: Json, status: Json) -> str:
    gates = spec.get("readinessGates") or []
    passed = sum(_is_true(status, gate["conditionType"]) for gate in gates)
    return f"{passed}/{len(gates)}" if gates else cells.NONE


def _state(obj: Json, sidecars: set[str]) -> _Found:
    status = obj.get("status") or {}
    found = _Found(status.get("reason") or status.get("phase") or "")
    if _conditions(status).get("PodScheduled", {}).get("reason") == "SchedulingGated":
        found.reason = "SchedulingGated"
    sidecars_only = _Found("")
    is_starting = _init(obj, sidecars, found, sidecars_only)
    if not is_starting or _is_true(status, "Initialized"):
        found.restarts, found.last_restart = sidecars_only.restarts, sidecars_only.last_restart
        _main(status, found)
    if obj["metadata"].get("deletionTimestamp"):
        if status.get("reason") == "NodeLost":
            found.reason = "Unknown"
        elif status.get("phase") not in _ENDED:
            found.reason = "Terminating"
    return found


def _init(obj: Json, sidecars: set[str], found: _Found, sidecars_only: _Found) -> bool:
    """Look at the init containers up to the first that is not done; return whether there is one."""
    for number, container in enumerate(cells.at(obj, "status", "initContainerStatuses") or []):
        found.restarted(container)
        is_sidecar = container["name"] in sidecars
        if is_sidecar:
            sidecars_only.restarted(container)
        state = container.get("state") or {}
        ended = state.get("terminated")
        if ended and not ended.get("exitCode"):
            continue
        if is_sidecar and container.get("started"):
            found.ready += bool(container.get("ready"))
            continue
        waiting = cells.at(state, "waiting", "reason") or ""
        if ended:
            found.reason = f"Init:{_ending(ended)}"
        elif waiting and waiting != "PodInitializing":
            found.reason = f"Init:{waiting}"
        else:
            found.reason = f"Init:{number}/{len(obj['spec']['initContainers'])}"
        return True
    return False


def _ending(ended: Json) -> str:
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"


def _main(status: Json, found: _Found) -> None:
    is_running, failed = False, ""
    for container in reversed(status.get("containerStatuses") or []):
        found.restarted(container)
        state = container.get("state") or {}
        waiting, ended = cells.at(state, "waiting", "reason"), state.get("terminated")
        if waiting:
            found.reason = waiting
        elif ended:
            found.reason = _ending(ended)
            failed = found.reason if ended.get("exitCode") else failed
        elif container.get("ready") and "running" in state:
            is_running = True
            found.ready += 1
    if found.reason == "Completed":
        if is_running and _is_true(status, "Ready"):
            found.reason = "Running"
        elif failed or is_running:
            found.reason = failed or "NotReady"
