"""What editors look at: the list of what came in, and one notice's file."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from datetime import datetime
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from aggregator.model import Because
from aggregator.model import Category
from aggregator.model import DocumentFacts
from aggregator.model import Enclosure
from aggregator.model import Level
from aggregator.model import Reach
from aggregator.store import dossier as stored_dossier
from aggregator.store import preview
from aggregator.store import schema
from aggregator.store.dossier import Dossier
from aggregator.store.dossier import read_dossier
from aggregator.store.dossier import read_versions
from aggregator.store.engine import Store
from aggregator.store.preview import Listing
from aggregator.store.preview import Wanted
from aggregator.store.preview import read_listing
from tests.conftest import NOW
from tests.conftest import item
from tests.conftest import meaning
from tests.store.test_items import SAID
from tests.store.test_items import pull

ZONE = "Asia/Ho_Chi_Minh"
HOUR = timedelta(hours=1)


@pytest.fixture
def held(store: Store, declare: Callable[..., None]) -> Store:
    """Give a store that knows its sources."""
    declare(store, SAID)
    return store


def listing(store: Store, wanted: dict[str, Any] | None = None, **more: Any) -> Listing:
    """Read one page of the list."""
    with store.read() as connection:
        found = read_listing(
            connection, Wanted(timezone=ZONE, **(wanted or {})), **more
        )
    assert found is not None
    return found


def names(found: Listing) -> list[str]:
    """Give the titles without the words they share."""
    return [row.title.removeprefix("Tiêu đề ") for row in found.rows]


def dossier(store: Store, notice: str) -> Dossier:
    """Read one notice's file."""
    with store.read() as connection:
        found = read_dossier(connection, notice)
    assert found is not None
    return found


def set_state(store: Store, table: sa.Table, state: str) -> None:
    """Do what the editors' desk will do."""
    with store.write() as connection:
        connection.execute(sa.update(table).values(state=state))


# --- The list -----------------------------------------------------------------


def test_the_latest_seen_comes_first_then_the_latest_published(held: Store) -> None:
    day = timedelta(days=1)
    pull(held, "so-tin", item("old", given=NOW - day), item("new", given=NOW - HOUR))
    pull(held, "q1", item("late", given=NOW - 9 * day), now=NOW + HOUR)
    found = listing(held)
    assert names(found) == ["late", "new", "old"]
    assert [row.first_seen for row in found.rows] == [NOW + HOUR, NOW, NOW]
    assert (found.total, found.older) == (3, None)


def test_a_row_says_what_came_from_where(held: Store) -> None:
    facts = replace(
        meaning(Category.DOCUMENT, Level.PRIMARY),
        document=DocumentFacts(number="1161/SGDĐT-QLT"),
    )
    pull(held, "so-tin", item("a", title="Tuyển sinh lớp 1", meaning=facts))
    pull(held, "so-tin", item("a", title="Tuyển sinh lớp 6", fingerprint="khác"))
    (row,) = listing(held).rows
    assert (row.title, row.text) == ("Tuyển sinh lớp 6", "Nội dung a")
    assert (row.source, row.authority, row.places) == ("so-tin", "so", 1)
    assert (row.state, row.version) == ("shown", 2)
    assert (row.categories, row.levels) == ((Category.NEWS,), frozenset())
    pull(held, "so-tin", item("b", meaning=facts), now=NOW + HOUR)
    row = listing(held).rows[0]
    assert (row.number, row.levels) == ("1161/SGDĐT-QLT", {Level.PRIMARY})


def test_a_notice_of_two_places_is_one_row_with_the_face_asked_for(held: Store) -> None:
    pull(held, "so-tin", item("a"))
    elsewhere = item("a", meaning=meaning(Category.ANNOUNCEMENT))
    pull(held, "so-tb", elsewhere, now=NOW + HOUR)
    for wanted, face in ({}, "so-tin"), ({"source": "so-tb"}, "so-tb"):
        (row,) = listing(held, wanted).rows
        assert (row.source, row.places) == (face, 2)
        assert row.categories == (Category.NEWS, Category.ANNOUNCEMENT)


def fill(store: Store) -> None:
    """Put in notices that differ in all that can be asked for."""
    pull(
        store,
        "so-tin",
        item("tin-mn", meaning=meaning(Category.NEWS, Level.PRESCHOOL)),
        item("vb", meaning=meaning(Category.DOCUMENT, Level.PRIMARY)),
    )
    pull(store, "so-tb", item("tb", meaning=meaning(Category.ANNOUNCEMENT)))
    ended = datetime(2025, 6, 30, 16, 59, tzinfo=NOW.tzinfo)
    pull(store, "q1", item("q1-trước", given=ended), now=NOW + 16 * HOUR)
    after = ended + timedelta(minutes=2)
    pull(store, "q1", item("q1-sau", given=after), now=NOW + 16 * HOUR)


