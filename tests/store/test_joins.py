"""One notice at many sources: stored as one, seen once by each, asked where unsure."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from zlib import crc32

import pytest
import sqlalchemy as sa

from aggregator.intake.saving import Document
from aggregator.intake.saving import plans_of
from aggregator.intake.saving import store_plans
from aggregator.model import Digest
from aggregator.model import DocumentFacts
from aggregator.model import Fetched
from aggregator.model import Item
from aggregator.model import Plan
from aggregator.store import schema
from aggregator.store.engine import Store
from aggregator.store.engine import open_store
from aggregator.store.joins import open_proposals
from tests.conftest import NOW
from tests.conftest import authority
from tests.conftest import item
from tests.conftest import meaning
from tests.conftest import settings
from tests.conftest import source
from tests.store.test_items import read
from tests.store.test_items import row_of
from tests.store.test_items import view

Declare = Callable[..., None]
DAY = timedelta(days=1)
OFFICES = tuple(f"quan-{n}" for n in range(1, 11))
SAID = settings(
    source("so", url="http://so.example/rss.xml"),
    *(source(o, url=f"http://{o}.example/rss.xml", authority=o) for o in OFFICES),
    source("quan-1-tb", url="http://tb.quan-1.example/rss.xml", authority="quan-1"),
    authorities=tuple(authority(office, parent="so") for office in OFFICES),
)
TITLE = "Hướng dẫn công khai trong hoạt động của các cơ sở giáo dục"
NUMBER = "5711/SGDĐT-KTKĐ"


def letter(at: str, number: str = NUMBER, title: str = TITLE, **values: object) -> Item:
    """Make the Department's document as it stands at a source."""
    facts = DocumentFacts(number=number, issuer=number.split("/")[-1].split("-")[0])
    page = f"http://{at}.example/bai-viet/{crc32((at + title + number).encode())}.html"
    named = {"keys": (page,), "guid": page, "link": page, "text": f"Bản tại {at}"}
    meant = replace(meaning(), document=facts if number else None)
    return item(at, title=title, meaning=meant, **(named | values))


def pull(
    store: Store, *documents: tuple[str, Item | list[Item]], days: int = 0
) -> Plan:
    """Store documents in one transaction; give the plan of the first."""
    now = NOW + days * DAY
    pulled = []
    for name, items in documents:
        listed = items if isinstance(items, list) else [items]
        row, digest = row_of(store, name, SAID), Digest(items=tuple(listed))
        fetched = Fetched(url=row.url, body=b"", status=200)
        pulled.append(Document(row, fetched, digest))
    with store.write() as connection:
        plans = plans_of(connection, pulled, now)
        rows = [each.row for each in pulled]
        store_plans(connection, list(zip(rows, plans, strict=True)), now)
    return plans[0]


def notices(store: Store) -> int:
    with store.read() as connection:
        count = sa.select(sa.func.count()).select_from(schema.notices)
        return connection.scalar(count) or 0


def asked(store: Store) -> list[str]:
    with store.read() as connection:
        return [each.why for each in open_proposals(connection, 100)]


@pytest.mark.parametrize("turned", [False, True], ids=["as told", "turned round"])
def test_a_document_at_eleven_offices_is_one_item_with_eleven_places(
    store: Store, declare: Declare, turned: bool
) -> None:
    declare(store, SAID)
    names = ["so", *OFFICES]
    for n, name in enumerate(reversed(names) if turned else names):
        pull(store, (name, letter(name)), days=n)
    assert notices(store) == 1
    (seen,) = read(store, view("so", *OFFICES))
    assert len(seen.also_at) == 10
    assert {seen.source, *(place.source for place in seen.also_at)} == set(names)
    assert seen.source == (OFFICES[-1] if turned else "so")
    assert seen.published == NOW - timedelta(hours=1)
    assert asked(store) == []


def test_each_audience_sees_it_once_and_only_its_places(
    store: Store, declare: Declare
) -> None:
    declare(store, SAID)
    pull(store, *((name, letter(name)) for name in ("quan-1", "so", "quan-3")))
    assert notices(store) == 1
    (own,) = read(store, view("quan-3"))
    assert (own.source, own.text, own.also_at) == ("quan-3", "Bản tại quan-3", ())
    (both,) = read(store, view("quan-3", "so"))
    assert (both.source, [p.source for p in both.also_at]) == ("so", ["quan-3"])
    assert both.id == own.id
    assert read(store, view("quan-2")) == []


