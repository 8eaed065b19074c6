"""The host of a path: one instance has it, every reason moves it, and it is never without an Ingress while it moves."""

import contextlib
import itertools
import threading

from tests.support import cluster, manager_process
from tests.support.cluster import eventually, sample

OLD, NEW, THIRD = "ms-shop-v1s0", "ms-shop-v1s1", "ms-shop-v1s2"


def instance(name, created, **spec):
    """Return an instance of ms-shop without pods' extras; *created* is in epoch milliseconds, or None."""
    fields = {"msName": "ms-shop", "needAuth": False, "autoscaling": False, "replicas": 1, "creationTimestamp": created}
    return sample(name, **{**fields, "resourceRequirements": None, **spec})


def preferred(manifest):
    """Return the manifest with the annotation that makes it the holder."""
    return {**manifest, "metadata": {**manifest["metadata"], "annotations": {"custom.ops/host": "prefer"}}}


def host_of(team, path="v1"):
    return f"{path}.ms-shop.{team.namespace}.apps.example.com"


def holders(team, path="v1"):
    """Return the names of the Ingresses that have the host of *path*."""
    rules = {found["metadata"]["name"]: found["spec"]["rules"] for found in team.list("Ingress")}
    return sorted(name for name, (rule,) in rules.items() if rule["host"] == host_of(team, path))


def wait_holder(team, holder, others=(), path="v1"):
    """Wait until *holder* alone has the host, and everyone's status says so."""

    def look():
        conditions = {name: team.conditions(name).get("HostReady", {}) for name in (holder, *others)}
        hosts = {name: team.get("MicroServiceDeploy", name).get("status", {}).get("host") for name in conditions}
        return (
            holders(team, path) == [holder]
            and conditions[holder].get("reason") == "AddressPending"
            and hosts == {name: host_of(team, path) if name == holder else None for name in hosts}
            and all(conditions[name].get("reason") == "PathConflict" for name in others)
            and all(f"host {host_of(team, path)} is held by {holder}" == conditions[name].get("message") for name in others)
        )

    eventually(look, 30, lambda: (holders(team, path), [team.conditions(name) for name in (holder, *others)]))


@contextlib.contextmanager
def recorded(control_plane, namespace):
    """Yield a list of the Ingresses that there were after each of their changes, as the server tells them."""
    path = f"/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses"
    watch = control_plane.client.watch(f"{path}?watch=true&timeoutSeconds=150", 160.0)
    moments, hosts = [], {}

    def follow():
        for frame in watch:
            name = frame["object"]["metadata"]["name"]
            hosts.pop(name, None)
            if frame["type"] != "DELETED":
                hosts[name] = frame["object"]["spec"]["rules"][0]["host"]
            moments.append(dict(hosts))

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        yield moments
    finally:
        watch.stop()
        thread.join()


def test_the_host_moves_by_age_idleness_preference_and_deletion_and_is_never_without_an_ingress(control_plane, team):
    """The smaller creationTimestamp counts as a number; at each switch the new Ingress is there before the old one goes."""
    with recorded(control_plane, team.namespace) as moments:
        team.apply(instance(NEW, "10000000000"))
        wait_holder(team, NEW)
        team.apply(instance(OLD, "9999999999"))
        wait_holder(team, OLD, [NEW])
        team.apply(instance(OLD, "9999999999", idle=True))
        wait_holder(team, NEW, [OLD])
        team.apply(instance(OLD, "9999999999"))
        wait_holder(team, OLD, [NEW])
        team.apply(preferred(instance(NEW, "10000000000")))
        wait_holder(team, NEW, [OLD])
        team.apply(preferred(instance(NEW, "10000000000", idle=True)))
        eventually(lambda: team.conditions(NEW)["Ready"]["reason"] == "Idle")
        wait_holder(team, NEW, [OLD])
        team.apply(instance(NEW, "10000000000"))
        wait_holder(team, OLD, [NEW])
        assert team.conditions(NEW)["HostReady"]["status"] == "False"
        team.wait_ready(NEW)  # Ready does not ask for the host
        eventually(lambda: list(moments[-1]) == [OLD])
        before_deletion = list(moments)
        team.delete("MicroServiceDeploy", OLD)
        wait_holder(team, NEW)
    seen = [sorted(moment) for moment, _ in itertools.groupby(before_deletion)]
    assert seen == [[NEW], *itertools.chain.from_iterable([[OLD, NEW], [holder]] for holder in (OLD, NEW, OLD, NEW, OLD))]
    assert all(set(moment.values()) == {host_of(team)} for moment in before_deletion)


