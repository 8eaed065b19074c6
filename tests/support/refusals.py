"""What quotas refused in a namespace: the events of ReplicaSets whose pods were not admitted.

What flows in: a `Cluster`. What flows out: the events' notes, so that a failing test says what happened.
"""

from tests.support import cluster


def by_quota(team: cluster.Cluster) -> list[str]:
    """Return what ReplicaSets complained about quotas: no room, or a key that a pod does not set.

    That many pods were counted at once, so that the count conflicted, is no refusal: the pod is tried again.
    """
    notes = [event["note"] for event in team.list("Event") if event["reason"] == "FailedCreate"]
    return [note for note in notes if "exceeded quota" in note or "failed quota" in note]
