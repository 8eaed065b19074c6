"""Numbers of protobuf fields, read from files of messages."""

from envtest.embedded.builtin import extract_messages

TEXT = """
syntax = "proto2";
package k8s.io.api.core.v1;

// message Commented {
message Thing {
  // Text.
  // optional string old = 9;
  optional string name = 1;

  // +optional
  repeated Part parts = 2;

  map<string, bytes> data = 3;

  optional .k8s.io.apimachinery.pkg.apis.meta.v1.Time time = 4;
}

message Part {
  optional int32 size = 1;
}

message Other {
  optional bool is = 1;
}
"""


def test_fields_are_read_with_their_types():
    """Types get the name of their package."""
    assert extract_messages.parse(TEXT)["k8s.io.api.core.v1.Thing"] == {
        "1": "name string",
        "2": "parts []k8s.io.api.core.v1.Part",
        "3": "data {}bytes",
        "4": "time k8s.io.apimachinery.pkg.apis.meta.v1.Time",
    }


def test_only_what_is_needed_is_kept():
    """The message and what it consists of."""
    known = extract_messages.parse(TEXT)
    assert set(extract_messages.reachable(known, ["k8s.io.api.core.v1.Thing"])) == {
        "k8s.io.api.core.v1.Thing",
        "k8s.io.api.core.v1.Part",
    }


def test_a_definition_and_its_message_have_one_name_in_two_ways():
    """OpenAPI turns the domain round."""
    assert extract_messages.to_message("io.k8s.api.core.v1.Pod") == "k8s.io.api.core.v1.Pod"
