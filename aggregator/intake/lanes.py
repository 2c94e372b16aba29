"""Who waits for whom: in each lane one is let out at a time, then the lane rests. Pure.

Times are seconds on whatever clock the caller reads.
"""

from collections import deque
from heapq import heappop
from heapq import heappush
from itertools import count
from typing import Generic
from typing import TypeVar

USUAL_PORTS = frozenset({80, 443})
T = TypeVar("T")


def lane_of(host: str, port: int) -> str:
    """Name the lane of a host; http and https share it, as one machine answers both."""
    return host if port in USUAL_PORTS else f"{host}:{port}"


class Lanes(Generic[T]):
    """Queues by name, and when the head of each may start.

    A lane is forgotten when its rest is over and nobody waits in it.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, deque[tuple[float, T]]] = {}  # of each lane known
        self._turns: list[tuple[float, int, str]] = []  # a heap; lanes that are not out
        self._numbers = count()

    def enter(self, lane: str, one: T, *, at: float) -> None:
        """Queue one in a lane.

        Args:
            at: The moment before which it may not start, nor those behind it.
        """
        waiting = self._waiting.get(lane)
        if waiting is None:
            waiting = self._waiting[lane] = deque()
            self._turn(lane, at)
        waiting.append((at, one))

    def leave(self, lane: str, *, until: float) -> None:
        """Give a lane back; the next in it may start when it has rested."""
        self._turn(lane, until)

    def take(self, now: float) -> T | None:
        """Let out the one that has been ready longest; None: nobody is."""
        while self._turns and self._turns[0][0] <= now:
            lane = heappop(self._turns)[2]
            waiting = self._waiting[lane]
            if not waiting:
                del self._waiting[lane]
            elif waiting[0][0] > now:
                self._turn(lane, waiting[0][0])
            else:
                return waiting.popleft()[1]
        return None

    def next_at(self) -> float | None:
        """Say when to look again; None: not before someone enters or leaves."""
        return self._turns[0][0] if self._turns else None

    def _turn(self, lane: str, at: float) -> None:
        heappush(self._turns, (at, next(self._numbers), lane))
