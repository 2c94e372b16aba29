"""The sample school's page: our widget in it, and the portals beside it."""

from datetime import UTC
from datetime import datetime

from lxml import html

from aggregator.demo import school
from aggregator.demo.portal import Portal
from tests.conftest import authority
from tests.conftest import source

NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
WARD = authority("phuong-<x>", name='Phường "X" <b>')
SOURCES = {"so": source("so", url="https://so.example.vn/rss/")}
TOWN = school.Town(
    portal=Portal(SOURCES, {"so": authority("so")}, started=NOW),
    authority=WARD,
    base_url="http://127.0.0.1:8000",
)


def test_the_school_stands_beside_the_portals() -> None:
    assert TOWN.hosts == ("so.example.vn", school.HOST)
    feed = TOWN.answer("so.example.vn", "/rss/", base="http://x", now=NOW)
    assert feed.body.startswith(b"<?xml")


def test_the_page_holds_the_widget_twice_and_the_frame() -> None:
    answer = TOWN.answer(school.HOST, "/", base="http://x", now=NOW)
    page = html.fromstring(answer.body.decode())
    (script,) = page.xpath("//script")
    assert script.get("src") == "http://127.0.0.1:8000/widget/v1.js"
    (widget,) = page.xpath("//feed-widget")
    assert (widget.get("level"), widget.get("limit")) == ("thcs", "8")
    assert widget.xpath(".//a/@href")  # what shows without script
    (block,) = page.xpath("//div[@class='feed-widget']")
    assert block.get("data-category") == "van-ban"
    (frame,) = page.xpath("//iframe")
    assert frame.get("src").startswith("http://127.0.0.1:8000/embed/")
    assert not page.xpath("//header//b")  # a name is text
