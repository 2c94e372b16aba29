"""Whole documents, one oddity each, beside what must come out of them."""

import json
from datetime import UTC
from datetime import datetime
from pathlib import Path

import pytest

from aggregator.errors import ConfigError
from aggregator.errors import ParseError
from aggregator.intake import digest as module
from aggregator.intake.digest import digest
from aggregator.intake.mend import MAX_ITEMS
from aggregator.intake.reconcile import Past
from aggregator.intake.reconcile import reconcile
from aggregator.intake.task import Task
from aggregator.model import Category
from aggregator.model import Digest
from aggregator.model import Item
from aggregator.model import Rejection
from aggregator.model import SourceHints

FEEDS = Path(__file__).parents[1] / "data" / "feeds"
DOCUMENTS = sorted(path for path in FEEDS.iterdir() if path.suffix != ".json")
NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
RSS = '<rss version="2.0"><channel><title>Tin</title>{}</channel></rss>'


def read(body: bytes) -> Digest:
    return digest(
        body,
        url="http://so.example.vn/rss/tin.rss",
        hints=SourceHints(category=Category.DOCUMENT),
        timezone="Asia/Ho_Chi_Minh",
        now=NOW,
    )


def written(item: Item) -> dict[str, object]:
    return {
        "keys": list(item.keys),
        "guid": item.guid,
        "title": item.title,
        "link": item.link,
        "html": item.html,
        "text": item.text,
        "given": item.given.isoformat() if item.given else "",
        "enclosures": [[e.url, e.type, e.length, e.title] for e in item.enclosures],
        "author": item.author,
        "tags": list(item.tags),
    }


def expected(item: dict[str, object]) -> dict[str, object]:
    """Fill in what the file leaves out: absent is empty, or as its neighbour."""
    keys = item["keys"]
    assert isinstance(keys, list)
    html = item.get("html", "")
    rest = {"given": "", "enclosures": [], "author": "", "tags": []}
    return {**rest, "guid": keys[0], "html": html, "text": html, **item}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_document_gives_what_stands_beside_it(path):
    wanted = json.loads(path.with_suffix(".json").read_text("utf-8"))
    found = read(path.read_bytes())
    assert [written(item) for item in found.items] == [
        expected(item) for item in wanted["items"]
    ]
    rejected = [[each.position, each.reason] for each in found.rejections]
    assert rejected == wanted.get("rejections", [])
    assert found.complete is wanted["complete"]
    assert found.cut is wanted.get("cut", False)
    assert found.feed_title == wanted.get("feed_title", "Tin")
    assert found.generator == wanted.get("generator", "")


def test_every_expectation_has_its_document():
    stems = {path.stem for path in DOCUMENTS}
    assert stems == {path.stem for path in FEEDS.glob("*.json")}
    assert len(stems) > 20


def test_items_are_understood():
    body = RSS.format("<item><guid>n1</guid><title>Tin lớp 6 THCS</title></item>")
    (item,) = read(body.encode()).items
    assert item.meaning.category is Category.DOCUMENT


def test_what_the_feed_asks_for_and_whether_it_is_cut_are_passed_on():
    head = (
        "<ttl>30</ttl><skipHours><hour>2</hour></skipHours>"
        "<skipDays><day>Sunday</day></skipDays>"
    )
    found = read(RSS.format(head).encode())
    assert (found.ttl_minutes, found.cut) == (30, False)
    assert (found.skip_hours, found.skip_days) == (frozenset({2}), frozenset({6}))
    assert read(RSS.format(head).encode().removesuffix(b"</rss>")).cut


def test_document_that_is_no_feed_is_an_error():
    with pytest.raises(ParseError):
        read(b"<html><body>Login</body></html>")


def test_numbers_balance_beyond_the_limit():
    items = "".join(f"<item><guid>n{n}</guid></item>" for n in range(MAX_ITEMS + 5))
    found = read(RSS.format(items).encode())
    assert len(found.items) == MAX_ITEMS
    assert [each.reason for each in found.rejections] == ["too_many"] * 5
    assert found.rejections[0].position == MAX_ITEMS