FILTERS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "all": ({}, {"tin-mn", "vb", "tb", "q1-trước", "q1-sau"}),
    "source": ({"source": "so-tin"}, {"tin-mn", "vb"}),
    "an unknown source": ({"source": "x"}, set()),
    "level, or for all": (
        {"levels": frozenset({Level.PRESCHOOL})},
        {"tin-mn", "tb", "q1-trước", "q1-sau"},
    ),
    "two categories": (
        {"categories": frozenset({Category.DOCUMENT, Category.ANNOUNCEMENT})},
        {"vb", "tb"},
    ),
    "reach": ({"reach": (Reach(authority="so"),)}, {"tin-mn", "vb", "tb"}),
    "reach up to a day there": (
        {"reach": (Reach(authority="quan-1", until=date(2025, 6, 30)),)},
        {"q1-trước"},
    ),
    "a day there, not in UTC": ({"day": date(2026, 11, 21)}, {"q1-trước", "q1-sau"}),
    "the day before": ({"day": date(2026, 11, 20)}, {"tin-mn", "vb", "tb"}),
    "all of it at one place": (
        {"source": "so-tin", "categories": frozenset({Category.ANNOUNCEMENT})},
        set(),
    ),
}


@pytest.mark.parametrize(("wanted", "expected"), FILTERS.values(), ids=FILTERS)
def test_filters(held: Store, wanted: dict[str, Any], expected: set[str]) -> None:
    fill(held)
    found = listing(held, wanted)
    assert set(names(found)) == expected
    assert found.total == len(expected)


def test_pages_follow_each_other_without_gap_or_repeat(held: Store) -> None:
    count = 2 * preview.PAGE + 7
    # Equal moments: the id alone decides, and must decide the same every time.
    pull(held, "so-tin", *(item(f"n{n}", given=NOW - HOUR) for n in range(count)))
    seen, before, sizes = [], None, []
    for _ in range(3):
        page = listing(held, before=before)
        assert page.total == count
        seen += [row.id for row in page.rows]
        before, sizes = page.older, [*sizes, len(page.rows)]
    assert sizes == [50, 50, 7]
    assert before is None
    assert len(set(seen)) == count


def test_what_arrives_meanwhile_moves_no_later_page(held: Store) -> None:
    pull(held, "so-tin", *(item(f"n{n}") for n in range(preview.PAGE + 1)))
    first = listing(held)
    pull(held, "so-tb", item("mới"), now=NOW + HOUR)
    second = listing(held, before=first.older)
    assert len(second.rows) == 1
    assert second.rows[0].id not in {row.id for row in first.rows}


def test_a_full_last_page_has_nothing_older(held: Store) -> None:
    pull(held, "so-tin", *(item(f"n{n}") for n in range(preview.PAGE)))
    found = listing(held)
    assert (len(found.rows), found.older) == (preview.PAGE, None)


def test_a_page_cannot_begin_after_what_is_none(held: Store) -> None:
    with held.read() as connection:
        wanted = Wanted(timezone=ZONE)
        assert read_listing(connection, wanted, before="khong-co") is None


def test_beyond_a_bound_nothing_is_counted(
    held: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview, "MAX_COUNT", 2)
    pull(held, "so-tin", item("a"), item("b"))
    assert listing(held).total == 2
    pull(held, "so-tb", item("c"))
    assert listing(held).total is None


@pytest.mark.parametrize("state", ["held", "hidden", "withdrawn", "maybe_withdrawn"])
@pytest.mark.parametrize(
    "table", [schema.notices, schema.sightings], ids=lambda table: table.name
)
def test_what_is_not_shown_is_listed_with_its_state(
    held: Store, table: sa.Table, state: str
) -> None:
    pull(held, "so-tin", item("a"))
    set_state(held, table, state)
    (row,) = listing(held).rows
    assert row.state == state
    assert dossier(held, row.id).state == state


# --- One notice ---------------------------------------------------------------


def test_a_dossier_names_every_place_with_its_keys(held: Store) -> None:
    new = pull(held, "so-tin", item("a", keys=("a", "cong.example/a.html"))).new[0]
    pull(held, "so-tb", item("a", link="http://cong.example/tb/a"), now=NOW + HOUR)
    found = dossier(held, new.notice)
    assert (found.id, found.first_seen, found.published) == (
        new.notice,
        NOW,
        NOW - HOUR,
    )
    first, second = found.sightings
    assert (first.source, second.source) == ("so-tin", "so-tb")
    assert (first.guid, first.link) == ("a", "http://cong.example/bai-viet/a.html")
    assert (second.link, second.first_seen) == ("http://cong.example/tb/a", NOW + HOUR)
    assert first.keys[0] == "a"
    assert found.face == first
    assert first.source_url == "http://so.example/rss/tin.rss"


