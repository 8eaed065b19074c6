from controller import handler, reconcile
from informers import events, objects
from tests.support.snapshots import snapshot

OWNER = objects.GroupVersionKind("custom.ops", "v1", "MicroServiceDeploy")


def owned_by(name, *, controller=True, api_version="custom.ops/v1", kind="MicroServiceDeploy"):
    return {"apiVersion": api_version, "kind": kind, "name": name, "uid": f"uid-{name}", "controller": controller}


def test_the_initial_list_and_unchanged_objects_have_low_priority():
    """Start-up and resyncs are at -100, so that a user's change overtakes them; everything else is at 0."""
    old, new = snapshot(resourceVersion="1"), snapshot(resourceVersion="2")
    assert handler.priority_of(events.Added(new, is_in_initial_list=True)) == -100
    assert handler.priority_of(events.Updated(old, old)) == -100
    assert handler.priority_of(events.Added(new)) == 0
    assert handler.priority_of(events.Updated(old, new)) == 0
    assert handler.priority_of(events.Deleted(new)) == 0


def test_an_object_stands_for_itself():
    """enqueue_request_for_object names the object, in any event."""
    for event in (events.Added(snapshot("x")), events.Deleted(snapshot("x")), events.Updated(snapshot("x"), snapshot("x"))):
        assert list(handler.enqueue_request_for_object(event)) == [reconcile.Request("default", "x")]


def test_an_owned_object_stands_for_its_controller():
    """Only the controller owner of the right group and kind counts, whatever its version."""
    handle = handler.enqueue_request_for_owner(OWNER)
    child = snapshot(
        ownerReferences=[
            owned_by("other", kind="Else"),
            owned_by("plain", controller=False),
            owned_by("it", api_version="custom.ops/v9"),
        ]
    )
    assert list(handle(events.Added(child))) == [reconcile.Request("default", "it")]


def test_every_owner_counts_if_asked():
    """With only_controller off, plain owners are named, too."""
    handle = handler.enqueue_request_for_owner(OWNER, only_controller=False)
    child = snapshot(ownerReferences=[owned_by("plain", controller=False), owned_by("it")])
    assert [request.name for request in handle(events.Added(child))] == ["plain", "it"]


def test_an_update_names_old_and_new_owners_once():
    """A child that changes hands wakes both owners; an owner that stays is named once."""
    handle = handler.enqueue_request_for_owner(OWNER)
    old, new = snapshot(ownerReferences=[owned_by("a")]), snapshot(ownerReferences=[owned_by("b")])
    assert [request.name for request in handle(events.Updated(old, new))] == ["a", "b"]
    assert [request.name for request in handle(events.Updated(old, old))] == ["a"]


def test_an_owner_of_cluster_scope_has_no_namespace():
    """For a cluster-scoped owner the request's namespace is empty."""
    handle = handler.enqueue_request_for_owner(OWNER, is_namespaced=False)
    assert list(handle(events.Added(snapshot(ownerReferences=[owned_by("a")])))) == [reconcile.Request("", "a")]


def test_a_map_function_sees_old_and_new():
    """enqueue_requests_from_map_func maps both states of an update and names each request once."""
    handle = handler.enqueue_requests_from_map_func(
        lambda seen: [reconcile.Request("", seen.meta.name), reconcile.Request("", "always")]
    )
    names = [request.name for request in handle(events.Updated(snapshot("old"), snapshot("new")))]
    assert names == ["old", "always", "new"]
