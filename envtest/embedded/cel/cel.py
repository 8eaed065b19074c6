"""Expressions of CEL: compiled once, evaluated on values.

What flows in: an expression's text, then values for its variables. What flows out: a value, or the error as the server words it.
The server's thread. Mirrors apiextensions-apiserver pkg/apiserver/schema/cel/compilation.go, on cel-rust instead of cel-go.
Deviations: there is no type checker (`cel_checks` finds unknown fields, functions and variables), and costs are not metered.
"""

import functools
import logging
import re
from collections.abc import Mapping
from typing import Any, Final

import cel

from envtest.embedded.apply.json_values import Value
from envtest.embedded.cel import cel_library, cel_source

logging.getLogger("cel").setLevel(logging.ERROR)  # it warns of each function that raises, which rules are there to do

_RAISED: Final = re.compile(r"Python function call failed: (\w+): (.*)\. Check function arguments and their types\.", re.DOTALL)
_REFUSED: Final = re.compile(r"Function '\w+' error: (.*?)\.? Check function arguments", re.DOTALL)
_NO_OVERLOAD: Final = "no such overload"


class CompileError(ValueError):
    """A text is no expression."""


class EvaluationError(Exception):
    """An expression has no value; the message is the server's."""


class Expression:
    """A compiled expression."""

    def __init__(self, text: str) -> None:
        """Compile *text*.

        Raises:
            CompileError: It is not CEL.
        """
        self.text = text
        self._program = _compile(text)
        self.variables = frozenset(cel_source.names(text))
        """Every name in it, those of variables among them."""
        words = cel_source.names(cel_source.rewrite(text))
        self.functions = {name: call for name, call in cel_library.FUNCTIONS.items() if words.issuperset(name.split("."))}

    def evaluate(self, context: cel.Context) -> Value:
        """Return the value.

        Raises:
            EvaluationError: There is none.
        """
        try:
            return self._program.execute(context)
        except (KeyError, IndexError, ArithmeticError, TypeError, ValueError, RuntimeError) as error:
            raise EvaluationError(_explained(error)) from error


@functools.lru_cache(maxsize=4096)
def compiled(text: str) -> Expression:
    """Return the expression of *text*, which is compiled once.

    Raises:
        CompileError: It is not CEL.
    """
    return Expression(text)


def context(variables: Mapping[str, Any], expressions: list[Expression]) -> cel.Context:
    """Return what *expressions* are evaluated in; the variables are converted once for all."""
    functions = {name: function for each in expressions for name, function in each.functions.items()}
    return cel.Context(variables=dict(variables), functions=functions)


def _compile(text: str) -> cel.Program:
    try:
        return cel.compile(cel_source.rewrite(text))
    except ValueError as error:
        try:
            cel.compile(text)
        except ValueError as original:
            error = original if "unsupported syntax" not in str(original) else error
        said = str(error)
        at = said.find("ERROR: ")
        raise CompileError(said[at:].replace("\n|", "\n |") if at >= 0 else said) from error


def _explained(error: Exception) -> str:
    """Return what the server's evaluator says in such a case."""
    if isinstance(error, KeyError):
        return f"no such key: {error.args[0]}"
    text = str(error)
    if isinstance(error, ZeroDivisionError):
        return "division by zero"
    if isinstance(error, OverflowError):
        return "integer overflow"
    if isinstance(error, TypeError):
        return _NO_OVERLOAD
    raised = _RAISED.search(text)
    if raised:
        return _NO_OVERLOAD if raised[1] in ("AttributeError", "NoOverloadError", "TypeError") else raised[2]
    refused = _REFUSED.search(text)
    return refused[1] if refused else text
