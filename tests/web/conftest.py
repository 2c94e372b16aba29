"""A client of an application over a store with notices in it."""

from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from aggregator.app import create_app
from aggregator.model import Settings
from aggregator.store.engine import Store
from aggregator.store.engine import open_store
from tests.web.filled import SAID
from tests.web.filled import Clock
from tests.web.filled import fill

Declare = Callable[[Store, Settings], None]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Say where the database is."""
    return tmp_path / "web.db"


@pytest.fixture
def empty(database: Path, declare: Declare) -> Iterator[Store]:
    """Give a store that knows its sources and has no notice."""
    store = open_store(f"sqlite:///{database}")
    declare(store, SAID)
    yield store
    store.close()


@pytest.fixture
def filled(empty: Store) -> Store:
    """Give a store with notices in it."""
    fill(empty)
    return empty


@pytest.fixture
def clock() -> Clock:
    """Give a clock to set."""
    return Clock()


@pytest.fixture
def client(filled: Store, clock: Clock) -> FlaskClient:
    """Give a client of the application."""
    return create_app(SAID, filled, clock=clock).test_client()


@pytest.fixture
def bare(empty: Store, clock: Clock) -> FlaskClient:
    """Give a client of an application that has nothing to show."""
    return create_app(SAID, empty, clock=clock).test_client()
