"""Runs a command that ends with its parent: changes ids, requests the parent-death signal, then execs.

Usage: shim.py UID GID SIGNAL PARENT_PID COMMAND...   (UID or GID -1: unchanged)
It runs in a new interpreter, because code between fork and exec is unsafe in a process with threads.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(uid: int, gid: int, death_signal: int, parent_pid: int, command: list[str]) -> None:
    if gid >= 0:
        os.setgroups([])
        os.setgid(gid)
    if uid >= 0:
        os.setuid(uid)
    if sys.platform == "linux":
        # After the ids, because a change of credentials clears the request.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent_pid:
        # The parent died before the request, so no signal would come.
        os._exit(1)
    try:
        os.execvp(command[0], command)  # noqa: S606 - replacing this process is the purpose
    except OSError as error:
        sys.exit(f"{command[0]} can't be run: {error.strerror}")


if __name__ == "__main__":
    user, group, death, parent = map(int, sys.argv[1:5])
    main(user, group, death, parent, sys.argv[5:])