def test_reading_again_is_reading_once_and_edits_join_nothing(
    store: Store, declare: Declare
) -> None:
    declare(store, SAID)
    pull(store, ("so", letter("so")))
    other = letter("quan-1", title="Tin tức trong ngày", number="")
    for _ in range(2):
        pull(store, ("quan-1", [letter("quan-1"), other]))
    edited = replace(
        other, title=TITLE, fingerprint="khác", meaning=letter("a").meaning
    )
    plan = pull(store, ("quan-1", [letter("quan-1"), edited]))
    assert (len(plan.new), len(plan.changed), plan.unchanged) == (0, 1, 1)
    assert notices(store) == 2


def test_one_source_shows_no_notice_twice_and_loses_none(
    store: Store, declare: Declare
) -> None:
    """Its own names have told the two apart."""
    declare(store, SAID)
    pull(store, ("so", letter("so")))
    again = letter("quan-1", keys=("2",), guid="2", link="", fingerprint="khác")
    again = replace(again, given=NOW - 2 * DAY, text="Bản đính chính")
    plan = pull(store, ("quan-1", [letter("quan-1"), again]))
    assert len(plan.new) == 2
    assert notices(store) == 2


def test_what_is_not_shown_is_joined_by_nobody(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    pull(store, ("so", letter("so")))
    with store.write() as connection:
        connection.execute(sa.update(schema.sightings).values(state="withdrawn"))
        connection.execute(sa.update(schema.notices).values(state="withdrawn"))
    pull(store, ("quan-1", letter("quan-1")))
    assert notices(store) == 2
    assert len(read(store, view("quan-1", "so"))) == 1


def test_other_offices_with_the_same_title_and_number_stay_apart(
    store: Store, declare: Declare
) -> None:
    declare(store, SAID)
    for name in ("quan-1", "quan-2"):
        pull(store, (name, letter(name, number="12/KH-PGDĐT", text=f"Của {name}")))
    pull(store, ("so", letter("so", given=NOW - 400 * DAY)))
    pull(store, ("quan-3", letter("quan-3")))
    assert notices(store) == 4
    assert asked(store) == []


def test_what_may_be_one_is_asked_once_and_changes_nothing(
    store: Store, declare: Declare
) -> None:
    declare(store, SAID)
    pull(store, ("so", letter("so")))
    pull(store, ("quan-1", letter("quan-1", title="Kế hoạch hội khỏe Phù Đổng")))
    assert notices(store) == 2
    with store.read() as connection:
        (found,) = open_proposals(connection, 10)
    assert found.why == "number"
    assert set(found.sources) == {"so", "quan-1"}
    assert set(found.titles) == {TITLE, "Kế hoạch hội khỏe Phù Đổng"}


def test_a_copy_of_two_notices_asks_whether_those_are_one(
    store: Store, declare: Declare
) -> None:
    declare(store, SAID)
    words = " ".join(f"chữ{n}" for n in range(60))
    for n in (1, 3):
        text = f"{words} Phòng GD&ĐT Quận {n} gửi các trường"
        pull(store, (f"quan-{n}", letter(f"quan-{n}", number="", text=text)))
    assert (notices(store), asked(store)) == (2, ["title"])
    pull(store, ("so", letter("so", number="", text=words)))
    assert (notices(store), asked(store)) == (2, ["title"])


def test_a_place_withdrawn_leaves_the_others(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    pull(store, ("so", letter("so")), ("quan-1", letter("quan-1")))
    with store.write() as connection:
        connection.execute(
            sa.update(schema.sightings)
            .where(schema.sightings.c.authority == "so")
            .values(state="withdrawn")
        )
    (seen,) = read(store, view("so", "quan-1"))
    assert seen.source == "quan-1"


def test_a_new_place_moves_the_feeds_of_the_others(
    store: Store, declare: Declare
) -> None:
    declare(store, SAID)
    pull(store, ("so", letter("so")))
    count = sa.select(sa.func.sum(schema.counters.c.value))
    mine = count.where(schema.counters.c.authority == "so")
    with store.read() as connection:
        before = connection.scalar(mine)
    pull(store, ("quan-1", letter("quan-1")))
    with store.read() as connection:
        assert connection.scalar(mine) > before


@pytest.mark.postgres
def test_two_writers_at_once_make_one_notice(
    postgres_url: str, declare: Declare
) -> None:
    store = Store(postgres_url)
    store.migrate()
    declare(store, SAID)
    begun = threading.Barrier(4)

    def work(name: str) -> None:
        mine = open_store(postgres_url)
        begun.wait(30)
        pull(mine, (name, letter(name)))
        mine.close()

    threads = [
        threading.Thread(target=work, args=(name,))
        for name in ("so", "quan-1", "quan-2", "quan-3")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert notices(store) == 1
    (seen,) = read(store, view("so", *OFFICES))
    assert len(seen.also_at) == 3
    store.close()
