"""One item's way from source to store: fetch, digest, reconcile, save. Decides nothing.

The network and the reading of documents run elsewhere (`net`'s thread, the workshop's
processes) and report into one queue; whoever calls `Puller.step` does the deciding and
has it saved, all that has come meanwhile in one transaction. So nothing is waited for
inside a transaction, and a source's items, state and outbox rows are saved together.
"""

import queue
from collections import deque
from collections.abc import Callable
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from aggregator.errors import FetchError
from aggregator.errors import Reason
from aggregator.errors import SourceError
from aggregator.errors import StoreError
from aggregator.intake.blame import OurNetwork
from aggregator.intake.fetch import body_hash
from aggregator.intake.fetch import interpret
from aggregator.intake.fetch import is_gone
from aggregator.intake.fetch import link_request
from aggregator.intake.fetch import request_for
from aggregator.intake.hosts import HostQueues
from aggregator.intake.net import Request
from aggregator.intake.net import Response
from aggregator.intake.politeness import FIRST_RETRIES
from aggregator.intake.reports import Report
from aggregator.intake.reports import fault
from aggregator.intake.reports import log
from aggregator.intake.reports import result_of
from aggregator.intake.reports import tell
from aggregator.intake.saving import Document
from aggregator.intake.saving import Missing
from aggregator.intake.saving import Pulled
from aggregator.intake.saving import Saver
from aggregator.intake.saving import Standstill
from aggregator.intake.settling import Moment
from aggregator.intake.settling import after_failure
from aggregator.intake.settling import after_nothing_new
from aggregator.intake.settling import conditions
from aggregator.intake.settling import full_is_due
from aggregator.intake.task import Task
from aggregator.model import Digest
from aggregator.model import Fetched
from aggregator.model import NotModified
from aggregator.model import Settings
from aggregator.model import SourceRow
from aggregator.model import Validators
from aggregator.store import attempts as stored_attempts
from aggregator.store import sources as stored_sources
from aggregator.store.engine import Store

MOST_AT_ONCE = 100  # sources that are saved in one transaction
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
class _Unread:
    """A document that no item could be read of."""

    row: SourceRow
    fetched: Fetched
    error: SourceError


@dataclass(slots=True)
class _Checking:
    """A document that waits until the links of what it misses have answered."""

    document: Document
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


