"""The commands that stay: they answer, they end when told, they refuse clearly."""

import re
import signal
import socket
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import feedparser
import pytest

from aggregator.publish.placeholder import TITLE
from tests.cli.command import Service
from tests.cli.command import aggregator
from tests.cli.command import service
from tests.cli.command import write_feeds
from tests.cli.upstream import Entry
from tests.cli.upstream import Upstream
from tests.cli.upstream import rss

FEED = rss(Entry(guid="1", title="Thông báo lịch thi", link="http://so.example/1.html"))
FRESH = 1  # second: no answer is older than that
HOME = r"aggregator: (http://127\.0\.0\.1:\d+)/feeds/"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream(("127.0.0.1", "127.0.0.2")) as made:
        yield made


def get(url: str) -> bytes:
    """Read what stands at an address."""
    with urllib.request.urlopen(url, timeout=20) as answer:
        body: bytes = answer.read()
    return body


def titles(base: str) -> list[str]:
    """Read the titles of the Sở's feed."""
    feed = feedparser.parse(get(f"{base}/feeds/so/all/all.rss"))
    assert not feed.bozo
    return [entry.title for entry in feed.entries]


def answers(port: int) -> bool:
    """Say whether somebody listens."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def ends_well(running: Service, number: int = signal.SIGTERM) -> None:
    """Tell a service to end: it does so in time, as done."""
    code, seconds = running.end(number)
    assert code == 0, running.said
    assert seconds < 10
    assert "stopping" in running.said


def leases(folder: Path) -> list[str | None]:
    """List who holds the sources."""
    with closing(sqlite3.connect(folder / "var" / "aggregator.db")) as database:
        rows = database.execute("SELECT lease_owner FROM sources ORDER BY id")
        return [owner for owner, in rows]


# --- serve --------------------------------------------------------------------


def test_serve_shows_what_is_stored_and_pulls_nothing(
    tmp_path: Path, upstream: Upstream
) -> None:
    write_feeds(tmp_path, {"a": upstream.put("/a.xml", FEED)})
    assert aggregator(tmp_path, "pull").code == 0
    with service(tmp_path, "serve", "--port", "0") as running:
        base = running.wait_for(HOME)[1]
        assert get(f"{base}/healthz") and get(f"{base}/readyz")
        assert titles(base) == ["Thông báo lịch thi"]
        assert "Thông báo lịch thi".encode() in get(f"{base}/feeds/so/all/all")
        with pytest.raises(urllib.error.HTTPError) as caught:
            get(f"{base}/feeds/none/all/all.rss")
        with caught.value as error:
            assert error.code == 404 and b"Valid: so" in error.read()
        ends_well(running)
    assert len(upstream.asked) == 1
    assert (tmp_path / "stdout").read_bytes() == b""


def test_many_may_serve_and_ctrl_c_ends_them_too(
    tmp_path: Path, upstream: Upstream
) -> None:
    write_feeds(tmp_path, {"a": upstream.put("/a.xml", FEED)})
    with (
        service(tmp_path, "serve", "--port", "0") as one,
        service(tmp_path, "serve", "--port", "0") as two,
    ):
        for each in (one, two):
            assert titles(each.wait_for(HOME)[1]) == [TITLE]  # that there is none yet
        assert aggregator(tmp_path, "pull").code == 0
        time.sleep(FRESH)
        for each in (one, two):
            assert titles(each.wait_for(HOME)[1]) == ["Thông báo lịch thi"]
            ends_well(each, signal.SIGINT)


def test_no_process_of_serve_outlives_the_one_that_was_killed(
    tmp_path: Path, upstream: Upstream
) -> None:
    write_feeds(tmp_path, {"a": upstream.put("/a.xml", FEED)})
    with service(tmp_path, "serve", "--port", "0", "--workers", "2") as running:
        base = running.wait_for(HOME)[1]
        assert get(f"{base}/healthz")
        running.process.kill()
        running.process.wait(10)
        port = int(base.rpartition(":")[2])
        ends = time.monotonic() + 20
        while time.monotonic() < ends and answers(port):
            time.sleep(0.1)
        assert not answers(port)
        running.reader.join(10)  # each process of it holds its stderr open
        assert not running.reader.is_alive()


def test_units_are_counted_where_known_bytes_are_given(
    tmp_path: Path, upstream: Upstream
) -> None:
    write_feeds(tmp_path, {"a": upstream.put("/a.xml", FEED)})
    assert aggregator(tmp_path, "pull").code == 0
    with service(tmp_path, "serve", "--port", "0") as running:
        base = running.wait_for(HOME)[1]
        for _ in range(5):
            get(f"{base}/feeds/so/thcs/all.rss?u=thcs-le-loi")
        get(f"{base}/feeds/so/thcs/all.rss?u=Not+a+key")
        get(f"{base}/feeds/so/thcs/all.rss?limit=5&u=mn-hoa-sen")
        ends_well(running)
    told = aggregator(tmp_path, "units", "--json").json["units"]
    asked = {
        (unit["unit"], one["path"]): one["requests"]
        for unit in told
        for one in unit["selections"]
    }
    assert asked == {
        ("mn-hoa-sen", "/feeds/so/thcs/all.rss?limit=5"): 1,
        ("thcs-le-loi", "/feeds/so/thcs/all.rss"): 5,
    }
    told = aggregator(tmp_path, "units", "--unit", "thcs-le-loi").out
    assert "/feeds/so/thcs/all.rss" in told and "mn-hoa-sen" not in told
    assert aggregator(tmp_path, "units", "--unit", "none").out == ""


@pytest.mark.parametrize("command", ["serve", "run", "demo"])
def test_a_taken_port_is_told(tmp_path: Path, upstream: Upstream, command: str) -> None:
    write_feeds(tmp_path, {"a": upstream.put("/a.xml", FEED)})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = aggregator(tmp_path, command, "--port", port)
    assert (done.code, done.out) == (2, "")
    assert f"cannot listen on 127.0.0.1:{port}" in done.err
    assert "--port" in done.err
    assert len(done.err.splitlines()) == 1
    assert upstream.asked == []


# --- run and work -------------------------------------------------------------


def test_run_pulls_what_is_due_and_serves_it(
    tmp_path: Path, upstream: Upstream
) -> None:
    headers = {"ETag": '"1"'}
    urls = {
        "a": {"url": upstream.put("/a.xml", FEED, headers=headers), "every": "1s"},
        "b": upstream.put("/b.xml", address="127.0.0.2", hangs=True),
    }
    write_feeds(tmp_path, urls)
    with service(tmp_path, "run", "--port", "0") as running:
        base = running.wait_for(HOME)[1]
        running.wait_for("source=a outcome=pulled status=200 entries=1 new=1")
        assert titles(base) == ["Thông báo lịch thi"]
        running.wait_for("source=a outcome=not_modified status=304")
        more = rss(
            Entry(guid="2", title="Tin thứ hai"),
            Entry(guid="1", title="Thông báo lịch thi"),
        )
        upstream.put("/a.xml", more)
        running.wait_for("source=a outcome=pulled.* new=1 changed=1")
        time.sleep(FRESH)
        assert titles(base)[0] == "Tin thứ hai"
        upstream.wait_for("/b.xml")  # which is still waited for: mid-pull
        ends_well(running)
    assert leases(tmp_path) == [None, None]
    assert (tmp_path / "stdout").read_bytes() == b""
    assert len(re.findall("source=a", running.said)) < 20


def test_work_pulls_without_serving(tmp_path: Path, upstream: Upstream) -> None:
    write_feeds(tmp_path, {"a": upstream.put("/a.xml", FEED)})
    with service(tmp_path, "work") as running:
        running.wait_for("source=a outcome=pulled")
        assert "http://" not in running.said
        ends_well(running)
    assert len(aggregator(tmp_path, "items").lines) == 1


def all_pulled(count: int, *at_work: Service) -> None:
    """Wait until so many pulls have been saved, by whoever does them."""
    deadline = time.monotonic() + 30
    while sum(each.said.count("outcome=pulled") for each in at_work) < count:
        assert time.monotonic() < deadline, [each.said for each in at_work]
        time.sleep(0.02)


def test_two_at_work_pull_each_source_once(tmp_path: Path, upstream: Upstream) -> None:
    urls = {f"s{n}": upstream.put(f"/{n}.xml", FEED) for n in range(20)}
    write_feeds(tmp_path, urls)
    with service(tmp_path, "work") as one, service(tmp_path, "work") as two:
        all_pulled(20, one, two)
        for each in (one, two):
            each.wait_for("20 sources")
            ends_well(each)
    assert len(upstream.asked) == 20
    assert leases(tmp_path) == [None] * 20


def test_what_was_killed_is_taken_up_at_once(
    tmp_path: Path, upstream: Upstream
) -> None:
    write_feeds(tmp_path, {"a": upstream.put("/a.xml", hangs=True)})
    with service(tmp_path, "work") as running:
        upstream.wait_for("/a.xml")
        running.end(signal.SIGKILL)
    assert leases(tmp_path) != [None]
    upstream.put("/a.xml", FEED)
    with service(tmp_path, "work") as running:
        running.wait_for("source=a outcome=pulled")
        ends_well(running)


def test_a_database_held_by_another_does_not_hold_up_the_end(
    tmp_path: Path, upstream: Upstream
) -> None:
    write_feeds(tmp_path, {"a": upstream.put("/a.xml", hangs=True)})
    with service(tmp_path, "work") as running:
        upstream.wait_for("/a.xml")
        with closing(sqlite3.connect(tmp_path / "var" / "aggregator.db")) as other:
            other.execute("BEGIN IMMEDIATE")
            code, seconds = running.end()
    assert code == 0, running.said
    assert seconds < 10


# --- Public hosts need a contact ----------------------------------------------


@pytest.mark.parametrize("command", ["run", "work"])
@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("http://cong.example/rss.xml", "127.0.0.0/8"),
        ("http://127.0.0.1:{port}/a.xml", ""),
        ("http://[::1]:{port}/a.xml", "127.0.0.0/8"),
    ],
    ids=["name", "address-not-allowed", "ipv6"],
)
def test_without_a_contact_no_public_host_is_asked(
    tmp_path: Path, upstream: Upstream, command: str, url: str, private: str
) -> None:
    here = upstream.put("/a.xml", FEED)
    write_feeds(
        tmp_path,
        {"tin": url.format(port=upstream.port), "here": here + "?b"},
        private=private,
    )
    done = aggregator(tmp_path, command, *(["--port", "0"] if command == "run" else []))
    assert (done.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert line.startswith("feeds.toml: site.contact: ")
    assert "first: tin" in line
    assert upstream.asked == []
    assert not (tmp_path / "var").exists()


# --- demo ---------------------------------------------------------------------


def test_demo_shows_an_item_of_a_sample_portal(tmp_path: Path) -> None:
    with service(tmp_path, "demo", "--port", "0") as running:
        running.wait_for("the demo runs")
        feed = (tmp_path / "stdout").read_text("utf-8")
        (url,) = re.findall(r"http://\S+/feeds/so/all/all\.rss", feed)
        base = url.partition("/feeds/")[0]
        directory = get(f"{base}/feeds/").decode()
        assert "Sở Giáo dục và Đào tạo" in directory
        found = _first_items(url)
        assert found and all(entry.title for entry in found)
        assert get(found[0].link)  # opens on the sample portal
        ends_well(running)
    assert (tmp_path / "var" / "demo" / "aggregator.db").exists()
    assert not (tmp_path / "var" / "aggregator.db").exists()


def _first_items(url: str) -> list[feedparser.FeedParserDict]:
    """Ask a feed until it has items: its sources are just being pulled."""
    for _ in range(2_000):
        entries: list[feedparser.FeedParserDict] = feedparser.parse(get(url)).entries
        if entries:
            return entries
    raise AssertionError("no item was published")


# --- PostgreSQL ---------------------------------------------------------------


@pytest.mark.postgres
def test_postgres_is_migrated_only_by_migrate(
    tmp_path: Path, upstream: Upstream, postgres_url: str
) -> None:
    write_feeds(tmp_path, {"a": upstream.put("/a.xml", FEED)})
    option = ("--database", postgres_url)
    for words in (["pull"], ["items"], ["sources"], ["serve", "--port", "0"]):
        done = aggregator(tmp_path, *option, *words)
        assert (done.code, done.out) == (2, "")
        assert "aggregator migrate" in done.err
    for _ in range(2):  # a second time does nothing
        done = aggregator(tmp_path, *option, "migrate")
        assert (done.code, done.out) == (0, "")
    env = {"AGGREGATOR_DATABASE_URL": postgres_url}
    assert aggregator(tmp_path, "pull", env=env).code == 0
    assert len(aggregator(tmp_path, *option, "items").lines) == 1
    assert not (tmp_path / "var").exists()


@pytest.mark.postgres
def test_many_may_start_on_an_empty_postgres_at_once(
    tmp_path: Path, upstream: Upstream, postgres_url: str
) -> None:
    urls = {f"s{n}": upstream.put(f"/{n}.xml", FEED) for n in range(50)}
    write_feeds(tmp_path, urls)
    option = ("--database", postgres_url)
    assert aggregator(tmp_path, *option, "migrate").code == 0
    with (
        service(tmp_path, *option, "work") as one,
        service(tmp_path, *option, "work") as two,
        service(tmp_path, *option, "run", "--port", "0") as three,
    ):
        all_pulled(50, one, two, three)
        for each in (one, two, three):
            each.wait_for("Ctrl-C ends it")
            ends_well(each)
    assert len(upstream.asked) == 50


def test_a_database_that_is_away_is_told(tmp_path: Path, upstream: Upstream) -> None:
    write_feeds(tmp_path, {"a": upstream.put("/a.xml", FEED)})
    done = aggregator(
        tmp_path, "--database", "postgresql://me:s3cret@127.0.0.1:9/none", "pull"
    )
    assert (done.code, done.out) == (2, "")
    assert "the database does not answer" in done.err and "s3cret" not in done.err
