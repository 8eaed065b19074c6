"""Conditions over time, and statuses that are written only when they differ."""

from typing import Any

import pytest

from controller.client import interfaces
from informers import errors
from reconcilers import status
from tests.support import fake_api, fake_clock

US = "coxswain"
READY = status.Condition("Ready", "True", "AllGood")
PROGRESSING = status.Condition("Progressing", "False", "Done", "2 of 2 pods")


def conditions(previous: list[dict[str, Any]], *verdicts: status.Condition, generation: int = 1, clock: Any = None):
    return status.Conditions(previous, verdicts, generation, clock or fake_clock.FakeClock())


def test_a_new_condition_has_all_its_parts():
    """Type, status, generation, whole seconds of UTC, reason and message stand in every condition, in the verdicts' order."""
    assert conditions([], PROGRESSING, READY, generation=7).to_list() == [
        {
            "type": "Progressing",
            "status": "False",
            "observedGeneration": 7,
            "lastTransitionTime": "2026-01-02T03:04:05Z",
            "reason": "Done",
            "message": "2 of 2 pods",
        },
        {
            "type": "Ready",
            "status": "True",
            "observedGeneration": 7,
            "lastTransitionTime": "2026-01-02T03:04:05Z",
            "reason": "AllGood",
            "message": "",
        },
    ]


def test_the_transition_time_moves_only_with_the_status():
    """A new reason, message or generation leaves it; a flip moves it."""
    clock = fake_clock.FakeClock()
    first = conditions([], READY, clock=clock).to_list()
    clock.step(60)
    second = conditions(first, status.Condition("Ready", "True", "Other", "x"), generation=2, clock=clock).to_list()
    assert (second[0]["lastTransitionTime"], second[0]["reason"]) == ("2026-01-02T03:04:05Z", "Other")
    third = conditions(second, status.Condition("Ready", "Unknown", "Lost"), clock=clock).to_list()
    assert third[0]["lastTransitionTime"] == "2026-01-02T03:05:05Z"


def test_a_condition_without_time_gets_one():
    """Somebody's condition may lack the time; it is filled in."""
    assert conditions([{"type": "Ready", "status": "True"}], READY).to_list()[0]["lastTransitionTime"] == "2026-01-02T03:04:05Z"


def test_the_order_is_that_of_the_verdicts():
    """Whatever stood there before, and in what order, the list reads the same; without verdict a condition goes."""
    previous = [{"type": "Gone", "status": "True"}, *conditions([], READY, PROGRESSING).to_list()]
    assert [c["type"] for c in conditions(previous, PROGRESSING, READY).to_list()] == ["Progressing", "Ready"]


def test_transitions_are_flips_and_firsts():
    """Events follow transitions: a new reason alone is none."""
    previous = conditions([], READY, PROGRESSING).to_list()
    broken = status.Condition("Ready", "False", "Broken")
    told = conditions(previous, broken, status.Condition("Progressing", "False", "Else"), status.Condition("New", "True", "X"))
    assert [(change.before, change.verdict.type) for change in told.transitions()] == [("True", "Ready"), ("", "New")]


SHIP = {"apiVersion": "custom.ops/v1", "kind": "Ship", "metadata": {"name": "s", "namespace": "default"}}


@pytest.fixture
def api() -> fake_api.FakeApi:
    fake = fake_api.FakeApi()
    fake.put(SHIP, {**SHIP, "spec": {"x": 1}})
    return fake


def read(api: fake_api.FakeApi) -> interfaces.Manifest:
    live = api.get(*fake_api.place_of(SHIP))
    for entry in live["metadata"]["managedFields"]:
        if "f:status" in entry["fieldsV1"]:
            entry["subresource"] = "status"
    return live


def test_a_status_is_written_when_it_differs(api: fake_api.FakeApi):
    """The first write, and each change, is sent; the same again is not."""
    assert status.write_status(api, read(api), {"n": 1}, US)
    assert not status.write_status(api, read(api), {"n": 1}, US)
    assert status.write_status(api, read(api), {"n": 2}, US)
    assert (read(api)["status"], read(api)["spec"], api.mutations) == ({"n": 2}, {"x": 1}, 2)


def test_a_field_that_is_no_longer_wanted_goes(api: fake_api.FakeApi):
    """A status is written as a whole: what it does not hold is removed."""
    status.write_status(api, read(api), {"n": 1, "m": 1}, US)
    assert status.write_status(api, read(api), {"n": 1}, US)
    assert read(api)["status"] == {"n": 1}


def test_a_resource_that_is_gone_gets_no_status(api: fake_api.FakeApi):
    """Nothing is created by a status."""
    live = read(api)
    api.things.clear()
    assert not status.write_status(api, live, {"n": 1}, US)
    assert api.things == {}


def test_a_successor_gets_no_status_of_its_predecessor(api: fake_api.FakeApi):
    """The uid protects a resource of the same name that came meanwhile."""
    live = read(api)
    api.put(SHIP, {**SHIP, "spec": {}})
    with pytest.raises(errors.ConflictError):
        status.write_status(api, live, {"n": 1}, US)
    assert "status" not in read(api)


def test_a_missing_kind_is_an_error(api: fake_api.FakeApi):
    """Without the CustomResourceDefinition, the caller hears so."""
    api.refusal = errors.KindNotFoundError(404, "NotFound", "no such kind")
    with pytest.raises(errors.KindNotFoundError):
        status.write_status(api, read(api), {"n": 1}, US)


def test_a_status_meant_for_what_was_read_is_written_over_nothing_else(api: fake_api.FakeApi):
    """If the resource changed since it was read, the write is refused, even one without a difference; a plain write is not."""
    live = read(api)
    status.write_status(api, read(api), {"n": 1}, "other")
    for wanted in ({"m": 1}, {}):
        with pytest.raises(errors.ConflictError):
            status.write_status(api, live, wanted, US, only_as_read=True)
    assert read(api)["status"] == {"n": 1}
    assert status.write_status(api, read(api), {"m": 1}, US, only_as_read=True)
    assert status.write_status(api, live, {"m": 2}, US)
    assert read(api)["status"] == {"n": 1, "m": 2}


def test_a_patched_status_replaces_all_of_the_former_one():
    """What is no longer wanted goes, nothing is sent if nothing differs, and a namesake is left alone."""
    api = fake_api.FakeApi()
    api.put(SHIP, {"status": {"crew": 2, "size": 1}})
    ship = api.get(*fake_api.place_of(SHIP))
    assert status.patch_status(api, ship, {"crew": 3})
    seen = api.get(*fake_api.place_of(SHIP))
    assert seen["status"] == {"crew": 3}
    assert not status.patch_status(api, seen, {"crew": 3})
    assert api.mutations == 1
    api.put(SHIP, {})
    with pytest.raises(errors.ConflictError):
        status.patch_status(api, seen, {"crew": 4})
    api.things.clear()
    assert not status.patch_status(api, seen, {"crew": 4})
