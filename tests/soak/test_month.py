"""A month of faults, restarts and holidays: nothing lost, doubled or told wrongly.

`make test` runs it with 20 sources, `make soak` with 200 as well.
"""

import logging
import os
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from aggregator.model import Outcome
from aggregator.store import schema
from aggregator.store.engine import open_store
from tests.soak.faults import NETWORK
from tests.soak.faults import OF_A_HOST
from tests.soak.faults import planned
from tests.soak.month import BRISK
from tests.soak.month import CLOSE_UP
from tests.soak.month import Month
from tests.soak.world import END
from tests.soak.world import MINUTE
from tests.soak.world import START
from tests.soak.world import WINDOW
from tests.soak.world import Feed
from tests.soak.world import portals

SOAK = pytest.mark.skipif(
    os.environ.get("AGGREGATOR_SOAK") != "1",
    reason="a long run: `make soak`, or AGGREGATOR_SOAK=1",
)
SIZES = [
    pytest.param(20, marks=pytest.mark.timeout(600)),  # a minute, on a quiet machine
    pytest.param(200, marks=[SOAK, pytest.mark.timeout(3600)]),
]
_NUMBER = re.compile(r"(\d+)(?:\.html)?$")


@pytest.fixture(scope="module", params=SIZES, ids="{} sources".format)
def month(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Month]:
    """Live through the month once; the tests look at what is left of it."""
    folder: Path = tmp_path_factory.mktemp("month")
    feeds = portals(request.param)
    store = open_store(f"sqlite:///{folder}/store.db")
    logging.disable(logging.CRITICAL)  # a line for each pull
    try:
        pace = BRISK if request.param < 100 else CLOSE_UP
        month = Month(store, feeds, planned(feeds), pace)
        month.run()
        yield month
    finally:
        logging.disable(logging.NOTSET)
        store.close()


def published(feed: Feed) -> set[int]:
    """List what a feed has ever shown from the beginning of the month on."""
    before = {post.n for post in feed.listed(START)}
    return before | {post.n for post in feed.posts if START <= post.at < END}


def sightings(month: Month) -> dict[str, dict[int, Any]]:
    """List what is stored, by source and number; each number once."""
    seen, version = schema.sightings.c, schema.versions.c
    query = (
        sa.select(
            *(schema.sources.c.id, seen.guid, seen.state, seen.notice_id),
            *(seen.published_at, version.title, version.n),
        )
        .join_from(schema.sightings, schema.sources)
        .join(
            schema.versions,
            (version.sighting_pk == seen.pk) & (version.n == seen.version),
        )
    )
    found: dict[str, dict[int, Any]] = {feed.id: {} for feed in month.feeds}
    for row in month.rows(query):
        match = _NUMBER.search(row.guid)
        assert match is not None
        assert int(match[1]) not in found[row.id], f"{row.guid} of {row.id} is doubled"
        found[row.id][int(match[1])] = row
    return found


def attempts(month: Month) -> list[Any]:
    table = schema.attempts
    query = sa.select(schema.sources.c.id.label("source"), table)
    return month.rows(query.join_from(table, schema.sources).order_by(table.c.pk))


# --- Items --------------------------------------------------------------------


def test_everything_in_reach_is_stored_once(month: Month) -> None:
    stored = sightings(month)
    notices = [row.notice_id for rows in stored.values() for row in rows.values()]
    assert len(notices) == len(set(notices))
    for feed in month.feeds:
        assert stored[feed.id].keys() >= month.saved[feed.id].keys()
        assert stored[feed.id].keys() <= published(feed)


def test_what_is_missing_scrolled_out_in_an_outage_and_left_a_gap(month: Month) -> None:
    stored = sightings(month)
    gaps = [(each.source, each.at) for each in attempts(month) if each.gap]
    lost = {feed.id: published(feed) - stored[feed.id].keys() for feed in month.feeds}
    assert any(lost.values()), "the month is too easy"
    for feed in month.feeds:
        explained = {
            post.n
            for source, at in gaps
            if source == feed.id
            for post in _unseen(month, feed, at)
        }
        briefly = {
            post.n
            for post in feed.posts
            if post.gone_at and not _answered(month, feed, post.at, post.gone_at)
        }
        assert lost[feed.id] <= explained | briefly, feed.id


def _answered(
    month: Month, feed: Feed, after: datetime, before: datetime
) -> list[datetime]:
    """List when a source gave what was asked for, between two moments."""
    return [
        report.attempt.at
        for report in month.reports[feed.id]
        if report.attempt.outcome is not Outcome.FAILED
        and after <= report.attempt.at < before
    ]


def _unseen(month: Month, feed: Feed, gap_at: datetime) -> list[Any]:
    """List what came and scrolled out between a gap and the pull before it."""
    last = max(_answered(month, feed, START, gap_at))
    assert any(
        last <= start <= gap_at
        for start in (
            NETWORK[0],
            *(fault.start for fault in month.faults if feed.id in fault.feeds),
        )
    ), f"{feed.id} has a gap although nothing was wrong"
    new = [post for post in feed.posts if last < post.at <= gap_at]
    return new[:-WINDOW]


