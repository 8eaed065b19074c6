"""Contract: what the server refuses of pod templates and Deployments, with field and text of every cause."""

import pytest

from tests.support import contract_objects

container = contract_objects.container
template = contract_objects.template

PODS = [
    ("no image", template({"name": "c"}), ["@.containers[0].image: Required value"]),
    ("container name", template(container("A b")), [f'@.containers[0].name: Invalid value: "A b": {contract_objects.LABEL}']),
    ("two of one name", template(container(), container()), ['@.containers[1].name: Duplicate value: "c"']),
    (
        "restart policy",
        template(restartPolicy="Never"),
        ['@.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
    ),
    (
        "request above limit",
        template(container(resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1"}})),
        ['@.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'],
    ),
    (
        "negative limit",
        template(container(resources={"limits": {"cpu": "-1"}})),
        ['@.containers[0].resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0'],
    ),
    (
        "unknown resource",
        template(container(resources={"limits": {"foo": "1"}})),
        [
            ('@.containers[0].resources.limits[foo]: Invalid value: "foo": must be a standard resource type or fully qualified'),
            ('@.containers[0].resources.limits[foo]: Invalid value: "foo": must be a standard resource for containers'),
        ],
    ),
    ("no port", template(container(ports=[{"containerPort": 0}])), ["@.containers[0].ports[0].containerPort: Required value"]),
    (
        "port name",
        template(container(ports=[{"containerPort": 80, "name": "toolongname-toolong"}])),
        [('@.containers[0].ports[0].name: Invalid value: "toolongname-toolong": must be no more than 15 characters')],
    ),
    (
        "port names",
        template(container(ports=[{"containerPort": 80, "name": "a"}, {"containerPort": 81, "name": "a"}])),
        ['@.containers[0].ports[1].name: Duplicate value: "a"'],
    ),
    ("no variable name", template(container(env=[{"name": ""}])), ["@.containers[0].env[0].name: Required value"]),
    (
        "variable name",
        template(container(env=[{"name": "a=b"}])),
        [
            (
                '@.containers[0].env[0].name: Invalid value: "a=b": a valid environment variable name must consist '
                "only of printable ASCII characters other than '='"
            )
        ],
    ),
    (
        "value and source",
        template(container(env=[{"name": "A", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}])),
        ['@.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty'],
    ),
    (
        "field path",
        template(container(env=[{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "x.y"}}}])),
        [
            (
                '@.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "x.y": error converting '
                "fieldPath: field label not supported: x.y"
            )
        ],
    ),
    (
        "empty envFrom",
        template(container(envFrom=[{}])),
        ['@.containers[0].envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`'],
    ),
    (
        "mount of nothing",
        template(container(volumeMounts=[{"name": "v", "mountPath": "/x"}])),
        ['@.containers[0].volumeMounts[0].name: Not found: "v"'],
    ),
    (
        "no mount path",
        template(container(volumeMounts=[{"name": "v", "mountPath": ""}]), volumes=[{"name": "v"}]),
        ["@.containers[0].volumeMounts[0].mountPath: Required value"],
    ),
    (
        "volume names",
        template(volumes=[{"name": "v"}, {"name": "v", "emptyDir": {}}]),
        ['@.volumes[1].name: Duplicate value: "v"'],
    ),
    (
        "two sources",
        template(volumes=[{"name": "v", "emptyDir": {}, "configMap": {"name": "x"}}]),
        ["@.volumes[0].configMap: Forbidden: may not specify more than 1 volume type"],
    ),
    (
        "nameless sources",
        template(volumes=[{"name": "v", "secret": {}}, {"name": "w", "configMap": {}}]),
        ["@.volumes[0].secret.secretName: Required value", "@.volumes[1].configMap.name: Required value"],
    ),
    (
        "probe of nothing",
        template(container(livenessProbe={})),
        ["@.containers[0].livenessProbe: Required value: must specify a handler type"],
    ),
    (
        "probe port",
        template(container(livenessProbe={"httpGet": {"port": 0}})),
        ["@.containers[0].livenessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive"],
    ),
    (
        "two probes",
        template(container(readinessProbe={"tcpSocket": {"port": 80}, "exec": {"command": ["x"]}, "periodSeconds": -1})),
        [
            "@.containers[0].readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type",
            "@.containers[0].readinessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0",
        ],
    ),
    (
        "liveness threshold",
        template(container(livenessProbe={"tcpSocket": {"port": 80}, "successThreshold": 2})),
        ["@.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1"],
    ),
    (
        "pull policy",
        template(container(imagePullPolicy="Foo")),
        [('@.containers[0].imagePullPolicy: Unsupported value: "Foo": supported values: "Always", "IfNotPresent", "Never"')],
    ),
    (
        "dns policy",
        template(dnsPolicy="Foo"),
        [
            (
                '@.dnsPolicy: Unsupported value: "Foo": supported values: "ClusterFirstWithHostNet", "ClusterFirst", '
                '"Default", "None"'
            )
        ],
    ),
    (
        "node selector",
        template(nodeSelector={"a b": "c"}),
        [f'@.nodeSelector: Invalid value: "a b": {contract_objects.QUALIFIED}'],
    ),
    (
        "toleration",
        template(tolerations=[{"operator": "Foo"}]),
        [
            (
                '@.tolerations[0].operator: Invalid value: "Foo": operator must be Exists when `key` is empty, which '
                'means "match all values and all keys"'
            ),
            '@.tolerations[0].operator: Unsupported value: "Foo": supported values: "Equal", "Exists"',
        ],
    ),
    (
        "user",
        template(securityContext={"runAsUser": -1}),
        ["@.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive"],
    ),
    ("hostname", template(hostname="A_b"), [f'@.hostname: Invalid value: "A_b": {contract_objects.LABEL}']),
    (
        "service account",
        template(serviceAccountName="A_b"),
        [f'@.serviceAccountName: Invalid value: "A_b": {contract_objects.SUBDOMAIN}'],
    ),
    (
        "hook of nothing",
        template(container(lifecycle={"preStop": {}})),
        ["@.containers[0].lifecycle.preStop: Required value: must specify a handler type"],
    ),
    (
        "deadline",
        template(activeDeadlineSeconds=5),
        ["@.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported"],
    ),
    ("init container", template(initContainers=[container("c")]), ['@.initContainers[0].name: Duplicate value: "c"']),
    (
        "spread",
        template(topologySpreadConstraints=[{"maxSkew": 0, "topologyKey": "", "whenUnsatisfiable": "x"}]),
        [
            "@.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
            "@.topologySpreadConstraints[0].topologyKey: Required value: can not be empty",
            (
                '@.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "x": supported values: '
                '"DoNotSchedule", "ScheduleAnyway"'
            ),
        ],
    ),
]
"""Name of the case, template, causes; ``@`` is the path of the pods' spec."""
DEPLOYMENTS = [
    (
        "nothing",
        {"selector": None, "template": None},
        [
            "spec.selector: Required value",
            "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`",
            "spec.template.spec.containers: Required value",
        ],
    ),
    (
        "other labels",
        {"template": {**template(), "metadata": {"labels": {"a": "b"}}}},
        ['spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`'],
    ),
    ("negative replicas", {"replicas": -1}, ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"]),
    (
        "unknown strategy",
        {"strategy": {"type": "Foo"}},
        [
            (
                'spec.strategy: Unsupported value: {"Type":"Foo","RollingUpdate":null}: supported values: '
                '"Recreate", "RollingUpdate"'
            )
        ],
    ),
    (
        "recreate with rolling",
        {"strategy": {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}},
        ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
    ),
    (
        "no room to roll",
        {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}},
        ["spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"],
    ),
    (
        "surge",
        {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "x"}}},
        [
            (
                'spec.strategy.rollingUpdate.maxSurge: Invalid value: "x": a valid percent string must be a numeric '
                "string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
            )
        ],
    ),
    (
        "ready after the deadline",
        {"minReadySeconds": 700},
        ["spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds"],
    ),
    ("empty selector", {"selector": {}}, ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"]),
    (
        "selector's operator",
        {"selector": {"matchExpressions": [{"key": "a", "operator": "Foo"}]}},
        [
            'spec.selector.matchExpressions[0].operator: Invalid value: "Foo": not a valid selector operator',
            ('spec.selector: Invalid value: {"matchExpressions":[{"key":"a","operator":"Foo"}]}: invalid label selector'),
        ],
    ),
]
"""Name of the case, part of the spec, causes."""


