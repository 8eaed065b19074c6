"""Which objects selectors choose, and what is said of those that cannot be read."""

import dataclasses

import pytest

from envtest.embedded.api import selectors, status
from envtest.embedded.builtin import resources

REGISTRY = resources.Registry.built_in()
PODS = REGISTRY.find("", "v1", "pods")
DEPLOYMENTS = REGISTRY.find("apps", "v1", "deployments")


def matches(labels, **own):
    """Ask whether a label selector chooses an object with the labels *own*."""
    return selectors.parse(PODS, labels, "").matches({"metadata": {"labels": own}})


@pytest.mark.parametrize(
    ("selector", "own", "is_chosen"),
    [
        ("a=1", {"a": "1"}, True),
        ("a==1", {"a": "2"}, False),
        ("a", {"a": ""}, True),
        ("a", {}, False),
        ("!a", {}, True),
        ("! a", {"a": "1"}, False),
        ("a!=1", {}, True),
        ("a!=1", {"a": "1"}, False),
        ("a in (1, 2)", {"a": "2"}, True),
        ("a in (1,2)", {}, False),
        ("a notin (1,2)", {}, True),
        ("a notin (1,2)", {"a": "1"}, False),
        ("a in ()", {"a": ""}, True),
        ("a in (,x)", {"a": ""}, True),
        ("in in (in)", {"in": "in"}, True),
        ("a>3", {"a": "4"}, True),
        ("a<3", {"a": "4"}, False),
        ("a>3", {"a": "x"}, False),
        ("a=", {"a": ""}, True),
        ("a=1,b", {"a": "1"}, False),
        ("a=1,b", {"a": "1", "b": "x"}, True),
        ("example.com/a=1", {"example.com/a": "1"}, True),
    ],
)
def test_a_label_selector_chooses(selector, own, is_chosen):
    """The whole grammar: equality, sets, presence, numbers."""
    assert matches(selector, **own) == is_chosen


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("a in", "unable to parse requirement: found '' expected: '('"),
        ("a x", "unable to parse requirement: found 'x', expected: in, notin, =, ==, !=, gt, lt"),
        ("=a", "found '=', expected: !, identifier, or 'end of string'"),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("a,", "found '', expected: identifier after ','"),
        ("a=b=c", "found '=', expected: ',' or 'end of string'"),
    ],
)
def test_a_label_selector_that_cannot_be_read_is_refused(selector, message):
    """With what was found and what was expected."""
    with pytest.raises(status.StatusError) as error:
        selectors.parse(PODS, selector, "")
    assert (error.value.code, error.value.message) == (400, message)


def test_a_label_key_must_be_well_formed():
    """The text is that of validation."""
    with pytest.raises(
        status.StatusError, match='unable to parse requirement: <nil>: Invalid value: "-a": name part must consist'
    ):
        selectors.parse(PODS, "-a=b", "")


def pod(**parts):
    """Return a pod."""
    return {"metadata": {"name": "p", "namespace": "n"}, **parts}


@pytest.mark.parametrize(
    ("selector", "is_chosen"),
    [
        ("metadata.name=p", True),
        ("metadata.name==p,metadata.namespace=n", True),
        ("metadata.name!=p", False),
        ("spec.nodeName=", False),
        ("spec.nodeName!=", True),
        ("status.phase=Running", True),
        ("spec.hostNetwork=false", True),
    ],
)
def test_a_field_selector_chooses_pods(selector, is_chosen):
    """By what the server indexes of them; what is absent is empty."""
    found = pod(spec={"nodeName": "node-1"}, status={"phase": "Running"})
    assert selectors.parse(PODS, "", selector).matches(found) == is_chosen


@pytest.mark.parametrize(
    ("resource", "selector", "message"),
    [
        (PODS, "spec.foo=1", "field label not supported: spec.foo"),
        (DEPLOYMENTS, "spec.foo=1", '"spec.foo" is not a known field selector: only "metadata.name", "metadata.namespace"'),
        (PODS, "metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'"),
        (PODS, "metadata.name=a=b", "invalid field selector: unescaped character in value: 61"),
    ],
)
def test_a_field_that_cannot_be_selected_is_refused(resource, selector, message):
    """With the server's text."""
    with pytest.raises(status.StatusError) as error:
        selectors.parse(resource, "", selector)
    assert (error.value.code, error.value.message) == (400, message)


def test_escaped_characters_are_part_of_the_value():
    """Commas and equals signs stand behind a backslash."""
    assert selectors.parse(PODS, "", r"metadata.name=a\,b\=c").matches({"metadata": {"name": "a,b=c"}})


def test_a_definition_says_which_fields_of_its_kind_can_be_selected():
    """By their JSONPath."""
    custom = dataclasses.replace(
        DEPLOYMENTS, is_custom=True, group="example.com", definition={"selectableFields": [{"jsonPath": ".spec.color"}]}
    )
    assert selectors.parse(custom, "", "spec.color=red").matches(pod(spec={"color": "red"}))
    with pytest.raises(status.StatusError, match=r"field label not supported: spec\.size"):
        selectors.parse(custom, "", "spec.size=1")


def test_a_label_selector_of_an_object_is_read_too():
    """With labels and expressions."""
    terms = selectors.of_label_selector(
        {"matchLabels": {"a": "1"}, "matchExpressions": [{"key": "b", "operator": "NotIn", "values": ["x"]}]}
    )
    assert all(term.matches({"a": "1"}) for term in terms)
    assert not all(term.matches({"a": "1", "b": "x"}) for term in terms)
