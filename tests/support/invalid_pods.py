"""Parts of pods that a server refuses.

What flows out: fields of a container, fields of a pod's spec, and sources of a volume.
"""

from typing import Any

from tests.support import plain_objects

LONG = "x" * 64
_PORTS: Any = [{"name": "a", "containerPort": 80}, {"name": "a", "containerPort": 81}]
CONTAINERS: Any = (
    {"name": ""}, {"name": "Bad_Name"}, {"image": ""}, {"terminationMessagePolicy": "Bogus"}, {"imagePullPolicy": "Bogus"},
    {"ports": [{"containerPort": 0}]}, {"ports": [{"containerPort": 70000}]}, {"ports": _PORTS}, {"name": LONG},
    {"ports": [{"name": "Bad_Name_That_Is_Long-", "containerPort": 80}]}, {"ports": [{"containerPort": 80, "protocol": "Bogus"}]},
    {"ports": [{"name": "1", "containerPort": 80}, {"name": "a--b", "containerPort": 81}]},
    {"ports": [{"containerPort": 80, "hostPort": 80}, {"containerPort": 81, "hostPort": 80}]},
    {"env": [{"name": ""}]}, {"env": [{"name": "a=b"}]}, {"env": [{"name": "a", "valueFrom": {}}]},
    {"env": [{"name": "a", "value": "b", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]},
    {"env": [{"name": "a", "valueFrom": {"fieldRef": {"fieldPath": "bogus"}}}]},
    {"env": [{"name": "a", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels"}}}]},
    {"env": [{"name": "a", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['a b']"}}}]},
    {"env": [{"name": "a", "valueFrom": {"fieldRef": {"fieldPath": "spec.restartPolicy"}}}]},
    {"env": [{"name": "a", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name['a']"}}}]},
    {"env": [{"name": "a", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v2"}}}]},
    {"env": [{"name": "a", "valueFrom": {"resourceFieldRef": {"resource": "bogus"}}}]},
    {"env": [{"name": "a", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "2"}}}]},
    {"env": [{"name": "a", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "3"}}}]},
    {"env": [{"name": "a", "valueFrom": {"secretKeyRef": {"name": "", "key": ""}}}]},
    {"env": [{"name": "a", "valueFrom": {"configMapKeyRef": {"name": "b", "key": "a b"}}}]},
    {"env": [{"name": "a", "valueFrom": {
        "configMapKeyRef": {"name": "b", "key": "c"}, "secretKeyRef": {"name": "b", "key": "c"},
    }}]},
    {"envFrom": [{}]}, {"envFrom": [{"configMapRef": {"name": ""}}]}, {"envFrom": [{"secretRef": {"name": "A"}}]},
    {"envFrom": [{"configMapRef": {"name": "a"}, "secretRef": {"name": "b"}, "prefix": "a="}]},
    {"volumeMounts": [{"name": "none", "mountPath": "/a"}]}, {"volumeMounts": [{"name": "", "mountPath": ""}]},
    {"resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "2"}}}, {"resources": {"limits": {"bogus": "1"}}},
    {"resources": {"limits": {"cpu": "-1"}}}, {"resources": {"requests": {"a.b/c": "1"}}},
    {"resources": {"limits": {"pods": "1"}}},
    {"resources": {"requests": {"a.b/c": "1"}, "limits": {"a.b/c": "2"}}}, {"resources": {"limits": {"a.b/c": "1.5"}}},
    {"resources": {"limits": {"a b": "1"}}},
    {"livenessProbe": {}}, {"livenessProbe": {"tcpSocket": {"port": 0}}}, {"livenessProbe": {"exec": {}}},
    {"livenessProbe": {"tcpSocket": {"port": 1}, "successThreshold": 2}}, {"readinessProbe": {"grpc": {"port": 0}}},
    {"livenessProbe": {"tcpSocket": {"port": 1}, "exec": {"command": ["a"]}}},
    {"readinessProbe": {"httpGet": {"port": "Bad_Name", "scheme": "Bogus", "httpHeaders": [{"name": "a b", "value": "c"}]}}},
    {"readinessProbe": {"tcpSocket": {"port": 1}, "terminationGracePeriodSeconds": 1}},
    {"startupProbe": {"tcpSocket": {"port": 1}, "initialDelaySeconds": -1, "timeoutSeconds": -1, "failureThreshold": -1}},
    {"lifecycle": {"preStop": {}}}, {"lifecycle": {"preStop": {"sleep": {"seconds": 31}}}},
    {"securityContext": {"runAsUser": -1}}, {"securityContext": {"runAsGroup": 1 << 32}},
    {"securityContext": {"allowPrivilegeEscalation": False, "privileged": True}},
    {"securityContext": {"seccompProfile": {"type": "Bogus"}}}, {"securityContext": {"seccompProfile": {"type": "Localhost"}}},
    {"securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"add": ["CAP_SYS_ADMIN"]}}},
    {"volumeDevices": [{"name": "none", "devicePath": "/a"}]}, {"restartPolicy": "Bogus"},
)  # fmt: skip
_TERM: Any = {"topologyKey": "a"}
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_SPREAD: Any = {"maxSkew": 1, "topologyKey": "a", "whenUnsatisfiable": "DoNotSchedule"}
PODS: Any = (
    {"restartPolicy": "Never"}, {"restartPolicy": "Bogus"}, {"dnsPolicy": "Bogus"}, {"nodeSelector": {"a b": "c"}},
    {"dnsPolicy": "None"}, {"dnsPolicy": "None", "dnsConfig": {}}, {"dnsConfig": {"nameservers": ["x"], "searches": ["A"]}},
    {"dnsConfig": {"options": [{"value": "a"}], "nameservers": ["1.1.1.1"] * 4}}, {"serviceAccountName": "A"}, {"nodeName": "A"},
    {"activeDeadlineSeconds": 5}, {"activeDeadlineSeconds": 0}, {"hostname": "A"}, {"subdomain": "a.b"},
    {"priorityClassName": "A"},
    {"runtimeClassName": "A"}, {"preemptionPolicy": "Bogus"}, {"securityContext": {"fsGroup": -1, "supplementalGroups": [-1]}},
    {"securityContext": {"fsGroupChangePolicy": "Bogus"}}, {"tolerations": [{"key": "a b", "operator": "Exists"}]},
    {"tolerations": [{"operator": "Equal", "value": "a"}]}, {"tolerations": [{"key": "a", "operator": "Bogus"}]},
    {"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]}, {"tolerations": [{"key": "a", "effect": "Bogus"}]},
    {"tolerations": [{"key": "a", "tolerationSeconds": 1, "effect": "NoSchedule"}]},
    {"tolerations": [{"key": "a", "value": "a b"}]},
    {"hostAliases": [{"ip": "x", "hostnames": ["A"]}]}, {"topologySpreadConstraints": [{**_SPREAD, "maxSkew": 0}]},
    {"topologySpreadConstraints": [_SPREAD, _SPREAD]}, {"topologySpreadConstraints": [{**_SPREAD, "whenUnsatisfiable": "Bogus"}]},
    {"topologySpreadConstraints": [{**_SPREAD, "topologyKey": ""}]},
    {"topologySpreadConstraints": [{**_SPREAD, "minDomains": 0}]},
    {"topologySpreadConstraints": [{**_SPREAD, "whenUnsatisfiable": "ScheduleAnyway", "minDomains": 1}]},
    {"affinity": {"podAntiAffinity": {_REQUIRED: [{"topologyKey": ""}]}}},
    {"affinity": {"podAffinity": {_PREFERRED: [{"weight": 0, "podAffinityTerm": {**_TERM, "namespaces": ["A"]}}]}}},
    {"affinity": {"nodeAffinity": {_REQUIRED: {"nodeSelectorTerms": []}}}},
    {"affinity": {"nodeAffinity": {_REQUIRED:
        {"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Bogus"}]}]}}}},
    {"affinity": {"nodeAffinity": {_REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Gt"}]}]}}}},
    {"affinity": {"nodeAffinity": {_REQUIRED: {"nodeSelectorTerms": [{"matchFields": [{"key": "a", "operator": "In"}]}]}}}},
    {"affinity": {"nodeAffinity": {_PREFERRED: [{"weight": 101, "preference": {}}]}}},
    {"initContainers": [plain_objects.container()]},
    {"initContainers": [plain_objects.container(name="init", readinessProbe={"tcpSocket": {"port": 1}}, lifecycle={})]},
    {"initContainers": [plain_objects.container(name="init", image="")]}, {"readinessGates": [{"conditionType": "a b"}]},
    {"schedulingGates": [{"name": "a b"}, {"name": "c"}, {"name": "c"}]},
    {"volumes": [{"name": "a"}, {"name": "a"}]}, {"volumes": [{"name": ""}]}, {"volumes": [{"name": "A"}]},
    {"containers": [plain_objects.container(), plain_objects.container()]}, {"containers": [plain_objects.container(volumeMounts=[
        {"name": "v", "mountPath": "/a", "subPath": "/x"}, {"name": "v", "mountPath": "/a", "subPath": "../x"},
        {"name": "v", "mountPath": "/b", "subPathExpr": "a", "subPath": "b", "mountPropagation": "Bogus"},
        {"name": "v", "mountPath": "/c", "mountPropagation": "Bidirectional"},
    ])], "volumes": [{"name": "v"}]}, {"resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "2"}}},
    {"resources": {"limits": {"storage": "1"}}}, {"ephemeralContainers": [plain_objects.container(name="e")]},
)  # fmt: skip
VOLUMES: Any = (
    {"emptyDir": {}, "hostPath": {"path": "/x"}}, {"hostPath": {"path": ""}}, {"hostPath": {"path": "/a/../b", "type": "Bogus"}},
    {"secret": {}}, {"secret": {"secretName": "a", "defaultMode": 512, "items": [{"key": "", "path": ""}]}},
    {"configMap": {"items": [{"key": "a", "path": "/b", "mode": -1}, {"key": "a", "path": "../b"}, {"key": "a", "path": "..b"}]}},
    {"persistentVolumeClaim": {"claimName": ""}}, {"nfs": {"server": "", "path": "a"}}, {"emptyDir": {"sizeLimit": "-1"}},
    {"downwardAPI": {"items": [{"path": "a"}, {"path": "", "fieldRef": {"fieldPath": "spec.nodeName"}}]}},
    {"downwardAPI": {"items": [{"path": "a", "resourceFieldRef": {"resource": "limits.cpu"}}]}}, {"ephemeral": {}},
    {"projected": {"sources": [{"secret": {"name": ""}}, {"serviceAccountToken": {"path": "", "expirationSeconds": 1}}]}},
    {"projected": {"sources": [{"secret": {"name": "a"}, "configMap": {"name": ""}}]}}, {"projected": {"defaultMode": 512}},
    {"projected": {"sources": [{"configMap": {"name": "a", "items": [{"key": "a", "path": "b"}, {"key": "c", "path": "b"}]}}]}},
)  # fmt: skip
