"""Well-formed names, and what is said of others."""

import pytest

from envtest.embedded.api import names


@pytest.mark.parametrize("key", ["a", "example.com/a", "A.b_c-d", "1"])
def test_label_keys_may_have_a_prefix(key):
    """A DNS subdomain and a slash."""
    assert names.label_key(key) == []


def test_a_bad_label_key_is_explained_in_the_servers_words():
    """With an example and the pattern."""
    (said,) = names.label_key("a b")
    assert said.startswith("name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an")
    assert said.endswith(
        "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
    )


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (names.label_key, ""),
        (names.label_key, "/a"),
        (names.label_key, "a/b/c"),
        (names.label_key, "a" * 64),
        (names.label_value, "-a"),
        (names.label_value, "a" * 64),
        (names.dns_label, "a.b"),
        (names.dns_label_1035, "1a"),
        (names.dns_subdomain, "A"),
        (names.dns_subdomain, "a" * 254),
        (names.path_segment, ".."),
        (names.path_segment, "a/b"),
    ],
)
def test_what_is_not_well_formed_is_refused(check, value):
    """Each check finds something."""
    assert check(value)


def test_a_bad_name_is_explained_in_the_servers_words():
    """With an example and the pattern."""
    (said,) = names.dns_subdomain("A")
    assert said.startswith("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and")
    assert "(e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?" in said
