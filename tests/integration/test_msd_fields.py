"""Every spec field changed alone does exactly its own thing, and the pods roll exactly when they should, once.

All rows of `tests/support/field_rows.py` live side by side, each in a namespace of its own, and go through three rounds together:
as the row's base says, with the one field changed, and back. The tests then look at what each round left.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from controller.client import interfaces
from informers import errors
from reconcilers.microservicedeploy import spec
from tests.support import child_contents, cluster, control_planes, field_rows, kubectl
from tests.support.child_contents import Sight
from tests.support.cluster import eventually
from tests.support.field_rows import NAME, ROWS, Row

pytestmark = pytest.mark.timeout(400)
PATIENCE_SECONDS = 90.0  # for about 40 instances that start or roll at the same time


def instance(fields: Any, namespace: str) -> dict[str, Any]:
    """Return the manifest of an instance with just these fields."""
    metadata = {"name": NAME, "namespace": namespace}
    return {"apiVersion": "custom.ops/v1", "kind": "MicroServiceDeploy", "metadata": metadata, "spec": dict(fields)}


class Life:
    """One row's instance, in its own namespace."""

    def __init__(self, row: Row, namespace: str) -> None:
        self.row = row
        self.namespace = namespace
        self.sights: list[Sight] = []
        """What each round left."""
        self.changes = {path: _in(namespace, value) for path, value in row.changes.items()}
        """What the row says, in this namespace."""

    def is_settled(self, sight: Sight, *, changed: bool) -> bool:
        """Tell whether all is at rest and as it should be."""
        if not sight.is_at_rest or len(sight.pods) != (self.row.pods if changed else self.row.pods_before):
            return False
        if not self.sights:
            return _hard(sight) == field_rows.quota_before(self.row)
        return child_contents.is_changed(self.sights[0].contents, sight.contents, self.changes if changed else {})


def _in(namespace: str, value: Any) -> Any:
    return value.replace("{namespace}", namespace) if isinstance(value, str) else value


def _hard(sight: Sight) -> Any:
    return sight.contents.get("ResourceQuota", {}).get("spec", {}).get("hard")


def play(client: interfaces.Client, lives: list[Life], *, changed: bool) -> None:
    """Apply the specs of a round and wait until all is at rest; note what there is a look later, should something move again."""
    for life in lives:
        fields = life.row.spec if changed else life.row.base
        client.apply(instance(fields, life.namespace), interfaces.ApplyOptions("user", force=True))
    waiting = {life.namespace: life for life in lives}

    def look() -> bool:
        for namespace, sight in child_contents.look(client, NAME).items():
            if namespace in waiting and waiting[namespace].is_settled(sight, changed=changed):
                del waiting[namespace]
        return not waiting

    with contextlib.suppress(AssertionError):  # the tests tell what is not as it should be
        eventually(look, PATIENCE_SECONDS)
    sights = child_contents.look(client, NAME)
    for life in lives:
        life.sights.append(sights[life.namespace])


@pytest.fixture(scope="module", name="lives")
def _lives(control_plane: Any, manager: Any) -> Iterator[dict[str, Life]]:
    """All rows, after their three rounds."""
    namespaces = control_planes.make_namespaces(control_plane, *(control_planes.own_name() for _ in ROWS))
    lives = [Life(row, namespace) for row, namespace in zip(ROWS, namespaces, strict=True)]
    team = cluster.Cluster(control_plane.kubeconfig, "default")
    for team.namespace in namespaces:
        team.secret()
        team.secret("other")
    for changed in (False, True, False):
        play(team.client, lives, changed=changed)
    yield {life.row.name: life for life in lives}
    for namespace in namespaces:
        control_planes.delete_namespace(control_plane, namespace)


def test_every_field_has_a_row():
    """Whoever adds a field says here what it does."""
    fields = {field.encode_name for field in msgspec.structs.fields(spec.MicroServiceDeploySpec)}
    assert {row.field for row in ROWS} | field_rows.IMMUTABLE.keys() == fields
    assert len({row.name for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("name", [row.name for row in ROWS])
def test_a_field_changed_alone_does_exactly_its_own_thing(lives: dict[str, Life], name: str) -> None:
    """Nothing else changes in any child, and the pods are replaced once or not at all."""
    life = lives[name]
    before, after, _ = life.sights
    assert before.is_at_rest
    assert after.is_at_rest
    assert _hard(before) == field_rows.quota_before(life.row)
    child_contents.assert_changes(before.contents, after.contents, life.changes)
    child_contents.assert_pods(before, after, life.row.pods, rolls=life.row.rolls)
    assert len(after.replica_sets) == (2 if life.row.rolls else 1)


@pytest.mark.parametrize("name", [row.name for row in ROWS])
def test_a_field_turned_back_leaves_nothing(lives: dict[str, Life], name: str) -> None:
    """All children hold again what they held before, and the pods are replaced once more or not at all."""
    life = lives[name]
    before, after, back = life.sights
    assert back.is_at_rest
    child_contents.assert_changes(before.contents, back.contents, {})
    child_contents.assert_pods(after, back, life.row.pods_before, rolls=life.row.rolls)
    assert back.replica_sets == after.replica_sets, "the former template is not quite what it was"


@pytest.fixture(name="alone")
def _alone(team: cluster.Cluster) -> Life:
    """An instance of the plain spec that is at rest."""
    life = Life(Row("image", "another image", base=field_rows.PLAIN), team.namespace)
    play(team.client, [life], changed=False)
    return life


def test_an_immutable_field_changes_nothing(team: cluster.Cluster, alone: Life) -> None:
    """It is refused, so the children stay, and so does the other change that came along."""
    for field, value in field_rows.IMMUTABLE.items():
        with pytest.raises(errors.InvalidError, match=f"spec.{field}: forbidden"):
            team.apply(instance({**alone.row.spec, field: value}, team.namespace))
    play(team.client, [alone], changed=False)
    assert alone.sights[0] == alone.sights[1]


@pytest.mark.kubectl
def test_a_restart_by_kubectl_survives(team: cluster.Cluster, control_plane: Any, alone: Life) -> None:
    """The pods roll once, the annotation stays, and it stays through later changes of ours, which roll once or not at all."""
    restarted_at = "Deployment.spec.template.metadata.annotations.kubectl.kubernetes.io/restartedAt"

    def settled(before: Sight, **changes: Any) -> Sight:
        def look() -> Sight | None:
            sight = child_contents.look(team.client, NAME, team.namespace)[team.namespace]
            is_as_expected = child_contents.is_changed(before.contents, sight.contents, changes)
            return sight if sight.is_at_rest and len(sight.pods) == 2 and is_as_expected else None

        return eventually(look, 60, lambda: team.conditions(NAME))

    [first] = alone.sights
    kubectl.restart(control_plane.kubeconfig, team.namespace, NAME)
    second = settled(first, **{restarted_at: child_contents.ANY})
    child_contents.assert_pods(first, second, 2, rolls=True)
    team.apply(instance({**alone.row.base, "port": 9090}, team.namespace))
    third = settled(second, **{"Deployment.spec.template.spec.containers.app.ports.http.containerPort": 9090})
    child_contents.assert_pods(second, third, 2, rolls=True)
    team.apply(instance({**alone.row.base, "port": 9090, "replicas": 2, "targetCPUUtilization": 50}, team.namespace))
    fourth = settled(third)
    child_contents.assert_pods(third, fourth, 2, rolls=False)
