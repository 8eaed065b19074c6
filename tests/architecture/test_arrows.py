"""The checks of imports find what is planted."""

import pytest

from tests.architecture import arrows, source


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("workqueue/a.py", "import informers"),
        ("informers/a.py", "from controller import manager"),
        ("controller/a.py", "def f():\n    import reconcilers.diff"),
        ("envtest/a.py", "from workqueue import clock"),
        ("demo/a.py", "from envtest import controlplane"),
        ("demo/a.py", "from reconcilers import diff"),
    ],
)
def test_an_import_against_an_arrow_is_found(path, text):
    """An import of a package to the right is named with its line."""
    found = arrows.against_arrows([source.Module(path, text)])
    assert len(found) == 1
    assert found[0].startswith(f"{path}:")


def test_imports_along_the_arrows_are_fine():
    """Packages to the left, the package itself, and third parties are no violation."""
    text = "import json, msgspec\nfrom workqueue import clock\nfrom controller.client import live\nfrom reconcilers import diff\n"
    assert arrows.against_arrows([source.Module("reconcilers/a.py", text)]) == []


def test_an_operator_that_knows_another_is_found():
    """One operator's import of another is named; the shared modules are not operators."""
    modules = [
        source.Module("reconcilers/diff.py", ""),
        source.Module("reconcilers/one/spec.py", "from reconcilers import diff\nfrom reconcilers.one import desired\n"),
        source.Module("reconcilers/two/spec.py", "from reconcilers.one import spec\n"),
    ]
    assert arrows.between_operators(modules) == ["reconcilers/two/spec.py:1: reconcilers.two.spec must not know the operator one"]


def test_a_third_party_import_in_a_stdlib_package_is_found():
    """Only the standard library and the package itself are allowed."""
    module = source.Module("workqueue/a.py", "import heapq\nfrom workqueue import clock\nimport msgspec\n")
    assert arrows.beyond_stdlib([module], "workqueue") == [
        "workqueue/a.py:3: workqueue is stdlib only, it must not import msgspec"
    ]


def test_a_name_imported_across_packages_is_found():
    """A class imported from another package is named; a module, and a class of the own package, are not."""
    modules = [
        source.Module("informers/store.py", ""),
        source.Module(
            "controller/a.py", "from informers import store\nfrom controller.b import C\nfrom informers.store import Store\n"
        ),
    ]
    assert arrows.names_across_packages(modules) == ["controller/a.py:3: import the module, not the name: informers.store.Store"]


def test_a_cycle_is_found():
    """Modules that import each other in a circle are named in order; a straight line is not."""
    ring = [
        source.Module("p/__init__.py", "from p import a\n"),
        source.Module("p/a.py", "from p import b\n"),
        source.Module("p/b.py", "from p import c\n"),
        source.Module("p/c.py", "from p.a import thing\n"),
    ]
    assert arrows.cycles(ring) == ["p.a -> p.b -> p.c -> p.a"]
    assert arrows.cycles(ring[:3]) == []
