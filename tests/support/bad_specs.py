"""Specs of MicroServiceDeploy that admission refuses, with the field that the error names and its words, and specs that it takes.

Data: the integration tests create them, and the table of bad input in docs/microservicedeploy.md holds nothing else.
"""

from typing import Any

MINIMAL = {"msName": "ms", "version": "1.0", "path": "v1", "image": "example.com/app:1"}
"""What each spec here is laid over; None removes a field."""


def resources(limits: Any = None, requests: Any = None) -> dict[str, Any]:
    """Return a spec with these limits and requests."""
    given = {"limits": limits, "requests": requests}
    return {"resourceRequirements": {name: value for name, value in given.items() if value is not None}}


def probe(name: str = "readinessProbe", **fields: Any) -> dict[str, Any]:
    """Return a spec with this probe."""
    return {name: fields}


CPU = resources(requests={"cpu": "100m"})
TCP: dict[str, Any] = {"tcpSocket": {"port": 8080}}

WRONG_TYPES: list[tuple[dict[str, Any], str, str]] = [
    ({"msName": 7}, "spec.msName", "must be of type string"),
    ({"fullName": 7}, "spec.fullName", "must be of type string"),
    ({"version": 1.0}, "spec.version", "must be of type string"),
    ({"path": 1}, "spec.path", "must be of type string"),
    ({"image": ["app"]}, "spec.image", "must be of type string"),
    ({"replicas": "3"}, "spec.replicas", "must be of type integer"),
    ({"replicas": 1.5}, "spec.replicas", "must be of type int32"),
    ({"autoscaling": "true"}, "spec.autoscaling", "must be of type boolean"),
    ({"maxReplicas": "3"}, "spec.maxReplicas", "must be of type integer"),
    ({"targetCPUUtilization": "80%"}, "spec.targetCPUUtilization", "must be of type integer"),
    ({"needAuth": "yes"}, "spec.needAuth", "must be of type boolean"),
    ({"tenant": 7}, "spec.tenant", "must be of type string"),
    ({"config": ["mode=fast"]}, "spec.config", "must be of type string"),
    ({"creationTimestamp": 1535546718115}, "spec.creationTimestamp", "must be of type string"),
    ({"resourceRequirements": "2 cpu"}, "spec.resourceRequirements", "must be of type object"),
    (resources(["cpu"]), "spec.resourceRequirements.limits", "must be of type object"),
    (resources({"cpu": 0.5}), "spec.resourceRequirements.limits.cpu", "must be of type integer"),
    ({"idle": 1}, "spec.idle", "must be of type boolean"),
    ({"port": "8080"}, "spec.port", "must be of type integer"),
    ({"readinessProbe": "/ready"}, "spec.readinessProbe", "must be of type object"),
    ({"livenessProbe": 10}, "spec.livenessProbe", "must be of type object"),
    ({"startupProbe": True}, "spec.startupProbe", "must be of type object"),
    (probe(**TCP, periodSeconds="10"), "spec.readinessProbe.periodSeconds", "must be of type integer"),
    (probe(exec={"command": "true"}), "spec.readinessProbe.exec.command", "must be of type array"),
    ({"imagePullSecrets": "pull"}, "spec.imagePullSecrets", "must be of type array"),
    ({"imagePullSecrets": ["pull"]}, "spec.imagePullSecrets[0]", "must be of type object"),
    ({"nodeSelector": "disk=ssd"}, "spec.nodeSelector", "must be of type object"),
    ({"nodeSelector": {"disk": True}}, "spec.nodeSelector.disk", "must be of type string"),
    ({"tolerations": "Exists"}, "spec.tolerations", "must be of type array"),
    ({"tolerations": [{"key": 7}]}, "spec.tolerations[0].key", "must be of type string"),
]
"""A value of another type in every field."""

