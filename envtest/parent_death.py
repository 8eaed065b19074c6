"""Run a command that dies when the thread that started it does.

What flows in: the parent's process id, a user (or ``-``) and a command, as arguments. What flows out: this process becomes the
command, as that user, with the kernel's parent-death signal set to SIGKILL. Run as a script (not imported), so that nothing has
to run between fork and exec of a program with threads. Nothing upstream is mirrored.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def become(parent: int, user: str, command: list[str]) -> None:
    """Replace this process by *command*, bound to the life of *parent*.

    Args:
        parent: Process id of the process that must stay alive.
        user: Numbers of the user and the group to become, joined by a colon, which only root can; ``-`` changes neither.
        command: Absolute path of the program, then its arguments.

    Raises:
        OSError: The kernel refused the user or the signal, or the program cannot be run.
        SystemExit: The parent was gone before the signal was set.
    """
    if user != "-":  # first, because the kernel forgets the signal of a process whose user changes
        user_id, group_id = map(int, user.split(":"))
        os.setgroups([])
        os.setgid(group_id)
        os.setuid(user_id)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:  # it died before the line above: no signal would ever come
        sys.exit(f"the process that started {command[0]} is gone")
    os.execv(command[0], command)  # noqa: S606 (no shell is wanted)


if __name__ == "__main__":
    become(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
