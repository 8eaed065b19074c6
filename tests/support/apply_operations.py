"""Random writes by several managers: configurations that are applied, patches, and whole objects.

What flows in: a seed. What flows out: bodies of requests, for a Deployment and for a custom kind that has every way in which
fields are merged.
"""

import copy
import random
from typing import Any

Json = dict[str, Any]

MANAGERS = ("alpha", "beta", "gamma")

_TEXT = {"type": "string"}
_NUMBER = {"type": "integer"}


def _struct(**properties: Json) -> Json:
    return {"type": "object", "properties": properties}


SPEC = _struct(
    replicas=_NUMBER,
    mode=_TEXT,
    optional={"type": "string", "nullable": True},
    amount={"x-kubernetes-int-or-string": True},
    labels={"type": "object", "additionalProperties": _TEXT},
    selector={"type": "object", "additionalProperties": _TEXT, "x-kubernetes-map-type": "atomic"},
    members={"type": "array", "items": _TEXT, "x-kubernetes-list-type": "set"},
    numbers={"type": "array", "items": _NUMBER, "x-kubernetes-list-type": "set"},
    args={"type": "array", "items": _TEXT},
    ports={
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["port", "protocol"],
        "items": {
            **_struct(
                port=_NUMBER, protocol={"type": "string", "default": "TCP"}, name=_TEXT, target=_struct(host=_TEXT, at=_NUMBER)
            ),
            "required": ["port"],
        },
    },
    groups={
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
        "items": {
            **_struct(name=_TEXT, users={"type": "array", "items": _TEXT, "x-kubernetes-list-type": "set"}, weight=_NUMBER),
            "required": ["name"],
        },
    },
    whole={**_struct(a=_NUMBER, b=_TEXT), "x-kubernetes-map-type": "atomic"},
    nested=_struct(deep=_struct(x=_NUMBER, y=_NUMBER), flag={"type": "boolean"}),
    things={"type": "object", "additionalProperties": _struct(size=_NUMBER, colour=_TEXT)},
    free={"type": "object", "x-kubernetes-preserve-unknown-fields": True},
)
"""The spec of the custom kind."""

CRD: Json = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "mixtures.apply.example.com"},
    "spec": {
        "group": "apply.example.com",
        "names": {"plural": "mixtures", "singular": "mixture", "kind": "Mixture"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": _struct(spec=SPEC, status=_struct(phase=_TEXT, replicas=_NUMBER))},
                "subresources": {
                    "status": {},
                    "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"},
                },
            }
        ],
    },
}
"""The custom kind's definition."""


