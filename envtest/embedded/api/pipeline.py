"""Everything that a verb does, without HTTP: from a decoded body to what is kept and answered.

What flows in: a `requests.Target`, a decoded body, options. What flows out: objects, or a `status.StatusError`. The thread of the
loop: every call runs to its end before anything else happens, so what it read is still true when it writes. Mirrors apiserver
pkg/endpoints/handlers and pkg/registry/generic/registry/store.go.
"""

import datetime
from collections.abc import Callable
from dataclasses import dataclass, replace

from envtest.embedded.api import (
    admission,
    conversion,
    decoding,
    deletion,
    kinds,
    metadata,
    plugins,
    requests,
    selectors,
    status,
    store,
)
from envtest.embedded.api.status import Json
from envtest.embedded.apply import managed_fields, patches, strategic
from envtest.embedded.builtin import resources
from envtest.embedded.custom import definitions

_TRIES_FOR_A_NAME = 8
_LOCKED = "the object has been modified; please apply your changes to the latest version and try again"
_TERMINATING = "create not allowed while custom resource definition is terminating"
_DEFAULT = requests.Options(field_manager="envtest", field_validation="Ignore")

Clock = Callable[[], datetime.datetime]


@dataclass(frozen=True)
class Written:
    """What a write led to."""

    object: Json
    is_created: bool = False