_Event = _Answered | _Unread | Document | _LinkAnswered | _NotBegun


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
        self._reports: deque[Report] = deque()  # of what has ended, not yet given
        self._saver = Saver(store, owner, self._moment)
        self._under_way: set[int] = set()  # rows of sources; both threads only add/drop
        self._checking: dict[int, _Checking] = {}  # by row
        self._queues = HostQueues()
        self._network = OurNetwork()

    @property
    def in_flight(self) -> int:
        """Count the sources whose pull has begun, and whose end was not told yet."""
        return len(self._under_way) + len(self._reports)

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
        """Deal with what has come; give a report if a source's pull has ended.

        What came meanwhile is saved together; then each step gives one report of it.

        Args:
            timeout: Seconds to wait for something to come.
        """
        if not self._reports:
            self._deal_with(self._waiting(timeout))
        return self._reports.popleft() if self._reports else None

    def _waiting(self, timeout: float) -> list[_Event]:
        events: list[_Event] = []
        try:
            events.append(self._events.get(timeout=timeout))
            while len(events) < MOST_AT_ONCE:
                events.append(self._events.get_nowait())
        except queue.Empty:
            pass
        return events

    def _deal_with(self, events: list[_Event]) -> None:
        pulled = [each for event in events for each in self._decided(event)]
        left = {each.row.pk: each.row for each in pulled}
        try:
            for row, told in self._saver.save(pulled):
                del left[row.pk]
                if isinstance(told, Missing):
                    self._check_links(told)
                else:
                    self._end(row, told)
            self._excuse()
        finally:  # what is not saved is due again when its lease runs out
            for row in left.values():
                self._forget(row)

    def _end(self, row: SourceRow, report: Report) -> None:
        self._reports.append(report)
        tell(report)
        self._forget(row, limited=report.attempt.reason == Reason.LIMITED)

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

    def _decided(self, event: _Event) -> list[Pulled]:
        """Say what is to be saved after an event; nothing, while a pull goes on."""
        row = event.row
        try:
            if isinstance(event, Document):
                self._network.answered(row.host, self._clock())
                pulled: Pulled | None = event
            elif isinstance(event, _Answered):
                pulled = self._on_answer(event)
            elif isinstance(event, _LinkAnswered):
                pulled = self._on_link(event)
            else:
                fetched = event.fetched if isinstance(event, _Unread) else None
                pulled = self._failed(row, event.error, fetched)
        except Exception as error:  # one source's fault, told as such, stays its own
            pulled = self._saver.faulty(row, error)
        return [] if pulled is None else [pulled]

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

    def _on_answer(self, event: _Answered) -> Pulled | None:
        row, at = event.row, self._moment(event.row)
        try:
            if isinstance(event.answer, FetchError):
                raise event.answer
            answer = interpret(event.answer, now=at.now)
        except SourceError as error:
            return self._failed(row, error)
        if isinstance(answer, NotModified) and full_is_due(row, at.now):
            # Validators are not believed for ever: what says "unchanged" must show it.
            self._ask(row, Validators(), verifying=True)
            return None
        same = isinstance(answer, NotModified) or (
            body_hash(answer.body) == row.standing.body_hash and not row.checks_due
        )
        if same or not isinstance(answer, Fetched):
            self._network.answered(row.host, at.now)
            return Standstill(row, after_nothing_new(row, answer, at))
        self._read(row, answer, at.now, event.verifying)
        return None

    def _failed(
        self, row: SourceRow, error: SourceError, fetched: Fetched | None = None
    ) -> Standstill:
        """Settle a failure; where most fail at once, without penalty."""
        at = self._moment(row)
        excused = self._network.failed(
            row.host,
            row.pk,
            error.reason,
            # Excused before, it is so after a restart too, which forgets the blame.
            since=None if row.standing.excused else row.standing.failing_since,
            now=at.now,
        )
        settled = after_failure(row, error, at, fetched=fetched, excused=excused)
        return Standstill(row, settled)

    def _excuse(self) -> None:
        """Take back the penalties of those that failed before it was plain."""
        others = self._network.excused()
        if others:
            soon = self._clock() + FIRST_RETRIES[0]
            try:
                with self._store.write() as connection:
                    stored_attempts.excuse(connection, others, soon, self._owner)
            except StoreError as error:  # what was saved before it is to be told
                log.error("failures are not excused: %s", error)

    def _read(
        self, row: SourceRow, fetched: Fetched, now: datetime, verifying: bool
    ) -> None:
        task = Task(
            body=fetched.body,
            content_type=fetched.content_type,
            url=fetched.url,
            hints=self._settings.hints(row.source.id),
            timezone=row.source.timezone or self._settings.site.timezone,
            rules=self._settings.rules,
            now=now,
        )
        future = self._workshop.submit(task)
        future.add_done_callback(
            lambda done: self._events.put(_read_of(row, fetched, done, verifying))
        )

    # --- Links of what is missing -----------------------------------------------

    def _check_links(self, missing: Missing) -> None:
        """Ask the own links of items that their source no longer lists."""
        row, links = missing.document.row, missing.links
        waiting = {known.sighting for known in links}
        self._checking[row.pk] = _Checking(missing.document, waiting)
        for known in links:
            self._net.submit(
                link_request(row.source, known.link, settings=self._settings.fetch),
                self._link_answered(row, known.sighting),
            )

    def _link_answered(self, row: SourceRow, sighting: int) -> Callable[[Answer], None]:
        return lambda answer: self._events.put(_LinkAnswered(row, sighting, answer))

    def _on_link(self, event: _LinkAnswered) -> Document | None:
        checking = self._checking.get(event.row.pk)
        if checking is None:
            return None
        checking.gone[event.sighting] = is_gone(event.answer)
        checking.open.discard(event.sighting)
        if checking.open:
            return None
        del self._checking[event.row.pk]
        return replace(checking.document, gone=checking.gone)


def _read_of(
    row: SourceRow, fetched: Fetched, done: "Future[Digest]", verifying: bool
) -> Document | _Unread:
    read = result_of(done)
    if isinstance(read, SourceError):
        return _Unread(row, fetched, read)
    return Document(row, fetched, read, verifying)
