"""Run a command that dies with its parent: `python -I -S leash.py PARENT_PID SIGNAL USER_ID GROUP_ID COMMAND …`.

A server whose starter was killed with SIGKILL must not stay behind. The kernel sends the signal (prctl
PR_SET_PDEATHSIG, which outlives exec, but not a later change of user: so the user is changed first).
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent_pid, signal_number, user_id, group_id = (int(word) for word in sys.argv[1:5])
    if os.getuid() != user_id:
        os.setgroups([])
        os.setgid(group_id)
        os.setuid(user_id)
    # A shell that starts something in the background makes it ignore SIGINT, and so would all of its children.
    for ignored in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_DFL)
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent_pid:  # the parent died before the leash was on
        sys.exit(1)
    os.execv(sys.argv[5], sys.argv[5:])  # noqa: S606 - the starter's own command, no shell


if __name__ == "__main__":
    main()
