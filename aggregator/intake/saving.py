"""Saves what pulls have brought: many sources in one transaction, each whole or not.

What cannot be saved with the others is saved by itself, and a fault there stays its
own source's. Nothing is waited for in here but the database.
"""

from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from datetime import datetime

from aggregator.errors import StoreError
from aggregator.intake.absence import Gone
from aggregator.intake.absence import oldest_listed
from aggregator.intake.absence import to_ask
from aggregator.intake.identity import unsettled
from aggregator.intake.joining import join
from aggregator.intake.joining import marked
from aggregator.intake.names import first_name
from aggregator.intake.names import names_of
from aggregator.intake.naming import with_naming
from aggregator.intake.reconcile import Past
from aggregator.intake.reconcile import base_date
from aggregator.intake.reconcile import reconcile
from aggregator.intake.reports import Report
from aggregator.intake.reports import fault
from aggregator.intake.reports import log
from aggregator.intake.settling import Moment
from aggregator.intake.settling import after_failure
from aggregator.intake.settling import after_reading
from aggregator.intake.strangers import is_many
from aggregator.intake.strangers import without_flood
from aggregator.meaning.contradiction import LATEST
from aggregator.meaning.contradiction import contradicted
from aggregator.model import Attempt
from aggregator.model import Copy
from aggregator.model import Digest
from aggregator.model import Fetched
from aggregator.model import Known
from aggregator.model import NewSighting
from aggregator.model import Note
from aggregator.model import Outcome
from aggregator.model import Plan
from aggregator.model import Settled
from aggregator.model import SourceRow
from aggregator.store import attempts as stored_attempts
from aggregator.store import items as stored_items
from aggregator.store import joins as stored_joins
from aggregator.store import known as stored_known
from aggregator.store import sources as stored_sources
from aggregator.store.changes import note_retitled
from aggregator.store.engine import Connection
from aggregator.store.engine import Store
from aggregator.store.incidents import was_told


