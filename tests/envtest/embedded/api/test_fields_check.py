"""Unknown fields, and fields that stand twice."""

from envtest.embedded.api import fields_check
from envtest.embedded.builtin import resources

DEPLOYMENTS = resources.Registry.built_in().find("apps", "v1", "deployments")


def test_unknown_fields_are_named_by_their_path():
    """In maps any key is known; in lists the number is a part of the path."""
    obj = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"labels": {"any": "thing"}, "foo": 1},
        "spec": {"replicass": 1, "template": {"spec": {"containers": [{"name": "c"}, {"nname": "c"}]}}},
        "bar": {},
    }
    assert fields_check.unknown(DEPLOYMENTS.schema, obj) == [
        "metadata.foo",
        "spec.replicass",
        "spec.template.spec.containers[1].nname",
        "bar",
    ]


def test_repeated_fields_are_named_by_their_path():
    """Wherever they stand."""
    assert fields_check.duplicates(b'{"a": 1, "b": [{"c": 1, "c": 2}], "a": 2}') == ["b[0].c", "a"]
    assert fields_check.duplicates(b'{"a": {"a": 1}}') == []
    assert fields_check.duplicates(b"no") == []
