"""The nginx sidecar that asks for the tenant's password before it forwards to the application.

What flows in: an `Instance` with needAuth. What flows out: nginx's configuration, the sidecar's container and volumes, and the
NetworkPolicy that admits only the proxy. Pure, any thread. No upstream file.

The configuration travels in an annotation of the pod template and is mounted by the downward API. So a pod always runs the
configuration it was made with, a change of it rolls the pods like any other, and no further child is needed.

The password file is the key `auth` of the tenant's Secret, mounted as a folder (without subPath), so that the kubelet swaps it
while the pod runs, and optional, so that pods start without it. nginx opens it for each request: no file, no access.
"""

from typing import Any

from controller.client import interfaces
from reconcilers.microservicedeploy import instances

CONTAINER = "auth-proxy"
PORT_NAME = "auth"
HTPASSWD_KEY = "auth"
CONFIGURATION_ANNOTATION = "custom.ops/auth-proxy-config"

# Away from what applications listen on and below the ephemeral ports; the second is for an application that uses the first.
_PORTS = (15080, 15081)
# The user of the nginx images; any other would do, for the configuration needs no file of the image.
_USER = 101
_CONFIGURATION_FOLDER = "/etc/auth-proxy"
_TENANT_FOLDER = "/etc/auth-proxy-tenant"
_SCRATCH_FOLDER = "/run/auth-proxy"

# Notes, for nginx's text goes to users without comments:
# - auth_basic alone answers 401 to a request without credentials even if there is no file; the `if` makes it 403 for all.
# - Only a WebSocket upgrade passes: h2c would let a client tunnel requests that nginx never sees.
# - The tenant's credentials end here; the application learns the user's name only.
# - Queries may hold secrets: the access log writes the path without them; errors below "alert", which quote the request, are off.
# - X-Accel headers of the application are for proxies farther out: this one passes them on and does not obey them.
# - It listens on IPv4 only: nginx does not start with an IPv6 address where the kernel has no IPv6, and no text suits both.
# - Nothing is buffered on disk, so that bodies of any length stream; temporary paths are set because nginx makes all the folders.
_CONFIGURATION = """\
daemon off;
worker_processes 1;
worker_shutdown_timeout 25s;
pid {scratch}/nginx.pid;
error_log stderr alert;
events {{
  worker_connections 1024;
}}
http {{
  client_body_temp_path {scratch}/client-body;
  proxy_temp_path {scratch}/proxy;
  fastcgi_temp_path {scratch}/fastcgi;
  uwsgi_temp_path {scratch}/uwsgi;
  scgi_temp_path {scratch}/scgi;
  log_format safe '$time_iso8601 $remote_addr "$request_method $uri" $status $body_bytes_sent $request_time';
  access_log /dev/stdout safe;
  server_tokens off;
  client_header_timeout 15s;
  client_body_timeout 60s;
  client_max_body_size 0;
  map $http_upgrade $forwarded_upgrade {{
    "~*^websocket$" websocket;
    default "";
  }}
  map $forwarded_upgrade $forwarded_connection {{
    websocket upgrade;
    default "";
  }}
  map $http_x_forwarded_proto $forwarded_proto {{
    "~*^https?$" $http_x_forwarded_proto;
    default $scheme;
  }}
  server {{
    listen {listen};
    auth_basic "tenant";
    auth_basic_user_file {tenant}/{key};
    if (!-f {tenant}/{key}) {{
      return 403;
    }}
    location / {{
      proxy_pass http://127.0.0.1:{port};
      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_buffering off;
      proxy_next_upstream off;
      proxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering X-Accel-Charset;
      proxy_pass_header X-Accel-Redirect;
      proxy_pass_header X-Accel-Expires;
      proxy_pass_header X-Accel-Limit-Rate;
      proxy_pass_header X-Accel-Buffering;
      proxy_pass_header X-Accel-Charset;
      proxy_connect_timeout 5s;
      proxy_read_timeout 3600s;
      proxy_send_timeout 3600s;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $forwarded_upgrade;
      proxy_set_header Connection $forwarded_connection;
      proxy_set_header Authorization "";
      proxy_set_header X-Forwarded-User $remote_user;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $forwarded_proto;
    }}
  }}
}}
"""


