"""Appliers and statuses on a real API server."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from controller.client import interfaces, live, restmapper, transport
from informers import objects
from reconcilers import apply, ownership, status
from tests.support import control_planes, counting_client, fake_clock, manifests, raw_api

US = "coxswain"
KINDS = [objects.GroupVersionKind.of_object(make()) for make in manifests.CHILDREN]
CONTAINER = "spec/template/spec/containers/0"


class Stage:
    """One namespace with an owner, and an applier whose cache is as fresh as the last `sync`."""

    def __init__(self, client: interfaces.Client, namespace: str) -> None:
        self.client = counting_client.CountingClient(client)
        self.namespace = namespace
        self.cache = counting_client.ListedCache(client, namespace, KINDS)
        self.owner = ownership.ByController(self.make(manifests.manifest("v1", "ConfigMap", "owner", data={})))
        self.restart()

    def restart(self) -> None:
        """Forget everything, as a new process does, and list."""
        self.applier = apply.Applier(self.cache, self.client, US, fake_clock.FakeClock())
        self.client.mutations = 0
        self.cache.sync()

    def make(self, obj: dict[str, Any], manager: str = "somebody") -> dict[str, Any]:
        """Apply as another manager."""
        return self.client.apply(self.placed(obj), interfaces.ApplyOptions(manager, force=True))

    def placed(self, obj: dict[str, Any]) -> dict[str, Any]:
        """Put *obj* into the namespace."""
        return {**obj, "metadata": {**obj["metadata"], "namespace": self.namespace}}

    def ensure(self, obj: dict[str, Any], *, is_synced: bool = True) -> apply.Outcome:
        """Ensure, then let the cache catch up."""
        outcome = self.applier.ensure(self.owner, self.placed(obj))
        if is_synced:
            self.cache.sync()
        return outcome

    def live(self, obj: dict[str, Any]) -> dict[str, Any]:
        """Return the object as it is."""
        return self.client.get(*apply.Child.of(self.placed(obj)))

    def delete(self, obj: dict[str, Any]) -> None:
        """Delete as somebody else."""
        self.client.delete(*apply.Child.of(self.placed(obj)))

    def assert_quiet(self, *wishes: dict[str, Any]) -> None:
        """Assert that a new process would find all as desired and send nothing."""
        self.restart()
        for obj in wishes:
            outcome = self.ensure(obj, is_synced=False)
            assert (outcome.state, outcome.differences) == (apply.State.UNCHANGED, ())
        assert self.client.mutations == 0


@pytest.fixture(name="client", scope="module")
def _client(control_plane: Any) -> Iterator[live.LiveClient]:
    connection = transport.Transport(control_plane.client_config, transport.TransportOptions())
    yield live.LiveClient(connection, restmapper.RESTMapper(connection))
    connection.close()


@pytest.fixture(name="api", scope="module")
def _api(control_plane: Any) -> Iterator[raw_api.Api]:
    api = raw_api.Api(control_plane.kubeconfig)
    yield api
    api.close()


@pytest.fixture(name="stage")
def _stage(client: live.LiveClient, namespace: str) -> Stage:
    return Stage(client, namespace)


@pytest.fixture(name="edit")
def _edit(api: raw_api.Api, stage: Stage) -> Callable[[str, dict[str, Any], Callable[[dict[str, Any]], None]], None]:
    """Replace an object as `kubectl edit` does; *resource* is its API path without namespace."""

    def edit(resource: str, obj: dict[str, Any], change: Callable[[dict[str, Any]], None]) -> None:
        prefix, _, plural = resource.rpartition("/")
        path = f"{prefix}/namespaces/{stage.namespace}/{plural}/{obj['metadata']['name']}"
        present = api.request("GET", path).body
        change(present)
        # Controllers write to the status meanwhile: an edit by hand would be tried again, so it goes without resourceVersion.
        del present["metadata"]["resourceVersion"]
        answer = api.request("PUT", path, present, fieldManager="kubectl-edit")
        assert answer.status == 200, answer.body
        stage.cache.sync()

    return edit


def at(obj: Any, path: str) -> Any:
    for element in path.split("/"):
        obj = obj[int(element)] if element.isdigit() else obj[element]
    return obj


def changed(obj: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return *obj* with *value* at *path*; without that field for `...`."""
    obj = copy.deepcopy(obj)
    parent, _, last = path.rpartition("/")
    holder, key = at(obj, parent), int(last) if last.isdigit() else last
    if value is ...:
        del holder[key]
    else:
        holder[key] = value
    return obj


