"""Contract: server-side apply of ConfigMaps: who owns what, conflicts, force, removal, and requests that are refused."""

import pytest

from tests.support import contract_objects, contract_server, contract_shapes

owners = contract_shapes.owners


def config_map(name="a", **data):
    """Return a ConfigMap to apply."""
    return contract_objects.config_map(name, **data)


class TestOwnership:
    """What managedFields say after applies and updates."""

    def test_an_apply_creates_with_201(self, space):
        """What is applied and does not exist is created, and owned."""
        answer = space.apply("configmaps/a", config_map(x="1"))
        assert (answer.status, answer.body["data"]) == (201, {"x": "1"})
        assert contract_shapes.owners(answer.body) == [("tester Apply", ["data.x"])]

    def test_an_entry_is_whole(self, space):
        """An entry names manager, operation, version, time and the form of its fields."""
        answer = space.apply("configmaps/a", config_map(x="1"))
        [entry] = answer.body["metadata"]["managedFields"]
        assert entry.pop("time") == answer.body["metadata"]["creationTimestamp"]
        assert entry == {
            "manager": "tester",
            "operation": "Apply",
            "apiVersion": "v1",
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:data": {"f:x": {}}},
        }

    def test_the_same_apply_writes_nothing(self, space):
        """A second apply of the same configuration keeps the version and the time."""
        made = space.apply("configmaps/a", config_map(x="1"))
        again = space.apply("configmaps/a", config_map(x="1"))
        assert (again.status, again.body) == (200, made.body)

    def test_equal_values_are_owned_together(self, space):
        """A second manager that applies the same value becomes an owner too."""
        space.apply("configmaps/a", config_map(x="1"))
        answer = space.apply("configmaps/a", config_map(x="1", y="2"), "two")
        assert answer.status == 200
        assert owners(answer.body) == [("tester Apply", ["data.x"]), ("two Apply", ["data.x", "data.y"])]

    def test_a_field_that_is_not_applied_any_more_goes(self, space):
        """What only this manager owned is removed from the object."""
        space.apply("configmaps/a", config_map(x="1", y="2"))
        answer = space.apply("configmaps/a", config_map(y="2"))
        assert answer.body["data"] == {"y": "2"}
        assert owners(answer.body) == [("tester Apply", ["data.y"])]

    def test_a_field_that_another_owns_stays(self, space):
        """What a second manager owns too is only given up."""
        space.apply("configmaps/a", config_map(x="1", y="2"))
        space.apply("configmaps/a", config_map(x="1"), "two")
        answer = space.apply("configmaps/a", config_map(y="2"))
        assert answer.body["data"] == {"x": "1", "y": "2"}
        assert owners(answer.body) == [("tester Apply", ["data.y"]), ("two Apply", ["data.x"])]

    def test_a_manager_that_owns_nothing_has_no_entry(self, space):
        """An empty configuration removes the manager's entry."""
        space.apply("configmaps/a", config_map(x="1"))
        space.apply("configmaps/a", config_map(y="1"), "two")
        answer = space.apply("configmaps/a", config_map())
        assert answer.body["data"] == {"y": "1"}
        assert owners(answer.body) == [("two Apply", ["data.y"])]

    def test_an_update_takes_what_it_changes(self, space):
        """A patch of a value takes the field from the manager that applied it."""
        space.apply("configmaps/a", config_map(x="1", y="1"))
        answer = space.patch("configmaps/a", {"data": {"x": "2"}}, fieldManager="editor")
        assert owners(answer.body) == [("tester Apply", ["data.y"]), ("editor Update", ["data.x"])]

    def test_an_update_takes_nothing_that_it_leaves(self, space):
        """A PUT of the whole object owns only what differs."""
        made = space.apply("configmaps/a", config_map(x="1", y="1")).body
        answer = space.put("configmaps/a", {**made, "data": {"x": "1", "y": "2"}}, fieldManager="editor")
        assert owners(answer.body) == [("tester Apply", ["data.x"]), ("editor Update", ["data.y"])]

    def test_a_field_that_an_update_removes_has_no_owner(self, space):
        """Removing a field removes it from all entries."""
        space.apply("configmaps/a", config_map(x="1", y="1"))
        answer = space.patch("configmaps/a", {"data": {"x": None}}, fieldManager="editor")
        assert owners(answer.body) == [("tester Apply", ["data.y"])]

    def test_the_agent_names_the_manager(self, space):
        """Without a field manager the part of the user agent before the slash counts."""
        answer = space.post("configmaps", config_map(x="1"), agent="tool/v1.2 (linux)")
        assert owners(answer.body) == [("tool Update", ["data", "data.x"])]

    def test_labels_annotations_and_owners_are_owned(self, space):
        """Metadata that users write is tracked key by key."""
        body = config_map()
        body["metadata"] |= {"labels": {"l": "1"}, "annotations": {"a.b/c": "2"}, "finalizers": ["e.x/f"]}
        body["metadata"]["ownerReferences"] = [{"apiVersion": "v1", "kind": "Node", "name": "n", "uid": "u-1"}]
        answer = space.apply("configmaps/a", body)
        paths = [
            "metadata.annotations.a.b/c",
            'metadata.finalizers["e.x/f"]',
            "metadata.labels.l",
            "metadata.ownerReferences[uid=u-1]",
        ]
        assert owners(answer.body) == [("tester Apply", paths)]
        space.patch("configmaps/a", {"metadata": {"finalizers": None}})

    @pytest.mark.parametrize("entries", [[{}], []], ids=["one empty entry", "no entry"])
    def test_clients_can_clear_managed_fields(self, space, entries):
        """A list with one empty entry clears them; an empty list does too."""
        space.apply("configmaps/a", config_map(x="1"))
        answer = space.patch("configmaps/a", {"metadata": {"managedFields": entries}})
        assert answer.status == 200
        assert "managedFields" not in answer.body["metadata"]
        assert "managedFields" not in space.get("configmaps/a").body["metadata"]

    def test_leaving_managed_fields_out_keeps_them(self, space):
        """Null in a patch, and a PUT that does not have them, change nothing."""
        made = space.apply("configmaps/a", config_map(x="1"))
        assert space.patch("configmaps/a", {"metadata": {"managedFields": None}}).body == made.body
        answer = space.put("configmaps/a", config_map(x="1"))
        assert owners(answer.body) == [("tester Apply", ["data.x"])]

    def test_the_first_apply_to_an_untracked_object_finds_its_fields_owned(self, space):
        """Fields of an object without managedFields belong to ``before-first-apply``."""
        space.config_map("a", {"x": "1"})
        space.patch("configmaps/a", {"metadata": {"managedFields": [{}]}})
        refused = space.apply("configmaps/a", config_map(x="2"))
        cause = ("FieldManagerConflict", ".data.x", 'conflict with "before-first-apply" using v1')
        assert (refused.status, refused.causes) == (409, [cause])
        answer = space.apply("configmaps/a", config_map(x="1", y="1"))
        assert owners(answer.body) == [
            ("tester Apply", ["data.x", "data.y"]),
            ("before-first-apply Update", ["data", "data.x"]),
        ]