class Choice:
    """Makes bodies."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def some(self, names: str) -> list[str]:
        """Return some of the letters of *names*, in any order."""
        chosen = [name for name in names if self.random.random() < 0.4]
        self.random.shuffle(chosen)
        return chosen

    def number(self) -> int:
        """Return one of few numbers."""
        return self.random.randint(0, 2)

    def text(self) -> str:
        """Return one of few texts."""
        return self.random.choice(["a", "b", ""])

    def texts(self, names: str = "xyz") -> Json:
        """Return a map of texts."""
        return {name: self.text() for name in self.some(names)}

    def maybe(self, body: Json, chance: float = 0.3) -> Json:
        """Return some of the fields of *body*, called if they are functions."""
        return {name: value() if callable(value) else value for name, value in body.items() if self.random.random() < chance}

    def manager(self) -> str:
        """Return one of the managers."""
        return self.random.choice(MANAGERS)

    def metadata(self, name: str) -> Json:
        """Return metadata with some labels, annotations and finalizers."""
        finalizers = [f"example.com/{letter}" for letter in self.some("pq")]
        made = self.maybe({"labels": self.texts, "annotations": self.texts, "finalizers": finalizers})
        # Empty ones are stored, but not shown; the next write removes them from the store, which only the resourceVersion tells.
        return {"name": name, **{field: value for field, value in made.items() if value}}

    def mixture(self, name: str) -> Json:
        """Return a configuration of the custom kind."""
        body = {"apiVersion": "apply.example.com/v1", "kind": "Mixture", "metadata": self.metadata(name)}
        return {**body, "spec": self.mixture_spec()}

    def mixture_spec(self) -> Json:
        """Return some fields of the custom kind's spec."""
        return self.maybe(
            {
                "replicas": self.number,
                "mode": self.text,
                "optional": lambda: self.random.choice(["a", None]),
                "amount": lambda: self.random.choice([1, "1", "2"]),
                "labels": self.texts,
                "selector": self.texts,
                "members": lambda: self.some("uvw"),
                "numbers": lambda: [ord(letter) for letter in self.some("uvw")],
                "args": lambda: self.some("uvw"),
                "ports": self.ports,
                "groups": lambda: [
                    {"name": name, **self.maybe({"users": lambda: self.some("klm"), "weight": self.number}, 0.6)}
                    for name in self.some("ghi")
                ],
                "whole": lambda: self.maybe({"a": self.number, "b": self.text}, 0.5),
                "nested": lambda: self.maybe(
                    {"deep": lambda: self.maybe({"x": self.number, "y": self.number}, 0.6), "flag": True}, 0.6
                ),
                "things": lambda: {name: self.maybe({"size": self.number, "colour": self.text}, 0.6) for name in self.some("st")},
                "free": lambda: self.maybe(
                    {"list": lambda: self.some("ab"), "map": self.texts, "either": lambda: self.random.choice([1, {"a": 1}, [1]])}
                ),
            }
        )

    def ports(self) -> list[Json]:
        """Return some ports, with and without the key that has a default."""
        keys = [(port, protocol) for port in (80, 81) for protocol in ("TCP", "UDP", None)]
        seen, ports = set(), []
        for port, protocol in self.random.sample(keys, self.random.randint(0, 3)):
            if (port, protocol or "TCP") in seen:
                continue
            seen.add((port, protocol or "TCP"))
            key = {"port": port} if protocol is None else {"port": port, "protocol": protocol}
            target = self.maybe({"host": self.text, "at": self.number}, 0.6)
            ports.append({**key, **self.maybe({"name": self.text, "target": target}, 0.5)})
        return ports

    def deployment(self, name: str, *, is_whole: bool = False) -> Json:
        """Return a configuration of a Deployment; one that is not whole can only be applied to one that there is."""
        chance = 1.0 if is_whole else 0.5
        pod = self.maybe({"metadata": {"labels": {"app": "a"}}}, chance)
        pod_spec = {
            **self.maybe({"containers": lambda: self.containers(is_whole=is_whole)}, chance),
            **self.maybe(
                {
                    "nodeSelector": self.texts,
                    "terminationGracePeriodSeconds": self.number,
                    "volumes": lambda: [{"name": name, "emptyDir": {}} for name in self.some("mn")],
                    "imagePullSecrets": lambda: [{"name": name} for name in self.some("rs")],
                }
            ),
        }
        spec = {
            **self.maybe({"selector": {"matchLabels": {"app": "a"}}}, chance),
            **self.maybe({"replicas": self.number, "minReadySeconds": self.number, "paused": self.random.random() < 0.5}),
            **self.maybe({"strategy": lambda: {"type": "Recreate"}}, 0.2),
            "template": {**pod, **({"spec": pod_spec} if pod_spec else {})},
        }
        if not spec["template"] and not is_whole:
            del spec["template"]
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": self.metadata(name), "spec": spec}

    def containers(self, *, is_whole: bool) -> list[Json]:
        """Return some containers."""
        return [self.container(name, is_whole=is_whole) for name in ("c", *self.some("de")) if is_whole or self.number()]

    def container(self, name: str, *, is_whole: bool) -> Json:
        """Return a container."""
        return {
            "name": name,
            **self.maybe({"image": lambda: self.random.choice(["i:1", "i:2"])}, 1.0 if is_whole else 0.8),
            **self.maybe(
                {
                    "args": lambda: self.some("ab"),
                    "env": lambda: [{"name": name, **self.maybe({"value": self.text}, 0.8)} for name in self.some("EFG")],
                    "ports": lambda: [_container_port(port) for port in self.ports()],
                    "resources": lambda: self.maybe({"limits": lambda: {"cpu": self.random.choice(["1", "2"])}}, 0.7),
                    "securityContext": lambda: {"capabilities": {"drop": self.some("AB")}},
                }
            ),
        }

    def patch(self, body: Json) -> Json:
        """Return a merge patch: *body* with some fields that are to go."""
        patched = copy.deepcopy(body)
        for part in (patched["metadata"], patched.get("spec", {})):
            for name in list(part):
                if name != "name" and self.random.random() < 0.2:
                    part[name] = None
        return patched


def _container_port(port: Json) -> Json:
    return {"containerPort": port["port"], **{name: port[name] for name in ("protocol",) if name in port}}
