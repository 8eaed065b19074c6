"""Contract: what controllers make of objects: Deployments, quotas, endpoints, autoscaling, namespaces. Cases wait for states."""

import pytest

from tests.support import contract_objects, contract_shapes

WEB = "apps/v1/deployments/web"
ACCOUNT = "serviceaccounts/default"


def is_there(answer):
    """Ask whether something is there."""
    return answer.status == 200


@pytest.fixture
def home(space):
    """A namespace in which pods can be made."""
    space.until(ACCOUNT, is_there)
    return space


def conditions(answer):
    """Return status and reason of each condition by its type."""
    found = answer.body["status"].get("conditions") or []
    return {condition["type"]: (condition["status"], condition.get("reason")) for condition in found}


def has_status(**wanted):
    """Return a condition that holds when the status has these values; what is left out counts as 0."""
    return lambda answer: all(answer.body.get("status", {}).get(name, 0) == value for name, value in wanted.items())


def roll_out(space, generation, replicas):
    """Wait until the Deployment's controller has seen a generation and all its pods are ready."""
    ready = has_status(
        observedGeneration=generation,
        replicas=replicas,
        updatedReplicas=replicas,
        availableReplicas=replicas,
        unavailableReplicas=0,
    )
    return space.until(
        WEB, lambda answer: ready(answer) and conditions(answer).get("Progressing", ("", ""))[1] == "NewReplicaSetAvailable"
    )


