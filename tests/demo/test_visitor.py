"""Visits to a pod whose template the operator made, through a real nginx."""

import base64
import time

import pytest

from demo import processes, visitor
from reconcilers.microservicedeploy import desired
from tests.support import microservices

PASSWORD = "not to be told"


def pod():
    """Return a pod of an instance with needAuth."""
    template = desired.pod_template(microservices.sample(), microservices.SETTINGS)
    return {**template, "metadata": {**template["metadata"], "name": "ms-1", "namespace": "demo"}}


def tenant(password):
    """Return the tenant's Secret with *password*."""
    line = f"{visitor.USER}:{{PLAIN}}{password}"
    return {"metadata": {"name": "tenant-auth"}, "data": {"auth": base64.b64encode(line.encode()).decode()}}


@pytest.mark.nginx
def test_the_wrong_password_is_refused_and_the_right_one_admitted(tmp_path):
    """The proxy's own answers are told, and no password is."""
    told = visitor.Visitor(tmp_path, PASSWORD, time.sleep).visit(pod(), tenant(PASSWORD))
    assert told == "nginx answers 401 to a wrong password, 200 to the right one"


@pytest.mark.nginx
def test_a_proxy_that_answers_otherwise_ends_the_story(tmp_path):
    """If the right password is not admitted, the visit fails and says what was answered."""
    with pytest.raises(processes.FailedError, match="401 to a wrong password, 401 to the right one"):
        visitor.Visitor(tmp_path, PASSWORD, time.sleep).visit(pod(), tenant("another"))


def test_only_a_pod_with_a_proxy_that_stays_is_visited():
    """A pod without the sidecar, or on its way out, is passed over."""
    assert visitor.is_visitable(pod())
    assert not visitor.is_visitable({**pod(), "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}})
    plain = desired.pod_template(microservices.plain(), microservices.SETTINGS)
    assert not visitor.is_visitable({**plain, "metadata": {}})
