"""Health checks, asked without a socket: routes are plain functions."""

import pytest

from controller import healthz, http_server


def fail() -> None:
    raise healthz.CheckError("missing rule:\n  list pods")


@pytest.fixture
def handler() -> healthz.Handler:
    return healthz.Handler({"good": healthz.ping, "bad": fail})


def ask(handler: healthz.Handler, path: str, **query: list[str]) -> tuple[int, str]:
    routes = handler.routes("/readyz")
    route = routes.get(path) or routes["/readyz/"]
    response = route(http_server.Request(path, query))
    return response.status, response.body.decode()


def test_all_well_is_ok():
    """Without verbose a passing root says just ok."""
    assert ask(healthz.Handler({"good": healthz.ping}), "/readyz") == (200, "ok")


def test_no_checks_means_ping():
    """A handler without checks is alive, and has a check called ping."""
    handler = healthz.Handler()
    assert ask(handler, "/readyz", verbose=[""]) == (200, "[+]ping ok\nhealthz check passed\n")
    assert ask(handler, "/readyz/ping") == (200, "ok")


def test_a_failure_is_500_with_one_line_per_check_and_the_reason_withheld(handler):
    """On failure the root lists all checks, sorted, without saying why."""
    expected = "[-]bad failed: reason withheld\n[+]good ok\nhealthz check failed\n"
    assert ask(handler, "/readyz") == (500, expected)


def test_verbose_shows_the_reason_in_one_line(handler):
    """Who asks for details gets them."""
    status, body = ask(handler, "/readyz", verbose=[""])
    assert status == 500
    assert body == "[-]bad failed: missing rule: list pods\n[+]good ok\nhealthz check failed\n"


def test_verbose_lists_passing_checks():
    """Verbose shows each check also when all is well."""
    handler = healthz.Handler({"b": healthz.ping, "a": healthz.ping})
    assert ask(handler, "/readyz", verbose=[""]) == (200, "[+]a ok\n[+]b ok\nhealthz check passed\n")


@pytest.mark.parametrize("exclude", [["bad"], ["bad", "other"], ["other,bad"]])
def test_excluded_checks_do_not_count(handler, exclude):
    """An excluded check is not run; the parameter can be repeated."""
    assert ask(handler, "/readyz", exclude=exclude) == (200, "ok")


def test_excluding_what_does_not_exist_is_a_warning(handler):
    """Unknown names are told in the verbose text."""
    status, body = ask(handler, "/readyz", exclude=["bad", "nope", "never"], verbose=["true"])
    assert status == 200
    assert body == (
        "[+]bad excluded: ok\n[+]good ok\n"
        'warn: some health checks cannot be excluded: no matches for "never", "nope"\nhealthz check passed\n'
    )


def test_each_check_has_a_path(handler):
    """A check's own path answers for it alone, with its reason; an unknown one is 404."""
    assert ask(handler, "/readyz/good") == (200, "ok")
    assert ask(handler, "/readyz/good/") == (200, "ok")
    assert ask(handler, "/readyz/bad") == (500, "internal server error: missing rule: list pods\n")
    assert ask(handler, "/readyz/none")[0] == 404


def test_a_slash_at_the_end_is_the_root(handler):
    """/readyz/ is /readyz."""
    assert ask(handler, "/readyz/", exclude=["bad"]) == (200, "ok")


def test_checks_can_be_added_and_replaced(handler):
    """A later check of the same name takes the place of the earlier."""
    handler.add("bad", healthz.ping)
    handler.add("new", fail)
    assert ask(handler, "/readyz", exclude=["new"]) == (200, "ok")
    assert ask(handler, "/readyz")[0] == 500


@pytest.mark.parametrize("name", ["", "a/b"])
def test_a_name_that_is_no_path_segment_is_refused(handler, name):
    """A check must be reachable by its own path."""
    with pytest.raises(ValueError, match="name"):
        handler.add(name, healthz.ping)


def test_an_exception_without_text_shows_its_type():
    """There is always something to read."""

    def check() -> None:
        raise healthz.CheckError

    assert ask(healthz.Handler({"a": check}), "/readyz/a")[1] == "internal server error: CheckError\n"


def test_a_check_with_a_bug_is_not_taken_for_healthy_nor_for_a_reason(handler):
    """What is no CheckError goes through to the server, which answers 500 and logs it."""
    handler.add("broken", lambda: int("no number"))
    with pytest.raises(ValueError, match="no number"):
        ask(handler, "/readyz")


def test_it_answers_over_http():
    """The routes fit the server."""
    server = http_server.HTTPServer("127.0.0.1:0", healthz.Handler({"good": healthz.ping}).routes("/healthz"))
    server.start()
    try:
        import urllib.request

        base = f"http://127.0.0.1:{server.port}/healthz"
        for path, expected in (("", b"ok"), ("/good", b"ok"), ("?verbose", b"[+]good ok\nhealthz check passed\n")):
            with urllib.request.urlopen(base + path, timeout=20) as response:
                assert response.read() == expected
    finally:
        server.stop()
