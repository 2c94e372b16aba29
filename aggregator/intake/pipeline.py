"""One item's way from source to store: fetch, digest, reconcile, save. Decides nothing.

The network and the reading of documents run elsewhere (`net`'s thread, the workshop's
processes) and report into one queue; whoever calls `Puller.step` does the deciding and
the saving, one source's transaction at a time. So nothing is waited for inside a
transaction, and a source's items, state and outbox rows are saved together.
"""

import logging
import queue
from collections.abc import Callable
from collections.abc import Iterable
from concurrent.futures import CancelledError
from concurrent.futures import Future
from dataclasses import dataclass
from dataclasses import replace
from datetime import datetime
from datetime import timedelta
from typing import Protocol

from aggregator.errors import FetchError
from aggregator.errors import Reason
from aggregator.errors import SourceError
from aggregator.errors import StoreError
from aggregator.intake.digest import Task
from aggregator.intake.fetch import body_hash
from aggregator.intake.fetch import interpret
from aggregator.intake.fetch import request_for
from aggregator.intake.net import Request
from aggregator.intake.net import Response
from aggregator.intake.reconcile import base_date
from aggregator.intake.reconcile import names_of
from aggregator.intake.reconcile import reconcile
from aggregator.intake.settling import after_failure
from aggregator.intake.settling import after_nothing_new
from aggregator.intake.settling import after_reading
from aggregator.model import Attempt
from aggregator.model import Digest
from aggregator.model import Fetched
from aggregator.model import NotModified
from aggregator.model import Plan
from aggregator.model import Settings
from aggregator.model import Settled
from aggregator.model import SourceHints
from aggregator.model import SourceRow
from aggregator.store import attempts as stored_attempts
from aggregator.store import items as stored_items
from aggregator.store import sources as stored_sources
from aggregator.store.changes import note_retitled
from aggregator.store.engine import Connection
from aggregator.store.engine import Store

_log = logging.getLogger("aggregator.pull")
Answer = Response | FetchError


class Net(Protocol):
    """What fetches: `intake.net.Net`, or a fake in tests."""

    def submit(self, request: Request, done: Callable[[Answer], None]) -> None:
        """Start a request; call ``done`` once, from any thread."""


class Workshop(Protocol):
    """What reads documents: `intake.workshop.Workshop`, or a fake in tests."""

    def submit(self, task: Task) -> "Future[Digest]":
        """Start reading a document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How one pull of one source ended, as told to whoever waits for it."""

    source: str
    attempt: Attempt
    lost: bool = False  # the lease ran out meanwhile; nothing was saved


@dataclass(frozen=True, slots=True)
class _Answered:
    row: SourceRow
    answer: Answer


@dataclass(frozen=True, slots=True)
class _Read:
    row: SourceRow
    fetched: Fetched
    digest: Digest | SourceError


