"""What was taken away: told for thirty days in each form, and no word of the hidden."""

import io
import json
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from typing import Any

import feedparser
import icalendar
import pytest
from flask.testing import FlaskClient
from lxml import etree

from aggregator.app import create_app
from aggregator.model import Correction
from aggregator.model import Enclosure
from aggregator.model import Event
from aggregator.model import Hold
from aggregator.model import Meaning
from aggregator.store.corrections import correct
from aggregator.store.engine import Store
from aggregator.web.caching import http_date
from tests.conftest import NOW
from tests.conftest import item
from tests.publish.making import ATOM
from tests.web.filled import ALL_RSS
from tests.web.filled import SAID
from tests.web.filled import Clock
from tests.web.filled import notice
from tests.web.filled import pull
from tests.web.filled import withdraw

AT = "{http://purl.org/atompub/tombstones/1.0}"
FORMS = ("rss", "atom", "json", "ics")
LATER = NOW + timedelta(hours=2)  # 10:00 of the 20th there
SECRET = "Bí mật không được lộ"
SECRET_ITEM = notice(
    "kin",
    0,
    title=SECRET,
    text=SECRET,
    html=f"<p>{SECRET}</p>",
    link="http://so.example/bi-mat.html",
    author=SECRET,
    enclosures=(Enclosure(url="http://so.example/bi-mat.pdf", title=SECRET),),
)


def get(client: FlaskClient, form: str, query: str = "") -> bytes:
    """Give the bytes of all that the Sở shows."""
    answer = client.get(f"/feeds/so/all/all.{form}{query}")
    assert answer.status_code == 200, answer.text
    return answer.data


def entries(client: FlaskClient, query: str = "") -> dict[str, Any]:
    """Give the items of the RSS by their ids."""
    read = feedparser.parse(io.BytesIO(get(client, "rss", query)))
    return {entry.id.removeprefix("urn:uuid:"): entry for entry in read.entries}


def hide(store: Store, notice_id: str, *, hidden: bool, now: datetime) -> None:
    """Let a person hide a notice, or show it again."""
    with store.write() as connection:
        assert correct(
            connection, notice_id, Correction(hidden=hidden), by="Lan", now=now
        )


def id_of(client: FlaskClient, title: str) -> str:
    """Find a notice by its title."""
    found = [id_ for id_, entry in entries(client).items() if entry.title == title]
    return found[0]


def test_rss_says_under_the_same_id_that_it_is_gone(
    client: FlaskClient, filled: Store
) -> None:
    before = entries(client)
    id_ = withdraw(filled, "so-tin", "thcs", now=LATER)
    after = entries(client)
    assert list(after) == list(before)  # at its own place
    entry = after[id_]
    assert entry.title == "Đã gỡ: Tiêu đề thcs"
    assert entry.description == "<p>Nơi đăng đã gỡ tin này ngày 20/11/2026.</p>"
    assert entry.link == f"http://tin.example/items/{id_}"
    assert entry.published == before[id_].published
    assert not entry.enclosures  # its file is gone with it
    assert client.get(f"/items/{id_}").status_code == 200


def test_json_feed_does_too(client: FlaskClient, filled: Store) -> None:
    id_ = withdraw(filled, "so-tin", "thcs", now=LATER)
    found = json.loads(get(client, "json"))["items"]
    (told,) = [each for each in found if each["id"] == f"urn:uuid:{id_}"]
    assert told["title"] == "Đã gỡ: Tiêu đề thcs"
    assert told["date_modified"] == "2026-11-20T10:00:00+07:00"
    assert told["_aggregator"]["state"] == "withdrawn"
    assert told["_aggregator"]["gone"] == told["date_modified"]
    assert "attachments" not in told
    assert all("state" not in e["_aggregator"] for e in found if e is not told)


def test_atom_says_it_by_a_tombstone_alone(client: FlaskClient, filled: Store) -> None:
    id_ = withdraw(filled, "so-tin", "thcs", now=LATER)
    feed = etree.fromstring(get(client, "atom"))
    (gone,) = feed.findall(f"{AT}deleted-entry")
    assert dict(gone.attrib) == {
        "ref": f"urn:uuid:{id_}",
        "when": "2026-11-20T10:00:00+07:00",
    }
    words = "Nơi đăng đã gỡ tin này ngày 20/11/2026."
    assert gone.findtext(f"{AT}comment") == words
    ids = [entry.findtext(f"{ATOM}id") for entry in feed.iter(f"{ATOM}entry")]
    assert len(ids) == 4
    assert gone.get("ref") not in ids


