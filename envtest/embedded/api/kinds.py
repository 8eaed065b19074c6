"""What differs between kinds when they are written: decoding, defaults, status, generation, validation.

What flows in: objects of any kind. What flows out: objects as the kind's type has them, and what is wrong with them. The loop's
thread. Mirrors the strategies of kubernetes pkg/registry and of apiextensions-apiserver pkg/registry/customresource.
"""

from collections.abc import Mapping, Sequence

from envtest.embedded.api import conversion, fields_check, metadata, status
from envtest.embedded.api.status import Json
from envtest.embedded.apply import json_values
from envtest.embedded.builtin import defaults, resources, scalars, schemas, strategies
from envtest.embedded.custom import definitions, pruning
from envtest.embedded.validation import pod_warnings, validation

DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"

_SPEC = ("spec",)
_GENERATION: Mapping[str, tuple[str, ...]] = {
    "pods": _SPEC,
    "podtemplates": ("template",),
    "replicationcontrollers": _SPEC,
    "daemonsets.apps": _SPEC,
    "deployments.apps": _SPEC,
    "replicasets.apps": _SPEC,
    "statefulsets.apps": _SPEC,
    "jobs.batch": _SPEC,
    "cronjobs.batch": _SPEC,
    "ingresses.networking.k8s.io": _SPEC,
    "ingressclasses.networking.k8s.io": _SPEC,
    "networkpolicies.networking.k8s.io": _SPEC,
    "poddisruptionbudgets.policy": _SPEC,
    "priorityclasses.scheduling.k8s.io": (),
    "endpointslices.discovery.k8s.io": ("addressType", "endpoints", "ports"),
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": ("webhooks",),
    "validatingwebhookconfigurations.admissionregistration.k8s.io": ("webhooks",),
    DEFINITIONS: _SPEC,
}
"""Built-in kinds that have a generation, with the fields whose change raises it; Deployments and EndpointSlices have one more."""

_CREATED_BY_UPDATE = frozenset(
    {
        "leases.coordination.k8s.io",
        "limitranges",
        "events",
        "events.events.k8s.io",
        "services",
        "endpoints",
        *(f"{kind}.rbac.authorization.k8s.io" for kind in ("roles", "rolebindings", "clusterroles", "clusterrolebindings")),
    }
)
_NEEDS_VERSION = frozenset(
    {
        "leases.coordination.k8s.io",
        "poddisruptionbudgets.policy",
        "mutatingwebhookconfigurations.admissionregistration.k8s.io",
        "validatingwebhookconfigurations.admissionregistration.k8s.io",
        DEFINITIONS,
    }
)


def is_created_by_update(resource: resources.Resource) -> bool:
    """Ask whether a PUT may create an object."""
    return resource.storage_key in _CREATED_BY_UPDATE


def needs_version(resource: resources.Resource) -> bool:
    """Ask whether an update must say which resourceVersion it is based on."""
    return resource.is_custom or resource.storage_key in _NEEDS_VERSION


