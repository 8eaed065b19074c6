"""Telling the story: one line per step, or a live table on a terminal.

What flows in: steps as they begin and hold, and observations between. What flows out: text on the console. The main thread only.
"""

import io
import pathlib
import re
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich import console, live, terminal_theme

from demo import observation, story, table

PICTURE_WIDTH = 118
_FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""Fonts that rich's pictures would load from elsewhere; without them the reader's own monospace font is used."""


class Narrator:
    """Tells the story line by line; as a context manager it puts the terminal back as it was."""

    def __init__(self, out: console.Console, steps: Sequence[story.Step], hint: str) -> None:
        self._out = out
        self._hint = hint
        self._progress = [table.Progress(step.title) for step in steps]
        self._live: live.Live | None = None

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the live table, if there is one; its last state stays on the screen."""
        if self._live is not None:
            self._live.stop()

    def begin(self, number: int) -> None:
        """Say that step *number*, from 0, has begun."""
        self._progress[number] = table.Progress(self._progress[number].title, is_running=True)

    def show(self, seen: observation.Observation) -> None:
        """Show *seen*: on a terminal the table, elsewhere nothing."""
        if not self._out.is_terminal:
            return
        if self._live is None:
            self._live = live.Live(console=self._out, auto_refresh=False, vertical_overflow="visible")
            self._live.start()
        self._live.update(table.render(seen, self._progress, self._hint), refresh=True)

    def held(self, number: int, seen: str, seconds: float) -> None:
        """Say that step *number* holds."""
        title = self._progress[number].title
        self._progress[number] = table.Progress(title, seen, seconds)
        if self._live is None:
            self.say(f"[{number + 1}/{len(self._progress)}] {title}: {seen} ({seconds:.1f} s)")

    def say(self, text: str) -> None:
        """Print *text* as it is, below what was shown."""
        self._out.print(text, markup=False, highlight=False, soft_wrap=True)

    def record(self, seen: observation.Observation, file: pathlib.Path) -> None:
        """Write the table as an SVG picture to *file*."""
        picture = console.Console(record=True, width=PICTURE_WIDTH, file=io.StringIO(), force_terminal=True)
        picture.print(table.render(seen, self._progress, self._hint))
        file.parent.mkdir(parents=True, exist_ok=True)
        svg = picture.export_svg(title="make demo", theme=terminal_theme.MONOKAI)
        file.write_text(_FONT_FACE.sub("", svg), encoding="utf-8")
