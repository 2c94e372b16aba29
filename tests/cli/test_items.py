"""`items` and `explain`: fields, filters and order, as the contract has them."""

import json
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import event

from aggregator.intake.reconcile import Past
from aggregator.intake.reconcile import reconcile
from aggregator.model import Digest
from aggregator.publish.view import select
from aggregator.store import items as stored_items
from aggregator.store import sources as stored
from aggregator.store.engine import Store
from aggregator.store.views import read_view
from tests.cli.command import aggregator
from tests.cli.command import write_feeds
from tests.cli.upstream import Entry
from tests.cli.upstream import Upstream
from tests.cli.upstream import rss
from tests.conftest import NOW
from tests.conftest import item
from tests.conftest import settings
from tests.conftest import source

FIELDS = {
    *("id", "title", "link", "published", "first_seen", "updated", "category"),
    *("categories", "levels", "facets", "authority", "source", "guid", "also_at"),
    *("text", "html", "enclosures", "document", "deadline", "event", "state"),
    "references",
}
AUTHORITIES = {
    "so": {"name": "Sở Giáo dục và Đào tạo"},
    "quan-1": {
        "name": "Phòng GD&ĐT Quận 1",
        "parent": "so",
        "levels": ["preschool", "primary", "lower_secondary"],
        "until": "2025-06-30",
        "successors": ["phuong-ben-thanh"],
    },
    "quan-2": {"name": "Phòng GD&ĐT Quận 2", "parent": "so"},
    "phuong-ben-thanh": {"name": "Phường Bến Thành", "parent": "so"},
}
NEWS = rss(
    Entry(
        guid="tin-1",
        title="Hội thi văn nghệ",
        link="http://so.example/tin/1.html",
        date="Mon, 02 Nov 2026 08:00:00 +0700",
    ),
    Entry(
        guid="tin-2",
        title="Thi nghề cấp THPT",
        link="http://so.example/tin/2.html",
        date="Tue, 03 Nov 2026 08:00:00 +0700",
        text='<p>Xem <b>kế hoạch</b>.</p><script>alert("x")</script>',
        file="http://so.example/tep/ke-hoach.pdf",
    ),
)
DOCUMENTS = rss(
    Entry(
        guid="vb-1",
        title="Công văn số 1161/SGDĐT-QLT ngày 15/10/2026 về khảo sát tiểu học",
        link="http://so.example/vb/1.html",
        date="Thu, 15 Oct 2026 00:00:00 +0700",
    ),
    Entry(
        guid="tin-1",  # the same article, filed under documents too
        title="Hội thi văn nghệ",
        link="http://so.example/tin/1.html",
    ),
)
OLD = rss(
    Entry(guid="q1-a", title="Trước sáp nhập", date="Mon, 02 Jun 2025 08:00:00 +0700"),
    Entry(guid="q1-b", title="Sau sáp nhập", date="Mon, 07 Jul 2025 08:00:00 +0700"),
)
OTHER = rss(Entry(guid="q2", title="Chỉ Quận 2", date="Mon, 01 Jun 2026 08:00 +0700"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a folder in which a small city has been pulled once."""
    made = tmp_path_factory.mktemp("city")
    with Upstream(("127.0.0.1", "127.0.0.2", "127.0.0.3")) as upstream:
        put = upstream.put
        write_feeds(
            made,
            {
                "so-tin": put("/tin.xml", NEWS),
                "so-vb": {"url": put("/vb.xml", DOCUMENTS), "category": "document"},
                "q1": {
                    "url": put("/rss", OLD, address="127.0.0.2"),
                    "authority": "quan-1",
                },
                "q2": {
                    "url": put("/rss", OTHER, address="127.0.0.3"),
                    "authority": "quan-2",
                },
            },
            authorities=AUTHORITIES,
        )
        assert aggregator(made, "pull", "so-tin").code == 0  # seen first as news
        assert aggregator(made, "pull", "--all").code == 0
    yield made


def guids(folder: Path, *args: object) -> list[str]:
    """List the guids of what `items` prints."""
    done = aggregator(folder, "items", *args)
    assert (done.code, done.err) == (0, "")
    return [item["guid"] for item in done.lines]


EVERY = ["tin-2", "tin-1", "vb-1", "q2", "q1-b", "q1-a"]


def test_items_are_json_lines_newest_published_first(folder: Path) -> None:
    done = aggregator(folder, "items")
    assert [item["guid"] for item in done.lines] == EVERY
    for told in done.lines:
        assert set(told) == FIELDS
        assert str(UUID(told["id"])) == told["id"]
        assert datetime.fromisoformat(told["published"]).utcoffset() == timedelta(
            hours=7
        )
    as_one = aggregator(folder, "items", "--json").json
    assert as_one == {"items": done.lines}


def test_an_item_is_clean_and_tells_where_it_stands(folder: Path) -> None:
    items = {item["guid"]: item for item in aggregator(folder, "items").lines}
    found = items["tin-2"]
    assert found["html"] == "<p>Xem <b>kế hoạch</b>.</p>"
    assert found["text"] == "Xem kế hoạch."
    assert found["levels"] == ["upper_secondary"]
    assert found["enclosures"] == [
        {
            "url": "http://so.example/tep/ke-hoach.pdf",
            "type": "application/pdf",
            "length": 1234,
            "title": "",
        }
    ]
    assert found["state"] == "shown"
    assert (found["source"], found["authority"], found["also_at"]) == (
        "so-tin",
        "so",
        [],
    )
    twice = items["tin-1"]
    assert twice["categories"] == ["news", "document"]
    (place,) = twice["also_at"]
    assert (place["source"], place["category"]) == ("so-vb", "document")
    assert items["vb-1"]["document"]["number"] == "1161/SGDĐT-QLT"
    assert items["vb-1"]["document"]["issued"] == "2026-10-15"
    assert items["q1-a"]["levels"] == ["preschool", "primary", "lower_secondary"]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--source", "so-tin"], ["tin-2", "tin-1"]),
        (["--source", "so-vb"], ["tin-1", "vb-1"]),
        (["--audience", "so"], ["tin-2", "tin-1", "vb-1"]),
        (["--audience", "quan-2"], ["tin-2", "tin-1", "vb-1", "q2"]),
        (["--audience", "phuong-ben-thanh"], ["tin-2", "tin-1", "vb-1", "q1-a"]),
        (["--audience", "quan-1"], ["tin-2", "tin-1", "vb-1", "q1-b", "q1-a"]),
        (["--level", "thpt"], ["tin-2", "tin-1", "q2"]),
        (["--level", "mam-non,primary"], ["tin-1", "vb-1", "q2", "q1-b", "q1-a"]),
        (["--category", "van-ban"], ["tin-1", "vb-1"]),
        (["--category", "document", "--level", "tieu-hoc"], ["tin-1", "vb-1"]),
        (["--limit", "2"], ["tin-2", "tin-1"]),
        (["--since", "2026-01-01T00:00:00"], EVERY),
        (["--on", "2020-01-01"], []),
        (["--q", "kế hoạch"], ["tin-2"]),
        (["--q", "KE hoach", "--source", "so-vb"], []),
        (["--q", "1161/sgddt"], ["vb-1"]),
        (["--q", "SGDĐT-QL*"], ["vb-1"]),
        (["--q", '"hoạch kế"'], []),
        (["--q", "xyzzy"], []),
        (["--q", ""], EVERY),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_filters(folder: Path, args: list[str], expected: list[str]) -> None:
    assert guids(folder, *args) == expected


def test_since_and_on_go_by_first_seen(folder: Path) -> None:
    day = timedelta(days=1)
    here = datetime.now(UTC) + timedelta(hours=7)
    assert guids(folder, "--since", (here - day).date()) == EVERY
    assert guids(folder, "--since", (here + day).date()) == []
    assert guids(folder, "--on", here.date()) == EVERY


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--limit", "0"], "--limit"),
        (["--limit", "x"], "--limit"),
        (["--source", "so-tim"], 'Did you mean "so-tin"?'),
        (["--audience", "quan-3"], "Valid: so, quan-1"),
        (["--level", "thpx"], 'Did you mean "thpt"?'),
        (["--category", "tin"], "tin-tuc"),
        (["--on", "20/11/2026"], "2026-11-20"),
        (["--since", "hôm qua"], "--since"),
        (["--q", "a", "--on", "2026-11-20"], "--q"),
        (["--q", '*"?'], "--q"),
        (["--q", os.fsdecode(b"\xff\xed\xa0\x80")], "--q"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_wrong_filters_are_told(folder: Path, args: list[str], told: str) -> None:
    done = aggregator(folder, "items", *args)
    assert (done.code, done.out) == (2, "")
    assert told in done.err


def test_any_number_of_items_may_be_asked_for(sqlite_store: Store) -> None:
    """A statement has room for so many names: 32,766 in SQLite, here fewer."""
    event.listen(
        sqlite_store.engine,
        "connect",
        lambda connection, _: connection.setlimit(
            sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999
        ),
    )
    sqlite_store.engine.dispose()
    many = [item(f"tin-{n}") for n in range(1_500)]
    plan = reconcile(Digest(items=tuple(many)), Past(), source_id="a", now=NOW)
    with sqlite_store.write() as connection:
        said = settings(source("a"))
        stored.declare(connection, said.sources, NOW)
        (row,) = stored.claim(connection, said.sources, now=NOW, owner="one", until=NOW)
        stored_items.apply(connection, [(row, plan)], NOW)
    view = replace(select(said, "so").view, limit=10_000)
    with sqlite_store.read() as connection:
        found = read_view(connection, view)
    assert [notice.guid for notice in found] == [each.guid for each in many]


# --- explain ------------------------------------------------------------------

EXPLAINED = {
    *("category", "levels", "facets", "document", "deadline", "event", "because"),
    "references",
}


def test_explain_a_title(folder: Path) -> None:
    title = "Công văn số 1161/SGDĐT-QLT ngày 15/10/2026 về khảo sát cấp tiểu học"
    done = aggregator(folder, "explain", title)
    assert done.code == 0
    assert set(done.json) == EXPLAINED
    assert done.json["category"] == "document"
    assert done.json["levels"] == ["primary"]
    assert done.json["document"]["number"] == "1161/SGDĐT-QLT"
    assert all(set(why) == {"says", "saw", "where"} for why in done.json["because"])
    assert any(why["saw"] and why["saw"] in title for why in done.json["because"])


def test_explain_lines_one_out_for_each_in(folder: Path) -> None:
    asked = [
        {"title": "Thư mời họp", "text": None},
        {"title": "Thi nghề cấp THPT", "text": ""},
        {"title": "Hội thi", "source": "so-vb"},
        {"title": "Hội thi", "source": "q1"},
    ]
    lines = "\n".join(json.dumps(line, ensure_ascii=False) for line in asked)
    done = aggregator(folder, "explain", stdin=lines.encode())
    assert done.code == 0
    first, second, third, fourth = done.lines
    assert first["category"] == "invitation"
    assert second["levels"] == ["upper_secondary"]
    assert third["category"] == "document"
    assert fourth["levels"] == ["preschool", "primary", "lower_secondary"]
    assert all(set(line) == EXPLAINED for line in done.lines)


def test_explain_weighs_a_source_named_by_option(folder: Path) -> None:
    done = aggregator(folder, "explain", "--source", "so-vb", "Hội thi")
    assert done.json["category"] == "document"
    done = aggregator(folder, "explain", "--source", "so-vbb", "Hội thi")
    assert done.code == 2 and 'Did you mean "so-vb"?' in done.err


def test_explain_looks_up_what_is_stored_where_it_is_asked_to(folder: Path) -> None:
    asked = "Thay thế Công văn số 1161/SGDĐT-QLT và Công văn số 5/SGDĐT-QLT"
    plain = aggregator(folder, "explain", asked).json["references"]
    assert [each["number"] for each in plain] == ["1161/SGDĐT-QLT", "5/SGDĐT-QLT"]
    assert {"kind": "replaces", "number": "5/SGDĐT-QLT", "issuer": "SGDĐT"} in plain
    done = aggregator(folder, "explain", "--stored", "--source", "q1", asked)
    known, unknown = done.json["references"]
    (found,) = known["items"]
    assert found["title"].startswith("Công văn số 1161/SGDĐT-QLT")
    assert UUID(found["id"])
    assert unknown["items"] == []


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b'{"text": "no title"}',
        b'{"title": 5}',
        b'["title"]',
        b'{"title": "x", "text": 5}',
        b'{"title": "x", "source": ["so-tin"]}',
        b'{"title": "\xff"}',
        b"",
    ],
)
def test_a_bad_line_is_named(folder: Path, line: bytes) -> None:
    good = b'{"title": "x"}\n'
    done = aggregator(folder, "explain", stdin=good + line + b"\n" + good)
    assert done.code == 2
    assert len(done.lines) == 1
    assert "line 2 of stdin" in done.err


def test_explain_says_what_would_be_held(folder: Path) -> None:
    done = aggregator(folder, "explain", "Kuwin - nhà cái uy tín, link vào mới nhất")
    assert done.json["hold"]["kind"] == "betting"
    assert "Kuwin" in done.json["hold"]["because"][0]["saw"]
