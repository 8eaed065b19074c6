"""Fixtures that give tests a real Kubernetes API, and the rule for when there is none.

Tests that need one are marked ``controlplane``. They run if the programs are cached, on PATH or downloadable; with
CONTROL_PLANE=real they are compiled if need be. Otherwise these tests are left out, and the last line of the run says so.
"""

import os

import pytest

from envtest import binaries
from tests.support import control_planes

_STARTS = pytest.StashKey[list[str]]()
_LEFT_OUT = pytest.StashKey[tuple[int, str]]()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Leave out the tests that need an API server if there can be none; trylast: after -m and -k have made their choice."""
    needing = [item for item in items if item.get_closest_marker("controlplane")]
    if not needing or config.option.collectonly:
        return
    may_build = os.environ.get("CONTROL_PLANE") == "real"
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    try:
        with config.pluginmanager.get_plugin("capturemanager").global_and_fixture_disabled():
            binaries.find(binaries.Options(allow_build=may_build, report=reporter.write_line))
    except binaries.BinariesError as error:
        if may_build:
            raise pytest.UsageError(f"CONTROL_PLANE=real, but there is no control plane:\n{error}") from error
        config.stash[_LEFT_OUT] = (len(needing), str(error))
        config.hook.pytest_deselected(items=needing)
        items[:] = [item for item in items if item not in needing]


def pytest_terminal_summary(terminalreporter, config):
    """Say loudly what was not tested."""
    for line in config.stash.get(_STARTS, []):
        terminalreporter.write_line(line)
    number, reason = config.stash.get(_LEFT_OUT, (0, ""))
    if number:
        terminalreporter.section("control plane", red=True)
        terminalreporter.write_line(reason)
        terminalreporter.write_line(
            f"control plane not available: {number} tests not run; CONTROL_PLANE=real make test compiles it", red=True, bold=True
        )


@pytest.fixture(scope="session")
def control_plane(pytestconfig):
    """A control plane with two nodes and our CRDs, shared by all tests: keep to your own namespace."""
    with control_planes.create() as running:
        pytestconfig.stash[_STARTS] = [f"the control plane was ready after {running.start_seconds:.1f} s"]
        yield running


@pytest.fixture(scope="module")
def private_control_plane():
    """A control plane for the tests of one module, which may restart or break it but must leave it working."""
    with control_planes.create(nodes=0) as running:
        yield running


@pytest.fixture
def namespace(control_plane):
    """A fresh namespace's name; it is deleted afterwards, without waiting."""
    name = control_planes.make_namespace(control_plane)
    yield name
    control_planes.delete_namespace(control_plane, name)