class TestDeployments:
    """Deployment, ReplicaSets and pods."""

    def test_a_deployment_comes_up(self, home):
        """The status counts its pods, the conditions say that it is available, the revision is noted."""
        home.post("apps/v1/deployments", contract_objects.deployment(replicas=2, paused=False))
        answer = roll_out(home, 1, 2)
        status = {key: value for key, value in answer.body["status"].items() if key != "conditions"}
        assert status == {
            "availableReplicas": 2,
            "observedGeneration": 1,
            "readyReplicas": 2,
            "replicas": 2,
            "terminatingReplicas": 0,
            "updatedReplicas": 2,
        }
        assert conditions(answer) == {
            "Available": ("True", "MinimumReplicasAvailable"),
            "Progressing": ("True", "NewReplicaSetAvailable"),
        }
        assert answer.body["metadata"]["annotations"] == {"deployment.kubernetes.io/revision": "1"}
        manager, paths = contract_shapes.owners(answer.body)[1]
        assert (manager, "status.availableReplicas" in paths) == ("kube-controller-manager Update status", True)

    def test_its_replica_set(self, home):
        """Name, labels, selector, owner and annotations of the ReplicaSet follow from the Deployment."""
        uid = home.post("apps/v1/deployments", contract_objects.deployment(replicas=1, paused=False)).body["metadata"]["uid"]
        roll_out(home, 1, 1)
        [found] = home.get("apps/v1/replicasets").body["items"]
        labels = found["spec"]["selector"]["matchLabels"]
        mark = labels["pod-template-hash"]
        owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": uid}
        assert contract_shapes.plain(found)["metadata"] == {
            "annotations": {
                "deployment.kubernetes.io/desired-replicas": "1",
                "deployment.kubernetes.io/max-replicas": "2",
                "deployment.kubernetes.io/revision": "1",
            },
            "generation": 1,
            "labels": {"app": "web", "pod-template-hash": mark},
            "name": f"web-{mark}",
            "ownerReferences": [{**owner, "blockOwnerDeletion": True, "controller": True}],
        }
        assert found["spec"]["template"]["metadata"]["labels"] == labels == {"app": "web", "pod-template-hash": mark}
        home.until(f"apps/v1/replicasets/web-{mark}", has_status(replicas=1, readyReplicas=1, fullyLabeledReplicas=1))

    def test_its_pods(self, home):
        """Pods are named after the ReplicaSet, owned by it, scheduled, and ready."""
        home.post("apps/v1/deployments", contract_objects.deployment(replicas=1, paused=False))
        roll_out(home, 1, 1)
        [owner] = home.get("apps/v1/replicasets").body["items"]
        [pod] = home.get("pods").body["items"]
        name = owner["metadata"]["name"]
        assert (pod["metadata"]["generateName"], pod["metadata"]["name"][: len(name) + 1]) == (f"{name}-", f"{name}-")
        [reference] = pod["metadata"]["ownerReferences"]
        assert (reference["kind"], reference["uid"], reference["controller"]) == ("ReplicaSet", owner["metadata"]["uid"], True)
        assert pod["spec"]["nodeName"] in ("node-1", "node-2")
        assert pod["status"]["phase"] == "Running"
        assert {condition["type"]: condition["status"] for condition in pod["status"]["conditions"]} == {
            "PodScheduled": "True",
            "PodReadyToStartContainers": "True",
            "Initialized": "True",
            "ContainersReady": "True",
            "Ready": "True",
        }

    def test_a_change_rolls_out(self, home):
        """A new template gets a ReplicaSet and revision of its own, the old one goes to zero."""
        home.post("apps/v1/deployments", contract_objects.deployment(replicas=2, paused=False))
        roll_out(home, 1, 2)
        home.patch(WEB, {"spec": {"template": {"metadata": {"annotations": {"x": "1"}}}}})
        answer = roll_out(home, 2, 2)
        assert answer.body["metadata"]["annotations"] == {"deployment.kubernetes.io/revision": "2"}
        found = {
            item["metadata"]["annotations"]["deployment.kubernetes.io/revision"]: item["spec"]["replicas"]
            for item in home.get("apps/v1/replicasets").body["items"]
        }
        assert found == {"1": 0, "2": 2}

    def test_scaling_to_nothing(self, home):
        """Zero replicas are available, and the counters vanish."""
        home.post("apps/v1/deployments", contract_objects.deployment(replicas=1, paused=False))
        roll_out(home, 1, 1)
        home.patch(f"{WEB}/scale", {"spec": {"replicas": 0}})
        answer = home.until(WEB, has_status(observedGeneration=2, replicas=0, readyReplicas=0, terminatingReplicas=0))
        assert {key: value for key, value in answer.body["status"].items() if key != "conditions"} == {
            "observedGeneration": 2,
            "terminatingReplicas": 0,
        }
        assert conditions(answer)["Available"] == ("True", "MinimumReplicasAvailable")

    def test_a_deleted_deployment_takes_everything_along(self, home):
        """ReplicaSets and pods follow their owner."""
        home.post("apps/v1/deployments", contract_objects.deployment(replicas=1, paused=False))
        roll_out(home, 1, 1)
        home.delete(WEB, propagationPolicy="Background")
        home.until("apps/v1/replicasets", lambda answer: answer.names == [])
        home.until("pods", lambda answer: answer.names == [])

    def test_pods_that_are_refused_show(self, home):
        """A quota that allows no pod is a condition of the Deployment, with the server's words."""
        home.post("resourcequotas", {"metadata": {"name": "q"}, "spec": {"hard": {"pods": "0"}}})
        home.until("resourcequotas/q", lambda answer: answer.body["status"].get("hard"))
        home.post("apps/v1/deployments", contract_objects.deployment(replicas=1, paused=False))
        answer = home.until(WEB, lambda answer: "ReplicaFailure" in conditions(answer))
        assert conditions(answer) == {
            "Progressing": ("True", "NewReplicaSetCreated"),
            "Available": ("False", "MinimumReplicasUnavailable"),
            "ReplicaFailure": ("True", "FailedCreate"),
        }
        [failure] = [item for item in answer.body["status"]["conditions"] if item["type"] == "ReplicaFailure"]
        assert failure["message"].endswith("is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0")


