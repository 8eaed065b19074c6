"""Health checks over HTTP: /healthz and /readyz.

What flows in: named checks, and requests for all of them or for one. What flows out: "ok", or status 500 and one line per check.
Checks run in the thread of the request, so they must be quick and safe to call from any thread. Mirrors
controller-runtime/pkg/healthz; deviation: ``?verbose`` also shows why a check failed, where upstream withholds it (a check's own
path shows it in both).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from controller import http_server

_log = structlog.get_logger("controller.healthz")

_MAX_REASON = 2048
"""Characters of a check's message that are shown."""


class CheckError(Exception):
    """Something is wrong; the message says what, for those who may ask."""


Checker = Callable[[], None]
"""Raises `CheckError` when something is wrong. Any other exception is a bug: the server answers 500 and logs where."""


def ping() -> None:
    """Pass always: whoever answers is alive."""


@dataclass(frozen=True)
class _Status:
    name: str
    reason: str | None = None
    """Why it failed; None if it did not."""
    is_excluded: bool = False

    def line(self, *, is_verbose: bool) -> str:
        if self.is_excluded:
            return f"[+]{self.name} excluded: ok\n"
        if self.reason is None:
            return f"[+]{self.name} ok\n"
        return f"[-]{self.name} failed: {self.reason if is_verbose else 'reason withheld'}\n"


class Handler:
    """Answers for a set of checks."""

    def __init__(self, checks: Mapping[str, Checker] | None = None) -> None:
        self._checks = dict(checks or {})

    def add(self, name: str, check: Checker) -> None:
        """Add *check*, which raises `CheckError` to fail, or replace the one called *name*.

        Raises:
            ValueError: *name* is empty or contains a slash, so its path could not be asked for.
        """
        if not name or "/" in name:
            raise ValueError(f"a check's name is the end of a path, so it is not empty and has no slash: {name!r}")
        self._checks = {**self._checks, name: check}

    def routes(self, path: str) -> dict[str, http_server.Route]:
        """Return the routes that answer for all checks at *path*, and for each check below it."""

        def handle(request: http_server.Request) -> http_server.Response:
            name = request.path.removeprefix(path).strip("/")
            return self.check_one(name) if name else self.check_all(request.query)

        return {path: handle, f"{path}/": handle}

    def check_one(self, name: str) -> http_server.Response:
        """Answer for the check called *name*: "ok", 500 with its message, or 404."""
        checks = self._checks or {"ping": ping}
        if name not in checks:
            return http_server.Response(b"404 page not found\n", 404)
        reason = _run(name, checks[name])
        if reason is not None:
            return http_server.Response(f"internal server error: {reason}\n".encode(), 500)
        return http_server.Response(b"ok")

    def check_all(self, query: Mapping[str, list[str]]) -> http_server.Response:
        """Answer for all checks, those that `exclude` names excepted; `verbose` lists them also if all is well."""
        checks = self._checks or {"ping": ping}
        excluded = {name for value in query.get("exclude", ()) for name in value.split(",") if name}
        statuses = [
            _Status(name, is_excluded=True) if name in excluded else _Status(name, _run(name, check))
            for name, check in sorted(checks.items())
        ]
        has_failed = any(status.reason is not None for status in statuses)
        is_verbose = "verbose" in query
        if not has_failed and not is_verbose:
            return http_server.Response(b"ok")
        text = "".join(status.line(is_verbose=is_verbose) for status in statuses)
        if unknown := sorted(excluded - checks.keys()):
            quoted = ", ".join(f'"{name}"' for name in unknown)
            text += f"warn: some health checks cannot be excluded: no matches for {quoted}\n"
        text += f"healthz check {'failed' if has_failed else 'passed'}\n"
        return http_server.Response(text.encode(), 500 if has_failed else 200)


def _run(name: str, check: Checker) -> str | None:
    """Return why *check* failed, in one line, or None."""
    try:
        check()
    except CheckError as error:
        reason = " ".join((str(error) or type(error).__name__).split())[:_MAX_REASON]
        _log.debug("healthz check failed", checker=name, error=reason)
        return reason
    return None