def test_what_was_edited_last_is_what_stands(month: Month) -> None:
    stored = sightings(month)
    for feed in month.feeds:
        rows = stored[feed.id]
        if feed.oddity == "flips":  # held until it ends
            assert max(row.n for row in rows.values()) <= 4
            continue
        wrong = {
            (rows[n].title, title)
            for n, title in month.saved[feed.id].items()
            if rows[n].title != title
        }
        assert wrong == set(), feed.id
        edits = {row.n for row in rows.values()} - {1}
        assert bool(edits) == (feed.oddity in ("edits", "moves")), feed.id


def test_dates_are_those_of_the_source_or_of_our_first_sight(month: Month) -> None:
    stored = sightings(month)
    for feed in month.feeds:
        posts = {post.n: post for post in feed.posts}
        for n, row in stored[feed.id].items():
            late = row.published_at - posts[n].at
            if feed.oddity == "undated":
                assert row.published_at >= START - MINUTE
            elif feed.oddity == "nukeviet":
                assert abs(late) < 60 * MINUTE
            elif feed.oddity != "redates":
                assert abs(late) < MINUTE, (feed.id, n)


def test_only_what_was_taken_away_is_withdrawn(month: Month) -> None:
    stored = sightings(month)
    for feed in month.feeds:
        away = {post.n for post in feed.posts if post.gone_at and not post.page_stands}
        hidden = {post.n for post in feed.posts if post.gone_at and post.page_stands}
        rows = stored[feed.id]
        withdrawn = {n for n, row in rows.items() if row.state == "withdrawn"}
        unsure = {n for n, row in rows.items() if row.state == "maybe_withdrawn"}
        assert withdrawn == away & rows.keys(), feed.id
        assert unsure == hidden & rows.keys(), feed.id
    table = schema.notices.c
    states = Counter(month.rows(sa.select(table.state)))
    assert states[("shown",)] > 0.9 * states.total()


# --- Accounts -----------------------------------------------------------------


def test_every_document_balances(month: Month) -> None:
    for each in attempts(month):
        parts = each.new + each.changed + each.unchanged + each.duplicate
        assert each.entries == parts + each.rejected, each


def test_every_attempt_is_written_down(month: Month) -> None:
    table = schema.attempt_days.c
    counted = month.rows(
        sa.select(sa.func.sum(table.not_modified), sa.func.sum(table.same_body))
    )
    reports = Counter(
        report.attempt.outcome
        for reports in month.reports.values()
        for report in reports
    )
    unchanged = (reports[Outcome.NOT_MODIFIED], reports[Outcome.SAME_BODY])
    assert counted == [unchanged]
    assert len(attempts(month)) + sum(unchanged) == reports.total()
    assert month.restarts > 5


# --- What is told -------------------------------------------------------------


def expected_turns(month: Month) -> Counter[tuple[str, str, str]]:
    """Say what people are to be told of the month."""
    bad = [("network", "network")]
    for fault in month.faults:
        if fault.kind not in ("limited", "overloaded"):  # for days, until it is told
            bad += _told_of(month, fault)
    gaps = [("gap", each.source) for each in attempts(month) if each.gap]
    turns = [(turn, *each) for turn in ("bad", "well") for each in bad + gaps]
    silent = [f.id for f in month.feeds if f.oddity == "silent"]
    return Counter(turns) + Counter(("bad", "quiet", id_) for id_ in silent)


def _told_of(month: Month, fault: Any) -> list[tuple[str, str]]:
    least = 1 if fault.kind == "gone" else 2  # attempts that confirm it
    sure = [id_ for id_, count in month.failed(fault).items() if count >= least]
    if fault.kind in OF_A_HOST and len(fault.feeds) > 1:
        return [("host", fault.host)] * bool(sure)
    return [("source", id_) for id_ in sure]


def test_every_turn_is_told_exactly_once(month: Month) -> None:
    told = Counter({t: n for t, n in month.told().items() if t[0] != "note"})
    expected = expected_turns(month)
    assert (told - expected, expected - told) == (Counter(), Counter())


def test_habits_are_told(month: Month) -> None:
    kinds = {
        **{"moves": "moved", "redirects": "redirected", "flips": "flipping"},
        **{"redates": "redated", "stale": "stale_304"},
    }
    habits = {(kinds[f.oddity], f.id) for f in month.feeds if f.oddity in kinds}
    notes = {key[1:]: n for key, n in month.told().items() if key[0] == "note"}
    assert notes.keys() == habits
    again = {key for key, n in notes.items() if n > 1}
    assert {kind for kind, _ in again} <= {"stale_304", "redated"}


def test_our_own_network_costs_nobody_anything(month: Month) -> None:
    end = NETWORK[1]
    for feed in month.feeds:
        assert _answered(month, feed, end, end + 5 * MINUTE), feed.id


def test_nobody_is_quiet_but_who_fell_silent(month: Month) -> None:
    table = schema.incidents.c
    quiet = month.rows(
        sa.select(table.subject, table.since).where(table.kind == "quiet")
    )
    silent = {feed.id for feed in month.feeds if feed.oddity == "silent"}
    assert {row.subject for row in quiet} == silent
    assert min(row.since for row in quiet) > NETWORK[1]  # not during the holidays


def test_at_the_end_all_is_well(month: Month) -> None:
    table = schema.sources.c
    query = sa.select(table.id).where(table.failing_since.is_not(None) | table.gap)
    assert month.rows(query) == []
