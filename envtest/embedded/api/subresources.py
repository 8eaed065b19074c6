"""Parts of objects with a path of their own, other than the status: scale, finalize, binding, eviction.

What flows in: a `requests.Target` with a subresource, and an `Input`. What flows out: a code and an object. The loop's thread.
Mirrors kubernetes pkg/registry/apps/deployment/storage, core/namespace/storage, core/pod/storage and apiextensions-apiserver
pkg/registry/customresource/etcd.go.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

from envtest.embedded.api import metadata, pipeline, requests, status
from envtest.embedded.api.status import Json
from envtest.embedded.apply import managed_fields, patches, scale_fields
from envtest.embedded.builtin import defaults, resources


@dataclass(frozen=True)
class Input:
    """What a request brings."""

    body: Json
    options: requests.Options
    patch: requests.Patch | None = None


class Subresources:
    """Reads and writes them."""

    def __init__(self, api: pipeline.Api) -> None:
        self._api = api
        self._verbs: dict[tuple[str, str], Callable[[requests.Target, Input], tuple[int, Json]]] = {
            ("scale", "get"): self._get_scale,
            ("scale", "update"): self._update_scale,
            ("scale", "patch"): self._update_scale,
            ("finalize", "update"): self._finalize,
            ("binding", "create"): self._bind,
            ("eviction", "create"): self._evict,
        }

    def do(self, verb: str, target: requests.Target, given: Input) -> tuple[int, Json]:
        """Do what a request asks for.

        Returns:
            The HTTP status and the answer.

        Raises:
            status.StatusError: It is refused, or there is no such verb.
        """
        act = self._verbs.get((target.subresource, verb))
        if act is None:
            raise status.method_not_allowed()
        return act(target, given)

    def _get_scale(self, target: requests.Target, _: Input) -> tuple[int, Json]:
        return 200, self._scale(target, self._api.get(target))

    def _scale(self, target: requests.Target, obj: Json) -> Json:
        if target.resource.is_custom:
            return self._api.definitions.kind(target.resource).scale(obj)
        return _built_in_scale(obj)

    def _scale_or_empty(self, target: requests.Target, obj: Json) -> Json:
        """Return the Scale of an object; a custom one that says no number of replicas can get one by this."""
        try:
            return self._scale(target, obj)
        except status.StatusError as error:
            if error.code != 500:
                raise
        kind = self._api.definitions.kind(target.resource)
        return {**kind.scale(kind.with_scale(obj, {"spec": {"replicas": 0}})), "spec": {}}

    def _update_scale(self, target: requests.Target, given: Input) -> tuple[int, Json]:
        live = self._api.get(target)
        shown = self._scale_or_empty(target, live)
        by = managed_fields.By(given.options.manager, self._api.now, target.subresource, given.options.force)
        before = scale_fields.to_scale(target.resource, live, shown)
        after = self._scaled(before, given, by)
        if not target.resource.is_custom:
            _check_replicas(after, target)
        version = after["metadata"].get("resourceVersion")
        changed = scale_fields.from_scale(target.resource, live, after)
        new = metadata.with_metadata(self._with_replicas(target, changed, after), resourceVersion=version)
        kept = self._api.replace(replace(target, subresource="scale"), live, new, given.options)
        return 200, self._scale(target, kept)

    def _scaled(self, before: Json, given: Input, by: managed_fields.By) -> Json:
        """Return the Scale as it shall be."""
        if given.patch is not None and given.patch.content_type == requests.APPLY_PATCH:
            return managed_fields.apply(scale_fields.SCALE, before, _object(given.patch.body), by)
        if given.patch is None:
            after = {**given.body, "metadata": given.body.get("metadata") or {}}
        else:
            is_json_patch = given.patch.content_type == requests.JSON_PATCH
            after = (patches.json_patch if is_json_patch else patches.merge_patch)(before, given.patch.body)
        return managed_fields.update(scale_fields.SCALE, before, defaults.apply(_scale_resource(), after), by)

    def _with_replicas(self, target: requests.Target, obj: Json, scale: Json) -> Json:
        if target.resource.is_custom:
            return self._api.definitions.kind(target.resource).with_scale(obj, scale)
        return {**obj, "spec": {**obj["spec"], "replicas": (scale.get("spec") or {}).get("replicas", 0)}}

    def _finalize(self, target: requests.Target, given: Input) -> tuple[int, Json]:
        """Set the finalizers in a namespace's spec."""
        return 200, self._api.update(target, given.body, given.options).object

    def _bind(self, target: requests.Target, given: Input) -> tuple[int, Json]:
        """Put a pod on a node."""
        live = self._api.get(target)
        if present := (live.get("spec") or {}).get("nodeName"):
            text = f'pod {target.name} is already assigned to node "{present}"'
            raise status.conflict(_Binding(), target.name, text)
        conditions = [each for each in (live.get("status") or {}).get("conditions") or () if each["type"] != "PodScheduled"]
        scheduled = {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": self._api.now}
        new = {
            **live,
            "spec": {**live["spec"], "nodeName": given.body["target"]["name"]},
            "status": {**(live.get("status") or {}), "conditions": [*conditions, scheduled]},
        }
        if not given.options.dry_run:
            self._api.store.put(target.resource, new)
        return 201, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}

    def _evict(self, target: requests.Target, given: Input) -> tuple[int, Json]:
        """Delete a pod in the way that disruption budgets would have a say in."""
        options = requests.delete_options(given.body.get("deleteOptions") or {}, {})
        self._api.delete(replace(target, subresource=""), options)
        return 201, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


@dataclass(frozen=True)
class _Binding:
    group: str = ""
    plural: str = "pods/binding"


@functools.cache
def _scale_resource() -> resources.Resource:
    """Return the kind of the subresource, as what decodes it wants to know it."""
    schema = resources.definition("io.k8s.api.autoscaling.v1.Scale")
    return resources.Resource("autoscaling", "v1", "scales", "scale", "Scale", is_namespaced=True, schema=schema)


def _built_in_scale(obj: Json) -> Json:
    own, spec, state = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    names = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    found: Json = {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: own[name] for name in names if name in own},
        "spec": {"replicas": spec["replicas"]} if spec.get("replicas") else {},
        "status": {"replicas": state.get("replicas", 0)},
    }
    if selector := _selector_text(spec.get("selector") or {}):
        found["status"]["selector"] = selector
    return found


def _selector_text(selector: Json) -> str:
    """Return a LabelSelector as text, sorted by key as the server does."""
    terms = [(key, f"{key}={value}") for key, value in (selector.get("matchLabels") or {}).items()]
    for each in selector.get("matchExpressions") or ():
        key, operator, values = each["key"], each["operator"], ",".join(sorted(each.get("values") or ()))
        text = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": key, "DoesNotExist": f"!{key}"}[
            operator
        ]
        terms.append((key, text))
    return ",".join(text for _, text in sorted(terms))


def _object(body: object) -> Json:
    if not isinstance(body, dict):
        raise status.bad_request("error decoding YAML: the body is not an object")
    return body


def _check_replicas(scale: Json, target: requests.Target) -> None:
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    if isinstance(replicas, int) and replicas < 0:
        text = f"Invalid value: {replicas}: must be greater than or equal to 0"
        raise status.invalid(("Scale", "autoscaling"), target.name, [status.Cause(status.INVALID, "spec.replicas", text)])
