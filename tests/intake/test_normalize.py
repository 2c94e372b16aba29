"""Entries become items: names, links, text, files and dates made ours."""

from dataclasses import replace
from datetime import UTC
from datetime import datetime

import pytest

from aggregator.intake.names import key_of
from aggregator.intake.normalize import MAX_ENCLOSURES
from aggregator.intake.normalize import MAX_RAW
from aggregator.intake.normalize import normalize
from aggregator.model import Enclosure
from aggregator.model import Entry
from aggregator.model import Item
from aggregator.model import Rejection

URL = "https://so.example.vn/rss/tin.rss"
NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def item_of(**fields) -> Item:
    item = normalized(Entry(**fields))
    assert isinstance(item, Item)
    return item


def normalized(entry: Entry) -> Item | Rejection:
    return normalize(
        entry, position=4, feed_url=URL, timezone="Asia/Ho_Chi_Minh", now=NOW
    )


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("\n  news_12 \t", "news_12"),
        ("http://so.example.vn/a", "so.example.vn/a"),
        ("HTTPS://so.example.vn/a", "so.example.vn/a"),
        ("httpd_1", "httpd_1"),
        ("tag:http://x", "tag:http://x"),
        ("Ho\u0323c   sinh", "Học sinh"),
        ("", ""),
    ],
)
def test_key(name, key):
    assert key_of(name) == key


@pytest.mark.parametrize(
    ("fields", "keys"),
    [
        ({"guid": "n1", "link": "/a"}, ("n1", "so.example.vn/a")),
        ({"guid": "http://so.example.vn/a", "link": "/a"}, ("so.example.vn/a",)),
        ({"link": "/a"}, ("so.example.vn/a",)),
        ({"guid": " n1 "}, ("n1",)),
    ],
)
def test_item_is_known_by_guid_then_link(fields, keys):
    assert item_of(**fields).keys == keys


def test_item_without_names_is_known_by_what_it_says():
    first, second = item_of(title="Lịch họp"), item_of(title="Lịch thi")
    assert first.keys == item_of(title=" Lịch  họp ").keys
    assert first.keys != second.keys
    assert first.keys[0].startswith("sha256:")


@pytest.mark.parametrize(
    "entry",
    [
        Entry(),
        Entry(title=" \n", summary="<p> </p>"),
        Entry(summary="<script>x</script>"),
    ],
)
def test_entry_with_nothing_in_it_is_rejected(entry):
    assert normalized(entry) == Rejection(position=4, reason="empty")


@pytest.mark.parametrize(
    ("link", "guid", "absolute"),
    [
        ("https://so.example.vn/a", "", "https://so.example.vn/a"),
        ("\n https://so.example.vn/a \n", "", "https://so.example.vn/a"),
        ("http:so.example.vn/a", "", "http://so.example.vn/a"),
        ("//so.example.vn/a", "", "https://so.example.vn/a"),
        ("/a", "", "https://so.example.vn/a"),
        ("a", "", "https://so.example.vn/rss/a"),
        ("so.example.vn/a", "", "http://so.example.vn/a"),
        ("www.khac.example.com/a", "", "http://www.khac.example.com/a"),
        ("khac.edu.vn", "", "http://khac.edu.vn"),
        ("khac.edu.vn:8080/a", "", "http://khac.edu.vn:8080/a"),
        ("chitiet.aspx?id=5", "", "https://so.example.vn/rss/chitiet.aspx?id=5"),
        ("", "https://so.example.vn/g", "https://so.example.vn/g"),
        ("javascript:x", "https://so.example.vn/g", "https://so.example.vn/g"),
        ("", "n1", ""),
        ("javascript:alert(1)", "n1", ""),
        ("mailto:so@example.vn", "n1", ""),
    ],
)
def test_link_is_absolute_or_absent(link, guid, absolute):
    assert item_of(link=link, guid=guid or "n", title="x").link == absolute


@pytest.mark.parametrize(
    ("base", "link"),
    [
        ("https://khac.example.vn/b/", "https://khac.example.vn/b/a"),
        ("/b/", "https://so.example.vn/b/a"),
        ("javascript:alert(1)//", "https://so.example.vn/rss/a"),
    ],
)
def test_relative_is_to_the_base_if_that_is_an_address(base, link):
    item = item_of(link="a", base=base, summary="<a href=a>x</a>")
    assert item.link == link
    assert f'href="{link}"' in item.html


