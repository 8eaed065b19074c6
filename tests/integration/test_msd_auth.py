"""The life of needAuth on the real control plane: closed without the Secret, repaired by itself, turned off and on."""

import base64
import contextlib

import pytest

from reconcilers.microservicedeploy import auth_proxy
from tests.support import auth_proxies, echo_application
from tests.support.cluster import eventually, sample

REPAIR_SECONDS = 35
"""A missing Secret is looked at every 30 s."""
NAME = "ms-auth-v1s0"


def instance(name=NAME, **spec):
    """Return the sample with one pod, without what plays no part here."""
    small = {"limits": {"cpu": "100m", "memory": "64Mi"}, "requests": {"cpu": "100m", "memory": "64Mi"}}
    plain = {"msName": "ms-auth", "autoscaling": False, "replicas": 1, "creationTimestamp": None, "resourceRequirements": small}
    return sample(name, **{**plain, **spec})


def secret(name, **lines):
    """Return a Secret with these keys."""
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": lines}


def reasons(team, name):
    """Return status and reason of the conditions that speak of the Secret."""
    found = team.conditions(name)
    return {kind: (found[kind]["status"], found[kind]["reason"]) for kind in ("AuthReady", "Ready") if kind in found}


def wait_for_reason(team, name, reason):
    """Wait until the instance is not Ready for *reason*."""
    wanted = {"AuthReady": ("False", reason), "Ready": ("False", reason)}
    eventually(lambda: reasons(team, name) == wanted, 20, lambda: team.conditions(name))


def target(team, name=NAME):
    """Return the name of the port that the Service leads to."""
    return team.get("Service", name)["spec"]["ports"][0]["targetPort"]


def endpoints(team, name=NAME):
    """Return the ports on which pods of the instance get traffic."""
    slices = [one for one in team.list("EndpointSlice") if one["metadata"]["labels"].get("kubernetes.io/service-name") == name]
    return {port["port"] for one in slices if one.get("endpoints") for port in one["ports"] or ()}


def revision(team, name=NAME):
    """Return how often the pods have been rolled, the first time included."""
    return int(team.get("Deployment", name)["metadata"]["annotations"]["deployment.kubernetes.io/revision"])


def version(manifest):
    """Return when an object was last written, as a number that can be compared."""
    return int(manifest["metadata"]["resourceVersion"])


def pods(team, name=NAME):
    """Return the instance's pods that are not on their way out."""
    found = [pod for pod in team.list("Pod") if pod["metadata"]["labels"].get("app.kubernetes.io/instance") == name]
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


def containers(team, name=NAME):
    """Return the names of the containers of each pod."""
    return [[container["name"] for container in pod["spec"]["containers"]] for pod in pods(team, name)]


def test_closed_at_once_and_repaired_by_itself(team):
    """Without the Secret, or without its key, an instance is closed from the start; the Secret's coming mends it in 30 s."""
    without, keyless, complete = "ms-auth-v1s1", "ms-auth-v1s2", "ms-auth-v1s3"
    team.create(secret("keyless", other="x"))
    team.create(secret("complete", auth=auth_proxies.LINES["bcrypt"]))
    for name, tenant in ((without, "absent"), (keyless, "keyless"), (complete, "complete")):
        team.apply(instance(name, tenant=tenant))
    for name, reason in ((without, "TenantSecretMissing"), (keyless, "TenantSecretKeyMissing")):
        wait_for_reason(team, name, reason)
        assert target(team, name) == "auth"
        assert version(team.get("NetworkPolicy", name)) < version(team.get("Service", name))
        [ingress] = team.get("NetworkPolicy", name)["spec"]["ingress"]
        assert ingress == {"ports": [{"port": "auth", "protocol": "TCP"}]}
        tenant = "absent" if name == without else "keyless"
        assert f"Secret {tenant}" in team.conditions(name)["Ready"]["message"]
    # the pods run all the same, and what is refused is not their number
    eventually(lambda: all(endpoints(team, name) == {15080} for name in (without, keyless, complete)), 60)
    team.wait_ready(complete)
    team.create(secret("absent", auth=auth_proxies.LINES["bcrypt"]))
    team.patch("Secret", "keyless", {"stringData": {"auth": auth_proxies.LINES["bcrypt"]}})
    for name in (without, keyless):
        team.wait_ready(name, REPAIR_SECONDS)
        assert reasons(team, name)["AuthReady"] == ("True", "TenantSecretFound")


