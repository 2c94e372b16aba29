"""A month of pulling with a virtual clock: due times, restarts, looks at all sources.

What a running service does in a month is done here as fast as the machine can; only
the network, the worker processes and the clock are not the real ones.
"""

import random
from collections import Counter
from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from aggregator.deliver.watch import watch
from aggregator.intake.pipeline import Puller
from aggregator.intake.reports import Report
from aggregator.model import Outcome
from aggregator.model import Settings
from aggregator.store import schema
from aggregator.store import sources as stored
from aggregator.store.engine import Store
from tests.conftest import settings
from tests.conftest import source
from tests.intake.test_pipeline import FakeWorkshop
from tests.soak.faults import OFF
from tests.soak.faults import Fault
from tests.soak.front import Front
from tests.soak.world import CLOSE
from tests.soak.world import HOUR
from tests.soak.world import MINUTE
from tests.soak.world import START
from tests.soak.world import Feed

LEASE = 3 * MINUTE
LOOK = 15 * MINUTE  # at least; and after each batch
RESTARTS = (60, 600)  # batches between two


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How closely the month is lived through; less is faster."""

    tick: timedelta  # of the clock; a real one ticks each second
    every: timedelta  # the interval wanted; the fast feed is wanted twice as often
    switched_off: bool  # our machine, before our network fails; all is due at once then


BRISK = Pace(tick=5 * MINUTE, every=2 * HOUR, switched_off=True)
CLOSE_UP = Pace(tick=MINUTE, every=HOUR, switched_off=False)


def declared(feeds: Iterable[Feed], every: timedelta) -> Settings:
    """Write the feeds.toml of the world."""
    return settings(
        *(
            source(
                feed.id,
                url=feed.url,
                every=every / 2 if feed.oddity == "fast" else every,
            )
            for feed in feeds
        )
    )


class Month:
    """Runs a store through the month, and keeps what happened."""

    def __init__(
        self, store: Store, feeds: list[Feed], faults: list[Fault], pace: Pace
    ) -> None:
        self.store, self.feeds, self.faults = store, feeds, faults
        self.now, self.pace = START, pace
        self.settings = declared(feeds, pace.every)
        self.front = Front(feeds, faults, lambda: self.now)
        self.reports: dict[str, list[Report]] = defaultdict(list)
        # By source: of each post that was saved, the title that was saved last.
        self.saved: dict[str, dict[int, str]] = defaultdict(dict)
        self.batches = self.restarts = 0
        self._dice = random.Random("restarts")
        self._restart_at = self._dice.randint(*RESTARTS)
        self._looked_at = START
        self._puller = self._new_puller()
        with store.write() as connection:
            stored.declare(connection, self.settings.sources, START)

    def _new_puller(self) -> Puller:
        return Puller(
            self.store,
            self.settings,
            net=self.front,
            workshop=FakeWorkshop(),
            owner=f"run {self.restarts}",
            clock=lambda: self.now,
        )

    def run(self) -> None:
        """Pull whatever falls due, until the month is over."""
        while (moment := self._next()) <= CLOSE:
            while self._looked_at + LOOK < moment:
                self._look(self._looked_at + LOOK)
            self.now = moment
            self._batch()
            self._look(moment)

    def _next(self) -> datetime:
        """Find the next tick at which something is due."""
        table = schema.sources.c
        with self.store.read() as connection:
            due = connection.scalar(sa.select(sa.func.min(table.due_at)))
        assert due is not None
        tick = self.pace.tick
        late = timedelta(seconds=-due.timestamp() % tick.total_seconds())
        moment = max(due + late, self.now + tick)
        off = self.pace.switched_off and OFF[0] <= moment < OFF[1]
        return OFF[1] if off else moment

    def _look(self, moment: datetime) -> None:
        self._looked_at = moment
        watch(self.store, moment)

    def _batch(self) -> None:
        rows = self._claim()
        self._puller.submit(rows)
        self.batches += 1
        if rows and self.batches >= self._restart_at:
            self._die(self._dice.randint(0, len(rows)))
        while self._puller.in_flight:
            self._step()

    def _claim(self) -> list[Any]:
        with self.store.write() as connection:
            return stored.claim(
                connection,
                self.settings.sources,
                now=self.now,
                owner=f"run {self.restarts}",
                until=self.now + LEASE,
                dead=[f"run {n}" for n in range(self.restarts)],
            )

    def _die(self, steps: int) -> None:
        """End in the midst of a batch; somebody new goes on with what is stored."""
        for _ in range(steps):
            self._step()
        while self._puller.in_flight > len(self._puller.under_way()):
            self._step()  # what is saved is told, for the tests to count
        self.restarts += 1
        self._restart_at = self.batches + self._dice.randint(*RESTARTS)
        self._puller = self._new_puller()

    def _step(self) -> None:
        report = self._puller.step(0)
        if report is None:
            return
        assert not report.lost
        self.reports[report.source].append(report)
        if report.attempt.outcome is Outcome.PULLED:
            self.saved[report.source] |= self.front.held[report.source]

    # --- What the store says afterwards -------------------------------------------

    def rows(self, query: sa.Select[Any]) -> list[Any]:
        with self.store.read() as connection:
            return list(connection.execute(query))

    def told(self) -> Counter[tuple[str, str, str]]:
        """Count what was told: (turn, kind, subject)."""
        table = schema.outbox.c
        payloads = self.rows(sa.select(table.payload).where(table.kind == "alert"))
        return Counter(
            (turn["turn"], turn["kind"], turn["subject"])
            for (payload,) in payloads
            for turn in payload["turns"]
        )

    def failed(self, fault: Fault) -> Mapping[str, int]:
        """Count the attempts that a fault made fail, by source."""
        return {
            id_: sum(
                report.attempt.outcome is Outcome.FAILED
                and fault.start <= report.attempt.at < fault.end
                for report in self.reports[id_]
            )
            for id_ in fault.feeds
        }
