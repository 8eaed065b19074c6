"""Objects of built-in kinds that a server refuses, most of them good but for one thing.

What flows out: `creations`, objects to be created, and `updates`, pairs of an object that is there and what shall replace it.
"""

from collections.abc import Iterator
from typing import Any

from tests.support import invalid_pods, plain_objects
from tests.support.manifests import Manifest

LONG = "x" * 64


def creations() -> Iterator[Manifest]:
    """Yield objects to be created."""
    for make, changes in _CREATIONS:
        for change in changes:
            yield plain_objects.changed(make(), *change)
    for change in invalid_pods.CONTAINERS:
        yield plain_objects.changed(
            plain_objects.deployment(), "spec|template|spec|containers|0", plain_objects.container(**change)
        )
    for change in invalid_pods.PODS:
        yield plain_objects.changed(
            plain_objects.deployment(), "spec|template|spec", {**plain_objects.deployment()["spec"]["template"]["spec"], **change}
        )
    for volume_ in invalid_pods.VOLUMES:
        yield plain_objects.changed(plain_objects.deployment(), "spec|template|spec|volumes", [{"name": "v", **volume_}])


_SELECTOR = {"matchLabels": {"app": "other"}}
_RULES: Any = "spec|rules|0|http|paths|0|"
_METRIC = "spec|metrics|0|resource|"
_CREATIONS: Any = (
    (plain_objects.config_map, (
        ("metadata|name", "Bad_Name"), ("metadata|name", "x" * 254), ("metadata|labels|a b", "c"), ("metadata|labels|a", "-"),
        ("metadata|labels|" + LONG, LONG), ("metadata|annotations|a b", "c"), ("metadata|finalizers", ["a b"]),
        ("metadata|finalizers", ["orphan", "foregroundDeletion"]),
        ("metadata|ownerReferences", [{"apiVersion": "", "kind": "", "name": "", "uid": ""}]),
        ("metadata|ownerReferences", [
            {"apiVersion": "v1", "kind": "A", "name": "a", "uid": "1", "controller": True},
            {"apiVersion": "v1", "kind": "B", "name": "b", "uid": "2", "controller": True},
        ]),
        ("metadata|generation", -1), ("metadata|labels|a/b/c", "d"), ("metadata|labels|/a", "d"), ("metadata|labels|A/", "d"),
        ("data|a b", "c"), ("data|..", "c"), ("data|" + "k" * 254, "c"), ("binaryData", {"a": "YQ=="}),
        ("data|..a", "", "data|.", ""), ("metadata|annotations|a", "x" * 300_000), ("data|a", "x" * 1_100_000),
        ("metadata|name", plain_objects.ABSENT, "metadata|generateName", "Bad-"), ("metadata|name", plain_objects.ABSENT),
    )),
    (plain_objects.secret, (
        ("data|a b", "YQ=="), ("type", "kubernetes.io/tls"), ("type", "kubernetes.io/dockerconfigjson"),
        ("type", "kubernetes.io/basic-auth"), ("type", "kubernetes.io/ssh-auth"), ("type", "kubernetes.io/service-account-token"),
        ("type", "kubernetes.io/dockercfg"),
    )),
    (plain_objects.quota, (
        ("spec|hard|bogus", "1"), ("spec|hard|pods", "1.5"), ("spec|hard|pods", "-1"),
        ("spec|scopes", ["Bogus"]), ("spec|scopes", ["Terminating", "NotTerminating"]), ("spec|hard|bad name", "1"),
    )),
    (plain_objects.deployment, (
        ("spec|replicas", -1), ("spec|selector", plain_objects.ABSENT), ("spec|selector", {}), ("spec|selector", _SELECTOR),
        ("spec|selector|matchLabels|a b", "c"), ("spec|template|metadata|labels", plain_objects.ABSENT),
        ("spec|template|spec", plain_objects.ABSENT),
        ("spec|selector|matchExpressions", [{"key": "a", "operator": "Bogus"}]),
        ("spec|selector|matchExpressions", [{"key": "a", "operator": "In"}, {"key": "b", "operator": "Exists", "values": ["c"]}]),
        ("spec|strategy", {"type": "Bogus"}), ("spec|strategy", {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}),
        ("spec|strategy", {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}),
        ("spec|strategy", {"rollingUpdate": {"maxSurge": "x", "maxUnavailable": "101%"}}),
        ("spec|strategy", {"rollingUpdate": {"maxSurge": -1, "maxUnavailable": -1}}),
        ("spec|minReadySeconds", -1), ("spec|minReadySeconds", 600), ("spec|revisionHistoryLimit", -1),
        ("spec|progressDeadlineSeconds", -1), ("spec|template|metadata|annotations|a b", "c"), ("spec", plain_objects.ABSENT),
        ("spec|template|metadata|labels|x", "a b", "spec|replicas", -1, "spec|template|spec|containers", []),
    )),
    (plain_objects.stateful_set, (
        ("spec|podManagementPolicy", "Bogus"), ("spec|updateStrategy", {"type": "Bogus"}), ("spec|serviceName", "Bad_Name"),
        ("spec|updateStrategy", {"type": "OnDelete", "rollingUpdate": {"partition": 1}}), ("spec|selector", plain_objects.ABSENT),
        ("spec|updateStrategy", {"rollingUpdate": {"partition": -1, "maxUnavailable": 0}}), ("spec|selector", _SELECTOR),
        ("spec|persistentVolumeClaimRetentionPolicy", {"whenDeleted": "Bogus"}), ("spec|replicas", -1), ("metadata|name", "a.b"),
        ("spec|volumeClaimTemplates|0|spec|accessModes", []), ("spec|volumeClaimTemplates|0|spec|resources", {}),
        ("spec|volumeClaimTemplates|0|spec|accessModes", ["Bogus"]), ("spec|template|spec|restartPolicy", "Never"),
        ("spec|template|spec|containers|0|volumeMounts", [{"name": "none", "mountPath": "/a"}]), ("spec|ordinals", {"start": -1}),
    )),
    (plain_objects.daemon_set, (
        ("spec|selector", plain_objects.ABSENT), ("spec|selector", {}), ("spec|selector", _SELECTOR),
        ("spec|updateStrategy", {"type": "Bogus"}),
        ("spec|updateStrategy", {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}),
        ("spec|template|spec|restartPolicy", "Never"),
        ("spec|updateStrategy", {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}), ("spec|minReadySeconds", -1),
    )),
    (plain_objects.replica_set, (("spec|replicas", -1), ("spec|selector", plain_objects.ABSENT), ("spec|selector",
        {}), ("spec|selector", _SELECTOR))),
    (plain_objects.job, (
        ("spec|template|spec|restartPolicy", "Always"), ("spec|template|spec|restartPolicy", "Bogus"), ("spec|completions", -1),
        ("spec|parallelism", -1), ("spec|backoffLimit", -1), ("spec|completionMode", "Bogus"),
        ("spec|backoffLimitPerIndex", 1), ("spec|maxFailedIndexes", 1), ("spec|activeDeadlineSeconds", -1),
        ("spec|manualSelector", True),
    )),
    (plain_objects.cron_job, (
        ("spec|schedule", ""), ("spec|schedule", "* * *"), ("spec|concurrencyPolicy", "Bogus"), ("metadata|name", "x" * 53),
        ("spec|successfulJobsHistoryLimit", -1), ("spec|jobTemplate|spec|template|spec|restartPolicy", "Always"),
        ("spec|schedule", "TZ=UTC * * * * *"), ("spec|schedule", "@bogus"), ("spec|startingDeadlineSeconds", -1),
    )),
    (plain_objects.pod, (
        ("spec|containers", []), ("metadata|name", "A"), ("spec|containers|0|image", " a"), ("spec|containers|0|image", ""),
        ("spec|containers|1", plain_objects.container()), ("spec|nodeName", "Bad_Name"),
        ("spec|terminationGracePeriodSeconds", "x"),
        ("spec|hostNetwork", True, "spec|containers|0|ports", [{"containerPort": 80, "hostPort": 81}]),
    )),
    (plain_objects.service, (
        ("spec|ports", []), ("spec|ports|0|port", 0), ("spec|ports|0|port", 70000), ("spec|ports|0|protocol", "Bogus"),
        ("spec|ports|0|name", "Bad_Name"), ("spec|ports|0|targetPort", "Bad_Name"), ("spec|ports|1", {"port": 81}),
        ("spec|ports|1", {"port": 80}), ("spec|ports", [{"name": "a", "port": 80}, {"name": "a", "port": 81}]),
        ("spec|ports", [{"name": "a", "port": 80}, {"name": "b", "port": 80}]), ("spec|type", "Bogus"),
        ("spec|sessionAffinity", "Bogus"), ("spec|type", "ExternalName"),
        ("spec|type", "ExternalName", "spec|externalName", "A_b"),
        ("spec|externalIPs", ["127.0.0.1", "x"]), ("spec|selector|a b", "c"), ("spec|externalTrafficPolicy", "Local"),
        ("spec|type", "NodePort", "spec|externalTrafficPolicy", "Bogus"), ("spec|internalTrafficPolicy", "Bogus"),
        ("spec|clusterIP", "None", "spec|type", "NodePort"), ("spec|allocateLoadBalancerNodePorts", True),
        ("spec|loadBalancerClass", "a/b"), ("spec|healthCheckNodePort", 30000), ("spec|trafficDistribution", "Bogus"),
        ("spec|type", "LoadBalancer", "spec|loadBalancerSourceRanges", ["x"]), ("metadata|name", "a.b"),
        ("spec|ports|0|appProtocol", "a b"), ("spec|loadBalancerSourceRanges", ["10.0.0.0/8"]), ("spec|ports|0|nodePort", 30100),
        ("spec|sessionAffinity", "ClientIP", "spec|sessionAffinityConfig", {"clientIP": {"timeoutSeconds": 0}}),
    )),
    (plain_objects.autoscaler, (
        ("spec|maxReplicas", 0), ("spec|maxReplicas", -1), ("spec|minReplicas", 0), ("spec|minReplicas", 5),
        ("spec|minReplicas", -1),
        ("spec|scaleTargetRef|kind", ""), ("spec|scaleTargetRef|name", "a/b"), ("spec|scaleTargetRef|apiVersion", "a/b/c"),
        ("spec|scaleTargetRef|apiVersion", "v1"),
        ("spec|metrics|0|type", "Bogus"), ("spec|metrics|0|type", "Pods"), ("spec|metrics|0|resource", plain_objects.ABSENT),
        (_METRIC + "name", ""), (_METRIC + "target|type", "Bogus"), (_METRIC + "target|averageUtilization", 0),
        (_METRIC + "target|averageValue", "1"), (_METRIC + "target|averageUtilization", plain_objects.ABSENT),
        (_METRIC + "target|type", ""),
        ("spec|behavior", {"scaleUp": {"policies": [{"type": "Bogus", "value": 0, "periodSeconds": 0}]}}),
        ("spec|behavior", {"scaleDown": {"stabilizationWindowSeconds": 4000, "selectPolicy": "Bogus"}}),
        ("spec|behavior", {"scaleDown": {"stabilizationWindowSeconds": -1}}), ("spec|metrics|0|type", ""),
        ("spec|metrics|0|pods", {"metric": {"name": "x"}, "target": {"type": "AverageValue", "averageValue": "0"}}),
        ("spec|metrics|0", {"type": "ContainerResource", "containerResource": {"name": "x", "container": "", "target":
            {"type": "Value"}}}),
        ("spec|metrics|0", {"type": "External", "external": {"metric": {"name": ""}, "target": {"type": "Value"}}}),
        ("spec|metrics|0", {"type": "Object", "object": {"metric": {"name": "a"}, "target": {"type": "Value", "value": "-1"}}}),
        ("spec|maxReplicas", 0, "spec|minReplicas", -1, "spec|scaleTargetRef|kind", ""),
    )),
    (plain_objects.budget, (
        ("spec|minAvailable", -1), ("spec|maxUnavailable", "x"), ("spec|maxUnavailable", "101%"),
        ("spec|minAvailable", 1, "spec|maxUnavailable", "50%"), ("spec|selector|matchLabels|a b", "c"),
        ("spec|unhealthyPodEvictionPolicy", "Bogus"),
    )),
    (plain_objects.ingress, (
        ("spec|rules", plain_objects.ABSENT), ("spec|rules|0|host", "1.2.3.4"), ("spec|rules|0|host", "A"),
        ("spec|rules|0|host", "*a.b"),
        ("spec|rules|0|http|paths", []), (_RULES + "pathType", plain_objects.ABSENT), (_RULES + "pathType", "Bogus"),
        (_RULES + "path", "a"),
        (_RULES + "path", "/a//b/../c/.."), (_RULES + "backend", {}), (_RULES + "backend|service|name", "A"),
        (_RULES + "backend|service|name", ""), (_RULES + "backend|service|port", {}), (_RULES + "backend|service|port|name", "a"),
        (_RULES + "backend|service|port|number", 70000), (_RULES + "backend|resource", {"kind": "A", "name": "b"}),
        ("spec|tls", [{"hosts": ["A", "*x"], "secretName": "A"}]), ("spec|ingressClassName", "A"), ("spec|defaultBackend", {}),
        (_RULES + "backend|service|port", {"name": "Bad_"}),
    )),
    (plain_objects.network_policy, (
        ("spec|ingress|0|from|0", {}), ("spec|ingress|0|ports|0|port", 0), ("spec|ingress|0|ports|0|port", "Bad_Name"),
        ("spec|ingress|0|ports|0|protocol", "Bogus"), ("spec|ingress|0|ports|0|endPort", 70), ("spec|policyTypes", ["Bogus"]),
        ("spec|policyTypes", ["Ingress", "Egress", "Ingress"]), ("spec|ingress|0|from|0|ipBlock", {"cidr": "10.0.0.0/8"}),
        ("spec|ingress|0|from|0", {"ipBlock": {"cidr": "x"}}), ("spec|ingress|0|from|0", {"ipBlock": {"cidr": ""}}),
        ("spec|ingress|0|from|0", {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["11.0.0.0/8", "x"]}}),
        ("spec|podSelector|matchLabels", {"a b": "c"}), ("spec|ingress|0|ports|0", {"port": "a", "endPort": 3}),
    )),
    (plain_objects.claim, (
        ("spec|accessModes", []), ("spec|accessModes", ["Bogus"]), ("spec|resources", {}), ("spec|volumeMode", "Bogus"),
        ("spec|resources|requests|storage", "0"), ("spec|resources|requests|storage", "-1"), ("spec|storageClassName", "A"),
        ("spec|accessModes", ["ReadWriteOnce", "ReadWriteOncePod"]), ("spec", plain_objects.ABSENT),
    )),
    (plain_objects.volume, (
        ("spec|capacity", plain_objects.ABSENT), ("spec|accessModes", []), ("spec|hostPath", plain_objects.ABSENT),
        ("spec|capacity|storage", "0"),
        ("spec|accessModes", ["Bogus"]), ("spec|persistentVolumeReclaimPolicy", "Bogus"), ("spec|volumeMode", "Bogus"),
        ("spec|nfs", {"server": "a", "path": "/b"}), ("spec|capacity|cpu", "1"), ("spec|storageClassName", "A"),
    )),
    (plain_objects.lease, (("spec|leaseDurationSeconds", 0), ("spec|leaseTransitions", -1))),
    (plain_objects.endpoint_slice, (
        ("addressType", ""), ("addressType", "Bogus"), ("endpoints|0|addresses", []), ("endpoints|0|addresses", ["x"]),
        ("endpoints|0|addresses", ["127.0.0.1"]), ("ports|0|name", "Bad_Name"), ("ports|0|protocol", "Bogus"),
        ("ports|1", {"name": "http"}), ("endpoints|0|hostname", "A"), ("endpoints|0|nodeName", "A_"), ("addressType", "IPv6"),
    )),
    (plain_objects.event, (
        ("involvedObject|namespace", "elsewhere"), ("eventTime", "2026-01-01T00:00:00.000000Z"),
    )),
    (plain_objects.new_event, (
        ("eventTime", plain_objects.ABSENT), ("type", "Bogus"), ("reason", plain_objects.ABSENT), ("note", "x" * 1025),
        ("action", plain_objects.ABSENT), ("reportingController", "a b"), ("reportingInstance", "x" * 129),
        ("deprecatedCount", 1), ("series", {"count": 1}),
        ("deprecatedSource", {"component": "a"}), ("reportingController", plain_objects.ABSENT),
    )),
    (plain_objects.role, (
        ("rules|0|verbs", []), ("rules|0|apiGroups", []), ("rules|0|resources", []), ("rules|0|nonResourceURLs", ["/a"]),
        ("metadata|name", "a/b"), ("rules|0", {}),
    )),
    (plain_objects.role_binding, (
        ("roleRef|kind", "Bogus"), ("roleRef|name", ""), ("roleRef|apiGroup", "x"), ("subjects|0|kind", "Bogus"),
        ("subjects|0|name", ""), ("subjects|0|apiGroup", "x"),
        ("subjects|0", {"kind": "User", "name": "a", "apiGroup": "b"}), ("subjects|0|name", "A_"),
    )),
    (plain_objects.priority_class, (("value", 2_000_000_000), ("preemptionPolicy", "Bogus"), ("metadata|name", "A"))),
    (plain_objects.storage_class, (
        ("provisioner", ""), ("reclaimPolicy", "Bogus"), ("volumeBindingMode", "Bogus"), ("provisioner", "a b"),
    )),
    (plain_objects.limit_range, (
        ("spec|limits|0|type", "Bogus"), ("spec|limits|1", {"type": "Container"}), ("spec|limits|0|min", {"cpu": "2"}),
        ("spec|limits|0", {"type": "Pod", "default": {"cpu": "1"}}),
    )),
    (plain_objects.namespace, (("metadata|name", "A"), ("metadata|name", "a.b"), ("spec|finalizers", ["bogus"]))),
)  # fmt: skip


