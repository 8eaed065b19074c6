"""The objects that cases of the contract send: as small as the server accepts, each call a fresh one. Pure."""


def container(name="c", **more):
    """Return a container."""
    return {"name": name, "image": "registry.example/app:1", **more}


def template(*containers, **spec):
    """Return a pod template with the label ``app: web``."""
    return {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": list(containers) or [container()], **spec}}


def deployment(name="web", pods=None, **spec):
    """Return a Deployment that its controller leaves alone: it is paused and wants no replicas, unless *spec* says otherwise."""
    wanted = {"replicas": 0, "paused": True, "selector": {"matchLabels": {"app": "web"}}, "template": pods or template(), **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": wanted}


def config_map(name="a", **data):
    """Return a ConfigMap as a configuration to apply."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, **({"data": data} if data else {})}


def service(name="s", *ports, **spec):
    """Return a Service; without *ports* it has port 80."""
    wanted = {"selector": {"app": "web"}, "ports": list(ports) or [{"port": 80}], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": wanted}


def pod(name="p", *containers, **spec):
    """Return a Pod."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": list(containers) or [container()], **spec},
    }
