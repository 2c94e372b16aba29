"""Run the reading of documents in processes that a limit can end.

Alone may import pebble. A hostile document costs its reader time and memory, never
the service: each document has so many seconds, of CPU and by the clock, each worker
has so much memory, and a worker that dies is replaced. Threads live in the parent, so
workers are forked from a server that has none, and has imported all they need: once for
all. They end with the parent, whatever ends it.
"""

import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from concurrent.futures import Future
from concurrent.futures import TimeoutError
from datetime import timedelta
from multiprocessing.connection import wait
from multiprocessing.synchronize import Semaphore
from time import monotonic

from pebble import ProcessExpired
from pebble import ProcessPool

from aggregator.errors import ParseError
from aggregator.errors import Reason
from aggregator.intake import digest
from aggregator.intake.task import Task
from aggregator.model import Digest

LIMIT = timedelta(seconds=5)  # of CPU: a busy machine does not make a document bad
WALL = timedelta(seconds=30)  # by the clock: what waits uses no CPU
MEMORY = 1_000_000_000  # bytes of address space a worker may have
_START_SECONDS = 5.0  # that workers may take to come up
TASKS = 1_000  # documents; then a fresh worker takes over
_READY = "aggregator.intake.ready"  # the module that imports all that workers need

# What a worker sends back. An error travels as its two parts: pickled as it is, it
# would lose its reason.
_Answer = Digest | tuple[Reason, str]


class Workshop:
    """Worker processes, started with the first task; close it when done."""

    def __init__(
        self,
        workers: int,
        limit: timedelta = LIMIT,
        *,
        wall: timedelta = WALL,
        run: Callable[[Task], Digest] = digest.run,
        memory: int = MEMORY,
    ) -> None:
        """Set the limits.

        Args:
            limit: CPU time for one document.
            wall: Time by the clock for one document.
            memory: Bytes of address space for one worker.
        """
        self._limit = limit
        self._wall = wall
        self._run = run
        self._settings = (workers, memory)
        self._lock = threading.RLock()
        self._pool: ProcessPool | None = None
        self._open: set[Future[Digest]] = set()
        self._closed = False

    def submit(self, task: Task) -> "Future[Digest]":
        """Start reading a document; the result is a Digest, or a ParseError is raised.

        Raises:
            RuntimeError: The workshop is closed.
        """
        promise: Future[Digest] = Future()
        promise.set_running_or_notify_cancel()
        with self._lock:
            if self._closed:
                raise RuntimeError("the workshop is closed")
            given = self._scheduled(task)
            self._open.add(promise)
        given.add_done_callback(lambda done: self._settle(promise, done))
        return promise

    def close(self) -> None:
        """End the workers; what they were reading is given up. Twice is once."""
        with self._lock:
            pool, self._pool, self._closed = self._pool, None, True
            left, self._open = self._open, set()
        if pool is not None:
            if not left:  # nothing is given up, so there is time to be tidy
                self._await_start()
            _end(pool)
        for promise in left:
            promise.set_exception(CancelledError())

    def _await_start(self) -> None:
        """Let workers that only just start come up before they are ended.

        Ended in the middle, one would complain on stderr of what is gone already.
        """
        deadline = monotonic() + _START_SECONDS
        for _ in range(self._settings[0]):
            self._started.acquire(timeout=max(0.0, deadline - monotonic()))

    def _scheduled(self, task: Task) -> "Future[_Answer]":
        if self._pool is not None:
            try:
                return self._given(self._pool, task)
            except RuntimeError:  # broken for good, since a worker died while idle
                # Elsewhere: its threads may be waiting for the lock that we hold.
                threading.Thread(target=_end, args=(self._pool,), daemon=True).start()
        self._pool = self._new_pool()
        return self._given(self._pool, task)

    def _given(self, pool: ProcessPool, task: Task) -> "Future[_Answer]":
        work = (self._run, task, self._limit.total_seconds())
        given: Future[_Answer] = pool.schedule(
            _work, work, timeout=self._wall.total_seconds()
        )
        return given

    def _new_pool(self) -> ProcessPool:
        workers, memory = self._settings
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([_READY])
        self._started = context.Semaphore(0)
        return ProcessPool(
            max_workers=workers,
            max_tasks=TASKS,
            initializer=_prepare,
            initargs=(memory, self._started),
            context=context,
        )

    def _settle(self, promise: "Future[Digest]", done: "Future[_Answer]") -> None:
        with self._lock:
            if promise not in self._open:
                return
            self._open.remove(promise)
        answer = _answer(done)
        if isinstance(answer, Digest):
            promise.set_result(answer)
        else:
            promise.set_exception(answer)


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _answer(done: "Future[_Answer]") -> Digest | Exception:
    """Read a worker's answer, or say in our words how it failed."""
    try:
        answer = done.result()
    except CancelledError as error:
        return error
    except TimeoutError:
        return ParseError(Reason.PARSE_TIMEOUT, "by the clock")
    except ProcessExpired as error:
        if error.exitcode == -signal.SIGPROF:
            return ParseError(Reason.PARSE_TIMEOUT, "of CPU time")
        return ParseError(Reason.PARSE_CRASH, f"{error!r:.200}")
    except Exception as error:  # the process died, or ran out of memory
        return ParseError(Reason.PARSE_CRASH, f"{error!r:.200}")
    return answer if isinstance(answer, Digest) else ParseError(*answer)


# --- In the worker ------------------------------------------------------------


def _work(run: Callable[[Task], Digest], task: Task, seconds: float) -> _Answer:
    # The signal ends the process, be it in the midst of C code; it counts CPU time.
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        return run(task)
    except ParseError as error:
        return error.reason, error.detail
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _prepare(memory: int, started: Semaphore) -> None:
    """Bind the worker to its parent's life and to its share of memory."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    # Not by prctl: that signal comes when the *thread* ends that started the worker.
    threading.Thread(target=_die_with_parent, daemon=True).start()
    started.release()


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
