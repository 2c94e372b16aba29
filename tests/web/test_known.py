"""Known answers are those that Flask gives, and no longer than they are true."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from aggregator.app import create_app
from aggregator.model import Level
from aggregator.model import UnitUse
from aggregator.store.engine import Store
from aggregator.store.units import read_uses
from aggregator.web import known as room
from aggregator.web.caching import STALE
from aggregator.web.feeds import FORMS
from aggregator.web.units import MAX_BETWEEN
from aggregator.web.units import OTHERS
from aggregator.web.units import UnitCounts
from tests.conftest import NOW
from tests.web.filled import ALL_RSS
from tests.web.filled import SAID
from tests.web.filled import Clock
from tests.web.filled import give_back
from tests.web.filled import notice
from tests.web.filled import pull
from tests.web.filled import take_away

TODAY = date(2026, 11, 20)
ADDRESSES = (
    ALL_RSS,
    "/feeds/so/all/all.atom",
    "/feeds/quan-1/mam-non,thcs/tin-tuc.json?limit=5",
    "/widget/v1/so/all/all.json",
    "/embed/so/all/all",
    "/embed/quan-1/thcs/all?limit=5&lang=en&theme=dark",
    "/feeds/quan-2/all/thu-moi.rss",
)
ASKED: tuple[dict[str, str], ...] = (
    {},
    {"Accept-Encoding": "gzip, deflate"},
    {"Accept-Encoding": "br"},
    {"If-None-Match": "*"},
    {"If-None-Match": '"other"'},
    {"If-Modified-Since": "Fri, 20 Nov 2037 00:00:00 GMT"},
    {"If-Modified-Since": "Sun, 20 Nov 2016 00:00:00 GMT"},
    {"If-Modified-Since": "nonsense"},
    {"If-None-Match": "*", "Accept-Encoding": "gzip"},
)


class Counted:
    """A WSGI application that counts how often it is asked."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.asked = 0

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """Ask the one behind."""
        self.asked += 1
        return self.app(environ, start_response)


@pytest.fixture
def app(filled: Store, clock: Clock) -> Flask:
    """Give an application whose counters are looked at when a test says so."""
    clock.now = NOW + timedelta(hours=1)
    app = create_app(SAID, filled, clock=clock)
    look(app)
    return app


@pytest.fixture
def flask(app: Flask) -> Iterator[Counted]:
    """Give what stands behind the known answers."""
    layer: Any = app.wsgi_app
    layer._app = counted = Counted(layer._app)
    yield counted


def look(app: Flask) -> None:
    """Look at the counters, as a thread does in a server."""
    app.extensions["aggregator"].watch.look()


def spoken(client: FlaskClient, address: str, **asked: Any) -> tuple[Any, ...]:
    """Give all of an answer."""
    answer = client.open(address, **asked)
    headers = sorted((name, value) for name, value in answer.headers.items())
    return answer.status_code, headers, answer.data


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("headers", ASKED, ids=str)
def test_what_is_known_is_what_flask_says(
    app: Flask,
    flask: Counted,
    filled: Store,
    clock: Clock,
    address: str,
    method: str,
    headers: dict[str, str],
) -> None:
    plain = create_app(SAID, filled, clock=clock).test_client()  # nobody looks
    wanted = spoken(plain, address, method=method, headers=headers)
    client = app.test_client()
    client.get(address)
    before = flask.asked
    assert spoken(client, address, method=method, headers=headers) == wanted
    assert flask.asked == before


def test_a_change_is_seen_at_the_next_look_and_nothing_else_is_made_anew(
    app: Flask, flask: Counted, filled: Store
) -> None:
    client = app.test_client()
    of_primary, of_thcs = "/feeds/so/tieu-hoc/all.rss", "/feeds/so/thcs/all.rss"
    old = client.get(of_primary), client.get(of_thcs)
    pull(filled, "so-tin", notice("tin-moi", 0, Level.PRIMARY))
    assert client.get(of_primary).data == old[0].data  # not looked yet
    look(app)
    assert "Tiêu đề tin-moi" in client.get(of_primary).text
    asked = flask.asked
    same = client.get(of_thcs)
    assert same.data == old[1].data
    assert same.headers["ETag"] == old[1].headers["ETag"]
    assert flask.asked == asked


