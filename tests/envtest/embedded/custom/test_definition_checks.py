"""Definitions that are refused: causes as the real server was seen to give them."""

import datetime

import pytest

from envtest.embedded.api import store
from envtest.embedded.builtin import resources
from envtest.embedded.custom import definition_checks, definitions
from tests.support import bad_definitions, custom_answers, gadgets

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
DEFINITIONS = definitions.Definitions(resources.Registry.built_in(), store.Store(), lambda: NOW)


def _without_nulls(value):
    if isinstance(value, dict):
        return {name: _without_nulls(entry) for name, entry in value.items() if entry is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("definition", "answer"),
    list(zip(bad_definitions.ROWS, custom_answers.recorded("definitions"), strict=True)),
    ids=[str(number) for number in range(len(bad_definitions.ROWS))],
)
def test_a_bad_definition_is_refused_with_the_real_causes(definition, answer):
    """To the letter: what kubectl prints is the same."""
    found = DEFINITIONS.validate(DEFINITIONS.default(_without_nulls(definition)))
    assert sorted([each.type, each.field, each.message] for each in found) == answer["causes"]


def test_a_good_definition_is_taken():
    """Rules of all sorts included."""
    assert DEFINITIONS.validate(DEFINITIONS.default(gadgets.definition())) == []


def test_formats_that_nobody_knows_are_warned_of():
    """They hold nothing back, which their author should know."""
    assert definition_checks.warnings(gadgets.definition()) == ['unrecognized format "made-up"']


def test_names_and_group_cannot_change_later():
    """Objects are stored under them."""
    old = DEFINITIONS.default(bad_definitions.definition())
    old["status"]["conditions"] = [{"type": "Established", "status": "True"}]
    new = DEFINITIONS.default(bad_definitions.definition(scope="Cluster", names=bad_definitions.names(kind="Other")))
    found = {each.field: each.message for each in DEFINITIONS.validate(new, old)}
    assert found == {
        "spec.scope": 'Invalid value: "Cluster": field is immutable',
        "spec.names.kind": 'Invalid value: "Other": field is immutable',
    }


def test_a_version_that_was_stored_must_stay():
    """There may be objects in it."""
    changed = bad_definitions.definition(versions=[bad_definitions.version("v2")])
    whole = {**DEFINITIONS.default(changed), "status": {"storedVersions": ["v1", "v2"]}}
    (cause,) = DEFINITIONS.validate(whole, whole)
    assert cause.field == "status.storedVersions[0]"
    assert "missing from spec.versions; v1 was previously a storage version" in cause.message
