"""Archives by the month first seen (RFC 5005 4): whole, linked, and at rest."""

from datetime import UTC
from datetime import datetime
from datetime import timedelta
from typing import Any

import feedparser
import pytest
from flask.testing import FlaskClient
from lxml import etree

from aggregator.app import create_app
from aggregator.model import Level
from aggregator.store.engine import Store
from aggregator.web.caching import http_date
from tests.web.filled import SAID
from tests.web.filled import Clock
from tests.web.filled import notice
from tests.web.filled import pull
from tests.web.filled import withdraw

ATOM = "{http://www.w3.org/2005/Atom}"
FH = "{http://purl.org/syndication/history/1.0}"
PATH = "/feeds/so/all/all"
SITE = "http://tin.example"
# Midnight of 1 October there is 17:00 of 30 September.
SEPTEMBER = datetime(2026, 9, 30, 16, 59, tzinfo=UTC)
OCTOBER = datetime(2026, 9, 30, 17, 0, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 3, 2, 0, tzinfo=UTC)
NEXT = datetime(2027, 1, 2, 2, 0, tzinfo=UTC)


@pytest.fixture
def months(filled: Store, clock: Clock) -> FlaskClient:
    """Serve what came in September, October, November and December, in December."""
    pull(filled, "so-tin", notice("thang-9", 0, Level.PRIMARY), now=SEPTEMBER)
    pull(filled, "so-tin", notice("thang-10", 0), now=OCTOBER)
    pull(filled, "so-tin", notice("thang-12", 0), now=DECEMBER)
    clock.now = DECEMBER + timedelta(hours=1)
    return create_app(SAID, filled, clock=clock).test_client()


