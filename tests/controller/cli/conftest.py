"""The command line configures the whole process; each of its tests leaves the process as it was."""

import logging
import signal
import threading

import pytest
import structlog


@pytest.fixture(autouse=True)
def undo():
    """Give the test process its signal handlers and its logging back."""
    handled = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    root, hook = logging.getLogger(), threading.excepthook
    level, handlers = root.level, list(root.handlers)
    yield
    for number, handler in handled.items():
        signal.signal(number, handler)
    structlog.reset_defaults()
    root.setLevel(level)
    root.handlers = handlers
    for name in ("kubernetes", "urllib3"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    logging.captureWarnings(capture=False)
    threading.excepthook = hook
