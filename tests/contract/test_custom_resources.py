"""Contract: custom resources: schema, pruning, defaults, CEL rules, status, scale, columns, versions and apply."""

import pytest

from tests.support import contract_server, contract_shapes

UNCHECKED = (
    "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation"
)
SPEC = {"color": "red", "nested": {"on": True}, "size": 1}


class TestSchema:
    """What fits and what does not."""

    @pytest.mark.parametrize(
        ("spec", "more"),
        [
            ({}, {}),
            ({"parts": [{"name": "a", "count": None}]}, {"parts": [{"count": 1, "name": "a"}]}),
            ({"port": "x"}, {"port": "x"}),
            ({"port": 7}, {"port": 7}),
            ({"free": {"a": {"b": 1}}}, {"free": {"a": {"b": 1}}}),
            ({"maybe": None, "word": None}, {"maybe": None}),
            ({"ratio": 1.5}, {"ratio": 1.5}),
            ({"when": "2026-01-02T03:04:05Z"}, {"when": "2026-01-02T03:04:05Z"}),
            ({"nested": {"on": False}}, {"nested": {"on": False}}),
            ({"color": None}, {}),
        ],
        ids=["small", "element", "text", "number", "free", "null", "ratio", "time", "nested", "null default"],
    )
    def test_what_fits_is_defaulted(self, widgets, spec, more):
        """Defaults come in, also in elements and for null; null of a nullable field stays, other nulls go."""
        answer = widgets.dry(size=1, **spec)
        assert (answer.status, answer.body["spec"]) == (201, {**SPEC, **more})

    @pytest.mark.parametrize(
        ("spec", "causes"),
        [
            ({"size": 0}, ["spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1"]),
            ({"size": 6}, ["spec.size: Invalid value: 6: spec.size in body should be less than or equal to 5"]),
            ({"word": "a"}, ['spec.word: Invalid value: "a": spec.word in body should be at least 2 chars long']),
            ({"word": "A1"}, ["spec.word: Invalid value: \"A1\": spec.word in body should match '^[a-z]+$'"]),
            ({"tags": ["a", "a"]}, ['spec.tags[1]: Duplicate value: "a"']),
            ({"parts": [{"name": "a"}, {"name": "a"}]}, ['spec.parts[1]: Duplicate value: {"name":"a"}']),
            ({"ratio": 0.3}, ["spec.ratio: Invalid value: 0.3: spec.ratio in body should be a multiple of 0.5"]),
        ],
        ids=["minimum", "maximum", "short", "pattern", "set", "map", "multiple"],
    )
    def test_a_value_that_breaks_a_bound_is_refused(self, widgets, spec, causes):
        """Bounds, patterns and duplicates; CEL rules are checked all the same."""
        answer = widgets.dry(**{"size": 1, **spec})
        assert (answer.status, answer.findings) == (422, causes)

    @pytest.mark.parametrize(
        ("spec", "causes"),
        [
            ({"size": None}, ["spec.size: Required value"]),
            ({"size": "x"}, ['spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"']),
            ({"word": "abcde"}, ["spec.word: Too long: may not be more than 4 bytes"]),
            ({"color": "green"}, ['spec.color: Unsupported value: "green": supported values: "red", "blue"']),
            ({"tags": ["a", "b", "c"]}, ["spec.tags: Too many: 3: must have at most 2 items"]),
            ({"parts": [{}]}, ["spec.parts[0].name: Required value"]),
            (
                {"port": True},
                ['spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"'],
            ),
            ({"when": "x"}, ['spec.when: Invalid value: "x": spec.when in body must be of type date-time: "x"']),
            ({"map": {"a": "x"}}, ['spec.map.a: Invalid value: "string": spec.map.a in body must be of type integer: "string"']),
            ({"map": {"a": 1, "b": 2, "c": 3}}, ["spec.map: Too many: 3: must have at most 2 items"]),
        ],
        ids=["required", "type", "long", "enum", "items", "element", "int or string", "format", "values", "properties"],
    )
    def test_a_value_that_cannot_be_judged_is_refused(self, widgets, spec, causes):
        """Types, lengths and enums; then CEL rules are not checked, and the answer says so."""
        answer = widgets.dry(**{"size": 1, **spec})
        assert (answer.status, answer.findings) == (422, [*causes, UNCHECKED])

    def test_all_faults_are_told(self, widgets):
        """Several faults come in one answer, in any order."""
        answer = widgets.dry(size=0, word="A", color="x")
        assert sorted(answer.findings) == [
            UNCHECKED,
            'spec.color: Unsupported value: "x": supported values: "red", "blue"',
            "spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1",
            'spec.word: Invalid value: "A": spec.word in body should be at least 2 chars long',
        ]

    def test_the_kind_must_be_right(self, widgets):
        """Another kind in the body is 422."""
        answer = widgets.space.post(widgets.path, {**widgets.body(size=1), "kind": "Foo"})
        text = 'kind: Invalid value: "Foo": must be Widget'
        assert answer.refusal == (422, "Invalid", f'Foo.{widgets.group} "w" is invalid: {text}')

    def test_the_kind_must_be_there(self, widgets):
        """A custom resource cannot be read without its kind."""
        answer = widgets.space.post(widgets.path, {"metadata": {"name": "x"}, "spec": {"size": 1}})
        assert answer.refusal[:2] == (400, "BadRequest")
        start = "the object provided is unrecognized (must be of type Widget): Object 'Kind' is missing in "
        assert answer.refusal[2].startswith(start)


