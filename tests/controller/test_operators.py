"""Finding operators by their entry points."""

from importlib import metadata

import pytest

from controller import operators


def _entry(value: str) -> metadata.EntryPoint:
    return metadata.EntryPoint("strange", value, operators.GROUP)


def test_all_installed_operators_are_found_in_the_order_of_their_names() -> None:
    """The project's own operator plugs in like any other."""
    found = operators.discover()
    assert "microservicedeploy" in [operator.name for operator in found]
    assert [operator.name for operator in found] == sorted(operator.name for operator in found)


def test_named_operators_are_found_once() -> None:
    """Saying a name twice changes nothing."""
    found = operators.discover(["microservicedeploy", "microservicedeploy"])
    assert [operator.name for operator in found] == ["microservicedeploy"]
    assert operators.discover([]) == []


def test_an_unknown_name_is_an_error_that_lists_the_known_ones() -> None:
    """A misspelt name is told at start."""
    with pytest.raises(operators.OperatorError, match=r"no operator named microservicedeplo; installed: .*microservicedeploy"):
        operators.discover(["microservicedeplo"])


@pytest.mark.parametrize("value", ["no_such_module:OPERATOR", "controller.operators:NO_SUCH_NAME"])
def test_an_entry_point_that_leads_nowhere_is_an_error(value: str) -> None:
    """The error shows the entry as it stands in the distribution."""
    with pytest.raises(operators.OperatorError, match=f"strange = {value} cannot be loaded"):
        operators.load(_entry(value))


def test_an_entry_point_to_something_else_is_an_error() -> None:
    """Only an `Operator` can be run, installed and rendered."""
    with pytest.raises(operators.OperatorError, match="is a str, not an Operator"):
        operators.load(_entry("controller.operators:GROUP"))
