"""Notices → iCalendar (RFC 5545): what invitations ask for, and deadlines.

A school secretary subscribes once, in Google Calendar, Outlook or a phone. Only here is
icalendar used; it folds lines by octets and never within a letter.
"""

import re
from collections.abc import Iterator
from collections.abc import Sequence
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from functools import lru_cache
from urllib.parse import quote
from zoneinfo import ZoneInfo

from icalendar import Calendar
from icalendar import Event as Entry
from icalendar import Timezone

from aggregator.model import CATEGORY_LABELS
from aggregator.model import Event
from aggregator.model import Notice
from aggregator.model import Settings
from aggregator.publish.loss import gone_title
from aggregator.publish.loss import loss_of
from aggregator.publish.parts import GENERATOR
from aggregator.publish.parts import article_link
from aggregator.publish.parts import authority_label
from aggregator.publish.parts import channel_of
from aggregator.publish.parts import local
from aggregator.publish.parts import summary
from aggregator.publish.view import Selection
from aggregator.publish.words import fit_for_xml
from aggregator.publish.words import plain
from aggregator.publish.words import publish_title

CONTENT_TYPE = "text/calendar; charset=utf-8"
CALENDAR_LIMIT = 200  # notices, where an address does not say
ASK_AGAIN = timedelta(hours=1)  # what clients are asked to wait
DEADLINE = "Hạn: "
_Moment = date | datetime
_URI = ":/?#[]@!$&'()*+,;=%~"  # what stays as it is in an address
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")  # RFC 5545 3.1 knows none
# A zone is described for these years; ours has one rule in all of them.
_FROM, _TO = date(2000, 1, 1), date(2050, 1, 1)


def render_calendar(
    notices: Sequence[Notice],
    *,
    settings: Settings,
    selection: Selection,
    changed_at: datetime | None,
) -> bytes:
    """Write what has a date as a calendar: the same bytes while nothing changed.

    Args:
        notices: In any order; those without event and deadline are left out.
        changed_at: Not told: the entries have dates of their own.
    """
    calendar = _head(settings, selection)
    entries = [
        entry for notice in notices for entry in _entries(notice, settings=settings)
    ]
    for _, entry in sorted(entries, key=lambda pair: pair[0]):
        calendar.add_component(entry)
    return bytes(calendar.to_ical())


def prove_calendar(body: bytes) -> None:
    """Read a calendar again.

    Raises:
        ValueError: It cannot be read, or a value in it cannot.
    """
    if _CONTROLS.search(body):
        raise ValueError("a control character")
    for component in Calendar.from_ical(body.decode("utf-8")).walk():
        for name, why in component.errors:
            raise ValueError(f"{name}: {why}")


def _head(settings: Settings, selection: Selection) -> Calendar:
    channel = channel_of(settings, selection, "ics")
    calendar = Calendar()
    calendar.add("prodid", f"-//{GENERATOR}//{settings.site.language.upper()}")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", channel.title)  # RFC 7986
    calendar.add("x-wr-calname", channel.title)
    calendar.add("x-wr-caldesc", channel.description)
    calendar.add("x-wr-timezone", settings.site.timezone)
    calendar.add("url", channel.page)
    hourly = {"VALUE": "DURATION"}
    calendar.add("refresh-interval", ASK_AGAIN, parameters=hourly)
    calendar.add("x-published-ttl", "PT1H")
    # At least one component must be there (RFC 5545 3.6): without events it is this.
    calendar.add_component(_zone(settings.site.timezone))
    return calendar


@lru_cache(maxsize=8)
def _zone(name: str) -> Timezone:
    zone = Timezone.from_tzid(name, first_date=_FROM, last_date=_TO)
    zone.pop("comment", None)
    return zone


def _entries(
    notice: Notice, *, settings: Settings
) -> Iterator[tuple[tuple[str, str], Entry]]:
    """Make the entries of a notice, each with what it is sorted by."""
    if notice.event is not None:
        start, end = span(notice.event, settings)
        uid = f"urn:uuid:{notice.id}"
        entry = _entry(notice, uid=uid, start=start, settings=settings)
        if end is not None:
            entry.add("dtend", end)
        place = plain(notice.event.place)
        if place:
            entry.add("location", place)
        yield (_order(start), uid), entry
    if notice.deadline is not None:
        day = _day(notice.deadline, settings)
        uid = f"urn:uuid:{notice.id}#deadline"
        entry = _entry(notice, uid=uid, start=day, settings=settings, before=DEADLINE)
        entry.add("dtend", day + timedelta(days=1))  # not part of it (3.6.1)
        yield (_order(day), uid), entry


def _order(start: _Moment) -> str:
    return start.isoformat()


def span(event: Event, settings: Settings) -> tuple[_Moment, _Moment | None]:
    """Say from when to when an event is: days where no hour is known.

    An end that is not after the start is none; of days the end is the day after.
    """
    start = local(event.start, settings)
    end = local(event.end, settings) if event.end is not None else None
    if start.time() != time():
        return start, end if end is not None and end > start else None
    last = max(start, end) if end is not None else start
    if last.time() != time():  # from the morning on, to an hour that is known
        return start, last
    return start.date(), last.date() + timedelta(days=1)


def _day(deadline: _Moment, settings: Settings) -> date:
    if isinstance(deadline, datetime):
        return local(deadline, settings).date()
    return deadline


def _entry(
    notice: Notice,
    *,
    uid: str,
    start: _Moment,
    settings: Settings,
    before: str = "",
) -> Entry:
    """Write what event and deadline have alike; nothing in it is the present moment."""
    entry = Entry()
    entry.add("uid", uid)
    title = publish_title(notice.title, notice.text)
    entry.add("summary", before + title if notice.gone is None else gone_title(notice))
    entry.add("dtstart", start)
    utc = ZoneInfo("UTC")
    changed = (notice.gone or notice.updated).astimezone(utc).replace(microsecond=0)
    entry.add("dtstamp", changed)
    entry.add("last-modified", changed)
    entry.add("created", notice.first_seen.astimezone(utc).replace(microsecond=0))
    entry.add("sequence", notice.version - 1 if notice.gone is None else notice.version)
    entry.add("status", "CONFIRMED" if notice.gone is None else "CANCELLED")
    # A deadline takes nobody's time.
    entry.add("transp", "TRANSPARENT" if before else "OPAQUE")
    if notice.gone is None:
        entry.add("description", _description(notice, settings))
    else:
        entry.add("description", loss_of(notice, settings))
    if notice.state != "hidden":
        entry.add("url", quote(_link(notice, settings), safe=_URI))
    labels = [CATEGORY_LABELS[category] for category in notice.categories]
    entry.add("categories", labels)
    return entry


def _description(notice: Notice, settings: Settings) -> str:
    """Say in plain words what it is about, until when exactly, who asks, and where."""
    lines = [summary(notice, settings)]
    if isinstance(notice.deadline, datetime):
        moment = local(notice.deadline, settings)
        lines.append(f"Hạn chót: {moment:%H:%M} ngày {moment:%d/%m/%Y}")
    lines.append(f"Nơi đăng: {authority_label(notice, settings)}")
    lines.append(f"Xem: {_link(notice, settings)}")
    return "\n".join(lines)


def _link(notice: Notice, settings: Settings) -> str:
    return fit_for_xml(article_link(notice, settings))
