"""The outbox: what is put in is taken once, and comes again if nobody finished it."""

import threading
from datetime import timedelta

import sqlalchemy as sa

from aggregator.store import outbox
from aggregator.store import schema
from tests.conftest import NOW

MINUTE = timedelta(minutes=1)


def put(store, *names, kind="alert", now=NOW):
    with store.write() as connection:
        for name in names:
            outbox.put(connection, kind, {"name": name}, now)


def take(store, now=NOW, limit=10):
    with store.write() as connection:
        return outbox.take(connection, "alert", now, limit)


def names(parcels):
    return [parcel.payload["name"] for parcel in parcels]


def row(store):
    with store.read() as connection:
        return connection.execute(sa.select(schema.outbox)).one()


def test_what_is_put_in_is_taken_in_order(store):
    put(store, "a", "b", now=NOW)
    put(store, "earlier", now=NOW - MINUTE)
    put(store, "items", kind="items")
    put(store, "later", now=NOW + MINUTE)
    taken = take(store, limit=2)
    assert names(taken) == ["earlier", "a"]
    assert (taken[1].created_at, taken[1].tries) == (NOW, 0)
    assert names(take(store)) == ["b"]
    assert take(store) == []


def test_what_is_put_in_with_a_failed_change_is_not_there(store):
    try:
        with store.write() as connection:
            outbox.put(connection, "alert", {"name": "a"}, NOW)
            raise KeyError
    except KeyError:
        pass
    assert take(store) == []


def test_what_nobody_finished_comes_again(store):
    put(store, "a")
    (taken,) = take(store)
    assert take(store, NOW + outbox.LEASE - MINUTE) == []
    assert take(store, NOW + outbox.LEASE) == [taken]


def test_what_is_finished_never_comes_again(store):
    put(store, "a")
    (taken,) = take(store)
    with store.write() as connection:
        outbox.finish(connection, taken.pk, NOW, again_at=None)
    assert take(store, NOW + timedelta(days=9)) == []
    assert (row(store).done_at, row(store).tries) == (NOW, 1)


def test_a_failed_try_is_counted_and_what_was_done_is_kept(store):
    put(store, "a")
    (taken,) = take(store)
    with store.write() as connection:
        outbox.keep(connection, taken.pk, {"name": "a", "done": ["log"]})
        outbox.finish(connection, taken.pk, NOW, again_at=NOW + MINUTE)
    assert take(store, NOW) == []
    (again,) = take(store, NOW + MINUTE)
    assert again.payload == {"name": "a", "done": ["log"]}
    assert (again.tries, again.created_at) == (1, NOW)


def test_any_due_looks_without_taking(store):
    put(store, "a")
    with store.read() as connection:
        assert outbox.any_due(connection, "alert", NOW)
        assert not outbox.any_due(connection, "alert", NOW - MINUTE)
        assert not outbox.any_due(connection, "items", NOW)
    assert names(take(store)) == ["a"]
    with store.read() as connection:
        assert not outbox.any_due(connection, "alert", NOW)


def test_many_who_take_at_once_share_without_overlap(store):
    put(store, *range(40))
    found, start = [], threading.Barrier(4)

    def work():
        start.wait()
        while taken := take(store, limit=3):
            found.extend(names(taken))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found + names(take(store))) == list(range(40))
