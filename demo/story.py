"""The story: what is done to the resource, and what must then be seen.

What flows in: a `World` to act on. What flows out: steps; each acts once and is judged again and again until it holds or its time
is up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from demo import judges, observation

REPLACED_KIND = "Service"
"""The child that is deleted by hand."""
GARBAGE_COLLECTION_SECONDS = 60.0
"""With a young CustomResourceDefinition the garbage collector takes up to 25 s to learn of the kind."""
SCALE_SECONDS = 90.0
"""The autoscaler of a cluster looks every 15 s."""
LOADED_PODS = 6
"""How many pods the load takes."""
CONFIGURED_KEY = "mode"
"""What is added to the configuration."""


class World(Protocol):
    """What the story needs of its cluster."""

    sample: dict[str, Any]

    def start_control_plane(self) -> str:
        """Start a Kubernetes API and say what it is."""
        ...

    def install(self) -> str:
        """Install the CustomResourceDefinitions."""
        ...

    def start_manager(self) -> str:
        """Start the manager."""
        ...

    def prepare(self) -> str:
        """Make what must be there before the resource."""
        ...

    def apply(self, **fields: object) -> None:
        """Apply the resource with *fields* of its spec as given, and all others as they were."""
        ...

    def look(self) -> observation.Observation:
        """Look at the resource and its children."""
        ...

    def visit(self) -> str:
        """Send requests with a wrong and with the right password through the proxy, and say what came of it."""
        ...

    def load(self, pods: int) -> None:
        """Let the pods together be as busy as *pods* of them would like to be."""
        ...

    def delete_child(self, kind: str) -> str:
        """Delete a child and return its uid."""
        ...

    def remove(self) -> None:
        """Delete the resource."""
        ...


@dataclass(frozen=True)
class Step:
    """One step of the story."""

    title: str
    expected: str
    act: Callable[[], str | None]
    """Does the step; what it returns is what was seen, if there is no judge."""
    judge: judges.Judge | None = None
    timeout_seconds: float = 30.0
    is_last_with_resource: bool = False
    """The whole picture stands after this step: it is the one to record, or to stay at."""


def steps(world: World) -> list[Step]:
    """Return the whole story in *world*."""
    replicas = int(world.sample["spec"]["replicas"])
    return [*_beginning(world, replicas), *_changes(world, replicas + 1), *_rest(world), *_end(world)]


def _beginning(world: World, replicas: int) -> list[Step]:
    return [
        Step("Kubernetes API started", "a Kubernetes API of its own answers", world.start_control_plane),
        Step("CRDs installed", "coxswain install ends with exit code 0", world.install),
        Step("manager started", "the manager's /readyz answers 200", world.start_manager),
        Step("tenant's Secret created", "the API server takes namespace and Secret", world.prepare),
        Step("created", "all kinds of children", world.apply, judges.has_all_children),
        Step("Ready", f"Ready=True with {replicas} pods", lambda: None, judges.is_ready_with(replicas), 60.0),
    ]


def _changes(world: World, replicas: int) -> list[Step]:
    revisions: list[int] = []

    def configure() -> None:
        revisions.append(judges.revision_of(world.look()))
        world.apply(config=f"{world.sample['spec']['config']}\n{CONFIGURED_KEY}=demo")

    def configured(seen: observation.Observation) -> judges.Verdict:
        return judges.is_configured(seen, CONFIGURED_KEY, revisions[-1] + 1)

    return [
        Step(
            f"scaled to {replicas}",
            f"autoscaler and Deployment at {replicas}, Ready=True",
            lambda: world.apply(replicas=replicas),
            judges.is_scaled_to(replicas),
            SCALE_SECONDS,
        ),
        Step(
            "configuration changed",
            f"the ConfigMap has {CONFIGURED_KEY}, and the pods are rolled once",
            configure,
            configured,
            60.0,
        ),
        Step("wrong password refused", "401 for a wrong password, 200 for the right one", world.visit),
        Step(
            "load added",
            f"the autoscaler goes to {LOADED_PODS}",
            lambda: world.load(LOADED_PODS),
            judges.is_autoscaled_to(LOADED_PODS),
            SCALE_SECONDS,
        ),
    ]


def _rest(world: World) -> list[Step]:
    return [
        Step("idle", "no pods, no autoscaler, all else kept", lambda: world.apply(idle=True), judges.is_idle, 60.0),
        Step(
            "woken",
            f"{LOADED_PODS} pods as before, the autoscaler is back",
            lambda: world.apply(idle=False),
            judges.is_autoscaled_to(LOADED_PODS),
            SCALE_SECONDS,
        ),
    ]


def _end(world: World) -> list[Step]:
    deleted: list[str] = []
    return [
        Step(
            f"{REPLACED_KIND} deleted by hand and repaired",
            f"a new {REPLACED_KIND} in its place",
            lambda: deleted.append(world.delete_child(REPLACED_KIND)),
            lambda seen: judges.is_replaced(seen, REPLACED_KIND, deleted[-1]),
            is_last_with_resource=True,
        ),
        Step("removed", "resource, children and quota are gone", world.remove, judges.is_gone, GARBAGE_COLLECTION_SECONDS),
    ]