def test_a_calendar_cancels(client: FlaskClient, filled: Store) -> None:
    start = datetime(2026, 12, 3, 1, tzinfo=UTC)
    said = Meaning(event=Event(start=start, place="Sở"))
    pull(filled, "so-tb", item("hop", given=NOW, meaning=said))
    id_ = withdraw(filled, "so-tb", "hop", now=LATER)
    (entry,) = icalendar.Calendar.from_ical(get(client, "ics")).walk("VEVENT")
    assert entry["UID"] == f"urn:uuid:{id_}"
    assert entry["STATUS"] == "CANCELLED"
    assert entry["SUMMARY"] == "Đã gỡ: Tiêu đề hop"
    assert entry["SEQUENCE"] == 1
    assert entry["DTSTART"].dt == start
    assert entry["DTSTAMP"].to_ical() == b"20261120T030000Z"


def test_pages_and_widgets_just_show_it_no_more(
    client: FlaskClient, filled: Store
) -> None:
    withdraw(filled, "so-tin", "thcs", now=LATER)
    for address in (
        "/feeds/so/all/all",
        "/embed/so/all/all",
        "/widget/v1/so/all/all.json",
    ):
        page = client.get(address).text
        assert "Tiêu đề moi-nhat" in page
        assert "Tiêu đề thcs" not in page
        assert "Đã gỡ" not in page


def test_a_level_is_told_only_of_what_it_had(
    client: FlaskClient, filled: Store
) -> None:
    withdraw(filled, "so-tin", "thcs", now=LATER)
    for level, told in (("thcs", True), ("mam-non", False)):
        body = client.get(f"/feeds/so/{level}/all.rss").text
        assert ("Đã gỡ" in body) == told


def test_a_limit_counts_what_is_gone(client: FlaskClient, filled: Store) -> None:
    """The window is as if nothing had been taken away."""
    before = list(entries(client, "?limit=3"))
    withdraw(filled, "so-tin", "moi-nhat", now=LATER)
    assert list(entries(client, "?limit=3")) == before


# --- For how long -------------------------------------------------------------


def test_it_is_told_for_thirty_days(
    client: FlaskClient, filled: Store, clock: Clock
) -> None:
    id_ = withdraw(filled, "so-tin", "thcs", now=LATER)
    clock.now = datetime(2026, 12, 20, 16, 59, tzinfo=UTC)  # the 30th day, 23:59 there
    told = client.get(ALL_RSS)
    assert id_ in told.text
    clock.now += timedelta(minutes=1)
    after = client.get(ALL_RSS)
    assert id_ not in after.text
    assert after.headers["ETag"] != told.headers["ETag"]
    assert id_ not in get(client, "atom").decode()


def test_that_it_is_told_no_more_is_a_change_for_who_asks_by_date(
    client: FlaskClient, filled: Store, clock: Clock
) -> None:
    withdraw(filled, "so-tin", "thcs", now=LATER)
    clock.now = datetime(2026, 12, 20, 16, 59, tzinfo=UTC)
    asked = {"If-Modified-Since": client.get(ALL_RSS).headers["Last-Modified"]}
    assert client.get(ALL_RSS, headers=asked).status_code == 304
    clock.now += timedelta(hours=1)
    midnight = datetime(2026, 12, 20, 17, 0, tzinfo=UTC)
    # A process that has just begun says so too.
    for one in (client, create_app(SAID, filled, clock=clock).test_client()):
        answer = one.get(ALL_RSS, headers=asked)
        assert answer.status_code == 200
        assert answer.headers["Last-Modified"] == http_date(midnight)


def test_midnight_alone_changes_no_byte(client: FlaskClient, clock: Clock) -> None:
    first = client.get(ALL_RSS)
    clock.now += timedelta(days=1)
    next_day = client.get(ALL_RSS)
    for name in ("ETag", "Last-Modified"):
        assert next_day.headers[name] == first.headers[name]


def test_who_comes_again_stands_again(client: FlaskClient, filled: Store) -> None:
    before = get(client, "rss")
    id_ = withdraw(filled, "so-tin", "thcs", now=LATER)
    withdraw(filled, "so-tin", "thcs", now=LATER, state="shown")
    assert entries(client)[id_].title == "Tiêu đề thcs"
    assert etree.fromstring(get(client, "atom")).find(f"{AT}deleted-entry") is None
    assert feedparser.parse(before).entries[2].id == f"urn:uuid:{id_}"


