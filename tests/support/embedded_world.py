"""An embedded API without HTTP: time stands still, and what a test asks for happens at once."""

import datetime

from envtest.embedded.api import pipeline, requests, seeds, status, store
from envtest.embedded.builtin import resources

START = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
PODS = ("", "v1", "pods")
CONFIG_MAPS = ("", "v1", "configmaps")
NAMESPACES = ("", "v1", "namespaces")


class World:
    """An API with the namespaces of every cluster.

    Attributes:
        api: The API.
        now: The time; tests set it.
    """

    def __init__(self, window=1000):
        self.now = START
        self.api = pipeline.Api(resources.Registry.built_in(), store.Store(window), lambda: self.now)
        seeds.plant(self.api)

    def target(self, kind=CONFIG_MAPS, name="", subresource="", namespace="default"):
        """Name an object or a collection."""
        resource = self.api.registry.find(*kind)
        return requests.Target(resource, namespace if resource.is_namespaced else "", name, subresource)

    def create(self, body, kind=CONFIG_MAPS, **options):
        """Create an object as a test would by hand."""
        return self.api.create(self.target(kind), body, options_of(**options))

    def config_map(self, name="a", **metadata):
        """Create a ConfigMap."""
        return self.create({"metadata": {"name": name, **metadata}, "data": {"k": "v"}})

    def merge(self, patch, name="a", kind=CONFIG_MAPS, **options):
        """Merge a patch into an object."""
        target, change = self.target(kind, name), requests.Patch(requests.MERGE_PATCH, patch)
        return self.api.patch(target, change, options_of(**options)).object


def options_of(**options):
    """Return the options of a write by the manager ``test``."""
    return requests.Options(**{"field_manager": "test", **options})


def refusal(error):
    """Return code and message of what `pytest.raises` caught."""
    assert isinstance(error.value, status.StatusError)
    return error.value.code, error.value.message
