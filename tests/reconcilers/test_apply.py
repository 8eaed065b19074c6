"""An applier against a server in memory: what is written, and what is left alone."""

from typing import Any

import pytest

from controller.client import interfaces
from informers import errors
from reconcilers import apply, ownership
from tests.support import fake_api, fake_clock

US = "coxswain"
OWNER = {"apiVersion": "custom.ops/v1", "kind": "Ship", "metadata": {"name": "s", "namespace": "default", "uid": "owner-1"}}
FORMER = {**OWNER, "metadata": {**OWNER["metadata"], "uid": "owner-0"}}
BOAT = {**FORMER, "kind": "Boat"}


def config_map(name: str = "a", **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data}


class World:
    """A server, a cache, a clock and an applier."""

    def __init__(self) -> None:
        self.api = fake_api.FakeApi()
        self.cache = fake_api.FakeCache(self.api)
        self.clock = fake_clock.FakeClock()
        self.owner = ownership.ByController(OWNER)
        self.restart()

    def restart(self) -> None:
        """Forget everything, as a new process does."""
        self.applier = apply.Applier(self.cache, self.api, US, self.clock)

    def ensure(self, desired: dict[str, Any], *, is_synced: bool = True) -> apply.Outcome:
        """Ensure, then let the cache catch up."""
        outcome = self.applier.ensure(self.owner, desired)
        if is_synced:
            self.cache.sync()
        return outcome

    def thing(self, name: str = "a"):
        return self.api.things[fake_api.place_of(config_map(name))]

    def data(self, name: str = "a") -> dict[str, str]:
        return self.thing(name).live().get("data", {})

    def foreign(self, **metadata: Any) -> None:
        """Let somebody else make the object, unseen by the cache."""
        obj = config_map(a="theirs")
        self.api.put(obj, {**obj, "metadata": metadata})


@pytest.fixture
def world() -> World:
    return World()


def test_a_missing_child_is_created_with_its_owner(world: World):
    """The created child carries the controller reference, and the next pass sends nothing."""
    outcome = world.ensure(config_map(a="1"))
    assert (outcome.state, outcome.is_settled) == (apply.State.CREATED, True)
    assert outcome.live is not None
    assert outcome.live["metadata"]["ownerReferences"] == [ownership.controller_reference(OWNER)]
    assert world.ensure(config_map(a="1")).state is apply.State.UNCHANGED
    assert world.api.mutations == 1


def test_a_changed_wish_is_applied(world: World):
    """A difference is sent, with the uid of the object that was looked at, and named."""
    world.ensure(config_map(a="1"))
    outcome = world.ensure(config_map(a="2"))
    assert outcome.state is apply.State.APPLIED
    assert [difference.path for difference in outcome.differences] == ["data.a"]
    assert world.data() == {"a": "2"}


def test_fields_of_others_stay(world: World):
    """What somebody adds by hand stays; what they change of ours is put back."""
    world.ensure(config_map(a="1"))
    world.thing().update("hand", {**world.thing().live(), "data": {"a": "edited", "theirs": "x"}})
    world.cache.sync()
    assert world.ensure(config_map(a="1")).state is apply.State.APPLIED
    assert world.data() == {"a": "1", "theirs": "x"}


def test_a_child_that_the_cache_lacks_but_is_ours_is_kept(world: World):
    """The cache may lag: the 409 leads to a look, and the look shows our own child as desired."""
    world.ensure(config_map(a="1"), is_synced=False)
    assert world.ensure(config_map(a="1"), is_synced=False).state is apply.State.UNCHANGED
    assert world.ensure(config_map(a="2")).state is apply.State.APPLIED
    assert world.data() == {"a": "2"}


def test_a_child_deleted_behind_the_cache_is_created_again(world: World):
    """The apply carries the uid of the old object, is answered 409, and the look shows that it is gone."""
    world.ensure(config_map(a="1"))
    del world.api.things[fake_api.place_of(config_map())]
    outcome = world.ensure(config_map(a="2"))
    assert (outcome.state, world.data()) == (apply.State.CREATED, {"a": "2"})


@pytest.mark.parametrize("is_cached", [False, True])
def test_a_foreign_child_is_left_alone(world: World, *, is_cached: bool):
    """It is named, looked at again after 60 s, and further passes send no mutating request."""
    world.foreign()
    if is_cached:
        world.cache.sync()
    outcome = world.ensure(config_map(a="1"), is_synced=is_cached)
    assert (outcome.state, outcome.retry_after_seconds, outcome.live) == (apply.State.FOREIGN, 60, None)
    assert outcome.message == "ConfigMap a exists and is not managed by this operator"
    sent = world.api.mutations
    for _ in range(5):
        assert world.ensure(config_map(a="1"), is_synced=is_cached).state is apply.State.FOREIGN
    assert world.api.mutations == sent
    assert world.data() == {"a": "theirs"}


def test_a_foreign_child_that_goes_away_is_taken_up(world: World):
    """Once a look shows that it is gone, ours is created."""
    world.foreign()
    world.ensure(config_map(a="1"), is_synced=False)
    del world.api.things[fake_api.place_of(config_map())]
    assert world.ensure(config_map(a="1")).state is apply.State.CREATED


