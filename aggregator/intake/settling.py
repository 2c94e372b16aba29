"""How a source stands after an attempt. Pure: an answer becomes what is noted.

Nothing here empties a feed or withdraws an item: what an answer says of items is in
the plan. No source is ever given up or switched off.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace
from datetime import datetime
from datetime import timedelta

from aggregator.errors import FetchError
from aggregator.errors import ParseError
from aggregator.errors import Reason
from aggregator.errors import SourceError
from aggregator.intake.fetch import body_hash
from aggregator.intake.fetch import freshness
from aggregator.intake.habits import learned_from
from aggregator.intake.habits import redirected
from aggregator.intake.politeness import jitter_of
from aggregator.intake.politeness import limit_unnamed
from aggregator.intake.politeness import next_due
from aggregator.intake.politeness import rest_after
from aggregator.intake.strangers import told_of_held
from aggregator.model import Attempt
from aggregator.model import Digest
from aggregator.model import Fetched
from aggregator.model import Note
from aggregator.model import NotModified
from aggregator.model import Outcome
from aggregator.model import Plan
from aggregator.model import Settled
from aggregator.model import SourceRow
from aggregator.model import Standing
from aggregator.model import Validators
from aggregator.model.pulls import DOUBTED_AFTER

FULL_EVERY = timedelta(hours=24)  # a document is asked for without validators
DISTRUST = timedelta(days=7)  # of validators, after a 304 that was untrue
EMPTY_SETTLES = timedelta(days=3)  # after which an emptied feed counts as empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When, and by which habits of this service, an attempt is settled."""

    now: datetime
    timezone: str = "Asia/Ho_Chi_Minh"
    spacing_seconds: float = 0.25
    dissolved: bool = False  # its authority is no more: silence is no news


# --- What to ask --------------------------------------------------------------


def conditions(row: SourceRow, now: datetime) -> Validators:
    """Say which validators to send: none to who lied lately, or must be read anew.

    They belong to an address: those of a learned one are not for the declared one.
    """
    standing = row.standing
    if row.asks_anew:
        return Validators()
    distrusted = standing.distrusted_at
    if row.checks_due or (distrusted is not None and now - distrusted < DISTRUST):
        return Validators()
    return standing.validators


def full_is_due(row: SourceRow, now: datetime) -> bool:
    """Say whether a 304 is to be held against the whole document at once."""
    last = row.standing.last_full_at
    return last is None or now - last >= FULL_EVERY


# --- Failures -----------------------------------------------------------------


def after_failure(
    row: SourceRow,
    error: SourceError,
    at: Moment,
    *,
    fetched: Fetched | None = None,
    plan: Plan | None = None,
    excused: bool = False,
) -> Settled:
    """Settle an attempt that failed; what was known stays known.

    Args:
        fetched: The document, where one came and could not be used.
        plan: What was saved of it all the same.
        excused: Most sources fail at once: our own network is blamed, no penalty.
    """
    attempt = _failed(error, at.now, fetched, plan)
    standing = _after_failing(row.standing, error, at.now, excused)
    return Settled(
        attempt=attempt,
        due_at=_due(row, standing, at),
        standing=standing,
        rest_seconds=rest_after(attempt.seconds, at.spacing_seconds),
    )


def _failed(
    error: SourceError, now: datetime, fetched: Fetched | None, plan: Plan | None
) -> Attempt:
    status = fetched.status if fetched else getattr(error, "status", None)
    return Attempt(
        at=now,
        outcome=Outcome.FAILED,
        status=status,
        reason=error.reason,
        detail=error.detail,
        wire_bytes=fetched.wire_bytes if fetched else 0,
        seconds=fetched.seconds if fetched else getattr(error, "seconds", 0.0),
        plan=plan,
    )


def _after_failing(
    was: Standing, error: SourceError, now: datetime, excused: bool
) -> Standing:
    failures = was.failures if excused else was.failures + 1
    standing = replace(
        was,
        failures=failures,
        failing_since=was.failing_since or now,
        reason=error.reason,
        excused=excused,
        limited_until=_limit(error, failures, now),
    )
    if error.reason is Reason.EMPTIED and was.emptied_since is None:
        standing = replace(standing, emptied_since=now)
    return standing


def _limit(error: SourceError, failures: int, now: datetime) -> datetime | None:
    if error.reason is not Reason.LIMITED:
        return None
    named = error.retry_after if isinstance(error, FetchError) else None
    return named or now + limit_unnamed(failures)


# --- Answers ------------------------------------------------------------------


def after_nothing_new(
    row: SourceRow, answer: Fetched | NotModified, at: Moment
) -> Settled:
    """Settle an answer that brought nothing: 304, or the bytes of last time."""
    standing, notes = _well(row, answer, at.now)
    standing = standing.but(
        validators=_validators(row.standing, answer),
        halvings=max(0, standing.halvings - 1),
        gap=False,  # it overlaps wholly with what is known
    )
    fetched = isinstance(answer, Fetched)
    outcome = Outcome.SAME_BODY if fetched else Outcome.NOT_MODIFIED
    return _settled(row, answer, standing, notes, outcome=outcome, at=at)


