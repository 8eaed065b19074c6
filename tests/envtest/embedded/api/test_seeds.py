"""What is there from the start."""

from tests.support import embedded_world


def test_the_first_namespaces_and_the_apis_own_service_are_there():
    """As in every cluster."""
    world = embedded_world.World()
    namespaces = world.api.store.list(world.target(embedded_world.NAMESPACES).resource)
    assert [each["metadata"]["name"] for each in namespaces] == ["default", "kube-node-lease", "kube-public", "kube-system"]
    assert {each["status"]["phase"] for each in namespaces} == {"Active"}
    service = world.api.get(world.target(("", "v1", "services"), "kubernetes"))
    assert service["spec"]["clusterIPs"] == ["10.0.0.1"]