def test_a_past_day_shows_what_stood_then(client: FlaskClient, filled: Store) -> None:
    later = NOW + timedelta(days=3)
    id_ = withdraw(filled, "so-tin", "thcs", now=later)
    day, after = ("?on=2026-11-21", "?on=2026-11-23")
    entry = entries(client, day)[id_]
    assert entry.title == "Tiêu đề thcs"
    assert entry.link != f"http://tin.example/items/{id_}"
    assert entries(client, after)[id_].title == "Đã gỡ: Tiêu đề thcs"
    assert id_ not in entries(client, "?on=2027-01-15")


# --- By a person --------------------------------------------------------------


def test_no_word_of_what_is_hidden_leaves_the_house(
    client: FlaskClient, filled: Store
) -> None:
    pull(filled, "so-tin", SECRET_ITEM)
    id_ = id_of(client, SECRET)
    hide(filled, id_, hidden=True, now=LATER)
    for form in FORMS:
        for query in ("", "?on=2026-11-20", "?on=2026-11-21"):
            body = get(client, form, query).decode().replace("\n ", "")
            assert "Bí mật" not in body
            assert "bi-mat" not in body
    entry = entries(client)[id_]
    assert entry.title == "Tin đã được gỡ"
    assert entry.description == "<p>Ban biên tập đã gỡ tin này ngày 20/11/2026.</p>"
    # Our page about it shows its text: it is not what is linked.
    assert entry.link == "http://tin.example/feeds/so/all/all"
    gone = etree.fromstring(get(client, "atom")).find(f"{AT}deleted-entry")
    assert gone.get("ref") == f"urn:uuid:{id_}"


def test_a_hidden_event_is_cancelled_without_a_word(
    client: FlaskClient, filled: Store
) -> None:
    start = datetime(2026, 12, 3, 1, tzinfo=UTC)
    said = Meaning(event=Event(start=start, place=SECRET))
    pull(filled, "so-tb", item("hop", title=SECRET, given=NOW, meaning=said))
    hide(filled, id_of(client, SECRET), hidden=True, now=LATER)
    body = get(client, "ics")
    (entry,) = icalendar.Calendar.from_ical(body).walk("VEVENT")
    assert (entry["STATUS"], entry["DTSTART"].dt) == ("CANCELLED", start)
    assert entry["SUMMARY"] == "Tin đã được gỡ"
    assert "LOCATION" not in entry and "URL" not in entry
    assert "Bí mật" not in body.decode().replace("\r\n ", "")


def test_what_is_shown_again_is_whole(client: FlaskClient, filled: Store) -> None:
    id_ = id_of(client, "Tiêu đề thcs")
    hide(filled, id_, hidden=True, now=LATER)
    hide(filled, id_, hidden=False, now=LATER)
    assert entries(client)[id_].title == "Tiêu đề thcs"


def test_hidden_wins_over_withdrawn(client: FlaskClient, filled: Store) -> None:
    pull(filled, "so-tin", SECRET_ITEM)
    id_ = withdraw(filled, "so-tin", "kin", now=LATER)
    hide(filled, id_, hidden=True, now=LATER + timedelta(days=1))
    entry = entries(client)[id_]
    assert entry.title == "Tin đã được gỡ"
    assert "20/11/2026" in entry.description  # that day readers lost it
    # Its source lists it again: it stays hidden.
    pull(filled, "so-tin", SECRET_ITEM, now=LATER + timedelta(days=2))
    assert entries(client)[id_].title == "Tin đã được gỡ"


def test_what_was_never_published_is_not_told_of(
    client: FlaskClient, filled: Store
) -> None:
    held = Meaning(hold=Hold(kind="betting"))
    pull(filled, "so-tin", item("giu", title=SECRET, given=NOW, meaning=held))
    before = {form: get(client, form) for form in FORMS}
    page = client.get("/items/").text
    id_ = page.split(SECRET)[0].rsplit("/items/", 1)[1][:36]
    hide(filled, id_, hidden=True, now=LATER)
    for form in ("rss", "json", "ics"):
        assert id_ not in get(client, form).decode()
    assert id_ not in before["rss"].decode()


@pytest.mark.parametrize("form", FORMS)
def test_it_is_the_same_bytes_each_time(
    client: FlaskClient, filled: Store, clock: Clock, form: str
) -> None:
    withdraw(filled, "so-tin", "thcs", now=LATER)
    body = get(client, form)
    fresh = create_app(SAID, filled, clock=clock).test_client()
    assert get(fresh, form) == body
