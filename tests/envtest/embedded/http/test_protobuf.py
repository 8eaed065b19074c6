"""Bodies in protobuf, written by hand here as the format describes them."""

import pytest

from envtest.embedded.api import status
from envtest.embedded.http import protobuf


def varint(number):
    """Encode a number."""
    found = b""
    while number > 0x7F:
        found += bytes([number & 0x7F | 0x80])
        number >>= 7
    return found + bytes([number])


def field(number, value):
    """Encode a field: a number, text, or a message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value & (1 << 64) - 1)
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def envelope(api_version, kind, message):
    """Encode an object."""
    return b"k8s\0" + field(1, field(1, api_version) + field(2, kind)) + field(2, message)


def test_maps_bytes_and_times_are_read():
    """Bytes become base64 and an empty time is none; what is not known is left out."""
    own = field(1, "a") + field(3, "") + field(8, b"") + field(11, field(1, "x") + field(2, "y"))
    body = field(1, own) + field(2, field(1, "k") + field(2, b"\x00v")) + field(999, "new")
    assert protobuf.decode(envelope("v1", "Secret", body)) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "a", "namespace": "", "labels": {"x": "y"}},
        "data": {"k": "AHY="},
    }


def test_lists_numbers_amounts_and_what_is_inline_are_read():
    """The source of a volume stands beside its name, in JSON."""
    port = field(1, "http") + field(3, 8080)
    limits = field(1, field(1, "cpu") + field(2, field(1, "100m")))
    container = field(1, "c") + field(6, port) + field(8, limits)
    volume = field(1, "v") + field(2, field(2, b""))
    spec = field(1, volume) + field(2, container) + field(4, -1)
    assert protobuf.decode(envelope("v1", "Pod", field(2, spec)))["spec"] == {
        "volumes": [{"name": "v", "emptyDir": {}}],
        "containers": [
            {"name": "c", "ports": [{"name": "http", "containerPort": 8080}], "resources": {"limits": {"cpu": "100m"}}}
        ],
        "terminationGracePeriodSeconds": -1,
    }


def test_a_number_or_text_is_read():
    """A target port is either."""
    ports = [field(1, field(4, field(1, 0) + field(2, 80))), field(1, field(4, field(1, 1) + field(3, "http")))]
    found = protobuf.decode(envelope("v1", "Service", field(2, b"".join(ports))))
    assert [port["targetPort"] for port in found["spec"]["ports"]] == [80, "http"]


@pytest.mark.parametrize(
    "data",
    [b"junk", envelope("v9", "Nope", b""), envelope("v1", "Pod", field(2, b"\xff\xff")), envelope("v1", "Pod", b"\x0b")],
    ids=["no magic", "unknown kind", "cut off", "unknown wire type"],
)
def test_what_cannot_be_read_is_a_bad_request(data):
    """Never an error of the server."""
    with pytest.raises(status.StatusError) as error:
        protobuf.decode(data)
    assert error.value.code == 400
