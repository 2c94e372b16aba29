"""The sources of one host, pulled one after another. No I/O.

The net asks a host one thing at a time anyway; here a whole pull, with its second
looks, ends before the next begins. So what one answer says of the host (a limit) still
counts for those behind it.
"""

import threading
from collections import Counter
from collections import deque

from aggregator.model import SourceRow

LIMITS = 2  # URLs of a host that ask to be left alone; then all of it is


class HostQueues:
    """Who waits for whom. Entered by the clock's thread, left by the saving one."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[SourceRow]] = {}  # a key for each host in use
        self._limited: Counter[str] = Counter()
        self._lock = threading.Lock()

    def enter(self, row: SourceRow) -> bool:
        """Queue a source; True: nobody is before it, and it may begin."""
        with self._lock:
            if row.host in self._waiting:
                self._waiting[row.host].append(row)
                return False
            self._waiting[row.host] = deque()
            return True

    def leave(
        self, row: SourceRow, *, limited: bool
    ) -> tuple[SourceRow | None, list[SourceRow]]:
        """End a source's pull: give who may begin, and who is spared altogether."""
        with self._lock:
            waiting = self._waiting.get(row.host)
            if waiting is None:
                return None, []
            self._limited[row.host] += limited
            if waiting and self._limited[row.host] < LIMITS:
                return waiting.popleft(), []
            del self._waiting[row.host]
            del self._limited[row.host]
            return None, list(waiting)
