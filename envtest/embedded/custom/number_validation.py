"""Whether a number is inside a schema's bounds.

What flows in: a schema, a number, its path. What flows out: causes. Pure. Mirrors kube-openapi pkg/validation/validate/values.go.
"""

from typing import Final

from envtest.embedded.api.status import Cause, Json
from envtest.embedded.apply.json_values import Value
from envtest.embedded.validation import field_errors

_RANGES: Final = {"int32": 2**31, "int64": 2**63}
_GREATEST_FLOAT32: Final = 3.4028234663852886e38


def validate(schema: Json, value: float, path: str) -> list[Cause]:
    """Return what is wrong with *value*: its range, then multiples, minimum and maximum."""
    causes = _range(schema, value, path)
    where = path.removeprefix(".")
    said = f"{path} in body should be"

    def shown(bound: Value) -> str:
        return str(int(bound)) if isinstance(value, int) else field_errors.go_float(float(bound))

    factor, least, most = schema.get("multipleOf"), schema.get("minimum"), schema.get("maximum")
    if factor is not None:
        factor = int(factor) if isinstance(value, int) else factor
        causes += _multiple(value, factor, path)
    if least is not None and (value < least or (schema.get("exclusiveMinimum") and value == least)):
        words = "greater than" if schema.get("exclusiveMinimum") else "greater than or equal to"
        causes.append(field_errors.invalid(where, value, f"{said} {words} {shown(least)}"))
    if most is not None and (value > most or (schema.get("exclusiveMaximum") and value == most)):
        words = "less than" if schema.get("exclusiveMaximum") else "less than or equal to"
        causes.append(field_errors.invalid(where, value, f"{said} {words} {shown(most)}"))
    return causes


def _multiple(value: float, factor: float, path: str) -> list[Cause]:
    """Check that *value* is a multiple of *factor*, which is a whole number if the value is."""
    where, shown = path.removeprefix("."), field_errors.shown(factor)
    if factor <= 0:
        detail = f"factor MultipleOf declared for {path} must be positive: {shown}"
        return [field_errors.invalid(where, factor, detail)]
    if (isinstance(value, int) and value % factor == 0) or float(value / factor).is_integer():
        return []
    return [field_errors.invalid(where, value, f"{path} in body should be a multiple of {shown}")]


def _range(schema: Json, value: float, path: str) -> list[Cause]:
    kind = "" if schema.get("x-kubernetes-int-or-string") else schema.get("type", "")
    name = schema.get("format", "")
    if kind == "integer":
        limit = _RANGES.get(name, 2**63)
        fits = float(value).is_integer() and -limit <= value < limit
        name = name if name in _RANGES else ""
    else:
        fits = name != "float" or kind != "number" or abs(value) <= _GREATEST_FLOAT32
    if fits:
        return []
    ending = f" with format {name} in {path}" if name else f" (default format) in {path}"
    return [field_errors.invalid("", "", f"Checked value must be of type {kind}{ending}")]
