"""Our server-side apply against the real server's: random writes by three managers, compared step by step.

First what our functions make of the real server's own objects, then what a whole embedded server answers to the same requests.
The control plane runs without its controllers, which would write to the objects too.
"""

import time

import pytest

from envtest import controlplane
from envtest.embedded import server
from envtest.embedded.builtin import resources
from tests.support import apply_operations, apply_twin, raw_api, strategic_operations, two_servers

pytestmark = pytest.mark.controlplane

DEPLOYMENT = resources.Registry.built_in().of_kind("apps/v1", "Deployment")
CONFIG_MAP = resources.Registry.built_in().of_kind("v1", "ConfigMap")
STATEFUL_SET = resources.Registry.built_in().of_kind("apps/v1", "StatefulSet")
STRATEGIC = "application/strategic-merge-patch+json"
STEPS = 25
NAMESPACE = "default"


@pytest.fixture(name="api", scope="module")
def _api():
    with controlplane.ControlPlane(controlplane.Options()) as running:
        running.stop_component("kube-controller-manager")
        api = raw_api.Api(running.kubeconfig)
        _install(api)
        yield api
        api.close()


@pytest.fixture(name="embedded", scope="module")
def _embedded():
    with server.EmbeddedControlPlane(controlplane.Options()) as running:
        api = raw_api.Api(running.kubeconfig)
        _install(api)
        yield api
        api.close()


def _install(api):
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    name = apply_operations.CRD["metadata"]["name"]
    assert api.request("POST", definitions, apply_operations.CRD).status == 201
    deadline = time.monotonic() + 30
    while not _is_served(api.request("GET", f"{definitions}/{name}").body):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.5)  # a server serves a new kind a moment after it says so


def _is_served(definition):
    conditions = definition.get("status", {}).get("conditions") or []
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)


def write(choice, twin, make):
    """Return a random write to what there is."""
    live, chance, manager = twin.live(), choice.random.random(), choice.manager()
    is_forced = choice.random.random() < 0.7
    if live is None:
        return apply_twin.Write("apply" if chance < 0.6 else "create", manager, make(is_whole=True), is_forced)
    if chance < 0.65:
        return apply_twin.Write("apply", manager, make(is_whole=False), is_forced)
    patch = choice.patch(make(is_whole=False))
    if chance < 0.85:
        return apply_twin.Write("merge", manager, patch)
    body = {**live, "spec": {**live["spec"], **{name: value for name, value in patch["spec"].items() if value is not None}}}
    if choice.random.random() < 0.3:
        body["metadata"] = {name: value for name, value in live["metadata"].items() if name != "managedFields"}
    return apply_twin.Write("put", manager, body)


@pytest.mark.parametrize("seed", range(6))
def test_a_custom_kind_is_merged_as_by_the_real_server(api, seed):
    """Objects, managedFields with their times, conflicts and resourceVersions, for every type of field and for the status."""
    choice = apply_operations.Choice(seed)
    twin = apply_twin.Twin(api, apply_twin.MIXTURE, NAMESPACE, f"mixture-{seed}")
    for _ in range(STEPS):
        step = twin.do(write(choice, twin, lambda *, is_whole: choice.mixture(f"mixture-{seed}")))
        step.check()
        if step.ours is not None and step.code < 300 and step.write.verb == "apply":
            assert apply_twin.bare(with_defaults(step.ours)) == apply_twin.bare(step.after)
        if step.code < 300 and choice.random.random() < 0.1:
            body = {**choice.mixture(f"mixture-{seed}"), "status": {"phase": choice.text(), "replicas": choice.number()}}
            verb = choice.random.choice(["merge", "apply"])
            twin.do(apply_twin.Write(verb, choice.manager(), body, force=True, subresource="status")).check()
        if choice.random.random() < 0.03:
            twin.delete()


def with_defaults(obj):
    """Return a custom object with the defaults of its ports."""
    ports = (obj.get("spec") or {}).get("ports")
    if not ports:
        return obj
    return {**obj, "spec": {**obj["spec"], "ports": [{"protocol": "TCP", **port} for port in ports]}}


@pytest.mark.parametrize("seed", range(6))
def test_a_deployment_is_merged_as_by_the_real_server(api, seed):
    """What we merge, put in place of what the real server merged, is no change to it."""
    choice = apply_operations.Choice(1000 + seed)
    name = f"deployment-{seed}"
    twin = apply_twin.Twin(api, DEPLOYMENT, NAMESPACE, name)
    for _ in range(STEPS):
        step = twin.do(write(choice, twin, lambda *, is_whole: choice.deployment(name, is_whole=is_whole)))
        step.check()
        if step.ours is not None and step.code == 200 and step.write.verb == "apply":
            assert twin.is_same(step.ours, step.after)
        if choice.random.random() < 0.03:
            twin.delete()


