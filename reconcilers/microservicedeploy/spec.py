"""The MicroServiceDeploy kind: one instance of a microservice.

What flows in: JSON of a resource's spec, through `crd.decode_spec`. What flows out: frozen structs for the rest of the operator,
and `RESOURCE`, from which the CustomResourceDefinition is rendered. Pure, read by any thread. No upstream file: the fields are
those of the source document, and additions of ours.

An optional field without a default is None when absent. Absent lists and maps are empty. The rules that compare fields (CEL) are
the API server's to keep: decoding checks each field by itself.
"""

from typing import Annotated, ClassVar

import msgspec

from controller import crd
from controller.crd import fields, podfields
from informers import objects

MAX_REPLICAS = 1000
"""The most replicas that can be asked for; automatic scaling may go to twice as many."""

_PATH_MAX_LENGTH = 32  # <path 32>.<msName 40>.<namespace 63>. leaves 115 of a host's 253 characters to the base domain

_NODE_SELECTOR = crd.Rule(
    r"self.all(k, k.size() <= 317 && k.matches('^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$'))",
    "keys must be label keys: an optional DNS prefix and a slash, then letters, digits, '-', '_' and '.'",
)
_LabelValueOrEmpty = Annotated[str, msgspec.Meta(pattern=r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$", max_length=63)]


def _immutable(name: str) -> crd.Rule:
    same = f"has(self.{name}) == has(oldSelf.{name}) && (!has(self.{name}) || self.{name} == oldSelf.{name})"
    return crd.Rule(same, f"{name} cannot be changed, added or removed after creation", f".{name}", "FieldValueForbidden")


def _succeeds_once(probe: str) -> crd.Rule:
    rule = f"!has(self.{probe}) || !has(self.{probe}.successThreshold) || self.{probe}.successThreshold == 1"
    return crd.Rule(rule, f"successThreshold of {probe} must be 1", f".{probe}.successThreshold")


class MicroServiceDeploySpec(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What one instance of a microservice should be."""

    validations: ClassVar[tuple[crd.Rule, ...]] = (
        _immutable("msName"),
        _immutable("fullName"),
        _immutable("creationTimestamp"),
        crd.Rule(
            "!has(self.maxReplicas) || self.maxReplicas >= self.replicas",
            "maxReplicas must be at least replicas",
            ".maxReplicas",
        ),
        crd.Rule(
            "!self.autoscaling || self.replicas > 0",
            "replicas must be at least 1 while autoscaling is on (use idle to stop all pods)",
            ".replicas",
        ),
        crd.Rule(
            "!self.autoscaling || (has(self.resourceRequirements) && has(self.resourceRequirements.requests) && "
            "'cpu' in self.resourceRequirements.requests && "
            "quantity(string(self.resourceRequirements.requests['cpu'])).isGreaterThan(quantity('0')))",
            "resourceRequirements.requests.cpu must be given, above 0, while autoscaling is on: it is the measure",
            ".resourceRequirements",
            "FieldValueRequired",
        ),
        _succeeds_once("livenessProbe"),
        _succeeds_once("startupProbe"),
    )

    ms_name: Annotated[
        str,
        msgspec.Meta(
            pattern=fields.DNS_1035,
            min_length=1,
            max_length=40,
            description="The microservice's name, shared by all its instances. Immutable.",
        ),
    ]
    full_name: (
        Annotated[fields.ServiceName, msgspec.Meta(description="The instance's name; if given, it is metadata.name. Immutable.")]
        | None
    ) = None
    version: Annotated[
        fields.LabelValue, msgspec.Meta(description="The instance's version, for example \"1.0\"; usable as a label's value.")
    ]
    path: Annotated[
        str,
        msgspec.Meta(
            pattern=fields.DNS_1123_LABEL,
            min_length=1,
            max_length=_PATH_MAX_LENGTH,
            description="The instance's major version, for example v1: the first label of its host.",
        ),
    ]
    image: Annotated[str, msgspec.Meta(min_length=1, max_length=4096, description="The container's image, passed on as it is.")]
    replicas: Annotated[
        int,
        msgspec.Meta(ge=0, le=MAX_REPLICAS, description="The number of pods; under autoscaling the least number."),
    ] = 1
    autoscaling: Annotated[bool, msgspec.Meta(description="Scale by CPU between replicas and maxReplicas.")] = False
    max_replicas: (
        Annotated[
            int,
            msgspec.Meta(ge=1, le=2 * MAX_REPLICAS, description="The most pods under autoscaling; absent means twice replicas."),
        ]
        | None
    ) = None
    target_cpu_utilization: Annotated[
        int,
        msgspec.Meta(ge=1, le=100, description="The CPU use that autoscaling aims at, in percent of requests.cpu."),
    ] = msgspec.field(default=80, name="targetCPUUtilization")
    need_auth: Annotated[bool, msgspec.Meta(description="Admit only requests with the tenant's basic authentication.")] = False
    tenant: Annotated[
        fields.SubdomainName,
        msgspec.Meta(description="The Secret whose key auth (htpasswd format) holds the tenant's credentials."),
    ] = "tenant-auth"
    config: Annotated[
        str,
        msgspec.Meta(max_length=131_072, description="Runtime configuration: lines k=v, given as environment and as a file."),
    ] = ""
    creation_timestamp: (
        Annotated[
            str,
            msgspec.Meta(
                pattern=r"^[0-9]{10,16}$",
                max_length=16,
                description="When the instance was created: epoch milliseconds. Immutable.",
            ),
        ]
        | None
    ) = None
    resource_requirements: podfields.ResourceRequirements = podfields.ResourceRequirements()
    idle: Annotated[bool, msgspec.Meta(description="Run no pods, and keep everything else.")] = False
    port: Annotated[fields.Port, msgspec.Meta(description="The port that the application listens on.")] = 8080
    readiness_probe: (
        Annotated[podfields.Probe, msgspec.Meta(description="When a pod may serve; absent means a TCP connection to port.")]
        | None
    ) = None
    liveness_probe: (
        Annotated[podfields.Probe, msgspec.Meta(description="When a container is restarted; absent: never.")] | None
    ) = None
    startup_probe: Annotated[podfields.Probe, msgspec.Meta(description="When the other probes may begin.")] | None = None
    image_pull_secrets: Annotated[
        tuple[podfields.LocalObjectReference, ...],
        msgspec.Meta(max_length=16, description="Secrets with credentials for the image's registry."),
        fields.list_map("name"),
    ] = ()
    node_selector: Annotated[
        dict[str, _LabelValueOrEmpty],
        msgspec.Meta(max_length=16, description="Labels that a node must have."),
        fields.rules(_NODE_SELECTOR),
    ] = {}
    tolerations: Annotated[
        tuple[podfields.Toleration, ...],
        msgspec.Meta(max_length=32, description="Node taints that the pods put up with."),
        fields.list_atomic(),
    ] = ()


def _counter(description: str) -> msgspec.Meta:
    return msgspec.Meta(ge=0, description=description)


class MicroServiceDeployStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was last seen of the instance; `crd.encode` makes the JSON that is applied."""

    observed_generation: Annotated[
        int, _counter("The metadata.generation that this status speaks of."), fields.format_of("int64")
    ] = 0
    replicas: Annotated[int, _counter("Pods that exist.")] = 0
    ready_replicas: Annotated[int, _counter("Pods that are ready.")] = 0
    updated_replicas: Annotated[int, _counter("Pods made from the present spec.")] = 0
    available_replicas: Annotated[int, _counter("Pods that have been ready long enough.")] = 0
    selector: Annotated[
        str, msgspec.Meta(max_length=1024, description="The pods' label selector, for the scale subresource.")
    ] = ""
    host: Annotated[str, msgspec.Meta(max_length=253, description="The host name that leads here; empty without one.")] = ""
    config_hash: Annotated[str, msgspec.Meta(max_length=64, description="A short hash of the configuration in use.")] = ""
    last_active_replicas: (
        Annotated[int, _counter("Pods before the instance went idle: autoscaling wakes up with as many.")] | None
    ) = None
    conditions: fields.Conditions = ()


RESOURCE = crd.CustomResource(
    gvk=objects.GroupVersionKind("custom.ops", "v1", "MicroServiceDeploy"),
    plural="microservicedeploys",
    spec=MicroServiceDeploySpec,
    status=MicroServiceDeployStatus,
    short_names=("msd",),
    categories=("coxswain",),
    description="MicroServiceDeploy is one instance of a microservice: its pods, service, configuration, quota and scaling.",
    scale=crd.Scale(".spec.replicas", ".status.replicas", ".status.selector"),
    name=fields.ServiceName,
    rules=(
        crd.Rule(
            "!has(self.spec.fullName) || self.spec.fullName == self.metadata.name",
            "fullName must be equal to metadata.name",
            ".spec.fullName",
        ),
    ),
    printer_columns=(
        crd.PrinterColumn("Ready", '.status.conditions[?(@.type=="Ready")].status', "string"),
        crd.PrinterColumn("Reason", '.status.conditions[?(@.type=="Ready")].reason', "string"),
        crd.PrinterColumn("Version", ".spec.version", "string"),
        crd.PrinterColumn("Replicas", ".status.readyReplicas", "integer", description="Ready pods."),
        crd.PrinterColumn("Wanted", ".spec.replicas", "integer", priority=1),
        crd.PrinterColumn("Idle", ".spec.idle", "boolean", priority=1),
        crd.PrinterColumn("Host", ".status.host", "string", priority=1),
        crd.PrinterColumn("Image", ".spec.image", "string", priority=1),
        crd.PrinterColumn("Age", ".metadata.creationTimestamp", "date"),
    ),
)
"""The kind, as the API server gets to know it."""
