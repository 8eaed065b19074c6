"""What new pods get: a service account with its token, tolerations, a priority.

What flows in: attempts to create pods. What flows out: pods. The loop's thread. Mirrors kubernetes plugin/pkg/admission
(serviceaccount, defaulttolerationseconds, priority).
"""

from collections.abc import Mapping
from typing import Any

from envtest.embedded.api import admission, metadata, status
from envtest.embedded.api.status import Json
from envtest.embedded.controllers import world

_DEFAULT = "default"
_TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 (a path)
_TOKEN_VOLUME = "kube-api-access-"  # noqa: S105 (a name)
_TOKEN_SECONDS = 3607
_READ_ONLY = 0o644
_TOLERATED_SECONDS = 300
_TROUBLES = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
_PRIORITY_CLASSES = "priorityclasses.scheduling.k8s.io"
_SYSTEM_PRIORITIES: Mapping[str, int] = {"system-node-critical": 2000001000, "system-cluster-critical": 2000000000}


class PodAdmission:
    """The plugins for pods."""

    def __init__(self, api: world.Access) -> None:
        self._api = api

    def mutate(self, attempt: admission.Attempt) -> Json:
        """Return the pod with what it lacks.

        Raises:
            status.StatusError: Its service account or priority class is not there.
        """
        target = attempt.target
        if target.resource.storage_key != world.PODS or target.subresource or attempt.operation != "CREATE":
            return attempt.object
        spec = self._with_account(attempt, dict(attempt.object.get("spec") or {}))
        spec = self._with_priority(attempt, spec)
        return {**attempt.object, "spec": _with_tolerations(spec)}

    def _with_account(self, attempt: admission.Attempt, spec: Json) -> Json:
        namespace, name = attempt.target.namespace, spec.get("serviceAccountName") or _DEFAULT
        spec["serviceAccountName"] = spec["serviceAccount"] = name
        account = self._api.find(world.SERVICE_ACCOUNTS, namespace, name)
        if account is None:
            text = f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found'
            raise _forbidden(attempt, text)
        if spec.get("automountServiceAccountToken", account.get("automountServiceAccountToken", True)):
            spec = _with_token(spec)
        if account.get("imagePullSecrets") and not spec.get("imagePullSecrets"):
            spec["imagePullSecrets"] = account["imagePullSecrets"]
        return spec

    def _with_priority(self, attempt: admission.Attempt, spec: Json) -> Json:
        name, priority, policy = self._priority(attempt, spec.get("priorityClassName", ""))
        if spec.get("priority", priority) != priority:
            text = f"the integer value of priority ({spec['priority']}) must not be provided in pod spec; priority admission"
            raise _forbidden(attempt, f"{text} controller computed {priority} from the given PriorityClass name")
        spec |= {"priority": priority, "preemptionPolicy": spec.get("preemptionPolicy") or policy}
        return spec | {"priorityClassName": name} if name else spec

    def _priority(self, attempt: admission.Attempt, name: str) -> tuple[str, int, str]:
        if name in _SYSTEM_PRIORITIES:
            return name, _SYSTEM_PRIORITIES[name], "PreemptLowerPriority"
        classes = self._api.list(_PRIORITY_CLASSES)
        if not name:
            defaults = sorted((each for each in classes if each.get("globalDefault")), key=lambda each: int(each["value"]))
            found = defaults[0] if defaults else None
        else:
            found = next((each for each in classes if each["metadata"]["name"] == name), None)
            if found is None:
                raise _forbidden(attempt, f"no PriorityClass with name {name} was found")
        if found is None:
            return "", 0, "PreemptLowerPriority"
        return found["metadata"]["name"], int(found["value"]), found.get("preemptionPolicy", "PreemptLowerPriority")


def _forbidden(attempt: admission.Attempt, text: str) -> status.StatusError:
    own = attempt.object["metadata"]
    return status.forbidden(attempt.target.resource, own.get("generateName") or own.get("name") or "", text)


def _with_token(spec: Json) -> Json:
    """Return a pod's spec in which all containers can read the account's token."""
    volumes = spec.get("volumes") or []
    names = [volume["name"] for volume in volumes if volume["name"].startswith(_TOKEN_VOLUME)]
    name = names[0] if names else metadata.generated_name(_TOKEN_VOLUME)
    mount = {"name": name, "readOnly": True, "mountPath": _TOKEN_PATH}
    is_needed = False
    for kind in ("initContainers", "containers"):
        mounted = [_with_mount(container, mount) for container in spec.get(kind) or ()]
        is_needed = is_needed or any(new is not old for new, old in zip(mounted, spec.get(kind) or (), strict=True))
        if mounted:
            spec[kind] = mounted
    if is_needed and not names:
        spec["volumes"] = [*volumes, {"name": name, "projected": _token_sources()}]
    return spec


def _with_mount(container: Json, mount: Json) -> Json:
    mounts = container.get("volumeMounts") or []
    if any(each["mountPath"] == _TOKEN_PATH for each in mounts):
        return container
    return {**container, "volumeMounts": [*mounts, mount]}


def _token_sources() -> dict[str, Any]:
    certificate = {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    field = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
    return {
        "defaultMode": _READ_ONLY,
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": _TOKEN_SECONDS, "path": "token"}},
            {"configMap": certificate},
            {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": field}]}},
        ],
    }


def _with_tolerations(spec: Json) -> Json:
    given = spec.get("tolerations") or []
    missing = [
        {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": _TOLERATED_SECONDS}
        for key in _TROUBLES
        if not any(each.get("key", "") in (key, "") and each.get("effect", "") in ("NoExecute", "") for each in given)
    ]
    return {**spec, "tolerations": [*given, *missing]} if missing else spec