def test_a_child_of_another_controller_is_named_with_it(world: World):
    """The message says whose it is."""
    world.foreign(ownerReferences=[ownership.controller_reference(BOAT)])
    assert world.ensure(config_map(a="1")).message == "ConfigMap a exists and is controlled by Boat s"


def test_an_annotated_foreign_child_is_adopted(world: World):
    """With the annotation, and without a controller, we apply over it; their fields stay."""
    obj = config_map(a="theirs", b="theirs")
    world.api.put(obj, {**obj, "metadata": {"annotations": {"coxswain.dev/adopt": "true"}}})
    assert world.ensure(config_map(a="ours")).state is apply.State.APPLIED
    assert world.data() == {"a": "ours", "b": "theirs"}
    assert world.ensure(config_map(a="ours")).state is apply.State.UNCHANGED


def test_a_child_of_a_controller_is_not_adopted(world: World):
    """The annotation does not help against another controller."""
    annotations = {"coxswain.dev/adopt": "true"}
    world.foreign(annotations=annotations, ownerReferences=[ownership.controller_reference(BOAT)])
    assert world.ensure(config_map(a="1")).state is apply.State.FOREIGN


def test_a_child_of_the_former_resource_is_waited_for(world: World):
    """A namesake's child goes by itself: nothing is sent until it has, then ours is created."""
    world.foreign(ownerReferences=[ownership.controller_reference(FORMER)])
    outcome = world.ensure(config_map(a="1"), is_synced=False)
    assert (outcome.state, outcome.message) == (apply.State.WAITING, "ConfigMap a is still being deleted")
    sent = world.api.mutations
    assert world.ensure(config_map(a="1"), is_synced=False).retry_after_seconds > 0
    assert world.api.mutations == sent
    del world.api.things[fake_api.place_of(config_map())]
    assert world.ensure(config_map(a="1")).state is apply.State.CREATED


def test_our_own_child_on_its_way_out_is_waited_for(world: World):
    """A child with a deletion timestamp is not written any more."""
    world.ensure(config_map(a="1"))
    world.thing().metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    world.cache.sync()
    assert world.ensure(config_map(a="2")).state is apply.State.WAITING
    assert world.data() == {"a": "1"}


@pytest.mark.parametrize("refusal", [errors.InvalidError(422, "Invalid", "no"), errors.ForbiddenError(403, "Forbidden", "no")])
def test_a_refusal_is_an_outcome_and_stands_for_a_while(world: World, refusal: errors.ApiError):
    """The server's words are passed on; the same wish is not sent again for 30 s, a different one is."""
    world.api.refusal = refusal
    outcome = world.ensure(config_map(a="1"))
    assert (outcome.state, outcome.message, outcome.retry_after_seconds) == (apply.State.REJECTED, "no", 30)
    world.clock.step(20)
    assert world.ensure(config_map(a="1")).retry_after_seconds == pytest.approx(10)
    assert world.api.mutations == 1
    world.ensure(config_map(a="2"))
    assert world.api.mutations == 2
    world.api.refusal = None
    world.clock.step(30)
    assert world.ensure(config_map(a="2")).state is apply.State.CREATED


def test_a_refused_change_shows_the_child_as_it_is(world: World):
    """The outcome holds the live child, and what would have been changed."""
    world.ensure(config_map(a="1"))
    world.api.refusal = errors.InvalidError(422, "Invalid", "no")
    outcome = world.ensure(config_map(a="2"))
    assert outcome.live is not None
    assert (outcome.live["data"], [difference.path for difference in outcome.differences]) == ({"a": "1"}, ["data.a"])


def test_a_webhook_that_changes_our_fields_does_not_make_us_write_for_ever(world: World):
    """What still differs right after our apply is accepted, until the wish or the object changes."""
    world.api.webhook = {"a": "rewritten"}
    world.ensure(config_map(a="1"))
    for _ in range(5):
        assert world.ensure(config_map(a="1")).state is apply.State.UNCHANGED
    assert world.api.mutations == 1
    world.thing().flat["f:data", "f:a"] = "by hand"
    world.thing().metadata["resourceVersion"] = "77"
    world.cache.sync()
    assert world.ensure(config_map(a="1")).state is apply.State.APPLIED
    assert world.ensure(config_map(a="2")).state is apply.State.APPLIED


def test_the_same_version_is_not_compared_again(world: World):
    """Steady state costs no comparison; another version of the object, or another wish, is looked at."""
    world.ensure(config_map(a="1"))
    world.thing().flat["f:data", "f:a"] = "changed, but no server changes an object without its version"
    world.cache.sync()
    assert world.ensure(config_map(a="1")).state is apply.State.UNCHANGED
    assert world.ensure(config_map(a="2")).state is apply.State.APPLIED
    world.thing().update("hand", {**world.thing().live(), "data": {"a": "1"}})
    world.cache.sync()
    assert world.ensure(config_map(a="2")).state is apply.State.APPLIED


