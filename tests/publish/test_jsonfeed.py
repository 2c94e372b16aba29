"""Notices as JSON Feed 1.1."""

import json
from datetime import UTC
from datetime import date
from datetime import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aggregator.intake import jsonfeed as reading
from aggregator.model import Category
from aggregator.model import DocumentFacts
from aggregator.model import Enclosure
from aggregator.model import Event
from aggregator.model import Level
from aggregator.model import Notice
from aggregator.model import Place
from aggregator.publish.jsonfeed import render_json
from aggregator.publish.view import select
from tests.publish.making import CHANGED
from tests.publish.making import SAID
from tests.publish.making import UUID
from tests.publish.making import notice

PDF = Enclosure(
    url="http://so.example/a.pdf", type="application/pdf", length=1200, title="Mẫu 1"
)
DOC = Enclosure(url="http://so.example/b.bin")


def publish(*notices: Notice, **address: Any) -> bytes:
    """Write notices as the JSON Feed of a selection."""
    chosen = select(SAID, "so", **address)
    return render_json(notices, settings=SAID, selection=chosen, changed_at=CHANGED)


def item_of(**values: Any) -> dict[str, Any]:
    """Publish one notice and read it back."""
    found: dict[str, Any] = json.loads(publish(notice(**values)))["items"][0]
    return found


def test_the_feed_names_itself() -> None:
    feed = json.loads(publish(level="thcs", options={"own": "1"}))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"] == "Tất cả tin – THCS – Sở"
    assert feed["feed_url"] == "http://tin.example/feeds/so/thcs/all.json?own=1"
    assert feed["home_page_url"] == "http://tin.example/feeds/so/thcs/all?own=1"
    assert feed["language"] == "vi"
    assert feed["items"] == []


def test_an_item_has_what_readers_need() -> None:
    item = item_of(categories=(Category.DOCUMENT,), levels=frozenset({Level.PRIMARY}))
    assert item["id"] == f"urn:uuid:{UUID}"
    assert item["url"] == notice().link
    assert item["title"] == notice().title
    assert item["content_html"] == notice().html
    assert item["summary"] == notice().text
    assert item["date_published"] == "2026-11-20T02:30:00+07:00"
    assert item["authors"] == [{"name": "Sở"}]
    assert item["tags"] == ["Văn bản", "Tiểu học"]
    assert "attachments" not in item


def test_files_are_attachments() -> None:
    assert item_of(enclosures=(PDF, DOC))["attachments"] == [
        {
            "url": PDF.url,
            "mime_type": "application/pdf",
            "title": "Mẫu 1",
            "size_in_bytes": 1200,
        },
        {"url": DOC.url, "mime_type": "application/octet-stream"},
    ]


def test_what_the_format_has_no_word_for_is_ours() -> None:
    moment = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
    facts = DocumentFacts(
        number="12/GM-SGDĐT", type="giấy mời", issued=date(2026, 11, 19)
    )
    place = Place(
        source="q1",
        authority="quan-1",
        category=Category.NEWS,
        link="http://quan1.example/1",
        guid="news_1",
        first_seen=moment,
    )
    ours = item_of(
        document=facts,
        deadline=date(2026, 12, 5),
        event=Event(start=moment, place="Hội trường A"),
        also_at=(place,),
    )["_aggregator"]
    assert ours["document"]["identifier"] == "12/GM-SGDĐT"
    assert ours["document"]["issued"] == "2026-11-19"
    assert ours["valid"] == "2026-12-05"
    assert ours["event"] == {
        "start": "2026-12-01T08:00:00+07:00",
        "end": None,
        "place": "Hội trường A",
    }
    assert ours["source"]["guid"] == "news_12"
    assert [p["source"] for p in ours["also_at"]] == ["q1"]
    assert ours["levels"] == []


def test_a_password_of_a_source_is_not_published() -> None:
    item = item_of(source_url="http://me:s3cret@so.example/rss")
    assert "s3cret" not in json.dumps(item)


@given(st.text(), st.text())
def test_our_own_reader_reads_it_back(title: str, text: str) -> None:
    body = publish(notice(title=title, text=text))
    (entry,) = reading.parse(body.decode(), url="http://tin.example/").entries
    assert entry.guid == f"urn:uuid:{UUID}"
    assert entry.link == notice().link
    assert entry.content == notice().html