@pytest.mark.parametrize("make", manifests.CHILDREN)
def test_nothing_differs_right_after_an_apply(stage: Stage, make: Callable[[], dict[str, Any]]) -> None:
    """Each kind is created once; then a new process finds nothing to send, also after others added their own fields."""
    assert stage.ensure(make()).state is apply.State.CREATED
    stage.assert_quiet(make())
    metadata = {"name": make()["metadata"]["name"], "labels": {"theirs": "x"}}
    stage.make({"apiVersion": make()["apiVersion"], "kind": make()["kind"], "metadata": metadata})
    stage.assert_quiet(make())
    assert stage.live(make())["metadata"]["labels"]["theirs"] == "x"


@pytest.mark.parametrize(
    ("make", "path", "value", "names"),
    [
        (manifests.deployment, f"{CONTAINER}/env/1", ..., "spec.template.spec.containers[name=app].env[name=POD]"),
        (manifests.deployment, f"{CONTAINER}/args", ..., "spec.template.spec.containers[name=app].args"),
        (manifests.deployment, "spec/replicas", ..., "spec.replicas"),
        (manifests.deployment, "spec/template/spec/nodeSelector/zone", ..., "spec.template.spec.nodeSelector"),
        (manifests.deployment, "spec/template/spec/nodeSelector", {}, "spec.template.spec.nodeSelector"),
        (manifests.deployment, "spec/template/spec/tolerations/0/effect", ..., "spec.template.spec.tolerations"),
        (manifests.deployment, "spec/template/spec/volumes/2", ..., "spec.template.spec.volumes[name=none]"),
        (manifests.deployment, f"{CONTAINER}/ports/1/protocol", "TCP", "spec.template.spec.containers[name=app].ports[1]"),
        (manifests.service, "spec/ports/1/targetPort", "web", "spec.ports[port=443,protocol=TCP].targetPort"),
        (manifests.config_map, "data/sizeLimit", "1", "data.sizeLimit"),
        (manifests.resource_quota, "spec/hard/requests.cpu", "1001m", 'spec.hard["requests.cpu"]'),
        (manifests.horizontal_pod_autoscaler, "spec/metrics/1/resource/target/averageValue", "1Mi", "spec.metrics"),
        (manifests.ingress, "spec/rules/0/host", ..., "spec.rules"),
        (manifests.network_policy, "spec/ingress/0/from/0/namespaceSelector", {}, "spec.ingress"),
        (manifests.network_policy, "spec/ingress", [], "spec.ingress"),
    ],
)
def test_a_changed_wish_is_named_and_applied(
    stage: Stage, make: Callable[[], dict[str, Any]], path: str, value: Any, names: str
) -> None:
    """One change gives one apply that names it; after it, and after the way back, all is quiet."""
    stage.ensure(make())
    wish = changed(make(), path, value)
    outcome = stage.ensure(wish)
    assert outcome.state is apply.State.APPLIED, outcome.message
    assert names in [difference.path for difference in outcome.differences]
    stage.assert_quiet(wish)
    # Nothing need be sent for an empty list that is absent.
    assert stage.ensure(make()).state is (apply.State.UNCHANGED if path.endswith("args") else apply.State.APPLIED)
    stage.assert_quiet(make())


DEPLOYMENTS = "/apis/apps/v1/deployments"


