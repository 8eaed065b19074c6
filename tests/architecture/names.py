"""Names in prose must resolve, so that a docstring cannot speak of what is no longer there.

What flows in: modules, and the repository's paths. What flows out: one line for each name in single backticks that means nothing.

The rule, for text in single backticks inside a docstring:
- a path into one of our folders must exist;
- a dotted Python name must mean something where it stands: in the module, its classes and parameters, its imports and their
  classes' members, its package and the modules beside it, the builtins;
- or be a keyword of Python;
- or be a word of the API: a field in lowerCamelCase, a path below metadata, spec, status or data, or a string that the code uses
  (a kind, a metric, a header);
- anything else, such as an upstream file in Go or what has slashes, dashes or blanks in it, is literal text, as is what stands in
  double backticks.
"""

import keyword
import pathlib
import re
from collections.abc import Iterator, Sequence

from tests.architecture import index, source

_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_CALL = re.compile(r"\(.*\)$")
_FIELD = re.compile(r"[a-z][a-z0-9]*[A-Z]\w*")
_BELOW_ROOT = re.compile(r"(metadata|spec|status|data)(\.[a-z][A-Za-z0-9]*)*")
_PATH = re.compile(r"[\w.-]+(/[\w.-]+)+/?")


def unresolved(modules: Sequence[source.Module], root: pathlib.Path) -> list[str]:
    """Find names in docstrings that mean nothing; paths are looked up below *root*."""
    known = index.Index(modules)
    return [
        f"{module.path}:{line}: `{token}` means nothing here; if it is literal text, use double backticks"
        for module in modules
        for line, token in spans(module)
        if not _means_something(known, module, token, root)
    ]


def spans(module: source.Module) -> Iterator[tuple[int, str]]:
    """Yield line and text of everything in single backticks inside the docstrings of *module*."""
    for note in source.docstrings(module):
        for number, line in enumerate(str(note.value).splitlines()):
            for token in _SPAN.findall(line):
                yield note.lineno + number, token


def _means_something(known: index.Index, module: source.Module, token: str, root: pathlib.Path) -> bool:
    name = _CALL.sub("", token)
    if _NAME.fullmatch(name) and not name.endswith(".go"):
        return resolves(known, module, name) or _is_word_of_the_api(known, name)
    if _PATH.fullmatch(token) and (root / token.partition("/")[0]).is_dir():
        return (root / token).exists()
    return True


def resolves(known: index.Index, module: source.Module, name: str) -> bool:
    """Ask whether the dotted *name* means something in *module*."""
    first, *rest = name.split(".")
    target = known.look_up(module, first)
    for part in rest:
        target = known.member(target, part) if target else None
    return target is not None


def _is_word_of_the_api(known: index.Index, name: str) -> bool:
    is_field = any(_FIELD.fullmatch(part) for part in name.split("."))
    return keyword.iskeyword(name) or is_field or bool(_BELOW_ROOT.fullmatch(name)) or name in known.strings
