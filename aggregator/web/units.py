"""Who asks: schools that name themselves by `u=`, counted by selection and day.

Counted in memory and written down every few seconds. What a key means is the school's
affair; nothing else of who asks is kept. Anybody may send any key, so their number is
bounded: what is too much counts together, as asked by "*".
"""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from zoneinfo import ZoneInfo

from aggregator.errors import StoreError
from aggregator.model import UnitUse
from aggregator.store.engine import Store
from aggregator.store.units import OTHERS
from aggregator.store.units import add_uses

MAX_BETWEEN = 5_000  # keys and selections between two writings
_log = logging.getLogger("aggregator.web")
_Key = tuple[str, str, date]


@dataclass(slots=True)
class _Count:
    requests: int
    last: datetime


class UnitCounts:
    """Counts requests by unit, selection and day until they are written down."""

    def __init__(self, timezone: str) -> None:
        self._zone = ZoneInfo(timezone)
        self._counts: dict[_Key, _Count] = {}
        self._lock = threading.Lock()

    def add(self, unit: str, selection: str, now: datetime) -> None:
        """Count a request for a selection (the path and query of its address)."""
        key = unit, selection, now.astimezone(self._zone).date()
        with self._lock:
            count = self._counts.get(key)
            if count is None and len(self._counts) >= MAX_BETWEEN:
                key = OTHERS, "", key[2]
                count = self._counts.get(key)
            if count is None:
                self._counts[key] = _Count(1, now)
            else:
                count.requests += 1
                count.last = max(count.last, now)

    def write(self, store: Store) -> None:
        """Write down what was counted; what cannot be is kept for the next time."""
        with self._lock:
            counts, self._counts = self._counts, {}
        if not counts:
            return
        try:
            with store.write() as connection:
                add_uses(connection, _uses(counts))
        except StoreError as error:
            _log.warning("who asked is written down later: %s", error)
            self._put_back(counts)

    def _put_back(self, counts: Mapping[_Key, _Count]) -> None:
        with self._lock:
            for key, old in counts.items():
                new = self._counts.setdefault(key, _Count(0, old.last))
                new.requests += old.requests


def _uses(counts: Mapping[_Key, _Count]) -> list[UnitUse]:
    return [
        UnitUse(
            unit=unit,
            selection=selection,
            day=day,
            requests=count.requests,
            last=count.last,
        )
        for (unit, selection, day), count in sorted(counts.items())
    ]
