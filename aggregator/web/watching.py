"""How the store's counters stand, known without asking it for each request.

A thread looks a few times a second and writes down who asked. In between, what is known
stands: an answer is at most so much older than the store.
"""

import logging
import threading
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from typing import Protocol

from aggregator.errors import StoreError
from aggregator.store.engine import Store
from aggregator.store.views import Cell
from aggregator.store.views import counted
from aggregator.store.views import counters

EVERY = 0.25  # seconds between two looks
WRITE_EVERY = 20  # looks between two writings of who asked
_log = logging.getLogger("aggregator.web")


class Watch:
    """The counters as they stood at the last look."""

    def __init__(self, store: Store) -> None:
        self.generation = 0  # grows with each change seen; 0: nobody looks
        self.lost = False  # the store did not answer the last look
        self._store = store
        self._total = -1
        self._values: Mapping[Cell, int] = {}

    def look(self) -> None:
        """See whether anything changed; what is away stays as it was."""
        try:
            with self._store.read() as connection:
                total = counted(connection)
                values = counters(connection) if total != self._total else self._values
        except StoreError as error:
            if not self.lost:
                _log.warning("answers may be stale: %s", error)
            self.lost = True
            return
        self.lost = False
        if total != self._total:
            self._values, self._total = values, total
            self.generation += 1

    def sum(self, cells: Sequence[Cell]) -> int:
        """Add up the counters of a selection: its version, as `view_version` has it."""
        values = self._values
        return sum(values.get(cell, 0) for cell in cells)


class Written(Protocol):
    """What is written down from time to time."""

    def write(self, store: Store) -> None:
        """Write it down; keep what could not be."""


@contextmanager
def looking(watch: Watch, units: Written, store: Store) -> Iterator[None]:
    """Look in a thread beside the caller; write down what is left at the end."""
    ended = threading.Event()

    def go_on() -> None:
        looks = 0
        while not ended.wait(EVERY):
            watch.look()
            looks += 1
            if looks % WRITE_EVERY == 0:
                units.write(store)

    watch.look()
    thread = threading.Thread(target=go_on, name="watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(2)
        units.write(store)
