"""Performances in several processes, each with a control plane of its own.

What flows in: names of disturbances, and of the operator that plays. What flows out: outcomes, as futures. Results are waited for
by the test's thread.
"""

import ctypes
import multiprocessing
import os
import pathlib
import signal
import sys
from concurrent import futures
from multiprocessing import util
from typing import NamedTuple

import pytest

from envtest import controlplane
from envtest.embedded import server
from tests.support import control_planes, sim_bugs, sim_disturbances, sim_performance

FOLDER = pathlib.Path(__file__).parents[2] / "build" / "simulation"
"""Where the logs are; those of the last performance of each name are kept."""
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Play(NamedTuple):
    """Which story is told by whom."""

    name: str
    bug: str = ""


class Stage:
    """A control plane, and how the story ends on it where nothing disturbs it."""

    def __init__(self, folder=FOLDER):
        self._folder = folder
        options = controlplane.Options(nodes=1, crds=control_planes.CRDS)
        self._control_plane = server.EmbeddedControlPlane(options, server.Settings(autoscaler_seconds=0.1))
        self._ends = None

    def start(self):
        """Start the control plane, and tell the story once without a disturbance."""
        self._control_plane.start()
        outcome = self._tell(sim_performance.Reference(), None)
        if outcome.problem:
            raise sim_performance.BrokenError(outcome.problem)
        self._ends = outcome.ends

    def stop(self):
        """Stop the control plane."""
        self._control_plane.stop()

    def tell(self, name, bug=""):
        """Tell the story with the disturbance of a name, by the operator with a bug, or without one."""
        return self._tell(sim_disturbances.named(name), sim_bugs.VARIANTS[bug])

    def _tell(self, disturbance, variant):
        return sim_performance.Performance(self._control_plane, disturbance, self._ends, variant).tell(self._folder)


class Pool:
    """Processes that tell stories; a context manager."""

    def __init__(self, processes=None):
        self._executor = futures.ProcessPoolExecutor(
            processes or max(2, os.cpu_count() or 1),
            multiprocessing.get_context("spawn"),  # a fork of a process with threads would inherit their locks
            _begin,
            (os.getpid(),),
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._executor.shutdown(cancel_futures=True)

    def submit(self, name, bug=""):
        """Have the story told; return the outcome's future."""
        return self._executor.submit(_tell, name, bug)


def plays(names):
    """Return a parameter for each name: one play by the operator as it is."""
    return [pytest.param((Play(name),), id=name) for name in names]


def act(names, bug):
    """Return one parameter: the plays of all names by an operator with *bug*."""
    return pytest.param(tuple(Play(name, bug) for name in names), id=bug.replace(" ", "-"))


def assert_good(outcomes):
    """Fail with what is wrong with the outcomes, and how to see it again."""
    for outcome in outcomes:
        kind, _, rest = outcome.name.partition("-")
        again = (
            f"make simulate ARGS='--seed {rest}'" if kind == "seed" else f"make test ARGS='tests/simulation -k {outcome.name}'"
        )
        assert not outcome.problem, f"{outcome.problem}\nrequests: {outcome.log}\nagain: {again}"


_stage = []
"""In a process of a pool: its stage."""


def _begin(parent):
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit("the parent is gone")
    stage = Stage()
    util.Finalize(None, stage.stop, exitpriority=10)
    stage.start()
    _stage.append(stage)


def _tell(name, bug):
    return _stage[0].tell(name, bug)
