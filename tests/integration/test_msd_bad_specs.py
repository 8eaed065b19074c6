"""What admission did not see becomes a condition that names the field, and other resources go on.

The control plane is this module's own, for its definition of MicroServiceDeploy is loosened and tightened, as by an upgrade that
makes the rules stricter. Its manager has a base domain so long that not every host fits.
"""

import copy
import json

import pytest

from controller import crd
from reconcilers.microservicedeploy import spec
from tests.support import bad_specs, cluster, control_planes, definitions, manager_process, raw_api
from tests.support.cluster import eventually, sample

# With a namespace of 15 characters: a host with the longest msName fits only with a short path.
BASE_DOMAIN = ".".join(["d" * 59] * 3)
UNWRITABLE = {"readinessProbe", "fullName"}
"""A rule over these, where they are broken, makes the server refuse every write, to the status too."""
POD = {"requests": {"cpu": "100m"}}


@pytest.fixture(scope="module")
def old_control_plane(server_kind):
    """A control plane with one node."""
    with control_planes.create(nodes=1, kind=server_kind) as running:
        yield running


@pytest.fixture(scope="module")
def its_manager(old_control_plane, tmp_path_factory):
    """`coxswain run` on it; no configuration value may be printed."""
    log = tmp_path_factory.mktemp("manager") / "manager.log"
    with manager_process.ManagerProcess(old_control_plane.kubeconfig, log, "--base-domain", BASE_DOMAIN) as running:
        running.wait_until_working()
        yield running
        assert "88888888" not in running.output


@pytest.fixture
def crew(old_control_plane, its_manager):
    """A namespace of it."""
    name = control_planes.make_namespace(old_control_plane)
    yield cluster.Cluster(old_control_plane.kubeconfig, name)
    control_planes.delete_namespace(old_control_plane, name)


@pytest.fixture
def definition(old_control_plane):
    """The definition of MicroServiceDeploy; it is strict again afterwards."""
    api = raw_api.Api(old_control_plane.kubeconfig)
    changing = Definition(api)
    yield changing
    changing.tighten()
    api.close()


class Definition:
    """Changes the definition, and waits until the server goes by the new one."""

    def __init__(self, api):
        self._api = api
        self._path = f"{definitions.COLLECTION}/{spec.RESOURCE.name_of_definition}"

    def loosen(self):
        """Take any spec."""
        versions = copy.deepcopy(crd.render(spec.RESOURCE)["spec"]["versions"])
        schema = versions[0]["schema"]["openAPIV3Schema"]
        schema.pop("x-kubernetes-validations")
        schema["properties"]["spec"] = {"x-kubernetes-preserve-unknown-fields": True, "type": "object"}
        self._put(versions, 201)

    def tighten(self):
        """Take what we take."""
        self._put(crd.render(spec.RESOURCE)["spec"]["versions"], 422)

    def _put(self, versions, expected):
        live = self._api.request("GET", self._path).body
        live["spec"]["versions"] = versions
        assert self._api.request("PUT", self._path, live).status == 200
        bad = sample(replicas=5000)
        collection = "/apis/custom.ops/v1/namespaces/default/microservicedeploys"
        eventually(lambda: self._api.request("POST", collection, bad, dryRun="All").status == expected)


def instance(name, **fields):
    """Return a small instance."""
    return sample(name, **{"needAuth": False, "autoscaling": False, "replicas": 2, "resourceRequirements": POD, **fields})


def says(crew, name, condition, reason, *words):
    """Wait until a condition is False with that reason, and check its words."""

    def look():
        seen = crew.conditions(name).get(condition, {})
        return seen if (seen.get("status"), seen.get("reason")) == ("False", reason) else None

    message = eventually(look, 30, lambda: crew.conditions(name))["message"]
    assert [word for word in words if word not in message] == [], message
    return message


def hard(crew):
    """Return how much CPU the namespace's quota has."""
    return crew.get("ResourceQuota", "msd-quota")["spec"]["hard"]["requests.cpu"]


