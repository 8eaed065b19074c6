"""From what was sent, or patched, to objects; what is refused and what is warned of."""

import pytest

from envtest.embedded.api import requests, status
from tests.support import embedded_world
from tests.support.embedded_world import options_of, refusal


@pytest.fixture
def world():
    """An API with one ConfigMap."""
    made = embedded_world.World()
    made.config_map()
    return made


def patch(world, content_type, body, **options):
    """Patch the ConfigMap."""
    target = world.target(name="a")
    return world.api.patch(target, requests.Patch(content_type, body), options_of(**options)).object


def test_a_kind_that_nobody_knows_is_named(world):
    """With where it was looked for."""
    with pytest.raises(status.StatusError) as error:
        world.create({"apiVersion": "v2", "kind": "ConfigMap", "metadata": {"name": "b"}})
    text = 'no kind "ConfigMap" is registered for version "v2" in scheme "pkg/runtime/scheme.go:111"'
    assert refusal(error) == (400, f'ConfigMap in version "v2" cannot be handled as a ConfigMap: {text}')


def test_a_wrong_type_is_a_bad_request_and_of_a_patch_invalid(world):
    """The patched object is shown."""
    with pytest.raises(status.StatusError) as error:
        world.create({"metadata": {"name": "b"}, "data": {"k": 1}})
    text = "json: cannot unmarshal number into Go struct field ConfigMap.data of type string"
    assert refusal(error) == (400, f'ConfigMap in version "v1" cannot be handled as a ConfigMap: {text}')
    with pytest.raises(status.StatusError) as error:
        patch(world, requests.MERGE_PATCH, {"data": {"k": 1}})
    assert (error.value.code, error.value.details["causes"][0]["field"]) == (422, "patch")
    assert error.value.message.startswith(
        ' "" is invalid: patch: Invalid value: "{\\"apiVersion\\":\\"v1\\",\\"data\\":{\\"k\\":1}'
    )
    assert error.value.message.endswith(text)


def test_unknown_fields_of_a_patch_are_refused_or_warned_of(world):
    """Of a strategic merge patch the patch is shown, as Go prints it."""
    with pytest.raises(status.StatusError) as error:
        patch(world, requests.STRATEGIC_PATCH, {"foo": 1}, field_validation="Strict")
    text = 'patch: Invalid value: "map[foo:1]": strict decoding error: unknown field "foo"'
    assert refusal(error) == (422, f' "" is invalid: {text}')
    patch(world, requests.MERGE_PATCH, {"foo": 1})
    assert world.api.warnings == ['unknown field "foo"']


def test_repeated_keys_of_an_apply_are_refused(world):
    """In the words of a YAML reader."""
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    with pytest.raises(status.StatusError) as error:
        patch(world, requests.APPLY_PATCH, body, field_validation="Strict", repeated=("yaml: said",))
    assert refusal(error) == (400, "error strict decoding YAML: error converting YAML to JSON: yaml: said")