@pytest.mark.parametrize(
    ("fields", "html", "text"),
    [
        ({"summary": "ngắn", "content": "<p>dài"}, "<p>dài</p>", "dài"),
        ({"summary": "<p>ngắn"}, "<p>ngắn</p>", "ngắn"),
        ({"summary": "a < b\nc", "is_html": False}, "a &lt; b<br>c", "a < b c"),
        ({"summary": "<b>x", "is_html": False}, "&lt;b&gt;x", "<b>x"),
        ({"summary": "&lt;p&gt;a&lt;/p&gt;"}, "<p>a</p>", "a"),
        ({"summary": "c&amp;aacute;c"}, "các", "các"),
        ({"summary": "&lt;script&gt;x&lt;/script&gt;&lt;p&gt;a&lt;/p&gt;"}, None, "a"),
        ({"summary": "o\u0323"}, "ọ", "ọ"),
    ],
)
def test_body_is_clean_html_and_its_text(fields, html, text):
    item = item_of(title="x", **fields)
    assert item.text == text
    assert item.html == (html or "<p>a</p>")


def test_files_of_the_feed_come_before_those_of_the_text_and_once():
    item = item_of(
        title="x",
        enclosures=(
            Enclosure(url="/tep/a b.pdf", length=5),
            Enclosure(url="javascript:x"),
            Enclosure(url="/am.mp3", type=' bad"type'),
        ),
        summary='<a href="http://so.example.vn/tep/a%20b.pdf">1</a>'
        '<a href="/c.XLSX">Biểu <b>mẫu</b></a><a href="/trang.html">2</a>',
    )
    found = [(each.url, each.type, each.length, each.title) for each in item.enclosures]
    assert found == [
        ("https://so.example.vn/tep/a%20b.pdf", "application/pdf", 5, ""),
        ("https://so.example.vn/am.mp3", "audio/mpeg", 0, ""),
        (
            "https://so.example.vn/c.XLSX",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            0,
            "Biểu mẫu",
        ),
    ]


def test_files_are_not_without_end():
    files = tuple(Enclosure(url=f"/{n}.pdf") for n in range(500))
    assert len(item_of(title="x", enclosures=files).enclosures) == MAX_ENCLOSURES


@pytest.mark.parametrize(
    ("fields", "given"),
    [
        ({"published": "7/5/2021 8:00:00 SA"}, "2021-05-07T08:00:00+07:00"),
        ({"published": "05/07/2021 20:15"}, "2021-07-05T20:15:00+07:00"),
        ({"published": "x", "updated": "2021-07-05T01:00:00Z"}, "2021-07-05T01:00:00Z"),
        ({"published": "Mon, 5 Jul 2021 01:07:12 GMT"}, "2021-07-05T01:07:12Z"),
    ],
)
def test_date_is_read_from_what_was_written(fields, given):
    parsed = datetime(2001, 1, 1, tzinfo=UTC)
    item = item_of(title="x", published_parsed=parsed, **fields)
    assert item.given == datetime.fromisoformat(given)


def test_date_of_the_library_is_the_last_resort():
    parsed = datetime(2001, 1, 1, tzinfo=UTC)
    assert item_of(title="x", published="??", published_parsed=parsed).given == parsed
    assert item_of(title="x", published="??").given is None


SEEN = Entry(
    guid="n1",
    link="http://so.example.vn/a",
    title="Lịch họp",
    summary='<img src="http://so.example.vn/a.jpg">Nội dung',
    published="2021-07-05T01:00:00Z",
    enclosures=(Enclosure(url="http://so.example.vn/a.pdf"),),
)


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"title": "Lịch thi"}, False),
        ({"link": "/b"}, False),
        ({"summary": "Khác"}, False),
        ({"enclosures": ()}, False),
        ({"published": "2021-07-06T01:00:00Z"}, True),
        ({"guid": "n2"}, True),
        ({"title": " Lịch\nhọp "}, True),
        ({"link": "https://so.example.vn/a"}, True),
        ({"summary": '<img src="https://so.example.vn/a.jpg">Nội dung'}, True),
    ],
    ids=str,
)
def test_fingerprint_covers_what_a_reader_sees(changes, same):
    one, other = normalized(SEEN), normalized(replace(SEEN, **changes))
    assert isinstance(one, Item) and isinstance(other, Item)
    assert (one.fingerprint == other.fingerprint) is same