def test_broken_entry_does_not_stop_the_rest(monkeypatch, caplog):
    whole = module.normalize

    def fails_once(entry, **rest):
        if entry.guid == "n2":
            raise ZeroDivisionError("chia cho không")
        return whole(entry, **rest)

    monkeypatch.setattr(module, "normalize", fails_once)
    items = "".join(f"<item><guid>n{n}</guid></item>" for n in (1, 2, 3))
    found = read(RSS.format(items).encode())
    assert [item.guid for item in found.items] == ["n1", "n3"]
    assert found.rejections == (
        Rejection(
            position=1, reason="broken", detail="ZeroDivisionError('chia cho không')"
        ),
    )
    assert "entry 1" in caplog.text


def test_what_the_feed_calls_itself_is_copied_with_each_entry():
    items = read(RSS.format("<item><guid>1</guid><title>Một</title></item>").encode())
    assert items.items[0].raw["feed_title"] == "Tin"
    assert items.items[0].raw["title"] == "Một"


def test_entries_that_share_a_page_and_have_no_guid_stay_several():
    """All link to the page that lists them: it names none of them."""
    entries = "".join(
        f"<item><title>Thư mời họp</title><link>http://so.example.vn/thu-moi/</link>"
        f"<pubDate>0{day} Nov 2026 08:00:00 +0700</pubDate></item>"
        for day in (3, 2)
    )
    found = read(RSS.format(entries).encode())
    assert all("so.example.vn/thu-moi/" not in item.keys for item in found.items)
    plan = reconcile(found, Past(), source_id="so", now=NOW)
    assert (len(plan.new), plan.duplicate) == (2, 0)


def test_entries_of_a_shared_link_and_nothing_else_are_read():
    link = "<link>http://so.example.vn/</link>"
    entries = f"<item>{link}</item><item>{link}<title>Một</title></item>"
    found = read(RSS.format(entries).encode())
    assert all(item.keys for item in found.items)
    plan = reconcile(found, Past(), source_id="so", now=NOW)
    assert len(plan.new) == 2


def test_a_broken_base_is_none():
    entry = "<item xml:base='//[::1'><title>Lịch</title><link>a.html</link></item>"
    (item,) = read(RSS.format(entry).encode()).items
    assert item.title == "Lịch"


def test_one_entry_listed_twice_is_one():
    entry = "<item><title>Lịch</title><link>http://so.example.vn/a.html</link></item>"
    found = read(RSS.format(entry * 2).encode())
    plan = reconcile(found, Past(), source_id="so", now=NOW)
    assert (len(plan.new), plan.duplicate) == (1, 1)


@pytest.mark.parametrize("ruined", ["Së Gi\xb8o dôc vµ §µo t¹o", "Sôû Giaùo duïc"])
@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("utf-8", "utf-8"), ("latin-1", "utf-8"), ("latin-1", "iso-8859-1")],
)
def test_old_encodings_are_undone_in_titles_and_texts(ruined, encoding, declared):
    item = f"<item><title>{ruined}</title><description>&lt;p&gt;{ruined}"
    item += "&lt;/p&gt;</description></item>"
    head = f'<?xml version="1.0" encoding="{declared}"?>'
    (read_item,) = read((head + RSS.format(item)).encode(encoding)).items
    assert read_item.title.startswith("Sở Giáo dục")
    assert read_item.html == f"<p>{read_item.title}</p>"
    assert read_item.raw["title"] == ruined
    assert "damaged" not in read_item.meaning.facets


def test_a_suspected_encoding_is_shown_and_changes_nothing():
    (item,) = read(RSS.format("<item><title>Ngaøy mai</title></item>").encode()).items
    assert item.title == "Ngaøy mai"
    assert item.meaning.facets == {"damaged": ("vni",)}


def test_rules_of_ones_own_reach_the_items_of_a_document(tmp_path):
    rules = '[[rule]]\nsays = "x"\ncategory = "invitation"\nwhere = "title"\n'
    (tmp_path / "categories.toml").write_text(rules + 'words = ["gặp mặt"]\n')
    task = Task(
        body=RSS.format("<item><title>Buổi gặp mặt</title></item>").encode(),
        rules=str(tmp_path),
        now=NOW,
    )
    (item,) = module.run(task).items
    assert item.meaning.category is Category.INVITATION


def test_rules_that_cannot_be_read_cost_no_entry(tmp_path):
    (tmp_path / "categories.toml").write_text("rule = 1")
    task = Task(body=RSS.format("<item/>").encode(), rules=str(tmp_path), now=NOW)
    with pytest.raises(ConfigError):
        module.run(task)
