"""When most fail at once, our own network is blamed; else each for itself."""

from datetime import timedelta

import pytest

from aggregator.errors import Reason
from aggregator.intake.blame import FAILING_WINDOW
from aggregator.intake.blame import LEAST_HOSTS
from aggregator.intake.blame import LONGEST_DOUBT
from aggregator.intake.blame import WINDOW
from aggregator.intake.blame import OurNetwork
from tests.conftest import NOW

MINUTE = timedelta(minutes=1)


def fail(network: OurNetwork, *hosts: int, **values: object) -> bool:
    """Let hosts fail; say whether the last was excused."""
    options: dict[str, object] = {"reason": Reason.DNS, "since": None, "now": NOW}
    options |= values
    excused = False
    for host in hosts:
        excused = network.failed(f"h{host}", host, **options)
    return excused


def test_the_last_of_most_is_excused_and_the_first_are_after_it() -> None:
    network = OurNetwork()
    assert not fail(network, *range(LEAST_HOSTS - 1))
    assert network.excused() == set()
    assert fail(network, LEAST_HOSTS)
    assert network.excused() == {*range(LEAST_HOSTS - 1), LEAST_HOSTS}
    assert network.excused() == set()  # each once


def test_half_is_not_most() -> None:
    network = OurNetwork()
    for host in range(100, 100 + LEAST_HOSTS):
        network.answered(f"h{host}", NOW)
    assert not fail(network, *range(LEAST_HOSTS))
    assert fail(network, LEAST_HOSTS)


def test_many_feeds_of_one_host_are_one_host() -> None:
    network = OurNetwork()
    for pk in range(50):
        network.failed("so.vn", pk, Reason.TIMEOUT, since=None, now=NOW)
    assert not network.blamed


@pytest.mark.parametrize(
    "reason", [Reason.NOT_FOUND, Reason.GONE, Reason.UNAUTHORIZED, Reason.LIMITED]
)
def test_what_a_source_says_of_itself_is_its_own(reason: Reason) -> None:
    network = OurNetwork()
    assert not fail(network, *range(20), reason=reason)


def test_who_failed_before_tells_nothing_of_now() -> None:
    network = OurNetwork()
    assert not fail(network, *range(20), since=NOW - FAILING_WINDOW - MINUTE)


def test_a_restart_in_the_midst_of_an_outage_forgets_nothing_of_it() -> None:
    """Each source failed once before it; what the store holds of them is enough."""
    network = OurNetwork()
    assert fail(network, *range(LEAST_HOSTS), since=NOW - MINUTE)
    assert network.excused() == set(range(LEAST_HOSTS))


def test_failures_spread_over_a_day_are_not_at_once() -> None:
    network = OurNetwork()
    for n in range(20):
        assert not fail(network, n, now=NOW + n * WINDOW)


def test_it_ends_when_most_are_reached_again() -> None:
    network = OurNetwork()
    fail(network, *range(6))
    for host in range(3):
        assert network.blamed
        network.answered(f"h{host}", NOW + MINUTE)
    assert not network.blamed


def test_whoever_still_fails_when_others_are_reached_is_on_its_own() -> None:
    """A city's dead addresses must not be taken for a dead line for ever."""
    network = OurNetwork()
    fail(network, *range(12))
    moment = NOW
    for _ in range(int(LONGEST_DOUBT / MINUTE) + 2):
        moment += MINUTE
        network.answered("h99", moment)
        fail(network, *range(12), now=moment)
    assert not network.blamed


def test_a_dead_line_stays_one_however_long() -> None:
    network = OurNetwork()
    fail(network, *range(6))
    for n in range(600):
        assert fail(network, *range(6), now=NOW + n * MINUTE)
