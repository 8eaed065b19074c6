"""Finding the programs of a control plane: etcd, API server, controller-manager, scheduler, and kubectl for people.

What flows in: the wanted Kubernetes version and the environment. What flows out: the path of each program, or an error that
says why every source failed. The one module of envtest that reads the environment. Called by the thread that starts a control
plane.

The sources, in this order for each program: the folder ``KUBEBUILDER_ASSETS``, our cache, PATH, download of the official
archives, compilation from the Go modules. A program of the wrong version counts as missing.
"""

import hashlib
import os
import pathlib
import platform
import shutil
import tempfile
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from envtest import download, go_build, locks, progress, versions

REQUIRED = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
KUBECTL = "kubectl"

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "ppc64le": "ppc64le", "s390x": "s390x"}


class BinariesError(Exception):
    """The programs of a control plane cannot be had; the message says what was tried and what to do."""


@dataclass(frozen=True)
class Environment:
    """What the environment says about where programs may be."""

    assets: pathlib.Path | None
    """``KUBEBUILDER_ASSETS``."""
    cache: pathlib.Path
    """Our folder below ``XDG_CACHE_HOME``, or below ``~/.cache``."""
    path: str
    variables: Mapping[str, str] = field(default_factory=dict)
    """All of it, for the compiler."""
    system: str = "Linux"
    archives: download.Archives = field(default_factory=download.Archives)
    administrators: Sequence[str] = ("/usr/sbin", "/usr/local/sbin")
    """Folders of programs for administrators, which a user's PATH seldom names."""

    @classmethod
    def of_process(cls) -> "Environment":
        """Read the process's environment."""
        assets = os.environ.get("KUBEBUILDER_ASSETS")
        cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
        return cls(
            assets=pathlib.Path(assets).absolute() if assets else None,
            cache=pathlib.Path(cache).absolute() / "coxswain" / "envtest",
            path=os.environ.get("PATH", os.defpath),
            variables=dict(os.environ),
            system=platform.system(),
            archives=download.Archives(proxy=urllib.request.getproxies().get("https", "")),
        )


@dataclass(frozen=True)
class Options:
    """What is wanted."""

    version: str = versions.DEFAULT
    allow_build: bool = True
    """Whether missing programs may be compiled, which takes minutes."""
    with_kubectl: bool = False
    report: progress.Report = lambda _: None
    """Gets one line for each step that takes time."""


def find(options: Options, environment: Environment | None = None) -> Mapping[str, pathlib.Path]:
    """Find all programs, fetching what is missing.

    Args:
        options: What is wanted.
        environment: Where to look; the process's environment if None.

    Returns:
        The absolute path of each program.

    Raises:
        BinariesError: A program is missing in all sources, the version is none that we can run, or this is not Linux.
    """
    where = environment or Environment.of_process()
    if where.system != "Linux":
        raise BinariesError(f"a control plane needs Linux (this is {where.system}): use a virtual machine or a container")
    try:
        wanted = versions.Kubernetes.parse(options.version)
    except versions.VersionError as error:
        raise BinariesError(str(error)) from error
    return _Search(options, wanted, where).run()


def folder_of(found: Mapping[str, pathlib.Path], environment: Environment | None = None) -> pathlib.Path:
    """Return one folder that holds all programs: the one they are in, or one of links to them in the cache.

    Args:
        found: What `find` returned.
        environment: Where the cache is; the process's environment if None.

    Returns:
        The folder.
    """
    where = environment or Environment.of_process()
    parents = {path.parent for path in found.values() if path.name in REQUIRED}
    on_path = shutil.which(KUBECTL, path=where.path)
    others = {path.parent for name, path in found.items() if name == KUBECTL and str(path) != on_path}
    if len(parents | others) == 1:
        return parents.pop()
    key = hashlib.sha256("\n".join(map(str, sorted(found.values()))).encode()).hexdigest()[:16]
    folder = where.cache / f"links-{key}"
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in found.items():
        temporary = folder / f".{name}.{os.getpid()}"
        temporary.symlink_to(path)
        temporary.rename(folder / name)
    return folder


