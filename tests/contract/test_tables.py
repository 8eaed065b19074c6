"""Contract: tables, the form in which kubectl prints collections: columns and cells of built-in kinds."""

import pytest

from tests.support import contract_objects, contract_server

TABLE = contract_server.TABLE
OBJECTS = {
    "configmaps": {"data": {"a": "1", "b": "2"}},
    "secrets": {"stringData": {"a": "1"}},
    "services": {"spec": {"clusterIP": "None", "selector": {"app": "web"}, "ports": [{"port": 80}, {"port": 81, "name": "b"}]}},
    "serviceaccounts": {},
    "resourcequotas": {"spec": {"scopes": ["BestEffort"], "hard": {"pods": "2"}}},
    "networking.k8s.io/v1/networkpolicies": {"spec": {"podSelector": {"matchLabels": {"app": "web"}}}},
    "networking.k8s.io/v1/ingresses": {
        "spec": {
            "ingressClassName": "nginx",
            "rules": [
                {
                    "host": "a.example.com",
                    "http": {
                        "paths": [
                            {
                                "path": "/",
                                "pathType": "Prefix",
                                "backend": {"service": {"name": "s", "port": {"number": 80}}},
                            }
                        ]
                    },
                }
            ],
        }
    },
    "policy/v1/poddisruptionbudgets": {"spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "nobody"}}}},
    "coordination.k8s.io/v1/leases": {"spec": {"holderIdentity": "me"}},
    "persistentvolumeclaims": {
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "none"}
    },
}
"""One object for each collection."""
OBJECTS["services"]["spec"]["ports"][0]["name"] = "a"


