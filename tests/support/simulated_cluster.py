"""An embedded API with its controllers, nodes and a kubelet, without HTTP; a test moves its time."""

import datetime
from dataclasses import replace

from envtest.embedded.api import requests, selectors
from envtest.embedded.controllers import manager, world
from envtest.kubelet import pods as kubelet_pods
from tests.support import embedded_world, fake_timers

SPEC = {"containers": [{"name": "app", "image": "i", "resources": {"requests": {"cpu": "100m"}}}]}


def deployment(name="web", replicas=2, image="i", **spec):
    """Return a Deployment."""
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{**SPEC["containers"][0], "image": image}]}}
    selector = {"matchLabels": {"app": name}}
    return {"metadata": {"name": name}, "spec": {"replicas": replicas, "selector": selector, "template": template, **spec}}


class Cluster:
    """A cluster at rest: what a test does shows its effect when `settle` returns."""

    def __init__(self, nodes=2, metrics=True):
        self.timers = fake_timers.FakeTimers()
        self.world = embedded_world.World()
        self.api = self.world.api
        self._access = world.Access(self.api, "test")
        self._began = self.timers.time()
        self.manager = manager.Manager(self.api, self.timers, manager.Options(authority="PEM", metrics=metrics))
        self.manager.start()
        for number in range(nodes):
            self.node(f"node-{number + 1}")
        self.is_ready = lambda pod: True
        self.settle()

    def node(self, name, **changes):
        """Make a node."""
        status = {"allocatable": {"cpu": "10", "memory": "10Gi", "pods": "100"}}
        self.create(
            "nodes", {"metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}}, "status": status, **changes}
        )

    def create(self, key, obj, namespace="default"):
        """Create an object of the kind with a storage key."""
        resource = self._access.resource(key)
        target = requests.Target(resource, namespace if resource.is_namespaced else "")
        return self.api.create(target, obj, requests.Options(field_manager="test"))

    def find(self, key, name, namespace="default"):
        """Return an object, or None."""
        resource = self._access.resource(key)
        return self._access.find(key, namespace if resource.is_namespaced else "", name)

    def list(self, key, namespace="default"):
        """Return the objects of a kind in a namespace."""
        return self._access.list(key, namespace)

    def merge(self, key, name, patch, namespace="default"):
        """Change an object by a merge patch."""
        return self._access.merge(key, self.find(key, name, namespace), patch)

    def put_status(self, key, obj):
        """Replace an object's status."""
        return self._access.update(key, obj, "status")

    def delete(self, key, name, policy=None, namespace="default"):
        """Delete an object."""
        self._access.delete(key, self.find(key, name, namespace), policy)

    def settle(self, seconds=0.0):
        """Let controllers and kubelet work, and some seconds pass, until nothing happens any more."""
        self.timers.run(seconds, self._tick)
        for _ in range(100):
            before = self.api.store.revision
            self._run_pods()
            self.timers.run(0.0, self._tick)
            if self.api.store.revision == before:
                return
        raise AssertionError("it never comes to rest")

    def history(self, key):
        """Return all events of a kind so far."""
        return self.api.store.events_since(self._access.resource(key), 0)

    def events_of(self, kind):
        """Return reason and message of all events about objects of a kind."""
        events = self._access.list("events")
        return [(each["reason"], each["message"]) for each in events if each["involvedObject"]["kind"] == kind]

    def _tick(self):
        passed = datetime.timedelta(seconds=self.timers.time() - self._began)
        self.world.now = embedded_world.START + passed

    def _run_pods(self):
        """Do what the simulated kubelet does, once for each pod."""
        for pod in self._access.list("pods"):
            if not pod["spec"].get("nodeName"):
                continue
            if pod["metadata"].get("deletionTimestamp"):
                self._end(pod)
            elif self.is_ready(pod):
                self._start(pod)

    def _end(self, pod):
        if pod["metadata"].get("deletionGracePeriodSeconds") != 0:
            target = self._access.target("pods", pod)
            self.api.delete(target, requests.DeleteOptions(grace_period_seconds=0, uid=pod["metadata"]["uid"]))

    def _start(self, pod):
        number = int(pod["metadata"]["uid"][:2], 16)
        addresses = kubelet_pods.Addresses("10.76.0.1", (pod.get("status") or {}).get("podIP") or f"10.77.0.{number}")
        if changes := kubelet_pods.status_changes(pod, addresses, self.api.now):
            target = replace(self._access.target("pods", pod), subresource="status")
            self.api.patch(target, requests.Patch(requests.STRATEGIC_PATCH, {"status": changes}), requests.Options("kubelet"))

    def pods_of(self, label):
        """Return the pods with the label ``app``."""
        selector = selectors.Selector(selectors.parse_labels(f"app={label}"))
        return [pod for pod in self.list("pods") if selector.matches(pod)]
