"""Which versions of the programs go together, and which version a program is.

What flows in: the wanted Kubernetes version, and programs. What flows out: whether a program will do. Pure but for `of_program`,
which runs one.
"""

import pathlib
import re
import subprocess
from dataclasses import dataclass

DEFAULT = "1.36.3"
"""The Kubernetes version that the tests run on."""
MINORS = range(33, 37)
"""Minor versions of Kubernetes 1 that can be asked for; only the default is tested."""
ETCD = "3.6.16"
"""The etcd that is fetched or built."""

_OLDEST_ETCD = (3, 5, 13)  # the first 3.5 with the progress requests that the API server's watch cache asks for
_NEWEST_ETCD = (4, 0, 0)
_ANSWER = re.compile(r"(?:Kubernetes v|etcd Version: )(\d+\.\d+\.\d+)")
_RUN_SECONDS = 20.0

Version = tuple[int, int, int]


class VersionError(ValueError):
    """A version that is not one, or not one that we know how to run."""


@dataclass(frozen=True)
class Kubernetes:
    """A wanted version of Kubernetes, such as 1.36.3."""

    number: Version

    @classmethod
    def parse(cls, text: str) -> "Kubernetes":
        """Read a version; a leading v is fine.

        Raises:
            VersionError: It is none, or not a supported one.
        """
        found = re.fullmatch(r"v?(\d+)\.(\d+)\.(\d+)", text)
        if not found:
            raise VersionError(f"{text!r} is not a version of Kubernetes such as {DEFAULT}")
        number = (int(found[1]), int(found[2]), int(found[3]))
        if number[0] != 1 or number[1] not in MINORS:
            raise VersionError(f"Kubernetes {text} is not supported: only 1.{MINORS.start} to 1.{MINORS.stop - 1} are")
        return cls(number)

    @property
    def minor(self) -> int:
        """The second part."""
        return self.number[1]

    @property
    def library(self) -> str:
        """The version of Kubernetes' libraries as Go modules: 0.36.3 for 1.36.3."""
        return ".".join(map(str, (0, *self.number[1:])))

    def __str__(self) -> str:
        return ".".join(map(str, self.number))

    def mismatch(self, name: str, program: pathlib.Path) -> str:
        """Say why *program* will not do as *name*; empty if it will.

        kubectl may be of any version, etcd of any that Kubernetes works with; all others must be of this very version.
        """
        if name == "kubectl":
            return ""
        found = of_program(program)
        if found is None:
            return "it does not say its version"
        said = ".".join(map(str, found))
        if name == "etcd":
            return "" if _OLDEST_ETCD <= found < _NEWEST_ETCD else f"it is {said}, too far from {ETCD}"
        return "" if found == self.number else f"it is {said}, wanted is {self}"


def of_program(program: pathlib.Path) -> Version | None:
    """Ask *program* for its version; None if it does not answer as etcd and the Kubernetes components do."""
    try:
        answer = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=_RUN_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _ANSWER.search(answer.stdout)
    if answer.returncode != 0 or not found:
        return None
    major, minor, patch = map(int, found[1].split("."))
    return (major, minor, patch)