class TestConflicts:
    """An apply that changes what another manager owns."""

    def test_a_conflict_names_manager_and_field(self, space):
        """One conflict is 409 with the manager and the path."""
        space.apply("configmaps/a", config_map(x="1"))
        answer = space.apply("configmaps/a", config_map(x="2"), "two")
        assert answer.refusal == (409, "Conflict", 'Apply failed with 1 conflict: conflict with "tester": .data.x')
        assert answer.causes == [("FieldManagerConflict", ".data.x", 'conflict with "tester"')]
        assert space.get("configmaps/a").body["data"] == {"x": "1"}

    def test_several_conflicts_are_grouped_by_manager(self, space):
        """Each manager gets its list of paths."""
        space.apply("configmaps/a", config_map(x="1"))
        space.apply("configmaps/a", config_map(x="1", y="2"), "two")
        answer = space.apply("configmaps/a", config_map(x="3", y="4"), "three")
        message = (
            'Apply failed with 3 conflicts: conflicts with "tester":\n- .data.x\nconflicts with "two":\n- .data.x\n- .data.y'
        )
        assert answer.refusal == (409, "Conflict", message)
        assert answer.causes == [
            ("FieldManagerConflict", ".data.x", 'conflict with "tester"'),
            ("FieldManagerConflict", ".data.x", 'conflict with "two"'),
            ("FieldManagerConflict", ".data.y", 'conflict with "two"'),
        ]

    def test_a_conflict_with_an_update_names_its_version(self, space):
        """A manager that updated is named with the version that it used."""
        space.config_map("a", {"x": "1"})
        answer = space.apply("configmaps/a", config_map(x="2"))
        message = 'Apply failed with 1 conflict: conflict with "contract" using v1: .data.x'
        assert answer.refusal == (409, "Conflict", message)

    def test_a_manager_conflicts_with_its_own_updates(self, space):
        """Updates and applies of one name are two managers."""
        space.patch("configmaps/a", {}, fieldManager="tester")
        space.post("configmaps", config_map(x="1"), fieldManager="tester")
        answer = space.apply("configmaps/a", config_map(x="2"))
        message = 'Apply failed with 1 conflict: conflict with "tester" using v1: .data.x'
        assert answer.refusal == (409, "Conflict", message)

    def test_force_takes_the_field(self, space):
        """With force the value changes and the other manager loses the field."""
        space.apply("configmaps/a", config_map(x="1", y="1"))
        answer = space.apply("configmaps/a", config_map(x="2"), "two", force="true")
        assert (answer.status, answer.body["data"]) == (200, {"x": "2", "y": "1"})
        assert owners(answer.body) == [("tester Apply", ["data.y"]), ("two Apply", ["data.x"])]

    def test_an_equal_value_is_no_conflict(self, space):
        """Who applies the value that is there shares it without force."""
        space.config_map("a", {"x": "1"})
        answer = space.apply("configmaps/a", config_map(x="1"))
        assert owners(answer.body) == [("tester Apply", ["data.x"]), ("contract Update", ["data", "data.x"])]

    def test_a_removed_field_can_be_applied_by_anyone(self, space):
        """A field that nobody owns any more does not conflict."""
        space.apply("configmaps/a", config_map(x="1"))
        space.apply("configmaps/a", config_map())
        assert space.apply("configmaps/a", config_map(x="2"), "two").body["data"] == {"x": "2"}


