"""Contract: the real kubectl, of whatever version PATH has, prints the same on both servers."""

import json
import re

import pytest

from tests.support import contract_objects

pytestmark = pytest.mark.kubectl

LAST = "kubectl.kubernetes.io/last-applied-configuration"


def run(space, *arguments, stdin=None):
    """Run kubectl, which must succeed, and return what it prints."""
    code, output, errors = space.kubectl(*arguments, stdin=None if stdin is None else json.dumps(stdin))
    assert code == 0, errors
    return output


def words(output):
    """Return the words of each line."""
    return [line.split() for line in output.splitlines()]


class TestGet:
    """get in its forms."""

    def test_a_table(self, space):
        """Columns and rows; age apart."""
        space.post("secrets", {"metadata": {"name": "a"}, "stringData": {"x": "1"}})
        header, row = words(run(space, "get", "secrets"))
        assert (header, row[:3]) == (["NAME", "TYPE", "DATA", "AGE"], ["a", "Opaque", "1"])

    def test_wide(self, space):
        """More columns with -o wide."""
        space.post("apps/v1/deployments", contract_objects.deployment())
        header, row = words(run(space, "get", "deploy", "web", "-o", "wide"))
        assert header == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"]
        assert row[:4] + row[5:] == ["web", "0/0", "0", "0", "c", "registry.example/app:1", "app=web"]

    def test_several_kinds(self, space):
        """Kinds are listed one after the other with their prefix."""
        space.config_map("a")
        space.post("secrets", {"metadata": {"name": "a"}})
        assert run(space, "get", "secrets,cm", "-o", "name").splitlines()[:2] == ["secret/a", "configmap/a"]

    def test_yaml_hides_managed_fields(self, space):
        """-o yaml is the object without managedFields."""
        metadata = space.config_map("a", {"x": "1"}).body["metadata"]
        assert run(space, "get", "cm", "a", "-o", "yaml").splitlines() == [
            "apiVersion: v1",
            "data:",
            '  x: "1"',
            "kind: ConfigMap",
            "metadata:",
            f'  creationTimestamp: "{metadata["creationTimestamp"]}"',
            "  name: a",
            f"  namespace: {space.name}",
            f'  resourceVersion: "{metadata["resourceVersion"]}"',
            f"  uid: {metadata['uid']}",
        ]

    def test_what_is_missing_is_said(self, space):
        """Missing objects, missing kinds, and an empty list."""
        code, _, errors = space.kubectl("get", "cm", "nope")
        assert (code, errors) == (1, 'Error from server (NotFound): configmaps "nope" not found')
        code, _, errors = space.kubectl("get", "nope")
        assert (code, errors) == (1, 'error: the server doesn\'t have a resource type "nope"')
        assert space.kubectl("get", "pods") == (0, "", f"No resources found in {space.name} namespace.")

    def test_a_selector_and_pages(self, space):
        """Labels select, and chunks of one make no difference."""
        for name, app in [("a", "x"), ("b", "x"), ("c", "y")]:
            space.post("secrets", {"metadata": {"name": name, "labels": {"app": app}}})
        printed = run(space, "get", "secrets", "-l", "app=x", "--chunk-size=1", "-o", "name")
        assert printed.splitlines() == ["secret/a", "secret/b"]

    def test_custom_columns_and_short_names(self, space):
        """The short name of a custom kind works, and its columns are the definition's."""
        assert space.kubectl("get", "msd") == (0, "", f"No resources found in {space.name} namespace.")
        space.config_map("a", {"x": "1"})
        printed = run(space, "get", "cm", "a", "-o", "custom-columns=N:.metadata.name,X:.data.x")
        assert words(printed) == [["N", "X"], ["a", "1"]]

    def test_a_watch_prints_changes(self, space):
        """--watch lists, then follows until its time is over."""
        space.post("secrets", {"metadata": {"name": "a"}})
        printed = run(space, "get", "secrets", "-w", "--request-timeout=1s", "-o", "name")
        assert printed.splitlines() == ["secret/a"]


