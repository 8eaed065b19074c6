"""Log lines: their keys, their levels, and what cannot get into them."""

import io
import json
import logging
import threading
import warnings

import pytest
import structlog

from controller import logs, reconcile
from informers import objects
from tests.support import fake_clock


@pytest.fixture
def _undo():
    """Put back what `logs.configure` changes in the process."""
    root, hook = logging.getLogger(), threading.excepthook
    level, handlers = root.level, list(root.handlers)
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.setLevel(level)
    root.handlers = handlers
    for name in ("kubernetes", "urllib3"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    logging.captureWarnings(capture=False)
    threading.excepthook = hook


@pytest.fixture
def configure(_undo):
    def make(level: str = "info", fmt: str = "json") -> io.StringIO:
        stream = io.StringIO()
        logs.configure(level, fmt, stream, clock=fake_clock.FakeClock())
        return stream

    return make


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_upstreams_keys_first(configure):
    """ts, level, logger and msg come first, then the context of the reconcile, then the line's own keys."""
    stream = configure()
    context = {"controller": "demo", "controllerGroup": "apps", "controllerKind": "Deployment", "namespace": "ns", "name": "x"}
    with structlog.contextvars.bound_contextvars(**context, reconcileID="1-2"):
        structlog.get_logger("controller").info("Reconciled", count=3)
    (line,) = lines(stream)
    assert list(line)[:4] == ["ts", "level", "logger", "msg"]
    assert line == {
        "ts": "2026-01-02T03:04:05.678Z",
        "level": "info",
        "logger": "controller",
        "msg": "Reconciled",
        **context,
        "reconcileID": "1-2",
        "count": 3,
    }


@pytest.mark.parametrize(
    ("level", "expected"),
    [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)],
)
def test_levels_filter(configure, level, expected):
    """Only lines of the level and above are written."""
    stream = configure(level)
    logger = structlog.get_logger("a")
    for name in logs.LEVELS:
        getattr(logger, name)("line")
    assert len(lines(stream)) == expected


def test_a_logger_made_earlier_follows_the_configuration(configure):
    """Modules make their loggers when they are imported, before anything is configured."""
    logger = structlog.get_logger("early")
    first = configure()
    logger.info("one")
    second = configure("error")
    logger.info("two")
    logger.error("three")
    assert [line["msg"] for line in lines(first) + lines(second)] == ["one", "three"]


def test_objects_bodies_cannot_be_logged(configure):
    """A manifest, a snapshot or bytes given by mistake appear as their type, at any depth."""
    stream = configure("debug")
    manifest = {"kind": "Secret", "data": {"password": "hunter2"}}
    snapshot = objects.Snapshot(
        objects.GroupVersionKind("", "v1", "Secret"), objects.ObjectMeta(name="hunter2"), json.dumps(manifest).encode()
    )
    structlog.get_logger("a").debug("x", a=manifest, b=snapshot, c=snapshot.raw, d=[manifest], e=(snapshot,))
    assert "hunter2" not in stream.getvalue()
    (line,) = lines(stream)
    assert (line["a"], line["b"], line["c"], line["d"]) == ("<dict>", "<Snapshot>", "<bytes>", ["<dict>"])


def test_keys_and_scalars_are_shown_as_text(configure):
    """Keys, requests, kinds, exceptions, lists and numbers are what people want to read."""
    stream = configure()
    structlog.get_logger("a").info(
        "x",
        key=objects.ObjectKey("ns", "n"),
        request=reconcile.Request("", "cluster"),
        gvk=objects.GroupVersionKind("apps", "v1", "Deployment"),
        error=ValueError("no"),
        items=["a", 1, None, 1.5, True],
    )
    (line,) = lines(stream)
    assert (line["key"], line["request"], line["gvk"]) == ("ns/n", "cluster", "apps/v1.Deployment")
    assert (line["error"], line["items"]) == ("ValueError: no", ["a", 1, None, 1.5, True])


