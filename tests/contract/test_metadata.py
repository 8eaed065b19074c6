"""Contract: names, generated names, labels, annotations, owner references, finalizers, and what a client cannot set."""

import pytest

from tests.support import contract_objects

LABEL_VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with "
    "an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)


def test_a_generated_name_extends_its_prefix(space):
    """`generateName` gets five characters from the alphabet without vowels and look-alikes, and stays."""
    metadata = space.post("configmaps", {"metadata": {"generateName": "gen-"}}).body["metadata"]
    assert metadata["generateName"] == "gen-"
    assert metadata["name"].startswith("gen-")
    assert len(metadata["name"]) == 9
    assert set(metadata["name"][4:]) <= set("bcdfghjklmnpqrstvwxz2456789")


def test_a_name_wins_over_its_prefix(space):
    """With both, the name is taken as it is."""
    metadata = space.post("configmaps", {"metadata": {"generateName": "gen-", "name": "a"}}).body["metadata"]
    assert (metadata["name"], metadata["generateName"]) == ("a", "gen-")


def test_a_name_is_required(space):
    """Neither name nor prefix is 422 with a cause."""
    answer = space.post("configmaps", {"metadata": {}})
    text = "Required value: name or generateName is required"
    assert answer.refusal == (422, "Invalid", f'ConfigMap "" is invalid: metadata.name: {text}')
    assert answer.causes == [("FieldValueRequired", "metadata.name", text)]


def test_a_name_must_be_a_subdomain(space):
    """Capitals and underscores are refused with the rule's text."""
    answer = space.config_map("A_b")
    text = f'Invalid value: "A_b": {contract_objects.SUBDOMAIN}'
    assert answer.refusal == (422, "Invalid", f'ConfigMap "A_b" is invalid: metadata.name: {text}')
    assert answer.causes == [("FieldValueInvalid", "metadata.name", text)]
    assert answer.body["details"]["kind"] == "ConfigMap"


def test_a_name_has_a_longest_length(space):
    """253 characters are allowed, 254 are not."""
    assert space.config_map("a" * 253).status == 201
    answer = space.config_map("a" * 254)
    assert answer.causes[0][2].endswith(": must be no more than 253 characters")


def test_a_namespace_name_is_one_label(server):
    """A namespace may not contain a dot."""
    answer = server.send("POST", "/api/v1/namespaces", {"metadata": {"name": "a.b"}})
    assert answer.status == 422
    assert answer.causes[0][2].startswith('Invalid value: "a.b": must not contain dots')


@pytest.mark.parametrize(
    ("metadata", "field", "text"),
    [
        ({"labels": {"a b": "c"}}, "metadata.labels", f'Invalid value: "a b": {contract_objects.QUALIFIED}'),
        ({"labels": {"a": "*"}}, "metadata.labels", f'Invalid value: "*": {LABEL_VALUE}'),
        ({"labels": {"a": "v" * 64}}, "metadata.labels", f'Invalid value: "{"v" * 64}": must be no more than 63 bytes'),
        ({"annotations": {"a b": "c"}}, "metadata.annotations", f'Invalid value: "a b": {contract_objects.QUALIFIED}'),
        ({"annotations": {"a": "v" * 262145}}, "metadata.annotations", "Too long: may not be more than 262144 bytes"),
        (
            {"ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p"}]},
            "metadata.ownerReferences.uid",
            'Invalid value: "": must not be empty',
        ),
    ],
    ids=["label key", "label value", "label length", "annotation key", "annotations' size", "owner without uid"],
)
def test_metadata_is_checked(space, metadata, field, text):
    """Labels, annotations, owners and finalizers that break the rules are 422 with field and text."""
    answer = space.config_map("a", **metadata)
    assert answer.status == 422
    assert answer.causes == [("FieldValueTooLong" if text.startswith("Too") else "FieldValueInvalid", field, text)]


def test_a_finalizer_must_have_a_domain(space):
    """An unqualified finalizer of a ConfigMap is refused."""
    answer = space.config_map("a", finalizers=["stay"])
    text = 'Invalid value: "stay": name is neither a standard finalizer name nor is it fully qualified'
    assert answer.causes == [("FieldValueInvalid", "metadata.finalizers[0]", text)]


def test_only_one_owner_may_be_the_controller(space):
    """Two controlling owner references are refused, and the message names both."""
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "controller": True}
    answer = space.config_map("a", ownerReferences=[{**owner, "name": "x", "uid": "1"}, {**owner, "name": "y", "uid": "2"}])
    text = (
        'Invalid value: [{"apiVersion":"v1","kind":"ConfigMap","name":"x","uid":"1","controller":true},'
        '{"apiVersion":"v1","kind":"ConfigMap","name":"y","uid":"2","controller":true}]: '
        'Only one reference can have Controller set to true. Found "true" in references for ConfigMap/x and ConfigMap/y'
    )
    assert answer.causes == [("FieldValueInvalid", "metadata.ownerReferences", text)]


def test_identity_cannot_be_set_by_a_creation(space):
    """Uid and times of a creating body are ignored."""
    given = {"uid": "mine", "creationTimestamp": "2001-01-01T00:00:00Z", "selfLink": "/x"}
    metadata = space.config_map("a", **given, deletionTimestamp="2001-01-01T00:00:00Z").body["metadata"]
    assert metadata["uid"] != "mine"
    assert not metadata["creationTimestamp"].startswith("2001")
    assert {"deletionTimestamp", "selfLink"} & set(metadata) == set()


def test_a_creation_with_a_version_is_refused(space):
    """`resourceVersion` of a creating body must be empty."""
    answer = space.config_map("a", resourceVersion="7")
    assert answer.refusal == (500, None, "resourceVersion should not be set on objects to be created")


def test_identity_survives_a_merge_patch(space):
    """Patches of creation time are silently undone."""
    made = space.config_map("a").body
    answer = space.patch("configmaps/a", {"metadata": {"creationTimestamp": "2001-01-01T00:00:00Z"}})
    assert (answer.status, answer.body) == (200, made)


def test_generation_counts_changes_of_the_spec(space):
    """A Deployment starts at 1; its spec raises it, labels, annotations and status do not."""
    container = {"name": "c", "image": "i"}
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [container]}}
    spec = {"replicas": 0, "paused": True, "selector": {"matchLabels": {"a": "b"}}, "template": template}
    path = "apps/v1/deployments/web"
    made = space.post("apps/v1/deployments", {"metadata": {"name": "web"}, "spec": spec})
    assert made.body["metadata"]["generation"] == 1
    assert space.patch(path, {"metadata": {"labels": {"x": "y"}}}).body["metadata"]["generation"] == 1
    assert space.patch(path, {"spec": {"minReadySeconds": 3}}).body["metadata"]["generation"] == 2
    assert space.patch(f"{path}/status", {"status": {"observedGeneration": 2}}).body["metadata"]["generation"] == 2


def test_some_kinds_count_no_generation(space):
    """ConfigMaps, Secrets and Services have no generation."""
    assert "generation" not in space.config_map("a").body["metadata"]
    answer = space.post("services", {"metadata": {"name": "s"}, "spec": {"clusterIP": "None", "selector": {"a": "b"}}})
    assert "generation" not in answer.body["metadata"]
