"""Contract: the minimal operator of kopf's documentation runs unchanged and leaves the same object on both servers."""

import os
import subprocess
import sys

import pytest

from tests.support import contract_definitions

OPERATOR = """\
import kopf


@kopf.on.create("kopfexamples")
def create_fn(spec, **_):
    print(f"And here we are! Creating: {spec}")
    return {"message": "hello world"}
"""
PRESERVED = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
NAMES = {"kind": "KopfExample", "plural": "kopfexamples", "singular": "kopfexample", "shortNames": ["kopfexes", "kopfex"]}
COLUMNS = [
    {"name": "Duration", "type": "string", "jsonPath": ".spec.duration"},
    {"name": "Message", "type": "string", "jsonPath": ".status.create_fn.message"},
]


@pytest.fixture
def operator(space, tmp_path):
    """The operator at work in the case's namespace, and its log."""
    version = contract_definitions.version(
        contract_definitions.structure(spec=PRESERVED, status=PRESERVED), additionalPrinterColumns=COLUMNS
    )
    body = contract_definitions.definition("kopf.dev", version, names=NAMES)
    assert space.post(contract_definitions.PATH, body).status == 201
    space.until("kopf.dev/v1/kopfexamples", lambda answer: answer.status == 200)
    (tmp_path / "operator.py").write_text(OPERATOR, encoding="utf-8")
    log = tmp_path / "log"
    command = [sys.executable, "-m", "kopf", "run", "operator.py", "--namespace", space.name]
    environment = {**os.environ, "KUBECONFIG": str(space.server.kubeconfig), "PYTHONUNBUFFERED": "1"}
    with (
        log.open("w") as output,
        subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=output, stderr=output) as running,
    ):
        yield log
        running.terminate()
        running.wait(timeout=20)
    space.delete(f"{contract_definitions.PATH}/{body['metadata']['name']}")


def test_the_minimal_operator_handles_a_creation(space, operator):
    """The handler runs once, its result is in the status, the handled state in an annotation; a deletion goes through."""
    path = "kopf.dev/v1/kopfexamples/kopf-example-1"
    body = {
        "apiVersion": "kopf.dev/v1",
        "kind": "KopfExample",
        "metadata": {"name": "kopf-example-1", "labels": {"somelabel": "somevalue"}},
        "spec": {"duration": "1m", "field": "value", "items": ["item1", "item2"]},
    }
    assert space.post("kopf.dev/v1/kopfexamples", body).status == 201
    answer = space.until(path, lambda answer: answer.body.get("status"))
    assert answer.body["status"] == {"create_fn": {"message": "hello world"}}
    assert list(answer.body["metadata"]["annotations"]) == ["kopf.zalando.org/last-handled-configuration"]
    assert "finalizers" not in answer.body["metadata"]
    space.delete(path)
    space.until(path, lambda answer: answer.status == 404)
    assert "And here we are! Creating: {'duration': '1m', 'field': 'value', 'items': ['item1', 'item2']}" in operator.read_text()
