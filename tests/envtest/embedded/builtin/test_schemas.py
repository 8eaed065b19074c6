"""`envtest.embedded.schemas`: what OpenAPI nodes become."""

import pytest

from envtest.embedded.builtin import resources, schemas


def nothing(name):
    """Resolve no reference."""
    raise AssertionError(name)


def built_in(kind, *path, api_version="v1"):
    """Return the type at *path* of a built-in kind; "*" steps to the items."""
    found = resources.Registry.built_in().of_kind(api_version, kind).schema
    for step in path:
        found = found.items if step == "*" else found.child(step)
    return found


def test_a_list_of_type_map_has_its_keys_and_its_merge_key():
    """Apply uses both keys of a container's ports, a strategic merge patch only one."""
    ports = built_in("Pod", "spec", "containers", "*", "ports")
    assert (ports.kind, ports.list_type, ports.keys) == ("list", "map", ("containerPort", "protocol"))
    assert (ports.merge_key, ports.patch_strategy, ports.is_atomic) == ("containerPort", {"merge"}, False)
    assert ports.items.child("protocol").default == "TCP"


def test_a_list_without_a_type_is_atomic():
    """One owner has a container's arguments as a whole."""
    args = built_in("Pod", "spec", "containers", "*", "args")
    assert (args.kind, args.list_type, args.is_atomic, args.items.scalar) == ("list", "atomic", True, "string")


def test_a_patch_strategy_makes_a_list_associative_where_no_type_says_otherwise():
    """A set if there is no merge key, a map by that key otherwise."""
    text = {"type": "string"}
    values = {"type": "array", "items": text, "x-kubernetes-patch-strategy": "merge"}
    found = schemas.from_openapi(values, nothing)
    assert (found.list_type, found.keys) == ("set", ())
    items = {"type": "object", "properties": {"name": text}}
    found = schemas.from_openapi({**values, "items": items, "x-kubernetes-patch-merge-key": "name"}, nothing)
    assert (found.list_type, found.keys) == ("map", ("name",))


def test_what_stands_beside_a_reference_holds_for_this_use_only():
    """A Deployment's strategy retains keys; the type of strategies says nothing of that."""
    strategy = built_in("Deployment", "spec", "strategy", api_version="apps/v1")
    assert (strategy.patch_strategy, strategy.default) == ({"retainKeys"}, {})
    assert resources.definition(strategy.name).default is schemas.MISSING


@pytest.mark.parametrize(
    ("kind", "path", "scalar"),
    [
        ("Pod", ("spec", "containers", "*", "resources", "limits", "*"), "quantity"),
        ("Service", ("spec", "ports", "*", "targetPort"), "int-or-string"),
        ("Secret", ("data", "*"), "bytes"),
        ("Pod", ("metadata", "creationTimestamp"), "time"),
        ("Event", ("eventTime",), "micro-time"),
        ("Pod", ("spec", "hostNetwork"), "boolean"),
        ("Pod", ("spec", "priority"), "integer"),
    ],
)
def test_scalars_say_what_they_hold(kind, path, scalar):
    """Each scalar has the name that defaulting and validation look for."""
    assert (built_in(kind, *path).kind, built_in(kind, *path).scalar) == ("scalar", scalar)


def test_selectors_are_atomic():
    """Structs and maps may have one owner as a whole."""
    assert built_in("Deployment", "spec", "selector", api_version="apps/v1").is_atomic
    assert built_in("Service", "spec", "selector").is_atomic
    assert not built_in("Pod", "spec", "nodeSelector", "x").is_atomic


def test_what_nothing_is_known_of_is_any():
    """A ControllerRevision's data is merged as a whole, unlike the fields of a managed fields entry."""
    assert built_in("ControllerRevision", "data", api_version="apps/v1") is not schemas.ANY
    assert built_in("ControllerRevision", "data", api_version="apps/v1").is_atomic
    fields = built_in("Pod", "metadata", "managedFields", "*", "fieldsV1")
    assert (fields.kind, fields.is_atomic) == ("any", False)
    assert fields.child("f:spec").kind == "any"


def test_types_may_contain_themselves():
    """A schema's property is looked at when it is needed, so recursion is no matter."""
    node = {"type": "object", "properties": {"inner": {"$ref": "#/components/schemas/Tree"}, "name": {"type": "string"}}}
    tree = schemas.from_definitions({"Tree": node})("Tree")
    assert tree.child("inner").child("inner").child("name").scalar == "string"
    assert tree.child("other") is None


def test_a_custom_kind_has_the_metadata_of_all():
    """What a custom schema says of metadata adds nothing."""
    node = {"type": "object", "properties": {"metadata": {"type": "object"}, "spec": {"type": "object"}}}
    found = resources.custom_schema(node)
    assert found.child("metadata").child("finalizers").list_type == "set"
    assert (found.child("kind").scalar, found.child("spec").kind, found.child("other")) == ("string", "any", None)


def test_unknown_fields_are_kept_below_the_node_that_says_so():
    """Below x-kubernetes-preserve-unknown-fields every struct has values of any type for what it does not name."""
    inner = {"type": "object", "properties": {"a": {"type": "integer"}}}
    node = {"type": "object", "properties": {"spec": inner}, "x-kubernetes-preserve-unknown-fields": True}
    found = schemas.from_openapi(node, nothing)
    assert found.child("spec").child("a").scalar == "integer"
    assert found.child("spec").child("b") is schemas.ANY
    assert schemas.from_openapi(inner, nothing).child("b") is None


def test_custom_nodes_may_be_int_or_string_nullable_and_have_defaults():
    """The extensions of structural schemas are read."""
    found = schemas.from_openapi({"x-kubernetes-int-or-string": True, "nullable": True, "default": 3}, nothing)
    assert (found.scalar, found.is_nullable, found.default) == ("int-or-string", True, 3)
    values = schemas.from_openapi({"type": "object", "additionalProperties": {"type": "number"}}, nothing)
    assert (values.kind, values.child("x").scalar) == ("map", "number")