def test_a_version_seen_before_the_look_is_not_taken_for_an_older_one(
    app: Flask, flask: Counted, filled: Store
) -> None:
    client = app.test_client()
    pull(filled, "so-tin", notice("tin-moi", 0))
    assert "Tiêu đề tin-moi" in client.get(ALL_RSS).text  # never asked before
    assert "Tiêu đề tin-moi" in client.get(ALL_RSS).text
    look(app)
    client.get(ALL_RSS)
    asked = flask.asked
    assert "Tiêu đề tin-moi" in client.get(ALL_RSS).text
    assert flask.asked == asked


def test_last_modified_settles_without_flask(
    app: Flask, flask: Counted, filled: Store, clock: Clock
) -> None:
    client = app.test_client()
    pull(filled, "so-tin", notice("tin-moi", 0), now=clock.now)
    look(app)
    client.get(ALL_RSS)
    look(app)
    early = client.get(ALL_RSS).headers["Last-Modified"]
    asked = flask.asked
    clock.now += timedelta(seconds=6)
    late = client.get(ALL_RSS)
    assert late.headers["Last-Modified"] > early
    assert flask.asked == asked
    fresh = create_app(SAID, filled, clock=clock).test_client().get(ALL_RSS)
    assert late.headers["Last-Modified"] == fresh.headers["Last-Modified"]


def test_at_midnight_it_is_made_anew(app: Flask, flask: Counted, clock: Clock) -> None:
    client = app.test_client()
    client.get(ALL_RSS)
    asked = flask.asked
    clock.now += timedelta(hours=24)
    client.get(ALL_RSS)
    assert flask.asked == asked + 1


def test_who_has_them_is_known_though_nobody_wanted_the_bytes(
    app: Flask, flask: Counted
) -> None:
    client = app.test_client()
    any_tag = {"If-None-Match": "*"}
    first = spoken(client, ALL_RSS, headers=any_tag)
    asked = flask.asked
    assert spoken(client, ALL_RSS, headers=any_tag) == first
    assert first[0] == 304
    assert flask.asked == asked
    assert client.get(ALL_RSS).data.startswith(b"<?xml")
    assert client.get(ALL_RSS).data.startswith(b"<?xml")
    assert flask.asked == asked + 1


@pytest.mark.parametrize(
    "other",
    [f"{ALL_RSS}?x=1", f"{ALL_RSS}?limit=30", f"{ALL_RSS}?", "/feeds/so/all/all", "/"],
)
def test_other_ways_to_write_it_take_no_memory(
    app: Flask, flask: Counted, other: str
) -> None:
    client = app.test_client()
    client.get(ALL_RSS)
    layer: Any = app.wsgi_app
    kept = set(layer._answers)
    client.get(other)
    assert set(layer._answers) == kept == {ALL_RSS}


def test_another_method_is_flask_s(app: Flask) -> None:
    client = app.test_client()
    client.get(ALL_RSS)
    assert client.post(ALL_RSS).status_code == 405


def test_the_oldest_go_when_there_are_too_many(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "MAX_ANSWERS", 2)
    client = app.test_client()
    for form in FORMS:
        client.get(f"/feeds/so/all/all.{form}")
    layer: Any = app.wsgi_app
    assert list(layer._answers) == [f"/feeds/so/all/all.{f}" for f in list(FORMS)[-2:]]


def test_the_store_away_they_are_served_as_stale(
    app: Flask, flask: Counted, filled: Store, database: Path
) -> None:
    client = app.test_client()
    before = spoken(client, ALL_RSS)
    take_away(filled, database)
    look(app)
    after = spoken(client, ALL_RSS)
    assert after == (200, sorted([*before[1], ("Warning", STALE)]), before[2])
    give_back(database)
    look(app)
    assert spoken(client, ALL_RSS) == before


# --- Who asks -----------------------------------------------------------------


