"""How each component of a control plane is called: its flags, and where it says that it is ready.

What flows in: files, ports and options of one control plane. What flows out: command lines. Pure but for the files that
`write_files` makes. Mirrors sigs.k8s.io/controller-runtime pkg/internal/testing/controlplane; deviations: a controller-manager
and a scheduler run too, etcd speaks TLS, and the limits on requests are high enough for load tests.
"""

import pathlib
import socket
from dataclasses import dataclass

import yaml

from envtest import certificates, kubeconfig, metrics_api

ETCD = "etcd"
API_SERVER = "kube-apiserver"
CONTROLLER_MANAGER = "kube-controller-manager"
SCHEDULER = "kube-scheduler"
NAMES = (ETCD, API_SERVER, CONTROLLER_MANAGER, SCHEDULER)
"""In the order of starting."""

LOOPBACK = "127.0.0.1"
_SERVICE_RANGE = "10.0.0.0/16"  # a /24 is full after 254 Services
_ISSUER = "https://kubernetes.default.svc.cluster.local"
_API_HOSTS = (
    LOOPBACK,
    "10.0.0.1",  # the Service "kubernetes": first address of the range
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
)
_REQUESTS_PER_SECOND = 500  # of the controller-manager (default 20) and the scheduler (50): a 2-core API server does about 250


@dataclass(frozen=True)
class Ports:
    """TCP ports on the loopback interface, one for each listener."""

    etcd: int
    etcd_peer: int
    api_server: int
    controller_manager: int
    scheduler: int

    @classmethod
    def free(cls) -> "Ports":
        """Find ports that are free now; another process may still take one before we do."""
        sockets = [socket.socket() for _ in range(5)]
        try:
            for one in sockets:
                one.bind((LOOPBACK, 0))
            return cls(*(one.getsockname()[1] for one in sockets))
        finally:
            for one in sockets:
                one.close()


@dataclass(frozen=True)
class Files:
    """What one control plane keeps in its folder."""

    folder: pathlib.Path
    authority: pathlib.Path
    etcd: certificates.Pair
    etcd_client: certificates.Pair
    server: certificates.Pair
    """Serving certificate of API server, controller-manager and scheduler."""
    metrics: certificates.Pair
    """Serving certificate of the metrics API."""
    admin: certificates.Pair
    service_account_key: pathlib.Path


def write_files(folder: pathlib.Path, ports: Ports) -> Files:
    """Make certificates, keys and kubeconfigs in *folder*."""
    authority = certificates.Authority(folder)
    files = Files(
        folder=folder,
        authority=authority.certificate,
        etcd=authority.issue("etcd", hosts=(LOOPBACK, "localhost")),
        etcd_client=authority.issue("etcd-client"),
        server=authority.issue("kube-apiserver", hosts=_API_HOSTS),
        metrics=authority.issue("metrics", hosts=(metrics_api.HOST, LOOPBACK)),
        admin=authority.issue("envtest-admin", ("system:masters",)),
        service_account_key=certificates.service_account_key(folder),
    )
    for component in (CONTROLLER_MANAGER, SCHEDULER):
        pair = authority.issue(f"system:{component}")
        kubeconfig.write(folder / f"{component}.kubeconfig", api_url(ports), files.authority, pair)
    scheduler = {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "leaderElection": {"leaderElect": False},
        "clientConnection": {
            "kubeconfig": str(folder / f"{SCHEDULER}.kubeconfig"),
            "qps": _REQUESTS_PER_SECOND,
            "burst": 2 * _REQUESTS_PER_SECOND,
        },
    }
    (folder / "scheduler.yaml").write_text(yaml.safe_dump(scheduler), encoding="utf-8")
    return files


def api_url(ports: Ports) -> str:
    """Return the API server's address."""
    return f"https://{LOOPBACK}:{ports.api_server}"


def etcd_url(ports: Ports) -> str:
    """Return etcd's client address."""
    return f"https://{LOOPBACK}:{ports.etcd}"


def health_url(name: str, ports: Ports) -> str:
    """Return where component *name* says that it is ready."""
    return {
        ETCD: f"{etcd_url(ports)}/health",
        API_SERVER: f"{api_url(ports)}/readyz",
        CONTROLLER_MANAGER: f"https://{LOOPBACK}:{ports.controller_manager}/healthz",
        SCHEDULER: f"https://{LOOPBACK}:{ports.scheduler}/readyz",
    }[name]


