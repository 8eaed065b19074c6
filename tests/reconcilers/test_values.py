"""Equality as the API server sees it, by path."""

import pytest

from reconcilers import values


@pytest.mark.parametrize("wanted", [None, "", 0, False, [], {}])
@pytest.mark.parametrize("live", [None, "", 0, False, [], {}])
def test_empty_values_equal_absent_ones(wanted: object, live: object):
    """The server drops empty values, so one cannot be told from another."""
    assert values.is_equal(("spec", "x"), wanted, live)


@pytest.mark.parametrize(
    ("path", "wanted", "live", "is_equal"),
    [
        (("spec", "targetPort"), 8080, "8080", False),
        (("spec", "targetPort"), "http", "http", True),
        (("spec", "x"), True, 1, False),
        (("spec", "x"), 1, 1.0, True),
        (("spec", "hard", "requests.cpu"), "1000m", "1", True),
        (("spec", "hard", "requests.cpu"), "1.5", "1500m", True),
        (("data", "hard"), "1000m", "1", False),
        (("metadata", "annotations", "sizeLimit"), "1000m", "1", False),
        (("spec", "volumes", "[name=x]", "emptyDir", "sizeLimit"), "1Gi", "1024Mi", True),
        (("spec", "metrics"), [{"target": {"averageValue": "1k"}}], [{"target": {"averageValue": "1000"}}], True),
        (("spec", "limits"), [{"max": {"cpu": "1000m"}}], [{"max": {"cpu": "1"}}], True),
        (("spec", "valueFrom", "fieldRef"), {"fieldPath": "a"}, {"fieldPath": "a", "apiVersion": "v1"}, True),
        (("spec", "valueFrom", "fieldRef"), {"fieldPath": "a"}, {"fieldPath": "a", "apiVersion": "v2"}, False),
        (("spec", "args"), ["a", "b"], ["b", "a"], False),
        (("spec", "args"), ["a"], ["a", ""], False),
        (("spec", "selector"), {"a": "b"}, {"a": "b", "c": "d"}, False),
        (("spec", "rules"), [{"a": None}], [{}], True),
        (("spec", "rules"), [{"a": 1}], "x", False),
    ],
)
def test_values_compare_by_what_the_field_is(path: values.Path, wanted: object, live: object, is_equal: bool):
    """Quantities are known by their place; strings elsewhere, ports and keys of maps are compared as they are."""
    assert values.is_equal(path, wanted, live) is is_equal


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("spec", "ports", "[port=80,protocol=TCP]", "name"), "spec.ports[port=80,protocol=TCP].name"),
        (("metadata", "labels", "a.b/c"), 'metadata.labels["a.b/c"]'),
        (("metadata", "finalizers", values.member_element("a.b/c")), 'metadata.finalizers["a.b/c"]'),
    ],
)
def test_paths_read_well(path: values.Path, text: str):
    """A path is rendered as one would write it for kubectl."""
    assert values.render(path) == text
