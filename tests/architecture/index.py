"""What each module of the project defines, found by reading it: the dictionary in which names in prose are looked up.

What flows in: modules. What flows out: an `Index`, which can say what a name means in a module. Nothing of ours is imported;
modules of the standard library and of dependencies are.
"""

import ast
import builtins
import importlib
import operator
import sys
import types
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.architecture import source


@dataclass(frozen=True)
class ModuleTarget:
    """A name that means a module or package of ours."""

    name: str


@dataclass(frozen=True)
class ClassTarget:
    """A name that means a class of ours."""

    facts: "Facts"
    name: str


@dataclass(frozen=True)
class ObjectTarget:
    """A name that means something of the standard library or a dependency."""

    value: object


@dataclass(frozen=True)
class ValueTarget:
    """A name of ours whose type is not looked at: a function, a constant, a parameter, an attribute."""


Target = ModuleTarget | ClassTarget | ObjectTarget | ValueTarget
_VALUE = ValueTarget()


@dataclass
class Facts:
    """What one module defines."""

    module: source.Module
    top_level: set[str] = field(default_factory=set)
    imports: dict[str, str] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)
    """Per class: methods, class attributes, and what its methods assign to self."""
    bases: dict[str, list[str]] = field(default_factory=dict)
    parameters: set[str] = field(default_factory=set)
    strings: set[str] = field(default_factory=set)
    """String constants of the code, docstrings left out."""

    @property
    def attributes(self) -> set[str]:
        """The members of all its classes."""
        return set().union(*self.members.values())


def facts(module: source.Module) -> Facts:
    """Read *module*."""
    found = Facts(module, imports={i.alias: i.target if i.is_from else i.alias for i in source.imports(module)})
    found.top_level = set(_assigned(module.tree.body))
    notes = {id(note) for note in source.docstrings(module)}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef):
            found.members[node.name] = _members(node)
            found.bases[node.name] = [source.dotted(base) for base in node.bases]
        elif isinstance(node, ast.arg):
            found.parameters.add(node.arg)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in notes:
            found.strings.add(node.value)
    return found


def _assigned(body: Sequence[ast.stmt]) -> Iterable[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            names = [leaf for target in node.targets for leaf in ast.walk(target)]
            yield from (leaf.id for leaf in names if isinstance(leaf, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif isinstance(node, ast.If | ast.Try):
            yield from _assigned(node.body)


def _members(node: ast.ClassDef) -> set[str]:
    found = set(_assigned(node.body))
    for leaf in ast.walk(node):
        if isinstance(leaf, ast.Attribute) and isinstance(leaf.ctx, ast.Store) and source.dotted(leaf.value) == "self":
            found.add(leaf.attr)
    return found


class Index:
    """All modules' facts."""

    def __init__(self, modules: Sequence[source.Module]) -> None:
        self.facts = {module.name: facts(module) for module in modules}
        self.strings = set[str]().union(*(f.strings for f in self.facts.values()))
        self.attributes = set[str]().union(*(f.attributes for f in self.facts.values()))
        self.siblings: dict[str, list[Facts]] = {}
        for found in self.facts.values():
            self.siblings.setdefault(found.module.package, []).append(found)

    def look_up(self, module: source.Module, name: str) -> Target | None:
        """Say what the first part of a dotted name means in *module*."""
        own = self.facts[module.name]
        defined = self._defined(own, name)
        if defined:
            return defined
        sibling = f"{module.package}.{name}"
        if sibling in self.facts:
            return ModuleTarget(sibling)
        if name in self.facts:
            return ModuleTarget(name)
        if name in own.parameters | own.attributes or any(name in used.attributes for used in self._used_by(own)):
            return _VALUE
        is_imported = any(target.partition(".")[0] == name for target in own.imports.values())
        return self._beside(own, name) or _outside(name) or (_third_party(name) if is_imported else None)

    def _used_by(self, own: Facts) -> Iterable[Facts]:
        """Yield the modules that it imports: prose may speak of their classes' members."""
        return (self.facts[target] for target in own.imports.values() if target in self.facts)

    def _beside(self, own: Facts, name: str) -> Target | None:
        siblings = self.siblings[own.module.package]
        return next((self._defined(facts_, name) for facts_ in siblings if name in facts_.top_level), None)

    def _defined(self, own: Facts, name: str) -> Target | None:
        if name in own.members:
            return ClassTarget(own, name)
        if name in own.top_level:
            return _VALUE
        return self._imported(own.imports[name]) if name in own.imports else None

    def _imported(self, target: str) -> Target | None:
        if target in self.facts:
            return ModuleTarget(target)
        origin, _, name = target.rpartition(".")
        if origin in self.facts:
            return self._defined(self.facts[origin], name)
        return _third_party(target)

    def member(self, owner: Target, name: str) -> Target | None:
        """Say what *name* means behind the dot of *owner*."""
        if isinstance(owner, ModuleTarget):
            below = f"{owner.name}.{name}"
            return ModuleTarget(below) if below in self.facts else self._defined(self.facts[owner.name], name)
        if isinstance(owner, ObjectTarget):
            return _member_of(owner.value, name)
        if isinstance(owner, ClassTarget):
            return _VALUE if self._has_member(owner.facts, owner.name, name) else None
        return _VALUE if name in self.attributes else None

    def _has_member(self, own: Facts, class_name: str, name: str) -> bool:
        if name in own.members[class_name]:
            return True
        return any(self._base_has(own, base, name) for base in own.bases[class_name])

    def _base_has(self, own: Facts, base: str, name: str) -> bool:
        first, *rest = base.split(".")
        target = self._defined(own, first) or (ObjectTarget(getattr(builtins, first)) if hasattr(builtins, first) else None)
        for part in rest:
            target = self.member(target, part) if target else None
        return bool(target and not isinstance(target, ValueTarget) and self.member(target, name))


def _member_of(value: object, name: str) -> Target | None:
    if hasattr(value, name):
        return ObjectTarget(getattr(value, name))
    return _third_party(f"{value.__name__}.{name}") if isinstance(value, types.ModuleType) else None


def _outside(name: str) -> Target | None:
    """Say what *name* means to Python itself; dunder names are looked up on exceptions, which have those of object and more."""
    for owner in (builtins, BaseException):
        if hasattr(owner, name):
            return ObjectTarget(getattr(owner, name))
    return _third_party(name) if name in sys.stdlib_module_names else None


def _third_party(target: str) -> Target | None:
    parts = target.split(".")
    for length in range(len(parts), 0, -1):
        try:
            value: object = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        try:
            return ObjectTarget(operator.attrgetter(".".join(parts[length:]))(value) if parts[length:] else value)
        except AttributeError:
            return None
    return None