class TestUnknownFields:
    """Pruning and field validation."""

    def test_unknown_fields_are_pruned_with_a_warning(self, widgets):
        """What the schema does not know is dropped, and each field named."""
        answer = widgets.dry(size=1, bogus=1, nested={"x": 1})
        assert (answer.status, answer.body["spec"]) == (201, SPEC)
        assert answer.warnings == (r'299 - "unknown field \"spec.bogus\""', r'299 - "unknown field \"spec.nested.x\""')

    def test_strict_refuses_them(self, widgets):
        """With Strict the fields are 400, at the root too."""
        answer = widgets.space.post(
            widgets.path, {**widgets.body(size=1, bogus=1, nested={"x": 1}), "extra": 1}, fieldValidation="Strict"
        )
        start = 'Widget in version "v1" cannot be handled as a Widget: strict decoding error: '
        fields = 'unknown field "extra", unknown field "spec.bogus", unknown field "spec.nested.x"'
        assert answer.refusal == (400, "BadRequest", start + fields)


class TestRules:
    """CEL."""

    def test_a_rule_refuses_with_its_message(self, widgets):
        """A rule of the spec is reported at the spec, with its message."""
        answer = widgets.dry(size=1, word="bad")
        assert answer.refusal[2] == f'Widget.{widgets.group} "w" is invalid: spec: Invalid value: word is bad'
        assert answer.causes == [("FieldValueInvalid", "spec", "Invalid value: word is bad")]

    def test_a_message_can_be_computed(self, widgets):
        """A message expression and a reason."""
        assert widgets.dry(size=4).causes == [("FieldValueForbidden", "spec.size", "Forbidden: four is unlucky")]

    def test_a_rule_can_name_a_field(self, widgets):
        """A field path places the cause."""
        assert widgets.dry(size=1, replicas=11).causes == [("FieldValueForbidden", "spec.replicas", "Forbidden: too many")]

    def test_a_transition_rule_compares_with_before(self, widgets):
        """Growing is allowed, shrinking is refused."""
        widgets.create()
        path = f"{widgets.path}/w"
        assert widgets.space.patch(path, {"spec": {"size": 3}}).status == 200
        answer = widgets.space.patch(path, {"spec": {"size": 2}})
        assert answer.findings == ["spec: Invalid value: size may not shrink"]

    def test_what_was_wrong_before_may_stay(self, widgets):
        """A value that is refused today and did not change does not block other changes."""
        old = f"{widgets.group}/v1beta1/widgets"
        body = {"apiVersion": f"{widgets.group}/v1beta1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": 99}}
        assert widgets.space.post(old, body).status == 201
        answer = widgets.space.patch(f"{widgets.path}/w", {"spec": {"color": "blue"}})
        assert (answer.status, answer.body["spec"]["color"], answer.body["spec"]["size"]) == (200, "blue", 99)


