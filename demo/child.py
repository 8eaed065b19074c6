"""The last thing that runs here before a process of the demo becomes the program that it stands for.

What flows in: the parent's process id and a command line. What flows out: that command in this process, which the kernel asks to
end when the demo dies, however it dies, and which does not see $KUBECONFIG: it names a cluster that the demo must not touch.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h; the setting survives the exec


def main(parent: int, command: list[str]) -> None:
    """Become *command*, unless the process *parent* is gone already."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        sys.exit("the demo ended before its child began")
    environment = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
    os.execvpe(command[0], command, environment)  # noqa: S606 (no shell on purpose)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
