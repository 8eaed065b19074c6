"""The page about MicroServiceDeploy says what the code says."""

import ast
import pathlib
import re

import pytest

import reconcilers.microservicedeploy
from controller import crd
from reconcilers import ownership
from reconcilers.microservicedeploy import conditions, instances, kinds, observed, quota, spec
from tests.support import bad_specs, condition_worlds, field_rows, schema_rows

ROOT = pathlib.Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "microservicedeploy.md").read_text(encoding="utf-8")
OPENAPI = crd.render(spec.RESOURCE)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
SPEC = OPENAPI["properties"]["spec"]
TYPES = {condition.type for condition in conditions.unreadable("")}
NEVER_SHOWN = {"ChildrenReady", "True", "False", "Unknown", "ScalingActive"}
"""Words in CamelCase in the code of the conditions that are no reasons of ours."""
_HEADS = {"field", "child", "condition", "annotation"}


def table(heading):
    """Return the rows of the table in the section *heading*, as lists of cells."""
    [section] = [part for part in re.split(r"^## ", PAGE, flags=re.MULTILINE) if part.startswith(heading + "\n")]
    lines = [line for line in section.splitlines() if line.startswith("|") and not line.startswith("|---")]
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    assert rows[0][0] in _HEADS
    return rows[1:]


def names(cell):
    """Return what stands between backticks in a cell."""
    return re.findall(r"`([^`]+)`", cell)


def test_every_field_has_a_row_with_its_type_default_and_bounds():
    """They are those of the definition, which is made from the struct; the three probes have the same fields, told once."""
    listed = {row[0].strip("`"): tuple(row[1:4]) for row in table("Fields")}
    fields = {row.field: (row.type, row.default, row.bounds) for row in schema_rows.rows(SPEC)}
    for probe in ("livenessProbe", "startupProbe"):
        assert crd_fields(probe) == crd_fields("readinessProbe")
        fields = {field: cells for field, cells in fields.items() if not field.startswith(f"{probe}.")}
    assert listed == fields


def crd_fields(name):
    """Return the fields of an object in the spec."""
    return SPEC["properties"][name]["properties"]


@pytest.mark.parametrize("field", SPEC["properties"])
def test_a_field_rolls_the_pods_as_the_page_says(field):
    """The integration test runs the same table."""
    [said] = [row[5] for row in table("Fields") if row[0] == f"`{field}`"]
    if field in field_rows.IMMUTABLE:
        assert said == "never"
    else:
        rolls = any(row.rolls for row in field_rows.ROWS if row.field == field)
        assert said.partition(",")[0] == ("yes" if rolls else "no")


def test_every_condition_and_every_reason_is_told():
    """The reasons are all words in CamelCase that the code of the conditions writes."""
    rows = table("Conditions")
    assert {name for row in rows for name in names(row[0])} == TYPES
    told = {name for row in rows for name in names(row[1])}
    tree = ast.parse(pathlib.Path(conditions.__file__).read_text(encoding="utf-8"))
    written = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    reasons = {text for text in written if re.fullmatch(r"[A-Z][A-Za-z]+", text)} | {*observed.Problem, *observed.TenantSecret}
    kinds_named = {gvk.kind for gvk in kinds.CHILDREN}
    assert told == reasons - TYPES - kinds_named - NEVER_SHOWN


def test_a_condition_is_told_with_just_the_reasons_that_it_may_have():
    """They are those that the operator gives in some world; what Kubernetes says itself is told in words."""
    rows = [(names(row[0]), names(row[1])) for row in table("Conditions")]
    told = {(condition, reason) for conditions_of, reasons in rows for condition in conditions_of for reason in reasons}
    assert told == {
        (condition, reason) for condition, reason in condition_worlds.pairs() if reason not in condition_worlds.THEIRS
    }


def test_every_child_is_told():
    """Kinds and the quota's name."""
    assert [names(row[0]) for row in table("Children")] == [
        [kind]
        for kind in (
            *("ServiceAccount", "ConfigMap", "Deployment", "Service", "NetworkPolicy", "HorizontalPodAutoscaler", "Ingress"),
            "ResourceQuota",
        )
    ]
    assert {gvk.kind for gvk in (*kinds.CHILDREN, kinds.QUOTA)} == {names(row[0])[0] for row in table("Children")}
    assert f"`{quota.NAME}`" in PAGE


def test_every_annotation_and_flag_is_told():
    """As users write them."""
    annotations = {name.partition(":")[0] for row in table("Annotations") for name in names(row[0])}
    assert annotations == {
        instances.PAUSED_ANNOTATION,
        instances.HOST_ANNOTATION,
        quota.DISABLE_ANNOTATION,
        ownership.ADOPT_ANNOTATION,
    }
    for flag in reconcilers.microservicedeploy.FLAGS:
        assert f"`--{flag.name}`" in PAGE


def test_the_table_of_bad_input_is_what_the_integration_test_runs():
    """Each field and message, once; beside them, that immutable fields cannot change."""
    listed = [(names(row[0])[0], names(row[2])[0]) for row in table("Bad input")]
    immutable = {(f"spec.{name}", f"{name} cannot be changed, added or removed after creation") for name in field_rows.IMMUTABLE}
    assert len(set(listed)) == len(listed)
    assert set(listed) == {(field, message) for _, field, message in bad_specs.REFUSED} | immutable


def test_every_rule_of_the_definition_is_in_the_table_of_bad_input():
    """A rule's message is told as far as users need it to find it."""
    messages = [names(row[2])[0] for row in table("Bad input")]
    assert [rule for rule in rules(OPENAPI) if not any(message in rule for message in messages)] == []


def rules(schema):
    """Return the messages of all CEL rules in a schema."""
    found = [rule["message"] for rule in schema.get("x-kubernetes-validations", ())]
    for value in schema.values():
        if isinstance(value, dict):
            found += rules(value)
    return found