def architecture() -> str:
    """Return the machine's architecture as Go names it."""
    return _MACHINES.get(platform.machine(), platform.machine())


class _Search:
    """One call of `find`: what it found so far, and why sources failed."""

    def __init__(self, options: Options, wanted: versions.Kubernetes, where: Environment) -> None:
        self._options = options
        self._wanted = wanted
        self._where = where
        self._folder = where.cache / f"v{wanted}-linux-{architecture()}"
        self._names = [*REQUIRED, KUBECTL] if options.with_kubectl else list(REQUIRED)
        self._found: dict[str, pathlib.Path] = {}
        self._failures: dict[str, list[str]] = {}

    def run(self) -> Mapping[str, pathlib.Path]:
        self._look()
        if self._missing():
            with locks.hold(self._where.cache / "lock", self._options.report):
                self._look()  # another process may have fetched them while we waited
                self._fetch()
        if missing := self._missing():
            raise BinariesError(self._explanation(missing))
        return self._found

    def _missing(self) -> list[str]:
        return [name for name in self._names if name not in self._found]

    def _look(self) -> None:
        """Look into the folders; a program of the wrong version is noted and passed over."""
        for name in self._missing():
            self._failures[name] = []
            for source, folders in self._sources():
                self._look_into(name, source, folders)
                if name in self._found:
                    break

    def _sources(self) -> list[tuple[str, Sequence[pathlib.Path]]]:
        assets = [("KUBEBUILDER_ASSETS", [self._where.assets])] if self._where.assets else []
        path = [pathlib.Path(folder).absolute() for folder in self._where.path.split(os.pathsep) if folder]
        return [*assets, ("the cache", [self._folder]), ("PATH", path)]

    def _look_into(self, name: str, source: str, folders: Sequence[pathlib.Path]) -> None:
        notes = []
        for program in (folder / name for folder in folders):
            if not (program.is_file() and os.access(program, os.X_OK)):
                continue
            reason = self._wanted.mismatch(name, program)
            if not reason:
                self._found[name] = program
                return
            notes.append(f"{program}: {reason}")
        shown = f" ({folders[0]})" if len(folders) == 1 else ""
        self._failures[name] += [f"{source}: {note}" for note in notes] or [f"{source}{shown}: not there"]

    def _fetch(self) -> None:
        downloader = download.Downloader(self._where.archives, architecture(), self._options.report)
        builder = go_build.Builder(self._where.cache, {**self._where.variables, "PATH": self._where.path}, self._options.report)
        for name in self._missing():
            self._install(name, "download", downloader.fetch)
            if name in self._found:
                continue
            if self._options.allow_build:
                self._install(name, "compilation", builder.build)
            else:
                self._failures[name].append("compilation: not asked for, because it takes minutes")

    def _install(self, name: str, source: str, fetch: Callable[[str, versions.Kubernetes, pathlib.Path], None]) -> None:
        """Fetch into a temporary folder and move it in place, so that nobody ever sees half a program."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=self._folder) as temporary:
            program = pathlib.Path(temporary) / name
            try:
                fetch(name, self._wanted, program)
            except (download.DownloadError, go_build.BuildError) as error:
                self._fail(name, f"{source}: {error}")
                return
            if reason := self._wanted.mismatch(name, program):
                self._fail(name, f"{source}: {reason}")
                return
            self._found[name] = program.rename(self._folder / name)

    def _fail(self, name: str, reason: str) -> None:
        if not any(reason in reasons for reasons in self._failures.values()):
            self._options.report(f"{name}: {reason}")
        self._failures[name].append(reason)

    def _explanation(self, missing: Sequence[str]) -> str:
        lines = [f"no control plane of Kubernetes {self._wanted} for linux/{architecture()}; missing: {', '.join(missing)}"]
        reasons = dict.fromkeys(reason for name in missing for reason in self._failures[name])
        for reason in reasons:
            names = [name for name in missing if reason in self._failures[name]]
            lines.append(f"  {'all of them' if names == list(missing) else ', '.join(names)}: {reason}")
        return "\n".join(lines)
