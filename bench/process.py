"""Runs a command and measures it whole: by the clock, its CPU time, its memory.

Memory is the peak of what all its processes together hold (PSS: a shared page counts
once), looked at a few times a second. The looking is the same for everybody, and what
it costs is told.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_LOOK = 0.1  # seconds between two looks at the memory
_STRANGE = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPATH")


class BenchError(Exception):
    """A run cannot be had, or did not do what it was measured for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One run of a command."""

    seconds: float
    cpu_seconds: float = 0.0
    memory: int = 0  # bytes: the peak of all processes together
    look_seconds: float = 0.0  # CPU time spent on looking at the memory
    code: int = 0


def environment(cache: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give everybody the same: compiled modules are kept, no settings leak in."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _STRANGE and not name.startswith("AGGREGATOR_")
    }
    kept["PYTHONPYCACHEPREFIX"] = str(cache / "pycache")
    return kept | dict(extra or {})


def run(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    folder: Path,
    log: Path,
    limit: float = 900,
) -> Measured:
    """Run a command to its end.

    Raises:
        BenchError: It did not end in time.
    """
    _adopt()
    with log.open("ab") as out:
        started = time.monotonic()
        child = subprocess.Popen(
            command, env=env, cwd=folder, stdout=out, stderr=out, start_new_session=True
        )
        alarm = threading.Timer(limit, os.killpg, (child.pid, signal.SIGKILL))
        alarm.daemon = True
        alarm.start()
        try:
            with watched(child.pid) as memory:
                # wait4, not wait: it tells the CPU time of the child's children too.
                _, status, used = os.wait4(child.pid, 0)
                seconds = time.monotonic() - started
            spent = used.ru_utime + used.ru_stime + _spent_by_others(child.pid)
        except BaseException:
            os.killpg(child.pid, signal.SIGKILL)
            raise
        finally:
            alarm.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode == -signal.SIGKILL:
        raise BenchError(f"not at an end after {limit} s: {' '.join(command)}")
    return Measured(
        seconds=seconds,
        cpu_seconds=spent,
        memory=memory.peak,
        look_seconds=memory.cost,
        code=child.returncode,
    )


def _adopt() -> None:
    """Become the parent of what outlives its own (PR_SET_CHILD_SUBREAPER)."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


def _spent_by_others(group: int) -> float:
    """Wait for what a command has left behind; give its CPU time in seconds.

    The server that forks a command's workers ends by itself, right after it.
    """
    spent = 0.0
    while True:
        try:
            _, _, used = os.wait4(-group, 0)
        except ChildProcessError:
            return spent
        spent += used.ru_utime + used.ru_stime


class Memory:
    """Looks at a process and all below it, from a thread, until told to stop."""

    def __init__(self, pid: int) -> None:
        self.peak = 0
        self.cost = 0.0
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(_LOOK):
            self.peak = max(self.peak, held_by(self._pid))
            self.cost = time.thread_time()


@contextmanager
def watched(pid: int) -> Iterator[Memory]:
    """Look at a process's memory meanwhile."""
    memory = Memory(pid)
    try:
        yield memory
    finally:
        memory.stop()


def held_by(pid: int) -> int:
    """Sum what a process and all below it hold now, in bytes."""
    return sum(map(_pss, tree(pid)))


def tree(pid: int) -> Iterator[int]:
    """List a process and all below it."""
    yield pid
    for task in _listed(f"/proc/{pid}/task"):
        for child in _read(f"/proc/{pid}/task/{task}/children").split():
            yield from tree(int(child))


def _pss(pid: int) -> int:
    for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:  # it has ended meanwhile
        return []


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except OSError:
        return ""


@contextmanager
def staying(
    command: Sequence[str], *, env: Mapping[str, str], folder: Path, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command that stays, meanwhile; it is told to end, then waited for."""
    with log.open("ab") as out:
        child = subprocess.Popen(
            command,
            env=env,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=out,
            start_new_session=True,  # Ctrl-C is the harness's to handle
        )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def say(text: str) -> None:
    """Tell on stderr how it goes."""
    print(text, file=sys.stderr, flush=True)
