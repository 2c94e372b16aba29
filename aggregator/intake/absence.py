"""What a document no longer shows: withdrawn, or only scrolled out. Pure.

An item is missed when it is newer than the oldest still listed and not there. Missed
in two good documents in a row it may be withdrawn, for an editor's eye; it is published
as withdrawn only when its own link answers 404 or 410 (or a person says so). Since a
portal may answer so for a night, that link is asked again daily for a week.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import datetime
from datetime import timedelta

from aggregator.model import Absence
from aggregator.model import Item
from aggregator.model import Known

DOCUMENTS = 2  # good ones in a row that miss an item, until it may be withdrawn
CHECK_AGAIN = timedelta(days=1)  # its link
CHECKED_FOR = timedelta(days=60)  # of its age; then only a person looks
MOST_ASKED = 5  # links in one pull
WITHDRAWN_ASKED = 7  # times that the link of what was withdrawn is asked again
_IN_ORDER = 0.8  # of a document's dated items, for its order to be one of dates
_MARGIN = timedelta(minutes=1)  # dates are kept distinct by seconds

Gone = Mapping[int, bool | None]  # sighting → what `fetch.is_gone` says of its link


def oldest_listed(items: Sequence[Item]) -> datetime | None:
    """Give the date below which items have scrolled out of a document.

    None where its order is not that of dates: then nothing can be said to be missing.
    Pinned items at the head may be old; they say nothing of the tail. Undated items
    say nothing at all.
    """
    dates = [item.given for item in items if item.given is not None]
    if not dates or len(dates) * 2 < len(items):
        return None
    start = len(dates) - 1
    while start and dates[start - 1] >= dates[start]:
        start -= 1
    if len(dates) - start < _IN_ORDER * len(dates):
        return None
    return dates[-1] + _MARGIN


def absences(
    listed: Iterable[Known],
    missing: Sequence[Known],
    *,
    gone: Gone,
    now: datetime,
) -> tuple[Absence, ...]:
    """Say how known items now stand: those listed, and those that should be.

    A document that misses many, and more than it still shows, is not believed: a
    portal in trouble withdraws nothing.
    """
    there = list(listed)
    back = [
        Absence(known=known, missing=0, state=_again(known.state))
        for known in there
        if known.missing or _again(known.state) != known.state
    ]
    # Of what was withdrawn its own link tells, whatever the document misses besides.
    missed = [_withdrawn(each, gone, now) for each in missing if _is_withdrawn(each)]
    wanted = [known for known in missing if not _is_withdrawn(known)]
    if there and len(wanted) <= max(len(there), MOST_ASKED):
        missed += [_missed(known, gone, now) for known in wanted]
    return (*back, *(each for each in missed if _is_news(each, now)))


def _is_withdrawn(known: Known) -> bool:
    return known.state == "withdrawn"


def _again(state: str) -> str:
    """Give the state of what is listed again; what a person hid stays hidden."""
    return "shown" if state in ("maybe_withdrawn", "withdrawn") else state


def _is_news(absence: Absence, now: datetime) -> bool:
    known = absence.known
    if absence.check_at is not None and absence.check_at <= now:
        return True  # its link is to be asked
    before = (known.missing, known.state, known.check_at)
    return before != (absence.missing, absence.state, absence.check_at)


def _missed(known: Known, gone: Gone, now: datetime) -> Absence:
    count = min(known.missing + 1, DOCUMENTS)
    if count < DOCUMENTS:
        return Absence(known=known, missing=count, state=known.state)
    if gone.get(known.sighting):
        tomorrow = now + CHECK_AGAIN
        return Absence(known=known, missing=count, state="withdrawn", check_at=tomorrow)
    asked = known.sighting in gone
    check_at: datetime | None = known.check_at or now
    if asked:
        check_at = now + CHECK_AGAIN
    if not known.link or now - known.published >= CHECKED_FOR:
        check_at = None
    return Absence(
        known=known, missing=count, state="maybe_withdrawn", check_at=check_at
    )


def _withdrawn(known: Known, gone: Gone, now: datetime) -> Absence:
    """Say how a withdrawn item stands; its count goes on with each time it is asked."""
    if known.sighting not in gone:
        count, check_at = known.missing, known.check_at
    elif gone[known.sighting] is False:
        return Absence(
            known=known,
            missing=DOCUMENTS,
            state="maybe_withdrawn",
            check_at=now + CHECK_AGAIN,
        )
    else:
        count = known.missing + 1
        more = count < DOCUMENTS + WITHDRAWN_ASKED
        check_at = now + CHECK_AGAIN if more else None
    return Absence(known=known, missing=count, state="withdrawn", check_at=check_at)


def to_ask(absent: Iterable[Absence], gone: Gone, now: datetime) -> list[Known]:
    """List the missing items whose own link has to be asked now."""
    return [
        each.known
        for each in absent
        if each.state in ("maybe_withdrawn", "withdrawn")
        and each.known.sighting not in gone
        and each.check_at is not None
        and each.check_at <= now
    ][:MOST_ASKED]
