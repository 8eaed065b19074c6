"""The command that writes the CustomResourceDefinitions of all installed operators, or checks that the files are up to date.

What flows in: the installed operators and a folder. What flows out: one YAML file per kind, or exit code 1 and the names of the
files that differ. Runs in the main thread. Mirrors controller-tools cmd/controller-gen.
"""

import argparse
import pathlib
import sys
from collections.abc import Mapping, Sequence

from controller import operators
from controller.crd import gen


def contents() -> dict[str, str]:
    """Return the text of every file that should be there, by name."""
    resources = [resource for operator in operators.discover() for resource in operator.resources]
    return {gen.file_name(resource): gen.to_yaml(gen.render(resource)) for resource in resources}


def write(folder: pathlib.Path, wanted: Mapping[str, str]) -> list[str]:
    """Make *folder* hold exactly *wanted* as its YAML files, and return the names of those that were written or removed."""
    changed = drift(folder, wanted)
    folder.mkdir(parents=True, exist_ok=True)
    for name in changed:
        path = folder / name
        if name in wanted:
            path.write_text(wanted[name], encoding="utf-8")
        else:
            path.unlink()
    return changed


def drift(folder: pathlib.Path, wanted: Mapping[str, str]) -> list[str]:
    """Return the sorted names of the YAML files in *folder* that are missing, differ, or have no kind any more."""
    present = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.yaml")}
    return sorted(name for name in present.keys() | wanted.keys() if present.get(name) != wanted.get(name))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Args:
        arguments: The command line without the program's name; None takes the process's own.
    """
    parser = argparse.ArgumentParser(prog="python -m controller.crd", description="Write the CustomResourceDefinitions.")
    parser.add_argument("--output", type=pathlib.Path, required=True, metavar="FOLDER", help="where the YAML files are")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 and name the files that differ")
    options = parser.parse_args(arguments)
    wanted = contents()
    if not options.check:
        write(options.output, wanted)
        return 0
    differing = drift(options.output, wanted)
    for name in differing:
        sys.stderr.write(f"{options.output / name} is not what the spec types say: run `make manifests`\n")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
