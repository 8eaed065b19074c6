"""`envtest.embedded.resources`: which resources there are, and how they are found."""

import dataclasses

from envtest.embedded.builtin import resources


def test_built_in_kinds_are_those_of_discovery():
    """A resource has all names that users call it by."""
    found = resources.Registry.built_in().find("apps", "v1", "deployments")
    assert (found.kind, found.singular, found.list_kind) == ("Deployment", "deployment", "DeploymentList")
    assert (found.api_version, found.storage_key, found.is_namespaced) == ("apps/v1", "deployments.apps", True)
    assert (found.short_names, found.categories, found.subresources) == (("deploy",), ("all",), {"scale", "status"})
    assert [column.name for column in found.columns if column.priority == 0] == [
        "Name", "Ready", "Up-to-date", "Available", "Age",
    ]  # fmt: skip


def test_kinds_of_the_core_have_an_empty_group():
    """Their storage key is the plain plural."""
    found = resources.Registry.built_in().of_kind("v1", "Namespace")
    assert (found.group, found.storage_key, found.api_version, found.is_namespaced) == ("", "namespaces", "v1", False)
    assert "deletecollection" not in found.verbs


def test_resources_come_and_go():
    """One that is added is found by path and by kind, until it is removed."""
    registry = resources.Registry.built_in()
    widget = resources.Resource("example.com", "v1", "widgets", "widget", "Widget", is_namespaced=True, is_custom=True)
    registry.add(widget)
    assert registry.find("example.com", "v1", "widgets") is widget
    assert registry.of_kind("example.com/v1", "Widget") is widget
    assert (widget.list_kind, "example.com" in registry.groups()) == ("WidgetList", True)
    registry.remove("example.com", "v1", "widgets")
    registry.remove("example.com", "v1", "widgets")
    assert registry.find("example.com", "v1", "widgets") is None
    assert registry.of_kind("example.com/v1", "Widget") is None


def test_a_resource_may_change_its_kind():
    """The kind that it had is no longer found."""
    registry = resources.Registry()
    widget = resources.Resource("example.com", "v1", "widgets", "widget", "Widget", is_namespaced=True)
    registry.add(widget)
    registry.add(dataclasses.replace(widget, kind="Gadget"))
    assert registry.of_kind("example.com/v1", "Widget") is None
    assert [resource.kind for resource in registry.all()] == ["Gadget"]


def test_versions_are_sorted_as_discovery_prefers_them():
    """Stable ones first, then beta, then alpha, by number; other names last, by the alphabet."""
    given = ["v1", "v10", "v2", "v1beta1", "v1beta2", "v1alpha1", "foo", "v11alpha2", "bar"]
    registry = resources.Registry()
    for version in given:
        registry.add(resources.Resource("example.com", version, "widgets", "widget", "Widget", is_namespaced=True))
    expected = ["v10", "v2", "v1", "v1beta2", "v1beta1", "v11alpha2", "v1alpha1", "bar", "foo"]
    assert registry.versions("example.com") == expected