def updates() -> Iterator[tuple[Manifest, Manifest]]:
    """Yield objects that are fine, each with what shall replace it."""
    for make, changes in _UPDATES:
        for change in changes:
            yield make(), plain_objects.changed(make(), *change)


_UPDATES: Any = (
    (plain_objects.config_map, (("metadata|labels|a b", "c"), ("data|a b", "c"), ("metadata|finalizers", ["a b"]))),
    (lambda: {**plain_objects.config_map(), "immutable": True}, (("data|a", "c"), ("immutable", plain_objects.ABSENT))),
    (plain_objects.secret, (("type", "other"), ("data|a b", "YQ=="))),
    (lambda: {**plain_objects.secret(), "immutable": True}, (("data|a", "Yg=="), ("immutable", False))),
    (plain_objects.deployment, (
        ("spec|selector|matchLabels|b", "c", "spec|template|metadata|labels|b", "c"), ("spec|replicas", -1),
        ("spec|selector|matchLabels|b", "c"), ("spec|template|spec|containers|0|image", ""),
    )),
    (plain_objects.stateful_set, (
        ("spec|serviceName", "other"), ("spec|volumeClaimTemplates|0|spec|resources|requests|storage", "2Gi"),
        ("spec|replicas", -1),
        ("spec|podManagementPolicy", "Parallel"),
    )),
    (plain_objects.daemon_set, (("spec|selector|matchLabels|b", "c", "spec|template|metadata|labels|b", "c"),)),
    (plain_objects.replica_set, (("spec|selector|matchLabels|b", "c", "spec|template|metadata|labels|b", "c"),)),
    (plain_objects.cron_job, (("spec|schedule", ""), ("spec|concurrencyPolicy", "Bogus"))),
    (plain_objects.quota, (("spec|scopes", ["BestEffort"]), ("spec|hard|bogus", "1"))),
    (lambda: plain_objects.changed(plain_objects.service(), "spec|clusterIP", "10.0.3.3"), (
        ("spec|clusterIP", "10.0.3.4"), ("spec|clusterIP", "None"), ("spec|ports|0|port", 0), ("spec|ipFamilies", ["IPv6"]),
    )),
    (plain_objects.autoscaler, (("spec|maxReplicas", 0), ("spec|minReplicas", 7))),
    (plain_objects.budget, (("spec|minAvailable", -1),)),
    (plain_objects.ingress, (("spec|rules|0|host", "A"), ("spec|rules", plain_objects.ABSENT))),
    (plain_objects.network_policy, (("spec|policyTypes", ["Bogus"]),)),
    (plain_objects.lease, (("spec|leaseDurationSeconds", -3),)),
    (plain_objects.endpoint_slice, (("addressType", "FQDN"), ("endpoints|0|addresses", []))),
    (plain_objects.role, (("rules|0|verbs", []),)),
    (plain_objects.role_binding, (("roleRef|name", "other"), ("roleRef|kind", "ClusterRole"))),
    (plain_objects.priority_class, (("value", 6), ("preemptionPolicy", "Never"))),
    (plain_objects.storage_class, (("provisioner", "other"), ("reclaimPolicy", "Retain"), ("parameters", {"a": "b"}))),
)  # fmt: skip