@pytest.mark.parametrize(
    ("path", "columns", "cells"),
    [
        ("configmaps", ["Name", "Data", "Age"], ["x", 2]),
        ("secrets", ["Name", "Type", "Data", "Age"], ["x", "Opaque", 1]),
        (
            "services",
            ["Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "Selector"],
            ["x", "ClusterIP", "None", "<none>", "80/TCP,81/TCP"],
        ),
        ("serviceaccounts", ["Name", "Age"], ["x"]),
        ("networking.k8s.io/v1/networkpolicies", ["Name", "Pod-Selector", "Age"], ["x", "app=web"]),
        (
            "networking.k8s.io/v1/ingresses",
            ["Name", "Class", "Hosts", "Address", "Ports", "Age"],
            ["x", "nginx", "a.example.com", "", "80"],
        ),
        (
            "policy/v1/poddisruptionbudgets",
            ["Name", "Min Available", "Max Unavailable", "Allowed Disruptions", "Age"],
            ["x", "1", "N/A", 0],
        ),
        ("coordination.k8s.io/v1/leases", ["Name", "Holder", "Age"], ["x", "me"]),
        (
            "persistentvolumeclaims",
            [
                "Name",
                "Status",
                "Volume",
                "Capacity",
                "Access Modes",
                "StorageClass",
                "VolumeAttributesClass",
                "Age",
                "VolumeMode",
            ],
            ["x", "Pending", "", "", "", "none", "<unset>"],
        ),
    ],
    ids=["ConfigMap", "Secret", "Service", "ServiceAccount", "NetworkPolicy", "Ingress", "PDB", "Lease", "PVC"],
)
def test_a_row_of_a_kind(space, path, columns, cells):
    """Names of the columns in their order, and the cells before the age."""
    assert space.post(path, {"metadata": {"name": "x"}, **OBJECTS[path]}).status == 201
    table = space.get(path, accept=TABLE, fieldSelector="metadata.name=x").body
    assert [column["name"] for column in table["columnDefinitions"]] == columns
    assert table["rows"][0]["cells"][: len(cells)] == cells


def test_a_table_is_a_table(space):
    """Kind and version are meta's; a row holds its object's metadata."""
    space.config_map("a", {"x": "1"}, labels={"pick": "me"})
    table = space.get("configmaps", accept=TABLE, labelSelector="pick=me").body
    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    [row] = table["rows"]
    assert (row["object"]["kind"], row["object"]["apiVersion"]) == ("PartialObjectMetadata", "meta.k8s.io/v1")
    assert row["object"]["metadata"]["labels"] == {"pick": "me"}
    assert "data" not in row["object"]
    name, data, age = table["columnDefinitions"]
    assert (name["type"], name["format"], data["type"], age["type"]) == ("string", "name", "string", "string")


def test_rows_can_hold_whole_objects(space):
    """includeObject=Object and None change what a row holds."""
    made = space.config_map("a", {"x": "1"}).body
    options = {"accept": TABLE, "fieldSelector": "metadata.name=a"}
    [whole] = space.get("configmaps", includeObject="Object", **options).body["rows"]
    assert (whole["object"]["data"], whole["object"]["metadata"]["uid"]) == ({"x": "1"}, made["metadata"]["uid"])
    [bare] = space.get("configmaps", includeObject="None", **options).body["rows"]
    assert bare["object"] is None


def test_one_object_is_a_table_of_one_row(space):
    """GET of an object can be a table too."""
    space.config_map("a", {"x": "1"})
    table = space.get("configmaps/a", accept=TABLE).body
    assert [row["cells"][:2] for row in table["rows"]] == [["a", 1]]


def test_an_age_is_short(space):
    """The age of something new is in seconds."""
    space.config_map("a")
    [row] = space.get("configmaps/a", accept=TABLE).body["rows"]
    assert row["cells"][2].rstrip("s").isdigit()


def test_a_deployment_is_counted(space):
    """READY shows ready and wanted; wide columns name containers, images and the selector."""
    space.post("apps/v1/deployments", contract_objects.deployment())
    table = space.get("apps/v1/deployments/web", accept=TABLE).body
    assert [(column["name"], column["priority"]) for column in table["columnDefinitions"]] == [
        ("Name", 0),
        ("Ready", 0),
        ("Up-to-date", 0),
        ("Available", 0),
        ("Age", 0),
        ("Containers", 1),
        ("Images", 1),
        ("Selector", 1),
    ]
    cells = table["rows"][0]["cells"]
    assert cells[:4] + cells[5:] == ["web", "0/0", 0, 0, "c", "registry.example/app:1", "app=web"]


def test_a_pod_is_shown(space):
    """A pod that nobody runs is Pending with nothing ready."""
    space.until("serviceaccounts/default", lambda answer: answer.status == 200)
    space.post("pods", contract_objects.pod(schedulerName="nobody"))
    table = space.get("pods/p", accept=TABLE).body
    names = [column["name"] for column in table["columnDefinitions"]]
    assert names[:5] == ["Name", "Ready", "Status", "Restarts", "Age"]
    assert names[5:] == ["IP", "Node", "Nominated Node", "Readiness Gates"]
    cells = table["rows"][0]["cells"]
    assert cells[:4] + cells[5:] == ["p", "0/1", "Pending", "0", "<none>", "<none>", "<none>", "<none>"]


def test_namespaces_and_nodes(server):
    """Kinds without a namespace."""
    space = server.space()
    rows = space.get(f"/api/v1/namespaces/{space.name}", accept=TABLE).body["rows"]
    assert rows[0]["cells"][:2] == [space.name, "Active"]
    nodes = space.get("/api/v1/nodes", accept=TABLE).body
    assert [column["name"] for column in nodes["columnDefinitions"]][:5] == ["Name", "Status", "Roles", "Age", "Version"]
    assert [row["cells"][:3] for row in nodes["rows"]] == [["node-1", "Ready", "<none>"], ["node-2", "Ready", "<none>"]]


def test_an_unknown_form_is_refused(space):
    """A form that the server does not make is 406."""
    answer = space.get("configmaps", accept="application/json;as=Picture;v=v1;g=meta.k8s.io")
    assert (answer.status, answer.body["reason"]) == (406, "NotAcceptable")


def test_json_can_be_second_choice(space):
    """What kubectl sends: a table if possible, else JSON."""
    space.config_map("a")
    accept = f"{TABLE},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"
    assert space.get("configmaps/a", accept=accept).body["kind"] == "Table"
    accept = "application/json;as=Picture;v=v1;g=meta.k8s.io,application/json"
    assert space.get("configmaps/a", accept=accept).body["kind"] == "ConfigMap"
