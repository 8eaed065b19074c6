"""The control plane is as closed as a real one: verified TLS, RBAC, service-account tokens that work."""

import ssl

import pytest
import urllib3

from tests.support import control_planes

pytestmark = [pytest.mark.controlplane, pytest.mark.real_only]


def ask(control_plane, path, token=""):
    """Return status and text of a GET by someone without a client certificate."""
    context = ssl.create_default_context(cafile=str(control_plane.authority))
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with urllib3.PoolManager(ssl_context=context, retries=False) as pool:
        response = pool.request("GET", control_plane.url + path, headers=headers, timeout=10)
        return response.status, response.data.decode()


def test_a_client_without_the_authority_is_refused(control_plane):
    """A client that does not know the authority does not believe the server."""
    with (
        urllib3.PoolManager(retries=False) as pool,
        pytest.raises(urllib3.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        pool.request("GET", control_plane.url, timeout=10)


def test_strangers_may_nothing(control_plane):
    """Someone without a certificate or a token may read nothing."""
    assert ask(control_plane, "/api/v1/namespaces")[0] == 403


def test_tokens_of_service_accounts_work(control_plane, namespace):
    """A token from the TokenRequest API is its service account, which may just what RBAC grants it."""
    client = control_plane.client
    request = client.post(f"/api/v1/namespaces/{namespace}/serviceaccounts/default/token", {"spec": {"expirationSeconds": 600}})
    token = request["status"]["token"]
    status, text = ask(control_plane, f"/api/v1/namespaces/{namespace}/configmaps", token)
    assert status == 403
    assert f"system:serviceaccount:{namespace}:default" in text
    roles = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}
    client.post(f"{roles}/roles", {"metadata": {"name": "reader"}, "rules": [rule]})
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": namespace}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"}
    client.post(f"{roles}/rolebindings", {"metadata": {"name": "reader"}, "subjects": [subject], "roleRef": reference})
    control_planes.wait_for(lambda: ask(control_plane, f"/api/v1/namespaces/{namespace}/configmaps", token)[0] == 200)
    assert ask(control_plane, f"/api/v1/namespaces/{namespace}/secrets", token)[0] == 403
    assert ask(control_plane, "/api/v1/namespaces", token)[0] == 403


def test_owner_references_need_a_permission(control_plane, namespace):
    """Whoever blocks an owner's deletion must be allowed to set the owner's finalizers."""
    maps = f"/api/v1/namespaces/{namespace}/configmaps"
    owner = control_plane.client.post(maps, {"metadata": {"name": "owner"}})
    roles = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create"]}
    control_plane.client.post(f"{roles}/roles", {"metadata": {"name": "writer"}, "rules": [rule]})
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": namespace}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "writer"}
    control_plane.client.post(f"{roles}/rolebindings", {"metadata": {"name": "w"}, "subjects": [subject], "roleRef": reference})
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/default/token"
    token = control_plane.client.post(path, {"spec": {"expirationSeconds": 600}})["status"]["token"]
    blocking = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "owner",
        "uid": owner["metadata"]["uid"],
        "blockOwnerDeletion": True,
    }
    context = ssl.create_default_context(cafile=str(control_plane.authority))
    with urllib3.PoolManager(ssl_context=context, retries=False, headers={"Authorization": f"Bearer {token}"}) as pool:

        def create(name, owners):
            body = {"metadata": {"name": name, "ownerReferences": owners}}
            return pool.request("POST", control_plane.url + maps, json=body, timeout=10)

        control_planes.wait_for(lambda: create("plain", []).status in (201, 409))
        answer = create("blocking", [blocking])
    assert answer.status == 403
    assert "cannot set blockOwnerDeletion" in answer.json()["message"]


def test_etcd_asks_for_a_certificate(control_plane):
    """Another user of the machine cannot read etcd: it wants a client certificate of ours."""
    context = ssl.create_default_context(cafile=str(control_plane.authority))
    with urllib3.PoolManager(ssl_context=context, retries=False) as pool, pytest.raises(urllib3.exceptions.HTTPError):
        pool.request("POST", f"{control_plane.etcd_url}/v3/kv/range", json={"key": "AA=="}, timeout=10)
