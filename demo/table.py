"""The table: resource, children, conditions, steps.

What flows in: an observation and the steps' progress. What flows out: something that rich can print. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from demo import observation, state

MESSAGE_WIDTH = 60
"""Longer messages of conditions are cut: the table must not jump."""


@dataclass(frozen=True)
class Progress:
    """How far one step is."""

    title: str
    seen: str = ""
    seconds: float | None = None
    """How long it took; None while it is not done."""
    is_running: bool = False


def render(seen: observation.Observation, progress: Sequence[Progress], hint: str) -> RenderableType:
    """Draw everything; *hint* is the command line to look oneself."""
    last_line = Text(reconciles(seen), style="dim")
    look = Text.assemble(("look yourself: ", "dim"), (hint, "cyan"), overflow="fold", no_wrap=False)
    conditions = [_conditions(seen)] if observation.conditions(seen.resource) else []
    return Group(_objects(seen), *conditions, _steps(progress), last_line, look)


def _objects(seen: observation.Observation) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("KIND", "NAME", "STATE"):
        table.add_column(column, no_wrap=True)
    if seen.resource is not None:
        _add(table, seen.resource, Text(observation.RESOURCE.kind, style="bold"))
    for kind in observation.CHILDREN:
        child = seen.child(kind)
        label = Text(f"  {kind}")
        if child is None:
            table.add_row(label, "", Text("gone", style="dim") if seen.resource is None else Text("missing", style="yellow"))
        else:
            _add(table, child, label)
    return table


def _add(table: Table, obj: observation.Manifest, label: Text) -> None:
    described = state.describe({**obj, "kind": label.plain.strip()})
    table.add_row(label, obj["metadata"]["name"], Text(described, style="yellow" if described == "going" else ""))


def _conditions(seen: observation.Observation) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("CONDITION", "STATUS", "REASON", "MESSAGE"):
        table.add_column(column, no_wrap=True)
    for condition in observation.conditions(seen.resource):
        message = condition.get("message", "")
        cut = message if len(message) <= MESSAGE_WIDTH else message[: MESSAGE_WIDTH - 1] + "…"
        style = "green" if condition["status"] == _GOOD.get(condition["type"], "True") else "yellow"
        table.add_row(condition["type"], Text(condition["status"], style=style), condition.get("reason", ""), Text(cut))
    return table


_GOOD = {"Progressing": "False", "Degraded": "False"}
"""For the conditions whose True is not good news."""


def _steps(progress: Sequence[Progress]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for step in progress:
        if step.seconds is not None:
            table.add_row(Text("✓", style="green"), step.title, f"{step.seconds:.1f} s")
        else:
            table.add_row("…" if step.is_running else "·", Text(step.title, style="" if step.is_running else "dim"), "")
    return table


def reconciles(seen: observation.Observation) -> str:
    """Say how the manager does, by its own count."""
    counted = seen.reconciles
    if counted is None:
        return "the manager's metrics do not answer"
    if counted.since_last_seconds is None:
        return "no reconcile yet"
    return f"last reconcile {counted.since_last_seconds:.0f} s ago, {counted.total} in all, {counted.failed} failed"
