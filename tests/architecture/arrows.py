"""Who may import whom: the arrows of the one picture.

What flows in: modules. What flows out: one line for each import that goes against an arrow. Pure.
"""

import sys
from collections.abc import Sequence

from tests.architecture import source

MAY_IMPORT = {
    **{layer: source.LAYERS[: number + 1] for number, layer in enumerate(source.LAYERS)},
    "envtest": ("envtest",),  # a server: it shares no code with the client side
    "demo": ("workqueue", "informers", "controller", "demo"),  # a user of the library; operators and envtest run as processes
}
"""For each package the packages of ours that it may import."""


def against_arrows(modules: Sequence[source.Module]) -> list[str]:
    """Find imports of packages of ours that stand to the right."""
    return [
        module.at(found.node, f"{module.top} must not import {found.target}")
        for module in modules
        for found in source.imports(module)
        if found.target.partition(".")[0] in source.PACKAGES and found.target.partition(".")[0] not in MAY_IMPORT[module.top]
    ]


def between_operators(modules: Sequence[source.Module]) -> list[str]:
    """Find imports of one operator by another; an operator is a folder in reconcilers."""
    operators = {m.path.split("/")[1] for m in modules if m.top == "reconcilers" and m.path.count("/") > 1}
    found = []
    for module in modules:
        own = module.path.split("/")[1] if module.top == "reconcilers" else ""
        for imported in source.imports(module):
            parts = imported.target.split(".")
            if own and parts[0] == "reconcilers" and len(parts) > 1 and parts[1] in operators - {own}:
                found.append(module.at(imported.node, f"{module.name} must not know the operator {parts[1]}"))
    return found


def beyond_stdlib(modules: Sequence[source.Module], package: str) -> list[str]:
    """Find imports in *package* of anything but the standard library and itself."""
    return [
        module.at(found.node, f"{package} is stdlib only, it must not import {found.target}")
        for module in modules
        if module.top == package
        for found in source.imports(module)
        if found.target.partition(".")[0] not in {*sys.stdlib_module_names, package}
    ]


def names_across_packages(modules: Sequence[source.Module]) -> list[str]:
    """Find `from package.module import Name` across top-level packages: modules are imported, not names."""
    known = {module.name for module in modules}
    return [
        module.at(found.node, f"import the module, not the name: {found.target}")
        for module in modules
        for found in source.imports(module)
        if found.is_from
        and found.target.partition(".")[0] in source.PACKAGES
        and found.target.partition(".")[0] != module.top
        and found.target not in known
    ]


def cycles(modules: Sequence[source.Module]) -> list[str]:
    """Find modules that import each other in a circle; a package's `__init__` counts only where it is imported itself."""
    known = {module.name for module in modules}
    graph: dict[str, set[str]] = {}
    for module in modules:
        targets = {t.target if t.target in known else t.target.rpartition(".")[0] for t in source.imports(module)}
        graph[module.name] = (targets & known) - {module.name, module.package}
    found: list[str] = []
    done: set[str] = set()
    for start in graph:
        _walk(graph, start, [], done, found)
    return found


def _walk(graph: dict[str, set[str]], name: str, path: list[str], done: set[str], found: list[str]) -> None:
    if name in path:
        found.append(" -> ".join([*path[path.index(name) :], name]))
    elif name not in done:
        for target in sorted(graph[name]):
            _walk(graph, target, [*path, name], done, found)
        done.add(name)
