"""The benchmark's own bookkeeping: what is published, what counts as lost, ratios."""

import re
from datetime import UTC
from datetime import datetime

import pytest

from aggregator.intake.digest import digest
from aggregator.model import SourceHints
from aggregator.store import schema
from bench.growth import COPIES
from bench.process import Measured
from bench.report import goals
from bench.report import table
from bench.upstream import WINDOW
from bench.upstream import City
from bench.upstream import fault_of
from bench.works import Row
from bench.works import differences

NOW = datetime(2026, 11, 28, tzinfo=UTC)


def test_each_kind_of_feed_is_read_whole_and_names_each_item_once() -> None:
    city = City(4, 80)
    guids: set[str] = set()
    for feed in city.feeds.values():
        found = digest(
            feed.body, hints=SourceHints(), timezone="Asia/Ho_Chi_Minh", now=NOW
        )
        assert sorted(i.guid for i in found.items) == sorted(feed.guids())
        assert all(item.text and item.given for item in found.items)
        guids |= set(feed.guids())
    assert len(guids) == 4 * WINDOW


def test_publishing_gives_some_feeds_one_new_item_and_another_etag() -> None:
    city = City(20, 80)
    before = {number: feed.etag for number, feed in city.feeds.items()}
    city.order("/_/publish?percent=10")
    changed = [n for n, feed in city.feeds.items() if feed.etag != before[n]]
    assert len(changed) == 2
    for number in changed:
        feed = city.feeds[number]
        assert len(feed.guids()) == WINDOW + 1
        assert feed.listed() == feed.guids()[1:]


def test_a_fifth_of_the_feeds_has_faults() -> None:
    assert len(fault_of(1000)) == 190
    assert fault_of(1000) == fault_of(1000)


def test_what_is_missing_and_what_is_strange_is_named() -> None:
    published = {(1, "a"), (1, "b"), (2, "a")}
    assert list(differences(published, published, published)) == []
    held = {(1, "a"), (2, "a"), (2, "x")}
    missing, strange = differences(held, published, published)
    assert "1 of 3 items are missing: 1/b" in missing
    assert "1 items that nobody published: 2/x" in strange


def _row(work: str, who: str, *seconds: float) -> Row:
    runs = [Measured(seconds=each, memory=100_000_000) for each in seconds]
    return Row(work, who, runs)


def test_goals_are_held_against_medians() -> None:
    rows = {
        ("T1", "ours"): _row("T1", "ours", 3.0, 2.0, 9.0),
        ("T1", "reader"): _row("T1", "reader", 21.0, 30.0, 1.0),
    }
    times, memory = goals(rows, 1000)
    assert times == {
        "goal": "T1: times faster than reader",
        "is": 7.0,
        "wanted": "≥ 6",
        "met": True,
    }
    assert (memory["is"], memory["met"]) == (100.0, True)


def test_a_wrong_count_shows_in_the_table() -> None:
    wrong = _row("T1", "reader", 1.0)
    wrong.faults.append("3 of 20 items are missing")
    rows = {("T1", "ours"): _row("T1", "ours", 2.0), ("T1", "reader"): wrong}
    lines = table(rows, 20).splitlines()
    assert "INVALID" not in lines[2]
    assert lines[3].endswith("| 2.00 | INVALID |")


@pytest.mark.parametrize("statement", COPIES)
def test_what_is_copied_to_make_a_store_large_is_whole(statement: str) -> None:
    name, columns = re.match(r"INSERT INTO (\w+) \(([^)]*)\)", statement).groups()
    needed = {
        column.name
        for column in schema.metadata.tables[name].c
        if not column.nullable and column.server_default is None
    }
    assert needed - set(re.split(r",\s+", columns)) <= {"pk"}
