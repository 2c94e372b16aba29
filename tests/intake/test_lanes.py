"""Who waits for whom, and how long a lane rests."""

import pytest

from aggregator.intake.lanes import Lanes
from aggregator.intake.lanes import lane_of
from aggregator.store.portals import host_of

HOSTS = {
    ("http", "a.test", 80): "a.test",
    ("https", "a.test", 443): "a.test",
    ("http", "a.test", 443): "a.test",
    ("http", "a.test", 8080): "a.test:8080",
    ("https", "a.test", 8443): "a.test:8443",
}


@pytest.mark.parametrize(("place", "lane"), HOSTS.items(), ids=map(str, HOSTS))
def test_a_lane_is_named_as_the_store_names_the_host(place, lane):
    scheme, host, port = place
    assert lane_of(host, port) == lane == host_of(f"{scheme}://{host}:{port}/rss")


def test_one_is_let_out_at_a_time_and_after_the_rest():
    lanes = Lanes()
    for one in ("first", "second"):
        lanes.enter("a", one, at=10)
    assert lanes.next_at() == 10
    assert lanes.take(9.9) is None
    assert lanes.take(10) == "first"
    assert lanes.take(99) is None
    assert lanes.next_at() is None  # it is out: no moment is known
    lanes.leave("a", until=12)
    assert lanes.next_at() == 12
    assert lanes.take(11.9) is None
    assert lanes.take(12) == "second"


def test_who_comes_while_a_lane_rests_waits_for_it():
    lanes = Lanes()
    lanes.enter("a", "first", at=0)
    lanes.take(0)
    lanes.leave("a", until=5)
    lanes.enter("a", "second", at=1)
    assert lanes.take(4) is None
    assert lanes.take(5) == "second"


def test_a_lane_that_rests_holds_no_other_up():
    lanes = Lanes()
    lanes.enter("a", "slow", at=0)
    lanes.take(0)
    lanes.leave("a", until=5)
    lanes.enter("a", "next", at=0)
    lanes.enter("b", "other", at=1)
    assert lanes.take(1) == "other"
    assert lanes.take(1) is None


def test_the_one_that_has_been_ready_longest_goes_first():
    lanes = Lanes()
    for lane, at in (("c", 3), ("a", 1), ("b", 2), ("d", 1)):
        lanes.enter(lane, lane, at=at)
    assert [lanes.take(9) for _ in range(5)] == ["a", "d", "b", "c", None]


def test_who_must_wait_holds_back_those_behind():
    lanes = Lanes()
    lanes.enter("a", "first", at=0)
    lanes.enter("a", "asked to wait", at=9)
    lanes.enter("a", "behind", at=0)
    lanes.take(0)
    lanes.leave("a", until=1)
    assert lanes.take(5) is None
    assert lanes.next_at() == 9
    assert lanes.take(9) == "asked to wait"
    lanes.leave("a", until=10)
    assert lanes.take(10) == "behind"


def test_lanes_are_forgotten_when_they_have_rested():
    lanes = Lanes()
    for n in range(1_000):
        lanes.enter(f"host-{n}", n, at=0)
        assert lanes.take(0) == n
        lanes.leave(f"host-{n}", until=1)
    assert lanes.take(0.5) is None
    assert len(lanes._waiting) == 1_000
    assert lanes.take(1) is None
    assert (lanes._waiting, lanes.next_at()) == ({}, None)