REFUSED: list[tuple[dict[str, Any], str, str]] = [
    *WRONG_TYPES,
    # required fields and their forms
    ({"msName": None}, "spec.msName", "Required value"),
    ({"version": None}, "spec.version", "Required value"),
    ({"path": None}, "spec.path", "Required value"),
    ({"image": None}, "spec.image", "Required value"),
    ({"image": ""}, "spec.image", "at least 1 chars"),
    ({"image": "a" * 4097}, "spec.image", "may not be more than 4096 bytes"),
    ({"msName": "1st"}, "spec.msName", "should match"),
    ({"msName": "a-"}, "spec.msName", "should match"),
    ({"msName": "a" * 41}, "spec.msName", "may not be more than 40"),
    ({"path": "v.1"}, "spec.path", "should match"),
    ({"path": ""}, "spec.path", "at least 1 chars"),
    ({"path": "v1/api"}, "spec.path", "should match"),
    ({"path": "V1"}, "spec.path", "should match"),
    ({"path": "v" * 33}, "spec.path", "may not be more than 32"),
    ({"version": ""}, "spec.version", "at least 1 chars"),
    ({"version": "1.0 beta"}, "spec.version", "should match"),
    ({"version": "a" * 64}, "spec.version", "may not be more than 63"),
    ({"fullName": "Ms"}, "spec.fullName", "should match"),
    ({"fullName": "a" * 64}, "spec.fullName", "may not be more than 63"),
    ({"fullName": "other"}, "spec.fullName", "fullName must be equal to metadata.name"),
    ({"creationTimestamp": "yesterday"}, "spec.creationTimestamp", "should match"),
    ({"creationTimestamp": "1" * 17}, "spec.creationTimestamp", "may not be more than 16"),
    ({"config": "a" * 131_073}, "spec.config", "may not be more than 131072"),
    ({"tenant": "Tenant"}, "spec.tenant", "should match"),
    ({"tenant": "t" * 254}, "spec.tenant", "may not be more than 253"),
    ({"port": 0}, "spec.port", "greater than or equal to 1"),
    ({"port": 65536}, "spec.port", "less than or equal to 65535"),
    # replicas and autoscaling
    ({"replicas": -1}, "spec.replicas", "greater than or equal to 0"),
    ({"replicas": 1001}, "spec.replicas", "less than or equal to 1000"),
    ({"maxReplicas": 0}, "spec.maxReplicas", "greater than or equal to 1"),
    ({"maxReplicas": 2001}, "spec.maxReplicas", "less than or equal to 2000"),
    ({"replicas": 3, "maxReplicas": 2}, "spec.maxReplicas", "maxReplicas must be at least replicas"),
    ({"replicas": 0, "autoscaling": True, **CPU}, "spec.replicas", "replicas must be at least 1 while autoscaling is on"),
    ({"autoscaling": True}, "spec.resourceRequirements", "requests.cpu must be given"),
    ({"autoscaling": True, **resources(limits={"cpu": 1})}, "spec.resourceRequirements", "requests.cpu must be given"),
    ({"autoscaling": True, **resources(requests={"memory": "1Gi"})}, "spec.resourceRequirements", "requests.cpu must be given"),
    ({"autoscaling": True, **resources(requests={"cpu": "0m"})}, "spec.resourceRequirements", "above 0"),
    ({"targetCPUUtilization": 0}, "spec.targetCPUUtilization", "greater than or equal to 1"),
    ({"targetCPUUtilization": 101}, "spec.targetCPUUtilization", "less than or equal to 100"),
    # resources
    (resources({"cpu": "1"}, {"cpu": "1001m"}), "spec.resourceRequirements.requests", "must not be more than the limit"),
    (
        resources({"memory": "1Gi"}, {"memory": 2**30 + 1}),
        "spec.resourceRequirements.requests",
        "must not be more than the limit",
    ),
    (resources(requests={"memory": "4 Gi"}), "spec.resourceRequirements.requests.memory", "should match"),
    (resources({"cpu": ""}), "spec.resourceRequirements.limits.cpu", "at least 1 chars"),
    (resources({"cpu": "1" * 33}), "spec.resourceRequirements.limits.cpu", "may not be more than 32"),
    (resources({"cpu": "many"}), "spec.resourceRequirements.limits.cpu", "should match"),
    (resources({"cpu": "-1"}), "spec.resourceRequirements.limits.cpu", "should match"),
    (resources({"cpu": "1e999999999"}), "spec.resourceRequirements.limits.cpu", "should match"),
    (resources({"cpu": -1}), "spec.resourceRequirements.limits.cpu", "greater than or equal to 0"),
    (resources({"cpus": 1}), "spec.resourceRequirements.limits", "keys must be cpu, memory"),
    (resources({f"example.com/r{i}": 1 for i in range(11)}), "spec.resourceRequirements.limits", "at most 10 items"),
    # probes
    (probe(), "spec.readinessProbe", "exactly one of httpGet"),
    (probe(**TCP, grpc={"port": 1}), "spec.readinessProbe", "exactly one of httpGet"),
    (probe(tcpSocket={}), "spec.readinessProbe.tcpSocket.port", "Required value"),
    (probe(tcpSocket={"port": 0}), "spec.readinessProbe.tcpSocket.port", "greater than or equal to 1"),
    (probe(tcpSocket={"port": "auth"}), "spec.readinessProbe.tcpSocket.port", "should match"),
    (probe(httpGet={"port": 1, "path": "ready"}), "spec.readinessProbe.httpGet.path", "should match"),
    (probe(httpGet={"port": 1, "scheme": "FTP"}), "spec.readinessProbe.httpGet.scheme", "supported values"),
    (probe(exec={"command": []}), "spec.readinessProbe.exec.command", "at least 1 items"),
    (probe(**TCP, periodSeconds=0), "spec.readinessProbe.periodSeconds", "greater than or equal to 1"),
    (probe(**TCP, periodSeconds=86_401), "spec.readinessProbe.periodSeconds", "less than or equal to 86400"),
    (probe(**TCP, timeoutSeconds=0), "spec.readinessProbe.timeoutSeconds", "greater than or equal to 1"),
    (probe(**TCP, initialDelaySeconds=-1), "spec.readinessProbe.initialDelaySeconds", "greater than or equal to 0"),
    (probe(**TCP, successThreshold=0), "spec.readinessProbe.successThreshold", "greater than or equal to 1"),
    (probe(**TCP, failureThreshold=1_000_001), "spec.readinessProbe.failureThreshold", "less than or equal to 1000000"),
    (probe(grpc={"port": 0}), "spec.readinessProbe.grpc.port", "greater than or equal to 1"),
    (probe("livenessProbe"), "spec.livenessProbe", "exactly one of httpGet"),
    (probe("startupProbe"), "spec.startupProbe", "exactly one of httpGet"),
    (probe("livenessProbe", **TCP, successThreshold=2), "spec.livenessProbe.successThreshold", "must be 1"),
    (probe("startupProbe", **TCP, successThreshold=2), "spec.startupProbe.successThreshold", "must be 1"),
    # scheduling
    ({"imagePullSecrets": [{"name": "a"}, {"name": "a"}]}, "spec.imagePullSecrets[1]", "Duplicate value"),
    ({"imagePullSecrets": [{"name": "My Secret"}]}, "spec.imagePullSecrets[0].name", "should match"),
    ({"imagePullSecrets": [{}]}, "spec.imagePullSecrets[0].name", "Required value"),
    ({"imagePullSecrets": [{"name": f"s{i}"} for i in range(17)]}, "spec.imagePullSecrets", "at most 16 items"),
    ({"nodeSelector": {"no spaces": "a"}}, "spec.nodeSelector", "keys must be label keys"),
    ({"nodeSelector": {"a": "no spaces"}}, "spec.nodeSelector.a", "should match"),
    ({"nodeSelector": {f"k{i}": "v" for i in range(17)}}, "spec.nodeSelector", "at most 16 items"),
    ({"tolerations": [{"operator": "Exists"}] * 33}, "spec.tolerations", "at most 32 items"),
    ({"tolerations": [{"key": "a", "effect": "NoRun"}]}, "spec.tolerations[0].effect", "supported values"),
    (
        {"tolerations": [{"key": "a", "effect": "NoExecute", "tolerationSeconds": -1}]},
        "spec.tolerations[0].tolerationSeconds",
        "greater than or equal to 0",
    ),
    ({"tolerations": [{"key": "a", "operator": "Likes"}]}, "spec.tolerations[0].operator", "supported values"),
    ({"tolerations": [{"value": "a"}]}, "spec.tolerations[0].operator", "must be Exists when key is empty"),
    ({"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]}, "spec.tolerations[0].value", "must be empty"),
    ({"tolerations": [{"key": "a", "tolerationSeconds": 1}]}, "spec.tolerations[0].effect", "must be NoExecute"),
]

TAKEN: list[dict[str, Any]] = [
    {"fullName": "ms"},
    {"msName": "a" * 40, "path": "v" * 32, "version": "v1.0_rc-1"},
    {"path": "1"},
    {"image": "any words, or ümlauts"},
    {"replicas": 0},
    {"replicas": 0, "maxReplicas": 1},
    {"replicas": 3, "maxReplicas": 3},
    {"replicas": 3, "autoscaling": True, **CPU},
    {"autoscaling": True, **resources(requests={"cpu": 1})},
    {"config": "ü" * 131_072},
    {"config": ""},
    resources({"cpu": "1"}, {"cpu": "1000m"}),
    resources({"cpu": 1, "memory": "1024Mi"}, {"cpu": "1", "memory": "1Gi"}),
    resources({"cpu": "2"}, {"memory": "64Gi"}),
    resources({"cpu": ".5", "memory": "1.5e3", "nvidia.com/gpu": 1, "hugepages-2Mi": "4Mi", "ephemeral-storage": "1G"}),
    resources({}, {}),
    resources(
        {f"example.com/{'r' * 50}{i}": "1." + "0" * 29 for i in range(10)}, {f"example.com/{'r' * 50}{i}": "1" for i in range(10)}
    ),
    probe(httpGet={"port": "http", "path": "/ready", "scheme": "HTTPS"}, initialDelaySeconds=5, successThreshold=2),
    probe("livenessProbe", exec={"command": ["true"]}),
    probe("startupProbe", grpc={"port": 9000, "service": "health"}, failureThreshold=30),
    {"imagePullSecrets": [{"name": "pull"}, {"name": "pull.more"}]},
    {"nodeSelector": {"disk": "ssd", "example.com/zone": "", f"{'d' * 63}.example.com/{'n' * 63}": "v" * 63}},
    {"tolerations": [{"operator": "Exists"}, {"key": "a", "value": "b", "effect": "NoExecute", "tolerationSeconds": 0}]},
]

STORED: list[tuple[dict[str, Any], str, str]] = [
    ({"port": "http"}, "spec.port", "expected int, got str"),
    ({"replicas": 5000}, "spec.replicas", "expected int <= 1000, got 5000"),
    ({"msName": None}, "spec.msName", "is required"),
    ({"version": 1.0}, "spec.version", "expected str, got int"),
    ({"path": "V.1"}, "spec.path", "expected str matching regex"),
    ({"config": 88888888}, "spec.config", "expected str, got int"),
    ({"config": "password=88888888" + "a" * 131_072}, "spec.config", "expected str of length <= 131072"),
    ({"tolerations": [{"operator": "Likes"}]}, "spec.tolerations[0].operator", "expected one of Equal, Exists"),
    (
        {"resourceRequirements": {"limits": {"cpu": "many"}}},
        "spec.resourceRequirements.limits[...]",
        "expected str matching regex",
    ),
    ({"readinessProbe": "/ready"}, "spec.readinessProbe", "expected object"),
    ({"fullName": "other"}, "spec.fullName", "must be equal to metadata.name"),
]
"""Specs that only an older definition can have let in, and what the condition SpecValid then says."""
