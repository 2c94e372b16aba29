"""Who waits for whom: in each lane one is let out at a time. Pure."""

from collections import deque
from typing import Generic
from typing import TypeVar

T = TypeVar("T")


class Lanes(Generic[T]):
    """Queues by name, and of their heads the order in which they may start."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[T]] = {}  # a key for each lane in use
        self._ready: deque[T] = deque()

    def enter(self, lane: str, one: T) -> None:
        """Queue one in a lane; it is ready when the lane is free."""
        waiting = self._waiting.get(lane)
        if waiting is None:
            self._waiting[lane] = deque()
            self._ready.append(one)
        else:
            waiting.append(one)

    def leave(self, lane: str) -> None:
        """Free a lane for the next that waits in it."""
        waiting = self._waiting[lane]
        if waiting:
            self._ready.append(waiting.popleft())
        else:
            del self._waiting[lane]

    def take(self) -> T | None:
        """Let out the one that has been ready longest; None: nobody is."""
        return self._ready.popleft() if self._ready else None
