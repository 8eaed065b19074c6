"""What becomes of CustomResourceDefinitions: kinds that are served, and that are served no longer.

What flows in: definitions, as they are kept. What flows out: resources in the registry; conditions, accepted names and stored
versions in the definitions' status. The loop's thread; what follows from a write happens right after it, so that whoever else
watches sees the write first. Mirrors apiextensions-apiserver pkg/controller (naming, establishing, finalizer) and
pkg/registry/customresourcedefinition.
"""

import asyncio
import datetime
from collections.abc import Callable, Sequence
from typing import Any, Final

from envtest.embedded.api import status
from envtest.embedded.api.admission import Attempt
from envtest.embedded.api.status import Cause, Json
from envtest.embedded.api.store import Event, Store
from envtest.embedded.apply import managed_fields
from envtest.embedded.builtin.resources import Registry, Resource
from envtest.embedded.custom import custom, custom_resources, definition_checks

GROUP: Final = "apiextensions.k8s.io"
FINALIZER: Final = "customresourcecleanup.apiextensions.k8s.io"
_SINGLE_NAMES: Final = (("plural", "Plural"), ("singular", "Singular"))
_KIND_NAMES: Final = (("kind", "Kind"), ("listKind", "ListKind"))


class Definitions:
    """Makes and unmakes custom kinds."""

    def __init__(self, registry: Registry, objects: Store, clock: Callable[[], datetime.datetime]) -> None:
        self._registry = registry
        self._store = objects
        self._clock = clock
        self._kinds: dict[tuple[str, str, str], custom.CustomKind] = {}
        self._watched: dict[str, Callable[[], None]] = {}
        own = registry.find(GROUP, "v1", "customresourcedefinitions")
        if own is not None:
            objects.subscribe(own, self._on_event)
        self._own = own

    def kind(self, resource: Resource) -> custom.CustomKind:
        """Return what the server does with the objects of *resource*, a custom one."""
        key = (resource.group, resource.version, resource.plural)
        found = self._kinds.get(key)
        if found is None or found.resource is not resource:
            found = self._kinds[key] = custom.CustomKind(resource)
        return found

    def default(self, definition: Json) -> Json:
        """Return *definition* with the names and versions that its author left out."""
        spec = definition.get("spec") or {}
        names = dict(spec.get("names") or {})
        if names.get("kind"):
            names["singular"] = names.get("singular") or names["kind"].lower()
            names["listKind"] = names.get("listKind") or f"{names['kind']}List"
        known = dict(definition.get("status") or {})
        if not known.get("storedVersions"):
            stored = [version["name"] for version in spec.get("versions") or [] if version.get("storage")]
            known["storedVersions"] = stored[:1]
        conversion = spec.get("conversion") or {"strategy": "None"}
        return {**definition, "spec": {**spec, "names": names, "conversion": conversion}, "status": known}

    def validate(self, definition: Json, old: Json | None = None) -> list[Cause]:
        """Return what is wrong with *definition*."""
        return definition_checks.validate(_with_storage_version(definition), old)

    def warnings(self, definition: Json) -> list[str]:
        """Return what the author of *definition* should know, though it is taken."""
        return definition_checks.warnings(definition)

    def begin_deletion(self, definition: Json) -> Json:
        """Return *definition* as it is while its objects are deleted."""
        metadata = definition["metadata"]
        finalizers = metadata.get("finalizers") or []
        going = {
            **definition,
            "metadata": {
                **metadata,
                "deletionTimestamp": metadata.get("deletionTimestamp") or self._now(),
                "finalizers": finalizers if FINALIZER in finalizers else [*finalizers, FINALIZER],
            },
        }
        message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon"
        return self._with_conditions(going, [("Terminating", "True", "InstanceDeletionPending", message)])

    def is_terminating(self, resource: Resource) -> bool:
        """Ask whether the definition of *resource*, a custom one, is being deleted, so that no object can be created."""
        found = self._store.get(self._own, "", resource.storage_key) if self._own else None
        return bool(found and found["metadata"].get("deletionTimestamp"))

    def refuse_creation(self, attempt: Attempt) -> Json:
        """Return the object of an attempt; a mutator for admission.

        Raises:
            status.StatusError: It is new and its definition is being deleted.
        """
        resource = attempt.target.resource
        if attempt.operation == "CREATE" and resource.is_custom and self.is_terminating(resource):
            words = "create not allowed while custom resource definition is terminating"
            raise status.forbidden(resource, attempt.target.name, words)
        return attempt.object

    def on_change(self, definition: Json) -> None:
        """Serve what *definition*, which is kept, defines; or go on with its deletion."""
        if definition["metadata"].get("deletionTimestamp"):
            self._terminate(definition)
            return
        settled = self._settled(definition)
        if settled != definition and self._own is not None:
            settled = self._put_status(self._own, definition, settled)
        if _is_true(settled, "Established"):
            self._serve(settled)

    def on_delete(self, definition: Json) -> None:
        """Serve no longer what *definition* defined."""
        spec = definition["spec"]
        for version in spec["versions"]:
            key = (spec["group"], version["name"], spec["names"]["plural"])
            self._registry.remove(*key)
            self._kinds.pop(key, None)
        stop = self._watched.pop(definition["metadata"]["name"], None)
        if stop:
            stop()
        for other in self._all():
            if other["spec"]["group"] == spec["group"] and not _is_true(other, "NamesAccepted"):
                self.on_change(other)

    def _now(self) -> str:
        return self._clock().strftime("%Y-%m-%dT%H:%M:%SZ")

    def _all(self) -> list[Json]:
        return self._store.list(self._own) if self._own else []

    def _on_event(self, event: Event) -> None:
        if event.type == "DELETED":
            _after(lambda: self.on_delete(event.object))
        else:
            _after(lambda: self._revisit(event.object["metadata"]["name"]))

    def _revisit(self, name: str) -> None:
        found = self._store.get(self._own, "", name) if self._own else None
        if found is not None:
            self.on_change(found)

    def _with_conditions(self, definition: Json, conditions: Sequence[tuple[str, str, str, str]]) -> Json:
        known = definition.get("status") or {}
        found = {each["type"]: each for each in known.get("conditions") or []}
        for kind, value, reason, message in conditions:
            old = found.get(kind, {})
            since = old["lastTransitionTime"] if old.get("status") == value else self._now()
            found[kind] = {"lastTransitionTime": since, "message": message, "reason": reason, "status": value, "type": kind}
        return {**definition, "status": {**known, "conditions": list(found.values())}}

    def _settled(self, definition: Json) -> Json:
        """Return *definition* with names accepted or refused, and established if they are."""
        definition = _with_storage_version(definition)
        known, names = definition["status"], definition["spec"]["names"]
        if known.get("acceptedNames") == names and _is_true(definition, "Established"):
            return definition
        accepted, reason, message = self._accepted(definition)
        if reason:
            conditions = [("NamesAccepted", "False", reason, message)]
            if not _is_true(definition, "Established"):
                conditions.append(("Established", "False", "NotAccepted", "not all names are accepted"))
        else:
            conditions = [("NamesAccepted", "True", "NoConflicts", "no conflicts found")]
            if not _is_true(definition, "Established"):
                conditions.append(("Established", "True", "InitialNamesAccepted", "the initial names have been accepted"))
        return self._with_conditions({**definition, "status": {**known, "acceptedNames": accepted}}, conditions)

    def _accepted(self, definition: Json) -> tuple[Json, str, str]:
        """Return the names that are accepted, and the reason and message if one is not."""
        wanted = definition["spec"]["names"]
        old = definition["status"].get("acceptedNames") or {}
        others = [
            other.get("status", {}).get("acceptedNames") or {}
            for other in self._all()
            if other["spec"]["group"] == definition["spec"]["group"]
            and other["metadata"]["name"] != definition["metadata"]["name"]
        ]
        plain = {name for each in others for name in (each.get("plural"), each.get("singular"), *(each.get("shortNames") or []))}
        kinds = {name for each in others for name in (each.get("kind"), each.get("listKind"))}
        accepted, reason, message = dict(wanted), "", ""
        for (name, word), taken in [*((each, plain) for each in _SINGLE_NAMES), *((each, kinds) for each in _KIND_NAMES)]:
            value = wanted.get(name, "")
            if value != old.get(name) and value in taken:
                accepted[name], reason, message = old.get(name, ""), f"{word}Conflict", f'"{value}" is already in use'
        clashes = [f'"{name}" is already in use' for name in wanted.get("shortNames") or [] if name in plain]
        if clashes:
            accepted["shortNames"], reason = old.get("shortNames") or [], "ShortNamesConflict"
            message = clashes[0] if len(clashes) == 1 else f"[{', '.join(clashes)}]"
        return accepted, reason, message

    def _serve(self, definition: Json) -> None:
        wanted = {(each.group, each.version, each.plural): each for each in custom_resources.resources_of(definition)}
        spec = definition["spec"]
        for version in spec["versions"]:
            key = (spec["group"], version["name"], spec["names"]["plural"])
            served = self._registry.find(*key)
            new = wanted.get(key)
            if new is None:
                self._registry.remove(*key)
            elif served is None or not custom_resources.is_same(served, new):
                self._registry.add(new)

    def _put_status(self, own: Resource, old: Json, new: Json) -> Json:
        """Keep *new*, which differs from *old* in its status, as the API server's own write."""
        by = managed_fields.By("kube-apiserver", self._now(), "status")
        return self._store.put(own, managed_fields.update(own, old, new, by))

    def _terminate(self, definition: Json) -> None:
        if FINALIZER not in (definition["metadata"].get("finalizers") or []) or self._own is None:
            return
        kinds = [
            each
            for each in custom_resources.resources_of(definition)
            if self._registry.find(each.group, each.version, each.plural)
        ]
        left = self._delete_instances(kinds[0]) if kinds else 0
        name = definition["metadata"]["name"]
        if left:
            if name not in self._watched:
                self._watched[name] = self._store.subscribe(kinds[0], lambda event: self._on_instance(name, event))
            message = "CustomResource deletion is in progress"
            waiting = self._with_conditions(definition, [("Terminating", "True", "InstanceDeletionInProgress", message)])
            if waiting != definition:
                self._put_status(self._own, definition, waiting)
            return
        reason, message = ("InstanceDeletionCompleted", "removed all instances")
        if not _is_true(definition, "Established"):
            reason, message = ("NeverEstablished", "resource was never established")
        done = self._with_conditions(definition, [("Terminating", "False", reason, message)])
        metadata = done["metadata"]
        rest = [each for each in metadata["finalizers"] if each != FINALIZER]
        if rest:
            self._store.put(self._own, {**done, "metadata": {**metadata, "finalizers": rest}})
        else:
            kept = {key: value for key, value in metadata.items() if key != "finalizers"}
            self._store.delete(self._own, {**done, "metadata": kept})

    def _on_instance(self, name: str, event: Event) -> None:
        if event.type == "DELETED":
            _after(lambda: self._revisit(name))

    def _delete_instances(self, resource: Resource) -> int:
        """Delete all objects of a kind.

        Returns:
            How many are left, because finalizers hold them.
        """
        left = 0
        for obj in list(self._store.list(resource)):
            metadata = obj["metadata"]
            if not metadata.get("finalizers"):
                self._store.delete(resource, obj)
                continue
            left += 1
            if not metadata.get("deletionTimestamp"):
                marks: dict[str, Any] = {"deletionTimestamp": self._now(), "deletionGracePeriodSeconds": 0}
                marks["generation"] = metadata.get("generation", 0) + 1
                self._store.put(resource, {**obj, "metadata": {**metadata, **marks}})
        return left


def _after(action: Callable[[], None]) -> None:
    """Do something when the present callback is done; at once where no loop runs."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        action()
    else:
        loop.call_soon(action)


def _is_true(definition: Json, kind: str) -> bool:
    conditions = (definition.get("status") or {}).get("conditions") or []
    return any(each["type"] == kind and each["status"] == "True" for each in conditions)


def _with_storage_version(definition: Json) -> Json:
    """Return *definition* with the version that is stored from now on among those that ever were."""
    known = definition.get("status") or {}
    stored = known.get("storedVersions") or []
    new = [version["name"] for version in definition["spec"].get("versions") or [] if version.get("storage")][:1]
    if not stored or set(new) <= set(stored):
        return definition
    return {**definition, "status": {**known, "storedVersions": [*stored, *new]}}
