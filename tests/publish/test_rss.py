"""Notices as RSS 2.0, read back by a parser that forgives nothing and by feedparser."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import Any

import lxml.html
import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from aggregator.model import Category
from aggregator.model import DocumentFacts
from aggregator.model import Enclosure
from aggregator.model import Level
from aggregator.model import Notice
from aggregator.publish.parts import MAX_CHANNEL_TITLE
from aggregator.publish.parts import article_link
from aggregator.publish.parts import channel_of
from aggregator.publish.view import select
from aggregator.publish.words import publish_title
from tests.publish.making import ATOM
from tests.publish.making import CHANGED
from tests.publish.making import DC
from tests.publish.making import SAID
from tests.publish.making import TERMS
from tests.publish.making import UUID
from tests.publish.making import entry_of
from tests.publish.making import item_of
from tests.publish.making import notice
from tests.publish.making import publish
from tests.publish.making import strict

PDF = Enclosure(url="http://so.example/a.pdf", type="application/pdf", length=1200)
DOC = Enclosure(url="http://so.example/b.doc", type="application/msword")

# --- The channel --------------------------------------------------------------


def test_the_channel_names_itself_and_its_page() -> None:
    channel = strict(publish(notice(), level="thcs", category="thong-bao"))
    assert channel.findtext("title") == "Thông báo – THCS – Sở"
    assert channel.findtext("link") == "http://tin.example/feeds/so/thcs/thong-bao"
    assert channel.findtext("description") == (
        "Tin ngành Giáo dục: Thông báo, THCS, Cơ quan so"
    )
    assert channel.findtext("language") == "vi"
    assert channel.findtext("docs") == "https://www.rssboard.org/rss-specification"
    assert channel.findtext("ttl") == "15"
    assert channel.getparent().get("version") == "2.0"


def test_self_is_the_address_with_its_options() -> None:
    options = {"limit": "5", "own": "1", "u": "mn1"}
    channel = strict(publish(level="thcs,mam-non", options=options))
    (link,) = channel.findall(f"{ATOM}link")
    assert dict(link.attrib) == {
        "href": "http://tin.example/feeds/so/mam-non,thcs/all.rss?limit=5&own=1",
        "rel": "self",
        "type": "application/rss+xml",
    }
    page = "http://tin.example/feeds/so/mam-non,thcs/all?limit=5&own=1"
    assert channel.findtext("link") == page


def test_a_channel_title_fits_in_64_characters() -> None:
    every = "mam-non,tieu-hoc,thcs,thpt,gdtx"
    titles = [
        channel_of(SAID, select(SAID, audience, level=level), "rss").title
        for audience in SAID.authorities
        for level in ("all", "thcs", every)
    ]
    assert max(map(len, titles)) <= MAX_CHANNEL_TITLE
    assert titles[5].endswith("…")


def test_an_authority_named_in_quotes_harms_no_channel() -> None:
    so = replace(SAID.authorities["so"], short="", name='Sở "GD&ĐT" <TP.HCM>')
    said = replace(SAID, authorities={"so": so})
    channel = strict(publish(notice(), said=said))
    assert channel.findtext("title") == (
        "Tất cả tin – Tất cả cấp học – Sở “GD&ĐT” ‹TP.HCM›"
    )
    assert channel.findtext(f"item/{DC}creator") == "Sở “GD&ĐT” ‹TP.HCM›"


def test_the_channel_is_dated_by_the_last_change() -> None:
    channel = strict(publish(notice()))
    assert parsedate_to_datetime(channel.findtext("lastBuildDate")) == CHANGED
    assert channel.find("pubDate") is None


def test_an_empty_feed_is_a_feed() -> None:
    channel = strict(publish(changed_at=None, options={"empty": "none"}))
    assert channel.find("item") is None
    assert channel.findtext("title")
    # feedgen would write the present moment, and no two answers were the same.
    assert channel.findtext("lastBuildDate") == "Wed, 01 Jan 2020 07:00:00 +0700"


def test_items_stand_in_the_order_given_after_the_channel() -> None:
    ids = [UUID[:-1] + digit for digit in "7314"]
    channel = strict(publish(*(notice(id=id_) for id_ in ids)))
    guids = [guid.text for guid in channel.iterfind("item/guid")]
    assert guids == [f"urn:uuid:{id_}" for id_ in ids]
    tags = [child.tag for child in channel]
    assert tags[tags.index("item") :] == ["item"] * 4


def test_the_same_notices_give_the_same_bytes() -> None:
    full = notice(
        levels=frozenset(Level),
        categories=tuple(Category),
        enclosures=(PDF, DOC),
        document=DocumentFacts(number="12/KH-SGDĐT", issued=date(2026, 11, 2)),
        deadline=date(2026, 12, 5),
    )
    body = publish(full, notice())
    again = replace(full, levels=frozenset(reversed(Level)))
    assert publish(again, notice()) == body
    assert body.startswith(b"<?xml ")
    assert "Hội thi giáo viên dạy giỏi".encode() in body  # UTF-8, no references


# --- An item ------------------------------------------------------------------


def test_both_readers_see_what_was_stored() -> None:
    went = notice()
    item, entry = item_of(went), entry_of(went)
    assert item.findtext("title") == entry.title == went.title
    assert item.findtext("link") == entry.link == went.link
    assert item.findtext("description") == went.html
    assert entry.id == f"urn:uuid:{UUID}"
    assert not entry.guidislink
    assert entry.source == {
        "href": "http://so.example/rss/thong-bao/",
        "title": "Thông báo - Sở Giáo dục và Đào tạo",
    }
    assert entry.published_parsed[:6] == (2026, 11, 19, 19, 30, 0)


def test_an_item_is_no_permalink_of_ours() -> None:
    guid = item_of(notice()).find("guid")
    assert guid.text == f"urn:uuid:{UUID}"
    assert guid.get("isPermaLink") == "false"


def test_nothing_but_category_stands_twice() -> None:
    item = item_of(
        notice(
            enclosures=(PDF, DOC),
            document=DocumentFacts(number="12/KH-SGDĐT", issued=date(2026, 11, 2)),
        )
    )
    tags = [child.tag for child in item if child.tag != "category"]
    assert len(tags) == len(set(tags))


MOMENTS = {
    "after midnight there": (
        datetime(2026, 11, 19, 19, 30, tzinfo=UTC),
        "Fri, 20 Nov 2026 02:30:00 +0700",
    ),
    "one digit": (
        datetime(2026, 7, 5, 1, 7, 12, 999, tzinfo=UTC),
        "Sun, 05 Jul 2026 08:07:12 +0700",
    ),
    "given elsewhere": (
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=-5))),
        "Thu, 01 Jan 2026 12:00:00 +0700",
    ),
}


@pytest.mark.parametrize(("moment", "written"), MOMENTS.values(), ids=MOMENTS)
def test_dates_are_rfc_822_in_the_time_of_the_site(
    moment: datetime, written: str
) -> None:
    assert item_of(notice(published=moment)).findtext("pubDate") == written


def test_a_title_goes_through_the_map() -> None:
    title = 'Hội thi "Viết <chữ> đẹp" & hơn thế 🍀'
    harmless = "Hội thi “Viết ‹chữ› đẹp” & hơn thế"
    assert item_of(notice(title=title)).findtext("title") == harmless
    assert entry_of(notice(title=title)).title == harmless


def test_an_item_without_title_takes_its_text() -> None:
    assert item_of(notice(title="")).findtext("title") == notice().text


def test_the_authority_is_the_creator_and_nobody_the_author() -> None:
    item = item_of(notice(author="Trần Văn A"))
    assert item.findtext(f"{DC}creator") == "Sở"
    assert item.find("author") is None


def test_an_authority_that_left_the_file_is_named_by_its_id() -> None:
    item = item_of(notice(authority="quan-9", source_title=""))
    assert item.findtext(f"{DC}creator") == item.findtext("source") == "quan-9"


def test_a_source_that_says_no_title_bears_its_authority_s() -> None:
    assert item_of(notice(source_title="🍀")).findtext("source") == "Sở"


def test_a_source_s_password_stays_here() -> None:
    url = "https://hub:mat-khau@so.example/rss/?a=b@c"
    source = item_of(notice(source_url=url)).find("source")
    assert source.get("url") == "https://so.example/rss/?a=b@c"


def terms(item: Any) -> dict[str, list[str]]:
    """Give an item's categories by what they name."""
    found: dict[str, list[str]] = {}
    for category in item.iterfind("category"):
        scheme, _, kind = category.get("domain").rpartition("/")
        assert scheme == "http://tin.example/terms"
        found.setdefault(kind, []).append(category.text)
    return found


