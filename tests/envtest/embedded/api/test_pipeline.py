"""The verbs: what is kept, answered and refused."""

import dataclasses
import datetime

import pytest

from envtest.embedded.api import requests, selectors, status
from tests.support import embedded_world
from tests.support.embedded_world import NAMESPACES, PODS, options_of, refusal

DEPLOYMENTS = ("apps", "v1", "deployments")
LEASES = ("coordination.k8s.io", "v1", "leases")
LATER = datetime.timedelta(seconds=10)


@pytest.fixture
def world():
    """An API with the namespaces of every cluster."""
    return embedded_world.World()


def deployment(**spec):
    """Return a small Deployment."""
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    return {"metadata": {"name": "web"}, "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template, **spec}}


class TestCreate:
    """POST."""

    def test_an_object_gets_what_the_server_adds(self, world):
        """Namespace, uid, version, time, and an entry for its fields."""
        own = world.config_map()["metadata"]
        assert own["namespace"] == "default"
        assert own["creationTimestamp"] == "2026-01-02T03:04:05Z"
        assert own["resourceVersion"] == str(world.api.store.revision)
        assert [(entry["manager"], entry["operation"]) for entry in own["managedFields"]] == [("test", "Update")]
        assert "generation" not in own

    def test_a_name_is_taken_once(self, world):
        """409 the second time."""
        world.config_map()
        with pytest.raises(status.StatusError) as error:
            world.config_map()
        assert refusal(error) == (409, 'configmaps "a" already exists')

    def test_a_name_can_be_generated(self, world):
        """From a prefix; two objects have two names."""
        made = [world.create({"metadata": {"generateName": "x-"}})["metadata"]["name"] for _ in range(2)]
        assert all(name.startswith("x-") and len(name) == 7 for name in made)
        assert made[0] != made[1]

    def test_a_missing_namespace_is_named(self, world):
        """404 of the namespace."""
        with pytest.raises(status.StatusError) as error:
            world.api.create(world.target(namespace="nope"), {"metadata": {"name": "a"}}, options_of())
        assert refusal(error) == (404, 'namespaces "nope" not found')

    def test_a_version_is_not_given(self, world):
        """The server's own error, without a reason."""
        with pytest.raises(status.StatusError) as error:
            world.config_map(resourceVersion="5")
        assert refusal(error) == (500, "resourceVersion should not be set on objects to be created")

    def test_a_dry_run_keeps_nothing(self, world):
        """The answer has no version."""
        before = world.api.store.revision
        made = world.create({"metadata": {"name": "a"}}, dry_run=True)
        assert "resourceVersion" not in made["metadata"]
        assert (world.api.store.revision, world.api.find(world.target(name="a"))) == (before, None)

    def test_unknown_fields_are_refused_or_warned_of(self, world):
        """As field validation says."""
        body = {"metadata": {"name": "a"}, "foo": 1}
        with pytest.raises(status.StatusError) as error:
            world.create(body, field_validation="Strict")
        text = 'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "foo"'
        assert refusal(error) == (400, text)
        assert world.create(body, field_validation="Ignore", dry_run=True)
        assert world.api.warnings == []
        assert "foo" not in world.create(body)
        assert world.api.warnings == ['unknown field "foo"']

    def test_another_kind_is_refused(self, world):
        """The kind of the path counts."""
        with pytest.raises(status.StatusError, match=r"converting \(v1.Secret\) to \(core.ConfigMap\): unknown conversion"):
            world.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}})


