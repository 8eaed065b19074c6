"""Expressions: values, and errors in the server's words."""

import datetime

import pytest

from envtest.embedded.cel import cel

DATA = {
    "number": 3,
    "text": "ab12",
    "list": [3, 1, 2],
    "map": {"a": "x", "b": "y"},
    "wide": "üü",
    "names": ["b", "a"],
    "time": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
}


def _value(text):
    expression = cel.compiled(text)
    return expression.evaluate(cel.context({"self": DATA}, [expression]))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("self.number + 1", 4),
        ("size(self.wide)", 2),
        ("self.wide.size() == size(self.list) - 1", True),
        ("self.text.matches('^[a-z]+\\\\d+$')", True),
        ("'a\\n'.matches('a$')", False),
        ("self.text.find('[0-9]+')", "12"),
        ("self.text.findAll('[a-z]')", ["a", "b"]),
        ("self.text.indexOf('b') + self.list.indexOf(2)", 3),
        ("self.list.lastIndexOf(9)", -1),
        ("self.list.sum() + self.list.min() + self.list.max()", 10),
        ("self.list.isSorted()", False),
        ("self.list.sort().isSorted()", True),
        ("self.names.join('-')", "b-a"),
        ("self.list.sortBy(x, -x)", [3, 2, 1]),
        ("self.list.first().value() + self.list.last().value()", 5),
        ("[].first().hasValue()", False),
        ("'%s is %d'.format(['a', 3])", "a is 3"),
        ("string(true) + string(3)", "true3"),
        ("self.?nothing.hasValue()", False),
        ("self.?map.?a.orValue('z')", "x"),
        ("self.?map.c.orValue('z')", "z"),
        ("self.map[?'a'].value()", "x"),
        ("self.list[?7].orValue(0)", 0),
        ("self.?number.optMap(n, n * 2).orValue(0)", 6),
        ("self.?nothing.optMap(n, n * 2).orValue(0)", 0),
        ("self.map.all(k, v, k != v)", True),
        ("self.list.exists(i, v, i == v)", True),
        ("self.map.transformList(k, v, k + v).sort()", ["ax", "by"]),
        ("self.map.transformMap(k, v, v + '!')['a']", "x!"),
        ("quantity('1Gi').compareTo(quantity('1024Mi'))", 0),
        ("quantity('1500m').isGreaterThan(quantity('1')) && !quantity('0').isLessThan(quantity('0'))", True),
        ("quantity('1500m') == quantity('1.5')", True),
        ("string(duration('90s')) + string(self.time)", "90s2026-01-01T00:00:00Z"),
        ("string(1.0) + string(1.5) + string(b'a') + string(3)", "11.5a3"),
        ("quantity('2k').asInteger() + sign(quantity('1'))", 2001),
        ("quantity('1').add(quantity('500m')).isInteger()", False),
        ("quantity('3').sub(1).asInteger()", 2),
        ("isQuantity('1Gi') && !isQuantity('lots')", True),
        ("url('https://a.example.com:8080/p?q=1').getHostname()", "a.example.com"),
        ("url('https://a.example.com:8080/p?q=1').getPort()", "8080"),
        ("isURL('/path') && !isURL('a b')", True),
        ("ip('::1').family()", 6),
        ("isIP('1.2.3.4') && !isIP('1.2.3')", True),
        ("cidr('10.0.0.0/8').containsIP('10.1.2.3') && !cidr('10.0.0.0/8').containsCIDR('11.0.0.0/16')", True),
        ("string(cidr('10.0.0.0/8').ip())", "10.0.0.0"),
        ("semver('1.2.3-rc.1').isLessThan(semver('1.2.3'))", True),
        ("semver('1.10.0').compareTo(semver('1.9.0'))", 1),
        ("format.dns1123Label().validate('a-b').hasValue()", False),
        ("format.dns1123Label().validate('A').hasValue()", True),
        ("self.time < timestamp('2027-01-01T00:00:00Z')", True),
        ("duration('90s') == duration('1m30s')", True),
        ("sets.contains(self.list, [1])", True),
        ("'size(' + self.text", "size(ab12"),
    ],
)
def test_an_expression_has_a_value(text, value):
    """The evaluator's own functions, Kubernetes' libraries, and what is rewritten for the evaluator."""
    assert _value(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("self.nothing", "no such key: nothing"),
        ("self.map['z']", "no such key: z"),
        ("self.list[9]", "index out of bounds: 9"),
        ("1 / 0", "division by zero"),
        ("self.number + self.text", "no such overload"),
        ("self.number.find('a')", "no such overload"),
        ("9223372036854775807 + self.number", "integer overflow"),
        ("quantity('lots')", "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"),
        ("[].max()", "max called on empty list"),
    ],
)
def test_an_expression_without_a_value_says_why(text, message):
    """In the words of the real evaluator."""
    with pytest.raises(cel.EvaluationError) as error:
        _value(text)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("self.a ==", "ERROR: <input>:1:10: Syntax error: mismatched input '<EOF>' expecting "),
        ("has(self)", "ERROR: <input>:1:5: invalid argument to has() macro\n | has(self)\n | ....^"),
        ("self.?a ==", "ERROR: <input>:1:"),
        ("f(", "ERROR: <input>:1:3: Syntax error"),
    ],
)
def test_what_is_no_expression_is_told_as_the_compiler_does(text, message):
    """With the place."""
    with pytest.raises(cel.CompileError) as error:
        cel.compiled(text)
    assert str(error.value).startswith(message)
