"""Contract: unknown and duplicate fields with Strict, Warn and Ignore, in JSON and YAML, on creations, patches and applies."""

import pytest

from tests.support import contract_objects, contract_server

DUPLICATE = '{"metadata":{"name":"a","name":"a"},"data":{"x":"1","x":"2"}}'
STRICT = 'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: '


def unknown():
    """Return a ConfigMap with two fields that nobody knows."""
    return {"metadata": {"name": "a", "foo": 1}, "data": {"x": "1"}, "bogus": {"a": 1}}


def test_strict_refuses_unknown_fields(space):
    """All unknown fields are named, by path."""
    answer = space.post("configmaps", unknown(), fieldValidation="Strict")
    assert answer.refusal == (400, "BadRequest", f'{STRICT}unknown field "metadata.foo", unknown field "bogus"')


@pytest.mark.parametrize("level", ["Warn", ""], ids=["Warn", "the default"])
def test_warn_drops_and_names_unknown_fields(space, level):
    """Each unknown field gets a Warning header, and is dropped; this is the default."""
    answer = space.post("configmaps", unknown(), fieldValidation=level)
    assert answer.status == 201
    assert answer.warnings == (r'299 - "unknown field \"metadata.foo\""', r'299 - "unknown field \"bogus\""')
    assert "bogus" not in answer.body


def test_ignore_drops_unknown_fields(space):
    """Nothing is said of what is dropped."""
    answer = space.post("configmaps", unknown(), fieldValidation="Ignore")
    assert (answer.status, answer.warnings, "bogus" in answer.body) == (201, (), False)


def test_strict_refuses_duplicate_fields(space):
    """A key that stands twice is named."""
    answer = space.post("configmaps", DUPLICATE, fieldValidation="Strict")
    assert answer.refusal == (400, "BadRequest", f'{STRICT}duplicate field "metadata.name", duplicate field "data.x"')


def test_warn_takes_the_last_of_duplicate_fields(space):
    """A key that stands twice gets a warning, and the last value counts."""
    answer = space.post("configmaps", DUPLICATE, fieldValidation="Warn")
    assert (answer.status, answer.body["data"]) == (201, {"x": "2"})
    assert answer.warnings == (r'299 - "duplicate field \"metadata.name\""', r'299 - "duplicate field \"data.x\""')


def test_deep_fields_are_named_with_their_index(space):
    """Elements of lists are numbered in the path."""
    body = contract_objects.deployment(pods=contract_objects.template(contract_objects.container(imagee="x")), replica=3)
    answer = space.post("apps/v1/deployments", body, fieldValidation="Strict")
    message = (
        'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: '
        'unknown field "spec.template.spec.containers[0].imagee", unknown field "spec.replica"'
    )
    assert answer.refusal == (400, "BadRequest", message)


def test_another_level_is_refused(space):
    """Only Ignore, Strict, Warn and nothing are known."""
    answer = space.post("configmaps", unknown(), fieldValidation="Loud")
    text = 'Unsupported value: "Loud": supported values: "", "Ignore", "Strict", "Warn"'
    assert answer.causes == [("FieldValueNotSupported", "fieldValidation", text)]


def test_a_wrong_type_is_refused_at_any_level(space):
    """A value that does not fit its field is 400 with what Go says."""
    answer = space.post("configmaps", {"metadata": {"name": "a"}, "data": {"x": 1}}, fieldValidation="Ignore")
    text = "json: cannot unmarshal number into Go struct field ConfigMap.data of type string"
    assert answer.refusal == (400, "BadRequest", f'ConfigMap in version "v1" cannot be handled as a ConfigMap: {text}')


def test_a_merge_patch_is_checked(space):
    """A strict merge patch with an unknown field is 422; by default it is dropped with a warning."""
    space.config_map("a")
    answer = space.patch("configmaps/a", {"foo": 1, "data": {"x": "1"}}, fieldValidation="Strict")
    assert answer.refusal[:2] == (422, "Invalid")
    assert answer.refusal[2].endswith('strict decoding error: unknown field "foo"')
    loose = space.patch("configmaps/a", {"foo": 1, "data": {"x": "1"}})
    assert (loose.status, loose.body["data"], loose.warnings) == (200, {"x": "1"}, (r'299 - "unknown field \"foo\""',))


