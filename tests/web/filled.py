"""What tests of the web share: a store with notices in it, and a clock to set."""

from dataclasses import dataclass
from datetime import date
from datetime import datetime
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from aggregator.intake.saving import plan_of
from aggregator.model import Absence
from aggregator.model import Category
from aggregator.model import Digest
from aggregator.model import Enclosure
from aggregator.model import Item
from aggregator.model import Known
from aggregator.model import Level
from aggregator.model import Plan
from aggregator.model import Settings
from aggregator.store import items as stored_items
from aggregator.store import schema
from aggregator.store import sources as stored_sources
from aggregator.store.columns import levels_of
from aggregator.store.engine import Store
from tests.conftest import NOW
from tests.conftest import OF_WARDS
from tests.conftest import authority
from tests.conftest import item
from tests.conftest import meaning
from tests.conftest import settings
from tests.conftest import source

SAID: Settings = settings(
    source("so-tin", url="http://so.example/rss/tin.rss"),
    source("so-tb", url="http://so.example/rss/tb.rss", category=Category.ANNOUNCEMENT),
    source("q1", url="http://quan1.example/rss/", authority="quan-1"),
    source("ward", url="http://ward.example/rss/", authority="phuong-ben-thanh"),
    authorities=(
        authority(
            "quan-1",
            name="Phòng Giáo dục và Đào tạo Quận 1",
            parent="so",
            levels=OF_WARDS,
            until=date(2025, 6, 30),
            successors=("phuong-ben-thanh",),
        ),
        authority("phuong-ben-thanh", name="Phường Bến Thành", parent="so"),
        authority("quan-2", name="Phòng Giáo dục và Đào tạo Quận 2", parent="so"),
    ),
)
PDF = Enclosure(url="http://so.example/a.pdf", type="application/pdf", length=12)
ALL_RSS = "/feeds/so/all/all.rss"


@dataclass
class Clock:
    """A clock that stands until it is set."""

    now: datetime = NOW + timedelta(hours=1)

    def __call__(self) -> datetime:
        """Read it."""
        return self.now


def pull(store: Store, name: str, *found: Item, now: datetime = NOW) -> Plan:
    """Store a document of these items, as one pull of a source does."""
    with store.write() as connection:
        (row,) = stored_sources.claim(
            connection,
            SAID.sources,
            now=now,
            owner="test",
            until=now + timedelta(minutes=1),
            wanted=[name],
            dead=["test"],
        )
        plan = plan_of(connection, row, Digest(items=found), now)
        stored_items.apply(connection, [(row, plan)], now)
    return plan


def withdraw(
    store: Store, name: str, guid: str, *, now: datetime, state: str = "withdrawn"
) -> str:
    """Let a source take an item away, or show it again; give the notice's id."""
    seen, source = schema.sightings.c, schema.sources.c
    with store.write() as connection:
        row = stored_sources.claim(
            connection,
            SAID.sources,
            now=now,
            owner="test",
            until=now + timedelta(minutes=1),
            wanted=[name],
            dead=["test"],
        )[0]
        found = connection.execute(
            sa.select(schema.sightings)
            .join(schema.sources, source.pk == seen.source_pk)
            .where(source.id == name, seen.guid == guid)
        ).one()
        known = Known(
            key=guid,
            sighting=found.pk,
            notice=found.notice_id,
            own=True,
            fingerprint=found.fingerprint,
            title="",
            link="",
            version=found.version,
            published=found.published_at,
            category=Category(found.category),
            levels=levels_of(found.level_bits),
            state=found.state,
        )
        absence = Absence(known=known, missing=2, state=state)
        stored_items.apply(connection, [(row, Plan(absent=(absence,)))], now)
    return str(found.notice_id)


def notice(name: str, hours: int, *levels: Level, **values: Any) -> Item:
    """Make an item that is so many hours old."""
    given = NOW - timedelta(hours=hours)
    category = values.pop("category", Category.NEWS)
    return item(name, given=given, meaning=meaning(category, *levels), **values)


def fill(store: Store) -> None:
    """Put in notices of every sort."""
    pull(
        store,
        "so-tin",
        notice("moi-nhat", 1),
        notice("mam-non", 2, Level.PRESCHOOL),
        notice("thcs", 3, Level.LOWER_SECONDARY, enclosures=(PDF,)),
        notice("khong-link", 4, link="", keys=("k",)),
    )
    pull(
        store, "so-tb", notice("thong-bao", 5, category=Category.ANNOUNCEMENT), now=NOW
    )
    pull(store, "ward", notice("phuong", 6))
    old = datetime(2025, 5, 1, tzinfo=NOW.tzinfo)
    pull(store, "q1", item("quan", given=old))


def take_away(store: Store, database: Path) -> None:
    """Let nobody open the database any more."""
    store.close()
    database.rename(database.with_suffix(".away"))
    database.mkdir()


def give_back(database: Path) -> None:
    """Put the database back in its place."""
    database.rmdir()
    database.with_suffix(".away").rename(database)