def test_without_a_given_age_the_servers_counts_and_then_the_name(team):
    """Of three made in one second the first by name has the host; one with a given age that is later than they yields to them."""
    team.apply(instance(THIRD, "9999999999999"))
    wait_holder(team, THIRD)
    team.apply(instance(NEW, None))
    wait_holder(team, NEW, [THIRD])
    first = team.get("MicroServiceDeploy", NEW)["metadata"]["creationTimestamp"]
    made = team.apply(instance(OLD, None))["metadata"]["creationTimestamp"]
    older, younger = (OLD, NEW) if made == first else (NEW, OLD)
    wait_holder(team, older, [younger, THIRD])


def test_a_change_of_path_moves_an_instance_to_another_host_and_frees_the_old_one(team):
    """Both hosts are held then, and the pods stay as they are."""
    team.apply(instance(OLD, "1000000000"))
    team.apply(instance(NEW, "2000000000"))
    wait_holder(team, OLD, [NEW])
    team.wait_ready(OLD)
    revision = team.get("Deployment", OLD)["metadata"]["annotations"]["deployment.kubernetes.io/revision"]
    team.apply(instance(OLD, "1000000000", path="v2"))
    wait_holder(team, OLD, path="v2")
    wait_holder(team, NEW)
    assert team.get("Deployment", OLD)["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == revision
    team.apply(instance(OLD, "1000000000"))
    wait_holder(team, OLD, [NEW])


def test_the_host_is_ready_when_the_ingress_has_an_address(team):
    """An ingress controller writes it into the Ingress's status; nothing else is asked for."""
    team.apply(instance(OLD, None))
    wait_holder(team, OLD)
    ingress = team.get("Ingress", OLD)
    assert "ingressClassName" not in ingress["spec"]
    assert "tls" not in ingress["spec"]
    address = {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}}
    team.client.merge_patch(cluster.gvk("Ingress"), cluster.objects.ObjectKey(team.namespace, OLD), address, "status")
    eventually(lambda: team.conditions(OLD)["HostReady"]["reason"] == "HostServed", 10, lambda: team.conditions(OLD))
    assert team.conditions(OLD)["HostReady"]["message"] == f"host {host_of(team)} leads here"


def test_class_and_certificate_come_from_flags_and_go_with_them(quiet_control_plane, quiet_teams, tmp_path):
    """A manager started with other flags changes the Ingresses, and without a base domain it removes them."""
    team = quiet_teams[0]
    team.apply(instance(OLD, None))
    every = ("--namespace", team.namespace)
    domain = (*every, "--base-domain", "apps.example.com")
    flags = (*domain, "--ingress-class", "private", "--ingress-tls-secret", "hosts-certificate")
    with manager_process.ManagerProcess(quiet_control_plane.kubeconfig, tmp_path / "with", *flags):
        wait_holder(team, OLD)
        spec = team.get("Ingress", OLD)["spec"]
        assert (spec["ingressClassName"], spec["tls"]) == (
            "private",
            [{"hosts": [host_of(team)], "secretName": "hosts-certificate"}],
        )
    with manager_process.ManagerProcess(quiet_control_plane.kubeconfig, tmp_path / "less", *domain):
        eventually(lambda: team.get("Ingress", OLD)["spec"].keys() == {"rules"}, 30, lambda: team.get("Ingress", OLD))
    with manager_process.ManagerProcess(quiet_control_plane.kubeconfig, tmp_path / "none", *every):
        eventually(lambda: team.get("Ingress", OLD) is None)
        eventually(lambda: team.conditions(OLD)["HostReady"]["reason"] == "NotRequested")
        assert "host" not in team.get("MicroServiceDeploy", OLD)["status"]
