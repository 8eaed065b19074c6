"""The plan of what goes wrong."""

import math

from envtest import calls, faults

WRITE = calls.parse("POST", "/api/v1/namespaces/team/configmaps")
READ = calls.parse("GET", "/api/v1/namespaces/team/configmaps")
EVENT = calls.parse("POST", "/apis/events.k8s.io/v1/namespaces/team/events")
BEFORE, AFTER = faults.Fault(faults.Cut.BEFORE), faults.Fault(faults.Cut.AFTER)


def test_without_rules_nothing_goes_wrong():
    """A new plan has neither faults nor lag."""
    plan = faults.Faults()
    assert plan.decide(WRITE) is None
    assert plan.lag_seconds(READ) == 0


def test_a_fault_happens_once_at_its_ordinal():
    """The second matching request has it, requests that do not match are not counted, and the third goes well again."""
    plan = faults.Faults()
    plan.at(2, BEFORE)
    assert [plan.decide(call) for call in (WRITE, READ, WRITE, WRITE)] == [None, None, BEFORE, None]


def test_a_rule_says_what_it_counts():
    """A rule of its own matching counts from the moment of its making."""
    plan = faults.Faults()
    plan.decide(WRITE)
    plan.at(1, AFTER, lambda call: call.resource == "configmaps")
    assert plan.decide(EVENT) is None
    assert plan.decide(WRITE) is AFTER


def test_two_faults_for_one_request_come_one_after_the_other():
    """A fault whose turn is taken by another one happens to the next request that matches."""
    plan = faults.Faults()
    plan.at(1, BEFORE)
    plan.at(1, AFTER)
    assert [plan.decide(WRITE) for _ in range(3)] == [BEFORE, AFTER, None]


def test_the_lag_of_a_resource_goes_before_that_of_all():
    """A resource with a lag of its own has that one, even if it is none."""
    plan = faults.Faults()
    plan.set_lag(4)
    plan.set_lag(0, "configmaps")
    assert plan.lag_seconds(READ) == 0
    assert plan.lag_seconds(EVENT) == 4


def test_a_view_freezes_watches():
    """While lists are answered as of an older version, watches of that resource show nothing, whatever their lag."""
    plan = faults.Faults()
    plan.set_lag(4, "configmaps")
    plan.set_view("41", "configmaps")
    assert (plan.view(READ), plan.view(EVENT)) == ("41", "")
    assert (plan.lag_seconds(READ), plan.lag_seconds(EVENT)) == (math.inf, 0)
    plan.set_view("", "configmaps")
    assert (plan.view(READ), plan.lag_seconds(READ)) == ("", 4)


def test_losses_are_counted_for_a_resource_and_for_all():
    """A watch that remembers the count sees whether its frames were lost since."""
    plan = faults.Faults()
    plan.lose("configmaps")
    plan.lose()
    assert (plan.losses(READ), plan.losses(EVENT)) == (2, 1)


def test_rules_go_before_the_schedule():
    """A request for which a rule is due is not the schedule's; all others are."""
    plan = faults.Faults()
    plan.follow(lambda call: AFTER)
    plan.at(2, BEFORE)
    assert [plan.decide(call) for call in (WRITE, WRITE, READ)] == [AFTER, BEFORE, AFTER]


def test_a_fault_says_in_a_few_words_what_it_is():
    """The request log shows it."""
    assert str(faults.Fault()) == ""
    assert str(faults.Fault(faults.Cut.MIDDLE, frames=3)) == "after 3 frames, cut middle"
    assert str(faults.Fault(refusal=faults.Refusal(429))) == "429"
    assert str(faults.Fault(faults.Cut.BEFORE, silent_seconds=2.0)) == "silence 2.0 s, cut before"
    assert str(faults.Fault(delay_seconds=0.25)) == "delay 0.25 s"
