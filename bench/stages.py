"""Where the time goes inside the service, stage by stage: `python -m bench.stages`.

A first pull and an unchanged one without network, pool and other processes: documents
and answers are handed over at once, the rest is the service's own. Each stage is one
of its functions under a clock; what it spends in another stage counts for that one.
"""

import argparse
import cProfile
import importlib
import io
import pickle
import pstats
import shutil
import time
from collections import Counter
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any
from unittest.mock import patch

from aggregator import config
from aggregator.errors import FetchError
from aggregator.intake.net import Request
from aggregator.intake.net import Response
from aggregator.intake.pipeline import Puller
from aggregator.intake.task import Task
from aggregator.model import Digest
from aggregator.model import Settings
from aggregator.model import SourceRow
from aggregator.store import sources as stored
from aggregator.store.engine import Store
from aggregator.store.engine import open_store
from aggregator.work.declaring import take_over
from bench.city import ROOT
from bench.city import Upstream
from bench.contestants import Ours
from bench.upstream import Feed

HOME = ROOT / ".cache" / "bench" / "stages"
KINDS = {"plain": 1, "NukeViet": 0}  # remainder of a feed's number by two
# Where each stage's function is looked up when it is called, in the order of the work.
STAGES = """
intake.pipeline:conditions intake.pipeline:request_for intake.pipeline:interpret
intake.pipeline:body_hash
intake.digest:run intake.digest:parse intake.parse:decoded intake.parse:mended
intake.parse:skip_times intake.parse:is_cut intake.parse:_run_feedparser
intake.parse:_entry
intake.digest:_understood intake.digest:normalize intake.normalize:repaired_html
intake.sanitize:clean intake.sanitize:absolute intake.normalize:text_of
intake.normalize:plain_title
intake.normalize:_enclosures intake.normalize:_given intake.normalize:_raw
intake.normalize:_fingerprint intake.digest:understand
meaning.understanding:read_title meaning.understanding:read_text
meaning.understanding:find_document
meaning.understanding:_category meaning.understanding:_levels
meaning.understanding:find_facets meaning.understanding:_event
meaning.understanding:_deadline
intake.digest:hours_believed intake.digest:without_shared_links
intake.saving:plans_of store.known:_hits store.known:_newer_than
store.known:_dates_taken store.known:_with_items intake.saving:reconcile
intake.saving:to_ask store.items:apply store.items:_insert_notices
store.items:_insert_sightings store.items:label_rows store.items:_version_row
store.items:note_changes intake.saving:note_retitled
intake.saving:after_reading intake.pipeline:after_nothing_new
store.sources:held store.attempts:settle intake.pipeline:tell
""".split()


class Clock:
    """Adds up what each stage takes itself, and how often it is called."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self.calls: Counter[str] = Counter()
        self._open: list[str] = []
        self._since = 0.0

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Put a function under the clock."""

        def under_clock(*args: Any, **options: Any) -> Any:
            self._turn()
            self._open.append(stage)
            self.calls[stage] += 1
            try:
                return function(*args, **options)
            finally:
                self._turn()
                self._open.pop()

        return under_clock

    def _turn(self) -> None:
        now = time.thread_time()  # other jobs of the machine do not count
        if self._open:
            self.spent[self._open[-1]] += now - self._since
        self._since = now


class _Net:
    """Answers at once: the document, or that it has not changed."""

    def __init__(self, feeds: dict[str, Feed]) -> None:
        self._feeds = feeds

    def submit(
        self, request: Request, done: Callable[[Response | FetchError], None]
    ) -> None:
        """Answer as the simulator would."""
        feed = self._feeds[request.url]
        told = {name.lower(): value for name, value in request.headers.items()}
        same = told.get("if-none-match") == feed.etag.decode()
        headers = {"etag": feed.etag.decode(), "content-type": "application/rss+xml"}
        status, body = (304, b"") if same else (200, feed.body)
        done(
            Response(
                url=request.url,
                status=status,
                headers=headers,
                body=body,
                conditional=same,
            )
        )


class _Workshop:
    """Reads here and now, and carries the answer over as a process would."""

    def __init__(self, clock: Clock) -> None:
        module = importlib.import_module("aggregator.intake.digest")
        self._run: Callable[[Task], Digest] = lambda task: module.run(task)
        self._carry = clock.timed("pickle there and back", _carried)

    def submit(self, task: Task) -> "Future[Digest]":
        """Read a document."""
        future: Future[Digest] = Future()
        future.set_result(self._carry(self._run(self._carry(task))))
        return future


def _carried(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


class Bed:
    """A store, feeds.toml and documents, on which a pull is measured."""

    def __init__(self, feeds: int, kind: str) -> None:
        shutil.rmtree(HOME, ignore_errors=True)
        ours = Ours(Upstream(2 * feeds, 9), HOME, HOME)
        ours.prepare()
        start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=40)
        numbers = [n for n in range(1, 2 * feeds + 1) if n % 2 == KINDS[kind]]
        found = [Feed(number, 9, start) for number in numbers]
        self.feeds = {f"{feed.base}/feeds/{feed.number}.xml": feed for feed in found}
        self.ids = [f"f{number}" for number in numbers]
        self.settings: Settings = config.load(HOME / "feeds.toml")
        self.store: Store = open_store(f"sqlite:///{HOME / 'bed.db'}")
        take_over(self.store, self.settings)

    def pull(self, clock: Clock) -> None:
        """Pull every feed once."""
        puller = Puller(
            self.store,
            self.settings,
            net=_Net(self.feeds),
            workshop=_Workshop(clock),
            owner="bench",
            clock=lambda: datetime.now(UTC),
        )
        puller.submit(clock.timed("claim (all at once)", self._claimed)())
        while puller.in_flight:
            puller.step(1)

    def _claimed(self) -> list[SourceRow]:
        now = datetime.now(UTC)
        until = now + timedelta(minutes=3)
        with self.store.write() as connection:
            return stored.claim(
                connection,
                self.settings.sources,
                now=now,
                owner="bench",
                until=until,
                wanted=self.ids,
                limit=100_000,
            )


def measured(bed: Bed, clock: Clock, work: Callable[[], None]) -> float:
    """Do a work with all stages under the clock; give its seconds."""
    with ExitStack() as patched:
        for stage in STAGES:
            module, _, name = stage.partition(":")
            home = importlib.import_module(f"aggregator.{module}")
            timed = clock.timed(stage, getattr(home, name))
            patched.enter_context(patch.object(home, name, timed))
        dialect = bed.store.engine.dialect
        for name in ("do_execute", "do_executemany", "do_commit"):
            timed = clock.timed(f"SQLite: {name}", getattr(dialect, name))
            patched.enter_context(patch.object(dialect, name, timed))
        started = time.thread_time()
        clock.timed("the rest", work)()
        return time.thread_time() - started


def _print(title: str, clock: Clock, seconds: float, feeds: int) -> None:
    print(f"\n## {title}: {seconds / feeds * 1e6:,.0f} µs of CPU a feed\n")
    print("| stage | µs a feed | % | calls a feed |\n|---|---|---|---|")
    for stage, spent in sorted(clock.spent.items(), key=itemgetter(1), reverse=True):
        micro, share = spent / feeds * 1e6, spent / seconds
        if share >= 0.002:
            calls = clock.calls[stage] / feeds
            print(f"| {stage} | {micro:,.0f} | {share:.1%} | {calls:g} |")


def _profiled(work: Callable[[], None], feeds: int, rows: int) -> None:
    profile = cProfile.Profile()
    profile.runcall(work)
    for order in ("tottime", "cumtime"):
        out = io.StringIO()
        stats = pstats.Stats(profile, stream=out)
        stats.strip_dirs().sort_stats(order).print_stats(rows)
        print(f"\n{feeds} feeds, by {order}\n{out.getvalue()}")


def _warm() -> None:
    """Do all once, so that no statement is compiled and no rule read when it counts."""
    bed, clock = Bed(5, "NukeViet"), Clock()
    for _ in range(2):
        bed.pull(clock)
    bed.store.close()


def main() -> None:
    """Print the stages of both kinds of feed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=100)
    parser.add_argument("--calls", type=int, default=0, help="busiest functions, too")
    wanted = parser.parse_args()
    Path(HOME).mkdir(parents=True, exist_ok=True)
    _warm()
    for kind in KINDS:
        for calls in sorted({0, wanted.calls}):
            bed = Bed(wanted.feeds, kind)
            for work in ("first pull", "unchanged"):
                clock = Clock()
                if calls:
                    print(f"\n### {kind}, {work}")
                    _profiled(lambda: bed.pull(clock), wanted.feeds, calls)
                else:
                    seconds = measured(bed, clock, lambda: bed.pull(clock))
                    _print(f"{kind}, {work}", clock, seconds, wanted.feeds)
            bed.store.close()


if __name__ == "__main__":
    main()
