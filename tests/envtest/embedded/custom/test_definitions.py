"""The life of a definition: names accepted, kinds served, and what its deletion takes along."""

import asyncio
import copy
import datetime

import pytest

from envtest.embedded.api import admission, requests, status, store
from envtest.embedded.builtin import resources
from envtest.embedded.custom import definitions
from tests.support import bad_definitions

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
NAME = "widgets.bad.example.com"


class World:
    """A registry, a store and what looks after definitions."""

    def __init__(self):
        self.registry = resources.Registry.built_in()
        self.store = store.Store()
        self.definitions = definitions.Definitions(self.registry, self.store, lambda: NOW)
        self.own = self.registry.find("apiextensions.k8s.io", "v1", "customresourcedefinitions")

    def put(self, definition, **metadata):
        """Keep a definition as a request would, and return it as it is then."""
        whole = self.definitions.default(copy.deepcopy(definition))
        whole["metadata"] |= metadata
        self.store.put(self.own, whole)
        return self.get(whole["metadata"]["name"])

    def get(self, name=NAME):
        """Return a definition, or None."""
        return self.store.get(self.own, "", name)

    def delete(self, name=NAME):
        """Begin to delete a definition."""
        self.store.put(self.own, self.definitions.begin_deletion(self.get(name)))

    def served(self, version="v1"):
        """Return the resource of Widgets."""
        return self.registry.find("bad.example.com", version, "widgets")

    def widget(self, name="a", **metadata):
        """Keep a Widget."""
        whole = {
            "apiVersion": "bad.example.com/v1",
            "kind": "Widget",
            "metadata": {"name": name, "namespace": "default", **metadata},
        }
        return self.store.put(self.served(), whole)


def conditions(definition):
    """Return status and reason of each condition."""
    return {each["type"]: (each["status"], each["reason"]) for each in definition["status"]["conditions"]}


def test_a_definition_is_established_and_served():
    """Accepted names are those of the spec, with what its author left out."""
    world = World()
    names = {"plural": "widgets", "kind": "Widget", "shortNames": ["w"], "categories": ["all"]}
    found = world.put(bad_definitions.definition(names=names))
    assert conditions(found) == {"NamesAccepted": ("True", "NoConflicts"), "Established": ("True", "InitialNamesAccepted")}
    assert found["status"]["acceptedNames"] == {**names, "singular": "widget", "listKind": "WidgetList"}
    assert found["status"]["storedVersions"] == ["v1"]
    assert found["status"]["conditions"][0]["lastTransitionTime"] == "2026-01-01T00:00:00Z"
    served = world.served()
    assert (served.kind, served.is_namespaced, served.short_names, served.categories) == ("Widget", True, ("w",), ("all",))
    assert world.definitions.kind(served).prune({"kind": "Widget", "spec": {"text": "a", "b": 1}})[1] == ["spec.b"]


def test_only_served_versions_are_served_and_the_stored_one_is_remembered():
    """A second version beside the first, then alone in storage."""
    world = World()
    one, two = bad_definitions.version(), bad_definitions.version("v2", storage=False)
    world.put(bad_definitions.definition(versions=[one, two]))
    assert world.served("v2") is not None
    found = world.put(
        bad_definitions.definition(versions=[{**one, "storage": False, "served": False}, {**two, "storage": True}]),
    )
    assert world.served() is None
    assert world.served("v2") is not None
    assert found["status"]["storedVersions"] == ["v2"]


def test_the_versions_that_ever_were_stored_are_kept():
    """An update keeps the status, as the server does."""
    world = World()
    one, two = bad_definitions.version(), bad_definitions.version("v2", storage=False)
    found = world.put(bad_definitions.definition(versions=[one, two]))
    changed = {**found, "spec": {**found["spec"], "versions": [{**one, "storage": False}, {**two, "storage": True}]}}
    world.store.put(world.own, changed)
    assert world.get()["status"]["storedVersions"] == ["v1", "v2"]


