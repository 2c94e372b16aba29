"""Events and deadlines as iCalendar, read back by two readers that share no code."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from datetime import date
from datetime import datetime
from typing import Any

import icalendar
import pytest
import vobject
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from aggregator.model import Category
from aggregator.model import Event
from aggregator.model import Notice
from aggregator.publish.calendar import render_calendar
from aggregator.publish.view import select
from tests.publish.making import CHANGED
from tests.publish.making import SAID
from tests.publish.making import UUID
from tests.publish.making import notice

EIGHT = datetime(2026, 12, 3, 1, 0, tzinfo=UTC)  # 8:00 there
NOON = datetime(2026, 12, 3, 4, 30, tzinfo=UTC)
MIDNIGHT = datetime(2026, 12, 2, 17, 0, tzinfo=UTC)  # the day of the 3rd begins
PLACE = "Hội trường Sở, 66-68 Lê Thánh Tôn, Quận 1"


def invitation(**values: Any) -> Notice:
    """Make an invitation to a meeting."""
    defaults: dict[str, Any] = {
        "title": "Thư mời dự Hội nghị sơ kết học kỳ I năm học 2026 - 2027",
        "category": Category.INVITATION,
        "categories": (Category.INVITATION,),
        "event": Event(start=EIGHT, end=NOON, place=PLACE),
    }
    return notice(**(defaults | values))


def publish(*notices: Notice, **address: Any) -> bytes:
    """Write notices as the calendar of a selection, held valid by vobject."""
    chosen = select(SAID, "so", usual=200, **address)
    body = render_calendar(notices, settings=SAID, selection=chosen, changed_at=CHANGED)
    calendar = vobject.readOne(body.decode())
    calendar.validate(raiseException=True)
    return body


def entries(*notices: Notice, **address: Any) -> list[Any]:
    """Publish, and give the entries as icalendar reads them."""
    calendar = icalendar.Calendar.from_ical(publish(*notices, **address))
    assert not calendar.errors
    found = calendar.walk("VEVENT")
    assert not [error for entry in found for error in entry.errors]
    return list(found)


def entry_of(**values: Any) -> Any:
    """Publish an invitation and give its one entry."""
    (entry,) = entries(invitation(**values))
    return entry


def test_an_invitation_is_an_event() -> None:
    entry = entry_of()
    assert entry["UID"] == f"urn:uuid:{UUID}"
    assert entry["SUMMARY"] == invitation().title
    assert entry["DTSTART"].dt == EIGHT
    assert entry["DTEND"].dt == NOON
    assert entry["DTSTART"].params["TZID"] == "Asia/Ho_Chi_Minh"
    assert entry["DTSTART"].to_ical() == b"20261203T080000"
    assert entry["LOCATION"] == PLACE
    assert entry["URL"] == invitation().link
    assert entry["STATUS"] == "CONFIRMED"
    assert entry["CATEGORIES"].cats == ["Thư mời"]
    assert entry["DESCRIPTION"] == (
        "Sở thông báo kế hoạch tổ chức hội thi.\nNơi đăng: Sở\n"
        f"Xem: {invitation().link}"
    )


def test_its_dates_are_those_of_the_notice() -> None:
    later = datetime(2026, 11, 21, 2, 0, 0, 700, tzinfo=UTC)
    entry = entry_of(updated=later, version=3)
    assert entry["DTSTAMP"].to_ical() == b"20261121T020000Z"
    assert entry["LAST-MODIFIED"].to_ical() == b"20261121T020000Z"
    assert entry["CREATED"].to_ical() == b"20261119T193000Z"
    assert entry["SEQUENCE"] == 2
    assert entry_of()["SEQUENCE"] == 0


SPANS: dict[str, tuple[Event, bytes, bytes | None]] = {
    "no end": (Event(start=EIGHT), b"20261203T080000", None),
    "ends as it starts": (Event(start=EIGHT, end=EIGHT), b"20261203T080000", None),
    "ends before it starts": (Event(start=NOON, end=EIGHT), b"20261203T113000", None),
    "a day": (Event(start=MIDNIGHT), b"20261203", b"20261204"),
    "a day, ending before": (
        Event(start=MIDNIGHT, end=datetime(2026, 12, 1, 17, tzinfo=UTC)),
        b"20261203",
        b"20261204",
    ),
    "days": (
        Event(start=MIDNIGHT, end=datetime(2026, 12, 4, 17, tzinfo=UTC)),
        b"20261203",
        b"20261206",
    ),
    "a day to an hour": (
        Event(start=MIDNIGHT, end=NOON),
        b"20261203T000000",
        b"20261203T113000",
    ),
    "overnight": (
        Event(start=NOON, end=datetime(2026, 12, 4, 3, tzinfo=UTC)),
        b"20261203T113000",
        b"20261204T100000",
    ),
}


@pytest.mark.parametrize(("event", "start", "end"), SPANS.values(), ids=SPANS)
def test_when_an_event_is(event: Event, start: bytes, end: bytes | None) -> None:
    entry = entry_of(event=event)
    assert entry["DTSTART"].to_ical() == start
    is_day = entry["DTSTART"].params.get("VALUE") == "DATE"
    assert is_day == (len(start) == 8)
    assert ("DTEND" in entry) == (end is not None)
    if end is not None:
        assert entry["DTEND"].to_ical() == end


def test_a_deadline_is_a_day() -> None:
    (entry,) = entries(notice(deadline=date(2026, 12, 5)))
    assert entry["UID"] == f"urn:uuid:{UUID}#deadline"
    assert entry["SUMMARY"] == f"Hạn: {notice().title}"
    assert entry["DTSTART"].to_ical() == b"20261205"
    assert entry["DTEND"].to_ical() == b"20261206"
    assert entry["TRANSP"] == "TRANSPARENT"
    assert "Hạn chót" not in entry["DESCRIPTION"]


def test_a_deadline_by_the_hour_is_its_day_there_and_says_the_hour() -> None:
    moment = datetime(2026, 12, 4, 17, 30, tzinfo=UTC)  # half past midnight of the 5th
    (entry,) = entries(notice(deadline=moment))
    assert entry["DTSTART"].to_ical() == b"20261205"
    assert "Hạn chót: 00:30 ngày 05/12/2026" in entry["DESCRIPTION"].splitlines()


def test_what_has_both_is_two_entries() -> None:
    both = entries(invitation(deadline=date(2026, 12, 1)))
    assert [entry["UID"] for entry in both] == [
        f"urn:uuid:{UUID}#deadline",
        f"urn:uuid:{UUID}",
    ]


def test_what_has_no_date_is_not_in_it() -> None:
    assert entries(notice()) == []


def test_a_calendar_without_entries_is_a_calendar() -> None:
    calendar = icalendar.Calendar.from_ical(publish())
    assert calendar.walk("VEVENT") == []
    assert calendar.walk("VTIMEZONE")[0]["TZID"] == "Asia/Ho_Chi_Minh"


def test_it_names_itself_and_says_when_to_ask_again() -> None:
    body = publish(category="thu-moi", level="thcs").decode()
    lines = body.replace("\r\n ", "").split("\r\n")
    assert "X-WR-CALNAME:Thư mời – THCS – Sở" in lines
    assert "NAME:Thư mời – THCS – Sở" in lines
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H" in lines
    assert "X-PUBLISHED-TTL:PT1H" in lines
    assert "X-WR-TIMEZONE:Asia/Ho_Chi_Minh" in lines
    assert "METHOD:PUBLISH" in lines
    assert "URL:http://tin.example/feeds/so/thcs/thu-moi" in lines


def test_lines_are_folded_by_octets_and_never_within_a_letter() -> None:
    long = "Thư mời tập huấn giáo viên về đổi mới phương pháp dạy học " * 4
    body = publish(invitation(title=long, text=long * 3))
    assert body.endswith(b"\r\n")
    lines = body.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    for line in lines:
        line.decode()  # no letter is cut
    assert b"\n" not in body.replace(b"\r\n", b"")


def shuffled() -> list[Notice]:
    """Give three notices of which two begin at one moment."""
    ids = [UUID[:-1] + digit for digit in "731"]
    starts = [NOON, EIGHT, EIGHT]
    return [
        invitation(id=id_, event=Event(start=start))
        for id_, start in zip(ids, starts, strict=True)
    ]


def test_the_same_is_the_same_bytes_in_any_order() -> None:
    some = shuffled()
    assert publish(*some) == publish(*reversed(some))
    assert [e["UID"][-1] for e in entries(*some)] == ["1", "3", "7"]


def test_the_zone_is_that_of_the_site() -> None:
    said = replace(SAID, site=replace(SAID.site, timezone="Europe/Paris"))
    chosen = select(said, "so")
    body = render_calendar(
        [invitation()], settings=said, selection=chosen, changed_at=None
    )
    (entry,) = icalendar.Calendar.from_ical(body).walk("VEVENT")
    assert entry["DTSTART"].to_ical() == b"20261203T020000"
    assert entry["DTSTART"].params["TZID"] == "Europe/Paris"


TRICKY = st.text(
    st.characters(codec=None) | st.sampled_from('\\,;:"\r\n\x00\u2028🍀ạ'), max_size=300
)


@how(max_examples=150, deadline=None)
@given(title=TRICKY, text=TRICKY, place=TRICKY, link=TRICKY)
def test_no_words_break_out_of_their_line(
    title: str, text: str, place: str, link: str
) -> None:
    event = Event(start=EIGHT, place=place)
    link = f"http://so.example/{link}"
    bad = invitation(title=title, text=text, link=link, event=event)
    (entry,) = entries(bad, replace(bad, event=None))
    names = {name for name, _ in lines_of(publish(bad))}
    plain = {name for name, _ in lines_of(publish(invitation()))} - {"DTEND"}
    assert names == plain - (set() if entry.get("LOCATION") else {"LOCATION"})
    assert len(entry["SUMMARY"]) <= 255


def lines_of(body: bytes) -> Iterator[tuple[str, str]]:
    """Give the lines of a calendar, unfolded, each with its name."""
    for line in body.decode().replace("\r\n ", "").split("\r\n"):
        name, _, rest = line.partition(":")
        yield name.partition(";")[0], rest