class TestRequests:
    """What an apply must say, and may not say."""

    def test_a_manager_is_required(self, space):
        """Apply without fieldManager is 422."""
        answer = space.patch("configmaps/a", config_map(), contract_server.APPLY)
        text = "Required value: is required for apply patch"
        assert answer.refusal == (422, "Invalid", f'PatchOptions.meta.k8s.io "" is invalid: fieldManager: {text}')
        assert answer.causes == [("FieldValueRequired", "fieldManager", text)]

    def test_a_manager_has_a_longest_length(self, space):
        """128 bytes are allowed."""
        assert space.apply("configmaps/a", config_map(), "x" * 128).status == 201
        answer = space.apply("configmaps/a", config_map(), "x" * 129)
        assert answer.causes == [("FieldValueTooLong", "fieldManager", "Too long: may not be more than 128 bytes")]

    def test_force_is_for_applies(self, space):
        """Other patches may not force."""
        space.config_map("a")
        answer = space.patch("configmaps/a", {}, force="true")
        text = "Forbidden: may not be specified for non-apply patch"
        assert answer.refusal == (422, "Invalid", f'PatchOptions.meta.k8s.io "" is invalid: force: {text}')

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ({"metadata": {"name": "a"}}, "invalid object type: /, Kind="),
            ({**config_map(), "kind": "Secret"}, "invalid object type: /v1, Kind=Secret"),
            ({**config_map(), "apiVersion": "v2"}, "invalid object type: /v2, Kind=ConfigMap"),
            (config_map("b"), "the name of the object (b) does not match the name on the URL (a)"),
            (
                {**config_map(), "metadata": {"name": "a", "managedFields": [{"manager": "x"}]}},
                "metadata.managedFields must be nil",
            ),
        ],
        ids=["no type", "another kind", "another version", "another name", "managed fields"],
    )
    def test_a_configuration_must_fit(self, space, body, message):
        """Type, version, name and managed fields are checked before anything else."""
        space.config_map("a")
        assert space.apply("configmaps/a", body).refusal == (400, "BadRequest", message)

    def test_a_uid_forbids_creation(self, space):
        """A configuration with a uid never creates; on another object it is refused."""
        body = {**config_map(), "metadata": {"name": "a", "uid": "gone"}}
        cause = ("FieldValueInvalid", "metadata.uid", 'Invalid value: "gone": field is immutable')
        missing = space.apply("configmaps/a", body)
        assert (missing.status, space.get("configmaps/a").status) == (422, 404) or missing.status == 409
        space.config_map("a")
        other = space.apply("configmaps/a", body)
        assert (other.status, set(other.causes)) == (422, {cause})

    def test_a_version_makes_it_create_only(self, space):
        """With resourceVersion 1 an apply creates what is missing and is 409 on what exists."""
        body = {**config_map(x="1"), "metadata": {"name": "a", "resourceVersion": "1"}}
        assert space.apply("configmaps/a", body).status == 201
        answer = space.apply("configmaps/a", {**body, "data": {"x": "2"}})
        assert answer.refusal[:2] == (409, "Conflict")
        assert answer.refusal[2].startswith('Operation cannot be fulfilled on configmaps "a": the object has been modified')

    def test_null_is_the_empty_value(self, space):
        """A null in a map of strings becomes an empty string that is owned."""
        body = {**config_map(), "data": {"x": None}}
        answer = space.apply("configmaps/a", body)
        assert answer.body["data"] == {"x": ""}
        assert owners(answer.body) == [("tester Apply", ["data.x"])]

    def test_a_wrong_type_names_its_path(self, space):
        """A value of another type than the schema's is 500 with path and types."""
        answer = space.apply("configmaps/a", {**config_map(), "data": {"x": 1}})
        message = "failed to create typed patch object (/a; /v1, Kind=ConfigMap): .data.x: expected string, got &value."
        assert answer.refusal[:2] == (500, None)
        assert answer.refusal[2].startswith(message)

    def test_a_configuration_can_be_yaml(self, space):
        """The body of an apply is YAML, of which JSON is a part."""
        text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: v\n"
        assert space.apply("configmaps/a", text).body["data"] == {"k": "v"}