@pytest.mark.parametrize(
    ("resource", "make", "path", "value", "names"),
    [
        (DEPLOYMENTS, manifests.deployment, f"{CONTAINER}/image", "other", "spec.template.spec.containers[name=app].image"),
        (DEPLOYMENTS, manifests.deployment, "spec/replicas", 5, "spec.replicas"),
        (DEPLOYMENTS, manifests.deployment, f"{CONTAINER}/args", ["x"], "spec.template.spec.containers[name=app].args"),
        (DEPLOYMENTS, manifests.deployment, f"{CONTAINER}/env/0", ..., "spec.template.spec.containers[name=app].env"),
        ("/api/v1/services", manifests.service, "spec/selector/by", "hand", "spec.selector"),
        ("/api/v1/configmaps", manifests.config_map, "data/empty", "not", "data.empty"),
        ("/api/v1/resourcequotas", manifests.resource_quota, "spec/hard/pods", "7", "spec.hard.pods"),
    ],
)
def test_an_edit_by_hand_is_put_back(
    stage: Stage, edit: Callable[..., None], resource: str, make: Callable[[], dict[str, Any]], path: str, value: Any, names: str
) -> None:
    """What somebody changes of ours with an update is named, put back, and quiet afterwards."""
    stage.ensure(make())

    def change(obj: dict[str, Any]) -> None:
        obj.update(changed(obj, path, value))

    edit(resource, make(), change)
    outcome = stage.ensure(make())
    assert outcome.state is apply.State.APPLIED
    assert any(difference.path.startswith(names) for difference in outcome.differences)
    stage.assert_quiet(make())


def test_the_order_of_environment_variables_is_put_back(stage: Stage, edit: Callable[..., None]) -> None:
    """An update that only reorders them takes no ownership, and is seen all the same."""
    stage.ensure(manifests.deployment())
    edit(DEPLOYMENTS, manifests.deployment(), lambda obj: at(obj, CONTAINER)["env"].reverse())
    assert stage.ensure(manifests.deployment()).state is apply.State.APPLIED
    names = [variable["name"] for variable in at(stage.live(manifests.deployment()), CONTAINER)["env"]]
    assert names == ["EMPTY", "POD", "CPU", "URL"]


def test_what_others_add_stays(stage: Stage, edit: Callable[..., None]) -> None:
    """Fields of other managers survive our applies: an annotation, a variable, a container, a key of data."""
    stage.ensure(manifests.deployment())
    stage.ensure(manifests.config_map())

    def add(obj: dict[str, Any]) -> None:
        obj["spec"]["template"]["metadata"]["annotations"] = {"kubectl.kubernetes.io/restartedAt": "now"}
        at(obj, CONTAINER)["env"].insert(0, {"name": "THEIRS", "value": "x"})
        obj["spec"]["template"]["spec"]["containers"].insert(0, {"name": "injected", "image": "x"})

    edit(DEPLOYMENTS, manifests.deployment(), add)
    edit("/api/v1/configmaps", manifests.config_map(), lambda obj: obj["data"].update(theirs="x"))
    stage.assert_quiet(manifests.deployment(), manifests.config_map())
    wish = changed(manifests.deployment(), f"{CONTAINER}/image", "other")
    assert stage.ensure(wish).state is apply.State.APPLIED
    template = stage.live(wish)["spec"]["template"]
    assert "kubectl.kubernetes.io/restartedAt" in template["metadata"]["annotations"]
    containers = {container["name"]: container for container in template["spec"]["containers"]}
    assert set(containers) == {"injected", "app", "proxy"}
    assert "THEIRS" in [variable["name"] for variable in containers["app"]["env"]]
    stage.assert_quiet(wish)


def test_a_deleted_child_is_created_again(stage: Stage) -> None:
    """Whether the cache knows of the deletion or not."""
    first = stage.ensure(manifests.service()).live
    stage.delete(manifests.service())
    second = stage.ensure(changed(manifests.service(), "spec/ports/0/port", 81))
    assert second.state is apply.State.CREATED
    stage.delete(manifests.service())
    stage.cache.sync()
    third = stage.ensure(manifests.service())
    assert third.state is apply.State.CREATED
    uids = {(obj or {})["metadata"]["uid"] for obj in (first, second.live, third.live)}
    assert len(uids) == 3


