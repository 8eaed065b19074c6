"""How Go prints values: what the server's messages show of a request that does not fit.

What flows in: plain values. What flows out: texts. Pure, safe in any thread. Mirrors package fmt.
"""

from typing import Any

from envtest.embedded.api import status

Value = Any  # of JSON


def plain(value: Value) -> str:
    """Return *value* as the verb ``%v`` shows it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "map[" + " ".join(f"{name}:{plain(value[name])}" for name in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(plain(item) for item in value) + "]"
    return "<nil>" if value is None else str(value)


def syntax(value: Value) -> str:
    """Return *value* as the verb ``%#v`` shows it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        inside = ", ".join(f"{status.quoted(name)}:{syntax(value[name])}" for name in sorted(value))
        return f"map[string]interface {{}}{{{inside}}}"
    if isinstance(value, list):
        return "[]interface {}{" + ", ".join(syntax(item) for item in value) + "}"
    if value is None:
        return "interface {}(nil)"
    return status.quoted(value) if isinstance(value, str) else str(value)


def type_name(value: Value) -> str:
    """Return the type of *value* as the verb ``%T`` shows it."""
    names = {
        str: "string",
        bool: "bool",
        int: "int64",
        float: "float64",
        dict: "map[string]interface {}",
        list: "[]interface {}",
    }
    return names.get(type(value), "<nil>")


def json_type_name(value: Value) -> str:
    """Return what package encoding/json calls *value*, such as object."""
    names = {str: "string", bool: "bool", int: "number", float: "number", dict: "object", list: "array"}
    return names.get(type(value), "null")
