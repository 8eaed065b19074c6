"""The plan of what goes wrong."""

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
