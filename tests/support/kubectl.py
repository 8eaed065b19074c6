"""The real kubectl that tests run: the one on PATH, whatever its version, else the one that envtest finds.

What flows in: a kubeconfig and manifests. What flows out: what kubectl says to its user.
"""

import json
import pathlib
import shutil
import subprocess
from typing import Any

from envtest import binaries


def find(report=lambda _: None, *, allow_build=False):
    """Return the path of kubectl.

    Raises:
        binaries.BinariesError: There is none, and none can be had.
    """
    if on_path := shutil.which(binaries.KUBECTL):
        return on_path
    options = binaries.Options(allow_build=allow_build, with_kubectl=True, report=report)
    return str(binaries.find(options)[binaries.KUBECTL])


def apply(kubeconfig: pathlib.Path, namespace: str, manifest: dict[str, Any]) -> str:
    """Apply a MicroServiceDeploy with `kubectl apply`; return what it prints."""
    return _run(kubeconfig, namespace, "apply", "-f", "-", text=json.dumps(manifest))


def restart(kubeconfig: pathlib.Path, namespace: str, deployment: str) -> None:
    """Restart the pods of a Deployment with `kubectl rollout restart`."""
    _run(kubeconfig, namespace, "rollout", "restart", "deployment", deployment)


def _run(kubeconfig: pathlib.Path, namespace: str, *arguments: str, text: str | None = None) -> str:
    command = [find(), "--kubeconfig", str(kubeconfig), "--namespace", namespace, *arguments]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr
