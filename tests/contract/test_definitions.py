"""Contract: CustomResourceDefinitions: what is refused, how they come into force, change and go."""

import pytest

from tests.support import contract_definitions, contract_shapes

PATH = contract_definitions.PATH
structure = contract_definitions.structure
version = contract_definitions.version
REST = (
    '"Deprecated":false,"DeprecationWarning":null,"Schema":null,"Subresources":null,"AdditionalPrinterColumns":null,'
    '"SelectableFields":null'
)
"""How Go prints the rest of a version that says no more than its name."""


def printed(*stored):
    """Return how a cause shows versions, given for each whether it is stored."""
    shown = [f'{{"Name":"v1","Served":true,"Storage":{is_stored},{REST}}}' for is_stored in stored]
    return f"spec.versions: Invalid value: [{','.join(shown)}]"


REFUSED = [
    ("scope", {"scope": "Foo"}, ['spec.scope: Unsupported value: "Foo": supported values: "Cluster", "Namespaced"']),
    (
        "two of one version",
        {"versions": [version(), version()]},
        [
            f"{printed('true', 'true')}: must contain unique version names",
            f"{printed('true', 'true')}: must have exactly one version marked as storage version",
            'status.storedVersions: Invalid value: ["v1"]: must have the storage version v1',
        ],
    ),
    (
        "no storage version",
        {"versions": [version(storage=False)]},
        [
            f"{printed('false')}: must have exactly one version marked as storage version",
            "status.storedVersions: Invalid value: null: must have at least one stored version",
        ],
    ),
    (
        "no schema",
        {"versions": [{"name": "v1", "served": True, "storage": True}]},
        ["spec.versions[0].schema.openAPIV3Schema: Required value"],
    ),
    (
        "no type at the root",
        {"versions": [version({"properties": {"spec": {"type": "object"}}})]},
        ["@.type: Required value: must not be empty at the root"],
    ),
    (
        "no type",
        {"versions": [version(structure(spec={"properties": {"a": {"type": "string"}}}))]},
        ["@.properties[spec].type: Required value: must not be empty for specified object fields"],
    ),
    (
        "unknown type",
        {"versions": [version(structure(spec={"type": "foo"}))]},
        [
            (
                '@.properties[spec].type: Unsupported value: "foo": supported values: "array", "boolean", "integer", '
                '"number", "object", "string"'
            )
        ],
    ),
    (
        "list of nothing",
        {"versions": [version(structure(spec={"type": "array"}))]},
        ["@.properties[spec].items: Required value: must be specified"],
    ),
    (
        "wrong default",
        {"versions": [version(structure(spec={"type": "string", "default": 1}))]},
        ['@.properties[spec].default: Invalid value: "integer":  in body must be of type string: "integer"'],
    ),
    (
        "broken pattern",
        {"versions": [version(structure(spec={"type": "string", "pattern": "("}))]},
        [
            (
                '@.properties[spec].pattern: Invalid value: "(": must be a valid regular expression, but isn\'t: '
                "error parsing regexp: missing closing ): `(`"
            )
        ],
    ),
    (
        "map without keys",
        {"versions": [version(structure(spec={"type": "array", "items": {"type": "object"}, "x-kubernetes-list-type": "map"}))]},
        [("@.properties[spec].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map")],
    ),
    (
        "rule without text",
        {"versions": [version(structure(spec={"type": "string", "x-kubernetes-validations": [{"rule": ""}]}))]},
        ["@.properties[spec].x-kubernetes-validations[0].rule: Required value: rule is not specified"],
    ),
    (
        "rule of no bool",
        {"versions": [version(structure(spec={"type": "string", "x-kubernetes-validations": [{"rule": "size(self)"}]}))]},
        [
            (
                '@.properties[spec].x-kubernetes-validations[0].rule: Invalid value: {"Rule":"size(self)","Message":"",'
                '"MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}: '
                "cel expression must evaluate to a bool"
            )
        ],
    ),
    (
        "names",
        {"names": {"plural": "widgets"}},
        ["spec.names.singular: Required value", "spec.names.kind: Required value", "spec.names.listKind: Required value"],
    ),
    (
        "column",
        {"versions": [version(additionalPrinterColumns=[{"name": "a", "type": "foo", "jsonPath": "x"}])]},
        [
            ('spec.additionalPrinterColumns[0].type: Invalid value: "foo": must be one of boolean,date,integer,number,string'),
            ('spec.additionalPrinterColumns[0].JSONPath: Invalid value: "x": must be a simple json path starting with .'),
        ],
    ),
    (
        "scale",
        {"versions": [version(subresources={"scale": {}})]},
        [
            "spec.subresources.scale.specReplicasPath: Required value",
            "spec.subresources.scale.statusReplicasPath: Required value",
        ],
    ),
    (
        "properties of both kinds",
        {"versions": [version(structure(spec={**structure(a={"type": "string"}), "additionalProperties": {"type": "string"}}))]},
        [("@.properties[spec].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive")],
    ),
    (
        "preserved by default",
        {"preserveUnknownFields": True},
        [
            (
                "spec.preserveUnknownFields: Invalid value: true: cannot set to true, set "
                "x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
            )
        ],
    ),
    (
        "reference",
        {"versions": [version(structure(spec={"type": "object", "$ref": "x"}))]},
        ["@.properties[spec].$ref: Forbidden: $ref is not supported"],
    ),
]
"""Name of the case, part of the definition's spec, causes; ``@`` is the path of the only schema."""