def test_an_item_names_its_categories_levels_and_authority() -> None:
    went = notice(
        categories=(Category.NEWS, Category.ANNOUNCEMENT),
        levels=frozenset({Level.UPPER_SECONDARY, Level.PRIMARY}),
    )
    assert terms(item_of(went)) == {
        "category": ["Tin tức", "Thông báo"],
        "level": ["Tiểu học", "THPT"],
        "authority": ["Sở"],
    }


def test_an_item_of_no_level_is_for_all() -> None:
    assert terms(item_of(notice()))["level"] == ["Tất cả cấp học"]


# --- Links --------------------------------------------------------------------

OURS = f"http://tin.example/items/{UUID}"
LINKS = {
    "at its source": (notice(), notice().link),
    "nowhere": (notice(link=""), OURS),
    "withdrawn": (notice(state="withdrawn"), OURS),
    "perhaps withdrawn": (notice(state="maybe_withdrawn"), notice().link),
}


@pytest.mark.parametrize(("went", "link"), LINKS.values(), ids=LINKS)
def test_an_item_links_to_the_article(went: Notice, link: str) -> None:
    assert article_link(went, SAID) == link
    assert item_of(went).findtext("link") == entry_of(went).link == link


# --- Files --------------------------------------------------------------------


def hrefs(item: Any) -> list[tuple[str, str]]:
    """Give the links in an item's text, as a browser reads it."""
    text = lxml.html.fromstring(f"<main>{item.findtext('description')}</main>")
    return [(a.get("href"), a.text_content()) for a in text.iter("a")]