class TestUpdate:
    """PUT."""

    def put(self, world, body, kind=embedded_world.CONFIG_MAPS, **options):
        """Replace the object that *body* names."""
        return world.api.update(world.target(kind, body["metadata"]["name"]), body, options_of(**options))

    def test_an_old_version_is_a_conflict(self, world):
        """And changes nothing."""
        old = world.config_map()
        world.merge({"data": {"k": "w"}})
        with pytest.raises(status.StatusError) as error:
            self.put(world, old)
        locked = "the object has been modified; please apply your changes to the latest version and try again"
        assert refusal(error) == (409, f'Operation cannot be fulfilled on configmaps "a": {locked}')

    def test_an_update_that_changes_nothing_keeps_the_version(self, world):
        """Even later, when the times in managedFields would be others."""
        old = world.config_map()
        world.now += LATER
        assert self.put(world, old).object == old
        assert self.put(world, {"metadata": {"name": "a"}, "data": {"k": "v"}}).object == old

    def test_another_uid_is_a_conflict(self, world):
        """The object was replaced meanwhile."""
        world.config_map()
        with pytest.raises(status.StatusError, match="UID in precondition: other"):
            self.put(world, {"metadata": {"name": "a", "uid": "other"}})

    def test_what_is_not_there_cannot_be_replaced(self, world):
        """But for a few kinds, which an update creates."""
        with pytest.raises(status.StatusError) as error:
            self.put(world, {"metadata": {"name": "a"}})
        assert refusal(error) == (404, 'configmaps "a" not found')
        assert self.put(world, {"metadata": {"name": "l"}, "spec": {}}, LEASES).is_created

    def test_some_kinds_want_a_version(self, world):
        """A Lease cannot be overwritten unseen."""
        self.put(world, {"metadata": {"name": "l"}, "spec": {}}, LEASES)
        with pytest.raises(status.StatusError) as error:
            self.put(world, {"metadata": {"name": "l"}, "spec": {}}, LEASES)
        assert error.value.code == 422
        assert "metadata.resourceVersion: Invalid value: 0: must be specified for an update" in error.value.message

    def test_a_dry_run_changes_nothing(self, world):
        """The answer shows what would be."""
        old = world.config_map()
        assert world.merge({"data": {"k": "w"}}, dry_run=True)["data"] == {"k": "w"}
        assert world.api.get(world.target(name="a")) == old


class TestGeneration:
    """When the generation rises."""

    def test_it_rises_with_the_spec_and_not_with_the_status(self, world):
        """Status and labels leave it alone."""
        assert world.create(deployment(), DEPLOYMENTS)["metadata"]["generation"] == 1
        assert world.merge({"spec": {"replicas": 2}}, "web", DEPLOYMENTS)["metadata"]["generation"] == 2
        assert world.merge({"metadata": {"labels": {"x": "y"}}}, "web", DEPLOYMENTS)["metadata"]["generation"] == 2

    def test_a_deployments_annotations_raise_it_too(self, world):
        """As upstream."""
        world.create(deployment(), DEPLOYMENTS)
        assert world.merge({"metadata": {"annotations": {"x": "y"}}}, "web", DEPLOYMENTS)["metadata"]["generation"] == 2

    def test_the_status_has_a_path_of_its_own(self, world):
        """The main path leaves it as it is, its own path leaves the rest."""
        world.create({**deployment(), "status": {"replicas": 9}}, DEPLOYMENTS)
        assert not world.api.get(world.target(DEPLOYMENTS, "web")).get("status")
        patch = requests.Patch(requests.MERGE_PATCH, {"status": {"replicas": 3}, "spec": {"replicas": 7}})
        kept = world.api.patch(world.target(DEPLOYMENTS, "web", "status"), patch, options_of()).object
        assert (kept["status"], kept["spec"]["replicas"], kept["metadata"]["generation"]) == ({"replicas": 3}, 1, 1)
        again = world.merge({"status": {"replicas": 4}}, "web", DEPLOYMENTS)
        assert again["status"] == {"replicas": 3}


class TestApply:
    """Server-side apply."""

    def apply(self, world, body, manager="m", **options):
        """Apply a ConfigMap."""
        target = world.target(name=body["metadata"]["name"])
        body = {"apiVersion": "v1", "kind": "ConfigMap", **body}
        patch = requests.Patch(requests.APPLY_PATCH, body)
        return world.api.patch(target, patch, requests.Options(manager, **options))

    def test_it_creates_or_changes(self, world):
        """And says which; what changes nothing keeps the version."""
        first = self.apply(world, {"metadata": {"name": "a"}, "data": {"k": "v"}})
        assert first.is_created
        world.now += LATER
        second = self.apply(world, {"metadata": {"name": "a"}, "data": {"k": "v"}})
        assert (second.is_created, second.object) == (False, first.object)
        assert self.apply(world, {"metadata": {"name": "a"}, "data": {"k": "w"}}).object["data"] == {"k": "w"}

    def test_a_version_creates_but_does_not_take_over(self, world):
        """201 if it is missing, 409 if it exists: how a client asks for that."""
        assert self.apply(world, {"metadata": {"name": "a", "resourceVersion": "1"}}).is_created
        with pytest.raises(status.StatusError) as error:
            self.apply(world, {"metadata": {"name": "a", "resourceVersion": "1"}})
        assert error.value.code == 409

    def test_a_uid_changes_but_does_not_create(self, world):
        """An object that was deleted does not come back."""
        with pytest.raises(status.StatusError) as error:
            self.apply(world, {"metadata": {"name": "a", "uid": "u"}})
        text = "uid mismatch: the provided object specified uid u, and no existing object was found"
        assert refusal(error) == (409, f'Operation cannot be fulfilled on configmaps "a": {text}')

    def test_fields_of_others_are_a_conflict_unless_forced(self, world):
        """The other manager is named."""
        self.apply(world, {"metadata": {"name": "a"}, "data": {"k": "v"}})
        with pytest.raises(status.StatusError) as error:
            self.apply(world, {"metadata": {"name": "a"}, "data": {"k": "w"}}, "other")
        assert refusal(error) == (409, 'Apply failed with 1 conflict: conflict with "m": .data.k')
        assert self.apply(world, {"metadata": {"name": "a"}, "data": {"k": "w"}}, "other", force=True).object["data"]["k"] == "w"


