import threading

import pytest

from controller import builder, handler, manager, predicate, reconcile
from controller.client import transport
from informers import objects
from tests.support import rest_api
from tests.support.controllers import Reconciler
from tests.support.snapshots import CONFIG_MAP

THING = objects.GroupVersionKind("custom.ops", "v1", "Thing")


@pytest.fixture
def api():
    """An API server that answers."""
    with rest_api.RestApi() as serving:
        yield serving


@pytest.fixture
def a_manager(api, tmp_path):
    """A manager that does not run yet."""
    options = manager.Options(metrics_bind_address="0", health_probe_bind_address="0", max_concurrent_reconciles=3)
    return manager.Manager(transport.load_config(api.kubeconfig(tmp_path), None), options)


def test_a_controller_is_called_like_its_kind(a_manager):
    """The default name is the kind in lower case, the default number of workers the manager's."""
    built = builder.Builder(a_manager).for_(THING).complete(Reconciler())
    assert (built.name, built.kind, built.options.max_concurrent_reconciles) == ("thing", THING, 3)


def test_name_and_workers_can_be_chosen(a_manager):
    """What is said explicitly wins."""
    built = builder.Builder(a_manager).for_(THING).named("other").with_max_concurrent_reconciles(1).complete(Reconciler())
    assert (built.name, built.options.max_concurrent_reconciles) == ("other", 1)


def test_no_workers_are_refused(a_manager):
    """A controller that would never work is an error at once."""
    with pytest.raises(ValueError, match="a controller needs a worker"):
        builder.Builder(a_manager).for_(THING).with_max_concurrent_reconciles(0)


def test_1_5_a_controller_watches_something(a_manager):
    """Without a watch there is nothing to do."""
    with pytest.raises(ValueError, match="at least one of for_ and watches"):
        builder.Builder(a_manager).named("idle").complete(Reconciler())


def test_1_5_owns_needs_for(a_manager):
    """Children of nobody cannot be mapped."""
    incomplete = builder.Builder(a_manager).named("x").owns(CONFIG_MAP).watches(THING, handler.enqueue_request_for_object)
    with pytest.raises(ValueError, match="owns needs for_"):
        incomplete.complete(Reconciler())


def test_a_controller_without_a_kind_needs_a_name(a_manager):
    """There is nothing to derive one from."""
    with pytest.raises(ValueError, match="needs a name"):
        builder.Builder(a_manager).watches(THING, handler.enqueue_request_for_object).complete(Reconciler())


def test_1_5_for_comes_once(a_manager):
    """A controller is for one kind."""
    with pytest.raises(ValueError, match=r"for_\(v1.ConfigMap\) after for_\(custom.ops/v1.Thing\)"):
        builder.Builder(a_manager).for_(THING).for_(CONFIG_MAP)


def test_one_kind_has_one_informer(a_manager):
    """Controllers that watch the same kind share its cache."""
    builder.Builder(a_manager).for_(THING).owns(CONFIG_MAP).complete(Reconciler())
    builder.Builder(a_manager).for_(CONFIG_MAP).complete(Reconciler())
    assert [informer.key.gvk for informer in a_manager.cache.informers()] == [THING, CONFIG_MAP]


def seen_with(a_manager, built, runs):
    """Run the controller that *built* declares until it has made *runs* runs; return what was reconciled."""
    reconciler = Reconciler()
    built.complete(reconciler)
    running = threading.Thread(target=a_manager.run)
    running.start()
    try:
        reconciler.wait_for(runs)
    finally:
        a_manager.stop()
        running.join(10)
    assert not running.is_alive()
    return set(reconciler.seen)


def only(name):
    """Return a predicate that passes one object."""
    return predicate.matches(lambda snapshot: snapshot.meta.name == name)


def test_an_owned_object_leads_to_its_owner(api, a_manager):
    """owns maps an object to its controller; the predicates of each watch are its own."""
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "parent", "uid": "uid-parent", "controller": True}
    api.config_maps = [
        rest_api.config_map("itself"),
        rest_api.config_map("child", ownerReferences=[owner]),
        rest_api.config_map("stranger"),
    ]
    built = builder.Builder(a_manager).for_(CONFIG_MAP, only("itself")).owns(CONFIG_MAP)
    assert seen_with(a_manager, built, 2) == {reconcile.Request("default", "itself"), reconcile.Request("default", "parent")}


def test_a_watch_leads_to_what_its_handler_says(api, a_manager):
    """watches needs no for_; a request may name what is no object."""
    api.config_maps = [rest_api.config_map("a", "team"), rest_api.config_map("b", "team")]
    to_namespace = handler.enqueue_requests_from_map_func(lambda snapshot: [reconcile.Request("", snapshot.meta.namespace)])
    built = builder.Builder(a_manager).named("namespaces").watches(CONFIG_MAP, to_namespace)
    assert seen_with(a_manager, built, 1) == {reconcile.Request("", "team")}
