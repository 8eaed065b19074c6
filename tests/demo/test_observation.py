"""What the demo makes of objects and metrics."""

from demo import observation
from tests.support import demo_objects

METRICS = """# TYPE controller_runtime_reconcile_total counter
controller_runtime_reconcile_total{controller="microservicedeploy",result="success"} 12.0
controller_runtime_reconcile_total{controller="microservicedeploy",result="error"} 2.0
controller_runtime_reconcile_total{controller="quota",result="success"} 40.0
controller_runtime_reconcile_errors_total{controller="microservicedeploy"} 2.0
"""


def test_the_reconciles_of_one_controller_are_counted():
    """All results of the named controller add up, and errors are told apart."""
    assert observation.count_reconciles(METRICS, "microservicedeploy") == observation.Reconciles(14, 2)
    assert observation.count_reconciles("", "microservicedeploy") == observation.Reconciles(0, 0)


def test_a_child_has_the_resource_as_its_controller():
    """Another uid, or an owner that is not the controller, makes no child; the quota is the namespace's."""
    child = demo_objects.child("Service")
    assert observation.is_child(child, "r")
    assert not observation.is_child(child, "other")
    child["metadata"]["ownerReferences"][0]["controller"] = False
    assert not observation.is_child(child, "r")
    assert observation.is_child({"kind": "ResourceQuota", "metadata": {"name": "msd-quota"}}, "r")


def test_a_missing_condition_is_empty():
    """Neither a missing resource nor a missing status is an error."""
    assert observation.condition(None, "Ready") == {}
    assert observation.condition({"metadata": {}}, "Ready") == {}
    assert observation.condition(demo_objects.resource(), "Ready")["status"] == "True"
