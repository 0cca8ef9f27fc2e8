"""Runs churngen as a process with a pid of our choice: python3 as_pid.py PID client|server FLAGS...

A pid comes back when 32768 others have been used; clone3() with set_tid does not wait for that. The pid must be free.
Needs root.
"""

import ctypes
import os
import signal
import sys

CLONE3 = 435
CHURNGEN = os.path.join(os.path.dirname(__file__), "..", "..", "out", "tools", "churngen")
FIELDS = "flags pidfd child_tid parent_tid exit_signal stack stack_size tls set_tid set_tid_size cgroup".split()


class CloneArgs(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in FIELDS]


wanted = ctypes.c_int32(int(sys.argv[1]))
args = CloneArgs(exit_signal=signal.SIGCHLD, set_tid=ctypes.addressof(wanted), set_tid_size=1)
libc = ctypes.CDLL(None, use_errno=True)
pid = libc.syscall(CLONE3, ctypes.byref(args), ctypes.sizeof(args))
if pid < 0:
    sys.exit(f"clone3: {os.strerror(ctypes.get_errno())}")
if pid == 0:
    os.execv(CHURNGEN, ["churngen", *sys.argv[2:]])
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
