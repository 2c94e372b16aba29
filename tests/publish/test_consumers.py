"""What the CMSs of schools do with a feed, one test for each thing they do.

C6 to C14 name what was read in NukeViet's RSS block (C1 to C5 and C15 are about HTTP:
see the tests of the web); the others name their CMS. Each test does in small what that
code does.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from html import escape
from typing import Any

import feedparser
import pytest
from lxml import etree

from aggregator.intake.digest import digest
from aggregator.model import Enclosure
from aggregator.model import Level
from aggregator.model import Notice
from aggregator.model import SourceHints
from aggregator.publish.atom import render_atom
from aggregator.publish.parts import channel_of
from aggregator.publish.rss import render_rss
from aggregator.publish.view import select
from tests.publish.making import DC
from tests.publish.making import SAID
from tests.publish.making import item_of
from tests.publish.making import notice
from tests.publish.making import publish
from tests.publish.making import strict

NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
BREAKOUT = '" onmouseover="alert(1)" x="<b>\x01&'
SOURCE = """<rss version="2.0"><channel><title>T</title>{}</channel></rss>"""
ITEM = """<item><guid>{n}</guid><title>{title}</title><link>{link}</link>
<description>{html}</description></item>"""
EVIL_HTML = """<p onclick="alert(1)" style="position:fixed">Kính gửi</p><script>alert(2)
</script><iframe src="http://x.example/"></iframe><object data="a"></object>
<embed src="a"><a href="javascript:alert(3)">a</a><a href="/b.html">b</a>
<img src="data:image/png;base64,AA" onerror="alert(4)"><form><input></form>
<base href="http://x.example/"><style>p{}</style><meta http-equiv="refresh">"""
LINKS = (
    "javascript:alert(1)",
    'http://so.example/a" onmouseover="alert(1)',
    "http://so.example/thông báo/tin.html",
    "//so.example/tương đối",
    "",
    "http://so.example/<script>",
)


def taken_in(*entries: tuple[str, str, str]) -> list[Notice]:
    """Take hostile entries (title, link, HTML) in, as a pull does; give notices."""
    items = "".join(
        ITEM.format(n=n, title=escape(title), link=escape(link), html=escape(html))
        for n, (title, link, html) in enumerate(entries)
    )
    read = digest(
        SOURCE.format(items).replace("\x01", "").encode(),
        url="http://so.example/rss/",
        hints=SourceHints(),
        timezone="Asia/Ho_Chi_Minh",
        now=NOW,
    )
    assert len(read.items) == len(entries)
    return [
        notice(
            id=f"00000000-0000-0000-0000-{n:012}",
            title=item.title,
            link=item.link,
            html=item.html,
            text=item.text,
            enclosures=item.enclosures,
        )
        for n, item in enumerate(read.items)
    ]


@pytest.fixture(scope="module")
def hostile() -> bytes:
    """Give a feed of what a hijacked portal could write."""
    entries = [(f"Bài {n} {BREAKOUT}", link, EVIL_HTML) for n, link in enumerate(LINKS)]
    return publish(*taken_in(*entries))


def texts(body: bytes, tag: str) -> list[str]:
    """Give the texts of one element of each item."""
    return [item.findtext(tag) for item in strict(body).iter("item")]


# --- NukeViet, the text half --------------------------------------------------


def test_c6_the_bytes_are_read_by_a_parser_that_mends_nothing(hostile: bytes) -> None:
    assert hostile.startswith(b"<?xml ")
    assert b"<!DOCTYPE" not in hostile
    assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", hostile)
    root = strict(hostile).getparent()
    assert (root.tag, root.prefix) == ("rss", None)
    assert len(texts(hostile, "title")) == len(LINKS)


def test_c7_what_it_reads_is_there_in_every_item() -> None:
    bare = notice(title="", link="", html="", text="", source_title="")
    for tag in ("title", "description", "link", "pubDate"):
        (text,) = texts(publish(bare), tag)
        assert text.strip()


def test_c8_a_title_cannot_break_out_of_an_attribute(hostile: bytes) -> None:
    """It prints ``<a title="{title}" href="{link}">`` after strip_tags, unescaped."""
    item = strict(hostile).find("item")
    stripped = re.sub(r"<[^>]*>", "", item.findtext("title"))
    assert stripped == item.findtext("title")
    printed = f'<a title="{stripped}" href="{item.findtext("link")}">x</a>'
    element = etree.fromstring(printed, etree.HTMLParser()).find(".//a")
    assert sorted(element.attrib) == ["href", "title"]
    assert "onmouseover" in element.get("title")


def test_c8_no_link_can_break_out_either(hostile: bytes) -> None:
    links = texts(hostile, "link")
    assert all(re.fullmatch(r"https?://[!-~]+", link) for link in links)
    assert not any(re.search(r"[\"<>\\^`{|} ]", link) for link in links)
    assert links[0] == links[4].replace("04", "00")  # no article: our own pages
    assert links[0].startswith("http://tin.example/items/")
    assert links[2] == "http://so.example/th%C3%B4ng%20b%C3%A1o/tin.html"


def test_c9_nothing_that_acts_is_left_in_a_description(hostile: bytes) -> None:
    for html in texts(hostile, "description"):
        tree = etree.fromstring(f"<main>{html}</main>", etree.HTMLParser())
        allowed = {"html", "body", "main", "p", "a", "img", "br"}
        assert {element.tag for element in tree.iter()} <= allowed
        for element in tree.iter():
            assert not [a for a in element.attrib if a.startswith("on") or a == "style"]
            for name in ("href", "src"):
                value = element.get(name, "http://")
                assert value.startswith(("http://", "https://"))
        assert "alert" not in html
        assert "Kính gửi" in html


def test_c10_a_date_is_one_that_php_reads() -> None:
    """strtotime() takes RFC 822 with a numeric zone; else it shows 01/01/1970."""
    for moment in (NOW, datetime(1999, 1, 2, 3, 4, 5, tzinfo=UTC)):
        (text,) = texts(publish(notice(published=moment)), "pubDate")
        assert re.fullmatch(
            r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} "
            r"\d{2}:\d{2}:\d{2} \+0700",
            text,
        )
        assert datetime.strptime(text, "%a, %d %b %Y %H:%M:%S %z") == moment


def test_c11_the_important_words_come_first() -> None:
    """It cuts titles short: no authority's name is put before them."""
    (title,) = texts(publish(notice()), "title")
    assert title == notice().title


