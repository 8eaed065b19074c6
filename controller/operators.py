"""How an operator plugs in: it declares itself under the entry point group `coxswain.operators`.

What flows in: the entry points of the installed distributions. What flows out: `Operator` values, which the command line runs,
installs and renders without knowing any by name. Called by the main thread, at start. No upstream file: Go links operators in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING

from controller.crd import definition

if TYPE_CHECKING:
    from controller import manager

GROUP = "coxswain.operators"
"""The entry point group; an entry's name is the operator's name."""


class OperatorError(Exception):
    """An operator that is not installed, or an entry point that does not lead to one."""


@dataclass(frozen=True)
class Flag:
    """A command-line flag that an operator brings along; its value is a string."""

    name: str
    """Without dashes in front, for example "base-domain"."""
    default: str
    help: str


@dataclass(frozen=True)
class Operator:
    """One operator: its kinds, and how its controllers join a manager."""

    name: str
    resources: tuple[definition.CustomResource, ...]
    setup: Callable[[manager.Manager, Mapping[str, str]], None]
    """Adds the controllers to the manager; the mapping holds the values of the operator's own flags, by name."""
    flags: tuple[Flag, ...] = ()


def discover(names: Iterable[str] | None = None) -> list[Operator]:
    """Return the installed operators, sorted by name.

    Args:
        names: Which ones; None means all of them.

    Raises:
        OperatorError: A name is not installed, or an entry point is broken.
    """
    found = {entry.name: entry for entry in metadata.entry_points(group=GROUP)}
    wanted = sorted(found) if names is None else sorted(set(names))
    if unknown := [name for name in wanted if name not in found]:
        raise OperatorError(f"no operator named {', '.join(unknown)}; installed: {', '.join(sorted(found)) or 'none'}")
    return [load(found[name]) for name in wanted]


def load(entry: metadata.EntryPoint) -> Operator:
    """Return the operator that *entry* leads to.

    Raises:
        OperatorError: It leads nowhere, or to something else.
    """
    try:
        operator = entry.load()
    except (ImportError, AttributeError) as error:
        raise OperatorError(f"entry point {entry.name} = {entry.value} cannot be loaded: {error}") from error
    if not isinstance(operator, Operator):
        raise OperatorError(f"entry point {entry.name} = {entry.value} is a {type(operator).__name__}, not an Operator")
    return operator
