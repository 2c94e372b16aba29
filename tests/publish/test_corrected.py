"""What its source has corrected: marked, and newer by its date, under the same id."""

import json
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from typing import Any

import feedparser
import icalendar
import pytest
from lxml import etree

from aggregator.model import Event
from aggregator.model import Notice
from aggregator.publish.atom import render_atom
from aggregator.publish.calendar import render_calendar
from aggregator.publish.jsonfeed import render_json
from aggregator.publish.rss import render_rss
from aggregator.publish.view import select
from tests.publish.making import ATOM
from tests.publish.making import CHANGED
from tests.publish.making import SAID
from tests.publish.making import TERMS
from tests.publish.making import UUID
from tests.publish.making import notice

LATER = datetime(2026, 11, 21, 18, 5, tzinfo=UTC)  # 1:05 of the 22nd there
WORDS = "Đính chính ngày 22/11/2026."
RENDER: dict[str, Any] = {
    "rss": render_rss,
    "atom": render_atom,
    "json": render_json,
    "ics": render_calendar,
}


def corrected(**values: Any) -> Notice:
    """Make a notice whose text has come for the second time."""
    return notice(version=2, updated=LATER, **values)


def publish(form: str, shown: Notice) -> bytes:
    """Write a notice in a form."""
    chosen = select(SAID, "so")
    body: bytes = RENDER[form](
        [shown], settings=SAID, selection=chosen, changed_at=CHANGED
    )
    return body


def test_rss_says_it_first_and_dates_it() -> None:
    item = etree.fromstring(publish("rss", corrected())).find("channel/item")
    assert item.findtext("description") == f"<p>{WORDS}</p>{notice().html}"
    assert item.findtext(f"{TERMS}modified") == "2026-11-22T01:05:00+07:00"
    marks = {each.text: each.get("domain") for each in item.findall("category")}
    assert marks["Đính chính"] == "http://tin.example/terms/state"
    # What readers know it by, and where they put it, stays.
    assert item.findtext("guid") == f"urn:uuid:{UUID}"
    assert item.findtext("title") == notice().title
    assert item.findtext("pubDate") == "Fri, 20 Nov 2026 02:30:00 +0700"


def test_readers_take_the_date_of_rss() -> None:
    (entry,) = feedparser.parse(publish("rss", corrected())).entries
    assert entry.updated_parsed[:5] == LATER.timetuple()[:5]


def test_atom_says_it_and_bumps_updated() -> None:
    entry = etree.fromstring(publish("atom", corrected())).find(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}updated") == "2026-11-22T01:05:00+07:00"
    assert entry.findtext(f"{ATOM}published") == "2026-11-20T02:30:00+07:00"
    assert entry.findtext(f"{ATOM}content") == f"<p>{WORDS}</p>{notice().html}"
    assert entry.findtext(f"{ATOM}summary") == f"{WORDS} {notice().text}"
    marks = {e.get("term"): e.get("label") for e in entry.findall(f"{ATOM}category")}
    assert marks["dinh-chinh"] == "Đính chính"


def test_json_feed_says_it() -> None:
    (item,) = json.loads(publish("json", corrected()))["items"]
    assert item["content_html"] == f"<p>{WORDS}</p>{notice().html}"
    assert item["summary"] == f"{WORDS} {notice().text}"
    assert "Đính chính" in item["tags"]
    assert item["date_modified"] == "2026-11-22T01:05:00+07:00"
    assert item["_aggregator"]["corrected"] == item["date_modified"]


def test_a_calendar_says_it() -> None:
    body = publish("ics", corrected(event=Event(start=CHANGED)))
    (entry,) = icalendar.Calendar.from_ical(body).walk("VEVENT")
    assert entry["DESCRIPTION"].startswith(WORDS)
    assert entry["SEQUENCE"] == 1


@pytest.mark.parametrize("form", RENDER)
def test_what_came_once_is_not_marked(form: str) -> None:
    """Not even where its date has moved."""
    shown = notice(updated=LATER, event=Event(start=CHANGED))
    assert "Đính chính" not in publish(form, shown).decode()


@pytest.mark.parametrize("form", RENDER)
@pytest.mark.parametrize("state", ["withdrawn", "hidden"])
def test_what_is_gone_is_not_marked(form: str, state: str) -> None:
    shown = corrected(event=Event(start=CHANGED))
    body = publish(form, replace(shown, state=state, gone=LATER))
    assert "Đính chính" not in body.decode().replace("\r\n ", "")