def test_the_first_file_is_enclosed_and_all_are_linked() -> None:
    item = item_of(notice(enclosures=(PDF, DOC)))
    (enclosure,) = item.findall("enclosure")
    assert dict(enclosure.attrib) == {
        "url": "http://so.example/a.pdf",
        "length": "1200",
        "type": "application/pdf",
    }
    assert hrefs(item) == [
        ("http://so.example/a.pdf", "a.pdf"),
        ("http://so.example/b.doc", "b.doc"),
    ]
    (read,) = entry_of(notice(enclosures=(PDF, DOC))).enclosures
    assert (read.href, read.type, read.length) == (PDF.url, PDF.type, "1200")


def test_a_file_that_the_text_links_is_not_linked_twice() -> None:
    url = "http://so.example/tai-ve?id=1&name=a"
    html = '<p><a href="http://so.example/tai-ve?id=1&amp;name=a">Phụ lục</a></p>'
    item = item_of(notice(html=html, enclosures=(Enclosure(url=url),)))
    assert item.findtext("description") == html
    assert item.find("enclosure").get("url") == url


FILES = {
    "its title": (Enclosure(url=PDF.url, title="Kế hoạch <1>"), "Kế hoạch <1>"),
    "its name": (Enclosure(url="http://a.example/x/y.docx?v=1"), "y.docx"),
    "a word": (Enclosure(url="http://a.example/x/?id=1"), "Tệp đính kèm"),
}


@pytest.mark.parametrize(("file", "name"), FILES.values(), ids=FILES)
def test_a_file_is_named(file: Enclosure, name: str) -> None:
    item = item_of(notice(enclosures=(file,)))
    assert hrefs(item) == [(file.url, name)]


