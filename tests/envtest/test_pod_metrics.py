"""Tests of how a use that was set becomes the metrics of pods."""

from envtest import pod_metrics


def pod(name, ready="True", namespace="team", **labels):
    """Return a pod as the API shows it."""
    conditions = [{"type": "Initialized", "status": "True"}, {"type": "Ready", "status": ready}]
    return {"metadata": {"name": name, "namespace": namespace, "labels": labels}, "status": {"conditions": conditions}}


def shares(found):
    """Return the CPU use by pod and container."""
    return {(one["metadata"]["name"], each["name"]): each["usage"]["cpu"] for one in found for each in one["containers"]}


def test_the_ready_pods_share_a_use_equally():
    """Pods that are not ready, are going, are elsewhere or have other labels have no share, and no metrics."""
    usages = pod_metrics.Usages()
    usages.set(pod_metrics.Target.of("team", {"app": "shop"}, "main"), 1000)
    going = pod("d", app="shop")
    going["metadata"]["deletionTimestamp"] = "2026-01-02T03:04:05Z"
    others = [pod("e", app="till"), pod("f", namespace="other", app="shop"), {"metadata": {"name": "g", "namespace": "team"}}]
    found = usages.measure([pod("a", app="shop"), pod("b", app="shop", x="y"), pod("c", "False", app="shop"), going, *others])
    assert shares(found) == {("a", "main"): "500000000n", ("b", "main"): "500000000n"}
    assert [one["metadata"]["labels"] for one in found] == [{"app": "shop"}, {"app": "shop", "x": "y"}]


def test_pods_of_one_name_in_two_namespaces_are_two():
    """Each has the share of its own namespace's use."""
    usages = pod_metrics.Usages()
    for namespace, millicores in (("team", 1), ("other", 2)):
        usages.set(pod_metrics.Target.of(namespace, {"app": "shop"}, "main"), millicores)
    found = usages.measure([pod("a", app="shop"), pod("a", namespace="other", app="shop")])
    told = {one["metadata"]["namespace"]: [each["usage"]["cpu"] for each in one["containers"]] for one in found}
    assert told == {"team": ["1000000n"], "other": ["2000000n"]}


def test_the_last_word_counts():
    """A use replaces the one before; None takes it away; each container has its own."""
    usages = pod_metrics.Usages()
    main, side = (pod_metrics.Target.of("team", {"app": "shop"}, container) for container in ("main", "side"))
    assert usages.measure([pod("a", app="shop")]) == []
    usages.set(main, 1000)
    usages.set(main, 0)
    usages.set(side, 7)
    assert shares(usages.measure([pod("a", app="shop")])) == {("a", "main"): "0n", ("a", "side"): "7000000n"}
    usages.set(main, None)
    usages.set(main, None)
    assert shares(usages.measure([pod("a", app="shop")])) == {("a", "side"): "7000000n"}
