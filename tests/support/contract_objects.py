"""Objects that cases of the contract send, as small as the server accepts, each call a fresh one; texts of refusals. Pure."""

LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an "
    "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with "
    "an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
QUALIFIED = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
"""What the server says of names that break the rules."""


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