class TestQuotas:
    """ResourceQuota."""

    @pytest.fixture
    def quota(self, home):
        """A namespace with a quota whose status is there."""
        home.until("configmaps/kube-root-ca.crt", is_there)
        hard = {"pods": "1", "requests.cpu": "500m", "configmaps": "2"}
        made = home.post("resourcequotas", {"metadata": {"name": "q"}, "spec": {"hard": hard}})
        assert made.body["status"] == {}
        home.until("resourcequotas/q", lambda answer: "used" in answer.body["status"])
        return home

    def used(self, space, **wanted):
        """Wait until so much is used."""
        return space.until("resourcequotas/q", lambda answer: wanted.items() <= answer.body["status"]["used"].items())

    def test_the_status_says_what_is_used(self, quota):
        """What is there counts; quantities are canonical."""
        status = quota.get("resourcequotas/q").body["status"]
        assert status["hard"] == {"configmaps": "2", "pods": "1", "requests.cpu": "500m"}
        assert status["used"] == {"configmaps": "1", "pods": "0", "requests.cpu": "0"}

    def test_a_creation_beyond_it_is_refused(self, quota):
        """The refusal says what is requested, used and allowed; the used number grows at once."""
        assert quota.config_map("b").status == 201
        answer = quota.config_map("c")
        text = "exceeded quota: q, requested: configmaps=1, used: configmaps=2, limited: configmaps=2"
        assert answer.refusal == (403, "Forbidden", f'configmaps "c" is forbidden: {text}')
        assert quota.get("resourcequotas/q").body["status"]["used"]["configmaps"] == "2"

    def test_a_pod_must_say_what_it_requests(self, quota):
        """A limited resource must be requested by every container."""
        answer = quota.post("pods", contract_objects.pod())
        assert answer.refusal == (403, "Forbidden", 'pods "p" is forbidden: failed quota: q: must specify requests.cpu for: c')

    def test_pods_count_until_they_are_gone(self, quota):
        """Requests add up; a deletion frees them."""
        container = contract_objects.container(resources={"requests": {"cpu": "400m"}})
        assert quota.post("pods", contract_objects.pod("a", container, schedulerName="nobody")).status == 201
        answer = quota.post("pods", contract_objects.pod("b", container, schedulerName="nobody"))
        text = (
            "exceeded quota: q, requested: pods=1,requests.cpu=400m, used: pods=1,requests.cpu=400m, "
            "limited: pods=1,requests.cpu=500m"
        )
        assert answer.refusal == (403, "Forbidden", f'pods "b" is forbidden: {text}')
        quota.delete("pods/a")
        self.used(quota, pods="0")
        assert quota.post("pods", contract_objects.pod("b", container, schedulerName="nobody")).status == 201


class TestEndpoints:
    """Services and their pods."""

    def test_ready_pods_are_endpoints(self, home):
        """A slice and the old Endpoints list the address of a ready pod."""
        home.post("services", contract_objects.service())
        home.post("apps/v1/deployments", contract_objects.deployment(replicas=1, paused=False))
        roll_out(home, 1, 1)
        [pod] = home.get("pods").body["items"]
        slices = home.until(
            "discovery.k8s.io/v1/endpointslices", lambda answer: answer.body["items"] and answer.body["items"][0].get("endpoints")
        )
        [found] = slices.body["items"]
        assert found["metadata"]["labels"]["kubernetes.io/service-name"] == "s"
        assert (found["addressType"], found["ports"]) == ("IPv4", [{"name": "", "port": 80, "protocol": "TCP"}])
        [endpoint] = found["endpoints"]
        assert endpoint["addresses"] == [pod["status"]["podIP"]]
        assert endpoint["targetRef"] == {
            "kind": "Pod",
            "name": pod["metadata"]["name"],
            "namespace": home.name,
            "uid": pod["metadata"]["uid"],
        }

    def test_a_service_without_pods_has_an_empty_slice(self, home):
        """The slice is there before any pod."""
        home.post("services", contract_objects.service())
        answer = home.until("discovery.k8s.io/v1/endpointslices", lambda answer: len(answer.body["items"]) == 1)
        assert not answer.body["items"][0].get("endpoints")


