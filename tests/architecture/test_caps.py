"""The checks of sizes and names find what is planted."""

import pytest

from tests.architecture import caps, source


def test_a_long_module_is_found():
    """The cap itself is fine, one line more is not."""
    assert caps.long_modules([source.Module("p/a.py", "x\n" * 400)]) == []
    assert caps.long_modules([source.Module("p/a.py", "x\n" * 401)]) == ["p/a.py: 401 lines, the cap is 400"]


def test_a_long_function_is_found():
    """The signature counts; methods and nested functions are looked at too."""
    method = "class A:\n    def f(self):\n" + "        pass\n" * 50
    assert caps.long_functions([source.Module("p/a.py", method)]) == ["p/a.py:2: f has 51 lines, the cap is 50"]
    assert caps.long_functions([source.Module("p/a.py", method.replace("        pass\n", "", 1))]) == []


@pytest.mark.parametrize(
    ("signature", "is_fine"),
    [
        ("self, a, b, c, d, e", True),
        ("cls, a, /, b, *, c, d, e", True),
        ("a, b, c, d, e, f", False),
        ("self, a, b, *, c, d, e, f", False),
        ("a, b, c, d, *e, **f", False),
    ],
)
def test_parameters_are_counted(signature, is_fine):
    """Self and cls do not count; keyword-only, star and double star do."""
    assert (caps.many_parameters([source.Module("p/a.py", f"def f({signature}): pass\n")]) == []) is is_fine


def test_a_name_that_says_nothing_is_found():
    """Files and folders are looked at."""
    paths = ["p/utils.py", "p/common/a.py", "p/_base.py", "p/based.py"]
    found = caps.forbidden_names([source.Module(path, "") for path in paths])
    assert [line.partition(":")[0] for line in found] == paths[:3]


@pytest.mark.parametrize("text", ["x = 1  # TODO: later", "raise NotImplementedError"])
def test_unfinished_work_is_found(text):
    """Notes to do something later and stubs are named."""
    assert len(caps.unfinished([source.Module("p/a.py", text)])) == 1


def test_exports_are_read_and_ordered():
    """The exports are read without importing; constants come first, then classes, then functions."""
    assert caps.exports(source.Module("p/__init__.py", '__all__ = ["b", "A", "C_D"]\n')) == ["b", "A", "C_D"]
    assert caps.exports(source.Module("p/__init__.py", "")) == []
    assert sorted(["b", "Zebra", "A", "C_D"], key=caps.export_order) == ["A", "C_D", "Zebra", "b"]
