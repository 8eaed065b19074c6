"""Contract: what the server adds to small objects of built-in kinds, whole specs literally."""

from tests.support import contract_objects

CONTAINER = {
    "image": "registry.example/app:1",
    "imagePullPolicy": "IfNotPresent",
    "name": "c",
    "resources": {},
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
PODS = {
    "dnsPolicy": "ClusterFirst",
    "restartPolicy": "Always",
    "schedulerName": "default-scheduler",
    "securityContext": {},
    "terminationGracePeriodSeconds": 30,
}


def made(space, path, body):
    """Create an object without storing it and return what it would be."""
    answer = space.post(path, body, dryRun="All")
    assert answer.status == 201, answer
    return answer.body


def one(space, **more):
    """Return the container of a Deployment whose container has *more*."""
    body = contract_objects.deployment(pods=contract_objects.template(contract_objects.container(**more)))
    return made(space, "apps/v1/deployments", body)["spec"]["template"]["spec"]["containers"][0]


def test_a_deployment(space):
    """Strategy, deadlines and the pods' settings."""
    assert made(space, "apps/v1/deployments", contract_objects.deployment())["spec"] == {
        "paused": True,
        "progressDeadlineSeconds": 600,
        "replicas": 0,
        "revisionHistoryLimit": 10,
        "selector": {"matchLabels": {"app": "web"}},
        "strategy": {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}, "type": "RollingUpdate"},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {**PODS, "containers": [CONTAINER]}},
    }


def test_replicas_are_one(space):
    """A Deployment that says nothing wants one pod."""
    body = contract_objects.deployment()
    del body["spec"]["replicas"]
    assert made(space, "apps/v1/deployments", body)["spec"]["replicas"] == 1


def test_the_pull_policy_follows_the_tag(space):
    """latest and no tag are always pulled, other tags and digests if they are not present."""
    digest = "app@sha256:" + "0" * 64
    found = {image: one(space, image=image)["imagePullPolicy"] for image in ("app", "app:latest", "app:1", digest)}
    assert found == {"app": "Always", "app:latest": "Always", "app:1": "IfNotPresent", digest: "IfNotPresent"}


def test_a_probe(space):
    """Numbers of a probe, and scheme and path of an HTTP one."""
    assert one(space, livenessProbe={"httpGet": {"port": 80}})["livenessProbe"] == {
        "failureThreshold": 3,
        "httpGet": {"path": "/", "port": 80, "scheme": "HTTP"},
        "periodSeconds": 10,
        "successThreshold": 1,
        "timeoutSeconds": 1,
    }
    assert one(space, readinessProbe={"grpc": {"port": 80}})["readinessProbe"]["grpc"] == {"port": 80, "service": ""}


def test_ports_and_variables(space):
    """A port is TCP, a reference to a field is of v1."""
    env = [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
    found = one(space, ports=[{"containerPort": 80}], env=env)
    assert found["ports"] == [{"containerPort": 80, "protocol": "TCP"}]
    assert found["env"][0]["valueFrom"] == {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}


def test_requests_follow_limits(space):
    """What is limited and not requested is requested; quantities are canonical. In a template nothing is filled in."""
    limits = {"limits": {"cpu": "1000m", "memory": "1024Mi"}}
    assert one(space, resources=limits)["resources"] == {"limits": {"cpu": "1", "memory": "1Gi"}}
    space.until("serviceaccounts/default", lambda answer: answer.status == 200)
    pod = made(space, "pods", contract_objects.pod("p", contract_objects.container(resources=limits)))
    both = {"cpu": "1", "memory": "1Gi"}
    assert pod["spec"]["containers"][0]["resources"] == {"limits": both, "requests": both}
    assert pod["status"] == {"phase": "Pending", "qosClass": "Guaranteed"}


def test_volumes(space):
    """A volume of nothing is an emptyDir; files of Secrets and ConfigMaps are readable by all."""
    volumes = [{"name": "a"}, {"name": "s", "secret": {"secretName": "x"}}, {"name": "m", "configMap": {"name": "x"}}]
    body = contract_objects.deployment(pods=contract_objects.template(volumes=volumes))
    assert made(space, "apps/v1/deployments", body)["spec"]["template"]["spec"]["volumes"] == [
        {"name": "a", "emptyDir": {}},
        {"name": "s", "secret": {"secretName": "x", "defaultMode": 420}},
        {"name": "m", "configMap": {"name": "x", "defaultMode": 420}},
    ]


def test_empty_values_vanish(space):
    """Empty text, lists and maps that mean nothing are not stored."""
    found = one(space, args=[], command=[], env=[{"name": "A", "value": ""}], workingDir="")
    assert found == {**CONTAINER, "env": [{"name": "A"}]}


def test_a_stateful_set(space):
    """Policies and the update strategy."""
    spec = {"serviceName": "s", "selector": {"matchLabels": {"app": "web"}}, "template": contract_objects.template()}
    found = made(space, "apps/v1/statefulsets", {"metadata": {"name": "s"}, "spec": spec})["spec"]
    del found["template"], found["selector"]
    assert found == {
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        "podManagementPolicy": "OrderedReady",
        "replicas": 1,
        "revisionHistoryLimit": 10,
        "serviceName": "s",
        "updateStrategy": {"rollingUpdate": {"partition": 0}, "type": "RollingUpdate"},
    }


def test_a_daemon_set(space):
    """The update strategy."""
    spec = {"selector": {"matchLabels": {"app": "web"}}, "template": contract_objects.template()}
    found = made(space, "apps/v1/daemonsets", {"metadata": {"name": "s"}, "spec": spec})["spec"]
    assert found["updateStrategy"] == {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}, "type": "RollingUpdate"}