def test_turned_on_and_off_with_one_roll_each(team):
    """On: the door closes first, then the pods roll once; another tenant rolls once; off: one roll, and nothing is left."""
    team.create(secret("gold", auth=auth_proxies.LINES["bcrypt"]))
    team.create(secret("silver", auth=auth_proxies.LINES["bcrypt"]))
    team.apply(instance(needAuth=False, tenant="silver"))
    team.wait_ready(NAME)
    assert (revision(team), target(team), containers(team)) == (1, "http", [["app"]])
    eventually(lambda: endpoints(team) == {8080})
    team.apply(instance(needAuth=False, tenant="gold"))  # which plays no part while needAuth is off
    team.wait_ready(NAME)
    assert revision(team) == 1

    team.apply(instance(tenant="gold"))
    eventually(lambda: target(team) == "auth")
    assert version(team.get("NetworkPolicy", NAME)) < version(team.get("Service", NAME))
    team.wait_ready(NAME)
    eventually(lambda: containers(team) == [["app", "auth-proxy"]], describe=lambda: containers(team))
    eventually(lambda: endpoints(team) == {15080}, describe=lambda: endpoints(team))
    assert revision(team) == 2

    team.apply(instance(tenant="silver"))
    team.wait_ready(NAME)
    assert revision(team) == 3
    [volume] = [one for one in pods(team)[0]["spec"]["volumes"] if one["name"] == "auth-proxy-tenant"]
    assert (volume["secret"]["secretName"], volume["secret"]["optional"]) == ("silver", True)

    team.apply(instance(needAuth=False, tenant="silver"))
    team.wait_ready(NAME)
    eventually(lambda: containers(team) == [["app"]], describe=lambda: containers(team))
    eventually(lambda: endpoints(team) == {8080}, describe=lambda: endpoints(team))
    assert revision(team) == 4
    assert team.get("NetworkPolicy", NAME) is None
    template = team.get("Deployment", NAME)["spec"]["template"]
    assert [volume["name"] for volume in template["spec"]["volumes"]] == ["config"]
    assert auth_proxy.CONFIGURATION_ANNOTATION not in template["metadata"]["annotations"]
    assert reasons(team, NAME)["AuthReady"] == ("True", "NotRequested")


def test_pods_without_the_proxy_get_no_traffic_while_it_is_turned_on(team):
    """Pods of before have no port auth: though the roll cannot finish, no request reaches them past the proxy."""
    team.create(secret("tenant-auth", auth=auth_proxies.LINES["bcrypt"]))
    team.apply(instance(needAuth=False))
    team.wait_ready(NAME)
    eventually(lambda: endpoints(team) == {8080})
    team.apply(instance(nodeSelector={"no": "such-node"}))
    eventually(lambda: endpoints(team) == set(), describe=lambda: endpoints(team))
    assert ["app"] in containers(team)
    assert team.get("NetworkPolicy", NAME)


@pytest.mark.nginx
def test_the_proxy_of_a_live_pod_asks_for_the_live_secrets_password(team, nginx_program):
    """End to end: what a pod of the cluster carries, run with a real nginx, lets the tenant of the cluster's Secret in."""
    team.create(secret("tenant-auth", auth=auth_proxies.LINES["bcrypt"]))
    team.apply(instance(port=9090))
    team.wait_ready(NAME)
    [pod] = pods(team)
    lines = base64.b64decode(team.get("Secret", "tenant-auth")["data"]["auth"]).decode()
    with contextlib.ExitStack() as stack:
        application = stack.enter_context(echo_application.EchoApplication())
        proxy = stack.enter_context(auth_proxies.AuthProxy(pod, nginx_program, application.port, lines=lines))
        statuses = [proxy.status(credentials=who) for who in (None, auth_proxies.WRONG, auth_proxies.RIGHT)]
        assert statuses == [401, 401, 200]
        assert [received.headers["x-forwarded-user"] for received in application.received] == ["tenant"]
