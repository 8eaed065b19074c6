"""What users do with kubectl, and what they see.

What flows in: a kubeconfig and manifests. What flows out: what kubectl says. It is the one on PATH; without one, the same request
is sent and the server's own words are returned, of which kubectl's are made.
"""

import datetime
import json
import pathlib
import shutil
import subprocess
from typing import Any

from tests.support import raw_api

STRATEGIC = "application/strategic-merge-patch+json"
_GROUPS = "/apis/custom.ops/v1/namespaces"


def apply(kubeconfig: pathlib.Path, namespace: str, manifest: dict[str, Any]) -> str:
    """Apply a MicroServiceDeploy with `kubectl apply`; return what it prints."""
    if program := shutil.which("kubectl"):
        return _run(program, kubeconfig, namespace, "apply", "-f", "-", text=json.dumps(manifest))
    api = raw_api.Api(kubeconfig)
    answer = api.request("POST", f"{_GROUPS}/{namespace}/microservicedeploys", manifest, fieldValidation="Strict")
    api.close()
    return str(answer.body.get("message", "created"))


def restart(kubeconfig: pathlib.Path, namespace: str, deployment: str) -> None:
    """Restart the pods of a Deployment with `kubectl rollout restart`."""
    if program := shutil.which("kubectl"):
        _run(program, kubeconfig, namespace, "rollout", "restart", "deployment", deployment)
        return
    api = raw_api.Api(kubeconfig)
    # k8s.io/kubectl pkg/polymorphichelpers/objectrestarter.go
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    patch = {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": now}}}}}
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{deployment}"
    answer = api.request("PATCH", path, patch, content_type=STRATEGIC, fieldManager="kubectl-rollout")
    api.close()
    assert answer.status == 200, answer.body


def _run(program: str, kubeconfig: pathlib.Path, namespace: str, *arguments: str, text: str | None = None) -> str:
    command = [program, "--kubeconfig", str(kubeconfig), "--namespace", namespace, *arguments]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr
