"""The works T1 to T5: who does them in which order, and what must be true afterwards.

All contestants do a work in turn, round by round, each round begun by another. After
each run what is held is compared with what was published, item by item: a difference
makes the run invalid.
"""

import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import closing
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from aggregator.store import schema
from aggregator.store.engine import Store
from bench.city import ROOT
from bench.city import Held
from bench.contestants import Contestant
from bench.contestants import Ours
from bench.contestants import floor
from bench.process import BenchError
from bench.process import Measured
from bench.process import Memory
from bench.process import run
from bench.process import say
from bench.process import staying
from bench.process import watched

LATENCY = 100  # milliseconds, in T4
AT_ONCE = 64  # requests, in T4
TIMEOUT = 10  # seconds for one answer, in T5
_LOOK = 0.25  # seconds between two looks; the time measured does not depend on it
_PATIENCE = 300.0  # seconds for a running `work` to have pulled everything


@dataclass(slots=True)
class Row:
    """One work by one contestant: all its runs."""

    work: str
    who: str
    runs: list[Measured] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # why it is not valid


class Bench:
    """Does works and keeps what was measured."""

    def __init__(
        self, contestants: Sequence[Contestant], *, runs: int, cache: Path
    ) -> None:
        """Begin with nobody having pulled anything."""
        self.contestants = contestants
        self.runs = runs
        self.counted = True  # False: more is stored than was published
        self.rows: dict[tuple[str, str], Row] = {}
        self._cache = cache
        self._primed: set[str] = set()
        self._scrolled: dict[str, Held] = {}  # out of the feeds before it began

    # --- The works ----------------------------------------------------------------

    def first_pull(self) -> None:
        """T1: pull everything for the first time."""
        for who in self._turns():
            self._prepare(who)
            self._measure("T1", who, asked=who.city.feeds)
            self._primed.add(who.name)

    def unchanged(self) -> None:
        """T2: pull what has not changed; the floor beside it; then inside `work`."""
        self.unchanged_commands()
        for ours in self._of_ours():
            self._inside_work("T2 in work", ours)

    def unchanged_commands(self) -> None:
        """T2, whole commands alone."""
        self._prime()
        for who in self.contestants:  # newsboat learns validators only now
            self._run(who)
        for who in self._turns():
            self._measure("T2", who, asked=who.city.feeds, unchanged=who.city.feeds)
            if who is self.contestants[0]:
                self._note("T2", "floor", floor(who.city, self._cache, who.workers))

    def some_new(self) -> None:
        """T3: pull when a tenth of the feeds has one new item."""
        self._prime()
        for place in range(self.runs):
            for who in self.contestants:
                who.city.order("publish?percent=10")
            for who in self._order(place):
                feeds = who.city.feeds
                unchanged = feeds - round(feeds / 10)
                self._measure("T3", who, asked=feeds, unchanged=unchanged)

    def latency(self) -> None:
        """T4: pull what has not changed from servers that take their time."""
        self._prime()
        with self._slow_and_many():
            for who in self._turns():
                feeds = who.city.feeds
                self._measure("T4", who, asked=feeds, unchanged=feeds)
            for ours in self._of_ours():
                self._inside_work("T4 in work", ours)

    def faults(self) -> None:
        """T5: pull for the first time while a fifth has faults; then all are healed."""
        for ours in self._of_ours():
            ours.timeout = TIMEOUT
            for _ in range(self.runs):
                self._prepare(ours)
                ours.city.order("faults?on=1")
                self._measure("T5", ours, code=1, whole=False)
                ours.city.order("faults?on=0")
                self._measure("T5 healed", ours)
            self._primed.add(ours.name)

    # --- Turns --------------------------------------------------------------------

    def _turns(self) -> Iterator[Contestant]:
        for place in range(self.runs):
            yield from self._order(place)

    def _order(self, place: int) -> Sequence[Contestant]:
        first = place % len(self.contestants)
        return [*self.contestants[first:], *self.contestants[:first]]

    def _of_ours(self) -> Iterator[Ours]:
        return (who for who in self.contestants if isinstance(who, Ours))

    def _prime(self) -> None:
        """Let those pull everything once who have not yet."""
        for who in self.contestants:
            if who.name not in self._primed:
                self._prepare(who)
                self._run(who)
                self._primed.add(who.name)

    @contextmanager
    def _slow_and_many(self) -> Iterator[None]:
        usual = [who.workers for who in self.contestants]
        self._set(LATENCY, [AT_ONCE] * len(usual))
        try:
            yield
        finally:
            self._set(0, usual)

    def _set(self, latency: int, workers: Sequence[int]) -> None:
        for who, count in zip(self.contestants, workers, strict=True):
            who.city.order(f"latency?ms={latency}")
            who.workers = count
            if isinstance(who, Ours):
                who.configure()

    def _prepare(self, who: Contestant) -> None:
        who.prepare()
        self._scrolled[who.name] = who.city.ever() - who.city.listed()

    # --- One run ------------------------------------------------------------------

    def _run(self, who: Contestant) -> Measured:
        log = self._cache / f"{who.name.replace('/', '-')}.log"
        return run(who.command(), env=who.env(), folder=who.cwd, log=log)

    def _row(self, work: str, who: str) -> Row:
        return self.rows.setdefault((work, who), Row(work, who))

    def _note(self, work: str, who: str, seconds: float) -> None:
        self._row(work, who).runs.append(Measured(seconds=seconds))

    def _measure(
        self,
        work: str,
        who: Contestant,
        *,
        asked: int | None = None,
        unchanged: int | None = None,
        code: int = 0,
        whole: bool = True,
    ) -> None:
        """Run a command, and hold what came of it against what must have.

        Args:
            asked: Requests that the simulator must have counted.
            unchanged: How many of them it must have answered with a 304.
            code: How the command must have ended.
            whole: False: feeds with faults need not be complete.
        """
        who.city.order("reset")
        measured = self._run(who)
        row = self._row(work, who.name)
        row.runs.append(measured)
        counts = who.city.order("stats")
        say(f"{work:10} {who.name:16} {measured.seconds:8.2f} s  {dict(counts)}")
        wrong = [
            *_differs("exit code", measured.code, code),
            *_differs("requests", counts.get("requests", 0), asked),
            *_differs("304s", counts.get("304", 0), unchanged),
            *(self._lost(who, whole) if self.counted else ()),
        ]
        self._blame(row, wrong)

    def _lost(self, who: Contestant, whole: bool) -> Iterator[str]:
        """Compare what is held with what was published, item by item."""
        try:
            held, ever = who.held(), who.city.ever()
        except BenchError as error:
            return iter([str(error)])
        wanted = ever if whole else _of(ever, who.city.healthy())
        return differences(held, ever, wanted - self._scrolled[who.name])

    def _blame(self, row: Row, wrong: Sequence[str]) -> None:
        for fault in wrong:
            say(f"INVALID: {row.work} {row.who}: {fault}")
        row.faults += wrong

    # --- Inside a running `work` --------------------------------------------------

    def _inside_work(self, work: str, ours: Ours) -> None:
        """Let everything be due at once, and see how long it takes to be pulled."""
        log = self._cache / "work.log"
        command = ours.work_command()
        with staying(command, env=ours.env(), folder=ROOT, log=log) as child:
            _await(lambda: b"aggregator: " in log.read_bytes()[-200:], 30)
            with closing(ours.store()) as store, watched(child.pid) as memory:
                for _ in range(self.runs):
                    time.sleep(2)
                    self._one_turn(work, ours, store, memory)

    def _one_turn(self, work: str, ours: Ours, store: Store, memory: Memory) -> None:
        ours.city.order("reset")
        clock = time.monotonic() - time.time()
        begun = _make_due(store)
        _await(lambda: _left(store, begun) == 0, _PATIENCE)
        first = ours.city.order("stats")["first"]
        seconds = _last_try(store).timestamp() + clock - first
        counts = ours.city.order("stats")
        row = self._row(work, ours.name)
        row.runs.append(Measured(seconds=seconds, memory=memory.peak))
        say(f"{work:10} {ours.name:16} {seconds:8.2f} s  {dict(counts)}")
        feeds = ours.city.feeds
        self._blame(row, list(_differs("304s", counts.get("304", 0), feeds)))


