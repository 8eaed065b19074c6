"""Contract: deletion with preconditions, finalizers, propagation and grace."""

import pytest

from tests.support import contract_objects, contract_shapes

RECREATED = "The object might have been deleted and then recreated"


def owned(space, **more):
    """Create ConfigMap o and return an owner reference to it."""
    uid = space.config_map("o").body["metadata"]["uid"]
    return [{"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": uid, **more}]


def is_gone(answer):
    """Ask whether an answer says that nothing is there."""
    return answer.status == 404


class TestPreconditions:
    """What a deletion may demand."""

    def test_another_uid_is_a_conflict(self, space):
        """A deletion of another life of the object is 409, with both uids."""
        uid = space.config_map("a").body["metadata"]["uid"]
        answer = space.delete("configmaps/a", {"preconditions": {"uid": "x"}})
        message = f"the UID in the precondition (x) does not match the UID in record ({uid}). {RECREATED}"
        assert answer.refusal == (409, "Conflict", f'Operation cannot be fulfilled on ConfigMap "a": {message}')
        assert space.delete("configmaps/a", {"preconditions": {"uid": uid}}).status == 200

    def test_another_version_is_a_conflict(self, space):
        """A deletion of an older version is 409, with both versions."""
        version = space.config_map("a").version
        answer = space.delete("configmaps/a", {"preconditions": {"resourceVersion": "1"}})
        message = (
            f"the ResourceVersion in the precondition (1) does not match the ResourceVersion in record ({version}). "
            "The object might have been modified"
        )
        assert answer.refusal == (409, "Conflict", f'Operation cannot be fulfilled on ConfigMap "a": {message}')
        assert space.delete("configmaps/a", {"preconditions": {"resourceVersion": version}}).status == 200


class TestFinalizers:
    """An object that something holds."""

    def test_a_held_object_is_marked(self, space):
        """The deletion answers 200 with the object, which has a time of deletion and stays."""
        space.config_map("a", finalizers=["e.x/f"])
        answer = space.delete("configmaps/a")
        assert (answer.status, answer.body["kind"]) == (200, "ConfigMap")
        assert answer.body["metadata"]["deletionGracePeriodSeconds"] == 0
        assert answer.body["metadata"]["deletionTimestamp"].endswith("Z")
        assert space.get("configmaps/a").body == answer.body

    def test_a_second_deletion_changes_nothing(self, space):
        """Deleting what is marked answers the same version."""
        space.config_map("a", finalizers=["e.x/f"])
        marked = space.delete("configmaps/a")
        assert space.delete("configmaps/a").body == marked.body

    def test_the_last_finalizer_lets_it_go(self, space):
        """The update that takes the last finalizer away answers the object once more."""
        space.config_map("a", finalizers=["e.x/f", "e.x/g"])
        space.delete("configmaps/a")
        assert space.patch("configmaps/a", {"metadata": {"finalizers": ["e.x/g"]}}).status == 200
        last = space.patch("configmaps/a", {"metadata": {"finalizers": None}})
        assert (last.status, "finalizers" in last.body["metadata"]) == (200, False)
        assert is_gone(space.get("configmaps/a"))

    def test_no_finalizer_can_be_added_to_a_marked_object(self, space):
        """New finalizers are refused once the deletion has begun."""
        space.config_map("a", finalizers=["e.x/f"])
        space.delete("configmaps/a")
        answer = space.patch("configmaps/a", {"metadata": {"finalizers": ["e.x/f", "e.x/g"]}})
        text = 'Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"e.x/g"}'
        assert answer.refusal == (422, "Invalid", f'ConfigMap "a" is invalid: metadata.finalizers: {text}')

    def test_the_mark_cannot_be_taken_back(self, space):
        """A patch of the time of deletion is silently undone; other fields can still change."""
        space.config_map("a", finalizers=["e.x/f"])
        marked = space.delete("configmaps/a")
        answer = space.patch("configmaps/a", {"metadata": {"deletionTimestamp": None}, "data": {"x": "1"}})
        assert answer.body["metadata"]["deletionTimestamp"] == marked.body["metadata"]["deletionTimestamp"]
        assert answer.body["data"] == {"x": "1"}

    def test_watchers_see_mark_and_end(self, space):
        """The mark is MODIFIED, the end is DELETED with the last state and a version of its own."""
        made = space.post("secrets", {"metadata": {"name": "a", "finalizers": ["e.x/f"]}})
        marked = space.delete("secrets/a")
        space.patch("secrets/a", {"metadata": {"finalizers": None}})
        with space.watch("secrets", resourceVersion=made.version) as watch:
            first, second = watch.next(), watch.next()
        assert (first["type"], first["object"]) == ("MODIFIED", marked.body)
        assert (second["type"], second["object"]["metadata"]["finalizers"]) == ("DELETED", ["e.x/f"])
        assert int(second["object"]["metadata"]["resourceVersion"]) > int(marked.version)


