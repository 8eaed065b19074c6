"""Files of packages that the machine's package archive has, without installing them and without being root.

What flows in: names of packages. What flows out: folders with what is in them. Called by the thread that looks for programs.
The lists of packages are the machine's; if they are empty or out of date, own ones are fetched into the working folder.
"""

import pathlib
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from envtest import progress

_RUN_SECONDS = 60.0
_TAIL_LINES = 6
# Being offline must not cost minutes. Root would otherwise hand the download to a user that cannot write here.
_OPTIONS = {
    "Acquire::Retries": "1",
    "Acquire::http::Timeout": "5",
    "Acquire::https::Timeout": "5",
    "APT::Sandbox::User": "root",
}
_NAME = re.compile(r"\s*([a-z0-9][a-z0-9+.-]+)")


class PackageError(Exception):
    """A package cannot be had."""


class _RefusedError(PackageError):
    """A program of the package archive ran, and failed."""


@dataclass(frozen=True)
class Package:
    """An unpacked package."""

    title: str
    """Name, version and architecture."""
    folder: pathlib.Path
    depends: tuple[str, ...]
    """Packages that it needs; of alternatives the first."""


class Unpacker:
    """Downloads packages and unpacks them below one folder."""

    def __init__(self, folder: pathlib.Path, variables: Mapping[str, str], report: progress.Report) -> None:
        self._folder = folder
        self._variables = {**variables, "LC_ALL": "C"}
        self._report = report
        self._options = dict(_OPTIONS)

    def unpack(self, name: str) -> Package:
        """Download the package *name* and unpack it.

        Raises:
            PackageError: There is none, no answer, or this system has no such packages.
        """
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        with progress.step(self._report, f"downloading the package {name}"):
            archive = self._download(name, folder)
        self._run(["dpkg-deb", "-x", str(archive), str(folder / "files")], folder)
        depends = self._run(["dpkg-deb", "-f", str(archive), "Depends"], folder)
        names = (_NAME.match(each) for each in depends.split(","))
        return Package(archive.stem, folder / "files", tuple(found[1] for found in names if found))

    def _download(self, name: str, folder: pathlib.Path) -> pathlib.Path:
        try:
            self._apt(["download", name], folder)
        except _RefusedError as error:
            if "Dir::State" in self._options:
                raise
            self._report(str(error))
            self._update()
            self._apt(["download", name], folder)
        return next(folder.glob("*.deb"))

    def _update(self) -> None:
        """Fetch lists of our own; one source that fails is no reason to give up, so what counts is the download after this."""
        state, cache = self._folder / "state", self._folder / "cache"
        for wanted in (state / "lists" / "partial", cache / "archives" / "partial"):
            wanted.mkdir(parents=True, exist_ok=True)
        self._options |= {"Dir::State": str(state), "Dir::Cache": str(cache)}
        with progress.step(self._report, "fetching the package archive's lists"):
            try:
                self._apt(["update"], self._folder)
            except _RefusedError as error:
                self._report(str(error))

    def _apt(self, arguments: Sequence[str], folder: pathlib.Path) -> None:
        options = [part for name, value in self._options.items() for part in ("-o", f"{name}={value}")]
        self._run(["apt-get", "-qq", *options, *arguments], folder)

    def _run(self, command: Sequence[str], folder: pathlib.Path) -> str:
        shown = f"{command[0]} ... {command[-1]}"
        try:
            answer = subprocess.run(
                command,
                cwd=folder,
                env=self._variables,
                capture_output=True,
                text=True,
                timeout=_RUN_SECONDS,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired as error:
            raise PackageError(f"{shown}: not done after {_RUN_SECONDS:.0f} s") from error
        except OSError as error:
            raise PackageError(f"{shown}: {error}") from error
        if answer.returncode != 0:
            tail = "\n".join((answer.stderr.strip() or answer.stdout.strip()).splitlines()[-_TAIL_LINES:])
            raise _RefusedError(f"{shown} failed:\n{tail}")
        return answer.stdout
