"""Plans made rows, and Views read back, on every database."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from aggregator.intake.reconcile import Past
from aggregator.intake.reconcile import reconcile
from aggregator.intake.saving import plan_of
from aggregator.model import ALL_LEVELS
from aggregator.model import Category
from aggregator.model import Digest
from aggregator.model import DocumentFacts
from aggregator.model import Enclosure
from aggregator.model import Event
from aggregator.model import Item
from aggregator.model import Level
from aggregator.model import Notice
from aggregator.model import Plan
from aggregator.model import Reach
from aggregator.model import Reference
from aggregator.model import Settings
from aggregator.model import SourceRow
from aggregator.model import View
from aggregator.store import archives
from aggregator.store import items as stored_items
from aggregator.store import known as stored_known
from aggregator.store import schema
from aggregator.store import scope
from aggregator.store import sources as stored_sources
from aggregator.store import views
from aggregator.store.engine import Store
from aggregator.store.views import read_notice
from aggregator.store.views import read_view
from aggregator.store.views import view_version
from tests.conftest import NOW
from tests.conftest import authority
from tests.conftest import item
from tests.conftest import meaning
from tests.conftest import settings
from tests.conftest import source

Declare = Callable[..., None]
SAID = settings(
    source("so-tin", url="http://so.example/rss/tin.rss"),
    source("so-tb", url="http://so.example/rss/tb.rss", category=Category.ANNOUNCEMENT),
    source("q1", url="http://quan1.example/rss/", authority="quan-1"),
    source("ward", url="http://phuong.example/rss/", authority="ward"),
    authorities=(
        authority("quan-1", parent="so", until=date(2025, 6, 30)),
        authority("ward", parent="so"),
    ),
)


def row_of(store: Store, name: str, said: Settings = SAID) -> SourceRow:
    """Lease one source and give it as a puller sees it."""
    with store.write() as connection:
        (row,) = stored_sources.claim(
            connection,
            said.sources,
            now=NOW,
            owner="test",
            until=NOW + timedelta(minutes=1),
            wanted=[name],
            dead=["test"],
        )
    return row


def pull(store: Store, name: str, *items: Item, now: datetime = NOW) -> Plan:
    """Store a document of these items as one pull of a source does."""
    row = row_of(store, name)
    with store.write() as connection:
        plan = plan_of(connection, row, Digest(items=items), now)
        stored_items.apply(connection, [(row, plan)], now)
    return plan


def view(
    *reach: str | Reach, levels: frozenset[Level] = ALL_LEVELS, **more: object
) -> View:
    """Make a View that reaches these authorities."""
    options: dict[str, object] = {"categories": frozenset(Category)}
    return View(
        audience="test",
        reach=tuple(Reach(authority=r) if isinstance(r, str) else r for r in reach),
        levels=levels,
        **(options | more),
    )


def read(store: Store, wanted: View, **more: object) -> list[Notice]:
    """Read a View in a transaction of its own."""
    with store.read() as connection:
        return read_view(connection, wanted, **more)


def titles(store: Store, wanted: View) -> list[str]:
    """Read a View's titles without the words they share."""
    return [n.title.removeprefix("Tiêu đề ") for n in read(store, wanted)]


def counts(store: Store) -> dict[str, int]:
    """Count the rows of every table that holds items."""
    with store.read() as connection:
        return {
            table.name: connection.scalar(sa.select(sa.func.count()).select_from(table))
            for table in (
                schema.notices,
                schema.sightings,
                schema.keys,
                schema.versions,
                schema.labels,
                schema.changes,
                schema.outbox,
            )
        }


