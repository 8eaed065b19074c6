"""Both controllers against a model of what surrounds them: late caches, late grants, pods that take their time to end.

The model's admission counts every pod, terminating ones too, against the granted quota, as the API server does. Whatever the
order of things, it must never have to refuse one.
"""

import contextlib
import random
from typing import NamedTuple

import pytest

from informers import errors, objects
from reconcilers.microservicedeploy import desired, kinds, quota
from tests.support import microservice_world

NAMES = ("a", "b", "c")
STEPS = 300
MOST_PODS = 5


class Pod(NamedTuple):
    """A pod, as far as a quota is concerned."""

    template: str
    cpu: int
    is_going: bool


class Model(microservice_world.World):
    """A world with a Deployment controller, pods, a quota controller and admission."""

    def __init__(self, seed):
        self.choose = random.Random(seed)
        self.pods = {name: [] for name in NAMES}
        self.refused = []
        self.follows = True
        """Whether the cache catches up by itself."""
        super().__init__()
        for name in NAMES:
            self.instance(name, **self.fields())
        self.follows = False

    def sync(self):
        """Leave the cache as it is, once the model runs."""
        if self.follows:
            super().sync()

    def fields(self):
        """Return a part of a spec."""
        cpu = str(self.choose.randint(1, 3))
        return {
            "replicas": self.choose.randint(0, MOST_PODS),
            "idle": self.choose.random() < 0.25,
            "version": str(self.choose.randint(1, 3)),
            "resourceRequirements": {"requests": {"cpu": cpu}, "limits": {"cpu": cpu}},
        }

    def edit(self):
        """Change some of an instance's spec."""
        fields = self.fields()
        names = self.choose.sample(sorted(fields), self.choose.randint(1, 2))
        self.change(self.choose.choice(NAMES), **{name: fields[name] for name in names})

    def show(self):
        """Let the cache catch up with one object."""
        watched = (kinds.INSTANCE, kinds.DEPLOYMENT, kinds.QUOTA)
        place = self.choose.choice([place for place in self.api.things if place[0] in watched])
        self.cache.sync(lambda each: each == place)

    def pass_over_an_instance(self):
        """Do a pass; its own writes are in the cache by then."""
        self.pass_over(self.choose.choice(NAMES))

    def pass_over(self, name):
        """Do a pass over the instance *name*."""
        place = (kinds.DEPLOYMENT, objects.ObjectKey(microservice_world.NAMESPACE, name))
        self.cache.sync(lambda each: each == place)
        before = (self.get("Deployment", name) or {}).get("spec")
        with contextlib.suppress(errors.ConflictError):  # a worker reads again later, and so does this model
            self.run(name)
        after = (self.get("Deployment", name) or {}).get("spec")
        if before != after:
            self._thing("Deployment", name).metadata["generation"] += 1

    def pass_over_the_quota(self):
        """Do a pass, in the middle of which other things may happen; its own writes are in the cache by then."""
        self.cache.sync(lambda each: each[0] == kinds.QUOTA)

        def interfere(obj):
            self.api.before_apply = lambda _: None
            if obj["kind"] == "ResourceQuota":
                for _ in range(self.choose.randint(0, 6)):
                    self.choose.choice((self.edit, self.show, self.show, self.pass_over_an_instance, self.make_pods))()

        self.api.before_apply = interfere
        self.run_quota()
        self.api.before_apply = lambda _: None

    def quota_controller(self):
        """Grant what the quota asks for."""
        if self.get("ResourceQuota", quota.NAME):
            self.grant()

    def granted(self):
        """Return the CPUs that the server lets pods have; None without a limit."""
        found = (self.get("ResourceQuota", quota.NAME) or {}).get("status", {}).get("hard")
        return None if found is None else int(found["requests.cpu"])

    def make_pods(self):
        """Let the Deployment controller go as far as it may, for all instances."""
        for name in NAMES:
            if deployment := self.get("Deployment", name):
                for _ in range(2 * MOST_PODS):
                    self.move(name, deployment)

    def report_one(self):
        """Let the Deployment controller write a status."""
        name = self.choose.choice(NAMES)
        if deployment := self.get("Deployment", name):
            self.report(name, deployment)

    def end_one(self):
        """Let a terminating pod end."""
        name = self.choose.choice(NAMES)
        going = [pod for pod in self.pods[name] if pod.is_going]
        if going:
            self.pods[name].remove(self.choose.choice(going))

    def move(self, name, deployment):
        """Make or delete one pod, as a rolling update with a surge of 1 and no unavailable pods does."""
        template, cpu, wanted = template_of(deployment)
        staying = [pod for pod in self.pods[name] if not pod.is_going]
        old = [pod for pod in staying if pod.template != template]
        most = wanted + 1 if old and wanted else wanted
        if len(staying) < most and len(staying) - len(old) < wanted:
            self.admit(name, Pod(template, cpu, is_going=False))
        elif len(staying) > wanted:
            victim = (old or staying)[0]
            self.pods[name][self.pods[name].index(victim)] = victim._replace(is_going=True)

    def admit(self, name, pod):
        """Count the pod against what is granted."""
        used = sum(each.cpu for pods in self.pods.values() for each in pods)
        granted = self.granted()
        if granted is not None and used + pod.cpu > granted:
            self.refused.append(f"a pod of {name} with {pod.cpu} cpu: {used} of {granted} are used")
        else:
            self.pods[name].append(pod)

    def report(self, name, deployment):
        """Write the Deployment's status."""
        template = template_of(deployment)[0]
        staying = [pod for pod in self.pods[name] if not pod.is_going]
        self.set_status(
            "Deployment",
            name,
            observedGeneration=deployment["metadata"]["generation"],
            replicas=len(staying),
            updatedReplicas=len([pod for pod in staying if pod.template == template]),
            readyReplicas=len(staying),
            availableReplicas=len(staying),
            terminatingReplicas=len(self.pods[name]) - len(staying),
        )

    def settle_all(self):
        """Stop editing, and let everything else catch up again and again."""
        for _ in range(30):
            self.cache.sync()
            self.run_quota()
            self.quota_controller()
            self.cache.sync()
            for name in NAMES:
                self.pass_over(name)
                deployment = self.get("Deployment", name)
                self.make_pods()
                self.pods[name] = [pod for pod in self.pods[name] if not pod.is_going]
                if deployment:
                    self.report(name, deployment)

    def spec(self, name):
        """Return an instance's spec."""
        return self.get("MicroServiceDeploy", name)["spec"]


