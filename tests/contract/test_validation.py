"""Contract: what the server refuses of other built-in kinds, with field and text of every cause."""

import pytest

from tests.support import contract_objects

HPAS = "autoscaling/v2/horizontalpodautoscalers"
INGRESSES = "networking.k8s.io/v1/ingresses"


def autoscaler(**spec):
    """Return a HorizontalPodAutoscaler without its name."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    return {"spec": {"scaleTargetRef": target, "maxReplicas": 3, **spec}}


def ingress(path):
    """Return an Ingress with one path, without its name."""
    return {"spec": {"rules": [{"http": {"paths": [path]}}]}}


OBJECTS = [
    (
        "ConfigMap key",
        "configmaps",
        {"data": {"a b": "1"}},
        [
            (
                "data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', "
                "'_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
                "'[-._a-zA-Z0-9]+')"
            )
        ],
    ),
    (
        "ConfigMap key twice",
        "configmaps",
        {"data": {"a": "1"}, "binaryData": {"a": "MQ=="}},
        ['data[a]: Invalid value: "a": duplicate of key present in binaryData'],
    ),
    ("TLS Secret", "secrets", {"type": "kubernetes.io/tls"}, ["data[tls.crt]: Required value", "data[tls.key]: Required value"]),
    (
        "docker Secret",
        "secrets",
        {"type": "kubernetes.io/dockerconfigjson", "data": {}},
        ["data[.dockerconfigjson]: Required value"],
    ),
    (
        "Secret key",
        "secrets",
        {"data": {"a b": "MQ=="}},
        [
            (
                "data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', "
                "'_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
                "'[-._a-zA-Z0-9]+')"
            )
        ],
    ),
    (
        "HPA maximum",
        HPAS,
        autoscaler(maxReplicas=0),
        [
            "spec.maxReplicas: Required value: must be set and greater than 0",
            "spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`",
        ],
    ),
    (
        "HPA minimum above maximum",
        HPAS,
        autoscaler(minReplicas=5),
        ["spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`"],
    ),
    (
        "HPA minimum zero",
        HPAS,
        autoscaler(minReplicas=0),
        [
            "spec.minReplicas: Invalid value: 0: must be greater than or equal to 1",
            ("spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas"),
        ],
    ),
    (
        "HPA target",
        HPAS,
        autoscaler(scaleTargetRef={}),
        [
            "spec.scaleTargetRef.kind: Required value",
            "spec.scaleTargetRef.name: Required value",
            'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group',
        ],
    ),
    (
        "HPA metric",
        HPAS,
        autoscaler(metrics=[{"type": "Resource"}]),
        ["spec.metrics[0].resource: Required value: must populate information for the given metric source"],
    ),
    (
        "HPA metric's target",
        HPAS,
        autoscaler(metrics=[{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization"}}}]),
        [
            (
                "spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw "
                "value or a target utilization"
            )
        ],
    ),
    (
        "quota of half a pod",
        "resourcequotas",
        {"spec": {"hard": {"pods": "1.5"}}},
        ['spec.hard[pods]: Invalid value: "1500m": must be an integer'],
    ),
    (
        "quota of what is none",
        "resourcequotas",
        {"spec": {"hard": {"foo": "1"}}},
        [
            'spec.hard[foo]: Invalid value: "foo": must be a standard resource type or fully qualified',
            'spec.hard[foo]: Invalid value: "foo": must be a standard resource for quota',
        ],
    ),
    (
        "PDB with both",
        "policy/v1/poddisruptionbudgets",
        {"spec": {"minAvailable": 1, "maxUnavailable": 1, "selector": {}}},
        [
            (
                "spec: Invalid value: "
                '{"MinAvailable":1,"Selector":{},"MaxUnavailable":1,"UnhealthyPodEvictionPolicy":null}: minAvailable '
                "and maxUnavailable cannot be both set"
            )
        ],
    ),
    (
        "PDB percent",
        "policy/v1/poddisruptionbudgets",
        {"spec": {"minAvailable": "x%"}},
        [
            (
                'spec.minAvailable: Invalid value: "x%": a valid percent string must be a numeric string followed by '
                "an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
            )
        ],
    ),
    (
        "Ingress of nothing",
        INGRESSES,
        {"spec": {}},
        ["spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"],
    ),
    (
        "Ingress host",
        INGRESSES,
        {"spec": {"rules": [{"host": "A_b"}]}},
        [f'spec.rules[0].host: Invalid value: "A_b": {contract_objects.SUBDOMAIN}'],
    ),
    (
        "Ingress path",
        INGRESSES,
        ingress({"path": "x", "pathType": "Prefix", "backend": {}}),
        [
            'spec.rules[0].http.paths[0].path: Invalid value: "x": must be an absolute path',
            'spec.rules[0].http.paths[0].backend: Invalid value: "": resource or service backend is required',
        ],
    ),
    (
        "Ingress path type",
        INGRESSES,
        ingress({"path": "/x", "backend": {"service": {"name": "s", "port": {"number": 80}}}}),
        ["spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified"],
    ),
    (
        "StatefulSet of nothing",
        "apps/v1/statefulsets",
        {"spec": {}},
        [
            "spec.selector: Required value",
            "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`",
            "spec.template.spec.containers: Required value",
        ],
    ),
    (
        "DaemonSet of nothing",
        "apps/v1/daemonsets",
        {"spec": {}},
        [
            "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`",
            "spec.template.spec.containers: Required value",
        ],
    ),
    (
        "Job's pods",
        "batch/v1/jobs",
        {"spec": {"template": {"spec": {"containers": [contract_objects.container()]}}}},
        ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
    ),
    (
        "PVC of nothing",
        "persistentvolumeclaims",
        {"spec": {}},
        ["spec.accessModes: Required value: at least 1 access mode is required", "spec.resources[storage]: Required value"],
    ),
    (
        "Lease's duration",
        "coordination.k8s.io/v1/leases",
        {"spec": {"leaseDurationSeconds": 0}},
        ["spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"],
    ),
    (
        "NetworkPolicy's port",
        "networking.k8s.io/v1/networkpolicies",
        {"spec": {"podSelector": {}, "ingress": [{"ports": [{"port": 0}]}]}},
        ["spec.ingress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"],
    ),
    ("Pod of nothing", "pods", {"spec": {}}, ["spec.containers: Required value"]),
    (
        "Event of elsewhere",
        "events",
        {"involvedObject": {"namespace": "other"}},
        ['involvedObject.namespace: Invalid value: "other": does not match event.namespace'],
    ),
]
"""Name of the case, path, object without its name, causes."""


@pytest.mark.parametrize(("path", "body", "causes"), [row[1:] for row in OBJECTS], ids=[row[0] for row in OBJECTS])
def test_an_object_is_checked(space, path, body, causes):
    """An object that breaks a rule of its kind is 422 with the causes."""
    answer = space.post(path, {"metadata": {"name": "x"}, **body}, dryRun="All")
    assert (answer.status, answer.findings) == (422, causes)


def test_a_secret_holds_base64(space):
    """What is no base64 is 400."""
    answer = space.post("secrets", {"metadata": {"name": "x"}, "data": {"a": "%%"}})
    text = 'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 0'
    assert answer.refusal == (400, "BadRequest", text)


def test_immutable_config_does_not_change(space):
    """An immutable ConfigMap keeps its data, and stays immutable."""
    space.post("configmaps", {"metadata": {"name": "a"}, "data": {"x": "1"}, "immutable": True})
    answer = space.patch("configmaps/a", {"data": {"x": "2"}})
    assert answer.findings == ["data: Forbidden: field is immutable when `immutable` is set"]
    answer = space.patch("configmaps/a", {"immutable": None})
    assert answer.findings == ["immutable: Forbidden: field is immutable when `immutable` is set"]
