"""A small model of server-side apply: one object, its managers, its merge rules.

What flows in: applies and updates by named managers. What flows out: the object as the server would show it, managedFields
included. Names of fields say how a field is merged; the rest is granular maps, scalars and atomic lists. Mirrors
sigs.k8s.io/structured-merge-diff/merge in a few lines; conflicts are always forced.
"""

import itertools
import json
from typing import Any

KEYED = {"ownerReferences": ("uid",), "items": ("name",), "ports": ("port", "protocol")}
SETS = frozenset({"finalizers", "members"})
ATOMIC = frozenset({"selector", "args", "rules"})
VANISHING = frozenset({"labels", "annotations", "selector", "args", "omitted", "finalizers"})
"""Fields that the server leaves out when they are empty (omitempty)."""
DEFAULTS = {"ports": {"protocol": "TCP"}}

Path = tuple[str, ...]

_VERSIONS = itertools.count(1_000_000)  # far from those that a fake server gives


def flatten(value: Any, path: Path = (), name: str = "") -> dict[Path, Any]:
    """Return every owned place of *value*: leaves with their value, items of lists with None."""
    if isinstance(value, dict) and value and name not in ATOMIC:
        return {p: v for child, below in value.items() for p, v in flatten(below, (*path, f"f:{child}"), child).items()}
    if isinstance(value, list) and name in KEYED:
        flat: dict[Path, Any] = {}
        for item in value:
            full = {**DEFAULTS.get(name, {}), **item}
            place = (*path, "k:" + json.dumps({key: full[key] for key in KEYED[name]}, separators=(",", ":")))
            flat[place] = full if name == "ownerReferences" else None
            if name != "ownerReferences":
                flat.update(flatten(item, place))
        return flat
    if isinstance(value, list) and name in SETS:
        return {(*path, f"v:{json.dumps(member)}"): None for member in value}
    return {path: value}


def rebuild(flat: dict[Path, Any]) -> Any:
    """Return the nested value; the inverse of `flatten`, with defaults."""
    root: dict[str, Any] = {}
    for path, value in flat.items():
        node = root
        for element in path[:-1]:
            node = node.setdefault(element, {})
            if not isinstance(node, dict):
                raise TypeError(f"{path} is below a leaf")
        if value is None and path[-1].startswith(("k:", "v:")):
            node.setdefault(path[-1], {})
        elif not (value == {} and path[-1] in node):
            node[path[-1]] = _Leaf(value) if value != {} else {}
    return _unfold(root, "")


class _Leaf(dict):  # type: ignore[type-arg]  # a dict, so that walking into a leaf is harmless
    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


def _unfold(node: dict[str, Any], name: str) -> Any:
    if isinstance(node, _Leaf):
        return node.value
    if any(child.startswith("k:") for child in node):
        return [{**json.loads(child[2:]), **_unfold(below, "")} for child, below in node.items()]
    if any(child.startswith("v:") for child in node):
        return [json.loads(child[2:]) for child in node]
    whole = {child[2:]: _unfold(below, child[2:]) for child, below in node.items()}
    return {child: value for child, value in whole.items() if not (child in VANISHING and value in ("", 0, None, [], {}))}


def fields_v1(paths: Any) -> dict[str, Any]:
    """Render *paths* as a FieldsV1 tree."""
    root: dict[str, Any] = {}
    for path in sorted(paths, key=len):
        node = root
        for element in path:
            node = node.setdefault(element, {})
    _mark_items(root)
    return root


def _mark_items(node: dict[str, Any]) -> None:
    for child, below in node.items():
        _mark_items(below)
        if child.startswith("k:") and below:
            below["."] = {}


class ManagedObject:
    """One object with the fields of its managers."""

    def __init__(self, api_version: str = "v1", kind: str = "Thing", **metadata: Any) -> None:
        self.header = {"apiVersion": api_version, "kind": kind}
        self.metadata = {"name": "a", "namespace": "default", "uid": "u-1", **metadata}
        self.flat: dict[Path, Any] = {}
        self.owned: dict[tuple[str, str], set[Path]] = {}

    def apply(self, manager: str, desired: dict[str, Any]) -> None:
        """Apply *desired* with force, as the server would."""
        me = (manager, "Apply")
        wanted = flatten(_content(desired))
        for other, paths in self.owned.items():
            if other != me:
                paths.difference_update({p for p in wanted if p in paths and self.flat.get(p) != wanted[p]})
        kept_by_others = set().union(*(paths for other, paths in self.owned.items() if other != me))
        dropped = self.owned.get(me, set()) - set(wanted) - kept_by_others
        rest = {p: v for p, v in self.flat.items() if not _is_below(p, dropped) or any(_is_below(k, {p}) for k in kept_by_others)}
        # An atomic value, or a scalar, replaces whatever stood below it, and the other way round.
        rest = {p: v for p, v in rest.items() if p not in wanted and not any(p == w[: len(p)] and p != w for w in wanted)}
        rest = {
            p: v for p, v in rest.items() if not any(w == p[: len(w)] and v2 != {} and v2 is not None for w, v2 in wanted.items())
        }
        self.flat = {**wanted, **rest}
        self.owned[me] = set(wanted)
        self._touch()

    def _touch(self) -> None:
        self.metadata["resourceVersion"] = str(next(_VERSIONS))

    def update(self, manager: str, content: dict[str, Any]) -> None:
        """Replace the whole content, as an edit by hand does."""
        new, old = flatten(_content(content)), flatten(_content(self.live()))
        changed = {p for p, v in new.items() if p not in old or old[p] != v}
        gone = set(old) - set(new)
        for paths in self.owned.values():
            paths.difference_update(changed | gone)
        self.owned.setdefault((manager, "Update"), set()).update(changed)
        self.flat = new
        self._touch()

    def live(self) -> dict[str, Any]:
        """Return the object as the server shows it."""
        content = rebuild(self.flat)
        managed = [
            {
                "manager": m,
                "operation": o,
                "apiVersion": self.header["apiVersion"],
                "fieldsType": "FieldsV1",
                "fieldsV1": fields_v1(p),
            }
            for (m, o), p in self.owned.items()
            if p
        ]
        metadata = {**(content.pop("metadata", None) or {}), **self.metadata, "managedFields": managed}
        shown: dict[str, Any] = json.loads(json.dumps({**self.header, "metadata": metadata, **content}))
        return shown


def _is_below(path: Path, roots: set[Path]) -> bool:
    return any(path[: len(root)] == root for root in roots)


_IDENTITY = {"name", "namespace", "uid", "resourceVersion", "managedFields", "deletionTimestamp", "creationTimestamp"}


def _content(obj: dict[str, Any]) -> dict[str, Any]:
    metadata = {name: value for name, value in (obj.get("metadata") or {}).items() if name not in _IDENTITY}
    rest = {name: value for name, value in obj.items() if name not in {"apiVersion", "kind", "metadata"}}
    return {**({"metadata": metadata} if metadata else {}), **rest}
