"""The few lines between fork and exec of every child of the supervisor, run as a script of its own.

A `preexec_fn` would run Python after a fork of a process full of threads; a fresh interpreter cannot
deadlock. Order matters: the kernel forgets the parent-death signal when the account changes, so it is set
after that, and a parent that died before it was set is noticed by the changed parent id.

Arguments: parent's pid, signal number, account as `uid:gid:group,group` or `-`, the program's environment as
JSON or `-` for ours, program, its arguments.
"""

import ctypes
import json
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PARENT_GONE = 125


def main(arguments: list[str]) -> None:
    """Become the program, tied to the life of the supervisor; leaves with 125 when that is gone already."""
    parent, death_signal, account, environment, *command = arguments
    # A shell starts background jobs with these ignored, and ignored signals survive exec.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    if account != "-":
        uid, gid, groups = account.split(":")
        os.setgroups([int(group) for group in groups.split(",") if group])
        os.setgid(int(gid))
        os.setuid(int(uid))
    os.umask(0o077)
    if libc is not None and libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != int(parent):
        os._exit(_PARENT_GONE)
    variables = dict(os.environ) if environment == "-" else json.loads(environment)
    os.execve(command[0], command, variables)  # noqa: S606 - replacing ourselves is the purpose


if __name__ == "__main__":
    main(sys.argv[1:])