def flags(name: str, files: Files, ports: Ports) -> list[str]:
    """Return the flags of component *name*."""
    make = {ETCD: _etcd, API_SERVER: _api_server, CONTROLLER_MANAGER: _controller_manager, SCHEDULER: _scheduler}[name]
    return [f"--{flag}={value}" for flag, value in make(files, ports).items()]


def _etcd(files: Files, ports: Ports) -> dict[str, object]:
    peer = f"https://{LOOPBACK}:{ports.etcd_peer}"
    return {
        "data-dir": files.folder / "etcd",
        "listen-client-urls": etcd_url(ports),
        "advertise-client-urls": etcd_url(ports),
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"default={peer}",
        "cert-file": files.etcd.certificate,
        "key-file": files.etcd.key,
        "trusted-ca-file": files.authority,
        "client-cert-auth": "true",
        "peer-cert-file": files.etcd.certificate,
        "peer-key-file": files.etcd.key,
        "peer-trusted-ca-file": files.authority,
        "peer-client-cert-auth": "true",
        "unsafe-no-fsync": "true",  # the data is thrown away at the end
        "quota-backend-bytes": 8 << 30,  # etcd's recommended maximum; the default of 2 GiB ends long load tests
    }


def _api_server(files: Files, ports: Ports) -> dict[str, object]:
    return {
        "etcd-servers": etcd_url(ports),
        "etcd-cafile": files.authority,
        "etcd-certfile": files.etcd_client.certificate,
        "etcd-keyfile": files.etcd_client.key,
        "bind-address": LOOPBACK,
        "secure-port": ports.api_server,
        "external-hostname": LOOPBACK,
        "endpoint-reconciler-type": "none",  # a loopback address may not stand in the endpoints of "kubernetes"
        "tls-cert-file": files.server.certificate,
        "tls-private-key-file": files.server.key,
        "client-ca-file": files.authority,
        "authorization-mode": "RBAC",
        "enable-admission-plugins": "OwnerReferencesPermissionEnforcement",
        "service-cluster-ip-range": _SERVICE_RANGE,
        "service-account-issuer": _ISSUER,
        "service-account-key-file": files.service_account_key,
        "service-account-signing-key-file": files.service_account_key,
        "allow-privileged": "true",
        "max-requests-inflight": 3000,
        "max-mutating-requests-inflight": 1500,
        "shutdown-delay-duration": "0s",
    }


def _controller_manager(files: Files, ports: Ports) -> dict[str, object]:
    config = files.folder / f"{CONTROLLER_MANAGER}.kubeconfig"
    return {
        "kubeconfig": config,
        "authentication-kubeconfig": config,
        "authorization-kubeconfig": config,
        "bind-address": LOOPBACK,
        "secure-port": ports.controller_manager,
        "tls-cert-file": files.server.certificate,
        "tls-private-key-file": files.server.key,
        "leader-elect": "false",
        "root-ca-file": files.authority,
        "service-account-private-key-file": files.service_account_key,
        "use-service-account-credentials": "true",
        "kube-api-qps": _REQUESTS_PER_SECOND,
        "kube-api-burst": 2 * _REQUESTS_PER_SECOND,
        "concurrent-replicaset-syncs": 20,
        "concurrent-deployment-syncs": 20,
        "horizontal-pod-autoscaler-sync-period": "2s",
        "horizontal-pod-autoscaler-downscale-stabilization": "4s",
        # By default the CPU use of a pod younger than five minutes may not count.
        "horizontal-pod-autoscaler-cpu-initialization-period": "0s",
        "horizontal-pod-autoscaler-initial-readiness-delay": "0s",
    }


def _scheduler(files: Files, ports: Ports) -> dict[str, object]:
    config = files.folder / f"{SCHEDULER}.kubeconfig"
    return {
        "config": files.folder / "scheduler.yaml",
        "authentication-kubeconfig": config,
        "authorization-kubeconfig": config,
        "bind-address": LOOPBACK,
        "secure-port": ports.scheduler,
        "tls-cert-file": files.server.certificate,
        "tls-private-key-file": files.server.key,
    }
