"""Plans, attempts, and how a source stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from aggregator.model.declared import Source
from aggregator.model.fetched import Validators
from aggregator.model.items import Item
from aggregator.model.items import Rejection
from aggregator.model.names import Category
from aggregator.model.names import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A sighting in the store that one of a document's keys has found."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSighting:
    """An item first seen at this source; perhaps of a notice known elsewhere."""

    item: Item
    key: str
    notice: str
    minted: bool  # the notice itself is new
    published: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedSighting:
    """A known item that a reader now sees differently."""

    item: Item
    known: Known


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one document means for the store. It balances: see ``entries``."""

    new: tuple[NewSighting, ...] = ()
    changed: tuple[ChangedSighting, ...] = ()
    unchanged: int = 0
    duplicate: int = 0
    rejected: tuple[Rejection, ...] = ()
    gap: bool = False  # nothing overlaps with what was known

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


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """A source as the store holds it when somebody takes it up."""

    pk: int
    source: Source
    portal: str
    validators: Validators = Validators()
    body_hash: str = ""
    failures: int = 0
    failing_since: datetime | None = None
    gap: bool = False
    feed_id: str = ""
    feed_title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How a source stands after an attempt: what is written beside the items."""

    attempt: Attempt
    due_at: datetime
    failures: int = 0
    limited_until: datetime | None = None
    validators: Validators = Validators()
    body_hash: str = ""
    feed_id: str = ""
    feed_title: str = ""
    generator: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """A source as an operator sees it."""

    id: str
    url: str
    authority: str
    state: str  # new ok failing limited quiet gap off
    last_try: datetime | None = None
    last_ok: datetime | None = None
    last_changed: datetime | None = None
    last_new_item: datetime | None = None
    failing_since: datetime | None = None
    next_due: datetime | None = None
    reason: str = ""
    detail: str = ""
    last_attempt: Mapping[str, object] | None = None
