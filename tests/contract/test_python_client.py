"""Contract: what the examples of the official Python client do, call by call, ends the same on both servers.

The calls are those of deployment_crud.py, namespaced_custom_object.py and pod_namespace_watch.py of its repository.
"""

import datetime

import pytest
from kubernetes import client, config, watch

from tests.support import contract_definitions, contract_objects

NAME = "nginx-deployment"


@pytest.fixture
def api_client(server):
    """The official client with the server's kubeconfig."""
    connected = config.new_client_from_config(config_file=str(server.kubeconfig))
    yield connected
    connected.close()


def deployment():
    """Return a Deployment of three pods, made of the client's models."""
    container = client.V1Container(
        name="nginx",
        image="nginx:1.15.4",
        ports=[client.V1ContainerPort(container_port=80)],
        resources=client.V1ResourceRequirements(
            requests={"cpu": "100m", "memory": "200Mi"}, limits={"cpu": "500m", "memory": "500Mi"}
        ),
    )
    template = client.V1PodTemplateSpec(
        metadata=client.V1ObjectMeta(labels={"app": "nginx"}), spec=client.V1PodSpec(containers=[container])
    )
    spec = client.V1DeploymentSpec(replicas=3, template=template, selector={"matchLabels": {"app": "nginx"}})
    return client.V1Deployment(api_version="apps/v1", kind="Deployment", metadata=client.V1ObjectMeta(name=NAME), spec=spec)


def test_a_deployment_is_created_updated_restarted_and_deleted(space, api_client):
    """Each patch of the whole object counts a generation; the deletion in the foreground ends with the pods."""
    apps = client.AppsV1Api(api_client)
    body = deployment()
    made = apps.create_namespaced_deployment(body=body, namespace=space.name)
    assert (made.metadata.generation, made.spec.template.spec.containers[0].image) == (1, "nginx:1.15.4")
    body.spec.template.spec.containers[0].image = "nginx:1.16.0"
    updated = apps.patch_namespaced_deployment(name=NAME, namespace=space.name, body=body)
    assert (updated.metadata.generation, updated.spec.template.spec.containers[0].image) == (2, "nginx:1.16.0")
    now = datetime.datetime.now(tz=datetime.UTC).isoformat()
    body.spec.template.metadata.annotations = {"kubectl.kubernetes.io/restartedAt": now}
    restarted = apps.patch_namespaced_deployment(name=NAME, namespace=space.name, body=body)
    assert restarted.metadata.generation == 3
    assert restarted.spec.template.metadata.annotations == {"kubectl.kubernetes.io/restartedAt": now}
    options = client.V1DeleteOptions(propagation_policy="Foreground", grace_period_seconds=5)
    apps.delete_namespaced_deployment(name=NAME, namespace=space.name, body=options)
    space.until(f"apps/v1/deployments/{NAME}", lambda answer: answer.status == 404)
    assert apps.list_namespaced_replica_set(space.name).items == []


def test_a_custom_object_is_created_read_and_deleted(widgets, api_client):
    """Custom objects are dicts."""
    api = client.CustomObjectsApi(api_client)
    place = {"group": widgets.group, "version": "v1", "namespace": widgets.space.name, "plural": "widgets"}
    api.create_namespaced_custom_object(**place, body=widgets.body(size=1))
    found = api.get_namespaced_custom_object(**place, name="w")
    assert found["spec"] == {"color": "red", "nested": {"on": True}, "size": 1}
    api.delete_namespaced_custom_object(**place, name="w", body=client.V1DeleteOptions())
    with pytest.raises(client.ApiException) as refused:
        api.get_namespaced_custom_object(**place, name="w")
    assert (refused.value.status, refused.value.reason) == (404, "Not Found")


def test_namespaces_are_watched(space, api_client):
    """A watch yields what is there as models, and can be stopped."""
    follower = watch.Watch()
    wanted = {"default", "kube-system", space.name}
    for event in follower.stream(client.CoreV1Api(api_client).list_namespace, timeout_seconds=10):
        assert event["type"] in ("ADDED", "MODIFIED")
        wanted.discard(event["object"].metadata.name)
        if not wanted:
            follower.stop()
    assert not wanted


def test_pods_are_watched_until_the_time_is_over(space, api_client):
    """Changes arrive while the watch runs, and it ends by itself."""
    space.until("serviceaccounts/default", lambda answer: answer.status == 200)
    space.post("pods", contract_objects.pod(schedulerName="nobody"))
    core = client.CoreV1Api(api_client)
    seen = []
    for event in watch.Watch().stream(core.list_namespaced_pod, space.name, timeout_seconds=1):
        seen.append((event["type"], event["object"].kind, event["object"].metadata.name))
        if len(seen) == 1:
            core.delete_namespaced_pod("p", space.name)
    assert (seen[0], seen[-1]) == (("ADDED", "Pod", "p"), ("DELETED", "Pod", "p"))


def test_definitions_are_models_too(server, api_client):
    """The client reads a definition and its conditions."""
    [found] = [
        item
        for item in client.ApiextensionsV1Api(api_client).list_custom_resource_definition().items
        if item.metadata.name == "microservicedeploys.custom.ops"
    ]
    assert {condition.type: condition.status for condition in found.status.conditions} == {
        "NamesAccepted": "True",
        "Established": "True",
    }
    assert server.send("GET", f"{contract_definitions.PATH}/{found.metadata.name}").status == 200
