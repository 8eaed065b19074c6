"""What is done in one place only: time, environment, and each third-party package that has an owner.

What flows in: modules. What flows out: one line for each use elsewhere. Pure.
"""

import ast
from collections.abc import Mapping, Sequence

from tests.architecture import source

CLIENT_SIDE = (*source.LAYERS, "demo")
"""Where time comes from a Clock; envtest is a server and has its own."""
CLOCK = "workqueue/clock.py"

ENVIRONMENT = (
    "controller/cli/",  # flags that have an environment variable: KUBECONFIG
    "controller/client/transport.py",  # proxies, and being in a cluster
    "envtest/binaries.py",  # KUBEBUILDER_ASSETS, the cache's folder, PATH, proxies
    "demo/child.py",  # takes KUBECONFIG out of what the children see
)

OWNERS: Mapping[str, tuple[str, ...]] = {
    "kubernetes": ("controller/client/transport.py",),
    "prometheus_client": ("controller/metrics.py",),
    "tenacity": ("informers/backoff.py",),
    "aiohttp": ("envtest/embedded/",),
    "cel": ("envtest/embedded/",),
    "cryptography": ("envtest/",),
    "rich": ("demo/", "envtest/"),
    "urllib3": ("controller/client/", "envtest/"),
}
"""Packages that only some modules may import."""

BROAD_EXCEPTS: Mapping[str, int] = {
    "controller/controller.py": 2,  # a worker's reconcile, and a worker thread's body
    "controller/runnables.py": 1,  # a thread's body
    "envtest/embedded/controllers/loop.py": 1,  # a simulated controller's sync
    "informers/listener.py": 1,  # a listener thread's body: one bad event must not end the handler
    "informers/reflector_loop.py": 1,  # a reflector thread's body: a watch must never end silently
}
"""How many times `except Exception` may stand, and where."""


def reads_of_time(modules: Sequence[source.Module]) -> list[str]:
    """Find clocks and sleeps of the client side outside the clock."""
    found = []
    for module in modules:
        if module.top not in CLIENT_SIDE or module.path == CLOCK:
            continue
        found += [
            module.at(node.node, f"{CLOCK} is the one module that reads time or sleeps: ask a Clock")
            for node in source.imports(module)
            if node.target.partition(".")[0] in ("time", "sched")
        ]
        found += [module.at(node, f"{CLOCK} is the one module that reads time: ask a Clock") for node in _readings(module)]
    return found


def _readings(module: source.Module) -> list[ast.AST]:
    calls = ("now", "utcnow", "today")
    owners = ("datetime", "date")
    return [
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr in calls and source.dotted(node.value).rpartition(".")[2] in owners
    ]


def reads_of_environment(modules: Sequence[source.Module]) -> list[str]:
    """Find uses of the process environment outside the modules that may."""
    names = ("os.environ", "os.environb", "os.getenv", "os.putenv", "os.unsetenv")
    found = []
    for module in modules:
        if source.is_inside(module.path, ENVIRONMENT):
            continue
        nodes: list[ast.AST] = [node for node in ast.walk(module.tree) if source.dotted(node) in names]
        nodes += [imported.node for imported in source.imports(module) if imported.target in names]
        found += [module.at(node, "the environment is read elsewhere: " + ", ".join(ENVIRONMENT)) for node in nodes]
    return found


def uses_of_owned_packages(modules: Sequence[source.Module]) -> list[str]:
    """Find imports of a third-party package by a module that does not own it."""
    return [
        module.at(found.node, f"only {', '.join(OWNERS[name])} may import {name}")
        for module in modules
        for found in source.imports(module)
        if (name := found.target.partition(".")[0]) in OWNERS and not source.is_inside(module.path, OWNERS[name])
    ]


def broad_excepts(modules: Sequence[source.Module]) -> list[str]:
    """Find `except Exception`, `except BaseException` and bare excepts beyond the places that may have them."""
    found = []
    for module in modules:
        nodes = [node for node in ast.walk(module.tree) if isinstance(node, ast.ExceptHandler) and _is_broad(node)]
        if len(nodes) > (allowed := BROAD_EXCEPTS.get(module.path, 0)):
            found += [
                module.at(node, f"catch what can happen by its type ({allowed} broad except allowed here)") for node in nodes
            ]
    return found


def _is_broad(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or source.dotted(kind) in ("Exception", "BaseException") for kind in kinds)
