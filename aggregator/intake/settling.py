"""How a source stands after an attempt. Pure: an answer becomes what is noted."""

from datetime import datetime

from aggregator.errors import SourceError
from aggregator.intake.fetch import body_hash
from aggregator.intake.politeness import jitter_of
from aggregator.intake.politeness import next_due
from aggregator.model import Attempt
from aggregator.model import Digest
from aggregator.model import Fetched
from aggregator.model import NotModified
from aggregator.model import Outcome
from aggregator.model import Settled
from aggregator.model import SourceRow
from aggregator.model import Validators


def after_failure(
    row: SourceRow, error: SourceError, now: datetime, *, fetched: Fetched | None = None
) -> Settled:
    """Settle an attempt that failed; what was known stays known.

    Args:
        fetched: The document, where one came and could not be used.
    """
    status = fetched.status if fetched else getattr(error, "status", None)
    attempt = Attempt(
        at=now,
        outcome=Outcome.FAILED,
        status=status,
        reason=error.reason,
        detail=error.detail,
        wire_bytes=fetched.wire_bytes if fetched else 0,
        seconds=fetched.seconds if fetched else 0.0,
    )
    limited_until = getattr(error, "retry_after", None)
    failures = row.failures + 1
    return Settled(
        attempt=attempt,
        due_at=_due(row, now, failures=failures, limited_until=limited_until),
        failures=failures,
        limited_until=limited_until,
    )


def after_nothing_new(
    row: SourceRow, answer: Fetched | NotModified, now: datetime
) -> Settled:
    """Settle an answer that brought nothing: 304, or the bytes of last time."""
    fetched = isinstance(answer, Fetched)
    outcome = Outcome.SAME_BODY if fetched else Outcome.NOT_MODIFIED
    validators = answer.validators if isinstance(answer, Fetched) else row.validators
    return Settled(
        attempt=_attempt(now, outcome, answer),
        due_at=_due(row, now),
        validators=validators,
        body_hash=row.body_hash,
    )


def after_reading(
    row: SourceRow, fetched: Fetched, digest: Digest, now: datetime
) -> Settled:
    """Settle a document that was read.

    Only a whole one leaves its validators and hash: a cut one must be asked for again.
    """
    whole = digest.complete
    return Settled(
        attempt=_attempt(now, Outcome.PULLED, fetched),
        due_at=_due(row, now),
        validators=fetched.validators if whole else Validators(),
        body_hash=body_hash(fetched.body) if whole else "",
        feed_id=digest.feed_id,
        feed_title=digest.feed_title,
        generator=digest.generator,
    )


def _attempt(now: datetime, outcome: Outcome, answer: Fetched | NotModified) -> Attempt:
    return Attempt(
        at=now,
        outcome=outcome,
        status=answer.status if isinstance(answer, Fetched) else 304,
        wire_bytes=answer.wire_bytes,
        seconds=answer.seconds,
    )


def _due(
    row: SourceRow,
    now: datetime,
    *,
    failures: int = 0,
    limited_until: datetime | None = None,
) -> datetime:
    return next_due(
        now,
        row.source.every,
        failures=failures,
        limited_until=limited_until,
        jitter=jitter_of(row.source.id),
    )
