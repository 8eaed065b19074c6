"""The checks of tests find what is planted."""

import pytest

from tests.architecture import house_of_tests, source


def test_a_test_without_docstring_is_found():
    """Functions and methods of test files count; other functions, and other files, do not."""
    text = (
        'def test_a():\n    """Say it."""\ndef test_b():\n    pass\nclass TestC:\n    def test_d(self): pass\ndef other(): pass\n'
    )
    found = house_of_tests.without_docstring([source.Module("tests/test_x.py", text), source.Module("tests/support/x.py", text)])
    assert [line.split(" needs")[0] for line in found] == ["tests/test_x.py:3: test_b", "tests/test_x.py:6: test_d"]


@pytest.mark.parametrize(
    "text",
    [
        "import pytest\npytest.skip('x')",
        "import pytest\n@pytest.mark.skipif(True, reason='x')\ndef f(): pass",
        "import pytest\npytestmark = pytest.mark.xfail",
        "from pytest import importorskip",
        "import unittest\nraise unittest.SkipTest",
    ],
)
def test_a_skip_is_found(text):
    """Every way not to run a test is named."""
    assert len(house_of_tests.skips([source.Module("tests/test_x.py", text)])) == 1


@pytest.mark.parametrize(
    ("text", "is_fine"),
    [
        ("from unittest.mock import Mock", False),
        ("from unittest import mock", False),
        ("from informers import store\ndef f(monkeypatch): monkeypatch.setattr(store.Store, 'get', 1)", False),
        ("def f(monkeypatch): monkeypatch.setattr('informers.store.Store.get', 1)", False),
        ("import os\ndef f(monkeypatch): monkeypatch.setenv('A', 'b')", True),
    ],
)
def test_a_patch_of_our_code_is_found(text, is_fine):
    """Mocks, and patches of what is imported from us, are named; a changed environment is not."""
    assert (house_of_tests.patches([source.Module("tests/test_x.py", text)]) == []) is is_fine


def test_a_package_under_tests_is_found():
    """An `__init__.py` is named, a module is not."""
    assert house_of_tests.packages(["tests/a/__init__.py", "tests/a/test_b.py"]) == [
        "tests/a/__init__.py: no __init__.py under tests/"
    ]
