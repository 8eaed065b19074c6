"""Tests of the sidecar and its configuration."""

import re
from typing import Any

import pytest

from reconcilers.microservicedeploy import auth_proxy, desired
from tests.support import microservices

INSTANCE = microservices.sample()


def pod(**changes: Any) -> dict[str, Any]:
    """Return the pod template of the sample with *changes*."""
    return desired.pod_template(microservices.sample(**changes), microservices.SETTINGS)


def test_the_proxy_reaches_nothing_but_the_application() -> None:
    """One upstream, by address, without a resolver, so no name and no variable can lead elsewhere."""
    text = auth_proxy.configuration(8080)
    assert re.findall(r"proxy_pass (\S+);", text) == ["http://127.0.0.1:8080"]
    assert "resolver" not in text
    assert "include" not in text


def test_without_the_password_file_everything_is_refused() -> None:
    """nginx by itself would ask for a password that nobody has; the check makes it 403."""
    text = auth_proxy.configuration(8080)
    assert "auth_basic_user_file /etc/auth-proxy-tenant/auth;" in text
    assert re.search(r"if \(!-f /etc/auth-proxy-tenant/auth\) \{\s+return 403;", text)


def test_braces_are_balanced_and_every_directive_ends() -> None:
    """The text is a format string, where a lost brace is easily made."""
    text = auth_proxy.configuration(8080)
    assert text.count("{") == text.count("}")
    assert all(line.strip().endswith((";", "{", "}")) for line in text.splitlines())


def test_only_websockets_may_upgrade_and_credentials_stay() -> None:
    """An h2c upgrade would tunnel requests past the proxy; the application gets the user's name, not the password."""
    text = auth_proxy.configuration(8080)
    assert re.search(r'map \$http_upgrade \$forwarded_upgrade \{\s+"~\*\^websocket\$" websocket;\s+default "";', text)
    assert 'proxy_set_header Authorization "";' in text
    assert "proxy_set_header X-Forwarded-User $remote_user;" in text


def test_bodies_stream_and_logs_hold_no_queries() -> None:
    """No limit, no buffer; `$request` and `$args` could hold a secret."""
    text = auth_proxy.configuration(8080)
    for line in ("client_max_body_size 0;", "proxy_request_buffering off;", "proxy_buffering off;", "error_log stderr alert;"):
        assert line in text
    assert not re.search(r"\$(request|request_uri|args|query_string|http_authorization)\b", text)


@pytest.mark.parametrize(("application", "proxy"), [(8080, 15080), (15080, 15081), (15081, 15080)])
def test_the_proxy_keeps_off_the_applications_port(application: int, proxy: int) -> None:
    """Both share the pod's network."""
    assert auth_proxy.port(application) == proxy
    assert f"listen {proxy};" in auth_proxy.configuration(application)


def test_the_configuration_travels_with_the_pod() -> None:
    """The annotation is mounted where nginx is told to read it."""
    template = pod()
    text = template["metadata"]["annotations"][auth_proxy.CONFIGURATION_ANNOTATION]
    assert text == auth_proxy.configuration(8080)
    volumes = {volume["name"]: volume for volume in template["spec"]["volumes"]}
    item = volumes["auth-proxy-config"]["downwardAPI"]["items"][0]
    assert item["fieldRef"]["fieldPath"] == f"metadata.annotations['{auth_proxy.CONFIGURATION_ANNOTATION}']"
    sidecar = auth_proxy.container(INSTANCE, microservices.SETTINGS)
    assert sidecar["command"][-1] == f"/etc/auth-proxy/{item['path']}"


def test_the_password_file_is_mounted_so_that_it_updates() -> None:
    """Optional, one key, and a folder: a subPath would never change while the pod runs."""
    template = pod(tenant="gold")
    volumes = {volume["name"]: volume for volume in template["spec"]["volumes"]}
    secret = volumes["auth-proxy-tenant"]["secret"]
    assert secret == {"secretName": "gold", "optional": True, "items": [{"key": "auth", "path": "auth"}]}
    mounts = {mount["name"]: mount for mount in template["spec"]["containers"][1]["volumeMounts"]}
    assert mounts["auth-proxy-tenant"] == {"name": "auth-proxy-tenant", "mountPath": "/etc/auth-proxy-tenant", "readOnly": True}


def test_every_mounted_volume_exists_and_only_the_proxy_sees_the_secret() -> None:
    """The application's container mounts the configuration, nothing of the proxy's."""
    spec = pod()["spec"]
    names = {volume["name"] for volume in spec["volumes"]}
    mounted = [{mount["name"] for mount in container["volumeMounts"]} for container in spec["containers"]]
    assert mounted[0] == {"config"}
    assert mounted[0] | mounted[1] == names


def test_the_sidecar_is_hardened() -> None:
    """Non-root, read-only root, no capability, requests equal to limits."""
    sidecar = auth_proxy.container(INSTANCE, microservices.SETTINGS)
    security = sidecar["securityContext"]
    assert (security["runAsNonRoot"], security["readOnlyRootFilesystem"], security["allowPrivilegeEscalation"]) == (
        True,
        True,
        False,
    )
    assert (security["capabilities"], security["seccompProfile"]) == ({"drop": ["ALL"]}, {"type": "RuntimeDefault"})
    assert sidecar["resources"]["requests"] == sidecar["resources"]["limits"] == {"cpu": "50m", "memory": "64Mi"}


def test_the_policy_admits_only_the_proxys_port() -> None:
    """By name: a pod without the proxy admits nothing."""
    spec = auth_proxy.network_policy(INSTANCE)["spec"]
    assert spec == {
        "podSelector": {"matchLabels": {"app.kubernetes.io/instance": "ms-sample-v1s0"}},
        "policyTypes": ["Ingress"],
        "ingress": [{"ports": [{"port": "auth", "protocol": "TCP"}]}],
    }


def test_without_need_auth_nothing_of_the_proxy_is_left() -> None:
    """Container, volumes and annotation belong to it."""
    template = pod(needAuth=False)
    assert [container["name"] for container in template["spec"]["containers"]] == ["app"]
    assert [volume["name"] for volume in template["spec"]["volumes"]] == ["config"]
    assert auth_proxy.CONFIGURATION_ANNOTATION not in template["metadata"]["annotations"]
