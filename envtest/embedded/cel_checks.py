"""Whether an expression can be a rule of a schema, and the compiler's words if not.

What flows in: an expression and the schema that it stands in. What flows out: the error, or nothing. Pure.
"""

from dataclasses import dataclass
from typing import Literal

from envtest.embedded import cel
from envtest.embedded.status import Json


@dataclass(frozen=True)
class Scope:
    """Where an expression stands.

    Attributes:
        schema: The schema of self.
        is_resource: Whether self is an object with a kind.
        is_optional: Whether oldSelf is an optional value.
    """

    schema: Json
    is_resource: bool = False
    is_optional: bool = False


def problem(text: str, scope: Scope, wanted: Literal["bool", "string"]) -> str:
    """Return why *text* cannot be such an expression; empty if it can."""
    try:
        cel.compiled(text)
    except cel.CompileError as error:
        return f"compilation failed: {error}"
    return ""
