"""Kill -9 at any moment of a first pull: pulling again ends with everything, once.

The portals are simulated by a program that is not part of this project:
`AGGREGATOR_SHARED` says where its folder is, else it is looked for beside the checkout.
"""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from lxml import etree

from aggregator.store import schema
from aggregator.store.engine import Store
from tests.cli.command import aggregator
from tests.cli.command import environment
from tests.cli.command import words
from tests.cli.command import write_feeds

SHARED = Path(
    os.environ.get("AGGREGATOR_SHARED") or Path(__file__).parents[2] / "shared"
)
SIMULATOR = SHARED / "tools" / "upstream.py"
SOURCES = int(os.environ.get("AGGREGATOR_KILL_SOURCES", "200"))
ITEMS = int(os.environ.get("AGGREGATOR_KILL_ITEMS", "5"))  # of each source
ROUNDS = 10
pytestmark = [
    pytest.mark.timeout(1_200),
    pytest.mark.skipif(
        not SIMULATOR.exists(), reason="AGGREGATOR_SHARED names no tools/upstream.py"
    ),
]
Found = Counter[tuple[str, str, str]]  # (source, guid, link)


@dataclass(frozen=True, kw_only=True)
class World:
    """The simulated portals, and what a perfect client holds of them."""

    urls: dict[str, str]
    items: Found


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Start the simulator, and read every feed with other means than ours."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = {"--feeds": SOURCES, "--items": ITEMS, "--port": port}
    command = [sys.executable, str(SIMULATOR)]
    command += [str(word) for pair in options.items() for word in pair]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["ready"]
        urls = _get(f"http://127.0.0.1:{port}/urls.txt").decode().split()
        named = {f"s{n:04}": url for n, url in enumerate(urls)}
        items = Counter(
            (name, item.findtext("guid"), item.findtext("link"))
            for name, url in named.items()
            for item in etree.fromstring(_get(url)).iter("item")
        )
        expected = json.loads(_get(f"http://127.0.0.1:{port}/_ctl/expect"))
        assert items.total() == expected["items_now"] == SOURCES * ITEMS
        yield World(urls=named, items=items)
        process.terminate()


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:
        body: bytes = answer.read()
    return body


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def fresh(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[[], str]]:
    """Give a maker of empty databases, migrated, on each kind in turn."""
    if request.param == "sqlite":
        yield lambda: f"sqlite:///{tmp_path}/{uuid.uuid4().hex}.db"
        return
    server = str(request.getfixturevalue("postgres"))
    made: list[str] = []

    def make() -> str:
        made.append(f"aggregator_test_{uuid.uuid4().hex[:12]}")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{made[-1]}"')
        url = server.rsplit("/", 1)[0] + f"/{made[-1]}"
        store = Store(url)
        store.migrate()
        store.close()
        return url

    yield make
    with psycopg.connect(server, autocommit=True) as connection:
        for name in made:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


# --- What is stored -----------------------------------------------------------


def stored(url: str) -> Found:
    """Read what the database holds, past the service's own queries."""
    seen, version = schema.sightings.c, schema.versions.c
    query = (
        sa.select(schema.sources.c.id, seen.guid, version.link)
        .join(schema.sources, schema.sources.c.pk == seen.source_pk)
        .join(schema.versions, version.sighting_pk == seen.pk)
    )
    store = Store(url)
    try:
        with store.read() as connection:
            if not sa.inspect(connection).has_table("sightings"):
                return Counter()
            return Counter(tuple(row) for row in connection.execute(query))
    finally:
        store.close()


def rows(url: str) -> dict[str, int]:
    """Count what one item is made of, and what the outbox tells of it."""
    store = Store(url)
    named = sa.func.count(schema.keys.c.sighting_pk.distinct())  # one has several names
    tables = (schema.notices, schema.sightings, schema.versions)
    outbox = schema.outbox.c
    with store.read() as connection:
        counts = {
            table.name: connection.scalar(sa.select(sa.func.count()).select_from(table))
            for table in tables
        }
        counts["named"] = connection.scalar(sa.select(named))
        payloads = list(
            connection.scalars(sa.select(outbox.payload).where(outbox.kind == "items"))
        )
        counts["changes"] = connection.scalar(
            sa.select(sa.func.max(schema.changes.c.seq))
        )
    store.close()
    told = sum(each["to_seq"] - each["from_seq"] + 1 for each in payloads)
    return counts | {"told": told}


# --- Killing ------------------------------------------------------------------


def children(pid: int) -> set[int]:
    """List the processes below one, at any depth."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
        tasks = Path(f"/proc/{pid}/task").iterdir()
        text = " ".join((task / "children").read_text("ascii") for task in tasks)
    except OSError:
        return set()
    own = {int(word) for word in text.split()}
    return own.union(*(children(child) for child in own))


def alive(pid: int) -> bool:
    """Say whether a process still runs; a zombie does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def kill_while_pulling(folder: Path, url: str, is_time: Callable[[], bool]) -> None:
    """Begin a first pull, and kill it when told that it is time if it still runs."""
    process = subprocess.Popen(
        words("--database", url, "pull", "--all", "--json"),
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while process.poll() is None and not is_time():
            time.sleep(0.005)
        below = children(process.pid)
        process.send_signal(signal.SIGKILL)
        process.wait()
        _wait_until_gone(below)
    finally:
        process.kill()
        process.wait()


def after(seconds: float) -> Callable[[], bool]:
    """Make a test of the clock: has this much time passed since now?"""
    moment = time.monotonic() + seconds
    return lambda: time.monotonic() >= moment


def once_stored(url: str, count: int) -> Callable[[], bool]:
    """Make a test of the database: are so many items in it?"""
    return lambda: stored(url).total() >= count


def _wait_until_gone(pids: set[int]) -> None:
    deadline = time.monotonic() + 20
    while left := {pid for pid in pids if alive(pid)}:
        assert time.monotonic() < deadline, f"workers outlived their parent: {left}"
        time.sleep(0.02)


def test_a_killed_first_pull_is_made_good_by_the_next(
    tmp_path: Path, world: World, fresh: Callable[[], str]
) -> None:
    write_feeds(tmp_path, world.urls)
    whole = fresh()
    began = time.monotonic()
    assert aggregator(tmp_path, "--database", whole, "pull", "--all").code == 0
    duration = time.monotonic() - began
    assert stored(whole) == world.items

    chance = random.Random("kill -9")
    half_way = 0
    for n in range(ROUNDS):  # by turns at a moment of the whole, and while it stores
        url, part = fresh(), (n + chance.random()) / ROUNDS
        by_clock = n % 2 == 0
        is_time = (
            after(duration * part)
            if by_clock
            else once_stored(url, 1 + int(world.items.total() * part * 0.8))
        )
        kill_while_pulling(tmp_path, url, is_time)
        before = stored(url)
        assert before <= world.items, "something was stored twice"
        half_way += 0 < before.total() < world.items.total()
        done = aggregator(tmp_path, "--database", url, "pull", "--all", "--json")
        where = f"killed at {part:.0%} of {'the time' if by_clock else 'the items'}"
        assert done.code == 0, where
        assert done.json["sources"]["busy"] == 0, where
        assert stored(url) == world.items, where
        assert set(rows(url).values()) == {world.items.total()}, where
    assert half_way >= 3, "the kills did not meet the pulls; the test shows nothing"
