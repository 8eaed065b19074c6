"""From kinds to paths, over discovery."""

import pytest

from controller.client import restmapper
from informers import errors, objects
from tests.support import http_server

CONFIG_MAP = objects.GroupVersionKind("", "v1", "ConfigMap")
NAMESPACE = objects.GroupVersionKind("", "v1", "Namespace")
DEPLOYMENT = objects.GroupVersionKind("apps", "v1", "Deployment")
WIDGET = objects.GroupVersionKind("example.com", "v1", "Widget")


@pytest.fixture
def mapper(api, connect):
    """A mapper of the scripted API."""
    return restmapper.RESTMapper(connect(api.server))


@pytest.mark.parametrize(
    ("gvk", "key", "subresource", "path"),
    [
        (CONFIG_MAP, objects.ObjectKey("n", "c"), "", "/api/v1/namespaces/n/configmaps/c"),
        (DEPLOYMENT, objects.ObjectKey("n", "d"), "status", "/apis/apps/v1/namespaces/n/deployments/d/status"),
        (NAMESPACE, objects.ObjectKey("", "n"), "", "/api/v1/namespaces/n"),
        (NAMESPACE, objects.ObjectKey("left out", "n"), "finalize", "/api/v1/namespaces/n/finalize"),
        (CONFIG_MAP, objects.ObjectKey("n", "a:b?c#d e"), "", "/api/v1/namespaces/n/configmaps/a%3Ab%3Fc%23d%20e"),
    ],
)
def test_paths_of_objects(mapper, gvk, key, subresource, path):
    """The namespace counts where the kind has one; names are quoted."""
    assert mapper.path(gvk, key, subresource) == path


@pytest.mark.parametrize(
    ("gvk", "namespace", "path"),
    [
        (CONFIG_MAP, "", "/api/v1/configmaps"),
        (CONFIG_MAP, "n", "/api/v1/namespaces/n/configmaps"),
        (NAMESPACE, "n", "/api/v1/namespaces"),
        (DEPLOYMENT, "", "/apis/apps/v1/deployments"),
    ],
)
def test_paths_of_collections(mapper, gvk, namespace, path):
    """No namespace is all of them."""
    assert mapper.collection_path(gvk, namespace) == path


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../secrets", "a%2fb"])
def test_a_name_that_would_mean_another_path_is_refused(mapper, name):
    """An empty name would delete a collection, two dots the namespace."""
    with pytest.raises(ValueError, match="cannot be the name"):
        mapper.path(CONFIG_MAP, objects.ObjectKey("n", name))
    with pytest.raises(ValueError, match="cannot be the namespace"):
        mapper.path(CONFIG_MAP, objects.ObjectKey(name, "c"))


def test_discovery_is_asked_once_for_a_group(mapper, api):
    """All kinds of a group and version come with one answer, and stay."""
    assert mapper.resource(CONFIG_MAP) == restmapper.Resource(CONFIG_MAP, "configmaps", is_namespaced=True)
    assert mapper.resource(NAMESPACE) == restmapper.Resource(NAMESPACE, "namespaces", is_namespaced=False)
    mapper.resource(CONFIG_MAP)
    assert api.discoveries == ["/api/v1"]


@pytest.mark.parametrize("kind", ["TokenRequest", "Scale"])
def test_a_subresources_kind_is_no_resource(mapper, kind):
    """They share a group with objects but cannot be read by name."""
    with pytest.raises(errors.KindNotFoundError):
        mapper.resource(objects.GroupVersionKind("", "v1", kind))


def test_a_kind_that_comes_later_is_found(mapper, api):
    """A miss asks again, so a definition may be installed while we run; the error names what is missing."""
    with pytest.raises(errors.KindNotFoundError, match=r"kind Widget of example.com/v1: install its CustomResourceDefinition"):
        mapper.resource(WIDGET)
    api.resources["/apis/example.com/v1"] = [("gadgets", "Gadget", True)]
    with pytest.raises(errors.KindNotFoundError, match="Widget"):
        mapper.resource(WIDGET)
    api.resources["/apis/example.com/v1"].append(("widgets", "Widget", False))
    assert mapper.path(WIDGET, objects.ObjectKey("", "w")) == "/apis/example.com/v1/widgets/w"


def test_a_forgotten_kind_is_asked_for_again(mapper, api):
    """Whoever was answered with 404 makes the next one look."""
    mapper.resource(CONFIG_MAP)
    mapper.forget(CONFIG_MAP)
    mapper.forget(WIDGET)
    mapper.resource(CONFIG_MAP)
    assert api.discoveries == ["/api/v1", "/api/v1"]


def test_an_answer_that_is_no_list_is_an_error(mapper, api):
    """A proxy's page, say."""
    api.plan("GET /apis/example.com/v1", http_server.Answer(body=b"<html>"))
    with pytest.raises(errors.TransportError, match=r"/apis/example\.com/v1: not a list of resources"):
        mapper.resource(WIDGET)


def test_a_refusal_is_not_a_missing_kind(mapper, api):
    """A server in trouble says nothing of what there is."""
    api.plan("GET /apis/example.com/v1", http_server.status(503, "ServiceUnavailable"))
    with pytest.raises(errors.ServerError):
        mapper.resource(WIDGET)
