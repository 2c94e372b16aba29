"""Plans, attempts, and how a source stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace
from datetime import date
from datetime import datetime
from datetime import timedelta
from enum import StrEnum

from aggregator.model.declared import Source
from aggregator.model.fetched import Validators
from aggregator.model.items import Item
from aggregator.model.items import Rejection
from aggregator.model.names import Category
from aggregator.model.names import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A sighting in the store: what a document's names have found, or may miss."""

    key: str
    sighting: int  # its row
    notice: str
    own: bool  # seen at this very source, not at another of the same portal
    fingerprint: str
    title: str
    link: str
    version: int
    published: datetime
    category: Category
    levels: frozenset[Level]  # empty: all
    guid: str = ""
    given: datetime | None = None  # the date its source gives it
    number: str = ""  # of the official document that it is
    state: str = "shown"
    missing: int = 0  # good documents in a row that did not list it
    check_at: datetime | None = None  # when its link is to be asked again
    past: frozenset[str] = frozenset()  # fingerprints of its recent former versions
    flip: str = ""  # a former version seen again and held back
    flip_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSighting:
    """An item first seen at this source; perhaps of a notice known elsewhere."""

    item: Item
    key: str
    notice: str
    minted: bool  # the notice itself is new
    published: datetime
    entered: datetime  # its place in the feeds' window
    aliases: tuple[str, ...] = ()  # further names, nobody else's
    marks: tuple[int, ...] = ()  # by which copies of it at other sources are found
    naming: tuple[int, ...] = ()  # by which the documents that it names find it


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedSighting:
    """A known item that a reader now sees differently."""

    item: Item
    known: Known
    naming: tuple[int, ...] = ()  # by which the documents that it names find it


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """A known sighting whose standing in its source's documents is now another."""

    known: Known
    missing: int  # good documents in a row that did not list it; 0: it is there again
    state: str  # shown, maybe_withdrawn, withdrawn
    check_at: datetime | None = None  # when its link is to be asked (again)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A known item that went back to a former version, held back; or its calm after."""

    known: Known
    fingerprint: str  # of the version held back; "": it shows again what we show
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A further name under which a known item now appears."""

    known: Known
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one document means for the store. It balances: see ``entries``."""

    new: tuple[NewSighting, ...] = ()
    changed: tuple[ChangedSighting, ...] = ()
    unchanged: int = 0
    duplicate: int = 0
    rejected: tuple[Rejection, ...] = ()
    gap: bool = False  # nothing overlaps with what was known
    overlap: float = 1.0  # share of the document's items that were known
    absent: tuple[Absence, ...] = ()
    aliases: tuple[Alias, ...] = ()
    flips: tuple[Flip, ...] = ()
    withheld: tuple[Flip, ...] = ()  # versions that are not shown: see `Meaning.hold`
    redated: int = 0  # unchanged but for the date that their source gives them
    moved_from: str = ""  # the host at which nearly all of it stood before
    strictly: bool = False  # read by the strict reader, not by feedparser

    @property
    def withdrawn(self) -> int:
        """Count the items that this document and their own links say are withdrawn."""
        return sum(a.state == "withdrawn" != a.known.state for a in self.absent)

    @property
    def entries(self) -> int:
        """Count the document's entries: each is in exactly one part of the plan."""
        stored = len(self.new) + len(self.changed) + self.unchanged
        return stored + self.duplicate + len(self.rejected)

    @property
    def counts(self) -> dict[str, int]:
        """Tell the balance by the names that rows, reports and logs use."""
        return {
            "entries": self.entries,
            "new": len(self.new),
            "changed": len(self.changed),
            "unchanged": self.unchanged,
            "duplicate": self.duplicate,
            "rejected": len(self.rejected),
            "withdrawn": self.withdrawn,
        }


