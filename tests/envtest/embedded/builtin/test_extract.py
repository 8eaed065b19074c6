"""`envtest.embedded.extract`: that the data is what a real server of our version tells."""

import json

import pytest

from envtest.embedded.builtin import extract, resources


@pytest.fixture(scope="module")
def client(control_plane):
    """A client of a server."""
    server = extract.Server(control_plane.kubeconfig)
    yield server
    server.close()


def test_discovery_is_as_extracted(client):
    """Names, short names, categories, verbs and subresources."""
    assert extract.discovery(client) == resources.data("discovery")


@pytest.mark.real_only
def test_definitions_are_as_extracted(client):
    """Keys of lists, merge keys, types and defaults."""
    assert extract.definitions(client) == resources.data("definitions")


def test_columns_are_as_extracted(client):
    """What ``kubectl get`` prints of each kind."""
    assert extract.columns(client, extract.discovery(client)) == resources.data("columns")


@pytest.mark.real_only
def test_decoding_is_as_recorded(client):
    """Defaults, zero values that are kept, and the Go types of fields."""
    assert extract.decoding(client) == resources.data("decoding")


def test_data_is_written_a_line_for_each_entry(tmp_path):
    """So that a diff can be read."""
    extract.write(tmp_path, "some", {"a": [1], "b": {"c": 2}})
    text = (tmp_path / "some.json").read_text(encoding="utf-8")
    assert (json.loads(text), len(text.splitlines())) == ({"a": [1], "b": {"c": 2}}, 4)
