"""Custom kinds on the real server: what was recorded of it is still so, and tables are ours."""

import datetime

import pytest

from envtest.embedded.builtin import resources
from envtest.embedded.tables import tables
from tests.support import custom_answers, raw_api


@pytest.fixture(name="api")
def _api(control_plane):
    api = raw_api.Api(control_plane.kubeconfig)
    yield api
    api.close()


def test_the_real_server_says_of_definitions_what_was_recorded(api):
    """The fast tests compare with the truth."""
    assert custom_answers.of_definitions(api) == custom_answers.recorded("definitions")


@pytest.mark.parametrize("name", ["creations", "updates", "statuses"])
def test_the_real_server_says_of_objects_what_was_recorded(api, name):
    """The same of custom resources."""
    custom_answers.serve(api)
    assert getattr(custom_answers, f"of_{name}")(api) == custom_answers.recorded(name)


def test_the_tables_of_built_in_kinds_are_the_real_ones(api, namespace):
    """Of the very same objects, at the same moment; ages may pass a second in between."""
    registry = resources.Registry.built_in()
    for answer in custom_answers.of_tables(api, namespace):
        resource = custom_answers.resource_of(registry, answer["path"])
        now = datetime.datetime.fromisoformat(answer["now"])
        either = [tables.table(resource, answer["items"], now=now + datetime.timedelta(seconds=each)) for each in (0, 1)]
        assert answer["columns"] == either[0]["columnDefinitions"]
        ours = [[{name: row[name] for name in ("cells", "conditions") if name in row} for row in each["rows"]] for each in either]
        for row, first, second in zip(answer["rows"], *ours, strict=True):
            assert row in (first, second)
