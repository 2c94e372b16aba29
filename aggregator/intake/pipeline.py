"""One item's way from source to store: fetch, digest, reconcile, save. Decides nothing.

The network and the reading of documents run elsewhere (`net`'s thread, the workshop's
processes) and report into one queue; whoever calls `Puller.step` does the deciding and
the saving, one source's transaction at a time. So nothing is waited for inside a
transaction, and a source's items, state and outbox rows are saved together.
"""

import queue
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from dataclasses import field
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from aggregator.errors import FetchError
from aggregator.errors import Reason
from aggregator.errors import SourceError
from aggregator.errors import StoreError
from aggregator.intake.absence import Gone
from aggregator.intake.absence import oldest_listed
from aggregator.intake.absence import to_ask
from aggregator.intake.blame import OurNetwork
from aggregator.intake.digest import Task
from aggregator.intake.fetch import body_hash
from aggregator.intake.fetch import interpret
from aggregator.intake.fetch import is_gone
from aggregator.intake.fetch import link_request
from aggregator.intake.fetch import request_for
from aggregator.intake.hosts import HostQueues
from aggregator.intake.names import names_of
from aggregator.intake.net import Request
from aggregator.intake.net import Response
from aggregator.intake.politeness import FIRST_RETRIES
from aggregator.intake.reconcile import Past
from aggregator.intake.reconcile import base_date
from aggregator.intake.reconcile import reconcile
from aggregator.intake.reports import Report
from aggregator.intake.reports import fault
from aggregator.intake.reports import log
from aggregator.intake.reports import result_of
from aggregator.intake.reports import tell
from aggregator.intake.settling import Moment
from aggregator.intake.settling import after_failure
from aggregator.intake.settling import after_nothing_new
from aggregator.intake.settling import after_reading
from aggregator.intake.settling import conditions
from aggregator.intake.settling import full_is_due
from aggregator.model import Attempt
from aggregator.model import Digest
from aggregator.model import Fetched
from aggregator.model import Known
from aggregator.model import NotModified
from aggregator.model import Outcome
from aggregator.model import Plan
from aggregator.model import Settings
from aggregator.model import Settled
from aggregator.model import SourceHints
from aggregator.model import SourceRow
from aggregator.model import Validators
from aggregator.store import attempts as stored_attempts
from aggregator.store import items as stored_items
from aggregator.store import known as stored_known
from aggregator.store import sources as stored_sources
from aggregator.store.changes import note_retitled
from aggregator.store.engine import Connection
from aggregator.store.engine import Store

Answer = Response | FetchError


class Net(Protocol):
    """What fetches: `intake.net.Net`, or a fake in tests."""

    def submit(self, request: Request, done: Callable[[Answer], None]) -> None:
        """Start a request; call ``done`` once, from any thread."""


class Workshop(Protocol):
    """What reads documents: `intake.workshop.Workshop`, or a fake in tests."""

    def submit(self, task: Task) -> "Future[Digest]":
        """Start reading a document."""


@dataclass(frozen=True, slots=True)
class _Answered:
    row: SourceRow
    answer: Answer
    verifying: bool = False  # asked right after a 304, to hold that against it


@dataclass(frozen=True, slots=True)
class _Read:
    row: SourceRow
    fetched: Fetched
    digest: Digest | SourceError
    verifying: bool = False