def test_a_name_taken_while_we_looked_is_seen(world: World):
    """Between the 409 and the look the object may vanish, and another may come: the second look decides."""
    world.foreign()
    world.api.on_conflict = world.api.things.clear
    assert world.ensure(config_map(a="1")).state is apply.State.CREATED


def test_a_child_that_never_stays_the_same_is_a_conflict(world: World):
    """After three answers 409 the error is the caller's, who tries again later."""
    world.ensure(config_map(a="1"))
    world.api.refusal = errors.ConflictError(409, "Conflict", "busy")
    with pytest.raises(errors.ConflictError):
        world.ensure(config_map(a="2"))
    assert world.api.mutations == 4


def test_a_missing_kind_is_an_error(world: World):
    """Without the CustomResourceDefinition, the caller hears so."""
    world.api.refusal = errors.KindNotFoundError(404, "NotFound", "the server could not find the requested resource")
    with pytest.raises(errors.KindNotFoundError):
        world.ensure(config_map(a="1"))


def test_identity_in_a_wish_is_not_sent(world: World):
    """A resourceVersion or uid in the desired manifest would be somebody's stale look; the fake server would refuse it."""
    desired = config_map(a="1")
    desired["metadata"].update(resourceVersion="77", uid="x", managedFields=[])
    assert world.ensure(desired).state is apply.State.CREATED
    assert world.ensure({**desired, "data": {"a": "2"}}).state is apply.State.APPLIED


CONFIG_MAPS = [apply.Child.of(config_map()).gvk]


def test_unwanted_children_are_pruned(world: World):
    """What our controller reference marks and nobody wants is deleted; foreign and wanted objects stay."""
    for name in ("a", "b"):
        world.ensure(config_map(name))
    other = config_map("c")
    world.api.put(other, other)
    world.cache.sync()
    keep = {apply.Child.of(config_map("a"))}
    assert world.applier.prune(world.owner, CONFIG_MAPS, keep) == [
        apply.Outcome(apply.Child.of(config_map("b")), apply.State.DELETED)
    ]
    assert {key.name for _, key in world.api.things} == {"a", "c"}


def test_pruning_does_not_delete_a_successor(world: World):
    """The delete carries the uid: an object that took the name meanwhile, or none at all, is fine."""
    world.ensure(config_map("a"))
    world.ensure(config_map("b"))
    world.api.put(config_map("a"), config_map("a"))
    del world.api.things[fake_api.place_of(config_map("b"))]
    assert world.applier.prune(world.owner, CONFIG_MAPS, ()) == []
    assert {key.name for _, key in world.api.things} == {"a"}


def test_a_refused_deletion_is_an_outcome_and_is_tried_once_in_30_s(world: World):
    """The other children go all the same, and the server's words are passed on."""
    world.ensure(config_map("a"))
    world.ensure(config_map("b"))
    deleted, tries = world.api.delete, []

    def refuse(gvk, key, preconditions=None):
        if key.name == "b":
            return deleted(gvk, key, preconditions)
        tries.append(key)
        raise errors.ForbiddenError(403, "Forbidden", "no rule for it")

    world.api.delete = refuse  # type: ignore[method-assign]
    for moment, number in ((0, 1), (29.0, 1), (1.0, 2)):
        world.clock.step(moment)
        refused, *others = world.applier.prune(world.owner, CONFIG_MAPS, ())
        assert (refused.child.key.name, refused.state, refused.message) == ("a", apply.State.REJECTED, "no rule for it")
        assert refused.retry_after_seconds > 0
        assert [outcome.child.key.name for outcome in others] == (["b"] if moment == 0 else [])
        world.cache.sync()
        assert len(tries) == number


def test_a_child_on_its_way_out_is_not_deleted_twice(world: World):
    """Nothing is sent for a child with a deletion timestamp."""
    world.ensure(config_map(a="1"))
    world.thing().metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    world.cache.sync()
    assert (world.applier.prune(world.owner, CONFIG_MAPS, ()), world.api.mutations) == ([], 1)


def test_a_shared_object_is_known_by_its_labels(world: World):
    """Without owner references: created with the labels, kept, removed; a stranger's copy of the labels is foreign."""
    shared = ownership.ByLabels({"app.kubernetes.io/managed-by": US}, US)
    child = apply.Child.of(config_map())
    assert world.applier.ensure(shared, config_map(a="1")).state is apply.State.CREATED
    world.cache.sync()
    assert "ownerReferences" not in world.thing().live()["metadata"]
    assert world.applier.ensure(shared, config_map(a="1")).state is apply.State.UNCHANGED
    assert world.applier.remove(shared, child)
    world.cache.sync()
    assert not world.applier.remove(shared, child)
    world.foreign(labels={"app.kubernetes.io/managed-by": US})
    world.cache.sync()
    assert world.applier.ensure(shared, config_map(a="1")).state is apply.State.FOREIGN
    assert not world.applier.remove(shared, child)
    assert world.data() == {"a": "theirs"}


def test_the_fake_server_is_a_client():
    """The double offers what appliers are promised."""
    client: interfaces.Client = fake_api.FakeApi()
    assert client.list(CONFIG_MAPS[0]) == []