def read(client: FlaskClient, address: str) -> tuple[dict[str, str], bool, list[str]]:
    """Give a document's links by rel, whether it is an archive, its items' titles."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    root = etree.fromstring(answer.data, etree.XMLParser(recover=False))
    top: Any = root if root.tag == f"{ATOM}feed" else root.find("channel")
    links = {link.get("rel"): link.get("href") for link in top.findall(f"{ATOM}link")}
    archive = top.find(f"{FH}archive")
    assert archive is None or len(archive) == 0 and not archive.text
    names = (f"{ATOM}entry/{ATOM}title", "item/title")
    titles = [each.text for name in names for each in top.findall(name)]
    return links, archive is not None, titles


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_following_the_links_gives_the_whole_history(
    months: FlaskClient, form: str
) -> None:
    address, seen, found = f"{SITE}{PATH}.{form}?limit=1", [], []
    while address:
        assert address not in seen
        seen.append(address)
        links, archive, titles = read(months, address.removeprefix(SITE))
        assert links["self"] == address
        assert archive == (len(seen) > 1)
        found += titles
        address = links.get("prev-archive", "")
    assert [each.rsplit("/", 1)[-1] for each in seen[1:]] == [
        *(f"2026-{month}.{form}" for month in ("11", "10", "09")),
    ]
    assert sorted(found) == sorted(
        f"Tiêu đề {name}"
        for name in (
            *("thang-12", "moi-nhat", "mam-non", "thcs", "khong-link", "thong-bao"),
            *("thang-10", "thang-9"),
        )
    )


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_an_archive_names_its_neighbours_and_the_feed(
    months: FlaskClient, form: str
) -> None:
    links, archive, titles = read(months, f"{PATH}/2026-10.{form}")
    assert archive
    assert titles == ["Tiêu đề thang-10"]
    assert links["prev-archive"] == f"{SITE}{PATH}/2026-09.{form}"
    assert links["next-archive"] == f"{SITE}{PATH}/2026-11.{form}"
    assert links["current"] == f"{SITE}{PATH}.{form}"
    # Nothing older, and nothing complete that is newer.
    assert "prev-archive" not in read(months, f"{PATH}/2026-09.{form}")[0]
    assert "next-archive" not in read(months, f"{PATH}/2026-11.{form}")[0]


def test_documents_of_one_feed_have_one_id(months: FlaskClient) -> None:
    feeds = [
        feedparser.parse(months.get(f"{PATH}{rest}").data)
        for rest in (".atom", "/2026-11.atom", "/2026-09.atom")
    ]
    assert {each.feed.id for each in feeds} == {f"{SITE}{PATH}.atom"}
    assert feeds[2].feed.updated == feeds[2].entries[0].updated


def test_a_level_has_archives_of_what_it_has(months: FlaskClient) -> None:
    links, _, _ = read(months, "/feeds/so/mam-non/all.atom")
    assert links["prev-archive"] == f"{SITE}/feeds/so/mam-non/all/2026-11.atom"
    titles = read(months, "/feeds/so/mam-non/all/2026-11.atom")[2]
    assert "Tiêu đề mam-non" in titles
    assert "Tiêu đề thcs" not in titles
    links, _, _ = read(months, "/feeds/so/mam-non/all/2026-10.atom")
    assert "prev-archive" not in links  # in September there was one of another level
    assert "Tiêu đề thang-9" in read(months, "/feeds/so/tieu-hoc/all/2026-09.atom")[2]


def test_what_comes_later_changes_no_byte_of_it(
    months: FlaskClient, filled: Store, clock: Clock
) -> None:
    address = f"{PATH}/2026-10.atom"
    before = months.get(address)
    pull(filled, "so-tin", notice("them", 0), now=clock.now)
    # By another process, too.
    for client in (months, create_app(SAID, filled, clock=clock).test_client()):
        after = client.get(address)
        assert after.data == before.data
        assert after.headers["ETag"] == before.headers["ETag"]


def test_what_is_taken_away_leaves_it(months: FlaskClient, filled: Store) -> None:
    address = f"{PATH}/2026-11.atom"
    before = months.get(address)
    withdraw(filled, "so-tin", "thcs", now=DECEMBER + timedelta(minutes=30))
    after = months.get(address, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert "Tiêu đề thcs" in before.text
    assert "Tiêu đề thcs" not in after.text
    assert "Đã gỡ" not in after.text  # the feed says so, for as long as it is news


def test_a_month_that_ends_is_a_change_of_the_feed(
    months: FlaskClient, filled: Store, clock: Clock
) -> None:
    address = f"{PATH}.atom"
    first = months.get(address)
    asked = {"If-Modified-Since": first.headers["Last-Modified"]}
    clock.now = datetime(2026, 12, 31, 16, 59, tzinfo=UTC)
    assert months.get(address).headers["ETag"] == first.headers["ETag"]
    clock.now += timedelta(minutes=1)
    turn = clock.now
    clock.now += timedelta(minutes=1)
    after = months.get(address, headers=asked)
    assert after.status_code == 200
    assert after.headers["ETag"] != first.headers["ETag"]
    assert after.headers["Last-Modified"] == http_date(turn)
    assert f"{PATH}/2026-12.atom" in after.text
    # In the months to come nothing does, since nothing came.
    clock.now += timedelta(days=70)
    assert months.get(address).headers["ETag"] == after.headers["ETag"]
    assert months.get(address).data == after.data


@pytest.mark.parametrize(
    "name",
    [
        *("2026-12.atom", "2027-01.atom", "2026-13.atom", "2026-1.atom", "x.atom"),
        *("2026-11.json", "2026-11.ics", "2026-11", "1999-01.atom", "2026-11.atom.x"),
    ],
)
def test_what_is_no_archive_is_not_found(months: FlaskClient, name: str) -> None:
    answer = months.get(f"{PATH}/{name}")
    assert answer.status_code == 404
    assert answer.mimetype == "text/plain"


def test_a_month_without_anything_is_an_empty_archive(months: FlaskClient) -> None:
    for form in ("rss", "atom"):
        links, archive, titles = read(months, f"{PATH}/2026-08.{form}")
        assert (archive, titles) == (True, [])
        assert links["next-archive"].endswith(f"/2026-09.{form}")


def test_its_address_is_written_in_one_way(months: FlaskClient) -> None:
    answer = months.get("/feeds/so/thcs,mam-non/all/2026-11.atom?own=1")
    assert answer.status_code == 301
    place = answer.headers["Location"]
    assert place.endswith("/feeds/so/mam-non,thcs/all/2026-11.atom?own=1")
    links, _, _ = read(months, place)
    assert links["current"] == f"{SITE}/feeds/so/mam-non,thcs/all.atom?own=1"
    other = f"{PATH}/2026-11.atom?limit=1&on=2026-11-20&empty=none"
    assert months.get(other).data == months.get(f"{PATH}/2026-11.atom").data


def test_a_feed_of_a_past_day_has_no_archives(months: FlaskClient) -> None:
    links, _, _ = read(months, f"{PATH}.atom?on=2026-11-21")
    assert "prev-archive" not in links


def test_the_headers_are_those_of_a_feed(months: FlaskClient) -> None:
    feed = months.get(f"{PATH}.rss").headers
    archive = months.get(f"{PATH}/2026-11.rss").headers
    own = {"Content-Length", "ETag", "Last-Modified", "Link"}
    assert {name for name, _ in {*feed} - {*archive}} <= own
    assert archive["Link"] == f'<{SITE}{PATH}/2026-11.rss>; rel="self"'
    head = months.head(f"{PATH}/2026-11.rss")
    assert (head.headers["ETag"], head.data) == (archive["ETag"], b"")
