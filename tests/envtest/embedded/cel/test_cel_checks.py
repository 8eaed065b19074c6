"""Rules that cannot be right, found when their definition comes."""

import pytest

from envtest.embedded.cel import cel_checks

ITEM = {"type": "object", "properties": {"b": {"type": "string"}}}
SCHEMA = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "count": {"type": "integer"},
        "ratio": {"type": "number"},
        "flag": {"type": "boolean"},
        "port": {"x-kubernetes-int-or-string": True},
        "free": {"x-kubernetes-preserve-unknown-fields": True},
        "when": {"type": "string", "format": "date-time"},
        "items": {"type": "array", "items": ITEM},
        "map": {"type": "object", "additionalProperties": ITEM},
        "with-dash": {"type": "string"},
        "namespace": {"type": "string"},
        "object": ITEM,
    },
}


def _problem(text, wanted="bool", **scope):
    return cel_checks.problem(text, cel_checks.Scope(SCHEMA, **scope), wanted)


@pytest.mark.parametrize(
    "text",
    [
        "self.text == 'a' && self.count > 3 && self.ratio < 1",
        "self.ratio < 1.5 || self.count >= 2u",
        "self.port == 3 || self.port == 'a'",
        "has(self.text) ? self.flag : true",
        "self.items.all(x, x.b != '') && self.items.exists_one(x, has(x.b))",
        "self.items.filter(x, x.b == 'a').map(x, x.b).size() > 0",
        "self.items.map(x, x.b != '', x.b).exists(y, y.startsWith('a'))",
        "self.map.all(k, self.map[k].b == k)",
        "self.map.all(k, v, v.b == k)",
        "self.items.all(i, v, v.b == string(i))",
        "self.map['a'].b == 'x' && self.map.a.b == 'x'",
        "self.with__dash__dash == 'a' && self.__namespace__ == 'b'",
        "self.when < timestamp('2026-01-01T00:00:00Z') + duration('1h')",
        "self.text in ['a', 'b'] && 'a' in self.map",
        "self.text + 'a' == 'b' && [1] + [2] == [1, 2]",
        "quantity(string(self.port)).isGreaterThan(quantity('0'))",
        "self.?text.orValue('a') == 'b' && self.items[?0].hasValue()",
        "self.object == self.object && self.object != null",
        "type(self.port) == int",
        "dyn(self.count) == 'a'",
        "format.dns1123Label().validate(self.text).hasValue() || sets.contains([1], [1])",
        "-self.count < -1 && !self.flag && 5 % 2 == 1",
        "{'a': 1}['a'] == 1 && size('a') == 1 && size(self.items) == self.items.size()",
        "self.namespace == 'a' && self.items.sortBy(x, x.b).size() > 1 && [1].first().hasValue()",
        "self == oldSelf && self.text == oldSelf.text",
        "self.text == 'it\\'s' || self.text == r'\\d' || b'a' == b'a'",
    ],
)
def test_a_good_rule_is_taken(text):
    """Nothing that the real compiler takes is refused."""
    assert _problem(text) == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("self.none == 'a'", "1:5: undefined field 'none'"),
        ("has(self.none)", "1:4: undefined field 'none'"),
        ("self.free == 'a'", "1:5: undefined field 'free'"),
        ("self.items[0].none == 'a'", "1:14: undefined field 'none'"),
        ("self.map['a'].none == 'a'", "1:14: undefined field 'none'"),
        ("self.text.none == 'a'", "1:10: type 'string' does not support field selection"),
        ("none == 'a'", "1:1: undeclared reference to 'none' (in container '')"),
        ("none(self.text)", "1:5: undeclared reference to 'none' (in container '')"),
        ("self.text.none()", "1:15: undeclared reference to 'none' (in container '')"),
        ("self.count == 'a'", "1:12: found no matching overload for '_==_' applied to '(int, string)'"),
        ("self.count > 'a'", "1:12: found no matching overload for '_>_' applied to '(int, string)'"),
        ("self.count + 'a' == 'b'", "1:12: found no matching overload for '_+_' applied to '(int, string)'"),
        ("self.count && true", "1:5: expected type 'bool' but found 'int'"),
        ("self.count.startsWith('a')", "1:22: found no matching overload for 'startsWith' applied to 'int.(string)'"),
        ("self.count.size() > 1", "1:16: found no matching overload for 'size' applied to 'int.()'"),
        ("1 in ['a']", "1:3: found no matching overload for '@in' applied to '(int, list(string))'"),
        ("self.text.contains(1)", "1:19: found no matching overload for 'contains' applied to 'string.(int)'"),
        ("self.text.matches('(')", "1:19: invalid matches argument"),
        ("duration('x') > duration('1h')", "1:10: invalid duration argument"),
        ("[1, 'a'].size() > 1", "1:5: expected type 'int' but found 'string'"),
        (
            "self.count.all(x, x > 1)",
            "1:5: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
        ),
        ("quantity(1) == quantity('1')", "1:9: found no matching overload for 'quantity' applied to '(int)'"),
        ("self.when == 'a'", "1:11: found no matching overload for '_==_' applied to '(timestamp, string)'"),
        ("self.text.reverse() == 'a'", "1:18: found no matching overload for 'reverse' applied to 'string.()'"),
        ("math.abs(1) == 1", "1:1: undeclared reference to 'math' (in container '')"),
        ("self.text == null", "1:11: found no matching overload for '_==_' applied to '(string, null)'"),
    ],
)
def test_a_rule_that_cannot_be_right_is_refused(text, message):
    """With the place, as the real compiler shows it."""
    assert _problem(text).startswith(f"compilation failed: ERROR: <input>:{message}\n | ")


def test_all_that_is_wrong_is_told_line_by_line():
    """Each error shows its line."""
    assert _problem("self.none ==\n 'a' && nothing") == (
        "compilation failed: ERROR: <input>:1:5: undefined field 'none'\n | self.none ==\n | ....^\n"
        "ERROR: <input>:2:9: undeclared reference to 'nothing' (in container '')\n |  'a' && nothing\n | ........^"
    )


def test_a_rule_is_a_bool_and_a_message_a_string():
    """Whatever else they compute."""
    assert _problem("self.text") == "cel expression must evaluate to a bool"
    assert _problem("self.count", "string") == "must evaluate to a string"
    assert _problem("'a' + self.text", "string") == ""


def test_an_object_with_a_kind_has_its_metadata():
    """Only the names of it."""
    assert _problem("self.metadata.name == 'a' && self.kind == 'K'", is_resource=True) == ""
    assert "undefined field 'labels'" in _problem("has(self.metadata.labels)", is_resource=True)
    assert "undefined field 'metadata'" in _problem("has(self.metadata)")


def test_an_optional_old_value_is_asked_for_what_it_has():
    """Its value has self's type."""
    assert _problem("!oldSelf.hasValue() || oldSelf.value().text == self.text", is_optional=True) == ""
    assert "undefined field 'none'" in _problem("oldSelf.value().none == 'a'", is_optional=True)
