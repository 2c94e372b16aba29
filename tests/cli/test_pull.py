"""`pull` and `sources`: what is pulled, what is told, and how it ends."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.store import sources as stored
from aggregator.store.engine import open_store
from aggregator.work.owner import _started
from aggregator.work.owner import machine
from tests.cli.command import Done
from tests.cli.command import aggregator
from tests.cli.command import environment
from tests.cli.command import service
from tests.cli.command import words
from tests.cli.command import write_feeds
from tests.cli.upstream import Entry
from tests.cli.upstream import Upstream
from tests.cli.upstream import rss
from tests.conftest import settings
from tests.conftest import source

ONE = rss(Entry(guid="1", title="Thông báo lịch thi lớp 10", link="/1.html"))
TWO = rss(
    Entry(guid="1", title="Thông báo lịch thi lớp 10", link="/1.html"),
    Entry(guid="2", title="Tuyển sinh mầm non", link="/2.html"),
    Entry(guid="2", title="Tuyển sinh mầm non", link="/2.html"),
    Entry(guid="", title=""),
)
KEYS = ("sources", "items", "failures", "skipped", "seconds")


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream(("127.0.0.1", "127.0.0.2", "127.0.0.3")) as made:
        yield made


def pull(folder: Path, *args: object) -> Done:
    """Pull with a JSON report, and check what every report must be."""
    done = aggregator(folder, "pull", "--json", *args)
    assert tuple(done.json) == KEYS
    assert set(done.json["sources"]) == {"pulled", "unchanged", "failed", "busy"}
    assert set(done.json["items"]) == {
        *("new", "changed", "unchanged", "duplicate", "rejected", "withdrawn")
    }
    return done


def test_a_first_pull_then_nothing_due_then_all(
    tmp_path: Path, upstream: Upstream
) -> None:
    write_feeds(
        tmp_path,
        {
            "a": upstream.put("/a.xml", ONE, headers={"ETag": '"1"'}),
            "b": upstream.put("/b.xml", TWO),
            "c": upstream.url("/none.xml", "127.0.0.2"),
        },
    )
    done = pull(tmp_path)
    assert done.code == 1
    assert done.json["sources"] == {"pulled": 2, "unchanged": 0, "failed": 1, "busy": 0}
    assert done.json["items"] == {
        "new": 3,
        "changed": 0,
        "unchanged": 0,
        "duplicate": 1,
        "rejected": 1,
        "withdrawn": 0,
    }
    assert done.json["failures"] == [
        {"source": "c", "reason": "not_found", "detail": "HTTP 404"}
    ]
    assert "source=c" in done.err and "source=c" not in done.out

    asked = len(upstream.asked)
    done = pull(tmp_path)  # nothing is due
    assert (done.code, sum(done.json["sources"].values())) == (0, 0)
    assert len(upstream.asked) == asked

    upstream.put("/none.xml", TWO, address="127.0.0.2")
    done = pull(tmp_path, "--all")
    assert done.code == 0
    assert done.json["sources"] == {"pulled": 1, "unchanged": 2, "failed": 0, "busy": 0}
    assert upstream.asked_for("/a.xml")[-1]["if-none-match"] == '"1"'
    agent = upstream.asked_for("/a.xml")[0]["user-agent"]
    assert agent.startswith("school-feed-aggregator/")


def test_named_sources_are_pulled_due_or_not(
    tmp_path: Path, upstream: Upstream
) -> None:
    urls = {name: upstream.put(f"/{name}.xml", ONE) for name in "abc"}
    write_feeds(tmp_path, urls)
    assert pull(tmp_path, "a", "c", "a").json["sources"]["pulled"] == 2
    assert not upstream.asked_for("/b.xml")
    assert pull(tmp_path, "a").json["sources"]["unchanged"] == 1


def test_an_unknown_source_is_told_with_the_nearest(
    tmp_path: Path, upstream: Upstream
) -> None:
    write_feeds(tmp_path, {"so-thong-bao": upstream.put("/a.xml", ONE)})
    done = aggregator(tmp_path, "pull", "so-thongbao")
    assert (done.code, done.out) == (2, "")
    assert 'Did you mean "so-thong-bao"?' in done.err
    assert upstream.asked == []


def test_people_read_counts_on_stdout_and_reasons_on_stderr(
    tmp_path: Path, upstream: Upstream
) -> None:
    write_feeds(
        tmp_path, {"a": upstream.put("/a.xml", ONE), "b": upstream.url("/none.xml")}
    )
    done = aggregator(tmp_path, "pull")
    assert done.code == 1
    assert "1 pulled" in done.out and "1 failed" in done.out and "1 new" in done.out
    assert "b: Không còn ở địa chỉ này (404)" in done.err


def test_retry_after_is_heeded_unless_forced(
    tmp_path: Path, upstream: Upstream
) -> None:
    urls = {"a": upstream.put("/a.xml", status=429, headers={"Retry-After": "3600"})}
    write_feeds(tmp_path, urls)
    before = datetime.now(UTC)
    done = pull(tmp_path)
    assert done.code == 1 and done.json["failures"][0]["reason"] == "limited"
    for asked in (["a"], ["--all"], []):
        done = pull(tmp_path, *asked)
        assert (done.code, sum(done.json["sources"].values())) == (0, 0)
    assert len(upstream.asked) == 1
    (skipped,) = pull(tmp_path, "a").json["skipped"]
    until = datetime.fromisoformat(skipped["until"])
    assert skipped["source"] == "a"
    assert until.utcoffset() == timedelta(hours=7)
    assert timedelta(minutes=59) < until - before < timedelta(minutes=62)
    (told,) = aggregator(tmp_path, "sources", "--json").json["sources"]
    assert (told["state"], told["reason"]) == ("limited", "limited")

    upstream.put("/a.xml", ONE)
    assert pull(tmp_path, "a", "--force").json["sources"]["pulled"] == 1


def _lease(folder: Path, owner: str, *names: str) -> None:
    store = open_store(f"sqlite:///{folder}/var/aggregator.db")
    now = datetime.now(UTC)
    with store.write() as connection:
        until = now + timedelta(minutes=3)
        said = settings(*(source(name) for name in names)).sources
        rows = stored.claim(
            connection, said, now=now, owner=owner, until=until, wanted=names
        )
    assert len(rows) == len(names)
    store.close()


def test_what_another_process_has_leased_is_busy_until_it_is_dead(
    tmp_path: Path, upstream: Upstream
) -> None:
    """Sources a and b stand on one host: while a is asked elsewhere, b must wait."""
    at = {"a": "127.0.0.1", "b": "127.0.0.1", "c": "127.0.0.2"}
    write_feeds(
        tmp_path, {n: upstream.put(f"/{n}.xml", ONE, address=at[n]) for n in at}
    )
    aggregator(tmp_path, "sources")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1) as other:
        _lease(tmp_path, f"{machine()}/{other.pid}/{_started(other.pid)}", "a")
        done = pull(tmp_path, "--all")
        assert done.code == 0
        assert (done.json["sources"]["busy"], done.json["sources"]["pulled"]) == (2, 1)
        assert not upstream.asked_for("/a.xml") and not upstream.asked_for("/b.xml")
        other.kill()
        other.wait()
    assert pull(tmp_path, "a").json["sources"]["pulled"] == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_pull_and_gives_its_leases_back(
    tmp_path: Path, upstream: Upstream, number: int
) -> None:
    write_feeds(
        tmp_path,
        {"a": upstream.put("/a.xml", ONE), "b": upstream.put("/b.xml", hangs=True)},
    )
    with service(tmp_path, "pull", "--json") as pulling:
        upstream.wait_for("/b.xml")
        code, seconds = pulling.end(number)
    assert (code, seconds < 10) == (130, True)
    assert (tmp_path / "stdout").read_bytes() == b""
    with sqlite3.connect(tmp_path / "var" / "aggregator.db") as database:
        assert database.execute("SELECT lease_owner FROM sources").fetchall() == [
            (None,),
            (None,),
        ]
    database.close()


# --- sources ------------------------------------------------------------------


def test_sources_tell_how_each_stands(tmp_path: Path, upstream: Upstream) -> None:
    write_feeds(
        tmp_path,
        {
            "a": upstream.put("/a.xml", TWO),
            "b": upstream.url("/none.xml"),
            "c": upstream.put("/c.xml", ONE, address="127.0.0.3"),
        },
    )
    pull(tmp_path, "a", "b")
    told = aggregator(tmp_path, "sources", "--json")
    assert (told.code, told.err) == (0, "")
    a, b, c = told.json["sources"]
    assert {
        *("id", "state", "last_try", "last_ok", "last_changed", "last_new_item"),
        *("failing_since", "next_due", "reason", "last_attempt"),
    } <= set(a)
    assert set(a["last_attempt"]) == {
        *("outcome", "status", "bytes", "entries", "new", "changed", "unchanged"),
        *("duplicate", "rejected", "withdrawn", "gap"),
    }
    assert [each["state"] for each in (a, b, c)] == ["ok", "failing", "new"]
    assert a["last_attempt"] | {"bytes": len(TWO)} == {
        "outcome": "pulled",
        "status": 200,
        "bytes": len(TWO),
        "entries": 4,
        "new": 2,
        "changed": 0,
        "unchanged": 0,
        "duplicate": 1,
        "rejected": 1,
        "withdrawn": 0,
        "gap": False,
    }
    assert a["last_try"] == a["last_ok"] == a["last_new_item"] != None  # noqa: E711
    assert a["last_try"].endswith("+07:00") and a["failing_since"] is None
    assert (b["reason"], b["last_ok"]) == ("not_found", None)
    assert b["failing_since"] == b["last_try"]
    assert (c["last_try"], c["last_attempt"]) == (None, None)
    lines = aggregator(tmp_path, "sources").out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["a", "b", "c"]
    assert "Nothing stands at this address (404)" in lines[1]


def test_a_source_that_leaves_the_file_is_off(
    tmp_path: Path, upstream: Upstream
) -> None:
    urls = {
        "a": upstream.put("/a.xml", ONE),
        "b": upstream.put("/b.xml", ONE, address="127.0.0.2"),
    }
    write_feeds(tmp_path, urls)
    pull(tmp_path)
    write_feeds(tmp_path, {"a": urls["a"]})
    states = aggregator(tmp_path, "sources", "--json").json["sources"]
    assert [(each["id"], each["state"]) for each in states] == [
        ("a", "ok"),
        ("b", "off"),
    ]
    assert pull(tmp_path, "--all").json["sources"]["unchanged"] == 1
    items = aggregator(tmp_path, "items").lines
    assert {item["source"] for item in items} == {"a", "b"}


# --- Pipes --------------------------------------------------------------------


def test_a_reader_that_goes_away_is_no_disaster(
    tmp_path: Path, upstream: Upstream
) -> None:
    write_feeds(tmp_path, {"a": upstream.put("/a.xml", ONE)})
    aggregator(tmp_path, "sources")
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        words("sources", "--json"),
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")