def test_the_face_is_a_place_that_readers_see(held: Store) -> None:
    notice = pull(held, "so-tin", item("a")).new[0].notice
    pull(held, "so-tb", item("a"), now=NOW + HOUR)
    with held.write() as connection:
        first = dossier(held, notice).sightings[0].pk
        seen = schema.sightings
        connection.execute(
            sa.update(seen).where(seen.c.pk == first).values(state="hidden")
        )
    found = dossier(held, notice)
    assert (found.face.source, found.state) == ("so-tb", "shown")
    (row,) = listing(held).rows
    assert (row.source, row.state) == ("so-tb", "shown")


def test_versions_hold_each_text_and_the_entry_as_written(held: Store) -> None:
    file = Enclosure(url="http://so.example/a.pdf", title="Phụ lục")
    went = item("a", raw={"title": "Gốc"}, author="Văn phòng", enclosures=(file,))
    notice = pull(held, "so-tin", went).new[0].notice
    facts = replace(meaning(), deadline=date(2026, 12, 5))
    edited = item("a", title="Sửa", fingerprint="khác", raw={}, meaning=facts)
    pull(held, "so-tin", edited, now=NOW + HOUR)
    with held.read() as connection:
        new, old = read_versions(connection, dossier(held, notice).face)
    assert (old.n, old.at, old.title, old.raw) == (1, NOW, went.title, {"title": "Gốc"})
    assert (old.html, old.text, old.given) == (went.html, went.text, went.given)
    assert (old.author, old.enclosures) == ("Văn phòng", (file,))
    assert (new.n, new.at, new.title) == (2, NOW + HOUR, "Sửa")
    assert (new.deadline, old.deadline) == (date(2026, 12, 5), None)


def test_only_the_newest_versions_are_read(held: Store) -> None:
    notice = pull(held, "so-tin", item("a")).new[0].notice
    last = stored_dossier.MAX_VERSIONS + 3
    for n in range(2, last + 1):
        pull(held, "so-tin", item("a", fingerprint=f"bản {n}"), now=NOW + n * HOUR)
    with held.read() as connection:
        versions = read_versions(connection, dossier(held, notice).face)
    assert [v.n for v in versions] == list(range(last, 3, -1))


def test_labels_are_told_with_reason_giver_and_time(held: Store) -> None:
    why = (Because(says="Nêu cấp học", saw="tiểu học", where="title"),)
    primary = replace(meaning(Category.NEWS, Level.PRIMARY), because=why)
    notice = pull(held, "so-tin", item("a", meaning=primary)).new[0].notice
    other = item(
        "a", meaning=meaning(Category.NEWS, Level.CONTINUING), fingerprint="khác"
    )
    pull(held, "so-tin", other, now=NOW + HOUR)
    labels = dossier(held, notice).labels
    assert [(x.facet, x.value, x.to_at) for x in labels] == [
        ("level", "continuing", None),
        ("category", "news", None),
        ("level", "primary", NOW + HOUR),
    ]
    ended = labels[-1]
    assert (ended.why, ended.given_by, ended.source) == (why, "rules", "so-tin")
    assert ended.from_at == NOW


def test_a_label_of_the_whole_notice_has_no_source(held: Store) -> None:
    notice = pull(held, "so-tin", item("a")).new[0].notice
    with held.write() as connection:
        connection.execute(
            sa.insert(schema.labels).values(
                notice_id=notice,
                source_pk=None,
                facet="level",
                value="primary",
                why=[],
                given_by="Cô Lan",
                from_at=NOW + HOUR,
            )
        )
    label = dossier(held, notice).labels[0]
    assert (label.source, label.given_by) == (None, "Cô Lan")


def test_a_notice_that_is_none_has_no_dossier(held: Store) -> None:
    with held.read() as connection:
        assert read_dossier(connection, "khong-co") is None


def test_a_source_that_left_the_file_is_still_a_name(
    held: Store, declare: Callable[..., None]
) -> None:
    left = {name: s for name, s in SAID.sources.items() if name != "q1"}
    declare(held, replace(SAID, sources=left))
    with held.read() as connection:
        assert preview.source_names(connection) == ["q1", "so-tb", "so-tin", "ward"]
