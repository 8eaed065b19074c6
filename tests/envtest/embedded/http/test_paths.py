"""What URLs ask for."""

import pytest

from envtest.embedded.http import paths


def asked(method, path, **query):
    """Return what is asked for, in short."""
    found = paths.parse(method, path, query)
    return found and (found.verb, found.group, found.version, found.namespace, found.plural, found.name, found.subresource)


@pytest.mark.parametrize(
    ("method", "path", "wanted"),
    [
        ("GET", "/api/v1/pods", ("list", "", "v1", "", "pods", "", "")),
        ("GET", "/api/v1/namespaces/a/pods/b", ("get", "", "v1", "a", "pods", "b", "")),
        ("HEAD", "/api/v1/namespaces/a/pods/b", ("get", "", "v1", "a", "pods", "b", "")),
        ("POST", "/apis/apps/v1/namespaces/a/deployments", ("create", "apps", "v1", "a", "deployments", "", "")),
        ("PUT", "/apis/apps/v1/namespaces/a/deployments/b/scale", ("update", "apps", "v1", "a", "deployments", "b", "scale")),
        ("PATCH", "/api/v1/nodes/b/status", ("patch", "", "v1", "", "nodes", "b", "status")),
        ("DELETE", "/api/v1/namespaces/a/pods", ("deletecollection", "", "v1", "a", "pods", "", "")),
        ("DELETE", "/api/v1/namespaces/a", ("delete", "", "v1", "", "namespaces", "a", "")),
        ("GET", "/api/v1/namespaces", ("list", "", "v1", "", "namespaces", "", "")),
        ("PUT", "/api/v1/namespaces/a/finalize", ("update", "", "v1", "", "namespaces", "a", "finalize")),
        ("PUT", "/api/v1/namespaces/a/status", ("update", "", "v1", "", "namespaces", "a", "status")),
        ("GET", "/api/v1/namespaces/a/configmaps/b%2Fc", ("get", "", "v1", "a", "configmaps", "b/c", "")),
        ("GET", "/api/v1/watch/pods", ("watch", "", "v1", "", "pods", "", "")),
    ],
)
def test_a_path_means_a_verb_on_a_resource(method, path, wanted):
    """As the real server's request info has it."""
    assert asked(method, path) == wanted


@pytest.mark.parametrize("path", ["/", "/api", "/api/v1", "/apis/apps/v1", "/version", "/api/v1/namespaces/a/pods/b/status/c"])
def test_other_paths_are_not_about_resources(path):
    """Discovery, and what leads nowhere."""
    assert asked("GET", path) is None


@pytest.mark.parametrize(("value", "verb"), [("true", "watch"), ("1", "watch"), ("false", "list"), ("0", "list")])
def test_a_list_is_a_watch_if_the_query_says_so(value, verb):
    """Only of collections."""
    assert asked("GET", "/api/v1/pods", watch=value)[0] == verb
    assert asked("GET", "/api/v1/namespaces/a/pods/b", watch=value)[0] == "get"
