"""Validators: nothing is sent twice, nothing new is hidden, nothing goes dark."""

import gzip
import uuid
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import brotli
import pytest
from flask.testing import FlaskClient

from aggregator.app import create_app
from aggregator.errors import StoreError
from aggregator.store.engine import Store
from aggregator.web.caching import SETTLED
from aggregator.web.caching import STALE
from aggregator.web.caching import FeedCache
from aggregator.web.caching import Rendered
from aggregator.web.caching import http_date
from aggregator.web.caching import remembered
from aggregator.web.caching import rendered
from aggregator.web.feeds import FORMS
from tests.conftest import NOW
from tests.web.filled import ALL_RSS
from tests.web.filled import SAID
from tests.web.filled import Clock
from tests.web.filled import give_back
from tests.web.filled import notice
from tests.web.filled import pull
from tests.web.filled import take_away

GZIP = {"Accept-Encoding": "gzip, deflate"}


def tags(client: FlaskClient) -> tuple[str, str]:
    """Give the feed's two tags: of the plain bytes and of the zipped."""
    plain, zipped = client.get(ALL_RSS), client.get(ALL_RSS, headers=GZIP)
    return plain.headers["ETag"], zipped.headers["ETag"]


# --- Encodings ----------------------------------------------------------------

ENCODINGS = {
    "unasked": (None, None),
    "asked": ("gzip", "gzip"),
    "both": ("gzip, deflate, br, zstd", "br"),
    "one rather": ("br;q=0.5, gzip;q=0.8, *;q=0.1", "gzip"),
    "refused": ("gzip;q=0, br;q=0, identity", None),
    "brotli alone": ("br", "br"),
    "another alone": ("zstd", None),
    "none": ("identity", None),
    "empty": ("", None),
    "nonsense": ("gz;;ip, \x7f", None),
}


@pytest.mark.parametrize(("asked", "given"), ENCODINGS.values(), ids=ENCODINGS)
def test_packed_for_who_asks_and_nobody_else(
    client: FlaskClient, asked: str | None, given: str | None
) -> None:
    plain = client.get(ALL_RSS)
    headers = {} if asked is None else {"Accept-Encoding": asked}
    answer = client.get(ALL_RSS, headers=headers)
    assert answer.headers.get("Content-Encoding") == given
    assert answer.headers["Vary"] == "Accept-Encoding"
    unpack = {None: bytes, "gzip": gzip.decompress, "br": brotli.decompress}
    body = unpack[given](answer.data)
    assert body == plain.data
    assert int(answer.headers["Content-Length"]) == len(answer.data)


def test_each_encoding_has_a_strong_tag_of_its_own(client: FlaskClient) -> None:
    brotlied = client.get(ALL_RSS, headers={"Accept-Encoding": "br"}).headers["ETag"]
    found = {*tags(client), brotlied}
    assert len(found) == 3
    assert not any(tag.startswith("W/") for tag in found)


# --- Not modified -------------------------------------------------------------


