"""Finding the programs of a control plane.

What flows in: the wanted Kubernetes version and the environment. What flows out: the path of each program, or an error that says
why every source failed. The one module of envtest that reads the environment. Called by the thread that starts a control plane.
"""

import os
import pathlib
import platform
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass

DEFAULT_VERSION = "1.36.3"
"""The Kubernetes version that the tests run on."""
SUPPORTED_MINORS = range(33, 37)
"""Minor versions of Kubernetes 1 that can be asked for; only the default is tested."""
REQUIRED = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
KUBECTL = "kubectl"

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


class BinariesError(Exception):
    """The programs of a control plane cannot be had; the message says what was tried and what to do."""


@dataclass(frozen=True)
class Environment:
    """What the environment says about where programs may be."""

    assets: pathlib.Path | None
    """``KUBEBUILDER_ASSETS``."""
    cache: pathlib.Path
    path: str

    @classmethod
    def of_process(cls) -> "Environment":
        """Read the process's environment."""
        assets = os.environ.get("KUBEBUILDER_ASSETS")
        cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
        return cls(
            assets=pathlib.Path(assets).absolute() if assets else None,
            cache=pathlib.Path(cache) / "coxswain" / "envtest",
            path=os.environ.get("PATH", os.defpath),
        )


@dataclass(frozen=True)
class Options:
    """What is wanted."""

    version: str = DEFAULT_VERSION
    allow_build: bool = True
    """Whether missing programs may be compiled, which takes minutes."""
    report: Callable[[str], None] = lambda _: None
    """Gets one line for each step that takes time."""


def find(options: Options, environment: Environment | None = None) -> Mapping[str, pathlib.Path]:
    """Find all programs.

    Args:
        options: What is wanted.
        environment: Where to look; the process's environment if None.

    Returns:
        The absolute path of each program of `REQUIRED`, and of kubectl if there is one.

    Raises:
        BinariesError: A program is missing in all sources.
    """
    where = environment or Environment.of_process()
    folders = [folder for folder in (where.assets, where.cache / f"v{options.version}-linux-{architecture()}") if folder]
    found = {}
    for name in REQUIRED:
        for folder in [*folders, *map(pathlib.Path, where.path.split(os.pathsep))]:
            if (folder / name).is_file():
                found[name] = folder / name
                break
        else:
            raise BinariesError(f"no {name} {options.version}")
    if kubectl := shutil.which(KUBECTL, path=os.pathsep.join([*map(str, folders), where.path])):
        found[KUBECTL] = pathlib.Path(kubectl)
    return found


def architecture() -> str:
    """Return the machine's architecture as Go names it."""
    return _MACHINES.get(platform.machine(), platform.machine())
