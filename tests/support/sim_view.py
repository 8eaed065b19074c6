"""A namespace of the embedded server, seen from inside: quick, consistent, and without a request.

What flows in: an embedded control plane and a namespace. What flows out: a `Sight`, with the surface of `cluster.Cluster` that
`msd_state` needs. The test's thread.
"""

import json

import msgspec

from tests.support import cluster, msd_state

KINDS = (*msd_state.CHILDREN, "MicroServiceDeploy", "Secret")
_HANDOVER = "coxswain-handover Apply"
_HISTORY = ("deployment.kubernetes.io/revision", "deployment.kubernetes.io/revision-history")


class Sight:
    """What there was at one moment."""

    def __init__(self, namespace, version, raw):
        self.namespace = namespace
        self.version = version
        """The resourceVersion of that moment."""
        self._raw = raw

    def list(self, kind):
        """Return all objects of a kind."""
        return json.loads(self._raw[kind])

    def find(self, kind, name):
        """Return an object, or None."""
        return next((found for found in self.list(kind) if found["metadata"]["name"] == name), None)


def look(control_plane, namespace):
    """Return what there is in *namespace* now."""

    def read(api):
        raw = {kind: msgspec.json.encode(api.store.list(resource, namespace)) for kind, resource in _resources(api).items()}
        return Sight(namespace, str(api.store.revision), raw)

    return control_plane.call(read)


def mark(control_plane, namespace):
    """Return a value that is another one whenever something in *namespace* has changed."""

    def read(api):
        found = [one for resource in _resources(api).values() for one in api.store.list(resource, namespace)]
        return len(found), max((int(one["metadata"]["resourceVersion"]) for one in found), default=0)

    return control_plane.call(read)


def _resources(api):
    return {kind: api.registry.of_kind(cluster.gvk(kind).api_version, kind) for kind in KINDS}


def without_history(state):
    """Return *state* without what tells how often a Deployment was rolled, or put to sleep, until it was as it is."""
    kept = {key: one for key, one in state.items() if not (key.startswith("ReplicaSet ") and not one["spec"]["replicas"])}
    return json.loads(json.dumps(kept), object_hook=_without_revisions)


def _without_revisions(value):
    kept = {key: inner for key, inner in value.items() if key not in _HISTORY}
    if "our managers" in kept:
        kept["our managers"] = [each for each in kept["our managers"] if each != _HANDOVER]
    return kept


def keyed(state):
    """Return *state* with conditions by their type, so that differences are short."""
    return json.loads(json.dumps(state), object_hook=_with_keys)


def _with_keys(value):
    conditions = value.get("conditions")
    return value | {"conditions": {each["type"]: each for each in conditions}} if isinstance(conditions, list) else value
