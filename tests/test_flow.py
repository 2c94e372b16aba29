"""From a portal's document to a published feed, and from its edit to the next."""

import calendar
import io
from collections.abc import Iterator
from contextlib import closing
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import feedparser
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from aggregator import config
from aggregator.app import create_app
from aggregator.model import CATEGORY_SLUGS
from aggregator.model import LEVEL_SLUGS
from aggregator.store import schema
from aggregator.store.engine import open_store
from tests.cli.command import aggregator
from tests.cli.command import write_feeds
from tests.cli.upstream import Entry
from tests.cli.upstream import Upstream
from tests.cli.upstream import rss

AUTHORITIES = {
    "so": {"name": "Sở Giáo dục và Đào tạo"},
    "quan-1": {"name": "Phòng GD&ĐT Quận 1", "parent": "so"},
}
FIRST = Entry(
    guid="http://so.example/tb/1.html",
    title='Thông báo "khẩn" về lịch thi nghề cấp THPT',
    link="http://so.example/tb/1.html",
    date="Mon, 02 Nov 2026 08:00:00 +0700",
    text='<p onclick="x()">Lịch thi <a href="tep/lich.pdf">xem tệp</a></p>',
)
SECOND = Entry(guid="tin-2", title="Hội thi văn nghệ", text="Không có ngày")


@contextmanager
def client(folder: Path) -> Iterator[FlaskClient]:
    """Give a browser's view of what a folder's database holds now."""
    with closing(open_store(f"sqlite:///{folder}/var/aggregator.db")) as store:
        yield create_app(config.load(folder / "feeds.toml"), store).test_client()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream(("127.0.0.1", "127.0.0.2")) as made:
        yield made


def pull(folder: Path) -> dict[str, int]:
    """Pull everything; give what became of the items."""
    done = aggregator(folder, "pull", "--all", "--json")
    assert done.code == 0, done.err
    counts: dict[str, int] = done.json["items"]
    return counts


def test_an_edit_at_the_portal_reaches_the_feed(
    tmp_path: Path, upstream: Upstream
) -> None:
    url = upstream.put("/rss", rss(FIRST, SECOND))
    write_feeds(tmp_path, {"tb": {"url": url, "category": "announcement"}})
    assert pull(tmp_path)["new"] == 2
    with client(tmp_path) as browser:
        answer = browser.get("/feeds/so/thpt/thong-bao.rss")
    before = feedparser.parse(io.BytesIO(answer.data))
    first = next(entry for entry in before.entries if "khẩn" in entry.title)
    assert first.title == "Thông báo “khẩn” về lịch thi nghề cấp THPT"
    assert first.link == FIRST.link
    assert calendar.timegm(first.published_parsed) == 1793581200  # 2026-11-02 01:00Z
    assert "onclick" not in answer.text and "tep/lich.pdf" in answer.text
    files = [file.href for file in first.enclosures]
    assert files == ["http://cong.example/tep/lich.pdf"]  # beside the channel's link

    edited = Entry(guid=FIRST.guid, title="Thông báo hoãn thi nghề", link=FIRST.link)
    upstream.put("/rss", rss(edited, SECOND))
    counts = pull(tmp_path)
    assert (counts["new"], counts["changed"], counts["unchanged"]) == (0, 1, 1)
    with client(tmp_path) as browser:
        asked = {"If-None-Match": answer.headers["ETag"]}
        again = browser.get("/feeds/so/all/thong-bao.rss", headers=asked)
        same_levels = browser.get("/feeds/so/thpt/thong-bao.rss", headers=asked)
    after = feedparser.parse(io.BytesIO(again.data))
    assert (again.status_code, same_levels.status_code) == (200, 200)
    assert {entry.id for entry in after.entries} == {e.id for e in before.entries}
    assert {entry.title for entry in after.entries} == {
        "Thông báo hoãn thi nghề",
        "Hội thi văn nghệ",
    }
    (changed,) = (entry for entry in after.entries if entry.id == first.id)
    assert changed.published == first.published  # decided once


# --- Nothing changed ----------------------------------------------------------

_ITEM_TABLES = (
    *(schema.notices, schema.sightings, schema.keys, schema.versions, schema.labels),
    *(schema.changes, schema.outbox, schema.counters, schema.sequence),
)


def rows(folder: Path) -> dict[str, list[sa.Row[tuple[object, ...]]]]:
    """Read every row that says something of items."""
    with closing(open_store(f"sqlite:///{folder}/var/aggregator.db")) as store:
        with store.read() as connection:
            return {
                table.name: list(connection.execute(sa.select(table)))
                for table in _ITEM_TABLES
            }


def published(folder: Path) -> dict[str, tuple[bytes, str]]:
    """Read many selections: their bytes and their names."""
    levels = ("all", *LEVEL_SLUGS.values(), "tieu-hoc,thcs")
    categories = ("all", *CATEGORY_SLUGS.values(), "tin-tuc,van-ban")
    options = ("", "?limit=1", "?own=1")
    with client(folder) as browser:
        found = {}
        for parts in product(AUTHORITIES, levels, categories, options):
            url = "/feeds/{}/{}/{}.rss{}".format(*parts)
            answer = browser.get(url)
            assert answer.status_code == 200, url
            found[url] = (answer.data, answer.headers["ETag"])
    return found


@pytest.mark.parametrize(
    ("headers", "note", "outcome"),
    [
        ({"ETag": '"1"'}, b"", "not_modified"),
        ({}, b"", "same_body"),
        ({}, b"<!-- written anew at each request -->", "pulled"),
    ],
    ids=["304", "same-body", "other-bytes"],
)
def test_pulling_again_with_nothing_changed_changes_nothing(
    tmp_path: Path,
    upstream: Upstream,
    headers: dict[str, str],
    note: bytes,
    outcome: str,
) -> None:
    so = upstream.put("/rss", rss(FIRST, SECOND), headers=headers)
    body = rss(*(Entry(guid=f"q{n}", title=f"Tin {n} tiểu học") for n in range(40)))
    quan = upstream.put("/rss", body, address="127.0.0.2", headers=headers)
    sources = {"so": so, "quan": {"url": quan, "authority": "quan-1"}}
    write_feeds(tmp_path, sources, authorities=AUTHORITIES)
    assert pull(tmp_path)["new"] == 42
    stored, feeds = rows(tmp_path), published(tmp_path)
    assert len({body for body, _ in feeds.values()}) > 10

    upstream.put("/rss", rss(FIRST, SECOND) + note, headers=headers)
    upstream.put("/rss", body + note, address="127.0.0.2", headers=headers)
    counts = pull(tmp_path)
    assert counts["unchanged"] == (42 if note else 0)
    assert counts["new"] == counts["changed"] == 0
    told = aggregator(tmp_path, "sources", "--json").json["sources"]
    assert {each["last_attempt"]["outcome"] for each in told} == {outcome}
    assert rows(tmp_path) == stored
    assert published(tmp_path) == feeds
