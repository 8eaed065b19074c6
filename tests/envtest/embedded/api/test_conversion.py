"""Objects in another version than the one in which they are kept."""

from envtest.embedded.api import conversion
from envtest.embedded.builtin import resources

REGISTRY = resources.Registry.built_in()
OLD_EVENTS = REGISTRY.find("", "v1", "events")
NEW_EVENTS = REGISTRY.find("events.k8s.io", "v1", "events")
CONFIG_MAPS = REGISTRY.find("", "v1", "configmaps")


def test_events_are_kept_in_one_place_and_shown_in_both_groups():
    """Fields have other names in the newer one."""
    assert conversion.storage_of(REGISTRY, NEW_EVENTS) is OLD_EVENTS
    new = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": "e"},
        "note": "n",
        "regarding": {"kind": "Pod"},
        "reportingController": "c",
        "deprecatedCount": 2,
    }
    kept = conversion.stored(NEW_EVENTS, OLD_EVENTS, new)
    assert kept["message"] == "n"
    assert kept["involvedObject"] == {"kind": "Pod"}
    assert kept["reportingComponent"] == "c"
    assert kept["count"] == 2
    assert kept["apiVersion"] == "v1"
    assert conversion.served(NEW_EVENTS, kept) == new
    assert conversion.served(OLD_EVENTS, kept) is kept


def test_other_kinds_are_kept_as_they_are():
    """Nothing is copied."""
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    assert conversion.storage_of(REGISTRY, CONFIG_MAPS) is CONFIG_MAPS
    assert conversion.stored(CONFIG_MAPS, CONFIG_MAPS, obj) is obj
