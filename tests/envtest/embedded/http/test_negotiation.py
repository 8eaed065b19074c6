"""In which form bodies come and answers go."""

import pytest

from envtest.embedded.api import requests, status
from envtest.embedded.http import negotiation
from tests.support.embedded_world import refusal

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


@pytest.mark.parametrize(
    ("accept", "media", "shape"),
    [
        ("", "application/json", "object"),
        ("*/*", "application/json", "object"),
        ("application/yaml", "application/yaml", "object"),
        (f"{TABLE},application/json", "application/json", "table"),
        ("application/vnd.kubernetes.protobuf,application/json", "application/json", "object"),
        ("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", "application/json", "metadata"),
        ("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json", "application/json", "object"),
    ],
)
def test_the_first_form_that_can_be_served_wins(accept, media, shape):
    """Of what the client lists."""
    assert negotiation.wanted(accept) == negotiation.Wanted(media, shape)


@pytest.mark.parametrize(
    ("accept", "message"),
    [
        ("text/html", "406: Not Acceptable\n\nAvailable representations: "),
        ("application/json;as=Nope;g=meta.k8s.io;v=v1", "only the following media types are accepted: "),
    ],
)
def test_what_cannot_be_served_is_refused(accept, message):
    """Saying what could."""
    with pytest.raises(status.StatusError) as error:
        negotiation.wanted(accept)
    known = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
    assert refusal(error) == (406, message + known)


def test_a_body_is_json_or_yaml():
    """A time in YAML is text."""
    assert negotiation.decode("", b'{"a": 1}').value == {"a": 1}
    assert negotiation.decode("application/json; charset=utf-8", b"[1]").value == [1]
    assert negotiation.decode("application/yaml", b"a: 2026-01-01T00:00:00Z\nb: 1\n").value == {
        "a": "2026-01-01T00:00:00Z",
        "b": 1,
    }


def test_repeated_fields_are_told_of():
    """In JSON by their path, in YAML by their line, also where an apply has JSON."""
    assert negotiation.decode("", b'{"a": {"b": 1, "b": 2}}').repeated == ('duplicate field "a.b"',)
    said = 'yaml: unmarshal errors:\n  line 2: key "a" already set in map'
    assert negotiation.decode("application/yaml", b"a: 1\na: 2\n").repeated == (said,)
    patch, repeated = negotiation.decode_patch("application/apply-patch+yaml", b'{"a": 1,\n"a": 2}', is_custom=False)
    assert (patch.body, repeated) == ({"a": 2}, (said,))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "unexpected end of JSON input (<empty>)"),
        (b'{"a":', 'unexpected end of JSON input ({"a":)'),
        (b"junk", "invalid character 'j' looking for beginning of value (6a756e6b)"),
    ],
)
def test_a_broken_body_is_shown(data, message):
    """With Go's complaint."""
    with pytest.raises(status.StatusError) as error:
        negotiation.decode_object("application/json", data, "Pod")
    start = "the object provided is unrecognized (must be of type Pod): couldn't get version/kind; json parse error: "
    assert refusal(error) == (400, start + message)


def test_a_body_that_is_no_object_is_refused():
    """A list, for example."""
    with pytest.raises(status.StatusError, match="json: cannot unmarshal array into Go value of type struct"):
        negotiation.decode_object("application/json", b"[1]", "Pod")


def test_types_of_bodies_and_patches_are_few():
    """Custom kinds know no strategic merge patch."""
    with pytest.raises(status.StatusError, match="the body of the request was in an unknown format"):
        negotiation.decode("text/plain", b"")
    with pytest.raises(status.StatusError, match="415: Unsupported Media Type"):
        negotiation.decode_patch("application/json", b"{}", is_custom=False)
    with pytest.raises(status.StatusError) as error:
        negotiation.decode_patch("application/json", b"{}", is_custom=True)
    assert requests.STRATEGIC_PATCH not in error.value.message


@pytest.mark.parametrize(
    ("media", "message"),
    [
        (requests.MERGE_PATCH, "error decoding patch: invalid character 'j' looking for beginning of value"),
        (requests.STRATEGIC_PATCH, "invalid character 'j' looking for beginning of value"),
    ],
)
def test_a_broken_patch_is_refused(media, message):
    """In words that depend on its type."""
    with pytest.raises(status.StatusError) as error:
        negotiation.decode_patch(media, b"junk", is_custom=False)
    assert refusal(error) == (400, message)


def test_yaml_answers_look_as_gos():
    """Text that would be something else has double quotes, lines are a block, keys are sorted."""
    shown = negotiation.encode("application/yaml", {"b": "1", "a": "x\ny\n", "c": [{"d": True, "e": "text"}]}).decode()
    assert shown == 'a: |\n  x\n  y\nb: "1"\nc:\n- d: true\n  e: text\n'