def test_a_file_of_unknown_type_and_length_is_said_to_be_so() -> None:
    file = Enclosure(url="http://a.example/x", length=-1)
    enclosure = item_of(notice(enclosures=(file,))).find("enclosure")
    assert enclosure.get("type") == "application/octet-stream"
    assert enclosure.get("length") == "0"


def test_what_we_add_to_a_text_fits_old_databases() -> None:
    text = item_of(notice(enclosures=(PDF,))).findtext("description")
    assert max(text) <= "\uffff"


# --- Official documents -------------------------------------------------------


def test_a_document_bears_dublin_core() -> None:
    facts = DocumentFacts(
        number="1161/SGDĐT-QLT", type="công văn", issued=date(2026, 3, 25)
    )
    item = item_of(notice(document=facts, deadline=date(2026, 12, 5)))
    assert item.findtext(f"{DC}identifier") == "1161/SGDĐT-QLT"
    assert item.findtext(f"{TERMS}issued") == "2026-03-25"
    assert item.findtext(f"{TERMS}valid") == "2026-12-05"


def test_a_deadline_by_the_hour_is_in_the_time_of_the_site() -> None:
    moment = datetime(2026, 12, 5, 10, 0, tzinfo=UTC)
    item = item_of(notice(deadline=moment))
    assert item.findtext(f"{TERMS}valid") == "2026-12-05T17:00:00+07:00"


PLAIN = {
    "no document": notice(),
    "nothing known of it": notice(document=DocumentFacts(type="kế hoạch")),
}


@pytest.mark.parametrize("went", PLAIN.values(), ids=PLAIN)
def test_what_is_not_known_is_not_written(went: Notice) -> None:
    item = item_of(went)
    for name in (f"{DC}identifier", f"{TERMS}issued", f"{TERMS}valid"):
        assert item.find(name) is None


# --- Nothing breaks XML -------------------------------------------------------

HOSTILE = "a\x00\x0b\x1b\ud800\ufffe]]><&\"'🍀"


def everywhere(words: str) -> Notice:
    """Put words into every field that they could reach."""
    return notice(
        title=words,
        link=f"http://so.example/{words}",
        html=words,
        text=words,
        author=words,
        guid=words,
        authority=words,
        source_title=words,
        source_url=f"http://so.example/{words}",
        enclosures=(Enclosure(url=words, type=words, title=words),),
        document=DocumentFacts(number=words or "1", type=words, issuer=words),
    )


@pytest.mark.parametrize("words", [HOSTILE, "", "]]>", "\x00"], ids=ascii)
def test_no_field_breaks_the_document(words: str) -> None:
    item = item_of(everywhere(words))
    assert item.findtext("guid") == f"urn:uuid:{UUID}"
    assert item.findtext("description").strip()
    assert item.findtext("title")


@how(max_examples=200)
@given(words=st.text(st.characters(codec=None)))
def test_any_words_make_a_well_formed_document(words: str) -> None:
    item = item_of(everywhere(words))
    assert item.findtext("title") == publish_title(words, words)
    assert item.getnext() is None


FIT = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"])


@how(max_examples=200)
@given(html=st.text(FIT), path=st.text(FIT))
def test_text_and_link_come_back_as_they_went(html: str, path: str) -> None:
    link = f"http://so.example/{path}"
    item = item_of(notice(html=f"<p>{html}</p>", link=link))
    assert item.findtext("description") == f"<p>{html}</p>"
    assert item.findtext("link") == link


EMPTY_TEXTS: dict[str, Callable[[], Notice]] = {
    "no text": lambda: notice(html="", text=""),
    "blank": lambda: notice(html=" \n ", text=""),
    "controls": lambda: notice(html="\x00\x01", text=""),
}


@pytest.mark.parametrize("made", EMPTY_TEXTS.values(), ids=EMPTY_TEXTS)
def test_a_description_is_never_empty(made: Callable[[], Notice]) -> None:
    title = "Trẻ <6 tuổi & phụ huynh"
    description = item_of(replace(made(), title=title)).findtext("description")
    assert description == "Trẻ ‹6 tuổi &amp; phụ huynh"
