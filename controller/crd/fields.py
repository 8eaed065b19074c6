"""How a struct's fields say what JSON Schema in Python types cannot: rules, list types, and the API's own number formats.

What flows in: markers inside `Annotated`, and class attributes of structs. What flows out: msgspec metadata, which decoding
ignores and rendering reads. Pure, read by any thread. Mirrors controller-tools' markers (kubebuilder:validation, listType).

A struct's own rules stand in its class variable `validations`, a tuple of `definition.Rule`.
"""

from typing import Annotated, Any, Final, Literal

import msgspec

from controller.crd import definition

RULES: Final = "rules"
"""The key of `msgspec.Meta.extra` under which a field's rules stand."""


def rules(*items: definition.Rule) -> msgspec.Meta:
    """Return the marker that puts CEL rules on a field.

    Args:
        items: The rules; ``self`` is the field's value, and a rule does not run while the field is absent.
    """
    return msgspec.Meta(extra={RULES: items})


def list_map(*keys: str) -> msgspec.Meta:
    """Return the marker of a list whose elements are told apart by *keys*, so that server-side apply merges them one by one."""
    return _schema({"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys)})


def list_set() -> msgspec.Meta:
    """Return the marker of a list of scalars without duplicates, merged one by one by server-side apply."""
    return _schema({"x-kubernetes-list-type": "set"})


def list_atomic() -> msgspec.Meta:
    """Return the marker of a list that one manager owns as a whole; every list that says nothing is one."""
    return _schema({"x-kubernetes-list-type": "atomic"})


def format_of(name: str) -> msgspec.Meta:
    """Return the marker of a value's format, for example "date-time" or "int64"; an int without one is an int32."""
    return _schema({"format": name})


def _schema(extra: dict[str, Any]) -> msgspec.Meta:
    return msgspec.Meta(extra_json_schema=extra)


DNS_1035: Final = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
DNS_1123_LABEL: Final = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
DNS_1123_SUBDOMAIN: Final = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
LABEL_VALUE: Final = r"^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$"
QUANTITY: Final = r"^([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?$"
"""A quantity that is not negative; two digits of exponent are beyond every resource and keep a rule's arithmetic small."""

Quantity = (
    Annotated[int, msgspec.Meta(ge=0), format_of("int64")]
    | Annotated[str, msgspec.Meta(pattern=QUANTITY, min_length=1, max_length=32)]
)
"""A resource quantity as Kubernetes takes it: 2, "2", "500m", "4Gi"."""

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
ServiceName = Annotated[str, msgspec.Meta(pattern=DNS_1035, min_length=1, max_length=63)]
"""A name that a Service can have (RFC 1035 label)."""
SubdomainName = Annotated[str, msgspec.Meta(pattern=DNS_1123_SUBDOMAIN, min_length=1, max_length=253)]
"""A name that most objects can have, a Secret for example (RFC 1123 subdomain)."""
LabelValue = Annotated[str, msgspec.Meta(pattern=LABEL_VALUE, min_length=1, max_length=63)]


class Condition(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One aspect of the resource's present state; bounds and patterns are those of metav1.Condition."""

    type: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
            max_length=316,
            description="The condition's name, CamelCase.",
        ),
    ]
    status: Annotated[Literal["True", "False", "Unknown"], msgspec.Meta(description="True, False or Unknown.")]
    observed_generation: Annotated[
        int, msgspec.Meta(ge=0, description="The metadata.generation that the condition speaks of."), format_of("int64")
    ] = 0
    last_transition_time: Annotated[
        str, msgspec.Meta(max_length=64, description="When the status last changed."), format_of("date-time")
    ]
    reason: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
            min_length=1,
            max_length=1024,
            description="Why, as one CamelCase word for programs.",
        ),
    ]
    message: Annotated[str, msgspec.Meta(max_length=32768, description="Why, for people; may be empty.")]


Conditions = Annotated[
    tuple[Condition, ...],
    msgspec.Meta(max_length=32, description="The resource's conditions, one per type."),
    list_map("type"),
]
"""The type of a status' `conditions`."""
