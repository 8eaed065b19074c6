"""The MicroServiceDeploy operator, as its entry point finds it.

What flows in: a manager and the operator's flags. What flows out: the kind, for `coxswain install`. Called by the main thread.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from controller import operators
from reconcilers.microservicedeploy import spec

if TYPE_CHECKING:
    from controller import manager


def setup(_manager: "manager.Manager", _flags: Mapping[str, str]) -> None:
    """Add the operator's controllers to the manager."""


OPERATOR = operators.Operator("microservicedeploy", resources=(spec.RESOURCE,), setup=setup)
"""The operator."""