def uses(app: Flask, store: Store) -> list[UnitUse]:
    """Write down who asked, and read it."""
    app.extensions["aggregator"].units.write(store)
    with store.read() as connection:
        return read_uses(connection, since=TODAY)


def test_who_names_itself_is_counted_and_gets_the_same(
    app: Flask, flask: Counted, filled: Store, clock: Clock
) -> None:
    client = app.test_client()
    plain = spoken(client, f"{ALL_RSS}?limit=5")
    for query in ("u=mn-1&limit=5", "limit=5&u=mn-1", "limit=5&u=thcs-2"):
        assert spoken(client, f"{ALL_RSS}?{query}") == plain
    asked = flask.asked
    last = clock.now = clock.now + timedelta(minutes=1)
    tag = {"If-None-Match": "*"}
    assert client.get(f"{ALL_RSS}?limit=5&u=mn-1", headers=tag).status_code == 304
    assert flask.asked == asked
    found = uses(app, filled)
    assert [(u.unit, u.selection, u.day, u.requests) for u in found] == [
        ("mn-1", f"{ALL_RSS}?limit=5", TODAY, 3),
        ("thcs-2", f"{ALL_RSS}?limit=5", TODAY, 1),
    ]
    assert found[0].last == last


def test_counts_add_up_over_writings_and_days(
    app: Flask, filled: Store, clock: Clock
) -> None:
    client = app.test_client()
    for _ in range(2):
        client.get("/widget/v1/so/all/all.json?u=mn-1")
        uses(app, filled)
    clock.now += timedelta(days=1)
    client.get("/widget/v1/so/all/all.json?u=mn-1")
    assert [(u.day, u.requests) for u in uses(app, filled)] == [
        (TODAY, 2),
        (TODAY + timedelta(days=1), 1),
    ]


@pytest.mark.parametrize("key", ["", "A", "a_b", "x" * 33, "%C3%A1", "a b", "<b>"])
def test_what_is_no_key_names_nobody(app: Flask, filled: Store, key: str) -> None:
    client = app.test_client()
    assert client.get(f"{ALL_RSS}?u={key}").data == client.get(ALL_RSS).data
    assert uses(app, filled) == []


def test_an_address_that_is_none_counts_for_nobody(app: Flask, filled: Store) -> None:
    assert app.test_client().get("/feeds/none/all/all.rss?u=mn-1").status_code == 404
    assert uses(app, filled) == []


def test_invented_keys_are_bounded(filled: Store) -> None:
    units = UnitCounts("Asia/Ho_Chi_Minh")
    for n in range(MAX_BETWEEN + 50):
        units.add(f"k{n}", ALL_RSS, NOW)
    units.write(filled)
    with filled.read() as connection:
        found = read_uses(connection, since=TODAY)
    assert len(found) == MAX_BETWEEN + 1
    assert [u.requests for u in found if u.unit == OTHERS] == [50]


def test_what_cannot_be_written_is_written_later(filled: Store, database: Path) -> None:
    units = UnitCounts("Asia/Ho_Chi_Minh")
    units.add("mn-1", ALL_RSS, NOW)
    take_away(filled, database)
    units.write(filled)
    units.add("mn-1", ALL_RSS, NOW)
    give_back(database)
    units.write(filled)
    with filled.read() as connection:
        (found,) = read_uses(connection, since=TODAY, unit="mn-1")
    assert found.requests == 2


def test_a_year_of_them_is_kept(store: Store) -> None:
    old = NOW - timedelta(days=401)
    units = UnitCounts("Asia/Ho_Chi_Minh")
    units.add("mn-1", ALL_RSS, old)
    units.write(store)
    units.add("mn-1", ALL_RSS, old + timedelta(days=1))
    units.write(store)
    units.add("mn-1", ALL_RSS, NOW)
    units.write(store)
    with store.read() as connection:
        found = read_uses(connection, since=date(2020, 1, 1))
    assert [u.day for u in found] == [TODAY - timedelta(days=400), TODAY]
    assert replace(found[1], last=NOW).requests == 1
