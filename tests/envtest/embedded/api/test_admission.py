"""What may change or refuse a write."""

import dataclasses

import pytest

from envtest.embedded.api import status
from tests.support import embedded_world


def test_plugins_change_objects_and_refuse_them():
    """Mutators before validation, validators after it; of a deletion only validators are asked."""
    world = embedded_world.World()
    asked = []

    def label(attempt):
        asked.append(("mutate", attempt.operation))
        return {**attempt.object, "metadata": {**attempt.object["metadata"], "labels": {"seen": "yes"}}}

    def refuse(attempt):
        asked.append(("validate", attempt.operation))
        if attempt.target.name == "bad":
            raise status.forbidden(attempt.target.resource, attempt.target.name, "no")

    world.api.admission.mutators.append(label)
    world.api.admission.validators.append(refuse)
    assert world.config_map()["metadata"]["labels"] == {"seen": "yes"}
    with pytest.raises(status.StatusError, match='configmaps "bad" is forbidden: no'):
        world.config_map("bad")
    world.merge({"data": {"k": "w"}})
    world.api.delete(world.target(name="a"))
    assert asked == [
        ("mutate", "CREATE"),
        ("validate", "CREATE"),
        ("mutate", "CREATE"),
        ("validate", "CREATE"),
        ("mutate", "UPDATE"),
        ("validate", "UPDATE"),
        ("validate", "DELETE"),
    ]


def test_an_update_in_a_terminating_namespace_is_allowed():
    """Only new content is refused, so that what is there can be cleared up."""
    world = embedded_world.World()
    world.create({"metadata": {"name": "mine"}}, embedded_world.NAMESPACES)
    target = world.target(namespace="mine")
    world.api.create(target, {"metadata": {"name": "a"}}, embedded_world.options_of())
    world.api.delete(world.target(embedded_world.NAMESPACES, "mine"))
    named = dataclasses.replace(target, name="a")
    kept = world.api.update(named, {"metadata": {"name": "a"}, "data": {"k": "v"}}, embedded_world.options_of())
    assert kept.object["data"] == {"k": "v"}
