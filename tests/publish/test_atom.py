"""Notices as Atom 1.0: feedgen's faults mended, RFC 4287 and the CMSs content."""

import io
import re
from datetime import UTC
from datetime import date
from datetime import datetime
from typing import Any

import feedparser
import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from aggregator.model import Category
from aggregator.model import DocumentFacts
from aggregator.model import Enclosure
from aggregator.model import Level
from aggregator.model import Notice
from aggregator.publish.atom import render_atom
from aggregator.publish.view import select
from tests.publish.making import ATOM
from tests.publish.making import CHANGED
from tests.publish.making import DC
from tests.publish.making import SAID
from tests.publish.making import TERMS
from tests.publish.making import UUID
from tests.publish.making import notice

PDF = Enclosure(url="http://so.example/a.pdf", type="application/pdf", length=1200)
DOC = Enclosure(url="http://so.example/b.doc")
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+07:00")


def publish(
    *notices: Notice, changed_at: datetime | None = CHANGED, **address: Any
) -> bytes:
    """Write notices as the Atom of a selection."""
    chosen = select(SAID, "so", **address)
    return render_atom(notices, settings=SAID, selection=chosen, changed_at=changed_at)


def strict(body: bytes) -> Any:
    """Give the feed element, as a parser reads it that forgives nothing."""
    parser = etree.XMLParser(recover=False, resolve_entities=False, no_network=True)
    return etree.fromstring(body, parser)


def entry_of(*notices: Notice) -> Any:
    """Publish and give the first entry element."""
    return strict(publish(*notices)).find(f"{ATOM}entry")


def test_a_feed_has_id_title_updated_author_and_links() -> None:
    feed = strict(publish(notice(), level="thcs"))
    assert feed.tag == f"{ATOM}feed"
    assert feed.prefix is None  # NukeViet, Joomla: no prefixed root
    address = "http://tin.example/feeds/so/thcs/all.atom"
    assert feed.findtext(f"{ATOM}id") == address
    assert feed.findtext(f"{ATOM}title") == "Tất cả tin – THCS – Sở"
    assert feed.findtext(f"{ATOM}updated") == "2026-11-20T07:30:00+07:00"
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "Tin ngành Giáo dục"
    links = {link.get("rel"): link for link in feed.findall(f"{ATOM}link")}
    assert links["self"].get("href") == address
    assert links["alternate"].get("href") == "http://tin.example/feeds/so/thcs/all"


def test_an_entry_has_what_must_be() -> None:
    entry = entry_of(notice())
    assert entry.findtext(f"{ATOM}id") == f"urn:uuid:{UUID}"
    for name in ("published", "updated"):
        assert RFC3339.fullmatch(entry.findtext(f"{ATOM}{name}"))
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "Sở"
    content = entry.find(f"{ATOM}content")
    assert content.get("type") == "html"
    assert content.text == notice().html
    summary = entry.find(f"{ATOM}summary")
    assert summary.get("type") in (None, "text")
    assert summary.text == notice().text


def test_the_first_link_is_the_article_and_files_keep_type_and_length() -> None:
    """feedgen 1.0 loses rel, type and length, and links NukeViet to the file."""
    links = entry_of(notice(enclosures=(PDF, DOC))).findall(f"{ATOM}link")
    assert [dict(link.attrib) for link in links] == [
        {"href": notice().link, "rel": "alternate", "type": "text/html"},
        {
            "href": PDF.url,
            "rel": "enclosure",
            "type": "application/pdf",
            "length": "1200",
        },
        {"href": DOC.url, "rel": "enclosure", "type": "application/octet-stream"},
    ]


def test_an_entry_says_which_feed_it_was_copied_from() -> None:
    source = entry_of(notice()).find(f"{ATOM}source")
    assert source.findtext(f"{ATOM}id") == notice().source_url
    assert source.findtext(f"{ATOM}title") == notice().source_title
    assert RFC3339.fullmatch(source.findtext(f"{ATOM}updated"))
    own = entry_of(notice(source_feed_id="tag:so.example,2026:tb")).find(
        f"{ATOM}source"
    )
    assert own.findtext(f"{ATOM}id") == "tag:so.example,2026:tb"


def test_terms_are_slugs_of_named_taxonomies() -> None:
    both = (Category.NEWS, Category.DOCUMENT)
    entry = entry_of(notice(categories=both, levels=frozenset({Level.PRIMARY})))
    told = [
        (c.get("scheme").removeprefix("http://tin.example/terms/"), c.get("term"))
        for c in entry.findall(f"{ATOM}category")
    ]
    assert told == [
        ("category", "tin-tuc"),
        ("category", "van-ban"),
        ("level", "tieu-hoc"),
        ("authority", "so"),
    ]
    assert entry.find(f"{ATOM}category").get("label") == "Tin tức"


def test_an_official_document_carries_dublin_core() -> None:
    facts = DocumentFacts(number="1161/SGDĐT-QLT", issued=date(2026, 3, 25))
    entry = entry_of(notice(document=facts, deadline=date(2026, 12, 5)))
    assert entry.findtext(f"{DC}identifier") == "1161/SGDĐT-QLT"
    assert entry.findtext(f"{TERMS}issued") == "2026-03-25"
    assert entry.findtext(f"{TERMS}valid") == "2026-12-05"


def test_a_correction_bumps_updated_alone() -> None:
    later = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
    entry = entry_of(notice(updated=later))
    assert entry.findtext(f"{ATOM}updated") == "2026-11-20T10:00:00+07:00"
    assert entry.findtext(f"{ATOM}published") == "2026-11-20T02:30:00+07:00"


def test_the_same_gives_the_same_bytes_and_an_empty_feed_is_a_feed() -> None:
    assert publish(notice()) == publish(notice())
    bare = [publish(changed_at=None, options={"empty": "none"}) for _ in range(2)]
    assert bare[0] == bare[1]
    assert strict(bare[0]).find(f"{ATOM}entry") is None


def test_feedparser_reads_back_what_went_in() -> None:
    read = feedparser.parse(io.BytesIO(publish(notice(enclosures=(PDF,)))))
    assert not read.bozo
    (entry,) = read.entries
    assert (entry.title, entry.link) == (notice().title, notice().link)
    assert entry.enclosures[0].href == PDF.url
    assert entry.content[0].type == "text/html"


@pytest.mark.parametrize("level", ["all", "mam-non", "thcs,thpt"])
def test_self_is_the_address(level: str) -> None:
    body = publish(level=level, options={"limit": "5"})
    links = {link.get("rel"): link for link in strict(body).findall(f"{ATOM}link")}
    address = f"http://tin.example/feeds/so/{level}/all.atom?limit=5"
    assert links["self"].get("href") == address


@given(st.text(), st.text(), st.text(st.characters(exclude_characters="<>&")))
def test_no_text_breaks_the_feed(title: str, text: str, words: str) -> None:
    html = f"<p>{words}</p>"
    body = publish(notice(title=title, text=text, html=html, enclosures=(PDF, DOC)))
    content = strict(body).findtext(f"{ATOM}entry/{ATOM}content")
    assert lxml.html.fromstring(content).xpath("//script") == []