def test_long_values_are_cut(configure):
    """Neither a text nor a list can grow a line without bound."""
    stream = configure()
    structlog.get_logger("a").info("x", text="a" * 100_000, many=list(range(1000)))
    assert len(stream.getvalue()) < 20_000
    assert lines(stream)[0]["many"][-1] == "... 950 more"


def test_one_call_is_one_line(configure):
    """Line breaks in values do not break lines."""
    stream = configure()
    structlog.get_logger("a").info("first\nsecond", error="a\nb")
    assert len(stream.getvalue().splitlines()) == 1


@pytest.mark.parametrize("fmt", ["json", "console"])
def test_stack_traces_show_no_local_variables(configure, fmt):
    """A traceback names frames and the error, never the values in them."""
    stream = configure(fmt=fmt)

    def fail() -> None:
        config = "password=" + "8" * 8
        raise ValueError(len(config))

    try:
        fail()
    except ValueError:
        structlog.get_logger("a").exception("failed")
    assert "ValueError: 17" in stream.getvalue()
    assert "88888888" not in stream.getvalue()


def test_console_is_for_humans(configure):
    """Without a terminal there are no colours; message, logger and keys are all there."""
    stream = configure(fmt="console")
    structlog.get_logger("controller").warning("Careful", name="x", data={"a": "hidden"})
    text = stream.getvalue()
    assert all(part in text for part in ("2026-01-02T03:04:05.678Z", "warning", "Careful", "controller", "name=x"))
    assert "hidden" not in text
    assert "\x1b" not in text


def test_libraries_are_heard_from_warning_on_even_at_debug(configure):
    """The Kubernetes client's debug lines hold bodies; its warnings, and Python's own, become lines of ours."""
    stream = configure("debug")
    logging.getLogger("kubernetes.client.rest").debug("response body: secret")
    logging.getLogger("urllib3.connectionpool").info("Starting new HTTPS connection")
    logging.getLogger("urllib3.connectionpool").warning("Connection pool is %s", "full")
    logging.getLogger("other").critical("Bad")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("careful", UserWarning, stacklevel=1)
    found = [(line["logger"], line["level"], line["msg"]) for line in lines(stream)]
    assert found[:2] == [("urllib3.connectionpool", "warning", "Connection pool is full"), ("other", "error", "Bad")]
    assert found[2][:2] == ("py.warnings", "warning")
    assert len(found) == 3


def test_configuring_twice_does_not_double_library_lines(configure):
    """The later configuration takes the place of the earlier."""
    first, second = configure(), configure()
    logging.getLogger("urllib3").warning("once")
    assert (len(lines(first)), len(lines(second))) == (0, 1)


def test_a_dead_thread_is_a_line_without_the_exceptions_text(configure, capfd):
    """A thread that dies is logged with its frames; nothing goes to stderr."""
    stream = configure()

    def fail() -> None:
        raise ValueError("secret")

    thread = threading.Thread(target=fail, name="watcher")
    thread.start()
    thread.join()
    (line,) = lines(stream)
    assert (line["thread"], line["error"]) == ("watcher", "ValueError")
    assert "in fail" in line["stacktrace"]
    assert "secret" not in line["stacktrace"].replace('raise ValueError("secret")', "")
    assert capfd.readouterr().err == ""


def test_a_closed_stream_is_no_error(configure):
    """At the very end the pipe may be gone; the worker that logs must not die of it."""
    stream = configure()
    stream.close()
    structlog.get_logger("a").info("into the void")


@pytest.mark.parametrize(("level", "fmt"), [("verbose", "json"), ("info", "xml")])
def test_a_wrong_level_or_format_names_the_right_ones(level, fmt):
    """The message says what was given and what is possible."""
    with pytest.raises(ValueError, match=r"'(verbose|xml)'.*(debug|json)"):
        logs.configure(level, fmt, io.StringIO())
