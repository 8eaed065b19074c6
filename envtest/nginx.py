"""Finding nginx, the program that an instance's sidecar is made of.

What flows in: the environment. What flows out: the path of a program, or an error that says why every source failed. Called by
the thread that wants to run it.

The sources, in this order: PATH and the folders for administrators' programs, our cache, Debian's package unpacked into our
cache, together with the libraries that this machine lacks. What is in the cache may be copied elsewhere and still runs.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from envtest import binaries, debian_package, locks, progress

_PACKAGES = ("nginx", "nginx-core")
"""The program is in the first one that holds it: older releases have it in the second."""
_RUN_SECONDS = 20.0
_MOST_LIBRARIES = 20
_MISSING = re.compile(r"error while loading shared libraries: (\S+): cannot open")
_LAUNCHER = """\
#!/bin/sh
folder=$(dirname "$(readlink -f "$0")")
LD_LIBRARY_PATH="$folder/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export LD_LIBRARY_PATH
exec "$folder/sbin/nginx" "$@"
"""


class NginxError(Exception):
    """nginx cannot be had; the message says what was tried."""


def find(report: progress.Report = lambda _: None, environment: binaries.Environment | None = None) -> pathlib.Path:
    """Find nginx, fetching it if need be.

    Args:
        report: Gets one line for each step that takes time.
        environment: Where to look; the process's environment if None.

    Returns:
        The absolute path of the program.

    Raises:
        NginxError: No source has one that runs.
    """
    where = environment or binaries.Environment.of_process()
    tried: list[str] = []
    if (found := _look(where, tried)) is None:
        with locks.hold(where.cache / "nginx.lock", report):
            again: list[str] = []  # another process may have fetched it while we waited
            found = _look(where, again) or _fetch(where, report, tried)
    return found


def _look(where: binaries.Environment, tried: list[str]) -> pathlib.Path | None:
    """Return the first program that will do; note why others do not."""
    folders = dict.fromkeys([*filter(None, where.path.split(os.pathsep)), *where.administrators])
    installed = [pathlib.Path(folder).absolute() / "nginx" for folder in folders]
    for program in [*installed, *sorted(where.cache.glob("nginx_*/nginx"))]:
        if program.is_file() and os.access(program, os.X_OK):
            if not (complaint := _complaint(program)):
                return program
            tried.append(f"{program}: {complaint}")
    tried.append(f"{', '.join(['PATH', *where.administrators, str(where.cache)])}: no nginx that runs")
    return None


def _complaint(program: pathlib.Path) -> str:
    """Say why *program* will not do; empty if it will. The option -e came with nginx 1.19.5."""
    try:
        answer = subprocess.run(
            [program, "-e", "stderr", "-v"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_RUN_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if answer.returncode == 0 and "nginx version:" in answer.stderr:
        return ""
    return answer.stderr.strip() or f"exit code {answer.returncode}"


def _fetch(where: binaries.Environment, report: progress.Report, tried: list[str]) -> pathlib.Path:
    """Unpack the package into a temporary folder and move it in place, so that nobody ever sees half of it."""
    with tempfile.TemporaryDirectory(prefix=".new-", dir=where.cache) as temporary:
        root = pathlib.Path(temporary)
        unpacker = debian_package.Unpacker(root / "packages", {**where.variables, "PATH": where.path}, report)
        try:
            package = _package(unpacker)
            made = _assemble(root / "made", package, unpacker)
        except debian_package.PackageError as error:
            lines = [*tried, f"Debian's package: {error}"]
            raise NginxError("no nginx:\n  " + "\n  ".join(lines) + "\ninstall nginx 1.19.5 or newer") from error
        target = where.cache / package.title
        shutil.rmtree(target, ignore_errors=True)  # one that does not run
        return made.rename(target) / "nginx"


def _package(unpacker: debian_package.Unpacker) -> debian_package.Package:
    for name in _PACKAGES:
        package = unpacker.unpack(name)
        if (package.folder / "usr" / "sbin" / "nginx").is_file():
            return package
    raise debian_package.PackageError(f"{' and '.join(_PACKAGES)} hold no usr/sbin/nginx")


def _assemble(folder: pathlib.Path, package: debian_package.Package, unpacker: debian_package.Unpacker) -> pathlib.Path:
    """Make a folder with the program, the libraries that it misses here, and a script that brings them together."""
    for part in ("sbin", "lib"):
        (folder / part).mkdir(parents=True)
    shutil.copy2(package.folder / "usr" / "sbin" / "nginx", folder / "sbin" / "nginx")
    launcher = folder / "nginx"
    launcher.write_text(_LAUNCHER, encoding="utf-8")
    launcher.chmod(0o755)
    libraries = _Libraries(package, unpacker)
    for _ in range(_MOST_LIBRARIES):
        if not (complaint := _complaint(launcher)):
            return folder
        if not (missing := _MISSING.search(complaint)):
            raise debian_package.PackageError(f"{package.title} does not run: {complaint}")
        shutil.copy2(libraries.file(missing[1]), folder / "lib" / missing[1])
    raise debian_package.PackageError(f"{package.title} misses more than {_MOST_LIBRARIES} libraries")


class _Libraries:
    """Libraries out of the packages that a package depends on, directly or not."""

    def __init__(self, package: debian_package.Package, unpacker: debian_package.Unpacker) -> None:
        self._unpacker = unpacker
        self._waiting = list(package.depends)
        self._unpacked: dict[str, debian_package.Package] = {}

    def file(self, name: str) -> pathlib.Path:
        """Return the library *name*, unpacking packages until one has it."""
        while True:
            for package in self._unpacked.values():
                if found := next(package.folder.rglob(name), None):
                    return found
            if not self._waiting:
                raise debian_package.PackageError(f"no package that nginx depends on holds {name}")
            wanted = self._waiting.pop(0)
            # The C library fits the loader that the machine has, and only that.
            if wanted.startswith(("lib", "zlib")) and wanted != "libc6" and wanted not in self._unpacked:
                self._unpacked[wanted] = self._unpacker.unpack(wanted)
                self._waiting += self._unpacked[wanted].depends
