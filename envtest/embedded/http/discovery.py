"""What the server says of itself: its version, the groups and resources that it serves, its health.

What flows in: the registry. What flows out: documents for the paths that are not about objects. Pure. Mirrors apiserver
pkg/endpoints/discovery; deviation: no aggregated discovery, which clients then do without.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from envtest.embedded.api.status import Json
from envtest.embedded.builtin import resources
from envtest.embedded.http import aggregation

PUBLIC = ("/healthz", "/livez", "/readyz", "/version")
"""What anybody may read."""

_HEALTH = ("/healthz", "/livez", "/readyz")
_CUSTOM_VERBS = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]
_PART_VERBS = ["get", "patch", "update"]


def health(path: str) -> str | None:
    """Return what a health check answers, None if *path* is no such thing."""
    is_check = any(path == check or path.startswith(f"{check}/") for check in _HEALTH)
    return "ok" if is_check else None


@dataclass(frozen=True)
class Facts:
    """What the server is."""

    registry: resources.Registry
    version: str
    """Of Kubernetes, such as 1.36.3."""
    aggregated: Sequence[aggregation.Group] = ()


def document(facts: Facts, path: str) -> Json | None:
    """Return what stands at *path*, None if it leads nowhere."""
    registry = facts.registry
    found: Json | None = None
    match path.strip("/").split("/"):
        case ["version"]:
            found = _version(facts.version)
        case ["api"]:
            found = {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
        case ["api", "v1"]:
            found = _resources(registry, "", "v1")
        case ["apis"]:
            groups = [_group(registry, name) for name in _groups(registry)] + [group.entry for group in facts.aggregated]
            found = {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        case ["apis", group] if group in _groups(registry):
            found = {**_group(registry, group), "kind": "APIGroup", "apiVersion": "v1"}
        case ["apis", group, name] if name in registry.versions(group):
            found = _resources(registry, group, name)
        case [""]:
            found = _paths(registry)
    return found


def _groups(registry: resources.Registry) -> list[str]:
    return [group for group in registry.groups() if group]


def _paths(registry: resources.Registry) -> Json:
    found = ["/api", "/api/v1", "/apis"]
    for group in _groups(registry):
        found += [f"/apis/{group}", *(f"/apis/{group}/{version}" for version in registry.versions(group))]
    return {"paths": [*found, *_HEALTH, "/openapi/v2", "/openapi/v3", "/version"]}


def _version(version: str) -> Json:
    major, minor, _ = version.split(".")
    return {
        "major": major,
        "minor": minor,
        "emulationMajor": major,
        "emulationMinor": minor,
        "minCompatibilityMajor": major,
        "minCompatibilityMinor": str(int(minor) - 1),
        "gitVersion": f"v{version}",
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "python",
        "platform": "linux/amd64",
    }


def _group(registry: resources.Registry, group: str) -> Json:
    versions = [{"groupVersion": f"{group}/{version}", "version": version} for version in registry.versions(group)]
    return {"name": group, "versions": versions, "preferredVersion": versions[0]}


def _resources(registry: resources.Registry, group: str, version: str) -> Json:
    name = f"{group}/{version}" if group else version
    entries = [
        entry
        for resource in registry.all()
        if (resource.group, resource.version) == (group, version)
        for entry in (_entry(resource), *_parts(resource))
    ]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": name, "resources": entries}


def _entry(resource: resources.Resource) -> Json:
    entry: Json = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.is_namespaced,
        "kind": resource.kind,
        "verbs": _CUSTOM_VERBS if resource.is_custom else list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.storage_version_hash:
        entry["storageVersionHash"] = resource.storage_version_hash
    return entry


def _parts(resource: resources.Resource) -> list[Json]:
    """Return the entries of the subresources."""
    if not resource.is_custom:
        return list(resource.subresource_entries)
    own: Json = {"singularName": "", "namespaced": resource.is_namespaced, "verbs": _PART_VERBS}
    found = []
    if "status" in resource.subresources:
        found.append({**own, "name": f"{resource.plural}/status", "kind": resource.kind})
    if "scale" in resource.subresources:
        scale = {"group": "autoscaling", "version": "v1", "kind": "Scale"}
        found.append({**own, **scale, "name": f"{resource.plural}/scale"})
    return found