def test_a_duplicate_in_a_patch_is_refused(space):
    """A strict patch may not say a key twice."""
    space.config_map("a")
    answer = space.patch("configmaps/a", '{"data":{"q":"1","q":"2"}}', fieldValidation="Strict")
    assert (answer.status, answer.refusal[2].endswith('strict decoding error: duplicate field "data.q"')) == (422, True)


def test_json_and_strategic_patches_are_checked(space):
    """The other patches name unknown fields too."""
    space.config_map("a")
    for patch, content_type in [
        ([{"op": "add", "path": "/foo", "value": 1}], contract_server.JSON_PATCH),
        ({"foo": 1}, contract_server.STRATEGIC),
    ]:
        answer = space.patch("configmaps/a", patch, content_type, fieldValidation="Strict")
        assert (answer.status, answer.refusal[2].endswith('strict decoding error: unknown field "foo"')) == (422, True)


def test_an_apply_refuses_unknown_fields_always(space):
    """A configuration must fit the schema, whatever the level."""
    body = {**contract_objects.config_map(q="1"), "foo": 1}
    message = "failed to create typed patch object (/a; /v1, Kind=ConfigMap): .foo: field not declared in schema"
    assert space.apply("configmaps/a", body, fieldValidation="Ignore").refusal == (500, None, message)


class TestYaml:
    """Bodies and answers in YAML."""

    TEXT = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: "1"\n'

    def test_a_yaml_body_is_accepted(self, space):
        """A creation may be YAML."""
        answer = space.post("configmaps", self.TEXT, content_type=contract_server.YAML)
        assert (answer.status, answer.body["data"]) == (201, {"k": "1"})

    def test_unknown_and_duplicate_fields_are_named(self, space):
        """Strict YAML names fields, and keys that stand twice with their line."""
        answer = space.post("configmaps", self.TEXT + "foo: 1\n", content_type=contract_server.YAML, fieldValidation="Strict")
        assert answer.refusal == (400, "BadRequest", f'{STRICT}unknown field "foo"')
        text = self.TEXT + '  k: "2"\n'
        answer = space.post("configmaps", text, content_type=contract_server.YAML, fieldValidation="Strict")
        assert answer.status == 400
        assert 'line 7: key "k" already set in map' in answer.refusal[2]

    def test_yes_and_no_are_no_text(self, space):
        """YAML of old reads y, n, yes, no, on and off as booleans; in quotes they are text."""
        for word in ("y", "no", "on"):
            text = self.TEXT.replace("name: a", f"name: {word}")
            answer = space.post("configmaps", text, content_type=contract_server.YAML)
            message = "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.name of type string"
            assert answer.refusal == (400, "BadRequest", f'ConfigMap in version "v1" cannot be handled as a ConfigMap: {message}')
        quoted = self.TEXT.replace("name: a", 'name: "y"')
        assert space.post("configmaps", quoted, content_type=contract_server.YAML).status == 201
        answer = space.get("configmaps/y", accept=contract_server.YAML)
        assert '  name: "y"\n' in answer.body["text"]

    def test_broken_yaml_is_refused(self, space):
        """What cannot be read is 400."""
        answer = space.post("configmaps", "a: [", content_type=contract_server.YAML)
        assert answer.refusal[:2] == (400, "BadRequest")
        assert answer.refusal[2].startswith("the object provided is unrecognized (must be of type ConfigMap)")

    def test_answers_can_be_yaml(self, space):
        """Accept: application/yaml gives YAML."""
        space.config_map("a", {"k": "1"})
        answer = space.get("configmaps/a", accept=contract_server.YAML)
        assert answer.headers["Content-Type"] == contract_server.YAML
        assert answer.body["text"].startswith('apiVersion: v1\ndata:\n  k: "1"\nkind: ConfigMap\nmetadata:\n')
