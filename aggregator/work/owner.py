"""Who holds a lease: this process, named so that others can see whether it lives.

A lease runs out by itself, but after a kill -9 nobody should wait for that: an owner
on this machine whose process is gone holds nothing any more.
"""

import os
import socket
from collections.abc import Iterable
from pathlib import Path


def machine() -> str:
    """Name this machine, its present boot and its space of process numbers."""
    boot = _read("/proc/sys/kernel/random/boot_id")[:8]
    try:
        space = os.readlink("/proc/self/ns/pid").strip("pid:[]")
    except OSError:
        space = ""
    return f"{socket.gethostname()}/{boot}/{space}"


def this_owner() -> str:
    """Name this process."""
    return f"{machine()}/{os.getpid()}/{_started(os.getpid())}"


def dead_owners(owners: Iterable[str]) -> set[str]:
    """Find those on this machine whose process is gone. Of others nothing is known."""
    here = machine()
    return {owner for owner in owners if _is_dead(owner, here)}


def _is_dead(owner: str, here: str) -> bool:
    place, _, rest = owner.rpartition("/")
    place, _, pid = place.rpartition("/")
    if place != here or not pid.isdigit():
        return False
    return _started(int(pid)) != rest


def _started(pid: int) -> str:
    """Say when a process began, in ticks since boot; "" if there is none.

    A zombie counts as gone: it writes nothing any more.
    """
    stat = _read(f"/proc/{pid}/stat")
    if not stat:
        return ""
    fields = stat.rpartition(")")[2].split()  # the name before may hold anything
    return "" if fields[0] in ("Z", "X") else fields[19]


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