def port(application_port: int) -> int:
    """Return the port that the proxy listens on beside an application on *application_port*."""
    return next(candidate for candidate in _PORTS if candidate != application_port)


def configuration(application_port: int, *, tenant_folder: str = _TENANT_FOLDER, scratch_folder: str = _SCRATCH_FOLDER) -> str:
    """Return nginx's configuration: it reaches nothing but 127.0.0.1:*application_port*.

    Args:
        application_port: Where the application listens.
        tenant_folder: Where the tenant's Secret is mounted; another one serves a run outside a pod.
        scratch_folder: A folder that nginx may write to; likewise.
    """
    return _CONFIGURATION.format(
        listen=port(application_port),
        port=application_port,
        tenant=tenant_folder,
        key=HTPASSWD_KEY,
        scratch=scratch_folder,
    )


def annotations(instance: instances.Instance) -> dict[str, str]:
    """Return the annotations that the pod template needs for the proxy."""
    return {CONFIGURATION_ANNOTATION: configuration(instance.spec.port)}


def resources(settings: instances.Settings) -> dict[str, str]:
    """Return the sidecar's requests, which are its limits too."""
    return {"cpu": settings.auth_proxy_cpu, "memory": settings.auth_proxy_memory}


def container(instance: instances.Instance, settings: instances.Settings) -> dict[str, Any]:
    """Return the sidecar's container."""
    return {
        "name": CONTAINER,
        "image": settings.auth_proxy_image,
        # "-e": the log named at build time lies on the read-only root; "-c" alone would still open it.
        "command": ["nginx", "-e", "stderr", "-c", f"{_CONFIGURATION_FOLDER}/nginx.conf"],
        "ports": [{"name": PORT_NAME, "containerPort": port(instance.spec.port), "protocol": "TCP"}],
        "readinessProbe": {"tcpSocket": {"port": PORT_NAME}},
        "resources": {"limits": resources(settings), "requests": resources(settings)},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsGroup": _USER,
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [
            {"name": "auth-proxy-config", "mountPath": _CONFIGURATION_FOLDER, "readOnly": True},
            {"name": "auth-proxy-tenant", "mountPath": _TENANT_FOLDER, "readOnly": True},
            {"name": "auth-proxy-scratch", "mountPath": _SCRATCH_FOLDER},
        ],
    }


def volumes(instance: instances.Instance) -> list[dict[str, Any]]:
    """Return the volumes that the sidecar mounts; of the tenant's Secret it sees one key."""
    field = {"apiVersion": "v1", "fieldPath": f"metadata.annotations['{CONFIGURATION_ANNOTATION}']"}
    secret = {"secretName": instance.spec.tenant, "optional": True, "items": [{"key": HTPASSWD_KEY, "path": HTPASSWD_KEY}]}
    return [
        {"name": "auth-proxy-config", "downwardAPI": {"items": [{"path": "nginx.conf", "fieldRef": field}]}},
        {"name": "auth-proxy-tenant", "secret": secret},
        {"name": "auth-proxy-scratch", "emptyDir": {"sizeLimit": "16Mi"}},
    ]


def network_policy(instance: instances.Instance) -> interfaces.Manifest:
    """Return the NetworkPolicy that admits only the proxy's port; it needs a network plugin that enforces policies."""
    policy = instances.manifest(instance, "networking.k8s.io/v1", "NetworkPolicy")
    policy["spec"] = {
        "podSelector": {"matchLabels": instances.selector(instance)},
        "policyTypes": ["Ingress"],
        "ingress": [{"ports": [{"port": PORT_NAME, "protocol": "TCP"}]}],
    }
    return policy