@pytest.mark.parametrize(
    "writes",
    [
        [
            ("create", "creator", {"data": {"a": "1"}}, {}),
            ("merge", "creator", {"metadata": {"managedFields": [{}]}}, {}),
            ("merge", "other", {"data": {"b": "2"}}, {}),
            ("apply", "us", {"data": {"a": "1", "c": "3"}}, {}),
            ("apply", "us", {"data": {"a": "2"}}, {}),
            ("apply", "us", {"data": {"a": "2"}}, {"force": True}),
            ("apply", "them", {"data": {"a": "2"}}, {}),
            ("apply", "us", {"data": {}}, {}),
            ("apply", "us", {"data": None}, {}),
        ],
        [
            ("create", "kubectl-client-side-apply", {"data": {"a": "1", "b": "1"}, "metadata": {"annotations": {"k": "v"}}}, {}),
            ("apply", "kubectl", {"data": {"a": "2"}}, {}),
            ("merge", "other", {"data": {"a": "3"}}, {}),
            ("apply", "kubectl", {"data": {"a": "4"}}, {}),
        ],
        [
            ("create", "m0", {"data": {}}, {}),
            *[("merge", f"m{number}", {"data": {f"k{number}": "1"}}, {}) for number in range(1, 14)],
        ],
        [
            ("create", "us", {"metadata": {"finalizers": ["example.com/a"], "labels": {"a": "1"}}}, {}),
            ("apply", "us", {"metadata": {"finalizers": ["example.com/a", "example.com/b"]}}, {}),
            ("apply", "them", {"metadata": {"finalizers": ["example.com/b"], "labels": {"a": "2"}}}, {}),
            ("apply", "us", {"metadata": {"labels": {"a": "2"}}}, {"force": True}),
            ("apply", "us", {}, {}),
        ],
    ],
    ids=["forgotten", "kubectl", "many managers", "metadata"],
)
def test_stories_end_as_on_the_real_server(api, request, writes):
    """Forgotten managers, the way from client-side apply, more managers than are kept, and sets in the metadata."""
    name = request.node.callspec.id.replace(" ", "-")
    twin = apply_twin.Twin(api, CONFIG_MAP, NAMESPACE, name)
    for verb, manager, body, options in writes:
        whole = {"apiVersion": "v1", "kind": "ConfigMap", **body, "metadata": {"name": name, **body.get("metadata", {})}}
        step = twin.do(apply_twin.Write(verb, manager, whole if verb in ("create", "apply") else body, **options))
        assert step.code in (200, 201, 409)
        step.check()


def write_both(choice, pair, make):
    """Send one random write to both servers."""
    chance, is_there = choice.random.random(), pair.live() is not None
    options = {"fieldManager": choice.manager()}
    if not is_there and chance > 0.6:
        return pair.do("POST", make(is_whole=True), **options)
    if not is_there or chance < 0.5:
        force = {"force": "true"} if choice.random.random() < 0.7 else {}
        return pair.do("PATCH", make(is_whole=not is_there), content_type=raw_api.APPLY, **options, **force)
    patch = choice.patch(make(is_whole=False))
    if chance < 0.7:
        return pair.do("PATCH", patch, content_type=raw_api.MERGE, **options)
    spec = {name: value for name, value in patch["spec"].items() if value is not None}
    return pair.do("PUT", lambda obj: {**obj, "spec": {**obj["spec"], **spec}}, **options)


def scale_both(choice, pair):
    """Scale on both servers, if the object has a number of replicas."""
    if "replicas" in pair.live()[0]["spec"]:
        body = {"spec": {"replicas": 1 + choice.number()}}
        pair.do("PATCH", body, "scale", content_type=raw_api.MERGE, fieldManager=choice.manager())


@pytest.mark.parametrize("seed", range(6))
def test_custom_objects_are_the_same_on_both_servers(api, embedded, seed):
    """With their status, and after they were scaled."""
    choice, name = apply_operations.Choice(2000 + seed), f"both-{seed}"
    pair = two_servers.Pair((api, embedded), f"/apis/apply.example.com/v1/namespaces/{NAMESPACE}/mixtures", name)
    for _ in range(STEPS):
        code = write_both(choice, pair, lambda *, is_whole: choice.mixture(name))
        if code < 300 and choice.random.random() < 0.2:
            body = {**choice.mixture(name), "status": {"phase": choice.text(), "replicas": choice.number()}}
            options = {"fieldManager": choice.manager(), "force": "true"}
            pair.do("PATCH", body, "status", content_type=raw_api.APPLY, **options)
        if code < 300 and choice.random.random() < 0.2:
            scale_both(choice, pair)


@pytest.mark.parametrize("seed", range(6))
def test_stateful_sets_are_the_same_on_both_servers(api, embedded, seed):
    """Also after strategic merge patches with directives, and after they were scaled."""
    choice, name = apply_operations.Choice(3000 + seed), f"both-{seed}"
    pair = two_servers.Pair((api, embedded), f"/apis/apps/v1/namespaces/{NAMESPACE}/statefulsets", name)

    def make(*, is_whole):
        body = choice.deployment(name, is_whole=is_whole)
        spec = {field: value for field, value in body["spec"].items() if field not in ("strategy", "paused")}
        return {**body, "kind": "StatefulSet", "spec": {**spec, "serviceName": "s"}}

    for _ in range(STEPS):
        code = write_both(choice, pair, make)
        if code < 300 and choice.random.random() < 0.5:
            changes = strategic_operations.patch(choice, STATEFUL_SET.schema, make(is_whole=False))
            pair.do("PATCH", changes, content_type=STRATEGIC, fieldManager=choice.manager())
        if code < 300 and choice.random.random() < 0.2:
            scale_both(choice, pair)
