"""Types of CEL, as far as rules need them: those of fields, of literals, and of what functions return.

What flows in: schemas as JSON, names of functions. What flows out: types. Pure. Mirrors k8s.io/apiserver
pkg/cel/common/schemas.go and cel-go checker/printer.go.
"""

from dataclasses import dataclass
from typing import Final

from envtest.embedded.api.status import Json
from envtest.embedded.cel import cel_library, cel_source, cel_values


@dataclass(frozen=True, eq=False)
class Type:
    """A type.

    Attributes:
        name: Such as int, list, map, object; dyn fits everything.
        parts: Of a list its items; of a map its keys and values; of an optional value that.
        schema: Of an object.
        is_resource: Whether an object has a kind and metadata.
    """

    name: str
    parts: tuple["Type", ...] = ()
    schema: Json | None = None
    is_resource: bool = False

    def __str__(self) -> str:
        """Return the type as error messages have it."""
        return f"{self.name}({', '.join(map(str, self.parts))})" if self.parts else self.name


DYN: Final = Type("dyn")
BOOL: Final = Type("bool")
INT: Final = Type("int")
STRING: Final = Type("string")
DOUBLE: Final = Type("double")
_TIMESTAMP: Final = Type("timestamp")
_DURATION: Final = Type("duration")
_BYTES: Final = Type("bytes")
LITERALS: Final = {name: Type(name) for name in ("bool", "int", "uint", "double", "string", "bytes", "null")}
_BY_FORMAT: Final = {"date": _TIMESTAMP, "date-time": _TIMESTAMP, "duration": _DURATION, "byte": _BYTES}
_BY_TYPE: Final = {"boolean": BOOL, "integer": INT, "number": DOUBLE}


def of_schema(schema: Json, *, is_resource: bool = False) -> Type:
    """Return the type of what *schema* describes."""
    kind = schema.get("type", "")
    if schema.get("x-kubernetes-int-or-string"):
        return DYN
    if kind == "array":
        items = schema.get("items")
        return Type("list", (of_schema(items),)) if isinstance(items, dict) else DYN
    if kind == "object":
        others = schema.get("additionalProperties")
        if isinstance(others, dict):
            return Type("map", (STRING, of_schema(others)))
        return Type("object", schema=schema, is_resource=is_resource or bool(schema.get("x-kubernetes-embedded-resource")))
    if kind == "string":
        return _BY_FORMAT.get(schema.get("format", ""), STRING)
    return _BY_TYPE.get(kind, DYN)


def field_of(whole: Type, name: str) -> Type | None:
    """Return the type of a field, None if there is no such field; of what is neither object nor map nothing is known."""
    if whole.name != "object":
        return whole.parts[1] if whole.name == "map" else DYN
    for field, part in cel_values.properties(whole.schema or {}, whole.is_resource).items():
        if name in (field, cel_values.escaped(field)) and cel_values.is_known(part):
            return of_schema(part)
    return None


_RESULTS: Final = {
    **dict.fromkeys(
        [
            "startsWith",
            "endsWith",
            "contains",
            "matches",
            "all",
            "exists",
            "exists_one",
            "existsOne",
            "has",
            "isQuantity",
            "isInteger",
            "isGreaterThan",
            "isLessThan",
            "isURL",
            "isIP",
            "isCIDR",
            "isSorted",
            "isSemver",
            "hasValue",
            "containsIP",
            "containsCIDR",
            "isUnspecified",
            "isLoopback",
            "ip.isCanonical",
            "sets.contains",
            "sets.equivalent",
            "sets.intersects",
            "bool",
        ],
        BOOL,
    ),
    **dict.fromkeys(
        [
            "size",
            "int",
            "indexOf",
            "lastIndexOf",
            "compareTo",
            "asInteger",
            "sign",
            "getHours",
            "getMinutes",
            "getSeconds",
            "getMilliseconds",
            "getFullYear",
            "getMonth",
            "getDate",
            "getDayOfMonth",
            "getDayOfWeek",
            "getDayOfYear",
            "family",
            "prefixLength",
            "major",
            "minor",
            "patch",
        ],
        INT,
    ),
    **dict.fromkeys(
        [
            "string",
            "lowerAscii",
            "upperAscii",
            "trim",
            "replace",
            "substring",
            "charAt",
            "join",
            "find",
            "format",
            "getScheme",
            "getHost",
            "getHostname",
            "getPort",
            "getEscapedPath",
            "strings.quote",
        ],
        STRING,
    ),
    **dict.fromkeys(("double", "asApproximateFloat"), DOUBLE),
    "uint": Type("uint"),
    "bytes": _BYTES,
    "timestamp": _TIMESTAMP,
    "duration": _DURATION,
    **dict.fromkeys(("split", "findAll"), Type("list", (STRING,))),
    **dict.fromkeys(("quantity", "add", "sub"), Type("kubernetes.Quantity")),
    "url": Type("kubernetes.URL"),
    "semver": Type("kubernetes.Semver"),
}
_EVALUATORS: Final = frozenset(
    [
        "dyn",
        "type",
        "map",
        "filter",
        "orValue",
        "or",
        "value",
        "optMap",
        "optFlatMap",
        "optional.of",
        "optional.none",
        "optional.ofNonZeroValue",
        "transformList",
        "transformMap",
        "sortBy",
    ]
)
"""Functions and macros that the evaluator itself knows, or that are rewritten for it."""
_KNOWN: Final = frozenset({*_RESULTS, *_EVALUATORS, *cel_library.FUNCTIONS, *cel_source.RENAMED})


def is_function(name: str) -> bool:
    """Ask whether there is a function or macro of this name, with its namespace if it has one."""
    return name in _KNOWN and not name.endswith("_")


def result(name: str) -> Type:
    """Return what a function returns, dyn where that depends."""
    return _RESULTS.get(name, DYN)


def fits(one: Type, other: Type) -> bool:
    """Ask whether values of two types can be compared."""
    if "dyn" in (one.name, other.name):
        return True
    if "null" in (one.name, other.name):
        return not {one.name, other.name} & {"bool", "int", "uint", "double", "string", "bytes", "list", "map"}
    return one.name == other.name and all(map(fits, one.parts, other.parts))