def test_a_child_that_the_cache_lacks_is_not_written_if_it_is_as_desired(stage: Stage) -> None:
    """An apply with resourceVersion 1 is answered 409, and the look shows our own child."""
    created = stage.ensure(manifests.service(), is_synced=False).live
    again = stage.ensure(manifests.service(), is_synced=False)
    assert again.state is apply.State.UNCHANGED
    assert (again.live or {})["metadata"]["resourceVersion"] == (created or {})["metadata"]["resourceVersion"]


def test_a_foreign_child_is_left_alone_until_it_goes_away(stage: Stage) -> None:
    """It is named, costs no mutating request after the first, and is replaced by ours once it is gone."""
    theirs = stage.make(changed(manifests.config_map(), "data/empty", "theirs"))
    stage.client.mutations = 0
    for _ in range(3):
        outcome = stage.ensure(manifests.config_map(), is_synced=False)
        assert (outcome.state, outcome.retry_after_seconds) == (apply.State.FOREIGN, 60)
    assert stage.client.mutations == 1
    assert stage.live(manifests.config_map()) == theirs
    stage.delete(manifests.config_map())
    assert stage.ensure(manifests.config_map()).state is apply.State.CREATED


def test_an_annotated_foreign_child_is_adopted(stage: Stage) -> None:
    """The annotation lets us apply over it; what only they set stays."""
    theirs = manifests.manifest("v1", "ConfigMap", "shop", data={"empty": "theirs", "more": "theirs"})
    stage.make(theirs)
    assert stage.ensure(manifests.config_map(), is_synced=False).state is apply.State.FOREIGN
    stage.make(changed(theirs, "metadata/annotations", {ownership.ADOPT_ANNOTATION: "true"}))
    assert stage.ensure(manifests.config_map(), is_synced=False).state is apply.State.APPLIED
    adopted = stage.live(manifests.config_map())
    assert adopted["data"] == {**manifests.config_map()["data"], "more": "theirs"}
    assert ownership.is_controlled_by(ownership.meta_of(adopted), stage.owner.uid)
    stage.assert_quiet(manifests.config_map())


def test_a_child_of_a_former_resource_is_waited_for(stage: Stage, edit: Callable[..., None]) -> None:
    """The garbage collector removes it with its owner; a finalizer holds it back here until the test lets go."""
    former = {**stage.owner.owner, "metadata": {**stage.owner.owner["metadata"], "uid": "00000000-0000-0000-0000-000000000000"}}
    left = ownership.ByController(former).claimed(stage.placed(manifests.config_map()))
    stage.make(changed(left, "metadata/finalizers", ["coxswain.dev/test"]))
    stage.client.mutations = 0
    for _ in range(3):
        assert stage.ensure(manifests.config_map(), is_synced=False).state is apply.State.WAITING
    assert stage.client.mutations == 1
    control_planes.wait_for(lambda: "deletionTimestamp" in stage.live(manifests.config_map())["metadata"], 60)
    assert stage.ensure(manifests.config_map(), is_synced=False).state is apply.State.WAITING
    edit("/api/v1/configmaps", manifests.config_map(), lambda obj: obj["metadata"].pop("finalizers"))
    assert stage.ensure(manifests.config_map()).state is apply.State.CREATED


def test_a_refusal_tells_the_servers_reason(stage: Stage) -> None:
    """A value that validation refuses is an outcome with the server's words; the same wish is not sent again at once."""
    wish = changed(manifests.service(), "spec/ports/0/port", 70000)
    for _ in range(2):
        outcome = stage.ensure(wish)
        assert (outcome.state, outcome.retry_after_seconds) == (apply.State.REJECTED, 30)
        assert "70000" in outcome.message
    assert stage.client.mutations == 1
    assert stage.ensure(manifests.service()).state is apply.State.CREATED


