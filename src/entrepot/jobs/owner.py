"""Who holds a run: a process, named so that others on the same machine can tell that it is dead before its lease ends.

This only saves waiting after a kill. What keeps data right is the fence, also when this is mistaken.
"""

import os
import socket
from functools import cache
from pathlib import Path

_SEPARATOR = "/"


@cache
def this_process() -> str:
    """Machine, process id and the moment it began, for a process id is used again after a while."""
    return _SEPARATOR.join((_machine(), str(os.getpid()), _begin(os.getpid()) or ""))


def is_dead(owner: str) -> bool:
    """True only where it is certain: never for another machine, container or boot."""
    machine, _, rest = owner.partition(_SEPARATOR)
    pid, _, begin = rest.partition(_SEPARATOR)
    if machine != _machine() or not pid.isdecimal() or os.name != "posix":
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return _begin(int(pid)) != (begin or None)


@cache
def _machine() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}:{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname()


def _begin(pid: int) -> str | None:
    """None where the system does not tell, or the process has ended and only waits to be collected."""
    try:
        about = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = about.rpartition(")")[2].split()  # the name before it may hold anything
    return None if fields[0] in "ZX" else fields[19]
