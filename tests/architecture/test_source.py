"""Reading Python files as values."""

from tests.architecture import source


def test_names_of_modules_and_packages():
    """A module's dotted name follows its path; a package is named by its folder."""
    live = source.Module("controller/client/live.py", "")
    package = source.Module("controller/client/__init__.py", "")
    assert (live.name, live.package, live.top) == ("controller.client.live", "controller.client", "controller")
    assert (package.name, package.package) == ("controller.client", "controller.client")


def test_imports_are_absolute_with_their_alias():
    """Plain, from, renamed, nested and relative imports all name their target in full."""
    text = "import a.b\nimport c as d\nfrom e import f as g\ndef h():\n    from . import i\n    from ..j import k\n"
    found = {(i.target, i.alias) for i in source.imports(source.Module("p/q/r.py", text))}
    assert found == {("a.b", "a"), ("c", "d"), ("e.f", "g"), ("p.q.i", "i"), ("p.j.k", "k")}


def test_docstrings_include_notes_under_attributes():
    """Every string that stands as a statement is prose; other strings are not."""
    module = source.Module("p/q.py", '"""One."""\nA = "no"\n"""Two."""\ndef f():\n    """Three."""\n')
    assert [note.value for note in source.docstrings(module)] == ["One.", "Two.", "Three."]


def test_places_are_files_or_folders():
    """A place that ends with a slash is a folder; any other must be equal."""
    assert source.is_inside("a/b/c.py", ["a/b/"])
    assert source.is_inside("a/b.py", ["a/b.py"])
    assert not source.is_inside("a/bc.py", ["a/b", "x/"])