@dataclass(frozen=True, slots=True)
class Standstill:
    """A pull that brought no items: only how the source stands is saved."""

    row: SourceRow
    settled: Settled


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was read, to be saved with how its source stands."""

    row: SourceRow
    fetched: Fetched
    digest: Digest
    verifying: bool = False  # asked right after a 304, to hold that against it
    gone: Gone = field(default_factory=dict)  # what links of missing items answered


@dataclass(frozen=True, slots=True)
class Missing:
    """A document that is not saved: links of what it misses have to answer first."""

    document: Document
    links: list[Known]


Pulled = Standstill | Document
Told = tuple[SourceRow, Report | Missing]


class Saver:
    """Writes what one owner has pulled, where it still holds the lease."""

    def __init__(
        self, store: Store, owner: str, moment: Callable[[SourceRow], Moment]
    ) -> None:
        self._store = store
        self._owner = owner
        self._moment = moment

    def save(self, pulled: Sequence[Pulled]) -> Iterator[Told]:
        """Save pulls; tell of each how it ended, once it is saved.

        Raises:
            StoreError: The database is away; what was not told of is not saved.
        """
        for together in _by_turns(pulled):
            yield from self._save(together)

    def _save(self, pulled: Sequence[Pulled]) -> list[Told]:
        try:
            return self._save_together(pulled)
        except StoreError:
            raise
        except Exception as error:
            if len(pulled) > 1:
                return [told for each in pulled for told in self._save([each])]
            return self._save_together([self.faulty(pulled[0].row, error)])

    def faulty(self, row: SourceRow, error: Exception) -> Standstill:
        """Make a fault of ours what became of a pull."""
        log.exception("a fault of this software at source=%s", row.source.id)
        return Standstill(row, after_failure(row, fault(error), self._moment(row)))

    def _save_together(self, pulled: Sequence[Pulled]) -> list[Told]:
        with self._store.write() as connection:
            pks = [each.row.pk for each in pulled]
            held = stored_sources.held(connection, pks, self._owner)
            ours = [each for each in pulled if each.row.pk in held]
            ended: dict[int, Settled | Missing] = {
                each.row.pk: each.settled
                for each in ours
                if isinstance(each, Standstill)
            }
            documents = [each for each in ours if isinstance(each, Document)]
            if documents:
                ended |= self._save_documents(connection, documents)
            settled = [
                (each.row, how)
                for each in ours
                if isinstance(how := ended[each.row.pk], Settled)
            ]
            stored_attempts.settle(connection, settled)
        rows = [each.row for each in pulled]
        return [(row, self._told(row, ended.get(row.pk))) for row in rows]

    def _told(
        self, row: SourceRow, ended: Settled | Missing | None
    ) -> Report | Missing:
        if isinstance(ended, Missing):
            return ended
        if ended is not None:
            return Report(source=row.source.id, attempt=ended.attempt)
        now = self._moment(row).now
        lost = Attempt(at=now, outcome=Outcome.FAILED, detail="the lease ran out")
        return Report(source=row.source.id, attempt=lost, lost=True)

    def _save_documents(
        self, connection: Connection, documents: Sequence[Document]
    ) -> dict[int, Settled | Missing]:
        """Save the items of documents; say how their sources stand after it."""
        portals = {document.row.portal for document in documents}
        stored_known.lock_portals(connection, portals)
        # Read while the locks are held: feeds are dated by it, as they are saved.
        now = self._moment(documents[0].row).now
        plans = plans_of(connection, documents, now)
        ended: dict[int, Settled | Missing] = {}
        saved: list[tuple[SourceRow, Plan]] = []
        for document, found in zip(documents, plans, strict=True):
            plan = _without_flood(connection, document.row, found)
            # One round of links a pull: those beyond it stay due, for the next one.
            links = [] if document.gone else to_ask(plan.absent, {}, now)
            if links:
                ended[document.row.pk] = Missing(document, links)
                continue
            saved.append((document.row, plan))
            settled = after_reading(
                document.row,
                document.fetched,
                document.digest,
                plan,
                self._moment(document.row),
                verifying=document.verifying,
            )
            more = _contradiction(connection, document)
            ended[document.row.pk] = replace(settled, notes=settled.notes + more)
        store_plans(connection, saved, now)
        for document in documents:
            if isinstance(ended[document.row.pk], Settled):
                _note_title(connection, document.row, document.digest, now)
        return ended


def store_plans(
    connection: Connection, plans: Sequence[tuple[SourceRow, Plan]], now: datetime
) -> None:
    """Store what plans say; new items that are copies join the notice they copy.

    Only what is new is looked for, once: an edit later neither joins nor parts.
    """
    marks = marked(plans)
    copies: list[Copy] = []
    wanted = {
        mark: new.published
        for new, mine in zip(_all_new(plans), marks, strict=True)
        for mark in mine.values()
        if new.minted and new.item.meaning.hold is None
    }
    if wanted:
        stored_joins.lock(connection)
        copies = stored_joins.find_copies(connection, wanted)
    places = stored_joins.places_of(connection, (each.notice for each in copies))
    joined, proposals = join(plans, marks, copies, places)
    stored_items.apply(connection, with_naming(joined), now)
    stored_joins.propose(connection, proposals, now)


def _without_flood(connection: Connection, row: SourceRow, plan: Plan) -> Plan:
    if not is_many(plan):
        return plan
    usual = stored_attempts.usual_new(connection, row.pk)
    links = stored_known.recent_links(connection, row.pk)
    return without_flood(plan, usual, (*links, row.url))


def _contradiction(connection: Connection, document: Document) -> tuple[Note, ...]:
    """Tell, once for ever, that a source is declared to be what it is not."""
    source = document.row.source
    meanings = [item.meaning for item in document.digest.items[:LATEST]]
    found = contradicted(source.category, meanings)
    if found is None or was_told(connection, "category", source.id):
        return ()
    return (Note(kind="category", detail=f"{source.category}: {found}?"),)


def _all_new(plans: Sequence[tuple[SourceRow, Plan]]) -> Iterator[NewSighting]:
    for _, plan in plans:
        yield from plan.new


def _by_turns(pulled: Sequence[Pulled]) -> list[list[Pulled]]:
    """Part what is saved together: of one portal a document must see the one before."""
    turns: list[list[Pulled]] = []
    met: Counter[str] = Counter()
    for each in pulled:
        turn = met[each.row.portal]
        met[each.row.portal] += isinstance(each, Document)
        if turn == len(turns):
            turns.append([])
        turns[turn].append(each)
    return turns


def _note_title(
    connection: Connection, row: SourceRow, digest: Digest, now: datetime
) -> None:
    was = row.standing
    read_before = was.last_full_at or was.last_entries
    names = (was.feed_id, was.feed_title)
    if read_before and names != (digest.feed_id, digest.feed_title):
        note_retitled(connection, row.pk, now)


def plan_of(
    connection: Connection,
    row: SourceRow,
    digest: Digest,
    now: datetime,
) -> Plan:
    """Reconcile one document with what is known of its source."""
    document = Document(row, Fetched(url=row.url, body=b"", status=200), digest)
    return plans_of(connection, [document], now)[0]


def plans_of(
    connection: Connection, documents: Sequence[Document], now: datetime
) -> list[Plan]:
    """Reconcile documents, each of another portal, with what is known of their sources.

    Most entries are known by their first name and look as they did: only the others
    are looked for by all their names.
    """
    shelf = stored_known.Shelf(connection, [each.row for each in documents], now)
    firsts = {
        each.row.pk: {first_name(item) for item in each.digest.items}
        for each in documents
    }
    shelf.look_up(firsts)
    others = {
        each.row.pk: names_of(unsettled(each.digest.items, shelf.of(each.row)))
        - firsts[each.row.pk]
        for each in documents
        if shelf.holds(each.row.portal)
    }
    shelf.look_up(others)
    return [
        reconcile(
            each.digest,
            _past(shelf, each, now),
            source_id=each.row.source.id,
            now=now,
        )
        for each in documents
    ]


def _past(shelf: stored_known.Shelf, document: Document, now: datetime) -> Past:
    row, items = document.row, document.digest.items
    if not shelf.has_items(row):
        return Past(known=shelf.of(row))
    dates = [base_date(item.given, now) for item in items] or [now]
    return Past(
        known=shelf.of(row),
        missing=shelf.newer_than(row, oldest_listed(items)),
        taken=shelf.dates_taken(row, dates),
        had_items=True,
        gone=document.gone,
    )
