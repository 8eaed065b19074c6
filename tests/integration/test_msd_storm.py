"""Three hundred resources at once, and one among them that the API server refuses: point 10 of what must hold."""

import collections
import concurrent.futures
import datetime
import itertools
import json
import time

import pytest

from informers import errors
from tests.support import cluster, control_planes, manager_process
from tests.support.cluster import eventually, sample

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(900)]
COUNT = 300
REFUSED = "ms-007-v1s0"
RETRY_SECONDS = 30
LEAST_SECONDS = RETRY_SECONDS - 1
"""Between two runs or refusals, with what the clocks of two processes may differ."""
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "Metadata", "verbs": ["patch"], "resources": [{"group": "", "resources": ["services"]}]},
        {"level": "None"},
    ],
}
"""The API server's log of all that is applied to Services."""
POLICIES = "admissionregistration.k8s.io/v1"
PATHS = {kind: f"/apis/{POLICIES}/validatingadmissionpolic{end}" for kind, end in (("", "ies"), ("Binding", "ybindings"))}


def policy(namespace):
    """Return what makes the API server refuse one Service with 422, as it would refuse any bad child."""
    name = "refuse-one-service"
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["services"], "operations": ["CREATE", "UPDATE"]}
    condition = {"name": "it", "expression": f"object.metadata.name == '{REFUSED}' && object.metadata.namespace == '{namespace}'"}
    spec = {
        "matchConstraints": {"resourceRules": [rule]},
        "matchConditions": [condition],
        "validations": [{"expression": "false", "message": "not this one", "reason": "Invalid"}],
    }
    binding = {"policyName": name, "validationActions": ["Deny"]}
    kinds = {"ValidatingAdmissionPolicy": spec, "ValidatingAdmissionPolicyBinding": binding}
    return [{"apiVersion": POLICIES, "kind": kind, "metadata": {"name": name}, "spec": part} for kind, part in kinds.items()]


@pytest.fixture
def storm(tmp_path):
    """A control plane that refuses one Service, and a manager with one worker."""
    policy_file, audit_log = tmp_path / "audit-policy.json", tmp_path / "audit.log"
    policy_file.write_text(json.dumps(AUDIT_POLICY))
    audit_flags = (f"--audit-policy-file={policy_file}", f"--audit-log-path={audit_log}")
    with control_planes.create(nodes=2, api_server_flags=audit_flags) as running:
        team = cluster.Cluster(running.kubeconfig, control_planes.make_namespace(running))
        for path, manifest in zip(PATHS.values(), policy(team.namespace), strict=True):
            running.client.post(path, manifest)
        eventually(lambda: is_refused(team))
        team.secret()
        flags = ("--max-concurrent-reconciles", "1")
        with manager_process.ManagerProcess(running.kubeconfig, tmp_path / "log", *flags) as manager:
            manager.wait_until_working()
            yield running, team, manager, audit_log


def is_refused(team):
    """Tell whether the policy is in force: it takes the API server a moment."""
    probe = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": REFUSED}, "spec": {"ports": [{"port": 80}]}}
    try:
        team.create(probe)
    except errors.InvalidError:
        return True
    team.delete("Service", REFUSED)
    return False


def ready(team):
    """Return the names of the resources that are Ready."""
    names = set()
    for found in team.list("MicroServiceDeploy"):
        conditions = {condition["type"]: condition for condition in found.get("status", {}).get("conditions", ())}
        if conditions.get("Ready", {}).get("status") == "True":
            names.add(found["metadata"]["name"])
    return names


def wait_ready(team, names, timeout_seconds):
    """Wait until exactly *names* are Ready, looking rarely: a look is a list of everything."""
    deadline = time.monotonic() + timeout_seconds
    while (missing := names ^ ready(team)) and time.monotonic() < deadline:
        time.sleep(1)
    assert not missing, sorted(missing)[:10]


def runs(manager, name):
    """Return the times at which the instance *name* was reconciled, in seconds."""
    lines = [json.loads(line) for line in manager.output.splitlines() if '"Reconciling"' in line]
    return seconds(line["ts"] for line in lines if (line["controller"], line["name"]) == ("microservicedeploy", name))


def refusals(audit_log, name):
    """Return the times at which the API server answered 422 to the application of a Service, in seconds."""
    lines = [json.loads(line) for line in audit_log.read_text().splitlines(keepends=True) if line.endswith("\n")]
    refused = [line for line in lines if (line["objectRef"]["name"], line["responseStatus"]["code"]) == (name, 422)]
    return seconds(line["requestReceivedTimestamp"] for line in refused)


def seconds(stamps):
    return [datetime.datetime.fromisoformat(stamp).timestamp() for stamp in stamps]


def assert_rare(times):
    """Fail unless there are two, and between any two neighbours the time of a retry."""
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert gaps
    assert min(gaps) >= LEAST_SECONDS, gaps


def test_10_three_hundred_at_once_become_complete_and_a_refused_one_delays_nobody(storm):
    """With one worker 299 complete while one gets 422, which is tried once in 30 s; when it is refused no more, it completes."""
    running, team, manager, audit_log = storm
    names = {f"ms-{number:03}-v1s0" for number in range(COUNT)}
    with concurrent.futures.ThreadPoolExecutor(16) as users:
        list(users.map(lambda name: team.create(sample(name, msName=name.removesuffix("-v1s0"), replicas=1)), sorted(names)))
    wait_ready(team, names - {REFUSED}, 600)
    condition = team.conditions(REFUSED)["Degraded"]
    assert (condition["status"], condition["reason"]) == ("True", "ChildRejected")
    assert "Service" in condition["message"]

    eventually(lambda: team.get("Deployment", REFUSED)["status"].get("availableReplicas") == 1)
    before = len(runs(manager, REFUSED))  # its other children are there now, so no event makes it run
    eventually(lambda: len(runs(manager, REFUSED)) >= before + 2, 3 * RETRY_SECONDS)
    assert_rare(runs(manager, REFUSED)[before:])
    assert_rare(refusals(audit_log, REFUSED))

    for path in reversed(PATHS.values()):
        running.client.delete(f"{path}/refuse-one-service", {})
    wait_ready(team, names, 2 * RETRY_SECONDS)
    assert_exact(team, names)


def assert_exact(team, names):
    """Fail unless every resource has each of its children once, and the quota is the sum."""
    kinds = ("ServiceAccount", "ConfigMap", "Deployment", "Service", "HorizontalPodAutoscaler", "NetworkPolicy")
    for kind in kinds:
        assert {child["metadata"]["name"] for child in team.list(kind)} - {"default", "kube-root-ca.crt"} == names, kind
    pods = collections.Counter(pod["metadata"]["labels"]["app.kubernetes.io/instance"] for pod in team.list("Pod"))
    assert pods == dict.fromkeys(names, 1)
    # each may grow to two pods by autoscaling, and one of surge; a pod is the application's 2 CPUs and the proxy's 50m
    eventually(lambda: team.get("ResourceQuota", "msd-quota")["spec"]["hard"]["requests.cpu"] == f"{COUNT * 3 * 2050 // 1000}")
