"""The clock: a tick asks who is due and leases them; another thread saves what comes.

The schedule is a column (`due_at`), so a tick that comes late, or is skipped because
the last one still runs, loses nothing: the next one finds the same sources due. Hence
in APScheduler: `misfire_grace_time=None` (a late tick always runs), `coalesce=True`
(many late ones run once), `max_instances=1` (never two at a time).
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from datetime import timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from aggregator.errors import StoreError
from aggregator.work.engine import LEASE
from aggregator.work.engine import Engine

TICK = timedelta(seconds=1)
LOOK = timedelta(seconds=15)  # between two looks at how all sources stand
MAX_IN_FLIGHT = 500  # sources leased at once; the rest wait in the database
PER_HOST = 5  # of these of one host; more than it is asked for in a tick
_STEP = 0.5  # seconds that the saving thread waits for an event
_log = logging.getLogger("aggregator.clock")


class Clock:
    """Pulls what is due, for as long as it runs."""

    def __init__(
        self,
        engine: Engine,
        *,
        tick: timedelta = TICK,
        max_in_flight: int = MAX_IN_FLIGHT,
    ) -> None:
        self._engine = engine
        self._max_in_flight = max_in_flight
        self._stopping = threading.Event()
        self._ticking = threading.Lock()
        self._more_is_due = False  # than there was room for
        self._saver = threading.Thread(target=self._save, name="saver", daemon=True)
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(3)},
            job_defaults={
                "misfire_grace_time": None,
                "coalesce": True,
                "max_instances": 1,
            },
        )
        self._every("tick", self.tick, tick, first=True)
        self._every("renew", self._renew, LEASE / 3)
        self._every("look", self._look, LOOK)

    def _every(
        self,
        name: str,
        job: Callable[[], None],
        wait: timedelta,
        *,
        first: bool = False,
    ) -> None:
        at_once = {"next_run_time": datetime.now().astimezone()} if first else {}
        seconds = wait.total_seconds()
        self._scheduler.add_job(job, "interval", id=name, seconds=seconds, **at_once)

    def start(self) -> None:
        """Begin to tick and to save."""
        # A skipped tick is no news: the next one finds the same sources due.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._saver.start()
        self._scheduler.start()

    def stop(self, timeout: float) -> None:
        """Stop ticking, finish the save under way, leave the rest for the next run.

        Args:
            timeout: Seconds to wait for it.
        """
        self._stopping.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        if self._saver.is_alive():
            self._saver.join(timeout)

    def tick(self) -> None:
        """Lease what is due, as far as there is room, and start pulling it."""
        if not self._ticking.acquire(blocking=False):
            return
        try:
            self._take()
        except StoreError as error:
            _log.error("tick failed: %s", error)
        finally:
            self._ticking.release()

    def _take(self) -> None:
        room = self._max_in_flight - self._engine.puller.in_flight
        if room <= 0 or self._stopping.is_set():
            return
        self._more_is_due = False
        if self._engine.any_due():
            rows = self._engine.claim(limit=room, per_host=PER_HOST)
            self._more_is_due = len(rows) == room
            self._engine.puller.submit(rows)

    def _is_half_empty(self) -> bool:
        return self._engine.puller.in_flight * 2 <= self._max_in_flight

    def _renew(self) -> None:
        if self._engine.puller.in_flight:
            try:
                self._engine.renew()
            except StoreError as error:
                _log.error("renewing leases failed: %s", error)

    def _look(self) -> None:
        try:
            self._engine.look_around()
        except StoreError as error:
            _log.error("looking at all sources failed: %s", error)

    def _save(self) -> None:
        while not self._stopping.is_set():
            try:
                self._engine.puller.step(_STEP)
                if self._more_is_due and self._is_half_empty():
                    self.tick()  # now: with a thousand due a second is long
            except StoreError as error:
                _log.error("saving failed: %s", error)
            except Exception:  # one source's fault must not stop the clock
                _log.exception("a pull ended in a fault of this software")
