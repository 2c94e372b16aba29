"""Look names up in threads of our own, away from the loop that must not wait."""

import queue
import socket
import threading
from collections.abc import Callable
from collections.abc import Sequence
from functools import partial

from aggregator.errors import FetchError
from aggregator.errors import Reason

Resolver = Callable[[str, int], Sequence[str]]
Answer = tuple[str, ...] | FetchError


def system_resolve(host: str, port: int) -> tuple[str, ...]:
    """Ask the system for a name's addresses, in the order in which to try them.

    Raises:
        OSError: The name has none, or nobody could be asked.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class LookUps:
    """Threads that look names up; started when needed, ended by `close`.

    They are daemons: getaddrinfo cannot be ended, and a dead name server must not keep
    the process from stopping. For the same reason there are as many as there may be
    requests, else a few dead names would hold up all others.
    """

    def __init__(self, resolve: Resolver, *, most: int) -> None:
        self._resolve = resolve
        self._most = most
        self._threads = 0
        self._idle = threading.Semaphore(0)
        self._tasks: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()

    def ask(self, host: str, port: int, answered: Callable[[Answer], None]) -> None:
        """Look a name up; the answer is given in one of the threads."""
        self._tasks.put(lambda: answered(self._answer(host, port)))
        if not self._idle.acquire(blocking=False) and self._threads < self._most:
            self._threads += 1
            name = f"look-up-{self._threads}"
            threading.Thread(target=self._work, name=name, daemon=True).start()

    def close(self) -> None:
        """Let every thread end after what it is doing."""
        for _ in range(self._threads):
            self._tasks.put(None)

    def _work(self) -> None:
        for task in iter(partial(self._tasks.get), None):
            task()
            self._idle.release()

    def _answer(self, host: str, port: int) -> Answer:
        try:
            return tuple(self._resolve(host, port))
        except FetchError as error:
            return error
        except (OSError, UnicodeError) as error:
            return FetchError(Reason.DNS, f"{host}: {error}")