class Kinds:
    """Knows all kinds, those that definitions make included."""

    def __init__(self, known: definitions.Definitions, registry: resources.Registry) -> None:
        self._definitions = known
        self._registry = registry

    def stored(self, resource: resources.Resource, obj: Json) -> tuple[resources.Resource, Json]:
        """Return under which resource and in which form an object is kept."""
        storage = conversion.storage_of(self._registry, resource)
        kept = conversion.stored(resource, storage, obj)
        is_other_version = storage is not resource and storage.group == resource.group
        if resource.is_custom:
            return storage, json_values.kept(self._in_stored_version(resource, kept))
        return storage, defaults.apply(storage, kept) if is_other_version else kept

    def _in_stored_version(self, resource: resources.Resource, obj: Json) -> Json:
        """Return a custom object as it comes back from the version in which its definition keeps it, if another is served."""
        if (resource.definition or {}).get("storage"):
            return obj
        for version in self._registry.versions(resource.group):
            other = self._registry.find(resource.group, version, resource.plural)
            if other is not None and (other.definition or {}).get("storage"):
                kind = self._definitions.kind(other)
                return {**kind.default(kind.prune({**obj, "apiVersion": other.api_version})[0]), "apiVersion": obj["apiVersion"]}
        return obj

    def decode(self, resource: resources.Resource, obj: Json) -> tuple[Json, list[str]]:
        """Return *obj* as its type has it, defaults filled in, and the paths of its unknown fields.

        Raises:
            status.StatusError: A field has the wrong type.
        """
        if resource.is_custom:
            kind = self._definitions.kind(resource)
            pruned, unknown = kind.prune(_with_read_metadata(resource, obj))
            above = fields_check.unknown(resources.definition(schemas.OBJECT_META), obj.get("metadata"), "metadata")
            return _with_reset(kind.default(pruned), obj), [*above, *unknown]
        unknown = fields_check.unknown(resource.schema, obj)
        return _with_reset({"metadata": {}, **defaults.apply(resource, obj)}, obj), unknown

    def decode_applied(self, resource: resources.Resource, obj: Json) -> tuple[Json, list[str]]:
        """Do the same with what an apply made; in custom kinds nulls remain, as upstream.

        Raises:
            status.StatusError: A field has the wrong type.
        """
        if not resource.is_custom:
            return self.decode(resource, obj)
        kind = self._definitions.kind(resource)
        pruned, unknown = pruning.prune(kind.schema, _with_read_metadata(resource, obj))
        return kind.default(pruned), unknown

    def prepare_create(self, resource: resources.Resource, obj: Json) -> Json:
        """Return a new object without what only the server may say, with its first generation."""
        if resource.is_custom:
            if self._definitions.kind(resource).has_status:
                obj = {key: value for key, value in obj.items() if key != "status"}
        else:
            obj = strategies.prepare_create(resource, obj)
            if resource.storage_key == DEFINITIONS:
                obj = self._definitions.default(obj)
        has_generation = resource.is_custom or resource.storage_key in _GENERATION
        return metadata.with_metadata(obj, generation=1) if has_generation else obj

    def prepare_update(self, resource: resources.Resource, obj: Json, live: Json) -> Json:
        """Return a changed object with what only the server may say as it was, with its next generation."""
        obj = metadata.continued(obj, live)
        if resource.is_custom:
            if self._definitions.kind(resource).has_status:
                obj = _with_status_of(obj, live)
        else:
            obj = strategies.prepare_update(resource, obj, live)
        if _raises_generation(resource, obj, live):
            return metadata.with_metadata(obj, generation=live["metadata"].get("generation", 0) + 1)
        return obj

    def prepare_finalizers(self, obj: Json, live: Json) -> Json:
        """Return what remains of an update of a namespace's finalizers: those in its spec, and metadata."""
        finalizers = (obj.get("spec") or {}).get("finalizers")
        spec = {key: value for key, value in (live.get("spec") or {}).items() if key != "finalizers"}
        spec = {**spec, "finalizers": finalizers} if finalizers else spec
        return {**live, "spec": spec, "metadata": metadata.continued(obj, live)["metadata"]}

    def prepare_status(self, resource: resources.Resource, obj: Json, live: Json) -> Json:
        """Return what remains of an update of the status: that, and in built-in kinds a part of metadata."""
        old = live["metadata"]
        if resource.is_custom:
            managed = obj["metadata"].get("managedFields")
            version = obj["metadata"].get("resourceVersion")
            kept = {**live, "metadata": {**old, "managedFields": managed, "resourceVersion": version}}
            return _with_status_of(metadata.with_metadata(kept), obj)
        obj = metadata.continued(obj, live)
        kept = {**_with_status_of(live, obj), "metadata": obj["metadata"]}
        if resource.storage_key == "pods":
            kept = metadata.with_metadata(kept, ownerReferences=old.get("ownerReferences"))
            if not (kept.get("status") or {}).get("qosClass") and (quality := (live.get("status") or {}).get("qosClass")):
                kept["status"] = {**(kept.get("status") or {}), "qosClass": quality}
        elif resource.storage_key == "deployments.apps":
            kept = metadata.with_metadata(kept, labels=old.get("labels"))
        return kept

    def check(self, resource: resources.Resource, obj: Json, live: Json | None, subresource: str) -> list[str]:
        """Refuse what is not valid.

        Returns:
            Warnings.

        Raises:
            status.StatusError: Something is wrong with *obj*.
        """
        if resource.is_custom:
            before = validation.validate_metadata(resource, obj, live)
            verdict = self._definitions.kind(resource).validate(obj, live, subresource, before)
            _refuse(resource, obj, verdict.causes)
            return list(verdict.warnings)
        causes = self._built_in_causes(resource, obj, live, subresource)
        if resource.storage_key == DEFINITIONS:
            _refuse(resource, obj, [*causes, *self._definitions.validate(obj, live)])
            return list(self._definitions.warnings(obj))
        _refuse(resource, obj, causes)
        return [] if subresource else pod_warnings.warnings(resource, obj, live)

    def _built_in_causes(
        self, resource: resources.Resource, obj: Json, live: Json | None, subresource: str
    ) -> list[status.Cause]:
        """Return what is wrong, looked at in the version in which the object is kept; Events are the same in both groups."""
        storage, kept = self.stored(resource, obj)
        if storage.group != resource.group:
            return validation.validate(resource, obj, live, subresource)
        was = self.stored(resource, live)[1] if live else None
        return validation.validate(storage, kept, was, subresource)


def _refuse(resource: resources.Resource, obj: Json, causes: Sequence[status.Cause]) -> None:
    if causes:
        raise status.invalid((obj["kind"], resource.group), obj["metadata"].get("name", ""), causes)


def _with_reset(decoded: Json, given: Json) -> Json:
    """Return *decoded* with the empty list of managedFields that *given* has: unlike other empty lists it means something."""
    if (given.get("metadata") or {}).get("managedFields") != []:
        return decoded
    return {**decoded, "metadata": {**decoded["metadata"], "managedFields": []}}


def _with_read_metadata(resource: resources.Resource, obj: Json) -> Json:
    try:
        return {**obj, "metadata": defaults.metadata(obj["metadata"])}
    except scalars.UnreadableError as error:
        kind = resource.kind
        text = f'{kind} in version "{resource.version}" cannot be handled as a {kind}: {error}'
        raise status.bad_request(text) from error


def _with_status_of(obj: Json, other: Json) -> Json:
    kept = {key: value for key, value in obj.items() if key != "status"}
    return {**kept, "status": other["status"]} if "status" in other else kept


def _raises_generation(resource: resources.Resource, obj: Json, live: Json) -> bool:
    if resource.is_custom:
        ignored = {"apiVersion", "kind", "metadata", *(("status",) if "status" in resource.subresources else ())}
        return any(obj.get(key) != live.get(key) for key in {*obj, *live} - ignored)
    if resource.storage_key not in _GENERATION:
        return False
    if any(obj.get(key) != live.get(key) for key in _GENERATION[resource.storage_key]):
        return True
    also = {"deployments.apps": "annotations", "endpointslices.discovery.k8s.io": "labels"}.get(resource.storage_key)
    return also is not None and (obj["metadata"].get(also) or {}) != (live["metadata"].get(also) or {})
