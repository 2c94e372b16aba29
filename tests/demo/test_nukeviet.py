"""The shape of NukeViet's feeds, held against documents written by hand."""

import io
from dataclasses import replace
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from pathlib import Path

import feedparser
import pytest

from aggregator.demo.nukeviet import Act
from aggregator.demo.nukeviet import Channel
from aggregator.demo.nukeviet import Post
from aggregator.demo.nukeviet import escape_title
from aggregator.demo.nukeviet import laws_feed
from aggregator.demo.nukeviet import news_feed
from aggregator.demo.nukeviet import nv_date

DATA = Path(__file__).parent / "data"
BASE = "http://127.77.0.2:8080"
CHANNEL = Channel(
    base=BASE,
    title="Thông báo - Phòng GD&ĐT Quận 1",
    link=f"{BASE}/thong-bao/",
    self_url=f"{BASE}/index.php?nv=news&op=rss",
    site="Phòng GD&ĐT Quận 1",
    description="Trang thông tin điện tử",
)
POSTS = (
    Post(
        id=12,
        title='Thông báo số 12/TB-PGDĐT (đợt 2): "tuyển sinh đầu cấp"',
        link=f"{BASE}/thong-bao/tuyen-sinh-12.html",
        published=datetime(2021, 7, 5, 8, 37, 12, tzinfo=timezone(timedelta(hours=7))),
        hometext="<p>Kính gửi các trường &amp; trung tâm.</p>",
        image=f"{BASE}/assets/news/2021_07/x.jpg",
    ),
    Post(
        id=9,
        title="Lịch nghỉ hè",
        link=f"{BASE}/thong-bao/lich-nghi-he-9.html",
        published=datetime(2021, 6, 17, 16, 59, 0, tzinfo=UTC),
        hometext="<p>Từ 01/6.</p>",
    ),
)
ACT = Act(
    id=15,
    code="1872/SGDĐT-TTTT",
    title="Về đảm bảo thông tin liên lạc",
    link="https://hcm.edu.vn/laws/detail/ve-dam-bao-thong-tin-lien-lac-15",
    added=datetime(2021, 6, 25, 2, 41, 45, tzinfo=UTC),
    issued=date(2021, 6, 5),
    introtext="Về đảm bảo thông tin liên lạc trên các hệ thống.",
)
LAWS = Channel(
    base="https://hcm.edu.vn",
    title="Sở RSS: Văn bản",
    link="https://hcm.edu.vn/laws/",
    self_url="https://hcm.edu.vn/laws/rss/",
    site="Sở",
)


def expected(name):
    """Read a document; NukeViet trims the line end that an editor leaves."""
    return (DATA / name).read_bytes().removesuffix(b"\n")


def test_news_feed_is_byte_for_byte_that_of_nukeviet():
    assert news_feed(CHANNEL, POSTS) == expected("news.xml")


def test_laws_feed_is_byte_for_byte_that_of_nukeviet():
    assert laws_feed(LAWS, [ACT]) == expected("laws.xml")


def test_a_parser_reads_the_titles_back_as_they_were():
    read = feedparser.parse(io.BytesIO(news_feed(CHANNEL, POSTS)))
    assert not read.bozo
    assert [entry.title for entry in read.entries] == [post.title for post in POSTS]
    assert [entry.id for entry in read.entries] == ["news_12", "news_9"]


def test_channel_date_is_that_of_the_newest_wherever_it_stands():
    body = news_feed(CHANNEL, POSTS[::-1]).decode()
    assert body.count("<lastBuildDate>Mon, 5 Jul 2021 01:07:12 GMT<") == 1


def test_a_feed_without_items_has_no_dates():
    body = news_feed(CHANNEL, []).decode()
    assert "pubDate" not in body
    assert "lastBuildDate" not in body
    assert "<item>" not in body
    assert feedparser.parse(io.BytesIO(body.encode())).feed.title == CHANNEL.title


def test_a_feed_lists_thirty_items_at_most():
    posts = [replace(POSTS[0], id=number) for number in range(40)]
    read = feedparser.parse(io.BytesIO(news_feed(CHANNEL, posts)))
    assert [entry.id for entry in read.entries] == [f"news_{n}" for n in range(30)]


@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("1161/SGDĐT-QLT", "1161&#x002F;SGDĐT-QLT"),
        ("Sở GD&ĐT", "Sở GD&amp;ĐT"),
        ('"Lớp <6 tuổi" & 100%', "&quot;Lớp &lt;6 tuổi&quot; &amp; 100&#x25;"),
        ("l'an", "l&#039;an"),
        (
            "\\()*[]!=^:{}`~>",
            "&#x005C;&#40;&#41;&#42;&#91;&#93;&#33;&#x3D;&#x5E;&#x3A;&#x7B;&#x7D;"
            "&#x60;&#x7E;&gt;",
        ),
        ("đã thoát &#x002F; &amp; rồi", "đã thoát &#x002F; &amp; rồi"),
        ("&amp;#x002F;", "&amp;#x002F;"),
        ("&nbsp;", "&amp;nbsp;"),
        ("năm học 2026-2027, mùng 10.3; @ # $ + _ |", None),
    ],
    ids=[
        "number",
        "ampersand",
        "quotes",
        "apostrophe",
        "all others",
        "escaped before",
        "escaped twice",
        "unknown reference",
        "nothing to escape",
    ],
)
def test_escape_title(title, written):
    assert escape_title(title) == (title if written is None else written)


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2021, 7, 5, 1, 37, 12, tzinfo=UTC), "Mon, 5 Jul 2021 01:07:12 GMT"),
        (datetime(2026, 11, 22, 6, 0, 9, tzinfo=UTC), "Sun, 22 Nov 2026 06:11:09 GMT"),
        (
            datetime(2026, 1, 1, 6, 30, 0, tzinfo=timezone(timedelta(hours=7))),
            "Wed, 31 Dec 2025 23:12:00 GMT",
        ),
    ],
    ids=["day without zero", "two-digit month", "last year in Greenwich"],
)
def test_minutes_of_a_date_are_its_month(moment, written):
    assert nv_date(moment) == written