class Api:
    """The verbs.

    Attributes:
        registry: What is served.
        store: What is there.
        admission: What may refuse a write.
        definitions: What makes custom kinds.
        warnings: What the present request should tell the client beside its answer; whoever serves a request empties it first.
    """

    def __init__(self, registry: resources.Registry, objects: store.Store, clock: Clock) -> None:
        self.registry = registry
        self.store = objects
        self.clock = clock
        self.admission = admission.Admission(objects, registry)
        plugins.install(self.admission, objects, registry)
        self.definitions = definitions.Definitions(registry, objects, clock)
        self.admission.mutators.append(self.definitions.refuse_creation)
        self.warnings: list[str] = []
        self._shown: dict[tuple[str, str, str], tuple[Json, resources.Resource, Json]] = {}
        """By version, plural and key: an object as it is kept, under which definition, and what is shown of it."""
        self._kinds = kinds.Kinds(self.definitions, registry)
        self._decoder = decoding.Decoder(self._kinds, registry, self.warnings)

    @property
    def now(self) -> str:
        """The time as the API writes it."""
        return deletion.wire_time(self.clock())

    def storage_of(self, resource: resources.Resource) -> resources.Resource:
        """Return the resource under which the objects of *resource* are kept."""
        return conversion.storage_of(self.registry, resource)

    def find(self, target: requests.Target) -> Json | None:
        """Return an object in the version of its target, or None."""
        namespace = target.namespace if target.resource.is_namespaced else ""
        found = self.store.get(self.storage_of(target.resource), namespace, target.name)
        return None if found is None else self.served(target.resource, found)

    def served(self, resource: resources.Resource, kept: Json) -> Json:
        """Return what the store has as *resource* shows it; a custom object as its definition is by now."""
        if not resource.is_custom:
            return conversion.served(resource, kept)
        place = (resource.api_version, resource.plural, store.key(kept))
        known = self._shown.get(place)
        if known is None or known[0] is not kept or known[1] is not resource:
            kind = self.definitions.kind(resource)
            shown = conversion.served(resource, kind.default(kind.prune(kept)[0]))
            known = self._shown[place] = (kept, resource, kept if shown == kept else shown)
        return known[2]

    def get(self, target: requests.Target) -> Json:
        """Return an object.

        Raises:
            status.StatusError: There is none.
        """
        if (found := self.find(target)) is None:
            raise status.not_found(target.resource, target.name)
        return found

    def create(self, target: requests.Target, body: Json, options: requests.Options = _DEFAULT) -> Json:
        """Create an object.

        Args:
            target: The collection; a name is not needed.
            body: The object.
            options: How.

        Raises:
            status.StatusError: It is refused.
        """
        obj = self._decoder.whole(target.resource, body, options)
        if obj["metadata"].get("resourceVersion") not in (None, "", "0"):
            raise status.plain_failure("resourceVersion should not be set on objects to be created")
        obj = metadata.placed(metadata.born(obj, self.now), target)
        obj = managed_fields.update(target.resource, None, obj, self._by(target, options))
        return self._put_new(target, obj, options)

    def update(self, target: requests.Target, body: Json, options: requests.Options = _DEFAULT) -> Written:
        """Replace an object, or its status.

        Raises:
            status.StatusError: It is refused.
        """
        obj = self._decoder.whole(target.resource, body, options)
        obj = metadata.check_name(metadata.placed(obj, target), target)
        live = self.find(target)
        if live is None:
            if target.subresource or not kinds.is_created_by_update(target.resource):
                raise status.not_found(target.resource, target.name)
            return Written(self.create(target, body, options), is_created=True)
        _check_uid(target, obj, live)
        new = managed_fields.update(target.resource, live, obj, self._by(target, options))
        return Written(self._replace(target, live, new, options))

    def patch(self, target: requests.Target, patch: requests.Patch, options: requests.Options = _DEFAULT) -> Written:
        """Change an object, or its status; an apply may create it.

        Raises:
            status.StatusError: It is refused.
        """
        if patch.content_type == requests.STRATEGIC_PATCH and target.resource.is_custom:
            raise status.unsupported_media_type((requests.JSON_PATCH, requests.MERGE_PATCH, requests.APPLY_PATCH))
        live = self.find(target)
        if patch.content_type == requests.APPLY_PATCH:
            return self._apply(target, live, patch.body, options)
        if live is None:
            raise status.not_found(target.resource, target.name)
        obj = self._decoder.patched(target.resource, _patched(target, live, patch), patch, options)
        obj = metadata.check_name(metadata.placed(obj, target), target)
        new = managed_fields.update(target.resource, live, obj, self._by(target, options))
        return Written(self._replace(target, live, new, options))

    def delete(self, target: requests.Target, options: requests.DeleteOptions | None = None) -> Json:
        """Delete an object, or begin to.

        Returns:
            The object if it is still there or its kind is answered so, otherwise a Status.

        Raises:
            status.StatusError: There is none, or a precondition does not hold.
        """
        live, options = self.get(target), options or requests.DeleteOptions()
        attempt = admission.Attempt("DELETE", target, live, live, options.dry_run)
        self.admission.validate(attempt)
        if target.resource.storage_key == kinds.DEFINITIONS and not live["metadata"].get("deletionTimestamp"):
            return self._delete_definition(target, live, options)
        decision = deletion.decide(target.resource, live, options, self.clock())
        last = live
        if decision.kept is not None and decision.kept != live and not options.dry_run:
            last = self._put(target, decision.kept)
        elif decision.kept is not None:
            last = decision.kept
        if not decision.is_gone:
            return last
        return deletion.answer(target.resource, last if options.dry_run else self._remove(target, last))

    def delete_collection(
        self, target: requests.Target, selector: selectors.Selector, options: requests.DeleteOptions | None = None
    ) -> list[Json]:
        """Delete all objects of a collection that match.

        Returns:
            They, as they were.

        Raises:
            status.StatusError: One cannot be deleted; those before it are.
        """
        storage = self.storage_of(target.resource)
        found = [obj for obj in self.store.list(storage, target.namespace or None) if selector.matches(obj)]
        for obj in found:
            own = obj["metadata"]
            one = requests.Target(target.resource, own.get("namespace", ""), own["name"])
            if self.find(one) is not None:
                self.delete(one, options)
        return [self.served(target.resource, obj) for obj in found]

    def replace(self, target: requests.Target, live: Json, new: Json, options: requests.Options = _DEFAULT) -> Json:
        """Keep *new*, whose managedFields are up to date, instead of *live*; for subresources that change the whole object.

        Raises:
            status.StatusError: It is refused.
        """
        return self._replace(target, live, new, options)

    def _by(self, target: requests.Target, options: requests.Options) -> managed_fields.By:
        return managed_fields.By(options.manager, self.now, target.subresource, options.force)

    def _apply(self, target: requests.Target, live: Json | None, body: object, options: requests.Options) -> Written:
        if live is None and target.subresource:
            raise status.not_found(target.resource, target.name)
        if not isinstance(body, dict):
            raise status.bad_request("error decoding YAML: the body is not an object")
        applied = managed_fields.apply(target.resource, live, body, self._by(target, options))
        obj = self._decoder.applied(target.resource, applied, options)
        if live is not None:
            obj = metadata.check_name(metadata.placed(obj, target), target)
            return Written(self._replace(target, live, obj, options))
        if uid := obj["metadata"].get("uid"):
            text = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
            raise status.conflict(target.resource, target.name, text)
        obj = metadata.check_name(metadata.placed(obj, target), target)
        return Written(self._put_new(target, metadata.born(obj, self.now), options), is_created=True)

    def _put_new(self, target: requests.Target, obj: Json, options: requests.Options) -> Json:
        if target.resource.is_custom and self.definitions.is_terminating(target.resource):
            raise status.forbidden(target.resource, obj["metadata"].get("name", ""), _TERMINATING)
        named = replace(target, name=obj["metadata"].get("name", ""))
        attempt = admission.Attempt("CREATE", named, obj, dry_run=options.dry_run)
        obj = self._kinds.prepare_create(target.resource, self.admission.mutate(attempt))
        obj = self._with_free_name(named, obj)
        self.warnings += self._kinds.check(target.resource, obj, None, "")
        named = replace(named, name=obj["metadata"]["name"])  # which is there now, or the check had failed
        self.admission.validate(replace(attempt, target=named, object=obj))
        if self.find(named) is not None:
            if obj["metadata"].get("generateName"):
                raise status.no_unique_name(target.resource, named.name)
            raise status.already_exists(target.resource, named.name)
        obj = metadata.with_metadata(obj, resourceVersion=None)
        return obj if options.dry_run else self._put(named, obj)

    def _with_free_name(self, target: requests.Target, obj: Json) -> Json:
        """Generate another name as long as the one that was generated is taken."""
        prefix = obj["metadata"].get("generateName")
        for _ in range(_TRIES_FOR_A_NAME if prefix else 0):
            if not prefix or self.find(replace(target, name=obj["metadata"]["name"])) is None:
                break
            if not obj["metadata"]["name"].startswith(prefix):
                break
            obj = metadata.with_metadata(obj, name=metadata.generated_name(prefix))
        return obj

    def _replace(self, target: requests.Target, live: Json, new: Json, options: requests.Options) -> Json:
        attempt = admission.Attempt("UPDATE", target, new, live, options.dry_run)
        new = self.admission.mutate(attempt)
        new = _at_version(target, new, live)
        if target.subresource == "status":
            new = self._kinds.prepare_status(target.resource, new, live)
        elif target.subresource == "finalize":
            new = self._kinds.prepare_finalizers(new, live)
        else:
            new = self._kinds.prepare_update(target.resource, new, live)
        self.warnings += self._kinds.check(target.resource, new, live, target.subresource)
        new = managed_fields.keep_times(live, new)
        self.admission.validate(replace(attempt, object=new))
        is_finalized = target.resource.storage_key != "namespaces" or not (new.get("spec") or {}).get("finalizers")
        if is_finalized and metadata.is_deleted_by(new):
            if not options.dry_run:
                self._remove(target, live)
            return new
        if new == live or options.dry_run:
            return new
        return self._put(target, new)

    def _put(self, target: requests.Target, obj: Json) -> Json:
        kept = self.store.put(*self._kinds.stored(target.resource, obj))
        return self.served(target.resource, kept)

    def _remove(self, target: requests.Target, obj: Json) -> Json:
        storage = self.storage_of(target.resource)
        last = self.store.delete(storage, conversion.stored(target.resource, storage, obj))
        for version in self.registry.versions(target.resource.group) if target.resource.is_custom else ():
            self._shown.pop((f"{target.resource.group}/{version}", target.resource.plural, store.key(last)), None)
        return conversion.served(target.resource, last)

    def _delete_definition(self, target: requests.Target, live: Json, options: requests.DeleteOptions) -> Json:
        deletion.decide(target.resource, live, options, self.clock())
        going = self.definitions.begin_deletion(live)
        return going if options.dry_run else self._put(target, going)


