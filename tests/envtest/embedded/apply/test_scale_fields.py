"""`envtest.embedded.scale_fields`: the managers of the number of replicas."""

from envtest.embedded.apply import fieldsets, managed_fields, scale_fields
from envtest.embedded.builtin import resources
from tests.support import apply_twin

NOW = "2026-01-01T00:00:00Z"
DEPLOYMENT = resources.Registry.built_in().of_kind("apps/v1", "Deployment")


def mixture(replicas):
    """Return a custom object."""
    spec = {"replicas": replicas, "mode": "x"}
    return {"apiVersion": "apply.example.com/v1", "kind": "Mixture", "metadata": {"name": "a"}, "spec": spec}


def scale(replicas):
    """Return the Scale of an object."""
    return {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "a"}, "spec": {"replicas": replicas}}


def owners(obj):
    """Return who owns what, in the order of the entries."""
    return [
        (entry["manager"], entry.get("subresource", ""), entry["apiVersion"], "time" in entry, list(map(fieldsets.text, paths)))
        for entry in obj["metadata"].get("managedFields", [])
        for paths in [list(fieldsets.from_json(entry["fieldsV1"]))]
    ]


def test_a_scale_shows_the_managers_of_the_number():
    """In its own version; managers of other fields are not shown."""
    live = managed_fields.apply(apply_twin.MIXTURE, None, mixture(1), managed_fields.By("us", NOW))
    shown = scale_fields.to_scale(apply_twin.MIXTURE, live, scale(1))
    assert owners(shown) == [("us", "", "autoscaling/v1", True, [".spec.replicas"])]
    body = {**mixture(1), "spec": {"mode": "x"}}
    other = managed_fields.apply(apply_twin.MIXTURE, None, body, managed_fields.By("us", NOW))
    assert owners(scale_fields.to_scale(apply_twin.MIXTURE, other, scale(0))) == []


def test_scaling_takes_the_number():
    """The new owner's entry names the subresource and has no time; the old one keeps the rest."""
    live = managed_fields.apply(apply_twin.MIXTURE, None, mixture(1), managed_fields.By("us", NOW))
    before = scale_fields.to_scale(apply_twin.MIXTURE, live, scale(1))
    by = managed_fields.By("scaler", NOW, "scale")
    after = managed_fields.update(scale_fields.SCALE, before, {**before, "spec": {"replicas": 2}}, by)
    assert owners(scale_fields.from_scale(apply_twin.MIXTURE, live, after)) == [
        ("us", "", "apply.example.com/v1", True, [".spec.mode"]),
        ("scaler", "scale", "apply.example.com/v1", False, [".spec.replicas"]),
    ]


def test_who_applied_the_number_keeps_it_if_it_does_not_change():
    """A Scale that says what is so takes nothing from an applier."""
    live = managed_fields.apply(apply_twin.MIXTURE, None, mixture(1), managed_fields.By("us", NOW))
    shown = scale_fields.to_scale(apply_twin.MIXTURE, live, scale(1))
    after = managed_fields.update(scale_fields.SCALE, shown, shown, managed_fields.By("scaler", NOW, "scale"))
    assert scale_fields.from_scale(apply_twin.MIXTURE, live, after) == live


def test_an_updater_gets_a_second_entry():
    """Seen on the real server: the number moves to an entry of its own without a time, until the next write."""
    live = managed_fields.update(apply_twin.MIXTURE, None, mixture(1), managed_fields.By("us", NOW))
    shown = scale_fields.to_scale(apply_twin.MIXTURE, live, scale(1))
    assert owners(scale_fields.from_scale(apply_twin.MIXTURE, live, shown)) == [
        ("us", "", "apply.example.com/v1", False, [".spec.replicas"]),
        ("us", "", "apply.example.com/v1", True, [".spec", ".spec.mode"]),
    ]


def test_built_in_kinds_have_their_number_in_the_spec():
    """As a Deployment does."""
    live = {"metadata": {"name": "a"}}
    after = managed_fields.update(scale_fields.SCALE, scale(1), scale(2), managed_fields.By("us", NOW, "scale"))
    after = {**scale(2), "metadata": {"managedFields": after["metadata"].get("managedFields", [])}}
    assert owners(scale_fields.from_scale(DEPLOYMENT, live, after)) == []
    applied = managed_fields.apply(scale_fields.SCALE, scale(1), scale(2), managed_fields.By("us", NOW, "scale", force=True))
    assert ("us", "scale", "apps/v1", False, [".spec.replicas"]) in owners(scale_fields.from_scale(DEPLOYMENT, live, applied))