class Outcome(StrEnum):
    """How one attempt at a source ended."""

    PULLED = "pulled"  # a new document, read and stored
    NOT_MODIFIED = "not_modified"  # the server said 304
    SAME_BODY = "same_body"  # 200 with the bytes of last time
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt at a source, accounted for."""

    at: datetime
    outcome: Outcome
    status: int | None = None
    reason: str = ""  # errors.Reason, where it failed
    detail: str = ""
    wire_bytes: int = 0
    seconds: float = 0.0
    plan: Plan | None = None


FLIPPING_FOR = timedelta(days=7)  # after a source last went to and fro
REDATES_TOLD = 3  # documents in a row that changed nothing but dates
DOUBTED_AFTER = 3  # failures in a row at a learned address; then the declared one too


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a feed itself asks of those who poll it (RSS 2.0)."""

    ttl_minutes: int | None = None
    skip_hours: frozenset[int] = frozenset()  # 0 to 23, GMT
    skip_days: frozenset[int] = frozenset()  # 0 is Monday, GMT


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """When a source has published, as learned from the dates of its items.

    Both are in the source's own time zone.
    """

    slots: tuple[int, ...] = ()  # 168 counts, Monday 0:00 first; () before the first
    days: tuple[date, ...] = ()  # the latest days of publication, oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is remembered of a source from one pull to the next."""

    validators: Validators = Validators()
    body_hash: str = ""
    failures: int = 0  # in a row; what our own network did is not counted
    failing_since: datetime | None = None
    reason: str = ""  # errors.Reason of the last attempt, where it failed
    excused: bool = False  # it failed when most did: our own network is blamed
    limited_until: datetime | None = None
    gap: bool = False
    halvings: int = 0  # of the interval, after a gap
    last_full_at: datetime | None = None  # a document came for the asking, not a 304
    last_entries: int = 0  # of the last whole document
    emptied_since: datetime | None = None  # it had entries, and lists none since
    distrusted_at: datetime | None = None  # its 304 was found to be untrue
    redirect_to: str = ""  # where permanent redirects have led lately
    redirect_since: datetime | None = None
    learned_url: str = ""  # asked in place of the declared one
    quiet_at: datetime | None = None  # when silence will be longer than is its habit
    redates: int = 0  # documents in a row that changed nothing but dates
    flipped_at: datetime | None = None  # when it last went to and fro
    wishes: Wishes = Wishes()
    cadence: Cadence = Cadence()
    feed_id: str = ""
    feed_title: str = ""
    generator: str = ""

    def but(self, **values: object) -> "Standing":
        """Give it with other values; itself, where they are not other: most often."""
        if all(getattr(self, name) == value for name, value in values.items()):
            return self
        return replace(self, **values)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """A source as the store holds it when somebody takes it up."""

    pk: int
    source: Source
    portal: str
    host: str = ""
    standing: Standing = Standing()
    wait_seconds: float = 0.0  # before its host may be asked again
    checks_due: bool = False  # links of missing items are to be asked again

    @property
    def url(self) -> str:
        """Give the address to ask: the declared one, or where it has moved to."""
        if self.asks_anew:
            return self.source.url
        return self.standing.learned_url or self.source.url

    @property
    def asks_anew(self) -> bool:
        """Say whether the declared address is asked, though another was learned.

        Once the learned one has failed three times in a row, both have their turns.
        """
        failures = self.standing.failures
        doubted = failures >= DOUBTED_AFTER and (failures - DOUBTED_AFTER) % 2 == 0
        return bool(self.standing.learned_url) and doubted


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something to be told once: it needs no recovery."""

    kind: (
        str  # moved, redirected, stale_304, redated, flipping, held, category, poisoned
    )
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How a source stands after an attempt: what is written beside the items."""

    attempt: Attempt
    due_at: datetime
    standing: Standing = Standing()
    rest_seconds: float = 0.0  # for which its host is left alone
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """A source as an operator sees it."""

    id: str
    url: str
    authority: str
    state: str  # new ok failing limited quiet gap off
    host: str = ""
    last_try: datetime | None = None
    last_ok: datetime | None = None
    last_changed: datetime | None = None
    last_new_item: datetime | None = None
    failing_since: datetime | None = None
    quiet_since: datetime | None = None
    gap_since: datetime | None = None
    next_due: datetime | None = None
    reason: str = ""
    detail: str = ""
    failures: int = 0
    turn: str = ""  # who has to act: a key of errors.TURNS
    our_network: bool = False  # it failed when most did: ours is to blame
    moved_to: str = ""  # a permanent redirect that was learned
    flipping: bool = False
    redates: int = 0
    last_attempt: Mapping[str, object] | None = None

    @property
    def since(self) -> datetime | None:
        """Say since when it is not well; None: it is, or that was never known."""
        return self.failing_since or self.quiet_since or self.gap_since


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A state that people are told of: once when it begins, once when it ends."""

    kind: str  # network, host, source, quiet, gap; of a Note: its kind
    subject: str  # machine, host or source id
    reason: str = ""
    detail: str = ""
    since: datetime
    sources: tuple[str, ...] = ()  # ids of those concerned
    closed_at: datetime | None = None
