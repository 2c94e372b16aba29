"""Addresses of feeds: what they answer, and how they refuse."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import feedparser
import pytest
from flask.testing import FlaskClient
from lxml import etree
from werkzeug.test import TestResponse

from aggregator.app import create_app
from aggregator.publish.placeholder import TITLE as NOTHING
from aggregator.store import shape
from aggregator.store.engine import Store
from aggregator.web.caching import http_date
from tests.conftest import NOW
from tests.web.filled import ALL_RSS
from tests.web.filled import SAID
from tests.web.filled import Clock
from tests.web.filled import notice
from tests.web.filled import pull


def names(response: TestResponse) -> list[str]:
    """Give the names of a feed's items, in order."""
    assert response.status_code == 200, response.text
    read = feedparser.parse(io.BytesIO(response.data))
    assert not read.bozo
    return [entry.title.removeprefix("Tiêu đề ") for entry in read.entries]


OF_SO = ["moi-nhat", "mam-non", "thcs", "khong-link", "thong-bao"]
SHOWN: dict[str, tuple[str, list[str]]] = {
    "all": (ALL_RSS, OF_SO),
    "one level, and what is for all": (
        "/feeds/so/mam-non/all.rss",
        ["moi-nhat", "mam-non", "khong-link", "thong-bao"],
    ),
    "two levels": (
        "/feeds/so/mam-non,thcs/tin-tuc.rss",
        ["moi-nhat", "mam-non", "thcs", "khong-link"],
    ),
    "one category": ("/feeds/so/all/thong-bao.rss", ["thong-bao"]),
    "nothing": ("/feeds/so/all/thu-moi.rss", [NOTHING]),
    "nothing, and nothing told of it": ("/feeds/so/all/thu-moi.rss?empty=none", []),
    "below: the Sở's and its own": (
        "/feeds/phuong-ben-thanh/all/all.rss",
        [*OF_SO, "phuong", "quan"],
    ),
    "beside: never its neighbour's": ("/feeds/quan-2/all/all.rss", OF_SO),
    "dissolved, still answering": (
        "/feeds/quan-1/all/all.rss",
        [*OF_SO, "phuong", "quan"],
    ),
    "own": ("/feeds/phuong-ben-thanh/all/all.rss?own=1", ["phuong", "quan"]),
    "limit": (f"{ALL_RSS}?limit=2", OF_SO[:2]),
    "as it stood": (f"{ALL_RSS}?on=2026-11-19", [NOTHING]),
    "as it stands at the day's end": (f"{ALL_RSS}?on=2026-11-20", OF_SO),
}


@pytest.mark.parametrize(("address", "shown"), SHOWN.values(), ids=SHOWN)
def test_a_feed_shows(client: FlaskClient, address: str, shown: list[str]) -> None:
    assert names(client.get(address)) == shown


HEADERS = {
    "Content-Type": "application/rss+xml; charset=utf-8",
    "Access-Control-Allow-Origin": "*",
    "Vary": "Accept-Encoding",
    "Link": '<http://tin.example/feeds/so/thcs/all.rss>; rel="self"',
    "X-Content-Type-Options": "nosniff",
    "Last-Modified": "Fri, 20 Nov 2026 01:00:00 GMT",
}


def test_the_headers_of_a_feed(client: FlaskClient) -> None:
    answer = client.get("/feeds/so/thcs/all.rss?u=thcs-le-loi")
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    for name in ("Set-Cookie", "Content-Encoding", "Strict-Transport-Security"):
        assert name not in answer.headers


def test_a_feed_says_how_long_a_stale_copy_may_serve(client: FlaskClient) -> None:
    said = client.get(ALL_RSS).cache_control
    assert said.public
    assert said.max_age == 60
    assert said["stale-while-revalidate"] == "600"
    assert said["stale-if-error"] == "86400"


def test_an_empty_feed_is_answered_like_any_other(bare: FlaskClient) -> None:
    answer = bare.get(ALL_RSS)
    assert names(answer) == [NOTHING]
    assert answer.headers["Last-Modified"] == "Wed, 01 Jan 2020 00:00:00 GMT"
    assert answer.headers["ETag"]


# --- One address for one selection --------------------------------------------

MOVED = {
    "levels in another order": (
        "/feeds/so/thcs,mam-non/all.rss",
        "/feeds/so/mam-non,thcs/all.rss",
    ),
    "categories in another order": (
        "/feeds/so/all/van-ban,tin-tuc.rss",
        "/feeds/so/all/tin-tuc,van-ban.rss",
    ),
    "ids": ("/feeds/so/preschool/news.rss", "/feeds/so/mam-non/tin-tuc.rss"),
    "a page": ("/feeds/so/thcs,mam-non/all", "/feeds/so/mam-non,thcs/all"),
    "a query stays, also what is unknown": (
        "/feeds/so/thcs,mam-non/all.rss?limit=5&u=mn1&x=%C3%A9&x=%0D%0ASet-Cookie:a",
        "/feeds/so/mam-non,thcs/all.rss?limit=5&u=mn1&x=%C3%A9&x=%0D%0ASet-Cookie:a",
    ),
    "a slash at the end": (f"{ALL_RSS}/", ALL_RSS),
}