@pytest.mark.parametrize(
    "text",
    [
        "<p>Lịch họp. Lượt xem: {0}</p>",
        "<p>Lịch họp</p><p><b>Số lần đọc:</b> {0}</p>",
        "Lịch họp ({0} lượt truy cập)",
    ],
)
def test_what_a_page_counts_is_no_edit(text):
    prints = [
        normalized(replace(SEEN, summary=text.format(n))).fingerprint
        for n in (9, "1.024")
    ]
    assert len(set(prints)) == 1
    assert normalized(replace(SEEN, summary=text.format(""))).text


def test_numbers_in_sentences_are_not_what_a_page_counts():
    texts = ("Đã tải 12 hồ sơ", "Đã tải 13 hồ sơ", "Xem 3 lần", "Xem 4 lần")
    prints = [normalized(replace(SEEN, summary=text)).fingerprint for text in texts]
    assert len(set(prints)) == len(texts)


def test_raw_entry_is_kept_within_bounds():
    item = item_of(
        guid=" n1 ", title="<b>x</b>", summary="y" * 100_000, tags=("a",) * 200
    )
    assert item.raw["guid"] == " n1 "
    assert item.raw["title"] == "<b>x</b>"
    assert len(str(item.raw["summary"])) == MAX_RAW
    assert item.raw["tags"] == ["a"] * 50
    assert "link" not in item.raw


def test_author_and_tags_are_plain_and_once():
    item = item_of(
        title="x", author="<b>A</b> &amp; B", tags=("a", "", " a ", "<i>b</i>")
    )
    assert (item.author, item.tags) == ("A & B", ("a", "b"))


def test_what_no_database_holds_is_left_out() -> None:
    """A JSON Feed may write half a character, or NUL, wherever it likes."""
    bad = "a\x00b\ud800c"
    file = Enclosure(url="http://so.example/a.pdf", title=bad)
    entry = Entry(guid=bad, title=bad, content=bad, tags=(bad,), enclosures=(file,))
    made = normalize(
        entry,
        position=0,
        feed_url="http://so.example/",
        timezone="Asia/Ho_Chi_Minh",
        now=datetime(2026, 11, 20, tzinfo=UTC),
    )
    assert isinstance(made, Item)
    told = repr((made.guid, made.keys, made.title, made.html, made.tags, made.raw))
    assert "\\x00" not in told
    assert "\\ud800" not in told
    assert made.guid == "abc"


@pytest.mark.parametrize(
    "address",
    [
        "https://pgdquan11.hcm.edu.vn/thong-bao/tuyen-sinh-lop-6/ct/59361/135426",
        "http://pgdquan11.hcm.edu.vn/thong-bao/tuyen-sinh/ctfull/59361/135426",
        "https://PGDquan11.hcm.edu.vn/tin-tuc/tuyen-sinh-lop-6/ctmb/41155/135426/",
        "http://pgdquan11.hcm.edu.vn/van-ban/tuyen-sinh-vbct41576-135426.aspx",
        "http://pgdquan11.hcm.edu.vn/chuyen-muc/tuyen-sinh-c41155-135426.aspx",
        "https://pgdquan11.hcm.edu.vn/thong-bao/x/ct/59361/135426?utm_source=rss",
    ],
)
def test_the_platforms_addresses_of_one_article_are_one_key(address: str) -> None:
    assert key_of(address) == "pgdquan11.hcm.edu.vn/ct/135426"


@pytest.mark.parametrize(
    "name",
    [
        "pgdquan11.hcm.edu.vn/x/ct/59361/135426",  # a guid that is no address
        "https://a.hcm.edu.vn/tin-tuc/c/59361",  # a category's page
        "https://a.example/ct/59361/135426?page=2",
        "https://a.example/tin-c.aspx",
        "news_135426",
    ],
)
def test_other_names_stay_as_they_are(name: str) -> None:
    assert key_of(name) == name.removeprefix("https://")
