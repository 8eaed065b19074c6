"""What the operator may do with Secrets, on a control plane where it may do no more than it says: get, one by one."""

import base64

import pytest
import yaml

from tests.support import auth_proxies, cluster, control_planes, manager_process

pytestmark = [pytest.mark.controlplane, pytest.mark.real_only]
NAME = "ms-auth-v1s0"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
ALL = ["get", "list", "watch", "create", "update", "patch", "delete"]
CORE = ["configmaps", "events", "namespaces", "resourcequotas", "serviceaccounts", "services"]
GROUPS = ["apps", "autoscaling", "custom.ops", "events.k8s.io", "networking.k8s.io"]
RULES = [{"apiGroups": [""], "resources": CORE, "verbs": ALL}, {"apiGroups": GROUPS, "resources": ["*"], "verbs": ALL}]
MAY_GET = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}


@pytest.fixture
def team(private_control_plane):
    """A namespace in which nobody is at work."""
    return cluster.Cluster(private_control_plane.kubeconfig, control_planes.make_namespace(private_control_plane))


@pytest.fixture
def operator(private_control_plane, team, tmp_path):
    """The operator's account: a manager for each call, run as it."""
    client = private_control_plane.client
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": team.namespace}
    client.post(f"{RBAC}/clusterroles", {"metadata": {"name": team.namespace}, "rules": [*RULES, MAY_GET]})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": team.namespace}
    binding = {"metadata": {"name": team.namespace}, "subjects": [subject], "roleRef": role}
    client.post(f"{RBAC}/clusterrolebindings", binding)
    account = f"/api/v1/namespaces/{team.namespace}/serviceaccounts/default/token"
    token = client.post(account, {"spec": {"expirationSeconds": 3600}})["status"]["token"]
    config = yaml.safe_load(private_control_plane.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": token}
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(config))
    return lambda: manager_process.ManagerProcess(kubeconfig, tmp_path / "log", "--namespace", team.namespace)


def auth_ready(team):
    """Return the reason of AuthReady."""
    return team.conditions(NAME).get("AuthReady", {}).get("reason")


def test_the_operator_only_gets_secrets(team, operator, private_control_plane):
    """With the right to get Secrets and none to list or watch them all works; a Secret that goes, or may not be read, is told."""
    lines = auth_proxies.LINES["bcrypt"]
    team.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "tenant-auth"}, "stringData": {"auth": lines}})
    team.apply(cluster.sample(NAME, msName="ms-auth", creationTimestamp=None))
    with operator() as running:
        cluster.eventually(lambda: auth_ready(team) == "TenantSecretFound", 30, lambda: running.output[-3000:])
        cluster.eventually(lambda: team.get("Deployment", NAME))
        assert running.fetch("health probes", "/readyz")
        team.delete("Secret", "tenant-auth")
        assert auth_ready(team) == "TenantSecretFound"  # the proxy closes at once; the status, at the next look
    with operator() as running:  # which looks afresh
        cluster.eventually(lambda: auth_ready(team) == "TenantSecretMissing", 30, lambda: running.output[-3000:])
        assert team.conditions(NAME)["Ready"]["reason"] == "TenantSecretMissing"
    role = f"{RBAC}/clusterroles/{team.namespace}"
    private_control_plane.client.patch(role, {"rules": RULES})
    with operator() as running:
        cluster.eventually(lambda: auth_ready(team) == "TenantSecretForbidden", 30, lambda: running.output[-3000:])
        assert "grant it get on secrets" in team.conditions(NAME)["Ready"]["message"]
        assert team.get("Service", NAME)["spec"]["ports"][0]["targetPort"] == "auth"
        assert base64.b64encode(lines.encode()).decode() not in running.output
        assert lines not in running.output
