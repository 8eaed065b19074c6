"""The real kubectl that tests run: the one on PATH, whatever its version, else the one that envtest finds."""

import shutil

from envtest import binaries


def find(report=lambda _: None, *, allow_build=False):
    """Return the path of kubectl.

    Raises:
        binaries.BinariesError: There is none, and none can be had.
    """
    if on_path := shutil.which(binaries.KUBECTL):
        return on_path
    options = binaries.Options(allow_build=allow_build, with_kubectl=True, report=report)
    return str(binaries.find(options)[binaries.KUBECTL])
