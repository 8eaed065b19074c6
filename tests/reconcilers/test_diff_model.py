"""The diff against a model of server-side apply: silent after an apply, and never silent when an apply would change something."""

import copy
from typing import Any

import hypothesis
from hypothesis import strategies as st

from reconcilers import diff
from tests.support import ssa_model

US = "coxswain"

_scalars = st.one_of(st.sampled_from(["", "x", "y"]), st.integers(0, 2), st.booleans())
_texts = st.dictionaries(st.sampled_from("abc"), st.sampled_from(["", "x", "y"]), max_size=3)
_item = st.fixed_dictionaries({}, optional={"v": _scalars, "omitted": _scalars, "labels": _texts})
_items = st.dictionaries(st.sampled_from("abc"), _item, max_size=3).map(
    lambda by_name: [{"name": name, **rest} for name, rest in by_name.items()]
)
_ports = st.lists(
    st.fixed_dictionaries({"port": st.integers(1, 2)}, optional={"protocol": st.sampled_from(["TCP", "UDP"])}),
    max_size=3,
    unique_by=lambda port: (port["port"], port.get("protocol", "TCP")),
)
_specs = st.fixed_dictionaries(
    {"anchor": st.just(1)},
    optional={
        "scalar": _scalars,
        "omitted": _scalars,
        "labels": _texts,
        "selector": _texts,
        "args": st.lists(st.sampled_from(["", "x", "y"]), max_size=2),
        "items": _items,
        "ports": _ports,
        "members": st.lists(st.sampled_from("abc"), max_size=3, unique=True),
        "deeper": st.fixed_dictionaries({}, optional={"scalar": _scalars, "selector": _texts, "items": _items}),
    },
)


@st.composite
def _wishes(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two wishes that differ in one field, so that nothing else explains a difference."""
    before, other = draw(_specs), draw(_specs)
    name = draw(st.sampled_from(sorted({*before, *other})))
    after = {**{key: value for key, value in before.items() if key != name}, **({name: other[name]} if name in other else {})}
    if isinstance(before.get(name), list) and draw(st.booleans()):
        after[name] = draw(st.permutations(before[name]))[: draw(st.integers(0, 3))]
    return before, after


def manifest(spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "a", "namespace": "default"}, "spec": spec}


def differences(spec: dict[str, Any], thing: ssa_model.ManagedObject) -> list[diff.Difference]:
    return diff.diff(manifest(spec), thing.live(), US)


def without_blanks(value: Any) -> Any:
    """Drop what means the same as absence, and the order of sets, which means nothing."""
    if isinstance(value, dict):
        in_order = {name: sorted(below) if name in ssa_model.SETS and below else below for name, below in value.items()}
        stripped = {name: without_blanks(below) for name, below in in_order.items()}
        return {name: below for name, below in stripped.items() if below not in ("", 0, None, [], {})}
    return [without_blanks(item) for item in value] if isinstance(value, list) else value


def arranged(there: Any, ours: Any) -> Any:
    """Put the items of keyed lists that we do not want last: where others' items stand between ours is not our concern."""
    if isinstance(there, dict):
        return {name: arranged(below, ours.get(name) if isinstance(ours, dict) else None) for name, below in there.items()}
    if not (isinstance(there, list) and all(isinstance(item, dict) for item in there)):
        return there
    wanted = [identity(item) for item in ours or ()]
    theirs = [item for item in there if identity(item) not in wanted]
    return [item for item in there if identity(item) in wanted] + sorted(theirs, key=identity)


def identity(item: dict[str, Any]) -> tuple[str, ...]:
    return (item["name"],) if "name" in item else (str(item["port"]), item.get("protocol", "TCP"))


@hypothesis.given(_specs)
def test_nothing_differs_right_after_an_apply(spec: dict[str, Any]):
    """Whatever we apply, we are content with what the server makes of it."""
    thing = ssa_model.ManagedObject()
    thing.apply(US, manifest(spec))
    assert differences(spec, thing) == []


@hypothesis.given(_specs, _specs)
def test_fields_of_other_managers_do_not_matter(spec: dict[str, Any], theirs: dict[str, Any]):
    """What another manager applied before us stays, and is no difference."""
    thing = ssa_model.ManagedObject()
    thing.apply("other", manifest({"items": [], **theirs, "anchor": 1}))
    thing.apply(US, manifest(spec))
    assert differences(spec, thing) == []


@hypothesis.given(_wishes())
def test_silence_means_that_an_apply_would_change_nothing(wishes: tuple[dict[str, Any], dict[str, Any]]):
    """When the wish changes, the diff is empty only if applying the new wish leaves the object as it is."""
    before, after = wishes
    thing = ssa_model.ManagedObject()
    thing.apply(US, manifest(before))
    if differences(after, thing) == []:
        there = thing.live()["spec"]
        thing.apply(US, manifest(after))
        assert without_blanks(thing.live()["spec"]) == without_blanks(there)
    else:
        thing.apply(US, manifest(after))
        assert differences(after, thing) == []


@hypothesis.given(_wishes(), _specs)
def test_silence_means_so_among_other_managers_too(wishes: tuple[dict[str, Any], dict[str, Any]], theirs: dict[str, Any]):
    """The same while another manager has taken and added fields in between."""
    before, after = wishes
    thing = ssa_model.ManagedObject()
    thing.apply(US, manifest(before))
    thing.apply("other", manifest(theirs))
    if differences(after, thing) == []:
        there = thing.live()["spec"]
        thing.apply(US, manifest(after))
        assert arranged(without_blanks(thing.live()["spec"]), after) == arranged(without_blanks(there), after)
    else:
        thing.apply(US, manifest(after))
        assert differences(after, thing) == []


@hypothesis.given(_specs, st.data())
def test_a_hand_edit_of_an_owned_field_is_seen(spec: dict[str, Any], data: st.DataObject):
    """A field of ours that somebody changed is a difference, even if it was changed back: then it is no longer ours."""
    thing = ssa_model.ManagedObject()
    thing.apply(US, manifest(spec))
    leaves = [path for path, value in thing.flat.items() if value not in (None, "", 0, [], {}) and path[-1] != "f:name"]
    path = data.draw(st.sampled_from(leaves))
    original = copy.deepcopy(thing.live())
    edited = dict(thing.flat)
    edited[path] = (
        ["by hand"] if isinstance(edited[path], list) else {"by": "hand"} if isinstance(edited[path], dict) else "by hand"
    )
    thing.update("hand", {**ssa_model.rebuild(edited)})
    assert differences(spec, thing) != []
    if data.draw(st.booleans()):
        thing.update("other hand", original)
        assert differences(spec, thing) != []
    thing.apply(US, manifest(spec))
    assert differences(spec, thing) == []