class TestAutoscaling:
    """HorizontalPodAutoscaler with a metric that the test sets."""

    def test_use_decides_the_replicas(self, home):
        """Twice the wanted use doubles the pods, within the bounds; the status tells what was seen."""
        pods = contract_objects.template(contract_objects.container(resources={"requests": {"cpu": "100m"}}))
        home.post("apps/v1/deployments", contract_objects.deployment(pods=pods, replicas=1, paused=False))
        roll_out(home, 1, 1)
        home.server.control_plane.metrics.set_cpu(home.name, {"app": "web"}, "c", 160)
        source = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
        spec = {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "maxReplicas": 3,
            "metrics": [{"type": "Resource", "resource": source}],
        }
        home.post("autoscaling/v2/horizontalpodautoscalers", {"metadata": {"name": "h"}, "spec": spec})
        home.until(WEB, lambda answer: answer.body["spec"]["replicas"] == 2)
        answer = home.until(
            "autoscaling/v2/horizontalpodautoscalers/h",
            lambda answer: answer.body["status"].get("currentReplicas") == 2 and "ScalingLimited" in conditions(answer),
        )
        assert conditions(answer)["ScalingActive"] == ("True", "ValidMetricFound")
        assert answer.body["status"]["desiredReplicas"] == 2
        assert "lastScaleTime" in answer.body["status"]


class TestNamespaces:
    """A namespace's life."""

    def test_a_new_namespace_is_furnished(self, space):
        """An account for pods, and the authority's certificate."""
        space.until(ACCOUNT, is_there)
        answer = space.until("configmaps/kube-root-ca.crt", is_there)
        assert list(answer.body["data"]) == ["ca.crt"]
        assert answer.body["data"]["ca.crt"].startswith("-----BEGIN CERTIFICATE-----")

    def test_some_namespaces_stay(self, server):
        """default and kube-system cannot be deleted."""
        for name in ("default", "kube-system"):
            answer = server.send("DELETE", f"/api/v1/namespaces/{name}")
            message = f'namespaces "{name}" is forbidden: this namespace may not be deleted'
            assert answer.refusal == (403, "Forbidden", message)

    def test_a_deleted_namespace_ends_with_its_contents(self, home):
        """It is Terminating and takes nothing new; what is held is told by conditions; then it is gone."""
        path = f"/api/v1/namespaces/{home.name}"
        home.config_map("held", finalizers=["e.x/f"])
        home.post("secrets", {"metadata": {"name": "s"}})
        answer = home.delete(path)
        assert (answer.status, answer.body["status"]["phase"]) == (200, "Terminating")
        late = home.config_map("late")
        text = f"unable to create new content in namespace {home.name} because it is being terminated"
        assert late.refusal == (403, "Forbidden", f'configmaps "late" is forbidden: {text}')
        cause = ("NamespaceTerminating", "metadata.namespace", f"namespace {home.name} is being terminated")
        assert late.causes == [cause]
        answer = home.until(path, lambda answer: conditions(answer).get("NamespaceFinalizersRemaining", ("",))[0] == "True")
        assert conditions(answer) == {
            "NamespaceDeletionDiscoveryFailure": ("False", "ResourcesDiscovered"),
            "NamespaceDeletionGroupVersionParsingFailure": ("False", "ParsedGroupVersions"),
            "NamespaceDeletionContentFailure": ("False", "ContentDeleted"),
            "NamespaceContentRemaining": ("True", "SomeResourcesRemain"),
            "NamespaceFinalizersRemaining": ("True", "SomeFinalizersRemain"),
        }
        messages = {condition["type"]: condition["message"] for condition in answer.body["status"]["conditions"]}
        assert messages["NamespaceContentRemaining"] == "Some resources are remaining: configmaps. has 1 resource instances"
        text = "Some content in the namespace has finalizers remaining: e.x/f in 1 resource instances"
        assert messages["NamespaceFinalizersRemaining"] == text
        assert home.get("configmaps").names == ["held"]
        home.patch("configmaps/held", {"metadata": {"finalizers": None}})
        home.until(path, lambda answer: answer.status == 404)


def test_a_pod_needs_its_account(home):
    """A pod that names an account that is not there is refused."""
    answer = home.post("pods", contract_objects.pod(serviceAccountName="none"))
    text = f'error looking up service account {home.name}/none: serviceaccount "none" not found'
    assert answer.refusal == (403, "Forbidden", f'pods "p" is forbidden: {text}')