@pytest.mark.parametrize(("wanted", "causes"), [row[1:] for row in PODS], ids=[row[0] for row in PODS])
def test_a_pod_template_is_checked(space, wanted, causes):
    """A template that breaks a rule is 422 with the causes."""
    answer = space.post("apps/v1/deployments", contract_objects.deployment(pods=wanted), dryRun="All")
    assert answer.status == 422
    assert answer.findings == [cause.replace("@", "spec.template.spec", 1) for cause in causes]


@pytest.mark.parametrize(("spec", "causes"), [row[1:] for row in DEPLOYMENTS], ids=[row[0] for row in DEPLOYMENTS])
def test_a_deployment_is_checked(space, spec, causes):
    """A spec that breaks a rule is 422 with the causes."""
    answer = space.post("apps/v1/deployments", contract_objects.deployment(**spec), dryRun="All")
    assert (answer.status, answer.findings) == (422, causes)


def test_one_cause_is_told_as_it_is(space):
    """The message of one cause is the cause, after kind, group and name."""
    answer = space.post("apps/v1/deployments", contract_objects.deployment(replicas=-1), dryRun="All")
    text = 'Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0'
    assert answer.refusal == (422, "Invalid", text)
    assert {key: answer.body["details"][key] for key in ("name", "group", "kind")} == {
        "name": "web",
        "group": "apps",
        "kind": "Deployment",
    }


def test_several_causes_are_told_in_brackets(space):
    """The message lists all causes in their order."""
    answer = space.post("apps/v1/deployments", contract_objects.deployment(selector=None, template=None), dryRun="All")
    text = (
        'Deployment.apps "web" is invalid: [spec.selector: Required value, spec.template.metadata.labels: Invalid value: null: '
        "`selector` does not match template `labels`, spec.template.spec.containers: Required value]"
    )
    assert answer.refusal == (422, "Invalid", text)


def test_a_quantity_that_is_none_is_a_bad_request(space):
    """What cannot be read is 400, before any rule."""
    pods = template(container(resources={"limits": {"cpu": "abc"}}))
    answer = space.post("apps/v1/deployments", contract_objects.deployment(pods=pods), dryRun="All")
    text = (
        'Deployment in version "v1" cannot be handled as a Deployment: quantities must match the regular expression '
        "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    )
    assert answer.refusal == (400, "BadRequest", text)
