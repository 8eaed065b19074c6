"""Extracts the numbers of protobuf fields: ``python -m envtest.embedded.builtin.extract_messages --modules FOLDER``.

What flows in: the ``generated.proto`` files of Kubernetes' libraries, below the ``k8s.io`` folder of a Go module cache. What
flows out: ``data/messages.json``, which ``http/protobuf.py`` reads. One thread. Run it when the version of Kubernetes rises; see
the diff.
"""

import argparse
import json
import pathlib
import re
import sys
from collections.abc import Iterator, Mapping, Sequence

from envtest import versions
from envtest.embedded.builtin import resources

Messages = dict[str, dict[str, str]]
"""For each message its fields: number to ``name type``; lists and maps of a type have ``[]`` or ``{}`` in front of it."""

_PACKAGE = re.compile(r"^package ([\w.]+);", re.MULTILINE)
_MESSAGE = re.compile(r"^message (\w+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^  (optional|repeated|required|)\s*(map<string, ([\w.]+)>|[\w.]+) (\w+) = (\d+);", re.MULTILINE)
_SCALARS = frozenset(("string", "bytes", "bool", "int32", "int64", "double", "float", "uint32", "uint64"))
_META = "k8s.io.apimachinery.pkg.apis.meta.v1."


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file anew."""
    parser = argparse.ArgumentParser(prog="python -m envtest.embedded.builtin.extract_messages")
    parser.add_argument("--modules", type=pathlib.Path, required=True, help="the folder k8s.io of a Go module cache")
    folder: pathlib.Path = parser.parse_args(arguments).modules
    version = versions.Kubernetes.parse(versions.DEFAULT).library
    known: Messages = {}
    for module in ("api", "apimachinery"):
        for path in sorted(folder.glob(f"{module}@v{version}/**/generated.proto")):
            known.update(parse(path.read_text(encoding="utf-8")))
    roots = [to_message(name) for name in resources.data("definitions")]
    text = json.dumps(reachable(known, [*roots, f"{_META}DeleteOptions"]), separators=(",", ":"), sort_keys=True)
    pathlib.Path(__file__).with_name("data").joinpath("messages.json").write_text(text + "\n", encoding="utf-8")
    return 0


def to_message(definition: str) -> str:
    """Return the message that is called *definition* in OpenAPI: there the domain's parts are turned round."""
    return "k8s.io" + definition.removeprefix("io.k8s") if definition.startswith("io.k8s.") else definition


def parse(text: str) -> Messages:
    """Read a file of messages."""
    package = _PACKAGE.search(text)
    assert package is not None
    bare = re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)
    return {f"{package[1]}.{name}": dict(_fields(body, package[1])) for name, body in _MESSAGE.findall(bare)}


def _fields(body: str, package: str) -> Iterator[tuple[str, str]]:
    for label, kind, value, name, number in _FIELD.findall(body):
        shown = "{}" + _full(value, package) if value else _full(kind, package)
        yield number, f"{name} {'[]' if label == 'repeated' else ''}{shown}"


def _full(kind: str, package: str) -> str:
    if kind in _SCALARS:
        return kind
    return kind[1:] if kind.startswith(".") else kind if kind.startswith("k8s.io.") else f"{package}.{kind}"


def reachable(known: Mapping[str, dict[str, str]], roots: Sequence[str]) -> Messages:
    """Return the messages of *known* that *roots* consist of."""
    found: Messages = {}
    waiting = [root for root in roots if root in known]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = known[name]
        kinds = [text.partition(" ")[2].lstrip("[]{}") for text in known[name].values()]
        waiting += [kind for kind in kinds if kind in known]
    return found


if __name__ == "__main__":
    sys.exit(main())