def test_a_change_of_the_schema_counts_from_then_on():
    """What is unchanged is the same resource, so that nothing is compiled again."""
    world = World()
    found = world.put(bad_definitions.definition())
    before = world.served()
    world.store.put(world.own, {**found, "metadata": {**found["metadata"], "labels": {"a": "b"}}})
    assert world.served() is before
    changed = bad_definitions.definition({"count": {"type": "integer"}})
    world.store.put(world.own, {**found, "spec": {**found["spec"], "versions": changed["spec"]["versions"]}})
    assert world.definitions.kind(world.served()).prune({"kind": "Widget", "spec": {"text": "a"}})[1] == ["spec.text"]


def test_names_that_are_taken_are_refused_until_they_are_free():
    """The one that came first keeps them."""
    world = World()
    world.put(bad_definitions.definition())
    other = bad_definitions.definition(
        names=bad_definitions.names(plural="others", singular="widget", kind="Other", listKind="OtherList")
    )
    other["metadata"] = {"name": "others.bad.example.com"}
    found = world.put(other)
    assert conditions(found) == {"NamesAccepted": ("False", "SingularConflict"), "Established": ("False", "NotAccepted")}
    assert world.registry.find("bad.example.com", "v1", "others") is None
    world.delete()
    assert conditions(world.get("others.bad.example.com"))["Established"] == ("True", "InitialNamesAccepted")
    assert world.registry.find("bad.example.com", "v1", "others") is not None


def test_a_deletion_takes_the_objects_along():
    """And the kind is served no longer."""
    world = World()
    world.put(bad_definitions.definition())
    served = world.served()
    world.widget()
    world.delete()
    assert world.get() is None
    assert world.served() is None
    assert world.store.list(served) == []


def test_a_deletion_waits_for_finalizers():
    """Until then the definition tells that it terminates, and its kind is served so that the finalizer can go."""
    world = World()
    world.put(bad_definitions.definition())
    served, held = world.served(), world.widget(finalizers=["example.com/hold"])
    world.delete()
    assert conditions(world.get())["Terminating"] == ("True", "InstanceDeletionInProgress")
    assert world.get()["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    assert world.definitions.is_terminating(served)
    assert world.store.get(served, "default", "a")["metadata"]["deletionTimestamp"] == "2026-01-01T00:00:00Z"
    world.store.delete(served, held)
    assert world.get() is None
    assert world.served() is None


def test_nothing_is_created_of_a_kind_that_is_being_deleted():
    """Or the deletion would never end; what is there can still be changed."""
    world = World()
    world.put(bad_definitions.definition())
    held = world.widget(finalizers=["example.com/hold"])
    new = admission.Attempt("CREATE", requests.Target(world.served(), "default", "b"), {})
    assert world.definitions.refuse_creation(new) == {}
    world.delete()
    with pytest.raises(status.StatusError, match="create not allowed while custom resource definition is terminating") as error:
        world.definitions.refuse_creation(new)
    assert error.value.code == 403
    change = admission.Attempt("UPDATE", requests.Target(world.served(), "default", "a"), {}, held)
    assert world.definitions.refuse_creation(change) == {}


def test_a_deletion_leaves_the_finalizers_of_others():
    """The definition stays until they are gone, too."""
    world = World()
    world.put(bad_definitions.definition(), finalizers=["example.com/hold"])
    world.delete()
    assert world.get()["metadata"]["finalizers"] == ["example.com/hold"]
    assert conditions(world.get())["Terminating"] == ("False", "InstanceDeletionCompleted")


def test_in_a_loop_whoever_else_watches_sees_the_write_before_what_follows_from_it():
    """Events stay in the order of their resourceVersions."""

    async def watch():
        world = World()
        seen = []
        world.store.subscribe(world.own, lambda event: seen.append(("conditions" in event.object["status"], event.revision)))
        world.put(bad_definitions.definition())
        await asyncio.sleep(0)
        return seen

    seen = asyncio.run(watch())
    assert [settled for settled, _ in seen] == [False, True]
    assert sorted(seen, key=lambda each: each[1]) == seen
