"""What a deletion makes of an object: nothing, something that is about to go, or what waits for its finalizers.

What flows in: an object and DeleteOptions. What flows out: a `Decision`. Pure. Mirrors apiserver pkg/registry/rest/delete.go and
pkg/registry/generic/registry/store.go, kubernetes pkg/registry/core/pod/strategy.go (grace) and
pkg/registry/core/namespace/storage.
"""

import datetime
from dataclasses import dataclass

from envtest.embedded.api import metadata, requests, status
from envtest.embedded.api.status import Json
from envtest.embedded.builtin import resources

ORPHAN = "orphan"
FOREGROUND = "foregroundDeletion"

_RETURNING = frozenset(
    {
        "namespaces",
        "persistentvolumeclaims",
        "persistentvolumes",
        "pods",
        "podtemplates",
        "resourcequotas",
        "serviceaccounts",
        "services",
        "storageclasses.storage.k8s.io",
    }
)
"""Kinds whose deletion is answered with the object rather than with a Status."""


@dataclass(frozen=True)
class Decision:
    """What is to be done."""

    kept: Json | None
    """What is to be put in the object's place first; None: nothing."""
    is_gone: bool
    """Whether the object is to be removed then."""


def decide(resource: resources.Resource, live: Json, options: requests.DeleteOptions, now: datetime.datetime) -> Decision:
    """Decide about a deletion.

    Args:
        resource: The kind.
        live: The object.
        options: What was asked for.
        now: The time, in UTC.

    Raises:
        status.StatusError: The preconditions do not hold.
    """
    _check_preconditions(resource, live, options)
    if resource.storage_key == "namespaces" and not live["metadata"].get("deletionTimestamp"):
        return Decision(_terminating(live, options, now), is_gone=False)
    if resource.storage_key == "namespaces" and (live.get("spec") or {}).get("finalizers"):
        return Decision(None, is_gone=False)
    graceful = _grace(resource, live, options, now)
    if graceful is live:
        return Decision(None, is_gone=False)
    changed = _with_finalizers(resource, graceful or live, options)
    is_held = bool(changed["metadata"].get("finalizers"))
    if graceful is None:
        if not is_held:
            return Decision(None, is_gone=True)
        return Decision(_marked(changed, now), is_gone=False)
    is_gone = not is_held and not changed["metadata"]["deletionGracePeriodSeconds"]
    return Decision(changed, is_gone)


def answer(resource: resources.Resource, last: Json) -> Json:
    """Return what the client gets when the object is removed."""
    if resource.storage_key in _RETURNING:
        return last
    own = {"name": last["metadata"]["name"], "group": resource.group, "kind": resource.plural, "uid": last["metadata"]["uid"]}
    return status.success({key: value for key, value in own.items() if value})


