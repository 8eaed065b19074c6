"""Contract: dryRun=All answers as if, and writes nothing."""

from tests.support import contract_objects


def test_a_creation_is_answered_and_not_stored(space):
    """The answer has identity and time but no version."""
    answer = space.post("configmaps", {"metadata": {"name": "a"}}, dryRun="All")
    assert answer.status == 201
    assert len(answer.body["metadata"]["uid"]) == 36
    assert "resourceVersion" not in answer.body["metadata"]
    assert space.get("configmaps/a").status == 404


def test_a_creation_is_defaulted(space):
    """Defaults and cluster IP are in the answer, and the address is not kept."""
    spec = space.post("services", contract_objects.service(), dryRun="All").body["spec"]
    assert spec["clusterIP"].startswith("10.0.")
    assert (spec["type"], spec["ports"]) == ("ClusterIP", [{"port": 80, "protocol": "TCP", "targetPort": 80}])


def test_a_creation_is_validated(space):
    """What would be refused is refused."""
    space.config_map("a")
    assert space.post("configmaps", {"metadata": {"name": "a"}}, dryRun="All").status == 409
    assert space.post("configmaps", {"metadata": {"name": "A"}}, dryRun="All").status == 422


def test_changes_are_answered_and_not_stored(space):
    """Patch and PUT show the result with the version that is there."""
    made = space.config_map("a", {"x": "1"})
    patched = space.patch("configmaps/a", {"data": {"x": "2"}}, dryRun="All")
    assert (patched.status, patched.body["data"], patched.version) == (200, {"x": "2"}, made.version)
    replaced = space.put("configmaps/a", {"metadata": {"name": "a"}}, dryRun="All")
    assert (replaced.status, "data" in replaced.body) == (200, False)
    assert space.get("configmaps/a").body == made.body


def test_an_apply_is_answered_and_not_stored(space):
    """A dry apply of a new object is 201 and leaves nothing."""
    assert space.apply("configmaps/a", contract_objects.config_map(x="1"), dryRun="All").status == 201
    assert space.get("configmaps/a").status == 404


def test_a_deletion_is_answered_and_not_done(space):
    """Both the parameter and the body of a deletion can ask for it."""
    space.config_map("a")
    assert space.delete("configmaps/a", dryRun="All").status == 200
    assert space.delete("configmaps/a", {"dryRun": ["All"]}).status == 200
    assert space.get("configmaps/a").status == 200


def test_other_values_are_refused(space):
    """Only All is known."""
    answer = space.post("configmaps", {"metadata": {"name": "a"}}, dryRun="Some")
    text = 'Unsupported value: ["Some"]: supported values: "All"'
    assert answer.refusal == (422, "Invalid", f'CreateOptions.meta.k8s.io "" is invalid: dryRun: {text}')
    assert answer.causes == [("FieldValueNotSupported", "dryRun", text)]
