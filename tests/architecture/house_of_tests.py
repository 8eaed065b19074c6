"""What the tests owe: a docstring each, no way to be skipped, no patching of our own code.

What flows in: test modules. What flows out: one line for each that does not. Pure.
"""

import ast
from collections.abc import Sequence

from tests.architecture import source

_SKIPS = frozenset({"skip", "skipif", "skipIf", "skipUnless", "xfail", "importorskip", "SkipTest"})


def without_docstring(modules: Sequence[source.Module]) -> list[str]:
    """Find test functions whose behaviour is not stated."""
    return [
        module.at(node, f"{node.name} needs a docstring that states the behaviour")
        for module in modules
        for node in source.functions(module)
        if node.name.startswith("test") and module.path.rpartition("/")[2].startswith("test_") and not ast.get_docstring(node)
    ]


def skips(modules: Sequence[source.Module]) -> list[str]:
    """Find tests that may be skipped or are expected to fail."""
    return [
        module.at(node, f"no test is skipped: {node.attr}")
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
        and node.attr in _SKIPS
        and source.dotted(node.value).partition(".")[0] in ("pytest", "unittest")
    ] + [
        module.at(found.node, f"no test is skipped: {found.target}")
        for module in modules
        for found in source.imports(module)
        if found.target.rpartition(".")[2] in _SKIPS and found.target.partition(".")[0] in ("pytest", "unittest")
    ]


def patches(modules: Sequence[source.Module]) -> list[str]:
    """Find patching of our own code: `unittest.mock`, and setattr of monkeypatch on a thing of ours."""
    found = []
    for module in modules:
        ours = {i.alias for i in source.imports(module) if i.target.partition(".")[0] in source.PACKAGES}
        found += [
            module.at(i.node, "use a double of tests/support, or a real thing, instead of unittest.mock")
            for i in source.imports(module)
            if i.target.startswith("unittest.mock")
        ]
        found += [
            module.at(call, "give the double as an argument instead of patching our code") for call in _setattrs(module, ours)
        ]
    return found


def _setattrs(module: source.Module, ours: set[str]) -> list[ast.Call]:
    calls = [node for node in ast.walk(module.tree) if isinstance(node, ast.Call) and node.args]
    return [call for call in calls if source.dotted(call.func) == "monkeypatch.setattr" and _is_ours(call.args[0], ours)]


def _is_ours(node: ast.expr, ours: set[str]) -> bool:
    if isinstance(node, ast.Constant):
        return str(node.value).partition(".")[0] in source.PACKAGES
    return source.dotted(node).partition(".")[0] in ours


def packages(paths: Sequence[str]) -> list[str]:
    """Find `__init__.py` under tests: it would shadow the packages that the tests mirror."""
    return [f"{path}: no __init__.py under tests/" for path in paths if path.endswith("__init__.py")]