class TestDelete:
    """DELETE."""

    def test_what_is_gone_is_answered_with_a_status(self, world):
        """And is no longer there."""
        made = world.config_map()
        answer = world.api.delete(world.target(name="a"))
        details = {"name": "a", "kind": "configmaps", "uid": made["metadata"]["uid"]}
        assert (answer["status"], answer["details"]) == ("Success", details)
        with pytest.raises(status.StatusError):
            world.api.get(world.target(name="a"))

    def test_finalizers_hold_an_object_until_the_last_is_gone(self, world):
        """The deletion's time is written, and then an update removes it."""
        world.config_map(finalizers=["example.com/a"])
        assert world.api.delete(world.target(name="a"))["metadata"]["deletionTimestamp"] == "2026-01-02T03:04:05Z"
        version = world.api.get(world.target(name="a"))["metadata"]["resourceVersion"]
        assert world.api.delete(world.target(name="a"))["metadata"]["resourceVersion"] == version
        assert world.merge({"data": {"k": "w"}})["data"] == {"k": "w"}
        world.merge({"metadata": {"finalizers": None}})
        assert world.api.find(world.target(name="a")) is None

    def test_a_dry_run_deletes_nothing(self, world):
        """Neither does it mark."""
        made = world.config_map(finalizers=["example.com/a"])
        world.api.delete(world.target(name="a"), requests.DeleteOptions(dry_run=True))
        assert world.api.get(world.target(name="a")) == made

    def test_a_pod_without_grace_is_marked_and_then_gone(self, world):
        """Watchers see both."""
        seen = []
        world.api.store.subscribe(world.target(PODS).resource, lambda event: seen.append(event.type))
        spec = {"containers": [{"name": "c", "image": "i"}], "nodeName": "n"}
        world.create({"metadata": {"name": "p"}, "spec": spec}, PODS)
        assert world.api.delete(world.target(PODS, "p"))["metadata"]["deletionGracePeriodSeconds"] == 30
        world.api.delete(world.target(PODS, "p"), requests.DeleteOptions(grace_period_seconds=0))
        assert seen == ["ADDED", "MODIFIED", "MODIFIED", "DELETED"]

    def test_a_collection_is_deleted_by_labels(self, world):
        """Only what matches goes."""
        world.config_map("a", labels={"x": "1"})
        world.config_map("b", labels={"x": "2"})
        chosen = selectors.parse(world.target().resource, "x=1", "")
        gone = world.api.delete_collection(world.target(), chosen)
        assert [each["metadata"]["name"] for each in gone] == ["a"]
        assert [each["metadata"]["name"] for each in world.api.store.list(world.target().resource)] == ["b"]

    def test_a_namespace_terminates_and_goes_with_its_own_finalizer(self, world):
        """Nothing new is made in it; the first namespaces stay."""
        world.create({"metadata": {"name": "mine"}}, NAMESPACES)
        target = world.target(NAMESPACES, "mine")
        assert world.api.delete(target)["status"] == {"phase": "Terminating"}
        with pytest.raises(status.StatusError) as error:
            world.api.create(world.target(namespace="mine"), {"metadata": {"name": "a"}}, options_of())
        text = "unable to create new content in namespace mine because it is being terminated"
        assert refusal(error) == (403, f'configmaps "a" is forbidden: {text}')
        live = world.api.get(target)
        world.api.update(dataclasses.replace(target, subresource="finalize"), {**live, "spec": {}}, options_of())
        assert world.api.find(target) is None
        with pytest.raises(status.StatusError, match="this namespace may not be deleted"):
            world.api.delete(world.target(NAMESPACES, "default"))