@dataclass(slots=True)
class _Checking:
    """A document that waits until the links of what it misses have answered."""

    read: _Read
    open: set[int]  # sightings whose link is still to answer
    gone: dict[int, bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _LinkAnswered:
    row: SourceRow
    sighting: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class _NotBegun:
    """A source whose pull a fault of ours has ended before it was asked."""

    row: SourceRow
    error: SourceError


_Event = _Answered | _Read | _LinkAnswered | _NotBegun


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
        self._events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        self._under_way: set[int] = set()  # rows of sources; both threads only add/drop
        self._checking: dict[int, _Checking] = {}  # by row
        self._queues = HostQueues()
        self._network = OurNetwork()

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
            if self._queues.enter(row):
                self._begin(row)

    def _begin(self, row: SourceRow) -> None:
        """Ask a source; a fault ends its pull as an answer does; its host goes on."""
        try:
            self._ask(row, conditions(row, self._clock()))
        except Exception as error:
            log.exception("a fault of this software at source=%s", row.source.id)
            self._events.put(_NotBegun(row, fault(error)))

    def _ask(
        self, row: SourceRow, validators: Validators, *, verifying: bool = False
    ) -> None:
        request = request_for(
            row.source,
            validators,
            settings=self._settings.fetch,
            url=row.url,
            wait_seconds=row.wait_seconds,
        )
        self._net.submit(
            request,
            lambda answer: self._events.put(_Answered(row, answer, verifying)),
        )

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
            self._forget(event.row)
            raise
        if report is not None:
            limited = report.attempt.reason == Reason.LIMITED
            self._forget(event.row, limited=limited)
            tell(report)
        return report

    def _forget(self, row: SourceRow, *, limited: bool = False) -> None:
        """End a pull; go on with its host, unless that has limited two of its URLs."""
        self._under_way.discard(row.pk)
        self._checking.pop(row.pk, None)
        following, spared = self._queues.leave(row, limited=limited)
        if following is not None:
            self._begin(following)
        if spared:
            self._under_way.difference_update(each.pk for each in spared)
            with self._store.write() as connection:
                stored_sources.give_back(connection, self._owner, spared)

    def _deal_with(self, event: _Event) -> Report | None:
        try:
            if isinstance(event, _Answered):
                return self._on_answer(event)
            if isinstance(event, _Read):
                return self._on_read(event, {})
            if isinstance(event, _NotBegun):
                return self._save_failure(
                    event.row, event.error, self._moment(event.row)
                )
            return self._on_link(event)
        except StoreError:
            raise
        except Exception as error:  # one source's fault, told as such, stays its own
            log.exception("a fault of this software at source=%s", event.row.source.id)
            failed = after_failure(event.row, fault(error), self._moment(event.row))
            return self._save(event.row, failed)

    def _moment(self, row: SourceRow) -> Moment:
        now, zone = self._clock(), self._settings.site.timezone
        until = self._settings.authorities[row.source.authority].until
        return Moment(
            now=now,
            timezone=zone,
            spacing_seconds=self._settings.fetch.spacing.total_seconds(),
            dissolved=until is not None
            and until < now.astimezone(ZoneInfo(zone)).date(),
        )

    # --- Answers ----------------------------------------------------------------

    def _on_answer(self, event: _Answered) -> Report | None:
        row, at = event.row, self._moment(event.row)
        try:
            if isinstance(event.answer, FetchError):
                raise event.answer
            answer = interpret(event.answer, now=at.now)
        except SourceError as error:
            return self._save_failure(row, error, at)
        if isinstance(answer, NotModified) and full_is_due(row, at.now):
            # Validators are not believed for ever: what says "unchanged" must show it.
            self._ask(row, Validators(), verifying=True)
            return None
        same = isinstance(answer, NotModified) or (
            body_hash(answer.body) == row.standing.body_hash and not row.checks_due
        )
        if same or not isinstance(answer, Fetched):
            self._network.answered(row.host, at.now)
            return self._save(row, after_nothing_new(row, answer, at))
        self._read(row, answer, at.now, event.verifying)
        return None

    def _save_failure(
        self,
        row: SourceRow,
        error: SourceError,
        at: Moment,
        fetched: Fetched | None = None,
    ) -> Report:
        """Save a failure; where most fail at once, without penalty, here and before."""
        excused = self._network.failed(
            row.host,
            row.pk,
            error.reason,
            # Excused before, it is so after a restart too, which forgets the blame.
            since=None if row.standing.excused else row.standing.failing_since,
            now=at.now,
        )
        failed = after_failure(row, error, at, fetched=fetched, excused=excused)
        report = self._save(row, failed)
        self._excuse(self._network.excused() - {row.pk}, at.now)
        return report

    def _excuse(self, others: set[int], now: datetime) -> None:
        """Take back the penalties of those that failed before, by themselves."""
        if others:
            soon = now + FIRST_RETRIES[0]
            try:
                with self._store.write() as connection:
                    stored_attempts.excuse(connection, others, soon, self._owner)
            except StoreError as error:  # what was saved before it is to be told
                log.error("failures are not excused: %s", error)

    def _read(
        self, row: SourceRow, fetched: Fetched, now: datetime, verifying: bool
    ) -> None:
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
            lambda done: self._events.put(
                _Read(row, fetched, result_of(done), verifying)
            )
        )

    def _on_read(self, read: _Read, gone: Gone) -> Report | None:
        at = self._moment(read.row)
        if isinstance(read.digest, SourceError):
            return self._save_failure(read.row, read.digest, at, read.fetched)
        self._network.answered(read.row.host, at.now)
        return self._save_document(read, read.digest, gone)

    # --- Links of what is missing -----------------------------------------------

    def _check_links(self, read: _Read, missing: Sequence[Known]) -> None:
        """Ask the own links of items that their source no longer lists."""
        row = read.row
        self._checking[row.pk] = _Checking(read, {known.sighting for known in missing})
        for known in missing:
            self._net.submit(
                link_request(row.source, known.link, settings=self._settings.fetch),
                self._link_answered(row, known.sighting),
            )

    def _link_answered(self, row: SourceRow, sighting: int) -> Callable[[Answer], None]:
        return lambda answer: self._events.put(_LinkAnswered(row, sighting, answer))

    def _on_link(self, event: _LinkAnswered) -> Report | None:
        checking = self._checking.get(event.row.pk)
        if checking is None:
            return None
        checking.gone[event.sighting] = is_gone(event.answer)
        checking.open.discard(event.sighting)
        return None if checking.open else self._on_read(checking.read, checking.gone)

    # --- Saving -------------------------------------------------------------------

    def _save(self, row: SourceRow, settled: Settled) -> Report:
        """Save how a source stands, if it is still ours."""
        with self._store.write() as connection:
            lost = not stored_sources.holds(connection, row.pk, self._owner)
            if not lost:
                stored_attempts.settle(connection, row, settled)
        return Report(source=row.source.id, attempt=settled.attempt, lost=lost)

    def _save_document(self, read: _Read, digest: Digest, gone: Gone) -> Report | None:
        """Save items and state together, if the source is still ours.

        None: nothing is saved yet, since links of missing items have to answer first.
        """
        row = read.row
        with self._store.write() as connection:
            if not stored_sources.holds(connection, row.pk, self._owner):
                return Report(
                    source=row.source.id, attempt=_lost(self._clock()), lost=True
                )
            stored_known.lock_portal(connection, row.portal)
            # Made while the lock is held: feeds are dated by it, as they are saved.
            at = self._moment(row)
            plan = plan_of(connection, row, digest, at.now, gone)
            # One round of links a pull: those beyond it stay due, for the next one.
            missing = [] if gone else to_ask(plan.absent, gone, at.now)
            if not missing:
                stored_items.apply(connection, row, plan, at.now)
                self._note_title(connection, row, digest, at.now)
                settled = after_reading(
                    row, read.fetched, digest, plan, at, verifying=read.verifying
                )
                stored_attempts.settle(connection, row, settled)
                return Report(source=row.source.id, attempt=settled.attempt)
        self._check_links(read, missing)
        return None

    def _note_title(
        self, connection: Connection, row: SourceRow, digest: Digest, now: datetime
    ) -> None:
        was = row.standing
        if (was.feed_id, was.feed_title) != (digest.feed_id, digest.feed_title):
            note_retitled(connection, row.pk, now)


def plan_of(
    connection: Connection,
    row: SourceRow,
    digest: Digest,
    now: datetime,
    gone: Gone | None = None,
) -> Plan:
    """Reconcile a document with what is known of its source.

    Args:
        gone: What the own links of missing items have answered.
    """
    items = digest.items
    dates = [base_date(item.given, now) for item in items] or [now]
    past = Past(
        known=stored_known.known(connection, row, names_of(items), now),
        missing=stored_known.newer_than(connection, row, oldest_listed(items), now),
        taken=stored_known.dates_taken(connection, row, dates),
        had_items=stored_known.has_items(connection, row),
        gone=gone or {},
    )
    return reconcile(digest, past, source_id=row.source.id, now=now)


def _lost(now: datetime) -> Attempt:
    return Attempt(at=now, outcome=Outcome.FAILED, detail="the lease ran out")
