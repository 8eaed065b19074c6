"""What the server itself writes into metadata, and how it holds names, namespaces and versions together.

What flows in: objects as they were sent, and as they are. What flows out: copies with the server's part. Pure but for the random
names and uids. Mirrors apiserver pkg/registry/rest/meta.go and create.go.
"""

import random
import uuid

from envtest.embedded.api import requests, status
from envtest.embedded.api.status import Json

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"  # without vowels, so that no words come up
_SUFFIX = 5
_LONGEST_BASE = 63 - _SUFFIX
_OF_SERVER = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink")


_ORDER = (
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
)


def ordered(obj: Json) -> Json:
    """Return *obj* with its fields, and those of its metadata, in the order in which the server shows them."""
    own = obj["metadata"]
    kept = {key: own[key] for key in _ORDER if key in own}
    rest = {key: value for key, value in obj.items() if key not in ("kind", "apiVersion", "metadata")}
    return {"kind": obj["kind"], "apiVersion": obj["apiVersion"], "metadata": kept, **rest}


def with_metadata(obj: Json, **changes: object) -> Json:
    """Return *obj* with some fields of its metadata replaced; None removes one."""
    changed = {**obj["metadata"], **changes}
    return {**obj, "metadata": {key: value for key, value in changed.items() if value is not None}}


def placed(obj: Json, target: requests.Target) -> Json:
    """Return *obj* in the namespace that the request names.

    Raises:
        status.StatusError: It says another.
    """
    own = obj["metadata"].get("namespace", "")
    wanted = target.namespace if target.resource.is_namespaced else ""
    if own == wanted and ("namespace" in obj["metadata"]) == bool(wanted):
        return obj
    if own and wanted and own != wanted:
        raise status.bad_request("the namespace of the provided object does not match the namespace sent on the request")
    return with_metadata(obj, namespace=wanted or None)


def check_name(obj: Json, target: requests.Target) -> Json:
    """Return *obj* with the name that the request has.

    Raises:
        status.StatusError: It says another.
    """
    name = obj["metadata"].get("name", "")
    if not name:
        text = f"the name of the object ({target.name} based on URL) was undeterminable: name must be provided"
        raise status.bad_request(text)
    if name != target.name:
        text = f"the name of the object ({name}) does not match the name on the URL ({target.name})"
        raise status.bad_request(text)
    return obj


def generated_name(prefix: str) -> str:
    """Return a name that starts with *prefix*."""
    return prefix[:_LONGEST_BASE] + "".join(random.choices(_LETTERS, k=_SUFFIX))  # noqa: S311 (a name, no secret)


def born(obj: Json, now: str) -> Json:
    """Return *obj* with what every new object gets: a name if it has none, a uid, the time of its creation."""
    metadata = obj["metadata"]
    kept = {key: value for key, value in metadata.items() if key not in _OF_SERVER}
    if not kept.get("name") and kept.get("generateName"):
        kept["name"] = generated_name(kept["generateName"])
    return {**obj, "metadata": {**kept, "uid": str(uuid.uuid4()), "creationTimestamp": now}}


def without_times(obj: Json) -> Json:
    """Return *obj* without resourceVersion and the times in managedFields, to see whether a write changes anything else."""
    metadata = {key: value for key, value in obj["metadata"].items() if key != "resourceVersion"}
    if "managedFields" in metadata:
        metadata["managedFields"] = [
            {key: value for key, value in entry.items() if key != "time"} for entry in metadata["managedFields"]
        ]
    return {**obj, "metadata": metadata}


def continued(obj: Json, live: Json) -> Json:
    """Return *obj* with the part of metadata that no update can change, taken from *live*."""
    old = live["metadata"]
    changes = {
        "uid": obj["metadata"].get("uid") or old["uid"],
        "generation": old.get("generation"),
        "creationTimestamp": old.get("creationTimestamp") or obj["metadata"].get("creationTimestamp"),
    }
    if old.get("deletionTimestamp"):
        changes["deletionTimestamp"] = old["deletionTimestamp"]
    if old.get("deletionGracePeriodSeconds") is not None:
        given = obj["metadata"].get("deletionGracePeriodSeconds")
        changes["deletionGracePeriodSeconds"] = old["deletionGracePeriodSeconds"] if given is None else given
    return with_metadata(obj, **changes)


def is_deleted_by(new: Json) -> bool:
    """Say whether an update lets an object go: it is being deleted, without grace, and nothing holds it any more."""
    metadata = new["metadata"]
    is_held = metadata.get("finalizers") or metadata.get("deletionGracePeriodSeconds")
    return bool(metadata.get("deletionTimestamp")) and not is_held
