"""What tests of publishing share: values to publish, and strict eyes to read them."""

import io
from datetime import UTC
from datetime import date
from datetime import datetime
from typing import Any

import feedparser
from lxml import etree

from aggregator.model import Category
from aggregator.model import Notice
from aggregator.model import Settings
from aggregator.publish.rss import render_rss
from aggregator.publish.view import select
from tests.conftest import OF_WARDS
from tests.conftest import authority
from tests.conftest import settings

UUID = "866b48fb-dc48-5240-9ad3-cd3057f1349e"
CHANGED = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
DC = "{http://purl.org/dc/elements/1.1/}"
TERMS = "{http://purl.org/dc/terms/}"
ATOM = "{http://www.w3.org/2005/Atom}"

# The reform of 2025: two districts end, three wards begin; a cluster lies across.
SAID: Settings = settings(
    authorities=(
        authority(
            "quan-1",
            name="Phòng Giáo dục và Đào tạo Quận 1",
            parent="so",
            levels=OF_WARDS,
            until=date(2025, 6, 30),
            successors=("phuong-ben-thanh", "phuong-sai-gon"),
        ),
        authority("phuong-ben-thanh", parent="so", also=("cum-1",)),
        authority("phuong-sai-gon", parent="so"),
        authority("cum-1", parent="so"),
    )
)


def notice(**values: Any) -> Notice:
    """Make a notice as the Sở's announcements show one."""
    title = "Về việc tổ chức Hội thi giáo viên dạy giỏi cấp thành phố"
    moment = datetime(2026, 11, 19, 19, 30, tzinfo=UTC)  # 2:30 of the 20th there
    defaults: dict[str, Any] = {
        "id": UUID,
        "title": title,
        "link": "http://so.example/thong-bao/hoi-thi-12.html",
        "published": moment,
        "first_seen": moment,
        "updated": moment,
        "category": Category.ANNOUNCEMENT,
        "categories": (Category.ANNOUNCEMENT,),
        "levels": frozenset(),
        "authority": "so",
        "source": "so-thong-bao",
        "source_url": "http://so.example/rss/thong-bao/",
        "source_title": "Thông báo - Sở Giáo dục và Đào tạo",
        "guid": "news_12",
        "text": "Sở thông báo kế hoạch tổ chức hội thi.",
        "html": "<p>Sở thông báo <b>kế hoạch</b> tổ chức hội thi.</p>",
    }
    return Notice(**(defaults | values))


def publish(
    *notices: Notice,
    said: Settings = SAID,
    audience: str = "so",
    changed_at: datetime | None = CHANGED,
    **address: Any,
) -> bytes:
    """Write notices as the RSS of a selection."""
    chosen = select(said, audience, **address)
    return render_rss(notices, settings=said, selection=chosen, changed_at=changed_at)


def strict(body: bytes) -> Any:
    """Give the channel, as a parser reads it that forgives nothing."""
    parser = etree.XMLParser(recover=False, resolve_entities=False, no_network=True)
    channel = etree.fromstring(body, parser).find("channel")
    assert channel is not None
    return channel


def item_of(*notices: Notice, **more: Any) -> Any:
    """Publish and give the first item element."""
    return strict(publish(*notices, **more)).find("item")


def entry_of(*notices: Notice, **more: Any) -> Any:
    """Publish and give the first entry as feedparser reads it."""
    read = feedparser.parse(io.BytesIO(publish(*notices, **more)))
    assert not read.bozo, read.get("bozo_exception")
    return read.entries[0]