@pytest.mark.parametrize("asks_gzip", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize(
    "sent",
    ["{plain}", "{gz}", "W/{plain}", "W/{gz}", '"old", {gz}', "*", '"a" , W/{plain}'],
)
def test_a_known_tag_is_not_modified(
    client: FlaskClient, sent: str, asks_gzip: bool
) -> None:
    plain, zipped = tags(client)
    headers = {"If-None-Match": sent.format(plain=plain, gz=zipped)}
    answer = client.get(ALL_RSS, headers=headers | (GZIP if asks_gzip else {}))
    assert answer.status_code == 304
    assert answer.data == b""
    assert answer.headers["ETag"] == (zipped if asks_gzip else plain)
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Cache-Control"].startswith("public, max-age=60, stale")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    for name in ("Content-Type", "Content-Encoding", "Content-Length"):
        assert name not in answer.headers


@pytest.mark.parametrize("sent", ['"other"', 'W/"other"', '""', "", "\x7f", ",,,"])
def test_an_unknown_tag_gets_the_bytes(client: FlaskClient, sent: str) -> None:
    assert client.get(ALL_RSS, headers={"If-None-Match": sent}).status_code == 200


LAST = "Fri, 20 Nov 2026 01:00:00 GMT"
DATES = {
    "the one given": (LAST, 304),
    "later": ("Fri, 20 Nov 2026 01:00:01 GMT", 304),
    "a second before": ("Fri, 20 Nov 2026 00:59:59 GMT", 200),
    "in another zone": ("Fri, 20 Nov 2026 08:00:00 +0700", 304),
    "as RFC 850 wrote it": ("Friday, 20-Nov-26 01:00:00 GMT", 304),
    "without a zone": ("Fri, 20 Nov 2026 01:00:00", 304),
    "no date": ("yesterday", 200),
    "empty": ("", 200),
    "no such day": ("Fri, 99 Nov 2026 01:00:00 GMT", 200),
    "beyond the calendar": ("Fri, 20 Nov 99999 01:00:00 GMT", 200),
    "a huge offset": ("Fri, 20 Nov 2026 01:00:00 +999999999", 200),
    "before there were years": ("Mon, 01 Jan 0001 00:00:00 +1400", 200),
}


@pytest.mark.parametrize(("sent", "status"), DATES.values(), ids=DATES)
def test_who_asks_by_date(client: FlaskClient, sent: str, status: int) -> None:
    assert client.get(ALL_RSS).headers["Last-Modified"] == LAST
    answer = client.get(ALL_RSS, headers={"If-Modified-Since": sent})
    assert answer.status_code == status


def test_the_tag_wins_over_the_date(client: FlaskClient) -> None:
    plain, _ = tags(client)
    stale = {"If-None-Match": '"old"', "If-Modified-Since": LAST}
    assert client.get(ALL_RSS, headers=stale).status_code == 200
    blank = {"If-None-Match": "", "If-Modified-Since": LAST}
    assert client.get(ALL_RSS, headers=blank).status_code == 200
    early = "Sat, 01 Jan 2000 00:00:00 GMT"
    known = {"If-None-Match": plain, "If-Modified-Since": early}
    assert client.get(ALL_RSS, headers=known).status_code == 304


CONDITIONS: list[dict[str, str]] = [
    {},
    GZIP,
    {"If-None-Match": "*"},
    {"If-Modified-Since": LAST},
]


@pytest.mark.parametrize("headers", CONDITIONS, ids=str)
@pytest.mark.parametrize("address", [ALL_RSS, "/feeds/so/thcs,mam-non/all.rss", "/x"])
def test_head_is_get_without_a_body(
    client: FlaskClient, address: str, headers: dict[str, str]
) -> None:
    got = client.get(address, headers=headers)
    head = client.head(address, headers=headers)
    assert head.status_code == got.status_code
    assert dict(head.headers) == dict(got.headers)
    assert head.data == b""


# --- The same bytes -----------------------------------------------------------


def test_two_machines_send_the_same(filled: Store) -> None:
    clients = [
        create_app(SAID, filled, clock=Clock(NOW + timedelta(hours=h))).test_client()
        for h in (1, 30)
    ]
    for headers in ({}, GZIP):
        one, other = (client.get(ALL_RSS, headers=headers) for client in clients)
        assert one.data == other.data
        assert dict(one.headers) == dict(other.headers)


def test_a_pull_that_changes_nothing_changes_no_byte(
    client: FlaskClient, filled: Store
) -> None:
    before = client.get(ALL_RSS)
    again = [notice("moi-nhat", 1), notice("khong-link", 4, link="", keys=("k",))]
    plan = pull(filled, "so-tin", *again, now=NOW + timedelta(minutes=30))
    assert plan.unchanged == 2
    for asked in (client, create_app(SAID, filled, clock=Clock()).test_client()):
        after = asked.get(ALL_RSS)
        assert after.data == before.data
        assert dict(after.headers) == dict(before.headers)


def test_a_notice_that_comes_is_seen_at_once(
    client: FlaskClient, filled: Store
) -> None:
    before = client.get(ALL_RSS)
    other = client.get("/feeds/quan-2/thcs/all.rss?own=1")
    later = NOW + timedelta(minutes=30)
    pull(filled, "so-tin", notice("tin-moi", 0), now=later)
    conditions = {
        "If-None-Match": before.headers["ETag"],
        "If-Modified-Since": before.headers["Last-Modified"],
    }
    for name, value in conditions.items():
        after = client.get(ALL_RSS, headers={name: value})
        assert after.status_code == 200
        assert "Tiêu đề tin-moi" in after.text
    assert after.headers["ETag"] != before.headers["ETag"]
    assert after.headers["Last-Modified"] == http_date(later)
    unmoved = client.get("/feeds/quan-2/thcs/all.rss?own=1")
    assert dict(unmoved.headers) == dict(other.headers)


def test_a_second_change_within_a_second_is_not_hidden(
    client: FlaskClient, filled: Store, clock: Clock
) -> None:
    """tt-rss asks by date alone: the second that still runs must not be given out."""
    second = NOW + timedelta(minutes=30)
    pull(filled, "so-tin", notice("mot", 0), now=second.replace(microsecond=100_000))
    clock.now = second.replace(microsecond=300_000)
    first = client.get(ALL_RSS)
    assert "Tiêu đề mot" in first.text
    pull(filled, "so-tb", notice("hai", 0), now=second.replace(microsecond=700_000))
    clock.now = second + timedelta(minutes=1)
    asked = {"If-Modified-Since": first.headers["Last-Modified"]}
    then = client.get(ALL_RSS, headers=asked)
    assert then.status_code == 200
    assert "Tiêu đề hai" in then.text
    asked = {"If-Modified-Since": then.headers["Last-Modified"]}
    assert client.get(ALL_RSS, headers=asked).status_code == 304


def test_a_feed_is_never_dated_after_the_answer(
    client: FlaskClient, filled: Store, clock: Clock
) -> None:
    now = NOW + timedelta(minutes=30, microseconds=5)
    pull(filled, "so-tin", notice("mot", 0), now=now)
    for clock.now in (now, now + timedelta(seconds=1), now + timedelta(days=1)):
        dated = parsedate_to_datetime(client.get(ALL_RSS).headers["Last-Modified"])
        assert now - SETTLED - timedelta(seconds=1) < dated <= clock.now


def test_the_date_that_was_given_is_known_again(
    client: FlaskClient, filled: Store, clock: Clock
) -> None:
    """Also in the seconds after a change, when an earlier date is given."""
    now = NOW + timedelta(minutes=30)
    pull(filled, "so-tin", notice("mot", 0), now=now)
    for clock.now in (now, now + SETTLED, now + timedelta(days=1)):
        dated = client.get(ALL_RSS).headers["Last-Modified"]
        again = client.get(ALL_RSS, headers={"If-Modified-Since": dated})
        assert again.status_code == 304


def test_a_change_dated_in_the_same_second_shows_once_it_has_settled(
    client: FlaskClient, filled: Store, clock: Clock
) -> None:
    """A transaction dated before midnight may end after it."""
    second = NOW + timedelta(minutes=30)
    pull(filled, "so-tin", notice("mot", 0), now=second)
    clock.now = second + timedelta(seconds=1, milliseconds=50)
    first = client.get(ALL_RSS).headers["Last-Modified"]
    pull(filled, "so-tb", notice("hai", 0), now=second.replace(microsecond=900_000))
    clock.now = second + SETTLED
    then = client.get(ALL_RSS, headers={"If-Modified-Since": first})
    assert then.status_code == 200
    assert "Tiêu đề hai" in then.text


# --- When the store is away ---------------------------------------------------


def test_known_bytes_are_served_while_the_store_is_away(
    client: FlaskClient, filled: Store, database: Path
) -> None:
    before = client.get(ALL_RSS)
    take_away(filled, database)
    after = client.get(ALL_RSS)
    assert after.status_code == 200
    assert after.data == before.data
    assert dict(after.headers) == {**before.headers, "Warning": STALE}
    known = {"If-None-Match": before.headers["ETag"]}
    assert client.get(ALL_RSS, headers=known).status_code == 304
    give_back(database)
    pull(filled, "so-tin", notice("tin-moi", 0), now=NOW + timedelta(minutes=30))
    assert "Tiêu đề tin-moi" in client.get(ALL_RSS).text


@pytest.mark.parametrize(
    "address",
    ["/feeds/so/thcs/all.rss", "/feeds/so/all/all", f"/items/{uuid.UUID(int=0)}"],
)
def test_without_known_bytes_it_is_an_error_to_try_again(
    client: FlaskClient, filled: Store, database: Path, address: str
) -> None:
    client.get(ALL_RSS)
    take_away(filled, database)
    answer = client.get(address)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.mimetype == "text/plain"
    assert str(database) not in answer.text


def test_known_bytes_are_served_while_a_renderer_fails(
    client: FlaskClient, filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = client.get(ALL_RSS)
    pull(filled, "so-tin", notice("tin-moi", 0), now=NOW + timedelta(minutes=30))

    def fails(*_: object, **__: object) -> bytes:
        raise ValueError("a notice that nobody thought of")

    form = FORMS["rss"]
    monkeypatch.setitem(FORMS, "rss", replace(form, render=fails))
    after = client.get(ALL_RSS)
    assert (after.status_code, after.data) == (200, before.data)
    assert after.headers["Warning"] == STALE
    assert after.headers["ETag"] == before.headers["ETag"]
    monkeypatch.setitem(FORMS, "rss", form)
    healed = client.get(ALL_RSS)
    assert "Tiêu đề tin-moi" in healed.text
    assert "Warning" not in healed.headers


def test_who_has_the_version_is_told_before_anything_is_rendered(
    filled: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a restart, and on a node that has not been asked yet."""
    before = create_app(SAID, filled, clock=clock).test_client().get(ALL_RSS)

    def fails(*_: object, **__: object) -> bytes:
        raise ValueError("rendered")

    monkeypatch.setitem(FORMS, "rss", replace(FORMS["rss"], render=fails))
    again = create_app(SAID, filled, clock=clock).test_client()
    given = {"If-None-Match": "ETag", "If-Modified-Since": "Last-Modified"}
    for asked, name in given.items():
        answer = again.get(ALL_RSS, headers={asked: before.headers[name]})
        assert answer.status_code == 304
        assert answer.headers["ETag"] == before.headers["ETag"]


# --- The cache itself ---------------------------------------------------------


class Shelf:
    """Stands where store and renderer are: a version, bytes, and how often asked."""

    def __init__(self) -> None:
        self.version = 1
        self.rendered = 0
        self.away = False

    def stamp(self) -> str:
        """Say the version."""
        if self.away:
            raise StoreError("away")
        return str(self.version)

    def render(self) -> Rendered:
        """Make bytes of the version, a kilobyte of them."""
        stamp = self.stamp()
        self.rendered += 1
        body = stamp.encode() * 1000
        return rendered(body, stamp=stamp, changed_at=NOW)


@pytest.fixture
def shelf() -> Shelf:
    """Give something to keep."""
    return Shelf()


def ask(cache: FeedCache, shelf: Shelf, key: str = "a") -> bytes:
    """Ask a cache for a key's bytes."""
    return cache.get(key, shelf.stamp, shelf.render).body[:1]


def test_bytes_are_made_once_a_version(shelf: Shelf) -> None:
    cache = FeedCache()
    assert [ask(cache, shelf) for _ in range(3)] == [b"1"] * 3
    assert shelf.rendered == 1
    shelf.version = 2
    assert [ask(cache, shelf) for _ in range(3)] == [b"2"] * 3
    assert shelf.rendered == 2


def test_the_last_version_serves_while_the_store_is_away(shelf: Shelf) -> None:
    cache = FeedCache()
    ask(cache, shelf)
    shelf.version, shelf.away = 2, True
    assert ask(cache, shelf) == b"1"
    with pytest.raises(StoreError):
        ask(cache, shelf, "b")
    shelf.away = False
    assert ask(cache, shelf) == b"2"


def test_the_cache_keeps_to_its_bound_and_drops_the_longest_unasked(
    shelf: Shelf,
) -> None:
    cache = FeedCache(max_bytes=3500)  # three selections, with their zipped bytes
    for key in "abcada":
        ask(cache, shelf, key)
    assert shelf.rendered == 4  # a was asked for in between: b went
    ask(cache, shelf, "a")
    ask(cache, shelf, "c")
    assert shelf.rendered == 4
    ask(cache, shelf, "b")
    assert shelf.rendered == 5


def test_a_selection_larger_than_the_bound_is_kept_alone(shelf: Shelf) -> None:
    cache = FeedCache(max_bytes=10)
    ask(cache, shelf)
    ask(cache, shelf)
    assert shelf.rendered == 1
    ask(cache, shelf, "b")
    ask(cache, shelf, "a")
    assert shelf.rendered == 3


def test_new_bytes_take_the_place_of_the_old(shelf: Shelf) -> None:
    cache = FeedCache(max_bytes=2500)
    for shelf.version in range(1, 9):
        ask(cache, shelf, "a")
    ask(cache, shelf, "b")
    made = shelf.rendered
    ask(cache, shelf, "a")
    ask(cache, shelf, "b")
    assert shelf.rendered == made


def test_zipped_bytes_are_the_same_every_time() -> None:
    body = "Thông báo".encode() * 100
    one = rendered(body, stamp="1", changed_at=NOW)
    other = rendered(body, stamp="2", changed_at=NOW + timedelta(days=1))
    assert one.packed == other.packed
    assert one.packed["gzip"][4:8] == bytes(4)  # gzip's own date is left out
    assert one.etag == other.etag
    assert replace(one, stamp="2", changed_at=other.changed_at) == other


def test_a_moment_as_http_writes_it() -> None:
    moment = datetime(2026, 7, 5, 1, 2, 3, 456, tzinfo=UTC)
    assert http_date(moment) == "Sun, 05 Jul 2026 01:02:03 GMT"


def test_what_nobody_asks_twice_does_not_fill_the_memory() -> None:
    read: list[str] = []

    @remembered
    def size(text: str) -> int:
        read.append(text)
        return len(text)

    assert [size("gzip"), size("gzip")] == [4, 4]
    assert len(read) == 1
    assert [size("x" * 1000), size("x" * 1000)] == [1000, 1000]
    assert len(read) == 3