def template_of(deployment):
    """Return the template's hash, the CPUs of a pod, and how many pods are wanted."""
    cpu = int(deployment["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"])
    return deployment["metadata"]["annotations"][desired.TEMPLATE_HASH_ANNOTATION], cpu, deployment["spec"]["replicas"]


@pytest.mark.parametrize("seed", range(10))
def test_no_pod_is_ever_refused_and_the_quota_is_exact_in_the_end(seed):
    """Random edits of three instances, in random order with all that follows them, with caches and grants that come late."""
    model = Model(seed)
    acts = {
        model.edit: 4,
        model.show: 16,
        model.pass_over_an_instance: 8,
        model.pass_over_the_quota: 6,
        model.quota_controller: 6,
        model.make_pods: 6,
        model.report_one: 8,
        model.end_one: 8,
    }
    for step in range(STEPS):
        model.choose.choices(list(acts), list(acts.values()))[0]()
        assert not model.refused, (step, model.refused)
    model.settle_all()
    assert not model.refused
    for name in NAMES:
        spec = model.spec(name)
        template, cpu, wanted = template_of(model.get("Deployment", name))
        assert wanted == (0 if spec.get("idle") else spec["replicas"])
        assert model.pods[name] == [Pod(template, cpu, is_going=False)] * wanted
    shares = [
        0 if s.get("idle") else (s["replicas"] + 1) * int(s["resourceRequirements"]["requests"]["cpu"])
        for s in map(model.spec, NAMES)
    ]
    assert model.granted() == sum(shares)