def test_an_item_comes_back_as_it_went_in(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    facts = replace(
        meaning(Category.DOCUMENT, Level.PRIMARY),
        document=DocumentFacts(
            number="1161/SGDĐT-QLT",
            type="công văn",
            issued=date(2026, 3, 25),
            abstract="hướng dẫn tuyển sinh",
        ),
        references=(
            Reference(kind="replaces", number="8/SGDĐT-VP"),
            Reference(kind="refers", number="17/CT-TTg"),
        ),
        deadline=date(2026, 12, 5),
        event=Event(start=NOW + timedelta(days=5), place="Hội trường A"),
        facets={"urgency": ("khan",)},
    )
    file = Enclosure(url="http://so.example/a.pdf", type="application/pdf", length=12)
    went = item("a", meaning=facts, enclosures=(file,), author="Văn phòng")
    plan = pull(store, "so-tin", went)
    (came,) = read(store, view("so"))
    assert came.id == plan.new[0].notice
    assert (came.title, came.link, came.html, came.text) == (
        went.title,
        went.link,
        went.html,
        went.text,
    )
    assert came.published == went.given
    assert came.first_seen == NOW
    assert came.category is Category.DOCUMENT
    assert came.levels == {Level.PRIMARY}
    assert came.enclosures == (file,)
    assert came.document == facts.document
    assert came.deadline == facts.deadline
    assert came.event == facts.event
    assert came.references == facts.references
    assert came.facets == {"urgency": ("khan",)}
    assert (came.source, came.authority, came.guid) == ("so-tin", "so", "a")


def test_the_same_again_writes_no_row(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    pull(store, "so-tin", item("a"), item("b"))
    before = counts(store)
    plan = pull(store, "so-tin", item("a"), item("b"), now=NOW + timedelta(hours=1))
    assert plan.unchanged == 2
    assert counts(store) == before


def test_an_edit_keeps_the_old_version(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    pull(store, "so-tin", item("a"))
    later = NOW + timedelta(hours=1)
    edited = item(
        "a", title="Đính chính", fingerprint="khác", raw={"title": "Đính chính"}
    )
    pull(store, "so-tin", edited, now=later)
    (came,) = read(store, view("so"))
    assert came.title == "Đính chính"
    assert came.updated == later
    assert came.published == NOW - timedelta(hours=1)
    with store.read() as connection:
        versions = connection.execute(
            sa.select(
                schema.versions.c.n, schema.versions.c.title, schema.versions.c.raw
            ).order_by(schema.versions.c.n)
        ).all()
    assert [(v.n, v.title) for v in versions] == [(1, "Tiêu đề a"), (2, "Đính chính")]
    assert versions[1].raw == {"title": "Đính chính"}


def test_a_label_that_no_longer_holds_is_ended(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    pull(store, "so-tin", item("a", meaning=meaning(Category.NEWS, Level.PRIMARY)))
    later = NOW + timedelta(hours=1)
    changed = meaning(Category.NEWS, Level.PRIMARY, Level.PRESCHOOL)
    pull(store, "so-tin", item("a", fingerprint="2", meaning=changed), now=later)
    last = meaning(Category.NEWS, Level.PRESCHOOL)
    end = later + timedelta(hours=1)
    pull(store, "so-tin", item("a", fingerprint="3", meaning=last), now=end)
    label = schema.labels.c
    with store.read() as connection:
        rows = connection.execute(
            sa.select(label.value, label.from_at, label.to_at)
            .where(label.facet == "level")
            .order_by(label.pk)
        ).all()
    assert [tuple(row) for row in rows] == [
        ("primary", NOW, end),
        ("preschool", later, None),
    ]


def test_newest_first_and_no_more_than_asked(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    days = {"a": 3, "b": 1, "c": 2}
    items = [item(n, given=NOW - timedelta(days=d)) for n, d in days.items()]
    pull(store, "so-tin", *items)
    assert titles(store, view("so")) == ["b", "c", "a"]
    assert titles(store, view("so", limit=2)) == ["b", "c"]


LEVELS = {
    "mn": (Level.PRESCHOOL,),
    "th": (Level.PRIMARY,),
    "all": (),
    "thcs-thpt": (Level.LOWER_SECONDARY, Level.UPPER_SECONDARY),
}


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ({Level.PRESCHOOL}, {"mn", "all"}),
        ({Level.UPPER_SECONDARY}, {"thcs-thpt", "all"}),
        ({Level.CONTINUING}, {"all"}),
        ({Level.PRESCHOOL, Level.LOWER_SECONDARY}, {"mn", "thcs-thpt", "all"}),
        (ALL_LEVELS, set(LEVELS)),
    ],
    ids=lambda value: "+".join(sorted(value)),
)
def test_a_view_shows_its_levels_and_what_is_for_all(
    store: Store, declare: Declare, levels: set[Level], expected: set[str]
) -> None:
    declare(store, SAID)
    items = [item(n, meaning=meaning(Category.NEWS, *ls)) for n, ls in LEVELS.items()]
    pull(store, "so-tin", *items)
    assert set(titles(store, view("so", levels=frozenset(levels)))) == expected


def test_an_audience_sees_what_it_reaches(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    pull(store, "so-tin", item("so"))
    pull(store, "ward", item("ward"))
    old = item("old", given=datetime(2025, 6, 30, 16, 59, tzinfo=UTC))  # 23:59 there
    late = item("late", given=datetime(2025, 6, 30, 17, 0, tzinfo=UTC))
    pull(store, "q1", old, late)
    ended = Reach(authority="quan-1", until=date(2025, 6, 30))
    assert set(titles(store, view("ward", "so", ended))) == {"so", "ward", "old"}
    assert set(titles(store, view("quan-1", "so"))) == {"so", "old", "late"}
    assert titles(store, view("nowhere")) == []


def test_two_sources_of_a_portal_make_one_notice(
    store: Store, declare: Declare
) -> None:
    declare(store, SAID)
    pull(store, "so-tin", item("news_12", meaning=meaning(Category.NEWS)))
    later = NOW + timedelta(minutes=5)
    other = item("news_12", meaning=meaning(Category.ANNOUNCEMENT))
    pull(store, "so-tb", other, now=later)
    (came,) = read(store, view("so"))
    assert came.category is Category.NEWS  # the earliest place is its face
    assert came.categories == (Category.NEWS, Category.ANNOUNCEMENT)
    assert [place.source for place in came.also_at] == ["so-tb"]
    for category in came.categories:
        only = view("so", categories=frozenset({category}))
        assert len(read(store, only)) == 1
    assert read(store, view("so", categories=frozenset({Category.DOCUMENT}))) == []


def test_two_portals_with_one_guid_are_two_notices(
    store: Store, declare: Declare
) -> None:
    declare(store, SAID)
    pull(store, "so-tin", item("news_1"))
    pull(store, "ward", item("news_1"))
    assert len(read(store, view("so", "ward"))) == 2


def test_a_notice_is_found_by_its_id(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    plan = pull(store, "so-tin", item("a"))
    with store.read() as connection:
        found = read_notice(connection, view("so"), plan.new[0].notice)
        hidden = read_notice(connection, view("ward"), plan.new[0].notice)
    assert found is not None and found.title == "Tiêu đề a"
    assert hidden is None


def test_a_view_is_filtered_by_source_and_first_sight(
    store: Store, declare: Declare
) -> None:
    declare(store, SAID)
    pull(store, "so-tin", item("a"))
    later = NOW + timedelta(hours=1)
    pull(store, "so-tb", item("b"), now=later)
    assert [n.title for n in read(store, view("so"), source="so-tb")] == ["Tiêu đề b"]
    assert [n.title for n in read(store, view("so"), since=later)] == ["Tiêu đề b"]


def test_a_view_shows_how_it_stood_on_a_day(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    pull(store, "so-tin", item("a"))
    edited = item("a", title="Sửa", fingerprint="khác")
    pull(store, "so-tin", edited, item("b"), now=NOW + timedelta(days=2))
    assert titles(store, view("so", on=NOW.date())) == ["a"]
    assert titles(store, view("so", on=NOW.date() - timedelta(days=1))) == []
    today = titles(store, view("so", on=NOW.date() + timedelta(days=2)))
    assert sorted(today) == ["Sửa", "b"]


# --- Versions of selections ---------------------------------------------------


def stamp(store: Store, wanted: View) -> str:
    """Read a selection's version."""
    with store.read() as connection:
        return view_version(connection, wanted).stamp


def test_only_the_selections_that_change_get_a_new_version(
    store: Store, declare: Declare
) -> None:
    declare(store, SAID)
    mine = view("ward", "so", levels=frozenset({Level.PRIMARY}))
    others = {
        "another level": view("ward", "so", levels=frozenset({Level.PRESCHOOL})),
        "another authority": view("quan-1", levels=frozenset({Level.PRIMARY})),
        "another category": view("so", categories=frozenset({Category.DOCUMENT})),
    }
    before = {name: stamp(store, other) for name, other in others.items()}
    first = stamp(store, mine)
    pull(store, "so-tin", item("a", meaning=meaning(Category.NEWS, Level.PRIMARY)))
    second = stamp(store, mine)
    assert second != first
    assert {name: stamp(store, other) for name, other in others.items()} == before
    pull(store, "so-tin", item("a", meaning=meaning(Category.NEWS, Level.PRIMARY)))
    assert stamp(store, mine) == second


def test_a_selection_that_loses_an_item_gets_a_new_version(
    store: Store, declare: Declare
) -> None:
    declare(store, SAID)
    pull(store, "so-tin", item("a", meaning=meaning(Category.NEWS, Level.PRIMARY)))
    primary = view("so", levels=frozenset({Level.PRIMARY}))
    before = stamp(store, primary)
    moved = meaning(Category.NEWS, Level.PRESCHOOL)
    pull(store, "so-tin", item("a", fingerprint="2", meaning=moved))
    assert stamp(store, primary) != before
    assert read(store, primary) == []


def test_a_new_place_changes_the_feeds_of_the_older_ones(
    store: Store, declare: Declare
) -> None:
    """An item of a news feed names all its categories; a second place adds one."""
    declare(store, SAID)
    pull(store, "so-tin", item("news_12"))
    news = view("so", categories=frozenset({Category.NEWS}))
    before = stamp(store, news)
    pull(store, "so-tb", item("news_12", meaning=meaning(Category.ANNOUNCEMENT)))
    assert stamp(store, news) != before


def test_the_change_sequence_has_no_holes(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    pull(store, "so-tin", item("a"), item("b"))
    pull(store, "ward", item("c"))
    pull(store, "so-tin", item("a", fingerprint="2"))
    with store.read() as connection:
        rows = connection.execute(
            sa.select(schema.changes.c.seq, schema.changes.c.kind).order_by("seq")
        ).all()
        payloads = connection.scalars(sa.select(schema.outbox.c.payload)).all()
    assert [row.seq for row in rows] == [1, 2, 3, 4]
    assert [row.kind for row in rows] == ["new", "new", "new", "changed"]
    assert [(p["source"], p["from_seq"], p["to_seq"]) for p in payloads] == [
        ("so-tin", 1, 2),
        ("ward", 3, 3),
        ("so-tin", 4, 4),
    ]


def test_a_plan_that_fails_half_way_leaves_nothing(
    store: Store, declare: Declare
) -> None:
    declare(store, SAID)
    row = row_of(store, "so-tin")
    good = reconcile(Digest(items=(item("a"),)), Past(), source_id="so-tin", now=NOW)
    twice = replace(good, new=good.new * 2)  # the same key twice cannot be
    with pytest.raises(sa.exc.IntegrityError), store.write() as connection:
        stored_items.apply(connection, [(row, twice)], NOW)
    assert set(counts(store).values()) == {0}


# --- The window ---------------------------------------------------------------


def test_a_back_dated_item_enters_the_feeds_that_are_read(
    store: Store, declare: Declare
) -> None:
    """A clerk types a document in two months late: it must not go unread."""
    declare(store, SAID)
    recent = [item(f"tin-{n}", given=NOW - timedelta(hours=n)) for n in range(1, 9)]
    pull(store, "so-tin", *recent)
    late = item("van-ban", given=NOW - timedelta(days=60))
    pull(store, "so-tin", late, *recent, now=NOW + timedelta(hours=1))
    found = [notice.guid for notice in read(store, view("so", limit=3))]
    assert found == ["tin-1", "tin-2", "van-ban"]


def test_what_a_new_source_brings_floods_nobody(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    recent = [item(f"tin-{n}", given=NOW - timedelta(hours=n)) for n in range(1, 4)]
    pull(store, "so-tin", *recent)
    old = [item(f"cu-{n}", given=NOW - timedelta(days=400 + n)) for n in range(20)]
    pull(store, "so-tb", *old, now=NOW + timedelta(hours=1))
    found = [notice.guid for notice in read(store, view("so", limit=3))]
    assert found == ["tin-1", "tin-2", "tin-3"]


def test_by_date_the_window_is_that_of_the_newest(
    store: Store, declare: Declare
) -> None:
    declare(store, SAID)
    recent = [item(f"tin-{n}", given=NOW - timedelta(hours=n)) for n in range(1, 5)]
    pull(store, "so-tin", *recent)
    late = item("van-ban", given=NOW - timedelta(days=60))
    pull(store, "so-tin", late, *recent, now=NOW + timedelta(hours=1))
    by_date = view("so", limit=3, by_entry=False)
    assert [n.guid for n in read(store, by_date)] == ["tin-1", "tin-2", "tin-3"]


# --- The window ---------------------------------------------------------------


def test_a_further_place_moves_a_notice_nowhere(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    pull(store, "so-tin", item("a"))  # the first document: enters by its date
    pull(store, "so-tb", item("b"), now=NOW + timedelta(minutes=1))
    later = NOW + timedelta(hours=1)
    plan = pull(store, "so-tb", item("a"), item("b"), now=later)
    assert [new.minted for new in plan.new] == [False]
    with store.read() as connection:
        seen, notice = schema.sightings.c, schema.notices.c
        rows = connection.execute(
            sa.select(seen.entered_at, notice.entered_at)
            .join(schema.notices, notice.id == seen.notice_id)
            .where(seen.guid == "a")
        ).all()
    assert rows == [(NOW - timedelta(hours=1), NOW - timedelta(hours=1))] * 2


def _many(store: Store, declare: Declare) -> None:
    """Fill every source, with ties, levels, categories and second places."""
    declare(store, SAID)
    for turn in range(3):
        for n, name in enumerate(sorted(SAID.sources)):
            now = NOW + timedelta(hours=turn)
            pull(store, name, *(_one(turn, k, n) for k in range(12)), now=now)


def _one(turn: int, k: int, n: int) -> Item:
    """Make an item; every third of a portal is at its other source too."""
    shared = "so" if n in (1, 2) and k % 3 == 0 else str(n)
    given = datetime(2025, 6, 18 + k, tzinfo=UTC) if k % 2 else NOW
    level = (Level.PRIMARY, Level.PRESCHOOL, Level.CONTINUING)[k % 3]
    category = tuple(Category)[k % 4]
    return item(f"{shared}-{turn}-{k}", given=given, meaning=meaning(category, level))


@pytest.mark.parametrize("by_entry", [True, False])
@pytest.mark.parametrize("limit", [1, 7, 30, 500])
@pytest.mark.parametrize(
    "reach",
    [
        ("so",),
        ("so", "ward"),
        ("ward", Reach(authority="quan-1", until=date(2025, 6, 25))),
        ("so", "ward", "quan-1"),
        (),
    ],
)
def test_the_window_is_the_same_however_it_is_read(
    sqlite_store: Store,
    declare: Declare,
    monkeypatch: pytest.MonkeyPatch,
    reach: tuple[str | Reach, ...],
    limit: int,
    by_entry: bool,
) -> None:
    _many(sqlite_store, declare)
    for chosen in (
        {},
        {"levels": frozenset({Level.PRIMARY})},
        {"categories": frozenset({Category.NEWS, Category.INVITATION})},
        {"on": date(2026, 11, 20)},
        {"on": date(2026, 11, 19)},
    ):
        wanted = view(*reach, limit=limit, by_entry=by_entry, **chosen)
        by_place = [n.id for n in read(sqlite_store, wanted)]
        monkeypatch.setattr(scope, "_MOST_STREAMS", 0)
        assert [n.id for n in read(sqlite_store, wanted)] == by_place
        monkeypatch.undo()
        assert len(by_place) == len(set(by_place)) <= limit
    assert bool(read(sqlite_store, view(*reach))) == bool(reach)


def test_a_notice_seen_in_many_places_takes_one_place_of_the_window(
    store: Store, declare: Declare
) -> None:
    names = [f"s{n}" for n in range(6)]
    said = settings(*(source(n, url=f"http://so.example/rss/{n}") for n in names))
    declare(store, said)
    items = [item(n, given=NOW - timedelta(hours=k)) for k, n in enumerate("abc", 1)]
    for name in names:
        row = row_of(store, name, said)
        with store.write() as connection:
            plan = plan_of(connection, row, Digest(items=tuple(items)), NOW)
            stored_items.apply(connection, [(row, plan)], NOW)
    for limit in (1, 2, 3, 4):
        assert titles(store, view("so", limit=limit)) == ["a", "b", "c"][:limit]


def _plan(store: Store, query: sa.Select[Any], **values: Any) -> list[str]:
    """Say how SQLite goes about a query, step by step."""
    with store.read() as connection:
        written = query.compile(connection).construct_expanded_state(values)
        given = tuple(map(str, written.positional_parameters))
        asked = f"EXPLAIN QUERY PLAN {written.statement}"
        return [row[3] for row in connection.exec_driver_sql(asked, given)]


def test_what_is_missed_is_found_without_reading_what_is_not(
    sqlite_store: Store, declare: Declare
) -> None:
    """Else each pull would read all that was ever stored of its source."""
    _many(sqlite_store, declare)
    due = sa.select(schema.sources.c.pk).where(stored_sources._checks_due(NOW))
    assert [step for step in _plan(sqlite_store, due) if " sightings " in step] == [
        "SEARCH sightings USING INDEX ix_sightings_missed (source_pk=?)"
    ]


def test_a_feed_reads_the_newest_of_each_place_and_no_more(
    sqlite_store: Store, declare: Declare
) -> None:
    _many(sqlite_store, declare)
    query, values = views._plain_query(view("so", "ward"))
    steps = _plan(sqlite_store, query, **values, most=60)
    index = "ix_sightings_authority_category_entered_at"
    read_by = [step for step in steps if " sightings " in step]
    assert len(read_by) == 8
    assert all(index in step for step in read_by)
    assert not [step for step in steps if step.startswith("SCAN notices")]


# --- Dates --------------------------------------------------------------------


@pytest.mark.parametrize("hour", [0, 9])
def test_items_of_one_moment_in_many_documents_have_a_second_each(
    store: Store, declare: Declare, hour: int
) -> None:
    """Of many a day is all that is known; others were all put in at once."""
    declare(store, SAID)
    given = datetime(2026, 11, 18, hour, tzinfo=UTC)
    for n in range(10):
        names = [f"{n}-{k}" for k in range(3)]
        now = NOW + n * timedelta(hours=1)
        pull(store, "so-tin", *(item(name, given=given) for name in names), now=now)
    found = read(store, view("so", limit=100))
    assert len({notice.published for notice in found}) == 30
    assert {notice.published.date() for notice in found} == {given.date()}


def test_dates_far_from_each_other_are_asked_for_in_few_spans() -> None:
    moments = [NOW - n * timedelta(days=40) for n in range(30)]
    spans = stored_known._spans([*moments, NOW - timedelta(hours=1)])
    assert len(spans) == stored_known._MOST_SPANS
    assert all(any(a < moment < b for a, b in spans) for moment in moments)
    day = timedelta(days=1)
    old = NOW - timedelta(days=9000)
    near = stored_known._spans([NOW, old, NOW - timedelta(hours=30)])
    assert near == [(old - day, old + day), (NOW - timedelta(hours=54), NOW + day)]


def test_the_month_before_is_found_by_an_index(
    sqlite_store: Store, declare: Declare
) -> None:
    _many(sqlite_store, declare)
    first = schema.sightings.c.first_seen_at
    query = archives._nearest(view("so", "ward"), first < NOW, first.desc())
    steps = [step for step in _plan(sqlite_store, query) if " sightings " in step]
    index = "ix_sightings_authority_category_first_seen_at"
    assert len(steps) == 8
    assert all(index in step for step in steps)