def _validators(was: Standing, answer: Fetched | NotModified) -> Validators:
    """Keep exactly the last answer's; a 304 may renew either (RFC 9110, 15.4.5)."""
    if isinstance(answer, Fetched):
        return answer.validators
    return Validators(
        etag=answer.validators.etag or was.validators.etag,
        last_modified=answer.validators.last_modified or was.validators.last_modified,
    )


def after_reading(
    row: SourceRow,
    fetched: Fetched,
    digest: Digest,
    plan: Plan,
    at: Moment,
    *,
    verifying: bool = False,
) -> Settled:
    """Settle a document that was read and saved.

    Only a whole one leaves its validators and hash: a cut one must be asked for again,
    and so must one that goes to and fro.

    Args:
        verifying: It was asked for right after a 304, to hold that against it.
    """
    failed = _shortcoming(row.standing, digest, at.now)
    if failed is not None:
        settled = after_failure(row, failed, at, fetched=fetched, plan=plan)
        return replace(settled, notes=told_of_held(plan))
    standing, notes = _well(row, fetched, at.now)
    timezone = row.source.timezone or at.timezone
    standing, more = learned_from(standing, digest, plan, now=at.now, timezone=timezone)
    notes += more + told_of_held(plan)
    if digest.complete and not plan.flips:
        standing = replace(
            standing,
            validators=fetched.validators,
            body_hash=body_hash(fetched.body),
            last_entries=plan.entries,
        )
    else:
        standing = replace(standing, validators=Validators(), body_hash="")
    if verifying and (plan.new or plan.changed):
        standing = replace(standing, distrusted_at=at.now)
        notes += (Note(kind="stale_304", detail=f"{len(plan.new)} new items"),)
    outcome = Outcome.PULLED
    return _settled(row, fetched, standing, notes, outcome=outcome, at=at, plan=plan)


def _shortcoming(was: Standing, digest: Digest, now: datetime) -> ParseError | None:
    """Say what makes a readable document a failure all the same."""
    entries = len(digest.items) + len(digest.rejections)
    if digest.cut:
        return ParseError(Reason.TRUNCATED, f"its end is missing, {entries} entries")
    if entries or not was.last_entries:
        return None
    since = was.emptied_since
    if since is not None and now - since >= EMPTY_SETTLES:
        return None
    return ParseError(Reason.EMPTIED, f"{was.last_entries} entries before")


def _settled(
    row: SourceRow,
    answer: Fetched | NotModified,
    standing: Standing,
    notes: tuple[Note, ...],
    *,
    outcome: Outcome,
    at: Moment,
    plan: Plan | None = None,
) -> Settled:
    if at.dissolved:
        standing = standing.but(quiet_at=None)
    attempt = Attempt(
        at=at.now,
        outcome=outcome,
        status=answer.status if isinstance(answer, Fetched) else 304,
        wire_bytes=answer.wire_bytes,
        seconds=answer.seconds,
        plan=plan,
    )
    return Settled(
        attempt=attempt,
        due_at=_due(row, standing, at, headers=answer.headers),
        standing=standing,
        rest_seconds=rest_after(attempt.seconds, at.spacing_seconds),
        notes=notes,
    )


def _due(
    row: SourceRow,
    standing: Standing,
    at: Moment,
    *,
    headers: Mapping[str, str] | None = None,
) -> datetime:
    # That one of two addresses is gone for good says nothing of the other.
    both = row.standing.failures >= DOUBTED_AFTER and not row.asks_anew
    heard = not row.standing.learned_url or both
    return next_due(
        at.now,
        row.source.every,
        failures=standing.failures if standing.failing_since else 0,
        limited_until=standing.limited_until,
        fresh_for=freshness(headers, at.now) if headers else None,
        wishes=standing.wishes,
        cadence=standing.cadence,
        timezone=row.source.timezone or at.timezone,
        halvings=standing.halvings,
        reason=standing.reason if heard else "",
        excused=standing.excused,
        jitter=jitter_of(row.source.id),
    )


def _well(
    row: SourceRow, answer: Fetched | NotModified, now: datetime
) -> tuple[Standing, tuple[Note, ...]]:
    """Note that it answered, and where its redirects lead."""
    was = row.standing
    full = isinstance(answer, Fetched)
    distrusted = was.distrusted_at
    still = distrusted is not None and now - distrusted < DISTRUST
    standing = was.but(
        failures=0,
        failing_since=None,
        reason="",
        excused=False,
        limited_until=None,
        emptied_since=None,
        last_full_at=now if full else was.last_full_at,
        distrusted_at=distrusted if still else None,
    )
    return redirected(row, standing, answer.redirects, now)
