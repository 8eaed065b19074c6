"""Sizes and names of files, functions and exports.

What flows in: modules. What flows out: one line for each that is too large, unfinished, or badly named. Pure.
"""

import ast
import pathlib
import re
from collections.abc import Sequence

from tests.architecture import source

MODULE_LINES = 400
FUNCTION_LINES = 50
PARAMETERS = 5
FORBIDDEN_NAMES = frozenset({"utils", "util", "helpers", "helper", "common", "base", "misc"})
_UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")


def long_modules(modules: Sequence[source.Module]) -> list[str]:
    """Find modules above the cap."""
    counts = [(module, module.text.count("\n")) for module in modules]
    return [f"{m.path}: {lines} lines, the cap is {MODULE_LINES}" for m, lines in counts if lines > MODULE_LINES]


def long_functions(modules: Sequence[source.Module]) -> list[str]:
    """Find functions above the cap, docstring and signature included."""
    return [
        module.at(node, f"{node.name} has {lines} lines, the cap is {FUNCTION_LINES}")
        for module in modules
        for node in source.functions(module)
        if (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
    ]


def many_parameters(modules: Sequence[source.Module]) -> list[str]:
    """Find functions with too many parameters; self and cls do not count, keyword-only ones do."""
    return [
        module.at(node, f"{node.name} has {number} parameters, the cap is {PARAMETERS}: use a frozen options dataclass")
        for module in modules
        for node in source.functions(module)
        if (number := _parameters(node.args)) > PARAMETERS
    ]


def _parameters(arguments: ast.arguments) -> int:
    positional = [*arguments.posonlyargs, *arguments.args]
    bound = 1 if positional and positional[0].arg in ("self", "cls") else 0
    rest = [argument for argument in (arguments.vararg, arguments.kwarg) if argument]
    return len(positional) - bound + len(arguments.kwonlyargs) + len(rest)


def forbidden_names(modules: Sequence[source.Module]) -> list[str]:
    """Find files and folders whose name says nothing."""
    return [
        f"{module.path}: name it after what it does"
        for module in modules
        if FORBIDDEN_NAMES & {part.strip("_") for part in pathlib.PurePosixPath(module.path).with_suffix("").parts}
    ]


def unfinished(modules: Sequence[source.Module]) -> list[str]:
    """Find what says of itself that it is not done."""
    return [
        f"{module.path}:{number}: {found.group()} is not finished work"
        for module in modules
        for number, line in enumerate(module.text.splitlines(), 1)
        if (found := _UNFINISHED.search(line))
    ]


def exports(module: source.Module) -> list[str]:
    """Return the strings of `__all__`, in order; empty if there is none."""
    for node in module.tree.body:
        if isinstance(node, ast.Assign) and any(source.dotted(target) == "__all__" for target in node.targets):
            return list(ast.literal_eval(node.value))
    return []


def export_order(name: str) -> tuple[int, str]:
    """Return the sort key of an export: constants, then classes, then the rest, as the linter sorts them."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)