class TestWriting:
    """create, apply, patch, replace, label, delete."""

    def test_apply_creates_changes_and_leaves(self, space):
        """created, unchanged, configured; the last configuration is noted."""
        body = contract_objects.config_map(x="1", y="1")
        assert run(space, "apply", "-f", "-", stdin=body) == "configmap/a created\n"
        assert run(space, "apply", "-f", "-", stdin=body) == "configmap/a unchanged\n"
        assert run(space, "apply", "-f", "-", stdin=contract_objects.config_map(x="2")) == "configmap/a configured\n"
        found = space.get("configmaps/a").body
        assert (found["data"], LAST in found["metadata"]["annotations"]) == ({"x": "2"}, True)

    def test_apply_of_a_deployment(self, space):
        """A list by key changes in one element."""
        body = contract_objects.deployment()
        assert run(space, "apply", "-f", "-", stdin=body) == "deployment.apps/web created\n"
        body["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "A", "value": "1"}]
        assert run(space, "apply", "-f", "-", stdin=body) == "deployment.apps/web configured\n"
        [container] = space.get("apps/v1/deployments/web").body["spec"]["template"]["spec"]["containers"]
        assert container["env"] == [{"name": "A", "value": "1"}]

    def test_server_side_apply(self, space):
        """The server's conflict is explained, and force solves it."""
        one, two = contract_objects.config_map(x="1"), contract_objects.config_map(x="2")
        assert run(space, "apply", "--server-side", "-f", "-", stdin=one) == "configmap/a serverside-applied\n"
        code, _, errors = space.kubectl("apply", "--server-side", "--field-manager=two", "-f", "-", stdin=json.dumps(two))
        assert code == 1
        assert errors.startswith('error: Apply failed with 1 conflict: conflict with "kubectl": .data.x\n')
        run(space, "apply", "--server-side", "--field-manager=two", "--force-conflicts", "-f", "-", stdin=two)
        assert space.get("configmaps/a").body["data"] == {"x": "2"}

    def test_a_dry_run(self, space):
        """Both kinds of dry runs leave nothing."""
        body = contract_objects.config_map(x="1")
        assert run(space, "apply", "--dry-run=server", "-f", "-", stdin=body) == "configmap/a created (server dry run)\n"
        assert run(space, "create", "--dry-run=client", "-f", "-", stdin=body) == "configmap/a created (dry run)\n"
        assert space.get("configmaps/a").status == 404

    def test_unknown_fields_are_refused(self, space):
        """create asks for strict validation."""
        body = {**contract_objects.config_map(), "foo": 1}
        code, _, errors = space.kubectl("create", "-f", "-", stdin=json.dumps(body))
        assert code == 1
        text = 'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "foo"'
        assert errors == f'Error from server (BadRequest): error when creating "STDIN": {text}'

    def test_invalid_objects_are_explained(self, space):
        """A 422 becomes a sentence."""
        code, _, errors = space.kubectl("create", "-f", "-", stdin=json.dumps(contract_objects.deployment(replicas=-1)))
        text = "spec.replicas: Invalid value: -1: must be greater than or equal to 0"
        assert (code, errors) == (1, f'The Deployment "web" is invalid: {text}')

    def test_diff_shows_what_would_change(self, space):
        """Exit code 1 and the changed lines; 0 if nothing would change."""
        body = contract_objects.config_map(x="1")
        run(space, "apply", "-f", "-", stdin=body)
        assert space.kubectl("diff", "-f", "-", stdin=json.dumps(body))[:2] == (0, "")
        code, output, _ = space.kubectl("diff", "-f", "-", stdin=json.dumps(contract_objects.config_map(x="2")))
        changed = [line for line in output.splitlines() if re.match(r"[+-] ", line) and "last-applied" not in line]
        assert code == 1
        assert [line for line in changed if "{" not in line] == ['-  x: "1"', '+  x: "2"']

    def test_imperative_commands(self, space):
        """create, label, annotate, patch, replace, in the order of a working day."""
        assert run(space, "create", "cm", "b", "--from-literal=k=v") == "configmap/b created\n"
        assert run(space, "label", "cm", "b", "x=y") == "configmap/b labeled\n"
        assert run(space, "annotate", "cm", "b", "x=y") == "configmap/b annotated\n"
        assert run(space, "patch", "cm", "b", "-p", '{"data":{"k":"w"}}') == "configmap/b patched\n"
        found = space.get("configmaps/b").body
        assert (found["data"], found["metadata"]["labels"], found["metadata"]["annotations"]) == (
            {"k": "w"},
            {"x": "y"},
            {"x": "y"},
        )
        assert run(space, "replace", "-f", "-", stdin=contract_objects.config_map("b", q="1")) == "configmap/b replaced\n"
        assert space.get("configmaps/b").body["data"] == {"q": "1"}

    def test_commands_about_deployments(self, space):
        """create, set image, scale, expose, autoscale."""
        assert run(space, "create", "deployment", "dd", "--image=app:1", "--replicas=0") == "deployment.apps/dd created\n"
        assert run(space, "set", "image", "deploy/dd", "app=app:2") == "deployment.apps/dd image updated\n"
        assert run(space, "scale", "deploy/dd", "--replicas=0") == "deployment.apps/dd scaled\n"
        assert run(space, "expose", "deploy", "dd", "--port=80") == "service/dd exposed\n"
        assert run(space, "autoscale", "deploy", "dd", "--max=3") == "horizontalpodautoscaler.autoscaling/dd autoscaled\n"
        assert run(space, "create", "quota", "q", "--hard=pods=1") == "resourcequota/q created\n"
        found = space.get("apps/v1/deployments/dd").body["spec"]
        assert (found["replicas"], found["template"]["spec"]["containers"][0]["image"]) == (0, "app:2")
        assert space.get("autoscaling/v2/horizontalpodautoscalers/dd").body["spec"]["maxReplicas"] == 3

    def test_delete_waits(self, space):
        """delete returns when the object is gone; a missing one is an error, or ignored."""
        space.config_map("a")
        assert run(space, "delete", "cm", "a").startswith('configmap "a" deleted')
        code, _, errors = space.kubectl("delete", "cm", "a")
        assert (code, errors) == (1, 'Error from server (NotFound): configmaps "a" not found')
        assert run(space, "delete", "cm", "a", "--ignore-not-found") == ""
        space.config_map("b", labels={"z": "1"})
        assert run(space, "delete", "cm", "-l", "z=1").startswith('configmap "b" deleted')


class TestWaiting:
    """wait."""

    def test_wait_for_a_condition_and_a_value(self, space):
        """A condition of a status, and a value by its path."""
        space.post("apps/v1/deployments", contract_objects.deployment(paused=False))
        printed = run(space, "wait", "deploy/web", "--for=condition=Available", "--timeout=20s")
        assert printed == "deployment.apps/web condition met\n"
        printed = run(space, "wait", "deploy/web", "--for=jsonpath={.spec.replicas}=0", "--timeout=20s")
        assert printed == "deployment.apps/web condition met\n"

    def test_wait_times_out(self, space):
        """What does not come is an error."""
        space.config_map("a")
        code, _, errors = space.kubectl("wait", "cm/a", "--for=jsonpath={.data.x}=1", "--timeout=1s")
        assert (code, errors) == (1, "error: timed out waiting for the condition on configmaps/a")

    def test_wait_for_the_end(self, space):
        """--for=delete."""
        space.config_map("a", finalizers=["e.x/f"])
        space.delete("configmaps/a")
        space.patch("configmaps/a", {"metadata": {"finalizers": None}})
        assert space.kubectl("wait", "cm/a", "--for=delete", "--timeout=20s")[0] == 0


class TestAsking:
    """describe, explain, api-resources, version, raw requests."""

    def test_describe_a_service(self, space):
        """All that kubectl puts together about a Service."""
        address = space.post("services", contract_objects.service()).body["spec"]["clusterIP"]
        lines = [re.split(r":\s+", line, maxsplit=1) for line in run(space, "describe", "svc", "s").splitlines()]
        found = {line[0]: line[1] for line in lines if len(line) == 2}
        assert (found["Type"], found["IP"], found["Selector"]) == ("ClusterIP", address, "app=web")
        assert (found["Port"], found["TargetPort"], found["Events"]) == ("<unset>  80/TCP", "80/TCP", "<none>")

    def test_describe_a_deployment(self, space):
        """Numbers, strategy and template."""
        space.post("apps/v1/deployments", contract_objects.deployment())
        printed = run(space, "describe", "deploy/web")
        assert "RollingUpdateStrategy:  25% max unavailable, 25% max surge" in printed
        assert "Image:         registry.example/app:1" in printed

    def test_explain_reads_the_types(self, space):
        """A built-in field and a custom one, with group, kind, version and type."""
        printed = run(space, "explain", "deploy.spec.replicas")
        assert printed.startswith("GROUP:      apps\nKIND:       Deployment\nVERSION:    v1\n\nFIELD: replicas <integer>\n")
        printed = run(space, "explain", "msd.spec.replicas")
        assert printed.startswith("GROUP:      custom.ops\nKIND:       MicroServiceDeploy\nVERSION:    v1\n\nFIELD: replicas ")

    def test_resources_are_listed(self, space):
        """The kinds of a group with short names, version and scope."""
        assert words(run(space, "api-resources", "--api-group=apps", "--no-headers")) == [
            ["controllerrevisions", "apps/v1", "true", "ControllerRevision"],
            ["daemonsets", "ds", "apps/v1", "true", "DaemonSet"],
            ["deployments", "deploy", "apps/v1", "true", "Deployment"],
            ["replicasets", "rs", "apps/v1", "true", "ReplicaSet"],
            ["statefulsets", "sts", "apps/v1", "true", "StatefulSet"],
        ]

    def test_raw_requests_and_the_version(self, space):
        """--raw passes the answer on, version names the server's."""
        assert run(space, "get", "--raw", "/healthz").strip() == "ok"
        assert json.loads(run(space, "version", "-o", "json"))["serverVersion"]["minor"] == "36"


def test_a_rollout_can_be_followed_and_undone(space):
    """status waits, history counts, undo and restart make new revisions."""
    space.until("serviceaccounts/default", lambda answer: answer.status == 200)
    body = contract_objects.deployment(replicas=1)
    del body["spec"]["paused"]
    run(space, "create", "-f", "-", stdin=body)
    done = 'deployment "web" successfully rolled out'
    assert run(space, "rollout", "status", "deploy/web", "--timeout=20s").splitlines()[-1] == done
    assert run(space, "set", "env", "deploy/web", "A=1") == "deployment.apps/web env updated\n"
    assert run(space, "rollout", "status", "deploy/web", "--timeout=20s").splitlines()[-1] == done
    history = ["deployment.apps/web", "REVISION  CHANGE-CAUSE", "1         <none>", "2         <none>"]
    assert [line.rstrip() for line in run(space, "rollout", "history", "deploy/web").splitlines() if line] == history
    assert run(space, "rollout", "undo", "deploy/web") == "deployment.apps/web rolled back\n"
    assert "env" not in space.get("apps/v1/deployments/web").body["spec"]["template"]["spec"]["containers"][0]
    assert run(space, "rollout", "restart", "deploy/web") == "deployment.apps/web restarted\n"
    assert run(space, "rollout", "status", "deploy/web", "--timeout=20s").splitlines()[-1] == done
    assert space.get("apps/v1/deployments/web").body["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "4"