class TestSubresources:
    """Status and scale."""

    def test_a_creation_drops_the_status(self, widgets):
        """Status of a creating body is ignored, generation is 1."""
        body = {**widgets.body(size=1), "status": {"phase": "x"}}
        made = widgets.space.post(widgets.path, body).body
        assert ("status" in made, made["metadata"]["generation"]) == (False, 1)

    def test_the_status_is_written_apart(self, widgets):
        """A write of the status changes status only, and no generation; unknown fields are named."""
        widgets.create()
        patch = {"status": {"phase": "y", "bogus": 1}, "spec": {"size": 5}}
        answer = widgets.space.patch(f"{widgets.path}/w/status", patch)
        assert contract_shapes.plain(answer.body) == {
            "apiVersion": f"{widgets.group}/v1",
            "kind": "Widget",
            "metadata": {"generation": 1, "name": "w"},
            "spec": SPEC,
            "status": {"phase": "y"},
        }
        assert answer.warnings == (r'299 - "unknown field \"status.bogus\""',)
        assert contract_shapes.owners(answer.body) == [
            ("contract Update", ["spec", "spec.color", "spec.nested", "spec.nested.on", "spec.size"]),
            ("contract Update status", ["status", "status.phase"]),
        ]

    def test_a_write_of_the_object_keeps_the_status(self, widgets):
        """A PUT without status does not remove it."""
        made = widgets.create()
        widgets.space.patch(f"{widgets.path}/w/status", {"status": {"phase": "y"}})
        current = {"metadata": {"name": "w", "resourceVersion": widgets.space.get(f"{widgets.path}/w").version}}
        answer = widgets.space.put(f"{widgets.path}/w", {**widgets.body(size=2), **current, "status": {"phase": "z"}})
        assert (answer.status, answer.body["status"]) == (200, {"phase": "y"})
        assert answer.body["metadata"]["generation"] == made.body["metadata"]["generation"] + 1

    def test_a_replacement_needs_a_version(self, widgets):
        """PUT of a custom resource without resourceVersion is 422."""
        widgets.create()
        answer = widgets.space.put(f"{widgets.path}/w", widgets.body(size=2))
        text = "metadata.resourceVersion: Invalid value: 0: must be specified for an update"
        assert (answer.status, answer.findings) == (422, [text])

    def test_the_status_is_validated(self, widgets):
        """The schema holds for the status too."""
        widgets.create()
        answer = widgets.space.patch(f"{widgets.path}/w/status", {"status": {"phase": 1}})
        text = 'status.phase: Invalid value: "integer": phase in body must be of type string: "integer"'
        assert answer.findings == [text, UNCHECKED]

    def test_the_scale_shows_paths_of_the_definition(self, widgets):
        """Replicas and selector come from where the definition says."""
        widgets.create(replicas=2)
        widgets.space.patch(f"{widgets.path}/w/status", {"status": {"replicas": 1, "selector": "app=w"}})
        assert contract_shapes.plain(widgets.space.get(f"{widgets.path}/w/scale").body) == {
            "apiVersion": "autoscaling/v1",
            "kind": "Scale",
            "metadata": {"name": "w"},
            "spec": {"replicas": 2},
            "status": {"replicas": 1, "selector": "app=w"},
        }

    def test_scaling_writes_the_replicas(self, widgets):
        """A write of the scale changes the object, counts a generation, and owns the field."""
        widgets.create(replicas=2)
        answer = widgets.space.patch(f"{widgets.path}/w/scale", {"spec": {"replicas": 4}})
        assert answer.body["spec"] == {"replicas": 4}
        found = widgets.space.get(f"{widgets.path}/w").body
        assert (found["spec"]["replicas"], found["metadata"]["generation"]) == (4, 2)
        assert ("contract Update scale", ["spec.replicas"]) in contract_shapes.owners(found)


