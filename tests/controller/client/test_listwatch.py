"""Lists and watches of one collection, against a scripted API."""

import pytest

from controller.client import listwatch as rest_listwatch
from controller.client import restmapper
from informers import errors, factory, listwatch, objects
from tests.support import http_server

CONFIG_MAP = objects.GroupVersionKind("", "v1", "ConfigMap")
NAMESPACE = objects.GroupVersionKind("", "v1", "Namespace")
WATCH = listwatch.WatchOptions("7", 300)


@pytest.fixture
def collection(api, connect):
    """Return a function that makes a lister-watcher."""
    connected = connect(api.server)
    mapper = restmapper.RESTMapper(connected)

    def make(gvk=CONFIG_MAP, **key):
        return rest_listwatch.RESTListerWatcher(connected, mapper, factory.InformerKey(gvk, **key))

    return make


def queries(api):
    """The queries of all requests."""
    return [received.path.partition("?")[2] for received in api.requests]


def test_a_page_is_raw_items(api, collection):
    """Items are the server's bytes, unparsed, each of its own."""
    page = b'{"kind":"ConfigMapList","metadata":{"resourceVersion":"9","continue":"t"},"items":[{"a": 1},{"b":"\xc3\xa9"}]}'
    api.plan("GET /api/v1/configmaps", http_server.Answer(body=page))
    found = collection().list_page(listwatch.ListOptions("5", 500, "s"))
    assert found == listwatch.ListPage([b'{"a": 1}', b'{"b":"\xc3\xa9"}'], "9", "t")
    assert queries(api) == ["resourceVersion=5&limit=500&continue=s"]


@pytest.mark.parametrize("items", [None, []])
def test_an_empty_page(api, collection, items):
    """Go's nil list is null."""
    api.plan("GET /api/v1/configmaps", {"metadata": {"resourceVersion": "9"}, "items": items})
    assert collection().list_page(listwatch.ListOptions()) == listwatch.ListPage([], "9", "")
    assert queries(api) == [""]


def test_selectors_and_namespace(api, collection):
    """They are in every request."""
    api.plan("GET /api/v1/namespaces/n/configmaps", {"metadata": {}, "items": []})
    only = collection(namespace="n", label_selector="a=b", field_selector="metadata.name=c")
    only.list_page(listwatch.ListOptions())
    api.plan("GET /api/v1/namespaces/n/configmaps", http_server.Answer(chunks=(b"1\n",)))
    assert list(only.watch(WATCH)) == [b"1"]
    assert all(query.startswith("labelSelector=a%3Db&fieldSelector=metadata.name%3Dc") for query in queries(api))


def test_a_kind_without_namespaces_is_watched_whole(api, collection):
    """A manager of one namespace may still need nodes."""
    api.plan("GET /api/v1/namespaces", http_server.Answer(chunks=(b"1\n",)))
    assert list(collection(NAMESPACE, namespace="n").watch(WATCH)) == [b"1"]


@pytest.mark.parametrize(
    ("options", "extra"),
    [
        (WATCH, "resourceVersion=7&timeoutSeconds=300"),
        (
            listwatch.WatchOptions("", 301, send_initial_events=True),
            "resourceVersion=&timeoutSeconds=301&sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
        ),
    ],
)
def test_what_a_watch_asks_for(api, collection, options, extra):
    """Bookmarks always; the initial events if wanted, from a version that may be empty."""
    api.plan("GET /api/v1/configmaps", http_server.Answer(chunks=(b"1\n",)))
    assert list(collection().watch(options)) == [b"1"]
    assert queries(api) == [f"watch=true&allowWatchBookmarks=true&{extra}"]


@pytest.mark.parametrize(
    "call", [lambda c: c.list_page(listwatch.ListOptions()), lambda c: c.watch(WATCH)], ids=["list", "watch"]
)
@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (http_server.status(410, "Expired", "too old s3cret"), errors.GoneError, "too old"),
        (http_server.status(500, "InternalError", "s3cret"), errors.ServerError, "the server failed on a ConfigMap"),
        (http_server.Answer(404, b"404 page not found"), errors.KindNotFoundError, "CustomResourceDefinition"),
        (
            http_server.status(
                403,
                "Forbidden",
                'configmaps is forbidden: User "u" cannot watch resource "configmaps" in API group "" at the cluster scope',
            ),
            errors.ForbiddenError,
            "cannot watch configmaps at the cluster scope: RBAC rule missing",
        ),
    ],
)
def test_refusals(api, collection, call, answer, kind, words):
    """They have their types, and no values."""
    api.plan("GET /api/v1/configmaps", answer)
    with pytest.raises(kind, match=words) as caught:
        call(collection())
    assert "s3cret" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_page_that_is_none_is_an_error(api, collection):
    """A proxy's page, say."""
    api.plan("GET /api/v1/configmaps", http_server.Answer(body=b"<html>"))
    with pytest.raises(errors.TransportError, match="the answer is not a list"):
        collection().list_page(listwatch.ListOptions())