def _patched(target: requests.Target, live: Json, patch: requests.Patch) -> Json:
    if patch.content_type == requests.JSON_PATCH:
        return patches.json_patch(live, patch.body)
    if patch.content_type == requests.MERGE_PATCH:
        return patches.merge_patch(live, patch.body)
    return strategic.patch(target.resource.schema, live, patch.body)


def _check_uid(target: requests.Target, obj: Json, live: Json) -> None:
    uid, own = obj["metadata"].get("uid"), live["metadata"]["uid"]
    if uid and uid != own:
        text = (
            f"StorageError: invalid object, Code: 4, Key: {_etcd_key(target)}, ResourceVersion: 0, AdditionalErrorMsg: "
            f"Precondition failed: UID in precondition: {uid}, UID in object meta: {own}"
        )
        raise status.conflict(target.resource, target.name, text)


def _etcd_key(target: requests.Target) -> str:
    """Return the key under which etcd would keep an object, but for the few kinds that have an odd one."""
    group = f"{target.resource.group}/" if target.resource.is_custom else ""
    return f"/registry/{group}{target.resource.plural}/{store.key_of(target.namespace, target.name)}"


def _at_version(target: requests.Target, new: Json, live: Json) -> Json:
    """Return *new* based on the present resourceVersion.

    Raises:
        status.StatusError: It is based on another, or must say on which.
    """
    version, present = new["metadata"].get("resourceVersion"), live["metadata"]["resourceVersion"]
    if not version or version == "0":
        if kinds.needs_version(target.resource):
            cause = status.Cause(status.INVALID, "metadata.resourceVersion", "Invalid value: 0: must be specified for an update")
            raise status.invalid((target.resource.plural, target.resource.group), target.name, [cause])
        return metadata.with_metadata(new, resourceVersion=present)
    if not version.isdecimal():
        raise status.plain_failure(requests.unparsable(version))
    if version != present:
        raise status.conflict(target.resource, target.name, _LOCKED)
    return new