class Puller:
    """Pulls leased sources. ``submit`` them, then ``step`` until none is in flight."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        *,
        net: Net,
        workshop: Workshop,
        owner: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._settings = settings
        self._net = net
        self._workshop = workshop
        self._owner = owner
        self._clock = clock
        self._events: queue.SimpleQueue[_Answered | _Read] = queue.SimpleQueue()
        self._under_way: set[int] = set()  # rows of sources; both threads only add/drop

    @property
    def in_flight(self) -> int:
        """Count the sources whose pull has begun and not ended."""
        return len(self._under_way)

    def under_way(self) -> list[int]:
        """List the rows of the sources whose pull has begun and not ended."""
        return list(self._under_way)

    def submit(self, rows: Iterable[SourceRow]) -> None:
        """Start pulling sources that this owner has leased."""
        for row in rows:
            self._under_way.add(row.pk)
            request = request_for(
                row.source, row.validators, settings=self._settings.fetch
            )
            self._net.submit(request, self._answered(row))

    def _answered(self, row: SourceRow) -> Callable[[Answer], None]:
        return lambda answer: self._events.put(_Answered(row, answer))

    def step(self, timeout: float) -> Report | None:
        """Deal with one event; give a report if it ended a source's pull.

        Args:
            timeout: Seconds to wait for an event.
        """
        try:
            event = self._events.get(timeout=timeout)
        except queue.Empty:
            return None
        try:
            report = self._deal_with(event)
        except BaseException:  # nothing saved; its lease runs out and it is due again
            self._under_way.discard(event.row.pk)
            raise
        if report is not None:
            self._under_way.discard(event.row.pk)
            _tell(report)
        return report

    def _deal_with(self, event: "_Answered | _Read") -> Report | None:
        try:
            if isinstance(event, _Answered):
                return self._on_answer(event.row, event.answer)
            return self._on_read(event)
        except StoreError:
            raise
        except Exception as error:  # one source's fault, told as such, stays its own
            _log.exception("a fault of this software at source=%s", event.row.source.id)
            failed = after_failure(event.row, _fault(error), self._clock())
            return self._save(event.row, failed)

    def _on_answer(self, row: SourceRow, answer: Answer) -> Report | None:
        now = self._clock()
        try:
            if isinstance(answer, FetchError):
                raise answer
            fetched = interpret(answer, now=now)
        except SourceError as error:
            return self._save(row, after_failure(row, error, now))
        if isinstance(fetched, NotModified):
            return self._save(row, after_nothing_new(row, fetched, now))
        if body_hash(fetched.body) == row.body_hash:
            return self._save(row, after_nothing_new(row, fetched, now))
        self._read(row, fetched, now)
        return None

    def _read(self, row: SourceRow, fetched: Fetched, now: datetime) -> None:
        authority = self._settings.authorities[row.source.authority]
        task = Task(
            body=fetched.body,
            content_type=fetched.content_type,
            url=fetched.url,
            hints=SourceHints(
                category=row.source.category,
                levels=row.source.levels,
                authority_levels=authority.levels,
            ),
            timezone=row.source.timezone or self._settings.site.timezone,
            now=now,
        )
        future = self._workshop.submit(task)
        future.add_done_callback(
            lambda done: self._events.put(_Read(row, fetched, _result(done)))
        )

    def _on_read(self, event: _Read) -> Report:
        now = self._clock()
        if isinstance(event.digest, SourceError):
            failed = after_failure(event.row, event.digest, now, fetched=event.fetched)
            return self._save(event.row, failed)
        settled = after_reading(event.row, event.fetched, event.digest, now)
        return self._save(event.row, settled, event.digest)

    def _save(
        self, row: SourceRow, settled: Settled, digest: Digest | None = None
    ) -> Report:
        """Save items and state together, if the source is still ours."""
        name = row.source.id
        with self._store.write() as connection:
            if not stored_sources.holds(connection, row.pk, self._owner):
                return Report(source=name, attempt=settled.attempt, lost=True)
            if digest is not None:
                plan = self._keep(connection, row, digest)
                settled = replace(settled, attempt=replace(settled.attempt, plan=plan))
            stored_attempts.settle(connection, row, settled)
        return Report(source=name, attempt=settled.attempt)

    def _keep(self, connection: Connection, row: SourceRow, digest: Digest) -> Plan:
        """Reconcile a document with what is known, and write what follows."""
        stored_items.lock_portal(connection, row.portal)
        # Made while the lock is held: feeds are dated by it, in the order of saving.
        now = self._clock()
        plan = self._plan(connection, row, digest, now)
        stored_items.apply(connection, row, plan, now)
        if (row.feed_id, row.feed_title) != (digest.feed_id, digest.feed_title):
            note_retitled(connection, row.pk, now)
        return plan

    def _plan(
        self,
        connection: Connection,
        row: SourceRow,
        digest: Digest,
        now: datetime,
    ) -> Plan:
        known = stored_items.known(connection, row, names_of(digest.items))
        margin = timedelta(seconds=len(digest.items))
        dates = [base_date(item.given, now) for item in digest.items] or [now]
        taken = stored_items.dates_taken(
            connection, row, min(dates) - margin, max(dates) + margin
        )
        return reconcile(
            digest,
            known,
            source_id=row.source.id,
            now=now,
            taken=taken,
            had_items=stored_items.has_items(connection, row),
        )


def _result(done: "Future[Digest]") -> Digest | SourceError:
    try:
        return done.result()
    except SourceError as error:
        return error
    except CancelledError:
        return SourceError(Reason.PARSE_CRASH, "stopped")
    except Exception as error:  # a fault of ours must not stop the other sources
        _log.exception("reading failed")
        return _fault(error)


def _fault(error: Exception) -> SourceError:
    """Name a fault of ours, on one short line: databases quote whole statements."""
    words = f"{type(error).__name__}: {error}".split()
    return SourceError(Reason.INTERNAL, " ".join(words)[:200])


def _tell(report: Report) -> None:
    """Log one line for a pull, as fields."""
    attempt = report.attempt
    fields: dict[str, object] = {"source": report.source, "outcome": attempt.outcome}
    if report.lost:
        fields["lost"] = "lease"
    if attempt.status is not None:
        fields["status"] = attempt.status
    if attempt.reason:
        fields |= {"reason": attempt.reason, "detail": f'"{attempt.detail}"'}
    if attempt.plan is not None:
        fields |= attempt.plan.counts | {"gap": attempt.plan.gap}
    line = " ".join(f"{name}={value}" for name, value in fields.items())
    _log.log(logging.WARNING if attempt.reason else logging.INFO, "pulled %s", line)