class TestReading:
    """Tables, selectors and versions."""

    def test_columns_are_the_definitions(self, widgets):
        """Name comes first, then the columns with their types and priorities."""
        widgets.create()
        table = widgets.space.get(widgets.path, accept=contract_server.TABLE).body
        columns = [
            (column["name"], column["type"], column["format"], column["priority"]) for column in table["columnDefinitions"]
        ]
        assert columns == [
            ("Name", "string", "name", 0),
            ("Size", "integer", "", 0),
            ("Age", "date", "", 0),
            ("Color", "string", "", 1),
        ]
        description = "Custom resource definition column (in JSONPath format): .spec.size"
        assert table["columnDefinitions"][1]["description"] == description
        [row] = table["rows"]
        assert (row["cells"][:2], row["cells"][3], row["object"]["kind"]) == (["w", 1], "red", "PartialObjectMetadata")

    def test_selectable_fields_select(self, widgets):
        """The definition names fields that a selector may use; others are refused."""
        widgets.create("a")
        widgets.create("b", color="blue")
        assert widgets.space.get(widgets.path, fieldSelector="spec.color=blue").names == ["b"]
        refused = widgets.space.get(widgets.path, fieldSelector="spec.size=1")
        assert refused.refusal == (400, "BadRequest", "field label not supported: spec.size")

    def test_versions_show_one_object(self, widgets):
        """A second served version shows the same object under its own name."""
        made = widgets.create().body
        found = widgets.space.get(f"{widgets.group}/v1beta1/widgets/w").body
        assert found["apiVersion"] == f"{widgets.group}/v1beta1"
        assert (found["metadata"]["uid"], found["spec"]) == (made["metadata"]["uid"], made["spec"])

    def test_the_stored_version_decides_what_stays(self, widgets):
        """What another version takes and the stored one does not know is pruned, and the stored one's defaults come in."""
        path = f"{widgets.group}/v1beta1/widgets"
        body = {"apiVersion": f"{widgets.group}/v1beta1", "kind": "Widget", "metadata": {"name": "w"}}
        answer = widgets.space.post(path, {**body, "spec": {"size": 99, "anything": 1}})
        assert (answer.status, answer.body["spec"]) == (201, {**SPEC, "size": 99})
        assert widgets.space.get(f"{path}/w").body["spec"] == {**SPEC, "size": 99}
        assert widgets.space.get(f"{widgets.path}/w").body["spec"] == {**SPEC, "size": 99}

    def test_a_version_that_is_not_served_is_not_there(self, widgets):
        """Neither its path nor discovery know it."""
        assert widgets.space.get(f"{widgets.group}/v1alpha1/widgets").status == 404
        found = widgets.space.server.send("GET", f"/apis/{widgets.group}").body
        assert [version["version"] for version in found["versions"]] == ["v1", "v1beta1"]


class TestApply:
    """Server-side apply by the definition's schema."""

    def test_sets_maps_and_lists_by_key_merge(self, widgets):
        """Members of two managers live together; defaults have no owner."""
        path = f"{widgets.path}/w"
        widgets.space.apply(path, widgets.body(size=1, tags=["a"], parts=[{"name": "x"}], map={"a": 1}))
        answer = widgets.space.apply(path, widgets.body(tags=["b"], parts=[{"name": "y", "count": 2}], map={"b": 1}), "two")
        assert answer.body["spec"] == {
            **SPEC,
            "map": {"a": 1, "b": 1},
            "parts": [{"count": 1, "name": "x"}, {"count": 2, "name": "y"}],
            "tags": ["a", "b"],
        }
        element = "spec.parts[name=y]"
        assert contract_shapes.owners(answer.body) == [
            ("tester Apply", ["spec.map.a", "spec.parts[name=x]", "spec.parts[name=x].name", "spec.size", 'spec.tags["a"]']),
            ("two Apply", ["spec.map.b", element, f"{element}.count", f"{element}.name", 'spec.tags["b"]']),
        ]

    @pytest.mark.parametrize(
        ("spec", "text"),
        [
            ({"size": "x"}, ".spec.size: expected numeric (int or float), got string"),
            ({"bogus": 1}, ".spec.bogus: field not declared in schema"),
        ],
        ids=["type", "unknown"],
    )
    def test_what_does_not_fit_is_refused(self, widgets, spec, text):
        """A configuration that does not fit the schema is 500 with the path."""
        answer = widgets.space.apply(f"{widgets.path}/w", widgets.body(**spec))
        start = f"failed to create typed patch object (/w; {widgets.group}/v1, Kind=Widget): "
        assert answer.refusal == (500, None, start + text)

    def test_conflicts_name_the_field(self, widgets):
        """Another manager's field is a conflict."""
        path = f"{widgets.path}/w"
        widgets.space.apply(path, widgets.body(size=1))
        answer = widgets.space.apply(path, widgets.body(size=2), "two")
        assert answer.refusal[2] == 'Apply failed with 1 conflict: conflict with "tester": .spec.size'
