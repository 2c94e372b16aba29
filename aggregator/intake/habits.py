"""What answers tell of a source's habits: where it stands, when it publishes. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from datetime import timedelta

from aggregator.intake.cadence import learned
from aggregator.intake.cadence import quiet_at
from aggregator.model import FLIPPING_FOR
from aggregator.model import REDATES_TOLD
from aggregator.model import Digest
from aggregator.model import Note
from aggregator.model import Plan
from aggregator.model import SourceRow
from aggregator.model import Standing
from aggregator.model import Wishes

PERMANENT = timedelta(days=3)  # that a redirect has to last to be learned
MOST_HALVINGS = 3  # of the interval, after gaps
ENOUGH_OVERLAP = 0.5  # of a document; then the interval is long enough
_PERMANENT_STATUS = {301, 308}


def redirected(
    row: SourceRow,
    was: Standing,
    redirects: tuple[tuple[int, str], ...],
    now: datetime,
) -> tuple[Standing, tuple[Note, ...]]:
    """Learn an address once all redirects to it have stayed permanent for three days.

    One temporary hop (302, 303, 307) makes the whole way a temporary one. Where the
    declared address serves again without leading to the learned one, that is dropped.

    Args:
        row: As it was asked.
    """
    if row.asks_anew:
        if redirects and redirects[-1][1] == was.learned_url:
            return was.but(redirect_to="", redirect_since=None), ()
        was = replace(was, learned_url="")
    permanent = redirects and all(s in _PERMANENT_STATUS for s, _ in redirects)
    if not permanent:
        return was.but(redirect_to="", redirect_since=None), ()
    target = redirects[-1][1]
    since = was.redirect_since if was.redirect_to == target else None
    if since is None or now - since < PERMANENT:
        return replace(was, redirect_to=target, redirect_since=since or now), ()
    # One that leads back to the declared address is none to be kept beside it.
    other = "" if target == row.source.url else target
    learned_it = replace(was, redirect_to="", redirect_since=None, learned_url=other)
    return learned_it, (Note(kind="redirected", detail=target),)


def learned_from(
    was: Standing, digest: Digest, plan: Plan, *, now: datetime, timezone: str
) -> tuple[Standing, tuple[Note, ...]]:
    """Take in what a document tells of its source's habits.

    Args:
        timezone: That of the source.
    """
    cadence, silence = was.cadence, was.quiet_at
    if plan.new:
        moments = [new.published for new in plan.new if new.item.given is not None]
        cadence = learned(cadence, moments or [now], timezone=timezone)
        silence = quiet_at(cadence, timezone=timezone)
    standing = replace(
        _paced(was, plan),
        wishes=Wishes(
            ttl_minutes=digest.ttl_minutes,
            skip_hours=digest.skip_hours,
            skip_days=digest.skip_days,
        ),
        cadence=cadence,
        quiet_at=silence,
        redates=_redates(was, plan),
        flipped_at=now if plan.flips else was.flipped_at,
        feed_id=digest.feed_id,
        feed_title=digest.feed_title,
        generator=digest.generator,
    )
    return standing, tuple(_habits(was, standing, plan, now))


def _redates(was: Standing, plan: Plan) -> int:
    """Count documents that changed nothing but dates; what is new ends no habit.

    Dates are held against those that came with the text: a few that were mended once
    differ for ever, so it is the dates of half of all items that count.
    """
    redated = plan.redated * 2 >= max(plan.unchanged, 1)
    if redated and not plan.new and not plan.changed:
        return was.redates + 1
    return was.redates if redated or not plan.entries else 0


def _paced(was: Standing, plan: Plan) -> Standing:
    """Shorten the interval after a gap, until documents overlap by half."""
    if not plan.entries:  # an empty document says nothing of a gap
        return was
    if plan.gap:
        halvings = min(was.halvings + 1, MOST_HALVINGS)
        return replace(was, gap=True, halvings=halvings)
    if plan.overlap >= ENOUGH_OVERLAP:
        return replace(was, gap=False, halvings=max(0, was.halvings - 1))
    return was


def _habits(
    was: Standing, standing: Standing, plan: Plan, now: datetime
) -> Iterator[Note]:
    """Tell of habits that begin: each once."""
    if plan.moved_from:
        yield Note(kind="moved", detail=plan.moved_from)
    if was.redates < REDATES_TOLD <= standing.redates:
        yield Note(kind="redated", detail=f"{plan.redated} items")
    before = was.flipped_at
    if plan.flips and (before is None or now - before >= FLIPPING_FOR):
        yield Note(kind="flipping", detail=f"{len(plan.flips)} items")
