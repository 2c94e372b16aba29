"""What tests share: a shut network, a moment, values, and a store on each database."""

import os
import socket
import uuid
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import psycopg
import pytest

from aggregator.meaning.searching import words_of
from aggregator.model import Authority
from aggregator.model import Category
from aggregator.model import FetchSettings
from aggregator.model import Item
from aggregator.model import Level
from aggregator.model import Meaning
from aggregator.model import Settings
from aggregator.model import Site
from aggregator.model import Source
from aggregator.store import sources as stored
from aggregator.store.engine import Store
from aggregator.store.engine import open_store

NOW = datetime(2026, 11, 20, 1, 0, 0, tzinfo=UTC)  # 8:00 in Hồ Chí Minh City
POSTGRES = os.environ.get("AGGREGATOR_TEST_POSTGRES", "postgresql://127.0.0.1/postgres")


# --- The network is shut ------------------------------------------------------


def _is_loopback(host: object) -> bool:
    try:
        return ip_address(str(host)).is_loopback
    except ValueError:
        return host in ("localhost", "", None)


def _is_address(host: object) -> bool:
    """Tell what needs no look-up."""
    try:
        ip_address(str(host))
    except ValueError:
        return False
    return True


@pytest.fixture(autouse=True)
def shut_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse to look names up and to connect beyond loopback."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not _is_loopback(address[0]):
            raise RuntimeError(f"a test reached for the network: {address}")
        connect(self, address)

    def guarded_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if not _is_loopback(name) and not _is_address(name):
            raise RuntimeError(f"a test looked up a name: {host}")
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)


# --- Values -------------------------------------------------------------------

OF_WARDS = frozenset({Level.PRESCHOOL, Level.PRIMARY, Level.LOWER_SECONDARY})


def authority(id_: str, **values: Any) -> Authority:
    """Make an authority."""
    return Authority(id=id_, **({"name": f"Cơ quan {id_}"} | values))


def source(id_: str, **values: Any) -> Source:
    """Make a source of the Sở, on a portal of its own."""
    defaults: dict[str, Any] = {
        "url": f"http://127.0.0.1:8100/{id_}/rss.xml",
        "authority": "so",
        "category": Category.NEWS,
    }
    return Source(id=id_, **(defaults | values))


def settings(*sources: Source, authorities: tuple[Authority, ...] = ()) -> Settings:
    """Make settings: the Sở, and what is given."""
    everyone = {a.id: a for a in (authority("so", short="Sở"), *authorities)}
    return Settings(
        path="feeds.toml",
        site=Site(title="Tin ngành Giáo dục", base_url="http://tin.example"),
        authorities=everyone,
        sources={s.id: s for s in sources},
        fetch=FetchSettings(
            allow_private=("127.0.0.0/8",), timeout=timedelta(seconds=5)
        ),
    )


def item(name: str, **values: Any) -> Item:
    """Make an item: its name gives key, title, link and fingerprint."""
    meaning = values.pop("meaning", Meaning())
    defaults: dict[str, Any] = {
        "keys": (name,),
        "guid": name,
        "title": f"Tiêu đề {name}",
        "link": f"http://cong.example/bai-viet/{name}.html",
        "html": f"<p>Nội dung {name}</p>",
        "text": f"Nội dung {name}",
        "given": NOW - timedelta(hours=1),
        "fingerprint": f"dấu {name}",
    }
    return worded(Item(**(defaults | values), meaning=meaning))


def worded(found: Item) -> Item:
    """Give an item the words by which it is found, as reading a document does."""
    document = found.meaning.document
    number = document.number if document else ""
    return replace(found, words=words_of(found.title, number, found.text))


def meaning(category: Category = Category.NEWS, *levels: Level) -> Meaning:
    """Make a meaning: a category, and levels (none: all)."""
    return Meaning(category=category, levels=frozenset(levels))


# --- Stores -------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres() -> str:
    """Give a server's address, or skip by name where there is none."""
    try:
        psycopg.connect(POSTGRES, connect_timeout=3).close()
    except psycopg.Error as error:
        pytest.skip(f"no PostgreSQL at {POSTGRES} ({str(error).splitlines()[0]})")
    return POSTGRES


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """Make an empty database of its own, and remove it."""
    name = f"aggregator_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        yield postgres.rsplit("/", 1)[0] + f"/{name}"
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of an empty database, on each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """Give a store with today's schema, on each database in turn."""
    made = Store(database_url)
    made.migrate()
    made.close()
    opened = open_store(database_url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    """Give a store on SQLite, where the database is not what is tested."""
    opened = open_store(f"sqlite:///{tmp_path}/store.db")
    yield opened
    opened.close()


@pytest.fixture
def declare() -> Callable[[Store, Settings], None]:
    """Tell a store what the file says."""

    def declare_now(to: Store, said: Settings, now: datetime = NOW) -> None:
        with to.write() as connection:
            stored.declare(connection, said.sources, now)

    return declare_now


def with_sources(said: Settings, *sources: Source) -> Settings:
    """Give settings other sources."""
    return replace(said, sources={s.id: s for s in sources})
