"""Sources in the store: the file taken over, leases, attempts, states."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from aggregator.model import Attempt
from aggregator.model import Outcome
from aggregator.model import Plan
from aggregator.model import Settings
from aggregator.model import Settled
from aggregator.model import SourceRow
from aggregator.model import SourceState
from aggregator.model import Validators
from aggregator.store import schema
from aggregator.store import sources as stored
from aggregator.store.attempts import excuse
from aggregator.store.attempts import settle
from aggregator.store.attempts import states
from aggregator.store.engine import Store
from tests.conftest import NOW
from tests.conftest import settings
from tests.conftest import source
from tests.conftest import with_sources

Declare = Callable[..., None]
SAID = settings(
    *(source(name, url=f"http://{name}.example/rss.xml") for name in ("a", "b", "c"))
)
ONE_HOST = settings(
    *(source(name, url=f"http://so.example/rss/{name}.xml") for name in ("a", "b")),
    source("c", url="http://c.example/rss.xml"),
)
MINUTE = timedelta(minutes=1)


def claim(store: Store, said: Settings = SAID, **more: object) -> list[SourceRow]:
    """Claim sources for an owner."""
    options: dict[str, object] = {"now": NOW, "owner": "one", "until": NOW + MINUTE}
    with store.write() as connection:
        return stored.claim(connection, said.sources, **(options | more))


def names(rows: list[SourceRow]) -> list[str]:
    """List the ids of sources."""
    return [row.source.id for row in rows]


def settle_one(store: Store, row: SourceRow, **values: Any) -> None:
    """Settle an attempt that went well, unless told otherwise."""
    attempt = values.pop("attempt", Attempt(at=NOW, outcome=Outcome.NOT_MODIFIED))
    due_at = values.pop("due_at", NOW + 15 * MINUTE)
    rest = values.pop("rest_seconds", 0.0)
    standing = replace(row.standing, **values)
    with store.write() as connection:
        settled = Settled(
            attempt=attempt, due_at=due_at, standing=standing, rest_seconds=rest
        )
        settle(connection, [(row, settled)])


def state(store: Store, name: str, now: object = NOW) -> SourceState:
    """Read how one source stands."""
    with store.read() as connection:
        return next(s for s in states(connection, now) if s.id == name)


# --- The file -----------------------------------------------------------------


def test_the_file_is_taken_over_once(store: Store, declare: Declare) -> None:
    with store.read() as connection:
        assert not stored.is_declared(connection, SAID.sources)
    declare(store, SAID)
    with store.read() as connection:
        assert stored.is_declared(connection, SAID.sources)
    assert names(claim(store)) == ["a", "b", "c"]


def test_a_source_that_leaves_the_file_is_off(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    fewer = with_sources(SAID, source("a"))
    declare(store, fewer)
    assert names(claim(store, fewer, wanted=["a", "b"])) == ["a"]
    assert state(store, "b").state == "off"
    assert state(store, "b").next_due is None
    declare(store, SAID)  # it may come back
    assert state(store, "b").state == "new"


def test_a_renamed_source_keeps_its_row(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    pk = claim(store, wanted=["a"])[0].pk
    renamed = with_sources(SAID, source("new-a", was=("a",)), source("b"), source("c"))
    declare(store, renamed)
    (row,) = claim(store, renamed, wanted=["new-a"], owner="two", dead=["one"])
    assert row.pk == pk
    with store.read() as connection:
        ids = set(connection.scalars(sa.select(schema.sources.c.id)))
    assert ids == {"new-a", "b", "c"}


def test_validators_go_with_the_old_address(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    (row,) = claim(store, wanted=["a"])
    settle_one(store, row, validators=Validators(etag='"1"'), body_hash="x")
    moved = with_sources(SAID, source("a", url="http://neu.example/rss"))
    declare(store, moved)
    (row,) = claim(store, moved, wanted=["a"])
    assert row.standing.validators == Validators()
    assert row.standing.body_hash == ""


def test_the_host_is_that_of_the_address_that_is_asked(
    store: Store, declare: Declare
) -> None:
    declare(store, ONE_HOST)
    (row,) = claim(store, ONE_HOST, wanted=["a"])
    learned = "http://c.example/neu.xml"
    settle_one(store, row, learned_url=learned)
    assert state(store, "a").host == "c.example"
    assert names(claim(store, ONE_HOST, wanted=["a"])) == ["a"]
    assert names(claim(store, ONE_HOST, owner="two")) == ["b"]  # c's host is asked
    more = with_sources(ONE_HOST, *ONE_HOST.sources.values(), source("d"))
    declare(store, more)
    assert state(store, "a").host == "c.example"
    declare(store, with_sources(ONE_HOST, source("a", url="http://neu.example/rss")))
    assert state(store, "a").host == "neu.example"


# --- Leases -------------------------------------------------------------------


def test_what_is_leased_is_nobody_elses(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    assert names(claim(store, wanted=["a"])) == ["a"]
    assert names(claim(store, owner="two")) == ["b", "c"]
    assert names(claim(store, owner="three", wanted=["a"])) == []


def test_a_host_is_asked_by_one_worker_at_a_time(
    store: Store, declare: Declare
) -> None:
    declare(store, ONE_HOST)
    assert names(claim(store, ONE_HOST, wanted=["a"])) == ["a"]
    assert names(claim(store, ONE_HOST, owner="two")) == ["c"]
    assert names(claim(store, ONE_HOST, owner="two", wanted=["b"])) == []
    assert names(claim(store, ONE_HOST)) == ["b"]  # who holds it may have more of it
    later = NOW + 2 * MINUTE  # the lease has run out
    found = claim(store, ONE_HOST, owner="two", now=later, until=later + MINUTE)
    assert names(found) == ["a", "b", "c"]


def test_a_dead_worker_keeps_no_host(store: Store, declare: Declare) -> None:
    declare(store, ONE_HOST)
    claim(store, ONE_HOST, wanted=["a"])
    found = claim(store, ONE_HOST, owner="two", wanted=["b"], dead=["one"])
    assert names(found) == ["b"]


def test_a_host_rests_whoever_asks_it_next(store: Store, declare: Declare) -> None:
    declare(store, ONE_HOST)
    (row,) = claim(store, ONE_HOST, wanted=["a"])
    settle_one(store, row, rest_seconds=4.0)
    (row,) = claim(store, ONE_HOST, owner="two", wanted=["b"], now=NOW + MINUTE / 60)
    assert row.wait_seconds == 3.0
    (other,) = claim(store, ONE_HOST, wanted=["c"])
    assert other.wait_seconds == 0.0


def limit(store: Store, *names: str, until: object = NOW + 30 * MINUTE) -> None:
    """Have a server limit these URLs."""
    for row in claim(store, ONE_HOST, wanted=names, force=True):
        settle_one(store, row, limited_until=until, reason="limited", due_at=NOW)


def test_a_limit_of_one_url_is_that_urls(store: Store, declare: Declare) -> None:
    declare(store, ONE_HOST)
    limit(store, "a")
    assert names(claim(store, ONE_HOST)) == ["b", "c"]
    assert state(store, "a").state == "limited"
    assert state(store, "b").state == "new"


def test_a_limit_of_two_urls_is_the_hosts(store: Store, declare: Declare) -> None:
    fourth = source("d", url="http://so.example/rss/d.xml")
    said = with_sources(ONE_HOST, *ONE_HOST.sources.values(), fourth)
    declare(store, said)
    limit(store, "a", "b")
    assert names(claim(store, said)) == ["c"]
    assert state(store, "d").state == "limited"
    with store.read() as connection:
        assert stored.limited(connection, ["c", "d"], NOW) == {"d": NOW + 30 * MINUTE}
    assert names(claim(store, said, wanted=["d"], force=True)) == ["d"]
    later = NOW + 31 * MINUTE
    found = claim(store, said, now=later, until=later + MINUTE)
    assert names(found) == ["a", "b", "c", "d"]


def test_a_lease_runs_out(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    claim(store)
    later = NOW + 2 * MINUTE
    again = claim(store, owner="two", now=later, until=later + MINUTE)
    assert names(again) == ["a", "b", "c"]
    with store.read() as connection:
        assert not stored.held(connection, [again[0].pk], "one")
        assert stored.held(connection, [again[0].pk], "two")


def test_the_dead_hold_nothing(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    claim(store)
    with store.read() as connection:
        assert stored.owners(connection, NOW) == {"one"}
    assert names(claim(store, owner="two", dead=["one"])) == ["a", "b", "c"]


def test_leases_are_renewed_and_given_back(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    rows = claim(store)
    later = NOW + 2 * MINUTE
    with store.write() as connection:
        stored.renew_leases(connection, "one", [rows[0].pk], later + MINUTE)
    assert names(claim(store, owner="two", now=later, until=later)) == ["b", "c"]
    with store.write() as connection:
        stored.release(connection, "one")
    assert names(claim(store, owner="two", now=later, until=later)) == ["a", "b", "c"]


def test_only_what_is_due_is_taken(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    (row,) = claim(store, wanted=["a"])
    settle_one(store, row)
    assert names(claim(store)) == ["b", "c"]
    with store.write() as connection:
        stored.release(connection, "one")
    assert names(claim(store, wanted=["a"])) == ["a"]  # named: due or not
    assert (
        names(claim(store, now=NOW + 15 * MINUTE, until=NOW + 16 * MINUTE))[-1] == "a"
    )


def test_the_longest_due_comes_first(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    for name, minutes in (("a", 3), ("b", 1), ("c", 2)):
        (row,) = claim(store, wanted=[name])
        settle_one(store, row, due_at=NOW + minutes * MINUTE)
    later = NOW + 5 * MINUTE
    assert names(claim(store, now=later, until=later, limit=2)) == ["b", "c"]


def test_one_host_does_not_take_all_places(store: Store, declare: Declare) -> None:
    many = [source(f"m{n}", url=f"http://so.example/{n}.xml") for n in range(9)]
    said = with_sources(SAID, *many, source("z", url="http://z.example/rss"))
    declare(store, said)
    found = names(claim(store, said, limit=6, per_host=5))
    assert found == ["m0", "m1", "m2", "m3", "m4", "z"]
    assert names(claim(store, said, per_host=5)) == []  # those held count
    assert names(claim(store, said, owner="two", per_host=5)) == []
    later = NOW + MINUTE
    for row in claim(store, said, wanted=["m5", "m6"]):
        settle_one(store, row, due_at=NOW)
    with store.write() as connection:
        stored.release(connection, "one")
    for row in claim(store, said, wanted=["m0", "m1"]):
        settle_one(store, row, due_at=later)
    claim(store, said, wanted=["m2", "m3", "m4"])
    assert names(claim(store, said, per_host=5)) == ["m5", "m6", "z"]


def test_a_running_retry_after_is_heeded(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    (row,) = claim(store, wanted=["a"])
    attempt = Attempt(at=NOW, outcome=Outcome.FAILED, reason="limited")
    until = NOW + 30 * MINUTE
    settle_one(store, row, attempt=attempt, limited_until=until, failures=1)
    assert names(claim(store, wanted=["a"])) == []
    with store.read() as connection:
        assert stored.limited(connection, ["a", "b"], NOW) == {"a": until}
        assert stored.any_due(connection, NOW)
    assert state(store, "a").state == "limited"
    assert names(claim(store, wanted=["a"], force=True)) == ["a"]


# --- Attempts and states ------------------------------------------------------


def test_unchanged_attempts_are_counted_by_day(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    (row,) = claim(store, wanted=["a"])
    for outcome in (Outcome.NOT_MODIFIED, Outcome.SAME_BODY, Outcome.NOT_MODIFIED):
        settle_one(store, row, attempt=Attempt(at=NOW, outcome=outcome, wire_bytes=10))
    with store.read() as connection:
        assert connection.execute(sa.select(schema.attempts)).all() == []
        (day,) = connection.execute(sa.select(schema.attempt_days)).all()
    assert (day.day, day.not_modified, day.same_body, day.bytes) == (
        NOW.date(),
        2,
        1,
        30,
    )
    told = state(store, "a").last_attempt
    assert told is not None and told["outcome"] == "not_modified" and told["new"] == 0


def test_five_moments_are_five_different_things(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    (row,) = claim(store, wanted=["a"])
    new = Plan(unchanged=1)
    settle_one(store, row, attempt=Attempt(at=NOW, outcome=Outcome.PULLED, plan=new))
    bad = Attempt(
        at=NOW + MINUTE, outcome=Outcome.FAILED, reason="timeout", status=None
    )
    failing: dict[str, object] = {"failing_since": NOW + MINUTE, "reason": "timeout"}
    settle_one(store, row, attempt=bad, failures=1, **failing)
    found = state(store, "a")
    assert found.state == "failing"
    assert found.last_ok == NOW
    assert found.last_try == found.failing_since == NOW + MINUTE
    assert found.last_changed is None and found.last_new_item is None
    assert found.reason == "timeout"
    settle_one(
        store, row, attempt=Attempt(at=NOW + 3 * MINUTE, outcome=Outcome.SAME_BODY)
    )
    healed = state(store, "a")
    assert (healed.state, healed.failing_since, healed.reason) == ("ok", None, "")


def test_a_standing_comes_back_as_it_was_kept(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    (row,) = claim(store, wanted=["a"])
    settle_one(store, row, validators=Validators(etag='"1"'), body_hash="x")
    (row,) = claim(store, wanted=["a"])
    bad = Attempt(at=NOW, outcome=Outcome.FAILED, reason="timeout")
    settle_one(store, row, attempt=bad, failures=1)
    (row,) = claim(store, wanted=["a"])
    assert row.standing.validators == Validators(etag='"1"')
    assert (row.standing.body_hash, row.standing.failures) == ("x", 1)


def test_a_page_that_fails_twice_has_another_of_its_host_asked(
    store: Store, declare: Declare
) -> None:
    declare(store, ONE_HOST)
    well = {"due_at": NOW + 60 * MINUTE}
    for row in claim(store, ONE_HOST):
        settle_one(store, row, **well)
    bad = Attempt(at=NOW, outcome=Outcome.FAILED)
    failing = {"failing_since": NOW, "due_at": NOW + 5 * MINUTE, "attempt": bad}
    for failures, reason in ((1, "server_error"), (2, "dns"), (3, "server_error")):
        (row,) = claim(store, ONE_HOST, wanted=["a"])
        settle_one(store, row, failures=failures, reason=reason, **failing)
    assert names(claim(store, ONE_HOST)) == []
    (row,) = claim(store, ONE_HOST, wanted=["a"])
    settle_one(store, row, failures=2, reason="server_error", **failing)
    assert names(claim(store, ONE_HOST)) == ["b"]


def test_what_is_excused_is_nobody_elses(store: Store, declare: Declare) -> None:
    """Rows that others hold, or write just now, are theirs; none is waited for."""
    declare(store, SAID)
    bad = Attempt(at=NOW, outcome=Outcome.FAILED, reason="dns")
    rows = {row.source.id: row for row in claim(store)}
    for row in rows.values():
        settle_one(store, row, attempt=bad, failures=2, failing_since=NOW)
    claim(store, wanted=["b"], owner="two")
    with ExitStack() as stack:
        if not store.is_sqlite:  # which has one writer
            writer = stack.enter_context(store.write())
            here = sa.select(schema.sources).where(schema.sources.c.id == "c")
            writer.execute(here.with_for_update())
        with store.write() as connection:
            excuse(connection, [row.pk for row in rows.values()], NOW, "one")
    excused = {name: state(store, name).failures == 0 for name in rows}
    assert excused == {"a": True, "b": False, "c": store.is_sqlite}


def test_a_host_that_answers_again_has_its_other_feeds_asked_at_once(
    store: Store, declare: Declare
) -> None:
    said = with_sources(
        ONE_HOST,
        *ONE_HOST.sources.values(),
        source("d", url="http://so.example/rss/d.xml"),
    )
    declare(store, said)
    failing = {"failing_since": NOW, "failures": 3, "due_at": NOW + 60 * MINUTE}
    bad = Attempt(at=NOW, outcome=Outcome.FAILED)
    for row in claim(store, said):
        reason = "not_found" if row.source.id == "d" else "timeout"
        settle_one(store, row, attempt=bad, reason=reason, **failing)
    later = NOW + 15 * MINUTE
    (row,) = claim(store, said, wanted=["a"], now=later, until=later + MINUTE)
    well = Attempt(at=later, outcome=Outcome.SAME_BODY)
    settle_one(store, row, attempt=well, failing_since=None, due_at=later + 15 * MINUTE)
    found = claim(store, said, now=later, until=later + MINUTE)
    assert names(found) == ["b"]  # not d, whose trouble is its own, nor c elsewhere


def test_what_only_pulling_needs_is_not_read_to_tell_how_sources_stand(
    sqlite_store: Store, declare: Declare
) -> None:
    declare(sqlite_store, SAID)
    with sqlite_store.write() as connection:
        connection.execute(sa.text("UPDATE sources SET cadence = 'x', wishes = 'x'"))
    assert state(sqlite_store, "a").state == "new"


def test_gaps_are_asked_for_at_once(store: Store, declare: Declare) -> None:
    declare(store, SAID)
    plan = Plan(gap=True)
    for n, row in enumerate(claim(store)):
        for at in (NOW, NOW + n * MINUTE):
            attempt = Attempt(at=at, outcome=Outcome.PULLED, plan=plan)
            settle_one(store, row, attempt=attempt, gap=row.source.id != "b")
    asked: list[str] = []
    sa.event.listen(
        store.engine, "before_cursor_execute", lambda *args: asked.append(args[2])
    )
    with store.read() as connection:
        found = {s.id: s.gap_since for s in states(connection, NOW, attempts=False)}
    assert found == {"a": NOW, "b": None, "c": NOW + 2 * MINUTE}
    assert len([statement for statement in asked if "attempts" in statement]) == 1


def test_the_last_attempt_is_told_and_no_earlier_one(
    store: Store, declare: Declare
) -> None:
    declare(store, SAID)
    (row,) = claim(store, wanted=["a"])
    for n in range(3):
        plan = Plan(unchanged=n, gap=n == 2)
        attempt = Attempt(at=NOW + n * MINUTE, outcome=Outcome.PULLED, plan=plan)
        settle_one(store, row, attempt=attempt)
    told = state(store, "a").last_attempt
    assert told is not None
    assert (told["entries"], told["unchanged"], told["gap"]) == (2, 2, True)
    well = Attempt(at=NOW + 5 * MINUTE, outcome=Outcome.SAME_BODY)
    settle_one(store, row, attempt=well)
    told = state(store, "a").last_attempt
    assert told is not None and (told["entries"], told["gap"]) == (0, False)
