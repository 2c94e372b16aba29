"""The clock: real APScheduler ticks over an engine that is slow, away, or ending."""

import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from aggregator.errors import StoreError
from aggregator.work import clock as room
from aggregator.work.clock import Clock

TICK = timedelta(seconds=0.02)
PATIENCE = 20  # seconds until a test gives up


class FakePuller:
    """Has so many pulls under way; each step ends one, or fails as told."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.submitted: list[object] = []
        self.steps = 0
        self.step_as: Callable[[], None] = lambda: None

    def submit(self, rows: list[object]) -> None:
        self.submitted += rows
        self.in_flight += len(rows)

    def step(self, timeout: float) -> None:
        self.steps += 1
        if not self.in_flight:
            time.sleep(min(timeout, 0.005))  # as the real one waits for an event
        self.step_as()
        self.in_flight = max(0, self.in_flight - 1)


class FakeEngine:
    """Always has something due; notes when and by whom it was asked."""

    def __init__(self) -> None:
        self.puller = FakePuller()
        self.claims: list[int] = []
        self.renewals = self.looks = 0
        self.due = 1  # sources, at each claim
        self.at_once = self.most_at_once = 0
        self.asked = threading.Condition()
        self.due_as: Callable[[], bool] = lambda: True
        self.claim_as: Callable[[], None] = lambda: None

    def any_due(self) -> bool:
        return self.due_as()

    def claim(self, *, limit: int, per_host: int) -> list[object]:
        assert per_host == room.PER_HOST
        with self.asked:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            self.claims.append(limit)
            self.asked.notify_all()
        try:
            self.claim_as()
        finally:
            self.at_once -= 1
        taken = min(limit, self.due)
        return [f"row {len(self.claims)}"] * taken

    def renew(self) -> None:
        self.renewals += 1

    def look_around(self) -> None:
        self.looks += 1

    def wait_for_claims(self, count: int) -> None:
        with self.asked:
            assert self.asked.wait_for(lambda: len(self.claims) >= count, PATIENCE)


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@contextmanager
def ticking(engine: FakeEngine, **values: object) -> Iterator[Clock]:
    """Run a clock over a fake engine."""
    clock = Clock(engine, tick=TICK, **values)  # type: ignore[arg-type]
    clock.start()
    try:
        yield clock
    finally:
        clock.stop(PATIENCE)


# --- Ticks --------------------------------------------------------------------


def test_it_ticks_and_pulls_what_is_due(engine: FakeEngine) -> None:
    with ticking(engine):
        engine.wait_for_claims(3)
    assert len(engine.puller.submitted) == len(engine.claims) >= 3


def test_the_first_tick_does_not_wait(engine: FakeEngine) -> None:
    clock = Clock(engine, tick=timedelta(days=1))  # type: ignore[arg-type]
    clock.start()
    engine.wait_for_claims(1)
    clock.stop(PATIENCE)
    assert len(engine.claims) == 1


def test_ticks_never_overlap_and_none_is_owed(engine: FakeEngine) -> None:
    """A tick takes as long as fifty: the next comes after it, and only the next."""
    gate = threading.Event()
    engine.claim_as = lambda: gate.wait(PATIENCE) and None
    with ticking(engine):
        engine.wait_for_claims(1)
        assert not gate.wait(50 * TICK.total_seconds())
        assert len(engine.claims) == 1
        gate.set()
        engine.wait_for_claims(3)  # it goes on
    assert engine.most_at_once == 1
    assert len(engine.claims) < 25  # what was missed was not made up for


def test_a_tick_that_comes_late_is_run_once(engine: FakeEngine) -> None:
    """The process was asleep for sixty ticks: one of them runs, at once."""
    clock = Clock(engine, tick=timedelta(minutes=1))  # type: ignore[arg-type]
    clock._scheduler.start(paused=True)
    tick = clock._scheduler.get_job("tick")
    settings = (tick.misfire_grace_time, tick.coalesce, tick.max_instances)
    assert settings == (None, True, 1)
    tick.modify(next_run_time=tick.next_run_time - timedelta(hours=1))
    clock._scheduler.resume()
    engine.wait_for_claims(1)
    clock.stop(PATIENCE)
    assert len(engine.claims) == 1


def test_no_more_is_taken_than_there_is_room_for(engine: FakeEngine) -> None:
    clock = Clock(engine, max_in_flight=5)  # type: ignore[arg-type]
    engine.puller.in_flight = 2
    clock.tick()
    assert engine.claims == [3]
    engine.puller.in_flight = 5
    clock.tick()
    assert engine.claims == [3]


def test_what_is_due_beyond_the_room_does_not_wait_for_a_tick(
    engine: FakeEngine,
) -> None:
    engine.due = 1000
    day = timedelta(days=1)
    clock = Clock(engine, tick=day, max_in_flight=10)  # type: ignore[arg-type]
    clock.start()
    try:
        engine.wait_for_claims(4)
    finally:
        clock.stop(PATIENCE)
    assert engine.claims[:4] == [10, 5, 5, 5]


def test_nothing_due_takes_no_lock(engine: FakeEngine) -> None:
    engine.due_as = lambda: False
    Clock(engine).tick()  # type: ignore[arg-type]
    assert engine.claims == []


# --- Faults -------------------------------------------------------------------


def _away() -> bool:
    raise StoreError("the database does not answer")


def _faulty() -> None:
    raise RuntimeError("hỏng")


def test_a_tick_that_finds_the_store_away_goes_on(
    engine: FakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    answers = iter([_away, _away])
    engine.due_as = lambda: next(answers, lambda: True)()
    with ticking(engine):
        engine.wait_for_claims(2)
    assert caplog.messages.count("tick failed: the database does not answer") == 2


def test_a_fault_in_a_tick_is_logged_and_the_clock_goes_on(
    engine: FakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    answers = iter([_faulty])
    engine.claim_as = lambda: next(answers, lambda: None)()
    with ticking(engine):
        engine.wait_for_claims(3)
    assert any("hỏng" in (record.exc_text or "") for record in caplog.records)


@pytest.mark.parametrize("fault", [_away, _faulty])
def test_a_fault_in_saving_does_not_end_the_saver(
    engine: FakeEngine, fault: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    answers = iter([fault, fault])
    engine.puller.step_as = lambda: next(answers, lambda: None)()
    with ticking(engine):
        engine.wait_for_claims(3)
        steps = engine.puller.steps
        engine.wait_for_claims(len(engine.claims) + 3)
        assert engine.puller.steps > steps
    logged = [r for r in caplog.records if r.name == "aggregator.clock"]
    assert len(logged) == 2


# --- Leases and the end -------------------------------------------------------


def test_leases_are_renewed_while_something_is_under_way(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert room.LEASE / 3 >= timedelta(seconds=30)
    clock = Clock(engine)  # type: ignore[arg-type]
    clock._renew()
    assert engine.renewals == 0
    engine.puller.in_flight = 1
    clock._renew()
    assert engine.renewals == 1
    monkeypatch.setattr(engine, "renew", _away)
    clock._renew()  # is told, and does no harm


def test_after_the_end_nothing_is_taken_or_saved(engine: FakeEngine) -> None:
    with ticking(engine) as clock:
        engine.wait_for_claims(1)
    claims, steps = len(engine.claims), engine.puller.steps
    clock.tick()
    assert (len(engine.claims), engine.puller.steps) == (claims, steps)
    assert not clock._saver.is_alive()


def test_the_end_does_not_wait_for_ever(engine: FakeEngine) -> None:
    gate = threading.Event()
    engine.puller.step_as = lambda: gate.wait(PATIENCE) and None
    clock = Clock(engine, tick=TICK)  # type: ignore[arg-type]
    clock.start()
    engine.wait_for_claims(1)
    clock.stop(0.01)
    assert clock._saver.is_alive()  # still saving: it is left to itself
    gate.set()
    clock._saver.join(PATIENCE)
    assert not clock._saver.is_alive()


def test_a_clock_that_never_started_can_be_stopped(engine: FakeEngine) -> None:
    Clock(engine).stop(PATIENCE)  # type: ignore[arg-type]
    assert engine.claims == []
