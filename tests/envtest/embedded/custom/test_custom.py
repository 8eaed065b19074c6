"""Custom resources: what the real server was seen to say of them is what we say."""

import copy

import pytest

from envtest.embedded.api import status
from envtest.embedded.custom import custom, custom_resources
from tests.support import custom_answers, gadget_specs, gadgets

KIND = custom.CustomKind(custom_resources.resources_of(gadgets.definition())[0])


def _outcome(decoded, verdict):
    if verdict.causes:
        return {"status": 422, "causes": sorted([each.type, each.field, each.message] for each in verdict.causes)}
    return {"status": 201, "object": {name: decoded[name] for name in ("spec", "status") if name in decoded}}


def _strict(paths):
    return f"strict decoding error: {', '.join(f'unknown field {chr(34)}{path}{chr(34)}' for path in paths)}" if paths else ""


@pytest.mark.parametrize(
    ("spec", "answer"),
    list(zip(gadget_specs.SPECS, custom_answers.recorded("creations"), strict=True)),
    ids=lambda part: str(part)[:50],
)
def test_a_creation_is_answered_as_the_real_server_does(spec, answer):
    """Causes to the letter, defaults, and what strict field validation does not know."""
    pruned, unknown = KIND.prune(gadgets.gadget(spec))
    decoded = KIND.default(pruned)
    strict = answer.pop("strict")
    assert _outcome(decoded, KIND.validate(decoded)) == answer
    assert strict.endswith(_strict(unknown)) if unknown else strict == ""


@pytest.mark.parametrize(
    ("change", "answer"),
    list(zip(gadget_specs.UPDATES, custom_answers.recorded("updates"), strict=True)),
    ids=lambda part: str(part)[:50],
)
def test_an_update_is_answered_as_the_real_server_does(change, answer):
    """Transition rules compare with the old object, and what is as it was is not held against it."""
    old, new = (KIND.default(KIND.prune(gadgets.gadget(spec))[0]) for spec in change)
    assert _outcome(new, KIND.validate(new, old)) == {**answer, "status": 201 if answer["status"] == 200 else answer["status"]}


@pytest.mark.parametrize(
    ("given", "answer"),
    list(zip(gadget_specs.STATUSES, custom_answers.recorded("statuses"), strict=True)),
    ids=lambda part: str(part)[:50],
)
def test_a_status_is_answered_as_the_real_server_does(given, answer):
    """Only the status is validated, but rules see the whole object."""
    old = KIND.default(gadgets.gadget({"int32": 5}))
    new = KIND.default(KIND.prune({**old, "status": given})[0])
    assert _outcome(new, KIND.validate(new, old, "status"))["status"] == (201 if answer["status"] == 200 else answer["status"])
    assert _outcome(new, KIND.validate(new, old, "status")).get("causes") == answer.get("causes")


def test_nothing_that_is_given_is_changed():
    """Whoever holds an object of the store can rely on it."""
    given = gadgets.gadget({"nested": {"a": None, "c": 1}, "items": [{"name": "a"}], "unknown": {"a": 1}})
    before = copy.deepcopy(given)
    pruned, _ = KIND.prune(given)
    KIND.validate(KIND.default(pruned))
    assert given == before


def test_what_was_wrong_before_is_only_warned_of():
    """A rule that came later does not stop updates of other fields."""
    old = gadgets.gadget({"rules": {"text": "bad"}})
    new = gadgets.gadget({"rules": {"text": "bad"}, "flag": True})
    verdict = KIND.validate(new, old)
    assert verdict.causes == []
    assert verdict.warnings == ['spec.rules.text: Duplicate value: "bad"']


def test_the_metadata_of_objects_inside_is_looked_at():
    """As that of every object: unknown fields go, and labels must be labels."""
    inside = {
        "apiVersion": "v1",
        "kind": "K",
        "metadata": {"name": "A_", "labels": {"-": "x"}, "foo": 1},
        "other": {"metadata": {"foo": 1}},
    }
    pruned, unknown = KIND.prune(gadgets.gadget({"template": inside}))
    assert unknown == ["spec.template.metadata.foo"]
    assert pruned["spec"]["template"] == {**inside, "metadata": {"name": "A_", "labels": {"-": "x"}}}
    (cause,) = KIND.validate(KIND.default(pruned)).causes
    assert cause.field == "spec.template.metadata.labels"
    assert cause.message.startswith('Invalid value: "-": name part must consist of alphanumeric characters')


def test_metadata_of_the_wrong_type_cannot_be_read():
    """Neither that of an object inside."""
    with pytest.raises(status.StatusError) as error:
        KIND.prune(gadgets.gadget({"template": {"apiVersion": "v1", "kind": "K", "metadata": {"name": 1}}}))
    assert error.value.message == (
        'Gadget in version "v1" cannot be handled as a Gadget: spec.template.metadata: Invalid value: {"name":1}: json: cannot'
        " unmarshal number into Go struct field ObjectMeta.name of type string"
    )


def test_finalizers_without_a_domain_are_warned_of_when_they_are_added():
    """Those of the server itself are known."""
    new = gadgets.gadget()
    new["metadata"]["finalizers"] = ["stay", "example.com/hold", "a.b", "orphan"]
    advice = "to avoid accidental conflicts with other finalizer writers"
    assert KIND.validate(KIND.default(new)).warnings == [
        f'metadata.finalizers: "a.b": prefer a domain-qualified finalizer name including a path (/) {advice}',
        f'metadata.finalizers: "stay": prefer a domain-qualified finalizer name {advice}',
    ]
    assert KIND.validate(KIND.default(new), KIND.default(new)).warnings == []


def test_another_kind_or_version_is_refused():
    """The path decides what an object is."""
    verdict = KIND.validate({**gadgets.gadget(), "kind": "Widget"})
    assert [(each.field, each.message) for each in verdict.causes] == [("kind", 'Invalid value: "Widget": must be Gadget')]


def test_what_the_caller_found_about_metadata_comes_first_and_may_keep_rules_from_being_checked():
    """As on the server, whose list begins with metadata."""
    cause = status.Cause(status.REQUIRED, "metadata.name", "Required value")
    verdict = KIND.validate(gadgets.gadget({"flag": 1}), before=[cause])
    assert verdict.causes[0] is cause
    assert verdict.causes[-1].message.startswith("Invalid value: null: some validation rules were not checked")


def test_the_scale_has_the_numbers_and_can_be_written():
    """The definition says where they are."""
    live = gadgets.gadget({"int32": 3}, status={"count": 2, "selector": "a=b"})
    scale = KIND.scale(live)
    assert (scale["kind"], scale["spec"], scale["status"]) == ("Scale", {"replicas": 3}, {"replicas": 2, "selector": "a=b"})
    assert KIND.with_scale(live, {"spec": {"replicas": 7}})["spec"] == {"int32": 7}
    assert live["spec"] == {"int32": 3}
    with pytest.raises(status.StatusError, match="the spec replicas field"):
        KIND.scale(gadgets.gadget())


def test_selectable_fields_are_read():
    """Absent is empty, as field selectors have it."""
    assert KIND.selectable(gadgets.gadget({"choice": "a"})) == {"spec.choice": "a"}
    assert KIND.selectable(gadgets.gadget()) == {"spec.choice": ""}
