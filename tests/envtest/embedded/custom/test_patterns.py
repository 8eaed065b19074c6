"""Patterns mean what they mean in Go."""

import pytest

from envtest.embedded.custom import patterns


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("^[a-z]+$", "ab", True),
        ("^[a-z]+$", "ab\n", False),
        (r"^a\z", "a\n", False),
        (r"(?m)^a$", "b\na\nc", True),
        (r"^\d$", "٣", False),
        (r"^\w$", "ü", False),
        ("^[[:alpha:]_]+$", "a_B", True),
        ("^[[:digit:]]$", "a", False),
        (r"^\pL$", "ü", True),
        (r"^\p{Lu}$", "a", False),
        (r"^[\p{L}-]+$", "a-ü", True),
        (r"^\PL$", "1", True),
        ("[]a]", "]", True),
        ("[^]a]", "a", False),
        ("a[[]", "a[", True),
        (r"^\Qa.b\E$", "a.b", True),
        (r"^\Qa.b\E$", "acb", False),
        (r"^\x{61}$", "a", True),
        ("(?i)^ab$", "AB", True),
        ("(?P<name>a)b", "ab", True),
        ("a$b", "a", False),
    ],
)
def test_a_pattern_finds_what_it_finds_in_go(pattern, text, expected):
    """The end is the end, classes know ASCII, and RE2's own words are known."""
    assert patterns.finds(pattern, text) is expected


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("(", "missing closing ): `(`"),
        ("[a", "missing closing ]: `[a`"),
        ("*a", "missing argument to repetition operator: `*a`"),
        ("a**", "invalid nested repetition operator"),
        (")", "unexpected ): `)`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("[[:what:]]", "invalid character class range: `[:what:]`"),
        (r"\p{Klingon}", r"invalid character class range: `\p{Klingon}`"),
    ],
)
def test_what_go_refuses_is_refused_in_its_words(pattern, words):
    """They stand in the answer to a definition."""
    with pytest.raises(patterns.BadPatternError, match="error parsing regexp: ") as error:
        patterns.compiled(pattern)
    assert words in str(error.value)
