"""Fixtures that give tests a real Kubernetes API, a real nginx and a real kubectl, and the rule for when there is none.

Tests that need one are marked ``controlplane``, ``nginx`` or ``kubectl``. They run if the programs are installed, cached or
downloadable; with CONTROL_PLANE=real a control plane is compiled if need be, and it is an error if anything is missing. Otherwise
these tests are left out, and the last lines of the run say so.
"""

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


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Leave out the tests that need what cannot be had; trylast: after -m and -k have made their choice."""
    config.stash[_LEFT_OUT] = []
    if config.option.collectonly:
        return
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    for marker, (name, find, advice) in _FINDERS.items():
        needing = [item for item in items if item.get_closest_marker(marker)]
        if not needing:
            continue
        try:
            with config.pluginmanager.get_plugin("capturemanager").global_and_fixture_disabled():
                find(reporter.write_line)
        except (binaries.BinariesError, nginx.NginxError) as error:
            if IS_REAL:
                raise pytest.UsageError(f"CONTROL_PLANE=real, but there is no {name}:\n{error}") from error
            config.stash[_LEFT_OUT] += [(name, len(needing), f"{error}\n{advice}")]
            config.hook.pytest_deselected(items=needing)
            items[:] = [item for item in items if item not in needing]


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