class TestPropagation:
    """What becomes of dependents."""

    def test_background_is_the_default(self, space):
        """The owner goes at once, its dependent soon after."""
        space.config_map("d", ownerReferences=owned(space))
        assert space.delete("configmaps/o").body["status"] == "Success"
        assert is_gone(space.get("configmaps/o"))
        space.until("configmaps/d", is_gone)

    def test_foreground_waits_for_dependents(self, space):
        """The owner is held by a finalizer until its blocking dependents are gone."""
        reference = owned(space, blockOwnerDeletion=True)
        space.config_map("d", ownerReferences=reference, finalizers=["e.x/f"])
        answer = space.delete("configmaps/o", propagationPolicy="Foreground")
        assert answer.body["metadata"]["finalizers"] == ["foregroundDeletion"]
        space.until("configmaps/d", lambda answer: "deletionTimestamp" in answer.body["metadata"])
        assert space.get("configmaps/o").status == 200
        space.patch("configmaps/d", {"metadata": {"finalizers": None}})
        space.until("configmaps/o", is_gone)

    def test_orphan_frees_dependents(self, space):
        """The dependent stays and loses its reference."""
        space.config_map("d", ownerReferences=owned(space))
        answer = space.delete("configmaps/o", propagationPolicy="Orphan")
        assert answer.body["metadata"]["finalizers"] == ["orphan"]
        space.until("configmaps/o", is_gone)
        assert contract_shapes.plain(space.get("configmaps/d").body)["metadata"] == {"name": "d"}

    def test_a_dependent_of_nobody_goes(self, space):
        """An object whose owner never existed is collected."""
        reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "none", "uid": "00000000-0000-4000-8000-000000000000"}
        space.config_map("d", ownerReferences=[reference])
        space.until("configmaps/d", is_gone)

    def test_a_second_owner_keeps_a_dependent(self, space):
        """A dependent with another living owner only loses the reference to the dead one."""
        [dead] = owned(space)
        uid = space.config_map("other").body["metadata"]["uid"]
        alive = {"apiVersion": "v1", "kind": "ConfigMap", "name": "other", "uid": uid}
        space.config_map("d", ownerReferences=[dead, alive])
        space.delete("configmaps/o")
        answer = space.until("configmaps/d", lambda answer: len(answer.body["metadata"]["ownerReferences"]) == 1)
        assert answer.body["metadata"]["ownerReferences"] == [alive]

    @pytest.mark.parametrize(
        ("options", "text"),
        [
            (
                {"propagationPolicy": "Sideways"},
                'Unsupported value: "Sideways": supported values: "Foreground", "Background", "Orphan", "nil"',
            ),
            (
                {"propagationPolicy": "Orphan", "orphanDependents": True},
                'Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
            ),
        ],
        ids=["unknown", "two"],
    )
    def test_a_policy_must_be_known(self, space, options, text):
        """Unknown and contradicting policies are 422."""
        space.config_map("a")
        answer = space.delete("configmaps/a", options)
        message = f'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: {text}'
        assert answer.refusal == (422, "Invalid", message)


class TestGrace:
    """Pods end in their own time."""

    def make(self, space, node=""):
        """Create a pod that runs nowhere, or on a node."""
        space.until("serviceaccounts/default", lambda answer: answer.status == 200)
        spec = {"nodeName": node} if node else {"schedulerName": "nobody"}
        assert space.post("pods", contract_objects.pod(**spec)).status == 201

    def test_a_pod_on_a_node_ends_later(self, space):
        """The deletion is marked with the grace, its time is in the future, and the kubelet ends it."""
        self.make(space, "node-1")
        space.until("pods/p", lambda answer: answer.body["status"]["phase"] == "Running")
        metadata = space.delete("pods/p", gracePeriodSeconds="7").body["metadata"]
        assert metadata["deletionGracePeriodSeconds"] == 7
        space.until("pods/p", is_gone)

    def test_a_pod_without_a_node_ends_at_once(self, space):
        """Nobody has to stop it: the answer is the pod with grace 0."""
        self.make(space)
        answer = space.delete("pods/p")
        assert (answer.body["kind"], answer.body["metadata"]["deletionGracePeriodSeconds"]) == ("Pod", 0)
        assert is_gone(space.get("pods/p"))

    def test_no_grace_ends_a_pod_at_once(self, space):
        """gracePeriodSeconds=0 removes the pod from the API, wherever it runs."""
        self.make(space, "node-1")
        assert space.delete("pods/p", gracePeriodSeconds="0").body["metadata"]["deletionGracePeriodSeconds"] == 0
        assert is_gone(space.get("pods/p"))