ADDRESSES = [
    (audience, level, category, options)
    for audience in ("so", "phuong-ben-thanh")
    for level in ("all", "mam-non,tieu-hoc,thcs,thpt,gdtx")
    for category in ("all", "tin-tuc,thong-bao,van-ban,thu-moi")
    for options in ({}, {"limit": "5", "own": "1", "on": "2026-11-20"})
]


@pytest.mark.parametrize(("audience", "level", "category", "options"), ADDRESSES)
def test_c12_the_admin_s_form_takes_our_addresses(
    audience: str, level: str, category: str, options: dict[str, str]
) -> None:
    chosen = select(SAID, audience, level=level, category=category, options=options)
    url = channel_of(SAID, chosen, "rss").self_url.removeprefix("http://tin.example")
    path, _, query = url.partition("?")
    assert re.fullmatch(r"[0-9A-Za-z+\-_/&=#.,;!:]+", path)
    assert re.fullmatch(r"[0-9A-Za-z+\-_/?&=#.,;%!]*", query)


def test_c13_items_are_told_apart_by_date_and_title() -> None:
    """4.6 keys by both and sorts by them; the store gives a source distinct dates."""
    moments = [NOW - timedelta(seconds=n) for n in range(20)]
    body = publish(*(notice(published=moment) for moment in moments))
    assert len(set(texts(body, "pubDate"))) == len(moments)
    assert publish(*(notice(published=moment) for moment in moments)) == body


@pytest.mark.parametrize("render", [render_rss, render_atom])
def test_c13_items_of_one_second_are_dated_apart_and_stay_in_order(
    render: Callable[..., bytes],
) -> None:
    """Of two sources, each of which had its own; a day without an hour stays a day."""
    midnight = datetime(2026, 11, 19, 17, tzinfo=UTC)  # 00:00 in the site's zone
    dates = [NOW, NOW, NOW - timedelta(microseconds=1), midnight, midnight, midnight]
    notices = [
        notice(id=str(n), title="Thông báo", published=date, updated=date)
        for n, date in enumerate(dates)
    ]
    chosen = select(SAID, "so")
    how: dict[str, Any] = {"settings": SAID, "selection": chosen, "changed_at": NOW}
    read = feedparser.parse(render(notices, **how)).entries
    told = [datetime(*entry.published_parsed[:6], tzinfo=UTC) for entry in read]
    assert [entry.id for entry in read] == [f"urn:uuid:{n}" for n in range(6)]
    assert told == sorted(set(told), reverse=True)
    assert [date - given for date, given in zip(told, dates, strict=True)][3:] == [
        timedelta(seconds=2),
        timedelta(seconds=1),
        timedelta(0),
    ]
    later = [entry for entry in read if "updated_parsed" in entry]
    assert all(entry.updated_parsed >= entry.published_parsed for entry in later)


