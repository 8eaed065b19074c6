"""A seed chooses the same faults for the same requests."""

import itertools

import pytest

from envtest import calls, fault_schedule, faults

PATH = "/api/v1/namespaces/team/configmaps"
GET = calls.parse("GET", f"{PATH}/one")
LIST = calls.parse("GET", PATH)
WATCH = calls.parse("GET", f"{PATH}?watch=true")
DELETE = calls.parse("DELETE", f"{PATH}/one")
OTHER = calls.parse("DELETE", f"{PATH}/other")
EVERY = fault_schedule.Options(share=1.0, most=1000)


def drawn(call, count=400):
    """Return many faults of one request, some of them by their likes."""
    schedule = fault_schedule.Schedule(1, EVERY)
    return [schedule(call) for _ in range(count)]


def test_a_choice_depends_on_the_seed_and_the_requests_own_ordinal_alone():
    """However requests take turns, the n-th one of a verb, a resource and an object meets the same; another seed chooses anew."""
    options = fault_schedule.Options(share=0.5, most=50)
    one, two, three = (fault_schedule.Schedule(seed, options) for seed in (7, 7, 8))
    in_turn = [one(call) for call in itertools.chain.from_iterable([(DELETE, OTHER)] * 50)]
    after = [two(DELETE) for _ in range(50)], [two(OTHER) for _ in range(50)]
    assert (list(map(str, in_turn[::2])), list(map(str, in_turn[1::2]))) == tuple(list(map(str, each)) for each in after)
    assert list(map(str, after[0])) != [str(three(DELETE)) for _ in range(50)]
    assert list(map(str, after[0])) != list(map(str, after[1]))


def test_a_share_of_the_first_requests_is_met():
    """About as many as the options say, and none beyond the number after which all must go well."""
    schedule = fault_schedule.Schedule(1, fault_schedule.Options(share=0.25, most=400))
    met = [schedule(DELETE) for _ in range(1000)]
    assert 70 <= sum(fault is not None for fault in met[:400]) <= 130
    assert set(met[400:]) == {None}


def test_resources_can_be_spared():
    """Nothing happens to them."""
    schedule = fault_schedule.Schedule(1, fault_schedule.Options(1.0, 10, spared=frozenset({"configmaps"})))
    assert schedule(DELETE) is None


@pytest.mark.parametrize(
    ("call", "codes"),
    [
        (GET, {429, 500, 503}),
        (DELETE, {409, 429, 500, 503}),
        (LIST, {410, 429, 500, 503}),
        (WATCH, {410, 429, 500, 503}),
    ],
)
def test_refusals_fit_the_request(call, codes):
    """Conflicts are for writes, and what has expired is a list or a watch."""
    assert {fault.refusal.code for fault in drawn(call) if fault.refusal} == codes


def test_all_kinds_of_faults_are_drawn():
    """Connections are cut in three places, some after a silence, and requests are late; watches also break in their middle."""
    everywhere = drawn(GET)
    assert {fault.cut for fault in everywhere} == {*faults.Cut, None}
    assert any(fault.silent_seconds for fault in everywhere)
    assert any(fault.delay_seconds for fault in everywhere)
    broken = {(fault.cut, bool(fault.silent_seconds), bool(fault.refusal)) for fault in drawn(WATCH) if fault.frames is not None}
    assert broken == {(faults.Cut.MIDDLE, False, False), (faults.Cut.AFTER, True, False), (None, False, True)}
