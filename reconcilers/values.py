"""Are two values one value to the API server?

What flows in: a wanted value, the live one, and the path at which they stand. What flows out: yes or no, and paths as text. The
server rewrites what it is given: quantities get a canonical form, empty values vanish, defaults appear inside atomic values.
Pure; any thread may call it. Mirrors no upstream file: there typed objects do this (apimachinery/pkg/api/equality).
"""

from typing import Any

import msgspec

from reconcilers import quantities

Path = tuple[str, ...]
"""Names of fields and keys of maps; an item of a list stands as `[...]`."""

_ITEM = "[]"
"""Any item of a list, in a pattern."""
_ANY = "*"
"""Any one element, in a pattern."""

_RESOURCE_LISTS: tuple[Path, ...] = (
    ("resources", "limits", _ANY),
    ("resources", "requests", _ANY),
    ("resourceRequirements", "limits", _ANY),
    ("resourceRequirements", "requests", _ANY),
    ("spec", "hard", _ANY),
    ("spec", "capacity", _ANY),
    ("spec", "overhead", _ANY),
    ("limits", _ITEM, "max", _ANY),
    ("limits", _ITEM, "min", _ANY),
    ("limits", _ITEM, "default", _ANY),
    ("limits", _ITEM, "defaultRequest", _ANY),
    ("limits", _ITEM, "maxLimitRequestRatio", _ANY),
)
_SINGLE_QUANTITIES: tuple[Path, ...] = (
    ("emptyDir", "sizeLimit"),
    ("resourceFieldRef", "divisor"),
    ("target", "averageValue"),
    ("target", "value"),
    ("scaleUp", "tolerance"),
    ("scaleDown", "tolerance"),
)
"""How a quantity is known: by where it stands. A pattern names a parent, so that no key of a ConfigMap looks like one."""

_DEFAULTS: tuple[tuple[Path, Any], ...] = (
    (("fieldRef", "apiVersion"), "v1"),
    (("resourceFieldRef", "divisor"), "0"),
    (("serviceAccountToken", "expirationSeconds"), 3600),
    (("ports", _ITEM, "protocol"), "TCP"),
    (("volumeClaimTemplates", _ITEM, "apiVersion"), "v1"),
    (("volumeClaimTemplates", _ITEM, "kind"), "PersistentVolumeClaim"),
    (("volumeClaimTemplates", _ITEM, "spec", "volumeMode"), "Filesystem"),
    (("volumeClaimTemplates", _ITEM, "status"), {"phase": "Pending"}),
    (("onPodConditions", _ITEM, "status"), "True"),
    (("roleRef", "apiGroup"), "rbac.authorization.k8s.io"),
    (("subjects", _ITEM, "apiGroup"), "rbac.authorization.k8s.io"),
)
"""What the server itself writes inside atomic values (k8s.io/kubernetes/pkg/apis/*/v1/defaults.go)."""

_ATOMIC_MAPS = frozenset(
    {"nodeSelector", "selector", "podSelector", "namespaceSelector", "objectSelector", "labelSelector", "matchLabels"}
)
"""Maps that the server replaces as a whole and never fills: an empty one is really empty."""

_SELECTORS = frozenset({"podSelector", "namespaceSelector", "objectSelector", "labelSelector"})
"""Maps of which, in the items of an atomic list, an empty one selects everything, and an absent one does not."""


def is_equal(path: Path, wanted: object, live: object) -> bool:
    """Say whether *live*, which is ours as a whole, is what the server makes of *wanted*.

    Absent equals null, "", 0, false, [] and {}, except for a selector. Numbers and strings differ (a port 8080 is not the port
    named "8080"), except that quantities are equal by value. Lists are equal item by item, in order. A map may hold more than is
    wanted only where the server is known to add it.

    Args:
        path: Where the values stand.
        wanted: What we would send.
        live: What is there; None if there is nothing.
    """
    if _is_blank(path, wanted) and _is_blank(path, live):
        return True
    if isinstance(wanted, dict) and isinstance(live, dict):
        return all(is_equal((*path, name), value, live.get(name)) for name, value in wanted.items()) and all(
            _is_blank((*path, name), value) or _is_default((*path, name), value)
            for name, value in live.items()
            if name not in wanted
        )
    if isinstance(wanted, list) and isinstance(live, list):
        return len(wanted) == len(live) and all(
            is_equal((*path, f"[{number}]"), *pair) for number, pair in enumerate(zip(wanted, live, strict=True))
        )
    return _is_equal_scalar(path, wanted, live)


def is_default_of_empty_map(path: Path, live: object) -> bool:
    """Say whether *live* may be what the server made of a wanted {}: defaults, or keys of other managers."""
    return not live or path[-1] not in _ATOMIC_MAPS


def render(path: Path) -> str:
    """Return *path* as text: `spec.ports[name=http].port`, `metadata.labels["app.kubernetes.io/name"]`."""
    text = ""
    for element in path:
        if element.startswith("["):
            text += element
        elif "." in element or "/" in element:
            text += f'["{element}"]'
        else:
            text += f".{element}" if text else element
    return text


def key_element(key: dict[str, Any]) -> str:
    """Return the path element of the list item with this *key*: `[containerPort=80,protocol=TCP]`."""
    return "[" + ",".join(f"{name}={value}" for name, value in key.items()) + "]"


def member_element(member: object) -> str:
    """Return the path element of a set's *member*: `["a"]`."""
    return f"[{msgspec.json.encode(member).decode()}]"


def _is_blank(path: Path, value: object) -> bool:
    return value is None or (value in ("", 0, [], {}) and not (value == {} and path[-1] in _SELECTORS))


def _is_equal_scalar(path: Path, wanted: object, live: object) -> bool:
    if type(wanted) is type(live) and wanted == live:
        return True
    if any(_is_at(path, pattern) for pattern in _RESOURCE_LISTS):
        return quantities.is_equal(wanted, live, scale=quantities.MILLI)
    if any(_is_at(path, pattern) for pattern in _SINGLE_QUANTITIES):
        return quantities.is_equal(wanted, live)
    if isinstance(wanted, bool) or isinstance(live, bool):
        return wanted is live
    return bool(wanted == live)


def _is_default(path: Path, value: object) -> bool:
    return any(value == default and _is_at(path, pattern) for pattern, default in _DEFAULTS)


def _is_at(path: Path, pattern: Path) -> bool:
    tail = path[-len(pattern) :]
    return len(tail) == len(pattern) and all(
        want in {_ANY, element} or (want == _ITEM and element.startswith("["))
        for want, element in zip(pattern, tail, strict=True)
    )