def test_specs_of_an_older_definition_are_named_and_the_others_go_on(crew, definition, its_manager):
    """Each says in SpecValid what is wrong and gets no children; a good one becomes Ready, and so do all once they are mended.

    The operator first sees them when the definition is strict, as after an upgrade: then the server takes no apply over some.
    """
    definition.loosen()
    its_manager.terminate()
    names = [f"ms-bad-v1s{number}" for number in range(len(bad_specs.STORED))]
    for name, (fields, _, _) in zip(names, bad_specs.STORED, strict=True):
        crew.create(instance(name, **fields))
    definition.tighten()
    its_manager.start()
    crew.apply(instance("ms-good-v1s0"))
    crew.wait_ready("ms-good-v1s0")
    assert hard(crew) == "300m"
    rows = dict(zip(names, bad_specs.STORED, strict=True))
    events = eventually(lambda: told(crew, names), 30, lambda: crew.list("Event"))
    for name, (fields, field, message) in rows.items():
        assert [note for note in events[name] if field in note and message in note], events[name]
        if not fields.keys() & UNWRITABLE:
            says(crew, name, "SpecValid", "SpecInvalid", field, message)
            says(crew, name, "Ready", "SpecInvalid", field, message)
            assert len(crew.conditions(name)) == 8
    assert [found["metadata"]["name"] for found in crew.list("Deployment")] == ["ms-good-v1s0"]
    assert "88888888" not in json.dumps([crew.list("Event"), [crew.conditions(name) for name in names]])
    for name, (fields, _, _) in rows.items():
        if fields.keys() & {"msName", "fullName"}:  # immutable, so it takes a new resource
            crew.delete("MicroServiceDeploy", name)
            crew.apply(instance(name))
        else:
            good = instance(name, resourceRequirements={**POD, "limits": None})["spec"]
            crew.patch("MicroServiceDeploy", name, {"spec": {key: good.get(key) for key in fields}})
    for name in names:
        crew.wait_ready(name)


def told(crew, names):
    """Return the notes of all events about invalid specs by resource, once there are some for all of *names*."""
    notes = {}
    for event in crew.list("Event"):
        if event["reason"] == "SpecInvalid":
            notes.setdefault(event["regarding"]["name"], []).append(event["note"])
    return notes if notes.keys() == set(names) else None


def test_pods_of_a_spec_that_became_bad_leave_room_for_the_others(crew, definition):
    """They run on and keep their share of the quota, while a neighbour rolls; mended, the resource rolls too."""
    bad, good = "ms-bad-v1s0", "ms-good-v1s0"
    crew.apply(instance(bad, replicas=4))
    crew.apply(instance(good))
    crew.wait_ready(bad)
    crew.wait_ready(good)
    eventually(lambda: hard(crew) == "800m", 30, lambda: hard(crew))
    definition.loosen()
    crew.patch("MicroServiceDeploy", bad, {"spec": {"replicas": 5000, "image": "another image"}})
    says(crew, bad, "SpecValid", "SpecInvalid", "spec.replicas", "5000")
    definition.tighten()
    pods = crew.list("Pod")
    crew.apply(instance(good, image="another image"))
    crew.wait_ready(good)
    eventually(lambda: hard(crew) == "800m", 30, lambda: hard(crew))
    left = {pod["metadata"]["name"] for pod in pods} & {pod["metadata"]["name"] for pod in crew.list("Pod")}
    assert len([name for name in left if name.startswith(bad)]) == 4
    crew.patch("MicroServiceDeploy", bad, {"spec": {"replicas": 3}})
    crew.wait_ready(bad)
    eventually(lambda: hard(crew) == "700m", 30, lambda: hard(crew))
    images = {pod["spec"]["containers"][0]["image"] for pod in crew.list("Pod") if "deletionTimestamp" not in pod["metadata"]}
    assert images == {"another image"}


def test_a_host_that_is_too_long_is_named_and_mended(crew):
    """Such a resource has no Ingress and runs otherwise; a sibling has its host; a shorter path mends it."""
    bad, good = "ms-bad-v1s0", "ms-good-v1s0"
    crew.apply(instance(bad, msName="m" * 40, path="v" * 32))
    crew.apply(instance(good))
    crew.wait_ready(good)
    crew.wait_ready(bad)
    says(crew, good, "HostReady", "AddressPending")
    says(crew, bad, "HostReady", "HostInvalid", "spec.path", "spec.msName", "v" * 32, "at most 253")
    assert [found["metadata"]["name"] for found in crew.list("Ingress")] == [good]
    crew.apply(instance(bad, msName="m" * 40))
    says(crew, bad, "HostReady", "AddressPending")
    assert crew.get("Ingress", bad)["spec"]["rules"][0]["host"] == f"v1.{'m' * 40}.{crew.namespace}.{BASE_DOMAIN}"


@pytest.mark.parametrize("config", ["\U0001f600" * 131_072, "\n".join(f"k{n}=" + "\U0001f600" * 32_000 for n in range(4))])
def test_the_largest_configuration_that_admission_takes_fits_in_a_config_map(crew, config):
    """131,072 characters of four bytes each, in the file and once more in variables, stay below 1 MiB."""
    crew.client.create(
        instance("ms-large-v1s0", config=config) | {"metadata": {"name": "ms-large-v1s0", "namespace": crew.namespace}}
    )
    crew.wait_ready("ms-large-v1s0")
    assert crew.get("ConfigMap", "ms-large-v1s0")["data"]["application.properties"] == config
