"""The check of names in prose finds what is planted."""

import pytest

from tests.architecture import index, names, source

STORE = source.Module(
    "informers/store.py",
    "import threading\nLIMIT = 5\nclass Reader:\n    def get(self, key): ...\n"
    "class Store(Reader):\n    depth: int\n    def put(self, item):\n        self._lock = threading.Lock()\n",
)
OBJECTS = source.Module("informers/objects.py", "KIND = 'Deployment'\nclass ObjectKey(tuple): ...\n")
USER = source.Module(
    "controller/manager.py",
    "import collections.abc\nfrom informers import store\nimport informers.objects\n"
    "class Manager:\n    def run(self, wait_seconds): ...\n",
)
BESIDE = source.Module("controller/reconcile.py", "class Reconciler:\n    def reconcile(self): ...\n")
MODULES = [source.Module("informers/__init__.py", ""), source.Module("controller/__init__.py", ""), STORE, OBJECTS, USER, BESIDE]


def resolves(name, module=USER):
    """Ask whether *name* resolves in the planted modules."""
    return names.resolves(index.Index(MODULES), module, name)


@pytest.mark.parametrize(
    "name",
    [
        "Manager",
        "run",
        "wait_seconds",
        "Manager.run",
        "store.Store",
        "store.Store.put",
        "store.Store.depth",
        "store.Store._lock",
        "store.LIMIT",
        "informers.store.Store",
        "reconcile",
        "Reconciler.reconcile",
        "collections.abc.Mapping",
        "put",
        "ValueError",
        "dict.items",
        "__cause__",
        "threading.Event.set",
    ],
)
def test_a_name_that_is_there_resolves(name):
    """The module, its classes, parameters, imports, package, neighbours, builtins and the standard library are looked at."""
    assert resolves(name)


@pytest.mark.parametrize("name", ["store.Store.get", "objects.ObjectKey.count"])
def test_inherited_members_resolve(name):
    """Members of bases count, of ours and of the builtins."""
    assert resolves(name, STORE)


@pytest.mark.parametrize(
    "name",
    ["Gone", "store.Gone", "store.Store.gone", "Manager.gone", "gone.Store", "dict.gone", "informers.gone", "threading.Gone"],
)
def test_a_name_that_is_not_there_does_not_resolve(name):
    """A renamed class, method, module or function is found."""
    assert not resolves(name)


@pytest.mark.parametrize(
    ("token", "is_fine"),
    [
        ("apiVersion", True),
        ("metadata.uid", True),
        ("spec.replicas", True),
        ("Deployment", True),
        ("return", True),
        ("/readyz", True),
        ("--namespace", True),
        ("main.go", True),
        ("run(0)", True),
        ("informers/store.py", True),
        ("informers/gone.py", False),
        ("Gone", False),
        ("gone()", False),
    ],
)
def test_words_of_the_api_and_literals(tmp_path, token, is_fine):
    """Fields, strings of the code and literal text pass; a path of ours must exist; a call is its function."""
    (tmp_path / "informers").mkdir()
    (tmp_path / "informers/store.py").touch()
    module = source.Module("controller/manager.py", f'"""Say `{token}`."""\n{USER.text}')
    found = names.unresolved([*MODULES[:4], module], tmp_path)
    assert (found == []) is is_fine


def test_double_backticks_are_literal_text(tmp_path):
    """Nothing in double backticks is looked up."""
    module = source.Module("controller/a.py", '"""Say ``gone``."""\n')
    assert names.unresolved([module], tmp_path) == []


def test_a_violation_names_its_line(tmp_path):
    """The line is that of the word, not of the docstring's start."""
    module = source.Module("controller/a.py", '"""Say.\n\nThen `gone`.\n"""\n')
    assert names.unresolved([module], tmp_path) == [
        "controller/a.py:3: `gone` means nothing here; if it is literal text, use double backticks"
    ]
