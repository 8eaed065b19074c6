"""Python files as values: what the checks of the house rules read.

What flows in: a folder, or a path with its text. What flows out: a `Module` for each file, parsed once. Pure but for `load`.
"""

import ast
import functools
import pathlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

LAYERS = ("workqueue", "informers", "controller", "reconcilers")
"""The client side, from left to right: a package imports only what stands to its left."""
PACKAGES = (*LAYERS, "envtest", "demo")
"""All that is installed."""


@dataclass(frozen=True)
class Module:
    """One Python file."""

    path: str
    """Relative to the repository, with slashes."""
    text: str

    @functools.cached_property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text)

    @property
    def name(self) -> str:
        """The dotted name: `controller.client.live`; a package's is that of its folder."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def package(self) -> str:
        """The dotted name of the package that the file is in; of an `__init__` its own."""
        return self.name if self.path.endswith("/__init__.py") else self.name.rpartition(".")[0]

    @property
    def top(self) -> str:
        """The top-level package."""
        return self.path.partition("/")[0]

    def at(self, node: ast.AST, message: str) -> str:
        """Say *message* about *node*."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {message}"


def load(root: pathlib.Path, folders: Sequence[str]) -> list[Module]:
    """Read every Python file under *folders* of *root*."""
    paths = sorted(path for folder in folders for path in (root / folder).rglob("*.py"))
    return [Module(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")) for path in paths]


@dataclass(frozen=True)
class Import:
    """One imported thing: the module or name *target*, known as *alias*."""

    target: str
    alias: str
    node: ast.Import | ast.ImportFrom
    is_from: bool


def imports(module: Module) -> Iterator[Import]:
    """Yield what *module* imports, anywhere in it; relative imports are made absolute."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield Import(name.name, name.asname or name.name.partition(".")[0], node, is_from=False)
        elif isinstance(node, ast.ImportFrom):
            start = ".".join(module.package.split(".")[: len(module.package.split(".")) - node.level + 1]) if node.level else ""
            origin = ".".join(part for part in (start, node.module or "") if part)
            for name in node.names:
                yield Import(f"{origin}.{name.name}", name.asname or name.name, node, is_from=True)


def dotted(node: ast.AST) -> str:
    """Return `a.b.c` for an expression that is names and dots only, else an empty string."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    return ""


def functions(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method of *module*."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def docstrings(module: Module) -> Iterator[ast.Constant]:
    """Yield every string that stands as a statement: docstrings, and the notes under attributes."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value


def is_inside(path: str, places: Iterable[str]) -> bool:
    """Ask whether *path* is one of *places*, or in one that ends with a slash."""
    return any(path == place or (place.endswith("/") and path.startswith(place)) for place in places)