@pytest.mark.parametrize(("spec", "causes"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_definition_is_checked(server, spec, causes):
    """A definition that breaks a rule is 422 with the causes."""
    body = contract_definitions.definition("g.example.com", **spec)
    answer = server.send("POST", PATH, body, dryRun="All")
    assert answer.status == 422
    assert answer.findings == [cause.replace("@", "spec.validation.openAPIV3Schema", 1) for cause in causes]


def test_the_name_says_plural_and_group(server):
    """Another name is refused."""
    body = contract_definitions.definition("g.example.com")
    body["metadata"]["name"] = "wrong"
    answer = server.send("POST", PATH, body)
    text = 'metadata.name: Invalid value: "wrong": must be spec.names.plural+"."+spec.group'
    assert answer.refusal[2] == f'CustomResourceDefinition.apiextensions.k8s.io "wrong" is invalid: {text}'


def test_a_rule_that_does_not_compile_is_shown(server):
    """The cause holds the rule and what the compiler says."""
    spec = {"type": "object", "x-kubernetes-validations": [{"rule": "self.x > 1"}]}
    body = contract_definitions.definition("g.example.com", version(structure(spec=spec)))
    [cause] = server.send("POST", PATH, body).findings
    where = "spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule"
    assert cause.startswith(f'{where}: Invalid value: {{"Rule":"self.x \\u003e 1",')
    assert "compilation failed: ERROR: <input>:1:5: undefined field 'x'" in cause


@pytest.fixture
def defined(space):
    """A definition in force: its path, group and the space."""
    group = contract_definitions.group()
    body = contract_definitions.definition(group, version(structure(spec=structure(size={"type": "integer"}))))
    made = space.post(PATH, body)
    assert made.status == 201, made
    path = f"{PATH}/{body['metadata']['name']}"
    space.until(path, contract_definitions.is_established)
    space.until(f"{group}/v1/widgets", lambda answer: answer.status == 200)
    return space, path, contract_definitions.Widgets(space, group), made.body


def conditions(answer):
    """Return type, status, reason and message of each condition."""
    return [(c["type"], c["status"], c["reason"], c["message"]) for c in answer.body["status"]["conditions"]]


ACCEPTED = [
    ("NamesAccepted", "True", "NoConflicts", "no conflicts found"),
    ("Established", "True", "InitialNamesAccepted", "the initial names have been accepted"),
]


def test_a_definition_comes_into_force(defined):
    """Names are completed and accepted, the storage version is noted, the kind is served."""
    space, path, widgets, made = defined
    names = {"kind": "Widget", "listKind": "WidgetList", "plural": "widgets", "singular": "widget"}
    assert made["spec"]["names"] == names
    assert (made["spec"]["conversion"], made["metadata"]["generation"]) == ({"strategy": "None"}, 1)
    found = space.get(path)
    assert conditions(found) == ACCEPTED
    assert (found.body["status"]["acceptedNames"], found.body["status"]["storedVersions"]) == (names, ["v1"])
    [entry] = space.get(f"/apis/{widgets.group}/v1").body["resources"]
    assert (entry["name"], entry["kind"], entry["namespaced"]) == ("widgets", "Widget", True)


def test_the_server_owns_the_status(defined):
    """Who creates a definition owns its spec; names and conditions are the server's."""
    space, path, _, _ = defined
    found = dict(contract_shapes.owners(space.get(path).body))
    assert [name.partition(".")[0] for name in found["contract Update"]] == ["spec"] * len(found["contract Update"])
    assert "status.acceptedNames.kind" in found["kube-apiserver Update status"]


def test_a_changed_schema_takes_effect(defined):
    """A new default shows in old objects when they are read."""
    space, path, widgets, _ = defined
    widgets.create()
    body = space.get(path).body
    fields = body["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    fields["new"] = {"type": "string", "default": "n"}
    changed = space.put(path, body)
    assert (changed.status, changed.body["metadata"]["generation"]) == (200, 2)
    space.until(f"{widgets.path}/w", lambda answer: answer.body["spec"] == {"new": "n", "size": 1})


def test_scope_does_not_change(defined):
    """A definition in force keeps its scope."""
    space, path, _, _ = defined
    answer = space.patch(path, {"spec": {"scope": "Cluster"}})
    assert answer.findings == ['spec.scope: Invalid value: "Cluster": field is immutable']


def test_a_stored_version_stays(defined):
    """A version that objects may be stored in cannot be removed."""
    space, path, _, _ = defined
    body = space.get(path).body
    body["spec"]["versions"] = [version(name="v2")]
    [cause] = space.put(path, body).findings
    assert cause.startswith('status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously')


def test_without_a_status_subresource_the_status_is_content(defined):
    """Status is not dropped where it is no subresource, and its path is not there; the schema prunes it here."""
    space, _, widgets, _ = defined
    widgets.create()
    assert space.patch(f"{widgets.path}/w/status", {"status": {}}).status == 404
    assert space.get(f"{widgets.path}/w/scale").status == 404


def test_a_deleted_definition_takes_its_objects_along(defined):
    """Objects are deleted first; one that is held keeps the definition Terminating, and no new one is taken."""
    space, path, widgets, _ = defined
    widgets.create("a")
    widgets.create("held")
    space.patch(f"{widgets.path}/held", {"metadata": {"finalizers": ["e.x/f"]}})
    answer = space.delete(path)
    assert answer.status == 200
    assert answer.body["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    space.until(widgets.path, lambda answer: answer.names == ["held"])
    assert "deletionTimestamp" in space.get(f"{widgets.path}/held").body["metadata"]
    assert conditions(space.get(path))[2][:2] == ("Terminating", "True")
    late = space.post(widgets.path, widgets.body("late", size=1))
    message = f'widgets.{widgets.group} "late" is forbidden: create not allowed while custom resource definition is terminating'
    assert late.refusal == (403, "Forbidden", message)
    space.patch(f"{widgets.path}/held", {"metadata": {"finalizers": None}})
    space.until(path, lambda answer: answer.status == 404)
    space.until(widgets.path, lambda answer: answer.status == 404)
    assert space.get(f"/apis/{widgets.group}").status == 404


def test_a_cluster_scoped_kind_has_no_namespace(space):
    """Objects of scope Cluster live at the root."""
    group = contract_definitions.group()
    body = contract_definitions.definition(group, scope="Cluster")
    assert space.post(PATH, body).status == 201
    path = f"/apis/{group}/v1/widgets"
    space.until(path, lambda answer: answer.status == 200)
    made = space.post(path, contract_definitions.Widgets(space, group).body())
    assert contract_shapes.plain(made.body)["metadata"] == {"generation": 1, "name": "w"}
    assert "namespace" not in made.body["metadata"]
    assert space.get(f"{group}/v1/widgets").status == 404
