"""Looking at all sources: what is told of them may not hold up who pulls once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from aggregator.cli import pulling
from aggregator.errors import StoreError
from aggregator.store import sources as stored
from aggregator.store.engine import Store
from aggregator.work import engine as room
from tests.conftest import NOW
from tests.conftest import settings
from tests.conftest import source

PATIENCE = 20  # seconds until a test gives up
SAID = settings(source("a"))


@pytest.fixture
def engine(sqlite_store: Store) -> room.Engine:
    with sqlite_store.write() as connection:
        stored.declare(connection, SAID.sources, NOW)
    return room.Engine(
        store=sqlite_store,
        settings=SAID,
        puller=None,  # type: ignore[arg-type]
        owner="one",
        net=None,  # type: ignore[arg-type]
        secrets=room.Secrets(),
        clock=lambda: NOW,
    )


def test_a_dead_mail_server_is_waited_for_only_so_long(
    engine: room.Engine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    gate, ended = threading.Event(), threading.Event()

    def deliver_due(*_: object, **__: object) -> None:
        assert gate.wait(PATIENCE)
        ended.set()

    monkeypatch.setattr(room, "deliver_due", deliver_due)
    engine.look_around(patience=0.01)
    assert not ended.is_set()
    assert "the next run sends them" in caplog.text
    gate.set()
    assert ended.wait(PATIENCE)
    engine.look_around()  # the clock's own looks wait as long as it takes


def test_a_store_that_is_away_while_telling_is_told(
    engine: room.Engine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def away(*_: object, **__: object) -> None:
        raise StoreError("the database does not answer")

    monkeypatch.setattr(room, "deliver_due", away)
    engine.look_around(patience=PATIENCE)
    assert "telling failed: the database does not answer" in caplog.text


class FakePuller:
    in_flight = 0

    def submit(self, rows: list[Any]) -> None:
        assert rows == []


class FakeEngine:
    def __init__(self) -> None:
        self.puller, self.looks = FakePuller(), [None]

    def claim(self, **_: object) -> list[Any]:
        return []

    def look_around(self, *, patience: Any = None) -> None:
        self.looks.append(patience)


def test_who_pulls_once_does_not_wait_for_long(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeEngine()

    @contextmanager
    def running(*_: object) -> Iterator[FakeEngine]:
        yield fake

    monkeypatch.setattr(pulling, "running", running)
    pulling._pull(sqlite_store, SAID, None, False)
    assert fake.looks[-1] is not None and fake.looks[-1] <= 20
