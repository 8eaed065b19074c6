"""Tests of the configuration's rules."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcilers.microservicedeploy import properties

NAMES = st.text(string.ascii_letters + "_", min_size=1, max_size=20).filter(lambda name: name != properties.FILE)


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("password=88888888", {"password": "88888888"}),
        ("url=http://x?a=b", {"url": "http://x?a=b"}),
        ("greeting=grüß dich 你好", {"greeting": "grüß dich 你好"}),
        ("a=1\nb=2\n", {"a": "1", "b": "2"}),
        ("a=1\r\nb=2\r\n", {"a": "1", "b": "2"}),
        ("a=", {"a": ""}),
        ("a = b c ", {"a": "b c "}),
        ("# a=1\n\n  # b=2\n! c=3", {}),
        ("no equals sign", {}),
        ("=value", {}),
        ("1a=x\na b=x\nä=x", {}),
        ("spring.datasource.url=x\na-b=y", {"spring.datasource.url": "x", "a-b": "y"}),
        (".=x\n..=x\n..a=x\n.a=y", {".a": "y"}),
        ("a=1\na=2", {"a": "2"}),
        ("application.properties=x", {}),
        ("a=x\0y\nb=1", {"b": "1"}),
        (None, {}),
        ("", {}),
    ],
)
def test_a_line_becomes_a_variable_by_these_rules(text: str | None, variables: dict[str, str]) -> None:
    """Each valid `k=v` line is a variable; the file always has the whole text."""
    assert properties.parse(text).data == variables | {properties.FILE: text or ""}


@pytest.mark.parametrize(("length", "is_kept"), [(253, True), (254, False)])
def test_a_name_may_be_as_long_as_a_key_of_a_config_map(length: int, is_kept: bool) -> None:
    """A longer name stays in the file only."""
    name = "a" * length
    assert (name in properties.parse(f"{name}=1").data) is is_kept


@pytest.mark.parametrize(("length", "is_kept"), [(131_069, True), (131_070, False)])
def test_a_variable_that_no_process_could_start_with_stays_in_the_file(length: int, is_kept: bool) -> None:
    """Linux takes at most 131,072 bytes for one variable with its NUL."""
    assert ("k" in properties.parse(f"k={'x' * length}").data) is is_kept


@given(st.text())
def test_any_text_is_parsed_and_kept(text: str) -> None:
    """Parsing never fails, and the file is the text."""
    assert properties.parse(text).data[properties.FILE] == text


@given(st.dictionaries(NAMES, st.text(st.characters(blacklist_characters="\n\r\0", blacklist_categories=["Cs"]), max_size=50)))
def test_what_is_written_as_lines_comes_back(variables: dict[str, str]) -> None:
    """Variables written one a line are read back, less the blanks before a value."""
    text = "\n".join(f"{name}={value}" for name, value in variables.items())
    expected = {name: value.lstrip(" \t") for name, value in variables.items()}
    assert properties.parse(text).data == expected | {properties.FILE: text}


def test_the_digest_changes_with_the_text_even_in_a_comment() -> None:
    """The file changes with a comment, so the pods must see it."""
    assert properties.parse("a=1").digest != properties.parse("a=1\n# new").digest
    assert properties.parse("a=1").digest == properties.parse("a=1").digest


def test_the_data_must_fit_in_a_config_map() -> None:
    """Keys and values are counted in bytes, the text and its variables both."""
    line = "𝄞" * 32_000
    assert properties.parse(line).size_bytes == 4 * len(line) + len(properties.FILE)
    four, five = ("\n".join(f"k{number}={line}" for number in range(count)) for count in (4, 5))
    assert not properties.parse(four).is_too_large
    assert properties.parse(five).is_too_large
