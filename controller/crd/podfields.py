"""The parts of a pod that several operators let their users set, as structs with the API's own bounds.

What flows in: JSON of a custom resource's spec, through `decode.decode_spec`. What flows out: frozen values; `decode.encode` of
one is the JSON that a PodSpec takes, without what is left at its default. Pure, read by any thread. Mirrors
k8s.io/api/core/v1/types.go; deviations: lists and maps are bounded, so that rules over them stay within the API server's cost
limit; a probe has no host and no headers.
"""

from typing import Annotated, ClassVar, Literal

import msgspec

from controller.crd import definition, fields

_NO_MORE = "must not be more than the limit of the same resource"
_KNOWN_RESOURCE = definition.Rule(
    "self.all(k, k in ['cpu', 'memory', 'ephemeral-storage'] || k.startsWith('hugepages-') || k.contains('/'))",
    "keys must be cpu, memory, ephemeral-storage, hugepages-<size>, or <domain>/<resource>",
)
Quantities = Annotated[dict[str, fields.Quantity], msgspec.Meta(max_length=10), fields.rules(_KNOWN_RESOURCE)]


class ResourceRequirements(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What a container needs at least, and may use at most."""

    validations: ClassVar[tuple[definition.Rule, ...]] = (
        definition.Rule(
            "!has(self.limits) || !has(self.requests) || self.requests.all(k, !(k in self.limits) || "
            "quantity(string(self.requests[k])).compareTo(quantity(string(self.limits[k]))) <= 0)",
            f"each request {_NO_MORE}",
            ".requests",
        ),
    )

    limits: Annotated[Quantities, msgspec.Meta(description="The most that the container may use, by resource.")] = {}
    requests: Annotated[Quantities, msgspec.Meta(description="The least that the container needs, by resource.")] = {}


_ContainerPort = fields.Port | Annotated[str, msgspec.Meta(pattern=r"^http$", min_length=1, max_length=4)]
_ONE_ACTION = (
    "(has(self.httpGet) ? 1 : 0) + (has(self.tcpSocket) ? 1 : 0) + (has(self.exec) ? 1 : 0) + (has(self.grpc) ? 1 : 0) == 1"
)


class HTTPGetAction(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Ask over HTTP; a status from 200 to 399 is success."""

    port: Annotated[_ContainerPort, msgspec.Meta(description='A port number, or "http", the name of the application\'s port.')]
    path: Annotated[str, msgspec.Meta(max_length=1024, pattern="^/", description="The path to ask for.")] = "/"
    scheme: Annotated[Literal["HTTP", "HTTPS"], msgspec.Meta(description="HTTP or HTTPS; certificates are not verified.")] = (
        "HTTP"
    )


class TCPSocketAction(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Open a TCP connection."""

    port: Annotated[_ContainerPort, msgspec.Meta(description='A port number, or "http", the name of the application\'s port.')]


class ExecAction(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Run a command in the container; exit code 0 is success."""

    command: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=4096)], ...],
        msgspec.Meta(min_length=1, max_length=64, description="The command and its arguments; no shell."),
        fields.list_atomic(),
    ]


class GRPCAction(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Call the gRPC health service."""

    port: Annotated[fields.Port, msgspec.Meta(description="A port number.")]
    service: Annotated[
        str, msgspec.Meta(max_length=253, description="The service to ask about; empty asks about the server.")
    ] = ""


_Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
_Seconds = Annotated[int, msgspec.Meta(ge=1, le=86_400)]


class Probe(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """How the kubelet finds out about the container's health; exactly one of httpGet, tcpSocket, exec and grpc."""

    validations: ClassVar[tuple[definition.Rule, ...]] = (
        definition.Rule(_ONE_ACTION, "exactly one of httpGet, tcpSocket, exec and grpc must be given"),
    )

    http_get: HTTPGetAction | None = None
    tcp_socket: TCPSocketAction | None = None
    exec: ExecAction | None = None
    grpc: GRPCAction | None = None
    initial_delay_seconds: Annotated[
        int, msgspec.Meta(ge=0, le=86_400, description="Seconds from the container's start to the first probe.")
    ] = 0
    timeout_seconds: Annotated[_Seconds, msgspec.Meta(description="Seconds after which a probe has failed.")] = 1
    period_seconds: Annotated[_Seconds, msgspec.Meta(description="Seconds between probes.")] = 10
    success_threshold: Annotated[
        _Count, msgspec.Meta(description="Successes in a row that make it healthy; 1 for liveness and startup.")
    ] = 1
    failure_threshold: Annotated[_Count, msgspec.Meta(description="Failures in a row that make it unhealthy.")] = 3


class LocalObjectReference(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Names an object in the same namespace."""

    name: Annotated[fields.SubdomainName, msgspec.Meta(description="The object's name.")]


class Toleration(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A node's taint that the pods put up with."""

    validations: ClassVar[tuple[definition.Rule, ...]] = (
        definition.Rule(
            "(has(self.key) && self.key != '') || self.operator == 'Exists'",
            "operator must be Exists when key is empty",
            ".operator",
        ),
        definition.Rule(
            "self.operator != 'Exists' || !has(self.value) || self.value == ''",
            "value must be empty when operator is Exists",
            ".value",
        ),
        definition.Rule(
            "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
            "effect must be NoExecute when tolerationSeconds is given",
            ".effect",
        ),
    )

    key: Annotated[
        str, msgspec.Meta(max_length=317, description="The taint's key; empty, with operator Exists, means every key.")
    ] = ""
    operator: Annotated[Literal["Equal", "Exists"], msgspec.Meta(description="How key and value are compared.")] = "Equal"
    value: Annotated[str, msgspec.Meta(max_length=63, description="The taint's value, for operator Equal.")] = ""
    effect: (
        Annotated[
            Literal["NoSchedule", "PreferNoSchedule", "NoExecute"],
            msgspec.Meta(description="The taint's effect; absent means every one."),
        ]
        | None
    ) = None
    toleration_seconds: (
        Annotated[
            int,
            msgspec.Meta(
                ge=0, le=2**53, description="Seconds to stay on a node that gets a NoExecute taint; absent means for ever."
            ),
            fields.format_of("int64"),
        ]
        | None
    ) = None