def test_a_refused_change_leaves_the_child(stage: Stage) -> None:
    """An immutable selector cannot be changed; the outcome shows the child as it stays."""
    stage.ensure(manifests.deployment())
    labels = {**manifests.LABELS, "new": "x"}
    wish = changed(manifests.deployment(), "spec/selector/matchLabels", labels)
    wish["spec"]["template"]["metadata"]["labels"] = labels
    outcome = stage.ensure(wish)
    assert outcome.state is apply.State.REJECTED
    assert outcome.live is not None
    assert outcome.live["spec"]["selector"]["matchLabels"] == manifests.LABELS


def test_unwanted_children_are_pruned_and_shared_objects_removed(stage: Stage) -> None:
    """Only what our controller reference marks goes; the shared quota goes by its labels, a copy of them does not."""
    stage.ensure(manifests.service())
    stage.ensure(manifests.config_map())
    stage.make(manifests.service_account())
    stage.cache.sync()
    kept = {apply.Child.of(stage.placed(manifests.config_map()))}
    pruned = stage.applier.prune(stage.owner, KINDS, kept)
    assert [(str(outcome.child), outcome.state) for outcome in pruned] == [("Service shop", apply.State.DELETED)]
    stage.cache.sync()
    assert stage.applier.prune(stage.owner, KINDS, kept) == []
    stage.live(manifests.service_account())

    shared = ownership.ByLabels({"app.kubernetes.io/managed-by": "coxswain"}, US)
    quota = stage.placed(manifests.resource_quota())
    assert stage.applier.ensure(shared, quota).state is apply.State.CREATED
    stage.cache.sync()
    assert stage.applier.ensure(shared, quota).state is apply.State.UNCHANGED
    assert "ownerReferences" not in stage.live(quota)["metadata"]
    assert stage.applier.remove(shared, apply.Child.of(quota))
    stage.cache.sync()
    stage.make(quota)
    stage.cache.sync()
    assert not stage.applier.remove(shared, apply.Child.of(quota))
    assert stage.applier.ensure(shared, quota).state is apply.State.FOREIGN


SHIP = {
    "apiVersion": "custom.ops/v1",
    "kind": "MicroServiceDeploy",
    "metadata": {"name": "ms"},
    "spec": {"msName": "ms", "version": "1.0", "path": "v1", "image": "x"},
}


def test_a_status_is_written_only_when_it_differs(stage: Stage) -> None:
    """One write for a new verdict, none for the same again; the spec and conditions of others stay; nothing is created."""
    clock, child = fake_clock.FakeClock(), apply.Child.of(stage.placed(SHIP))
    stage.make(SHIP)

    def write(verdict: str) -> bool:
        primary = stage.client.get(*child)
        previous = [c for c in primary.get("status", {}).get("conditions", []) if c["type"] != "Theirs"]
        conditions = status.Conditions(previous, [status.Condition("Ready", verdict, "Because")], 1, clock).to_list()
        clock.step(60)
        return status.write_status(
            stage.client, primary, {"observedGeneration": 1, "replicas": 0, "conditions": conditions}, "coxswain"
        )

    assert write("False")
    assert not write("False")
    theirs = {"type": "Theirs", "status": "True", "reason": "X", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    options = interfaces.ApplyOptions("somebody", subresource="status")
    stage.client.apply(stage.placed({**SHIP, "status": {"conditions": [theirs]}}), options)
    assert not write("False")
    assert write("True")
    present = stage.client.get(*child)
    assert {c["type"]: c["status"] for c in present["status"]["conditions"]} == {"Ready": "True", "Theirs": "True"}
    stage.client.delete(*child)
    stage.client.mutations = 0
    assert not status.write_status(stage.client, present, {"observedGeneration": 2}, "coxswain")
    assert stage.client.list(child.gvk, namespace=stage.namespace) == []