def wire_time(moment: datetime.datetime) -> str:
    """Return a time as the API writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def read_time(text: str) -> datetime.datetime:
    """Read a time of the API."""
    return datetime.datetime.fromisoformat(text)


@dataclass(frozen=True)
class _NamedByKind:
    group: str
    plural: str


def _check_preconditions(resource: resources.Resource, live: Json, options: requests.DeleteOptions) -> None:
    own = live["metadata"]
    named = _NamedByKind(resource.group, resource.kind)  # the server says the kind here, in the resource's place
    if options.uid is not None and options.uid != own["uid"]:
        text = f"the UID in the precondition ({options.uid}) does not match the UID in record ({own['uid']})."
        raise status.conflict(named, own["name"], f"{text} The object might have been deleted and then recreated")
    if options.resource_version is not None and options.resource_version != own["resourceVersion"]:
        text = (
            f"the ResourceVersion in the precondition ({options.resource_version}) does not match the ResourceVersion in record"
        )
        raise status.conflict(named, own["name"], f"{text} ({own['resourceVersion']}). The object might have been modified")


def _grace(resource: resources.Resource, live: Json, options: requests.DeleteOptions, now: datetime.datetime) -> Json | None:
    """Return a pod with the end of its grace; None: there is no such thing as grace; the same pod: it is on its way already."""
    if resource.storage_key != "pods":
        return None
    own = live["metadata"]
    if own.get("deletionTimestamp"):
        return _shorter_grace(live, options, now)
    seconds = options.grace_period_seconds
    if seconds is None:
        seconds = (live.get("spec") or {}).get("terminationGracePeriodSeconds", 0)
    is_idle = not (live.get("spec") or {}).get("nodeName") or (live.get("status") or {}).get("phase") in ("Failed", "Succeeded")
    seconds = 0 if is_idle else 1 if seconds < 0 else seconds
    end = wire_time(now + datetime.timedelta(seconds=seconds))
    generation = own["generation"] + 1 if own.get("generation") else None
    return metadata.with_metadata(live, deletionTimestamp=end, deletionGracePeriodSeconds=seconds, generation=generation)


def _shorter_grace(live: Json, options: requests.DeleteOptions, now: datetime.datetime) -> Json | None:
    own = live["metadata"]
    old = own.get("deletionGracePeriodSeconds")
    if not old:
        return None
    seconds = options.grace_period_seconds
    if seconds is None or seconds >= old:
        return live
    seconds = 1 if seconds < 0 else seconds
    end = read_time(own["deletionTimestamp"]) + datetime.timedelta(seconds=seconds - old)
    if end < now:
        end, seconds = now, min(seconds, 1)
    return metadata.with_metadata(live, deletionTimestamp=wire_time(end), deletionGracePeriodSeconds=seconds)


def _with_finalizers(resource: resources.Resource, obj: Json, options: requests.DeleteOptions) -> Json:
    if resource.storage_key in ("events", "events.events.k8s.io"):
        return obj  # they have no dependents
    old = obj["metadata"].get("finalizers") or []
    new = [each for each in old if each not in (ORPHAN, FOREGROUND)]
    if (policy := _policy(resource, old, options)) is not None:
        new.append(policy)
    return obj if set(new) == set(old) else metadata.with_metadata(obj, finalizers=new or None)


def _policy(resource: resources.Resource, finalizers: list[str], options: requests.DeleteOptions) -> str | None:
    """Return the finalizer that says what becomes of the dependents; None: they go in the background."""
    if options.orphan_dependents is not None:
        return ORPHAN if options.orphan_dependents else None
    if options.propagation_policy is not None:
        return {"Orphan": ORPHAN, "Foreground": FOREGROUND}.get(options.propagation_policy)
    found = next((each for each in finalizers if each in (ORPHAN, FOREGROUND)), None)
    return ORPHAN if found is None and resource.storage_key == "jobs.batch" else found


def _marked(obj: Json, now: datetime.datetime) -> Json:
    own = obj["metadata"]
    changes: Json = {"deletionGracePeriodSeconds": 0}
    if not own.get("deletionTimestamp"):
        changes["deletionTimestamp"] = wire_time(now)
        if own.get("generation"):
            changes["generation"] = own["generation"] + 1
    elif read_time(own["deletionTimestamp"]) > now:
        changes["deletionTimestamp"] = wire_time(now)
    return metadata.with_metadata(obj, **changes)


def _terminating(live: Json, options: requests.DeleteOptions, now: datetime.datetime) -> Json:
    finalizers = [each for each in live["metadata"].get("finalizers") or () if each not in (ORPHAN, FOREGROUND)]
    if options.orphan_dependents or options.propagation_policy == "Orphan":
        finalizers.append(ORPHAN)
    elif options.orphan_dependents is False or options.propagation_policy == "Foreground":
        finalizers.append(FOREGROUND)
    changed = metadata.with_metadata(live, deletionTimestamp=wire_time(now), finalizers=finalizers or None)
    return {**changed, "status": {**(live.get("status") or {}), "phase": "Terminating"}}