def test_an_autoscaler(space):
    """Without metrics it looks at 80 % CPU, and one replica is the least."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    body = {"metadata": {"name": "h"}, "spec": {"scaleTargetRef": target, "maxReplicas": 3}}
    found = made(space, "autoscaling/v2/horizontalpodautoscalers", body)
    metric = {"resource": {"name": "cpu", "target": {"averageUtilization": 80, "type": "Utilization"}}, "type": "Resource"}
    assert found["spec"] == {"maxReplicas": 3, "metrics": [metric], "minReplicas": 1, "scaleTargetRef": target}
    assert found["status"] == {"currentMetrics": None, "desiredReplicas": 0}


def test_a_network_policy(space):
    """The types follow from the rules."""
    body = {"metadata": {"name": "n"}, "spec": {"podSelector": {}, "egress": [{"ports": [{"port": 53}]}]}}
    spec = made(space, "networking.k8s.io/v1/networkpolicies", body)["spec"]
    assert spec == {
        "egress": [{"ports": [{"port": 53, "protocol": "TCP"}]}],
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
    }


def test_a_job(space):
    """Counts, limits, and a selector of its own."""
    template = {"spec": {"restartPolicy": "Never", "containers": [contract_objects.container()]}}
    found = made(space, "batch/v1/jobs", {"metadata": {"name": "j"}, "spec": {"template": template}})
    spec, uid = found["spec"], found["metadata"]["uid"]
    labels = {
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": "j",
        "controller-uid": uid,
        "job-name": "j",
    }
    assert spec.pop("template")["metadata"] == {"labels": labels}
    assert spec == {
        "backoffLimit": 6,
        "completionMode": "NonIndexed",
        "completions": 1,
        "manualSelector": False,
        "parallelism": 1,
        "podReplacementPolicy": "TerminatingOrFailed",
        "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}},
        "suspend": False,
    }


def test_a_cron_job(space):
    """History limits and policy."""
    template = {"spec": {"restartPolicy": "Never", "containers": [contract_objects.container()]}}
    spec = {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template}}}
    found = made(space, "batch/v1/cronjobs", {"metadata": {"name": "j"}, "spec": spec})["spec"]
    del found["jobTemplate"]
    assert found == {
        "concurrencyPolicy": "Allow",
        "failedJobsHistoryLimit": 1,
        "schedule": "* * * * *",
        "successfulJobsHistoryLimit": 3,
        "suspend": False,
    }


def test_a_claim(space):
    """Volume mode, phase and the finalizer of its protection."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1024Mi"}}}
    found = made(space, "persistentvolumeclaims", {"metadata": {"name": "p"}, "spec": spec})
    assert found["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "volumeMode": "Filesystem",
    }
    assert (found["status"], found["metadata"]["finalizers"]) == ({"phase": "Pending"}, ["kubernetes.io/pvc-protection"])


def test_a_namespace(server):
    """Finalizer, phase and the label with its own name."""
    body = server.send("POST", "/api/v1/namespaces", {"metadata": {"name": "contract-dry"}}, dryRun="All").body
    assert (body["spec"], body["status"]) == ({"finalizers": ["kubernetes"]}, {"phase": "Active"})
    assert body["metadata"]["labels"] == {"kubernetes.io/metadata.name": "contract-dry"}


def test_a_pod(space):
    """Account, token volume, tolerations and priority of a pod that says nothing."""
    space.until("serviceaccounts/default", lambda answer: answer.status == 200)
    spec = made(space, "pods", contract_objects.pod())["spec"]
    [volume], [container] = spec.pop("volumes"), spec.pop("containers")
    mount = {"mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "name": volume["name"], "readOnly": True}
    assert container == {**CONTAINER, "volumeMounts": [mount]}
    assert volume["name"].startswith("kube-api-access-")
    assert sorted(source for part in volume["projected"]["sources"] for source in part) == [
        "configMap",
        "downwardAPI",
        "serviceAccountToken",
    ]
    exists = {"effect": "NoExecute", "operator": "Exists", "tolerationSeconds": 300}
    keys = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
    assert spec == {
        **PODS,
        "enableServiceLinks": True,
        "preemptionPolicy": "PreemptLowerPriority",
        "priority": 0,
        "serviceAccount": "default",
        "serviceAccountName": "default",
        "tolerations": [{**exists, "key": key} for key in keys],
    }
