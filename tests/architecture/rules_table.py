"""The table of the informers' rules: each rule of upstream has a row, and the row names tests that exist, or says why not.

What flows in: the table's text, and the names of all tests. What flows out: one line for each rule that is not answered. Pure.
"""

import ast
import re
from collections import Counter
from collections.abc import Collection, Sequence

from tests.architecture import source

RULES = tuple(f"2.{part}.{number}" for part, last in ((1, 20), (2, 9), (3, 5), (4, 9)) for number in range(1, last + 1))
"""The rules of the reflector, the queue behind it, the store, and the shared informer."""
SHORTEST_REASON = 20
"""In characters; less does not explain why a rule has no test."""
_ROW = re.compile(r"^\|\s*`?(\d+\.\d+\.\d+)`?\s*\|(.*)\|\s*$", re.MULTILINE)
_TEST = re.compile(r"tests/[\w/]+\.py(?:::\w+)*")


def names_of_tests(modules: Sequence[source.Module]) -> set[str]:
    """Return all tests as `path::function` or `path::Class::function`."""
    names = set()
    for module in modules:
        for node in module.tree.body:
            if isinstance(node, ast.FunctionDef):
                names.add(f"{module.path}::{node.name}")
            elif isinstance(node, ast.ClassDef):
                names |= {f"{module.path}::{node.name}::{f.name}" for f in node.body if isinstance(f, ast.FunctionDef)}
                names |= {f"{module.path}::{node.name}"}
    return names


def violations(text: str, tests: Collection[str], rules: Sequence[str] = RULES) -> list[str]:
    """Find rules without a row, rows without a rule, tests that do not exist, and rows that answer nothing."""
    rows = _ROW.findall(text)
    counts = Counter(rule for rule, _ in rows)
    found = [f"rule {rule} has {counts[rule]} rows instead of one" for rule in rules if counts[rule] != 1]
    found += [f"there is no rule {rule}" for rule in counts if rule not in rules]
    for rule, cells in rows:
        named = _TEST.findall(cells)
        found += [f"rule {rule} names {test}, which does not exist" for test in named if test not in tests]
        answer = cells.rpartition("|")[2].strip()
        if not named and len(answer) < SHORTEST_REASON:
            found.append(f"rule {rule} names no test and gives no reason: {answer!r}")
    return found
