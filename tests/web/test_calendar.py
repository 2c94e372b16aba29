"""The calendar of a selection: what is in it, and how it is answered."""

from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from typing import Any

import icalendar
import pytest
from flask.testing import FlaskClient

from aggregator.model import Category
from aggregator.model import Event
from aggregator.model import Item
from aggregator.model import Meaning
from aggregator.store import views
from aggregator.store.engine import Store
from tests.conftest import NOW
from tests.conftest import item
from tests.web.filled import notice
from tests.web.filled import pull

ALL_ICS = "/feeds/so/all/all.ics"
START = datetime(2026, 12, 3, 1, 0, tzinfo=UTC)


def dated(name: str, hours: int = 0, **facts: Any) -> Item:
    """Make an item with an event or a deadline."""
    said = Meaning(category=Category.ANNOUNCEMENT, **facts)
    return item(name, given=NOW - timedelta(hours=hours), meaning=said)


def titles(client: FlaskClient, address: str = ALL_ICS) -> list[str]:
    """Give the titles of a calendar's entries."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    calendar = icalendar.Calendar.from_ical(answer.data)
    return [str(entry["SUMMARY"]) for entry in calendar.walk("VEVENT")]


def test_only_what_has_a_date_is_in_it(client: FlaskClient, filled: Store) -> None:
    assert titles(client) == []
    pull(
        filled,
        "so-tb",
        dated("hop", event=Event(start=START, place="Sở")),
        dated("han", deadline=date(2026, 12, 1)),
        dated("khong"),
    )
    assert titles(client) == ["Hạn: Tiêu đề han", "Tiêu đề hop"]
    assert titles(client, "/feeds/so/all/thu-moi.ics") == []
    # A school sees those of the authorities above it.
    assert len(titles(client, "/feeds/quan-2/mam-non/thong-bao.ics")) == 2
    assert titles(client, "/feeds/phuong-ben-thanh/all/all.ics?own=1") == []


def test_what_has_no_date_takes_no_place(client: FlaskClient, filled: Store) -> None:
    """The limit is one of dates: thirty later notices do not drive a date out."""
    pull(filled, "so-tb", dated("han", 50, deadline=date(2026, 12, 1)))
    pull(filled, "so-tin", *(notice(f"tin-{n}", 0) for n in range(40)))
    assert titles(client) == ["Hạn: Tiêu đề han"]
    assert titles(client, f"{ALL_ICS}?limit=1") == ["Hạn: Tiêu đề han"]


def test_a_calendar_keeps_more_than_a_feed(client: FlaskClient, filled: Store) -> None:
    days = [date(2026, 12, 1) + timedelta(days=n) for n in range(45)]
    pull(filled, "so-tb", *(dated(f"h{d}", deadline=d) for d in days))
    assert len(titles(client)) == 45
    assert len(titles(client, f"{ALL_ICS}?limit=30")) == 30
    for asked, told in (("", ""), ("?limit=200", ""), ("?limit=30", "?limit=30")):
        link = client.get(ALL_ICS + asked).headers["Link"]
        assert link == f'<http://tin.example{ALL_ICS}{told}>; rel="self"'


def test_only_the_latest_are_looked_at(
    client: FlaskClient, filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a calendar costs no more when there are a million."""
    monkeypatch.setattr(views, "DATED_AMONG", 3)
    pull(filled, "so-tb", dated("han", 50, deadline=date(2026, 12, 1)))
    assert titles(client) == ["Hạn: Tiêu đề han"]
    later = NOW + timedelta(minutes=5)
    pull(filled, "so-tb", *(dated(f"x{n}") for n in range(3)), now=later)
    assert titles(client) == []


def test_it_stands_as_it_stood(client: FlaskClient, filled: Store) -> None:
    pull(filled, "so-tb", dated("han", deadline=date(2026, 12, 1)))
    later = NOW + timedelta(days=2)
    pull(filled, "so-tb", dated("han", deadline=date(2026, 12, 9)), now=later)
    assert titles(client, f"{ALL_ICS}?on=2026-11-19") == []
    assert titles(client, f"{ALL_ICS}?on=2026-11-20") == ["Hạn: Tiêu đề han"]


def test_it_is_answered_as_other_forms_are(client: FlaskClient) -> None:
    answer = client.get(ALL_ICS)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    known = {"If-None-Match": answer.headers["ETag"]}
    assert client.get(ALL_ICS, headers=known).status_code == 304
    head = client.head(ALL_ICS)
    assert head.headers["Content-Length"] == str(len(answer.data))


def test_the_pages_offer_it(client: FlaskClient) -> None:
    for page in ("/feeds/", "/feeds/so/all/all"):
        assert f"http://tin.example{ALL_ICS}" in client.get(page).text
