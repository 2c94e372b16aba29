"""The page of one notice."""

import uuid
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import etree

from aggregator.model import Enclosure
from aggregator.store.engine import Store
from tests.web.filled import ALL_RSS
from tests.web.filled import notice
from tests.web.filled import pull


def page_of(client: FlaskClient, address: str) -> Any:
    """Open a page."""
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    return etree.fromstring(answer.data, etree.HTMLParser(encoding="utf-8"))


def put(store: Store, **values: Any) -> str:
    """Store a notice and give the address of its page."""
    plan = pull(store, "so-tin", notice("bai", 0, **values))
    return f"/items/{plan.new[0].notice}"


def test_an_item_without_article_links_to_its_page_here(client: FlaskClient) -> None:
    feed = etree.fromstring(client.get(ALL_RSS).data)
    (link,) = (
        item.findtext("link")
        for item in feed.iter("item")
        if item.findtext("title") == "Tiêu đề khong-link"
    )
    page = page_of(client, link.removeprefix("http://tin.example"))
    assert page.findtext(".//h1") == "Tiêu đề khong-link"
    assert page.findtext(".//div[@class='text']/p") == "Nội dung khong-link"
    assert page.find(".//a[@rel='noopener']") is None  # there is no original


def test_a_page_shows_text_files_time_and_origin(
    client: FlaskClient, filled: Store
) -> None:
    files = (
        Enclosure(url="http://so.example/a.pdf", title="Kế hoạch"),
        Enclosure(url="http://so.example/tep/b.doc"),
    )
    html = "<p>Kính gửi <b>các trường</b>.</p>"
    page = page_of(client, put(filled, html=html, enclosures=files))
    text = page.find(".//div[@class='text']")
    assert etree.tostring(text[0], encoding="unicode").strip() == html
    links = {a.get("href"): a.text for a in page.iterfind(".//article//a")}
    assert links == {
        "http://so.example/a.pdf": "Kế hoạch",
        "http://so.example/tep/b.doc": "b.doc",
        "http://cong.example/bai-viet/bai.html": "Xem bài gốc tại nguồn",
    }
    assert page.findtext(".//time") == "20/11/2026 08:00"
    assert page.find(".//time").get("datetime") == "2026-11-20T08:00:00+07:00"
    assert "Cơ quan so" in "".join(page.find(".//p[@class='facts']").itertext())


def test_hostile_words_stay_words(client: FlaskClient, filled: Store) -> None:
    bad = '"><script>alert(1)</script>'
    file = Enclosure(url=f"http://so.example/{bad}", title=bad)
    link = f"http://so.example/?a={bad}"
    page = page_of(
        client, put(filled, title=bad, text=bad, link=link, enclosures=(file,))
    )
    assert page.find(".//script") is None
    hrefs = [a.get("href") for a in page.iterfind(".//article//a")]
    assert hrefs == [file.url, link]
    assert page.findtext(".//h1") == "“›‹script›alert(1)‹/script›"


def test_a_page_is_in_either_language(client: FlaskClient, filled: Store) -> None:
    address = put(filled)
    for language, words in (
        ("vi", "Xem bài gốc tại nguồn"),
        ("en", "Read the article at its source"),
    ):
        page = page_of(client, f"{address}?lang={language}")
        assert page.get("lang") == language
        assert page.find(".//article//a").text == words


@pytest.mark.parametrize(
    "name",
    [str(uuid.UUID(int=7)), "1", "news_12", "%00", "../feeds", "x" * 5000],
    ids=lambda name: name[:12],
)
def test_an_item_that_is_none_is_not_found(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/items/{name}")
    assert answer.status_code == 404
    assert answer.mimetype == "text/plain"
    assert answer.headers["Cache-Control"] == "public, max-age=60"