def _make_due(store: Store) -> datetime:
    now = datetime.now(UTC)
    with store.write() as connection:
        due = now - timedelta(seconds=1)
        connection.execute(sa.update(schema.sources).values(due_at=due))
    return now


def _left(store: Store, begun: datetime) -> int:
    table = schema.sources
    query = sa.select(sa.func.count()).where(table.c.last_try_at < begun)
    with store.read() as connection:
        return connection.scalar(query) or 0


def _last_try(store: Store) -> datetime:
    query = sa.select(sa.func.max(schema.sources.c.last_try_at))
    with store.read() as connection:
        found: datetime = connection.execute(query).scalar_one()
    return found


def _await(so: Callable[[], bool], seconds: float) -> None:
    """Wait until something is so.

    Raises:
        BenchError: It does not come to be in time.
    """
    deadline = time.monotonic() + seconds
    while not so():
        if time.monotonic() > deadline:
            raise BenchError(f"`work` has not done it after {seconds} s")
        time.sleep(_LOOK)


# --- What must be true --------------------------------------------------------


def _differs(what: str, found: int, wanted: int | None) -> Iterator[str]:
    if wanted is not None and found != wanted:
        yield f"{what}: {found} instead of {wanted}"


def differences(held: Held, ever: Held, wanted: Held) -> Iterator[str]:
    """Name what is missing of what was wanted, and what nobody published."""
    if missing := wanted - held:
        yield f"{len(missing)} of {len(wanted)} items are missing: {_some(missing)}"
    if strange := held - ever:
        yield f"{len(strange)} items that nobody published: {_some(strange)}"


def _of(items: Held, feeds: set[int]) -> Held:
    return {each for each in items if each[0] in feeds}


def _some(items: Held) -> str:
    return ", ".join(f"{feed}/{guid}" for feed, guid in sorted(items)[:3])
