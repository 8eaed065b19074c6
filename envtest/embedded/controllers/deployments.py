"""Deployments: ReplicaSets that follow their templates and sizes.

What flows in: Deployments, their ReplicaSets and pods. What flows out: ReplicaSets, the Deployment's status and revision. The
loop's thread. Mirrors kubernetes pkg/controller/deployment; deviations: the hash of a template is another one, and
``rollbackTo`` of long ago is not known.
"""

import zlib

from envtest.embedded.api import selectors, status, store
from envtest.embedded.api.status import Json
from envtest.embedded.controllers import deployment_status, graph, loop, revisions, sizes, world

HASH = "pod-template-hash"

_COMPONENT = "deployment-controller"
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_NO_LIMIT = 2**31 - 1
_LONGEST_NAME = 253


class Deployments:
    """The controller."""

    def __init__(self, shared: world.World) -> None:
        self._world = shared
        self._api = shared.api
        self.queue = loop.Queue(self.sync, shared.timers)

    def see(self, key: str, event: store.Event) -> None:
        """Take note of a change of any kind."""
        if key == world.DEPLOYMENTS:
            self.queue.add(world.key_of(event.object))
        elif key == world.REPLICA_SETS:
            self._see_set(event)
        elif key == world.PODS and event.type == "DELETED":
            owner = graph.controller_of(event.object)
            node = self._world.graph.node(owner["uid"]) if owner else None
            if node is not None and node.key == world.REPLICA_SETS:
                self._queue_owner(node.object)

    def _see_set(self, event: store.Event) -> None:
        for obj in (event.object, event.previous):
            if obj is None:
                continue
            if graph.controller_of(obj) is not None:
                self._queue_owner(obj)
                continue
            for deployment in self._api.list(world.DEPLOYMENTS, obj["metadata"]["namespace"]):
                if _selects(deployment, obj):
                    self.queue.add(world.key_of(deployment))

    def _queue_owner(self, obj: Json) -> None:
        owner = graph.controller_of(obj)
        if owner and owner["kind"] == "Deployment":
            self.queue.add(store.key_of(obj["metadata"]["namespace"], owner["name"]))

    def sync(self, key: str) -> float | None:
        """Bring one Deployment a step further.

        Raises:
            status.StatusError: A write is refused.
        """
        deployment = self._api.find(world.DEPLOYMENTS, *world.split(key))
        if deployment is None:
            return None
        sets = self._sets(deployment, self._claim(deployment))
        if deployment["metadata"].get("deletionTimestamp"):
            self._report_numbers(*self._with_revision(deployment, sets))
            return None
        if self._notes_pause(deployment):
            return None
        if deployment["spec"].get("paused") or _is_scaled(deployment, sets):
            return self._scale(deployment, sets)
        if sizes.is_rolling(deployment):
            return self._roll(deployment, sets)
        return self._recreate(deployment, sets)

    def _claim(self, deployment: Json) -> list[Json]:
        """Return the ReplicaSets of a Deployment; those that match and belong to nobody are adopted."""
        uid, mine = deployment["metadata"]["uid"], []
        for each in self._world.graph.controlled(uid, world.REPLICA_SETS):
            if _selects(deployment, each):
                mine.append(each)
            elif not deployment["metadata"].get("deletionTimestamp"):
                self._api.merge(world.REPLICA_SETS, each, world.without_owner(each, uid))
        if deployment["metadata"].get("deletionTimestamp"):
            return mine
        orphans = self._world.graph.orphans(world.REPLICA_SETS, deployment["metadata"]["namespace"])
        found = [each for each in orphans if _selects(deployment, each) and not each["metadata"].get("deletionTimestamp")]
        return mine + [self._api.merge(world.REPLICA_SETS, each, world.with_owner(each, deployment)) for each in found]

    def _sets(self, deployment: Json, mine: list[Json]) -> deployment_status.Sets:
        ordered = sizes.by_age(mine)
        new = next((each for each in ordered if _template(each) == _template(deployment)), None)
        return deployment_status.Sets(new, [each for each in ordered if each is not new])

    def _notes_pause(self, deployment: Json) -> bool:
        if not deployment_status.has_deadline(deployment):
            return False
        old = deployment.get("status") or {}
        present = deployment_status.find(old, deployment_status.PROGRESSING)
        reason = present.get("reason") if present else None
        is_paused, is_noted = bool(deployment["spec"].get("paused")), reason == "DeploymentPaused"
        if reason == "ProgressDeadlineExceeded" or is_paused == is_noted:
            return False
        what, text = ("DeploymentPaused", "paused") if is_paused else ("DeploymentResumed", "resumed")
        new = deployment_status.condition(
            deployment_status.PROGRESSING, "Unknown", what, f"Deployment is {text}", self._world.now
        )
        self._write_status(deployment, deployment_status.with_condition(old, new))
        return True

    def _with_revision(self, deployment: Json, sets: deployment_status.Sets) -> tuple[Json, deployment_status.Sets]:
        """Bring annotations of the new ReplicaSet, then those of the Deployment up to date."""
        if sets.new is None:
            return deployment, sets
        changed = revisions.annotated(deployment, sets.new, max([0, *map(sizes.revision, sets.old)]) + 1)
        ready = deployment["spec"].get("minReadySeconds", 0)
        if changed is not sets.new or sets.new["spec"].get("minReadySeconds", 0) != ready:
            changed = {**changed, "spec": {**changed["spec"], "minReadySeconds": ready}}
            return deployment, deployment_status.Sets(self._api.update(world.REPLICA_SETS, changed), sets.old)
        noted = revisions.with_revision(deployment, str(sizes.revision(sets.new)))
        old = deployment.get("status") or {}
        if deployment_status.has_deadline(deployment) and not deployment_status.find(old, deployment_status.PROGRESSING):
            text = f'Found new replica set "{sets.new["metadata"]["name"]}"'
            noted = self._progressing(noted, "True", "FoundNewReplicaSet", text)
        if noted is not deployment:
            deployment = self._api.update(world.DEPLOYMENTS, noted, "status")
        return deployment, sets

    def _progressing(self, deployment: Json, value: str, reason: str, text: str) -> Json:
        new = deployment_status.condition(deployment_status.PROGRESSING, value, reason, text, self._world.now)
        return {**deployment, "status": deployment_status.with_condition(deployment.get("status") or {}, new)}

    def _with_new_set(self, deployment: Json, sets: deployment_status.Sets) -> deployment_status.Sets:
        """Make the new ReplicaSet; this ends the turn, because the Deployment changes too."""
        wanted = self._new_set(deployment, sets)
        name = wanted["metadata"]["name"]
        try:
            created = self._api.create(world.REPLICA_SETS, wanted)
        except status.StatusError as error:
            if error.reason == "AlreadyExists":
                self._avoid_collision(deployment)
            elif not world.is_terminating(error):
                self._failed_to_create(deployment, name, error)
            raise
        if size := sizes.wanted(created):
            self._world.events.normal(
                _COMPONENT, deployment, "ScalingReplicaSet", f"Scaled up replica set {name} from 0 to {size}"
            )
        noted = revisions.with_revision(deployment, str(sizes.revision(created)))
        if deployment_status.has_deadline(deployment):
            noted = self._progressing(noted, "True", "NewReplicaSetCreated", f'Created new replica set "{name}"')
        if noted is not deployment:
            self._api.update(world.DEPLOYMENTS, noted, "status")
        return deployment_status.Sets(created, sets.old)

    def _avoid_collision(self, deployment: Json) -> None:
        old = deployment.get("status") or {}
        self._write_status(deployment, {**old, "collisionCount": old.get("collisionCount", 0) + 1})

    def _failed_to_create(self, deployment: Json, name: str, error: status.StatusError) -> None:
        text = f'Failed to create new replica set "{name}": {error}'
        if deployment_status.has_deadline(deployment):
            noted = self._progressing(deployment, "False", "ReplicaSetCreateError", text)
            self._write_status(deployment, noted["status"])
        self._world.events.warning(_COMPONENT, deployment, "ReplicaSetCreateError", text)

    def _new_set(self, deployment: Json, sets: deployment_status.Sets) -> Json:
        metadata, spec = deployment["metadata"], deployment["spec"]
        digest = template_hash(deployment)
        labels = {**(spec["template"]["metadata"].get("labels") or {}), HASH: digest}
        selector = {**spec["selector"], "matchLabels": {**(spec["selector"].get("matchLabels") or {}), HASH: digest}}
        template = {**spec["template"], "metadata": {**spec["template"]["metadata"], "labels": labels}}
        name = f"{metadata['name'][: _LONGEST_NAME - 1 - len(digest)]}-{digest}"
        new: Json = {
            "metadata": {
                "name": name,
                "namespace": metadata["namespace"],
                "labels": labels,
                "ownerReferences": [world.owner_reference(deployment)],
            },
            "spec": {
                "replicas": sizes.new_size(deployment, sets.old, 0),
                "minReadySeconds": spec.get("minReadySeconds", 0),
                "selector": selector,
                "template": template,
            },
        }
        new = revisions.annotated(deployment, new, max([0, *map(sizes.revision, sets.old)]) + 1)
        return revisions.with_sizes(deployment, new)

    def _roll(self, deployment: Json, sets: deployment_status.Sets) -> float | None:
        if sets.new is None:
            self._with_new_set(deployment, sets)
            return None
        deployment, sets = self._with_revision(deployment, sets)
        assert sets.new is not None
        if sizes.wanted(sets.new) != sizes.wanted(deployment):
            size = sizes.wanted(deployment)
            if sizes.wanted(sets.new) < size:
                size = sizes.new_size(deployment, sets.all, sizes.wanted(sets.new))
            if size != sizes.wanted(sets.new):
                self._resize(deployment, sets.new, size)
                return self._report(deployment, sets)
        if self._shrinks(deployment, sets):
            return self._report(deployment, sets)
        if deployment_status.is_complete(deployment, deployment.get("status") or {}):
            self._forget_old(deployment, sets)
        return self._report(deployment, sets)

    def _shrinks(self, deployment: Json, sets: deployment_status.Sets) -> bool:
        """Take pods from the old ReplicaSets, those that are not available first; return whether there was anything to take."""
        assert sets.new is not None
        least = sizes.wanted(deployment) - sizes.max_unavailable(deployment)
        missing = sizes.wanted(sets.new) - sizes.counted(sets.new, "availableReplicas")
        spare = sizes.total(sets.all) - least - missing
        if not sizes.total(sets.old) or spare <= 0:
            return False
        old, is_changed = list(sets.old), False
        for index, each in enumerate(old):
            if number := min(spare, sizes.wanted(each) - sizes.counted(each, "availableReplicas")):
                if number < 0 or not sizes.wanted(each):
                    continue
                old[index] = self._resize(deployment, each, sizes.wanted(each) - number)
                spare, is_changed = spare - number, True
        spare = sizes.total_counted([*sizes.active(old), sets.new], "availableReplicas") - least
        for index, each in enumerate(old):
            if (number := min(sizes.wanted(each), spare)) > 0:
                old[index] = self._resize(deployment, each, sizes.wanted(each) - number)
                spare, is_changed = spare - number, True
        return is_changed

    def _recreate(self, deployment: Json, sets: deployment_status.Sets) -> float | None:
        deployment, sets = self._with_revision(deployment, sets)
        if sizes.active(sets.old):
            for each in sets.old:
                self._resize(deployment, each, 0)
            return self._report(deployment, sets)
        if self._old_pods_run(sets):
            return self._report(deployment, sets)
        if sets.new is None:
            self._with_new_set(deployment, sets)
            return None
        self._resize(deployment, sets.new, sizes.wanted(deployment))
        if deployment_status.is_complete(deployment, deployment.get("status") or {}):
            self._forget_old(deployment, sets)
        return self._report(deployment, sets)

    def _old_pods_run(self, sets: deployment_status.Sets) -> bool:
        if sizes.total_counted(sets.old, "replicas"):
            return True
        return any(
            (pod.get("status") or {}).get("phase") not in ("Failed", "Succeeded")
            for each in sets.old
            for pod in self._world.graph.controlled(each["metadata"]["uid"], world.PODS)
        )

    def _scale(self, deployment: Json, sets: deployment_status.Sets) -> float | None:
        """Change sizes as the Deployment's did, without a rollout."""
        deployment, sets = self._with_revision(deployment, sets)
        for each, size in self._scaled_sizes(deployment, sets):
            self._resize(deployment, each, size, is_forced=len(sizes.active(sets.all)) > 1)
        if deployment["spec"].get("paused"):
            self._forget_old(deployment, sets)
        self._report_numbers(deployment, sets)
        return None

    def _scaled_sizes(self, deployment: Json, sets: deployment_status.Sets) -> list[tuple[Json, int]]:
        """Return ReplicaSets with the sizes that they shall have."""
        active = sizes.active(sets.all)
        if len(active) < 2:
            candidates = active or ([sets.new] if sets.new else sizes.by_age(sets.old, newest_first=True)[:1])
            return [(each, sizes.wanted(deployment)) for each in candidates]
        if sizes.is_saturated(deployment, sets.new):
            return [(each, 0) for each in sizes.active(sets.old)]
        if not sizes.is_rolling(deployment):
            return []
        return sizes.proportions(deployment, active)

    def _resize(self, deployment: Json, each: Json, size: int, *, is_forced: bool = False) -> Json:
        """Give a ReplicaSet a size; its annotations alone are only brought up to date if *is_forced*.

        As with the real controller, the status that is written next still counts it as it was.
        """
        before, name = sizes.wanted(each), each["metadata"]["name"]
        if before == size and not is_forced:
            return each
        changed = revisions.with_sizes(deployment, each)
        if before == size and changed is each:
            return each
        written = self._api.update(world.REPLICA_SETS, {**changed, "spec": {**changed["spec"], "replicas": size}})
        if before != size:
            text = f"Scaled {'up' if before < size else 'down'} replica set {name} from {before} to {size}"
            self._world.events.normal(_COMPONENT, deployment, "ScalingReplicaSet", text)
        return written

    def _forget_old(self, deployment: Json, sets: deployment_status.Sets) -> None:
        limit = deployment["spec"].get("revisionHistoryLimit", _NO_LIMIT)
        alive = [each for each in sets.old if not each["metadata"].get("deletionTimestamp")]
        by_revision = sorted(sizes.by_age(alive), key=sizes.revision)
        for each in by_revision[: max(0, len(alive) - limit)]:
            is_seen = each["metadata"]["generation"] <= sizes.counted(each, "observedGeneration")
            if is_seen and not sizes.counted(each, "replicas") and not sizes.wanted(each):
                self._api.delete(world.REPLICA_SETS, each)

    def _report(self, deployment: Json, sets: deployment_status.Sets) -> float | None:
        wanted = deployment_status.rolled_out(deployment, sets, self._world.now)
        if wanted != (deployment.get("status") or {}):
            self._write_status(deployment, wanted)
            return None
        return deployment_status.seconds_to_check(deployment, wanted, self._world.now)

    def _report_numbers(self, deployment: Json, sets: deployment_status.Sets) -> None:
        """Write the status as far as it does not tell how a rollout goes on."""
        wanted = deployment_status.counted(deployment, sets, self._world.now)
        if wanted != (deployment.get("status") or {}):
            self._write_status(deployment, wanted)

    def _write_status(self, deployment: Json, wanted: Json) -> None:
        self._api.update(world.DEPLOYMENTS, {**deployment, "status": wanted}, "status")


def template_hash(deployment: Json) -> str:
    """Return the label that tells pods of one template from those of others."""
    text = status.compact([deployment["spec"]["template"], (deployment.get("status") or {}).get("collisionCount")])
    return "".join(_LETTERS[ord(digit) % len(_LETTERS)] for digit in str(zlib.crc32(text.encode())))


def _template(obj: Json) -> Json:
    template: Json = obj["spec"]["template"]
    labels = {key: value for key, value in (template["metadata"].get("labels") or {}).items() if key != HASH}
    return {**template, "metadata": {**template["metadata"], "labels": labels}}


def _selects(deployment: Json, obj: Json) -> bool:
    requirements = selectors.of_label_selector(deployment["spec"]["selector"])
    return bool(requirements) and selectors.Selector(requirements).matches(obj)


def _is_scaled(deployment: Json, sets: deployment_status.Sets) -> bool:
    """Ask whether the Deployment's size has changed since its ReplicaSets were told."""
    wanted = str(sizes.wanted(deployment))
    noted = [(each["metadata"].get("annotations") or {}).get(sizes.DESIRED, wanted) for each in sizes.active(sets.all)]
    return any(each != wanted for each in noted)
