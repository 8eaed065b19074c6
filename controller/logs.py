"""How log lines look, and what may never stand in them.

What flows in: calls of structlog loggers in any thread, and warnings of libraries that use the standard library's logging. What
flows out: one line per call on one stream, as JSON with the keys ts, level, logger and msg first, or for a human's eye. The
command line calls `configure` once. Mirrors the keys of controller-runtime/pkg/log (zap's JSON encoder).

Two rules hold whatever the level: a value that is not a plain scalar, a list of those, or a key's own text is shown as its type,
so an object's body cannot get into a log by mistake; and libraries are heard from warning on, since some print bodies at debug.
"""

import json
import logging
import threading
import traceback
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from workqueue import clock as clocks

LEVELS = ("debug", "info", "warning", "error")
_FIRST_KEYS = ("ts", "level", "logger", "msg")
_MAX_CHARACTERS = 16384
"""Of one value; the kernel's pipes and most collectors begin to split lines beyond."""
_MAX_ELEMENTS = 50

EventDict = MutableMapping[str, Any]
Harmless = str | int | float | list["Harmless"] | None
"""What a log line may hold."""


def configure(level: str, fmt: str, stream: TextIO, *, clock: clocks.Clock | None = None) -> None:
    """Send all log lines to *stream*.

    Args:
        level: The lowest level that is written; one of `LEVELS`.
        fmt: "json" or "console".
        stream: Where lines go.
        clock: Where `ts` comes from; the system's by default.

    Raises:
        ValueError: *level* or *fmt* is none of these.
    """
    if level not in LEVELS:
        raise ValueError(f"log level {level!r} is none of {', '.join(LEVELS)}")
    if fmt not in ("json", "console"):
        raise ValueError(f"log format {fmt!r} is neither json nor console")
    a_clock = clock or clocks.RealClock()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            lambda logger, _, event_dict: _finish(event_dict, logger.name, a_clock),
            _json if fmt == "json" else _console(is_coloured=stream.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *names: _Writer(str(names[0]) if names else "", stream),
        cache_logger_on_first_use=False,  # module-level loggers follow a later call
    )
    _route_standard_library()
    threading.excepthook = _log_dead_thread


class _Writer:
    """Writes lines; a stream that is gone is no reason to fail."""

    _lock = threading.Lock()

    def __init__(self, name: str, stream: TextIO) -> None:
        self.name = name
        self._stream = stream

    def write(self, line: str) -> None:
        with self._lock:
            try:
                self._stream.write(line + "\n")
                self._stream.flush()
            except (OSError, ValueError):  # a closed pipe, a closed file
                pass

    debug = info = warning = error = critical = exception = fatal = msg = write


def _finish(event_dict: EventDict, name: str, clock: clocks.Clock) -> EventDict:
    """Name the keys as upstream does, in a fixed order, and let no value through that could be an object's."""
    message = event_dict.pop("event", "")
    head = {"ts": clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"), "level": event_dict.pop("level", "")}
    head |= {"logger": event_dict.pop("logger", name), "msg": harmless(message)}
    return {**head, **{key: harmless(value) for key, value in event_dict.items()}}


def harmless(value: object) -> Harmless:
    """Return *value* as it may be logged.

    Scalars pass (long text is cut), and so do lists of harmless values. Keys and requests, which are tuples with a text of their
    own, become that text; exceptions become their type and message. Anything else, a dict or bytes say, becomes its type's name.
    """
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return value if len(value) <= _MAX_CHARACTERS else value[:_MAX_CHARACTERS] + "..."
    if isinstance(value, tuple) and type(value).__str__ is not object.__str__:
        return harmless(str(value))
    if isinstance(value, list | tuple | set | frozenset):
        elements = [harmless(element) for element in list(value)[:_MAX_ELEMENTS]]
        return elements if len(value) <= _MAX_ELEMENTS else [*elements, f"... {len(value) - _MAX_ELEMENTS} more"]
    if isinstance(value, BaseException):
        return harmless(f"{type(value).__name__}: {value}")
    return f"<{type(value).__name__}>"


def _json(_: object, __: str, event_dict: EventDict) -> str:
    return json.dumps(event_dict)


def _console(*, is_coloured: bool) -> structlog.typing.Processor:
    renderer = structlog.dev.ConsoleRenderer(
        colors=is_coloured,
        event_key="msg",
        timestamp_key="ts",
        exception_formatter=structlog.dev.plain_traceback,  # others print local variables
    )

    def render(logger: object, method: str, event_dict: EventDict) -> str:
        return str(renderer(logger, method, event_dict))

    return render


class _ToStructlog(logging.Handler):
    """Passes on what libraries log."""

    def emit(self, record: logging.LogRecord) -> None:
        logger = structlog.get_logger(record.name)
        level = next((name for name in reversed(LEVELS) if record.levelno >= getattr(logging, name.upper())), "debug")
        extra = {} if not record.exc_info or record.exc_info[0] is None else {"error": record.exc_info[0].__name__}
        getattr(logger, level)(record.getMessage(), **extra)


def _route_standard_library() -> None:
    """Let libraries speak through us, from warning on: at debug the Kubernetes client prints bodies of answers."""
    root = logging.getLogger()
    root.handlers = [handler for handler in root.handlers if not isinstance(handler, _ToStructlog)]
    root.addHandler(_ToStructlog())
    root.setLevel(logging.WARNING)
    for name in ("kubernetes", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)  # noqa: FBT003 (the standard library's signature)


def _log_dead_thread(died: threading.ExceptHookArgs) -> None:
    """Log a thread that an exception ended, as a line like any other; the message could quote values, so it is left out."""
    name = died.thread.name if died.thread is not None else ""
    frames = "".join(traceback.format_tb(died.exc_traceback))
    structlog.get_logger("threading").error("A thread died", thread=name, error=died.exc_type.__name__, stacktrace=frames)
