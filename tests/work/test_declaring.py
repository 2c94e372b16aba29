"""The file is taken over where it says something new, and only there."""

from dataclasses import replace
from unittest import mock

import sqlalchemy as sa

from aggregator.model import Settings
from aggregator.store import schema
from aggregator.store.engine import Store
from aggregator.work.declaring import now
from aggregator.work.declaring import take_over
from tests.conftest import settings
from tests.conftest import source
from tests.conftest import with_sources

SAID = settings(source("a"), source("b"))


def ids(store: Store) -> list[str]:
    """List the active sources."""
    with store.read() as connection:
        query = sa.select(schema.sources.c.id).where(schema.sources.c.active)
        return list(connection.scalars(query.order_by(schema.sources.c.id)))


def writes(store: Store, said: Settings) -> int:
    """Count the writing transactions that taking a file over begins."""
    with mock.patch.object(store, "write", wraps=store.write) as write:
        take_over(store, said)
    return write.call_count


def test_a_new_file_is_written_down_once(store: Store) -> None:
    assert writes(store, SAID) == 1
    assert ids(store) == ["a", "b"]
    assert writes(store, SAID) == 0


def test_what_differs_is_written(store: Store) -> None:
    take_over(store, SAID)
    fewer = with_sources(SAID, source("b"))
    moved = with_sources(SAID, source("b", url="http://neu.example/rss"))
    renamed = replace(SAID, site=replace(SAID.site, title="Tên mới"))
    for said in (fewer, moved, renamed):
        assert writes(store, said) == 1
        assert writes(store, said) == 0
    assert ids(store) == ["a", "b"]


def test_what_the_store_need_not_know_is_not_written(store: Store) -> None:
    take_over(store, SAID)
    quick = replace(SAID, fetch=replace(SAID.fetch, concurrency=5))
    assert writes(store, quick) == 0


def test_now_is_aware() -> None:
    moment = now()
    assert moment.utcoffset() is not None and not moment.utcoffset()
