"""Fixtures that give tests a real Kubernetes API, a real nginx and a real kubectl, and the rule for when there is none.

Tests that need one are marked ``controlplane``, ``nginx`` or ``kubectl``. They run if the programs are installed, cached or
downloadable; with CONTROL_PLANE=real a control plane is compiled if need be, and it is an error if anything is missing. Otherwise
these tests are left out, and the last lines of the run say so.
"""

import contextlib
import os

import pytest

from envtest import binaries, nginx
from tests.support import control_planes, kubectl

_STARTS = pytest.StashKey[list[str]]()
_LEFT_OUT = pytest.StashKey[list[tuple[str, int, str]]]()
IS_REAL = os.environ.get("CONTROL_PLANE") == "real"


def _find_control_plane(report):
    binaries.find(binaries.Options(allow_build=IS_REAL, report=report))


def _find_kubectl(report):
    kubectl.find(report, allow_build=IS_REAL)


_FINDERS = {
    "controlplane": ("control plane", _find_control_plane, "CONTROL_PLANE=real make test compiles it"),
    "nginx": ("nginx", nginx.find, "install it to run them"),
    "kubectl": ("kubectl", _find_kubectl, "put it on PATH to run them"),
}
"""For each marker what it needs, how that is found, and how it can be had."""


def pytest_addoption(parser):
    """Let the command line say how much tests/simulation plays."""
    group = parser.getgroup("simulation")
    group.addoption("--schedules", type=int, default=40, help="how many seeded schedules of faults are played (default: 40)")
    group.addoption("--seed", type=int, action="append", default=[], help="play just this seed's; may be repeated")


def pytest_itemcollected(item):
    """With several processes (pytest-xdist), let all tests on a shared server share one process, and so one server."""
    if kind := _kind(item):
        item.add_marker(pytest.mark.xdist_group(kind if "control_plane" in item.fixturenames else f"{kind}-of-their-own"))


def _kind(item):
    """Return the kind of server that a test needs, "" for none."""
    callspec = getattr(item, "callspec", None)
    given = callspec.params.get("server_kind", "") if callspec else ""
    return given or ("real" if item.get_closest_marker("controlplane") else "")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session):
    """Find what the processes will need before there are several, so that it is fetched once, and seen."""
    if hasattr(session.config, "workerinput") or not session.config.getoption("numprocesses", None):
        return
    for name, find, _ in _FINDERS.values():
        _miss(session.config, name, find)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Leave out the tests that need what cannot be had; trylast: after -m and -k have made their choice."""
    config.stash[_LEFT_OUT] = []
    _drop(config, items, [item for item in items if item.get_closest_marker("real_only") and _kind(item) == "embedded"])
    if config.option.collectonly:
        return
    for marker, (name, find, advice) in _FINDERS.items():
        needing = [item for item in items if item.get_closest_marker(marker)]
        if needing and (error := _miss(config, name, find)):
            config.stash[_LEFT_OUT] += [(name, len(needing), f"{error}\n{advice}")]
            _drop(config, items, needing)


def _miss(config, name, find):
    """Return why something cannot be had, "" if it can.

    Raises:
        pytest.UsageError: It cannot, and CONTROL_PLANE=real demands it.
    """
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    say = reporter.write_line if reporter else lambda _: None
    try:
        with config.pluginmanager.get_plugin("capturemanager").global_and_fixture_disabled():
            find(say)
    except (binaries.BinariesError, nginx.NginxError) as error:
        if IS_REAL:
            raise pytest.UsageError(f"CONTROL_PLANE=real, but there is no {name}:\n{error}") from error
        return str(error)
    return ""


def _drop(config, items, unwanted):
    if unwanted:
        config.hook.pytest_deselected(items=unwanted)
        gone = set(map(id, unwanted))
        items[:] = [item for item in items if id(item) not in gone]


def pytest_sessionfinish(session):
    """Tell the process that reports what this one left out, and what it started."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["left_out"] = session.config.stash.get(_LEFT_OUT, [])
        output["starts"] = session.config.stash.get(_STARTS, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Take what a process tells; all leave out the same."""
    told = getattr(node, "workeroutput", {})
    node.config.stash[_LEFT_OUT] = [tuple(one) for one in told.get("left_out", [])]
    node.config.stash[_STARTS] = node.config.stash.get(_STARTS, []) + told.get("starts", [])


def pytest_terminal_summary(terminalreporter, config):
    """Say loudly what was not tested."""
    for line in config.stash.get(_STARTS, []):
        terminalreporter.write_line(line)
    for name, number, reason in config.stash.get(_LEFT_OUT, []):
        *reasons, advice = reason.splitlines()
        terminalreporter.section(name, red=True)
        terminalreporter.write_line("\n".join(reasons))
        terminalreporter.write_line(f"{name} not available: {number} tests not run; {advice}", red=True, bold=True)


@pytest.fixture(scope="session")
def nginx_program():
    """The path of a real nginx."""
    return nginx.find()


@pytest.fixture(scope="session", params=["embedded", pytest.param("real", marks=pytest.mark.controlplane)])
def server_kind(request):
    """Which Kubernetes API a test runs on: each runs on both, unless it is marked ``real_only``."""
    return request.param


@pytest.fixture(scope="session")
def shared_control_planes(pytestconfig):
    """A function that returns the shared control plane of a kind; it is started when it is first asked for."""
    running = {}
    with contextlib.ExitStack() as stack:

        def get(kind):
            if kind not in running:
                running[kind] = stack.enter_context(control_planes.create(kind=kind))
                line = f"the {kind} control plane was ready after {running[kind].start_seconds:.1f} s"
                pytestconfig.stash[_STARTS] = [*pytestconfig.stash.get(_STARTS, []), line]
            return running[kind]

        yield get


@pytest.fixture(scope="session")
def control_plane(server_kind, shared_control_planes):
    """A control plane with two nodes and our CRDs, shared by all tests: keep to your own namespace."""
    return shared_control_planes(server_kind)


@pytest.fixture(scope="module")
def private_control_plane(server_kind):
    """A control plane for the tests of one module, which may restart or break it but must leave it working."""
    with control_planes.create(nodes=0, kind=server_kind) as running:
        yield running


@pytest.fixture
def namespace(control_plane):
    """A fresh namespace's name; it is deleted afterwards, without waiting."""
    name = control_planes.make_namespace(control_plane)
    yield name
    control_planes.delete_namespace(control_plane, name)