@pytest.mark.parametrize(("asked", "told"), MOVED.values(), ids=MOVED)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_another_way_of_writing_it_is_moved_for_good(
    client: FlaskClient, method: str, asked: str, told: str
) -> None:
    answer = client.open(asked, method=method)
    assert (answer.status_code, answer.headers["Location"]) == (301, told)
    # A script of another site may follow only where each step lets it.
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.cache_control.public
    assert "Set-Cookie" not in answer.headers
    assert client.get(told).status_code == 200


COPIES = ["?u=mn1", "?utm_source=zalo&fbclid=x", "?limit=30", "?own=0&limit=", "?%FF=1"]


@pytest.mark.parametrize("query", COPIES)
def test_what_says_nothing_changes_nothing(client: FlaskClient, query: str) -> None:
    plain, asked = client.get(ALL_RSS), client.get(ALL_RSS + query)
    assert asked.data == plain.data
    for name in ("ETag", "Link", "Last-Modified"):
        assert asked.headers[name] == plain.headers[name]


def test_what_says_nothing_makes_no_copy(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get(ALL_RSS)
    monkeypatch.setattr("aggregator.web.selections.read_view", None)  # read no more
    for query in COPIES:
        assert client.get(ALL_RSS + query).status_code == 200


def test_what_says_something_has_an_address_of_its_own(client: FlaskClient) -> None:
    plain = client.get(ALL_RSS)
    asked = client.get(f"{ALL_RSS}?own=1&u=mn1&limit=2")
    assert asked.headers["ETag"] != plain.headers["ETag"]
    self_url = "http://tin.example/feeds/so/all/all.rss?limit=2&own=1"
    assert asked.headers["Link"] == f'<{self_url}>; rel="self"'
    (link,) = etree.fromstring(asked.data).iter("{http://www.w3.org/2005/Atom}link")
    assert link.get("href") == self_url


def test_the_host_that_is_asked_for_changes_nothing(client: FlaskClient) -> None:
    plain = client.get(ALL_RSS)
    other = client.get(ALL_RSS, headers={"Host": "ke-la.example"})
    assert other.data == plain.data
    assert "ke-la" not in str(other.headers)


# --- Refusals -----------------------------------------------------------------

REFUSED: dict[str, tuple[str, int, str]] = {
    "audience": ("/feeds/quan-3/all/all.rss", 404, "Valid: so, quan-1,"),
    "level": ("/feeds/so/thc/all.rss", 404, 'Did you mean "thcs"?'),
    "category": ("/feeds/so/all/tin.rss", 404, "thong-bao, van-ban, thu-moi, all"),
    "form": ("/feeds/so/all/all.xml", 404, "Valid: .rss"),
    "no category": ("/feeds/so/all/.rss", 404, "Unknown category"),
    "page of an unknown audience": ("/feeds/quan-3/all/all", 404, "Valid: so,"),
    "no such address": ("/tin-tuc", 404, "404 Not Found"),
    "a slash too many": ("/feeds/so/all//all.rss", 404, "404 Not Found"),
    "limit": (f"{ALL_RSS}?limit=0", 400, "limit must be"),
    "own": (f"{ALL_RSS}?own=yes", 400, "own must be"),
    "on": (f"{ALL_RSS}?on=20-11-2026", 400, "on must be"),
    "last day of the calendar": (f"{ALL_RSS}?on=9999-12-31", 400, "on must be"),
    "line ends": ("/feeds/so/%0d%0aX-A:b/all.rss", 404, "\\r\\nX-A:b"),
    "markup": ("/feeds/so/<script>/all.rss", 404, "<script>"),
    "bytes that are no text": ("/feeds/%ff%00/all/all.rss", 404, "\\x00"),
    "ten kilobytes": (f"/feeds/so/{'x' * 10_000}/all.rss", 404, "xxx"),
}


@pytest.mark.parametrize(("address", "status", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_in_plain_words(
    client: FlaskClient, address: str, status: int, said: str
) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert said in answer.text
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert len(answer.data) < 1000
    assert client.head(address).status_code == status


def test_a_method_that_is_none_is_told_which_are(client: FlaskClient) -> None:
    answer = client.post(ALL_RSS)
    assert answer.status_code == 405
    assert {"GET", "HEAD"} <= set(answer.headers["Allow"].split(", "))
    assert answer.mimetype == "text/plain"


# --- Pages --------------------------------------------------------------------

WORDS = {
    "vi": "Chọn nguồn khác",
    "en": "Choose another feed",
}


@pytest.mark.parametrize("language", WORDS)
def test_a_selection_is_a_page_in_either_language(
    client: FlaskClient, language: str
) -> None:
    answer = client.get(f"/feeds/so/all/all?lang={language}")
    page = etree.fromstring(answer.data, etree.HTMLParser())
    assert page.get("lang") == language
    assert WORDS[language] in answer.text
    titles = [a.text for a in page.iterfind(".//h2/a")]
    assert titles == [f"Tiêu đề {name}" for name in OF_SO]
    alternate = page.find(".//link[@rel='alternate']")
    assert alternate.get("href") == f"http://tin.example{ALL_RSS}"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_an_unknown_language_is_the_site_s_own(client: FlaskClient) -> None:
    plain = client.get("/feeds/so/all/all")
    for asked in ("fr", "../vi", "%0d%0a"):
        other = client.get(f"/feeds/so/all/all?lang={asked}")
        assert etree.fromstring(other.data, etree.HTMLParser()).get("lang") == "vi"
    header = {"Accept-Language": "en"}
    assert client.get("/feeds/so/all/all", headers=header).data == plain.data


def test_a_page_shows_no_more_than_asked(client: FlaskClient) -> None:
    page = client.get("/feeds/so/all/all?limit=2").text
    assert page.count("<h2>") == 2
    assert "all.rss?limit=2" in page


def test_a_page_without_notices_says_so(bare: FlaskClient) -> None:
    assert "Chưa có tin nào" in bare.get("/feeds/so/all/all").text


POLICY = {"default-src 'none'", "base-uri 'none'", "script-src 'self'"}


@pytest.mark.parametrize("address", ["/feeds/so/all/all", "/feeds/", "/items/"])
def test_pages_run_nothing_but_our_own(client: FlaskClient, address: str) -> None:
    if address == "/items/":
        feed = etree.fromstring(client.get(ALL_RSS).data)
        address += feed.findtext(".//guid").removeprefix("urn:uuid:")
    answer = client.get(address)
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert set(policy.split("; ")) >= POLICY
    assert "unsafe" not in policy
    # What the policy forbids must not be needed: no script, style or handler inside.
    for element in etree.fromstring(answer.data, etree.HTMLParser()).iter():
        assert element.tag not in ("script", "style") or element.get("src")
        assert not [a for a in element.attrib if a == "style" or a.startswith("on")]


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


def test_hostile_words_stay_words_on_a_page(client: FlaskClient, filled: Store) -> None:
    link = f"http://so.example/{HOSTILE}"
    bad = notice("xau", 0, title=HOSTILE, text=HOSTILE, link=link)
    pull(filled, "so-tin", bad)
    page = etree.fromstring(client.get("/feeds/so/all/all").data, etree.HTMLParser())
    first, *_ = page.iterfind(".//h2/a")
    assert first.get("href") == link
    assert first.text == "“›‹script›alert(1)‹/script›‹img src=x onerror=alert(2)›"
    assert page.find(".//script") is None
    assert page.find(".//img") is None


def test_a_language_link_keeps_the_question(client: FlaskClient) -> None:
    page = client.get('/feeds/so/all/all?limit=2&x="><script>').text
    assert "?limit=2&amp;x=%22%3E%3Cscript%3E&amp;lang=en" in page
    assert "<script>" not in page


# --- Settings shape bytes too -------------------------------------------------


def test_a_renamed_authority_changes_the_bytes(filled: Store) -> None:
    renamed = replace(SAID.authorities["so"], short="Sở Giáo dục")
    other = replace(SAID, authorities=SAID.authorities | {"so": renamed})
    answers: list[Any] = [
        create_app(said, filled, clock=lambda: NOW).test_client().get(ALL_RSS)
        for said in (SAID, other)
    ]
    assert answers[0].headers["ETag"] != answers[1].headers["ETag"]


def test_a_new_shape_is_a_change_for_who_asks_by_date(
    client: FlaskClient, filled: Store
) -> None:
    before = client.get(ALL_RSS).headers["Last-Modified"]
    later = NOW + timedelta(minutes=30)
    with filled.write() as connection:
        shape.keep(connection, SAID, later)
    fresh = create_app(SAID, filled, clock=Clock()).test_client()
    after = fresh.get(ALL_RSS, headers={"If-Modified-Since": before})
    assert after.status_code == 200
    assert after.headers["Last-Modified"] == http_date(later)


def test_a_fault_of_ours_is_no_feed(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> Callable[..., bytes]:
        raise ZeroDivisionError("chia cho không")

    monkeypatch.setattr("aggregator.web.selections.read_view", fails)
    answer = client.get(ALL_RSS)
    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "chia cho" not in answer.text