def test_c14_the_first_picture_is_absolute() -> None:
    html = '<p><img src="/uploads/a.jpg"><img src="../b.jpg"> Hội thi</p>'
    (taken,) = taken_in(("Hội thi", "http://so.example/x/y.html", html))
    (text,) = texts(publish(taken), "description")
    sources = re.findall(r'<img[^>]* src="([^"]*)"', text)
    assert sources
    assert all(src.startswith("http://so.example/") for src in sources)


# --- WordPress ----------------------------------------------------------------


def test_wordpress_shows_who_writes() -> None:
    """With <author>, also beside dc:creator, its block prints "bởi" and no name."""
    item = item_of(notice(author="a@b.example (Nguyễn Văn A)"))
    assert item.find("author") is None
    assert item.findtext(f"{DC}creator") == "Sở"


def test_wordpress_and_drupal_find_no_doctype_and_one_encoding() -> None:
    body = publish(notice())
    assert re.match(rb"<\?xml version='1.0' encoding='UTF-8'\?>\n<rss ", body)
    assert body.decode("utf-8")


def test_no_node_is_larger_than_libxml_reads() -> None:
    large = notice(html="<p>" + "Kính gửi " * 8000 + "</p>", title="x" * 1000)
    body = publish(*[large] * 200)
    assert strict(body).findtext("item/title")
    assert max(len(text or "") for text in strict(body).itertext()) < 1_000_000


# --- Joomla -------------------------------------------------------------------


def test_joomla_takes_every_link(hostile: bytes) -> None:
    """FILTER_VALIDATE_URL wants ASCII; else it links to the guid or to our feed."""
    assert all(link.isascii() for link in texts(hostile, "link"))
    guids = texts(hostile, "guid")
    assert all(guid.startswith("urn:uuid:") for guid in guids)


def test_joomla_finds_every_date_and_no_stranger_in_the_channel() -> None:
    """One bad date and there is no feed; it goes by local names, whatever the space."""
    channel = strict(publish(notice(), notice(), changed_at=None))
    names = [etree.QName(child).localname for child in channel]
    own = {name for name in names if names.count(name) > 1}
    assert own == {"link", "item"}  # link: RSS's own and atom:link, which it knows
    dates = [channel.findtext("lastBuildDate"), *texts(publish(notice()), "pubDate")]
    for text in dates:
        assert datetime.strptime(text, "%a, %d %b %Y %H:%M:%S %z")


# --- Drupal, Moodle, tt-rss ---------------------------------------------------


def test_drupal_finds_a_title_of_its_length_in_every_item() -> None:
    titles = ("", "x" * 999, "từ " * 400, "🍀", "<>")
    body = publish(*(notice(title=title) for title in titles))
    assert all(0 < len(title) <= 255 for title in texts(body, "title"))


def test_drupal_reads_again_only_what_changed() -> None:
    one, two = notice(), notice(title="Khác")
    assert publish(one) == publish(one)
    assert publish(one) != publish(two)


def test_drupal_and_tt_rss_know_an_item_by_its_guid() -> None:
    before = item_of(notice())
    after = item_of(
        replace(notice(), title="Sửa", link="https://moi.example/1", guid="news_99"),
        audience="phuong-ben-thanh",
        level="thcs",
    )
    assert after.findtext("guid") == before.findtext("guid")


def test_moodle_shows_the_channel_s_name_whole() -> None:
    for audience in SAID.authorities:
        for level in ("all", "thcs", "mam-non,tieu-hoc"):
            chosen = select(SAID, audience, level=level)
            assert len(channel_of(SAID, chosen, "rss").title) <= 64


def test_tt_rss_on_an_old_database_loses_nothing_of_a_title() -> None:
    (title,) = texts(publish(notice(title="🍀 Tuyển sinh 𝟐𝟎𝟐𝟔 🎓 đợt 1")), "title")
    assert title == "Tuyển sinh đợt 1"


def enclosures(item: Any) -> list[str]:
    """Give the addresses of an item's enclosures."""
    return [each.get("url") for each in item.iterfind("enclosure")]


def test_readers_that_take_one_enclosure_get_one() -> None:
    files = tuple(Enclosure(url=f"http://so.example/{n}.pdf") for n in range(3))
    item = item_of(notice(enclosures=files, levels=frozenset({Level.PRIMARY})))
    assert enclosures(item) == ["http://so.example/0.pdf"]
    assert all(escape(file.url) in item.findtext("description") for file in files)


def test_no_title_is_escaped_twice() -> None:
    """13 of 14 readers would show ``&amp;``."""
    encoded = "Sở GD&amp;ĐT: &quot;Viết chữ đẹp&quot; 10&#x002F;3"
    (taken,) = taken_in((encoded, "http://so.example/1", "x"))
    (title,) = texts(publish(taken), "title")
    assert title == "Sở GD&ĐT: “Viết chữ đẹp” 10/3"
