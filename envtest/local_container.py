"""One container of a pod, run as a process of this machine.

What flows in: a pod as the API has it, the data of Secrets, programs in place of images. What flows out: the running program with
its volumes below a temporary folder. One thread owns it. No upstream file: a container runtime in small, without isolation, so
that what an operator wrote into a pod can be seen at work.

There is no root filesystem of its own and no network of its own. So the paths of mounts are replaced by the folders' paths, in
the command and in files of the downward API, and taken ports by free ones: in the latter only after ``listen`` and colons. If we
are root, the program runs as the user that its securityContext names; else as ourselves.
"""

import contextlib
import os
import pathlib
import re
import shutil
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from envtest import folders, processes, volumes

_GRACE_SECONDS = 5.0
_LOOK_SECONDS = 0.02


class ContainerError(Exception):
    """A container cannot be run; the message holds nothing of a Secret."""


@dataclass(frozen=True)
class Options:
    """What to run."""

    pod: Mapping[str, Any]
    name: str
    """The container's."""
    programs: Mapping[str, pathlib.Path]
    """What to run for the first word of a container's command."""
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The data of each Secret that there is, in base64 as the API has it."""
    ports: Mapping[int, int] = field(default_factory=dict)
    """Ports of this machine, by those of the pod that they stand for."""


class LocalContainer:
    """A container of a pod as a process.

    Attributes:
        folder: Holds its mounts, each below the path that it has in the container.
        log: What it printed.
    """

    def __init__(self, options: Options) -> None:
        found = [one for one in options.pod["spec"]["containers"] if one["name"] == options.name]
        if not found:
            raise ContainerError(f"the pod has no container {options.name}")
        self._options = options
        self._container = found[0]
        self._data = folders.DataFolder()
        self._starter = processes.Starter()
        self._process: processes.Process | None = None
        self._secrets = dict(options.secrets)
        self.folder = self._data.path / "mounts"
        self.log = self._data.path / "log"

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undo:
            undo.callback(self.stop)
            self.start()
            undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process id; the container must have been started."""
        return self._running().pid

    @property
    def port(self) -> int:
        """The first port that it listens on, as it is on this machine."""
        declared = int(self._container["ports"][0]["containerPort"])
        return self._options.ports.get(declared, declared)

    def start(self, timeout_seconds: float = 10.0) -> None:
        """Lay out the volumes, start the program, and wait until it listens on its first port.

        Raises:
            ContainerError: There is no such program, a volume cannot be had, or the program ended.
        """
        if (user := self._user()) is not None:
            os.chown(self._data.path, -1, user.group)
            self._data.path.chmod(0o750)  # there may be passwords in it
        for mount in self._container.get("volumeMounts", []):
            self._lay_out(mount)
        command = [self._localized(word) for word in [*self._container["command"], *self._container.get("args", [])]]
        if command[0] not in self._options.programs:
            raise ContainerError(f"there is no program for {command[0]}")
        program = self._reachable(self._options.programs[command[0]], user)
        self.log.touch()
        if user is not None:
            os.chown(self.log, user.user, user.group)  # it may open /dev/stdout, as in a container
        self._process = self._starter.start([str(program), *command[1:]], self.log, user)
        self._wait_until_listening(timeout_seconds)

    def set_secret(self, name: str, data: Mapping[str, str] | None) -> None:
        """Change a Secret under the running program, as the kubelet does some time after the Secret changed.

        Args:
            name: The Secret's.
            data: In base64 as the API has it; None if the Secret is gone.
        """
        self._secrets.pop(name, None)
        if data is not None:
            self._secrets[name] = data
        for mount in self._container.get("volumeMounts", []):
            if self._volume(mount).get("secret", {}).get("secretName") == name:
                self._lay_out(mount)

    def exit_code(self) -> int | None:
        """Return the exit code, negative for a signal; None while it runs."""
        return self._running().exit_code()

    def tail(self) -> str:
        """Return the last lines that it printed."""
        return self._running().tail()

    def stop(self) -> None:
        """End the program and remove its folder; harmless if it was not started."""
        if self._process is not None:
            processes.stop([self._process], _GRACE_SECONDS)
        self._starter.close()
        self._data.remove()

    def _running(self) -> processes.Process:
        if self._process is None:
            raise ContainerError(f"container {self._options.name} was not started")
        return self._process

    def _user(self) -> processes.User | None:
        security = self._container.get("securityContext", {})
        if os.getuid() != 0 or "runAsUser" not in security:
            return None
        return processes.User(security["runAsUser"], security.get("runAsGroup", security["runAsUser"]))

    def _volume(self, mount: Mapping[str, Any]) -> Mapping[str, Any]:
        found: list[Mapping[str, Any]] = [one for one in self._options.pod["spec"]["volumes"] if one["name"] == mount["name"]]
        return found[0]

    def _lay_out(self, mount: Mapping[str, Any]) -> None:
        volume, folder = self._volume(mount), self._place(mount["mountPath"])
        folder.mkdir(parents=True, exist_ok=True)
        try:
            if "downwardAPI" in volume:
                files = volumes.annotation_files(self._options.pod, volume)
                volumes.publish(folder, {path: self._localized(text.decode()).encode() for path, text in files.items()})
            elif "secret" in volume:
                volumes.publish(folder, volumes.secret_files(volume, self._secrets))
            elif "emptyDir" in volume:
                folder.chmod(0o777)  # as the kubelet makes them
        except volumes.VolumeError as error:
            raise ContainerError(str(error)) from error

    def _place(self, path: str) -> pathlib.Path:
        return self.folder / path.lstrip("/")

    def _localized(self, text: str) -> str:
        """Replace paths of mounts and ports of the pod by those of this machine."""
        mounts = [mount["mountPath"] for mount in self._container.get("volumeMounts", [])]
        paths = "|".join(map(re.escape, sorted(mounts, key=len, reverse=True))) or "(?!)"
        text = re.sub(rf"(?<![\w.-])({paths})(?![\w.-])", lambda found: str(self._place(found[1])), text)

        def exchanged(found: re.Match[str]) -> str:
            return f"{found[1]}{self._options.ports.get(int(found[2]), found[2])}"

        return re.sub(r"(\blisten |:)(\d+)\b", exchanged, text)

    def _reachable(self, program: pathlib.Path, user: processes.User | None) -> pathlib.Path:
        """Return *program*, or a copy of its folder's program if it lies where that user may not go."""
        if user is None or all(folder.stat().st_mode & 0o001 for folder in program.resolve().parents):
            return program
        copy = self._data.path / "program"
        shutil.copytree(program.parent, copy)
        return copy / program.name

    def _wait_until_listening(self, timeout_seconds: float) -> None:
        process, deadline = self._running(), time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            if (code := process.exit_code()) is not None:
                raise ContainerError(f"{process.name} ended with exit code {code}:\n{process.tail()}")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1.0).close()
            except OSError:
                time.sleep(_LOOK_SECONDS)
            else:
                return
        raise ContainerError(f"{process.name} does not listen on port {self.port} after {timeout_seconds:.0f} s")
