"""What turns bad is told once, what recovers once, and a host that is down as one."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aggregator.deliver.watch import DOUBT
from aggregator.deliver.watch import Turns
from aggregator.deliver.watch import turns
from aggregator.model import Incident
from aggregator.model import SourceState
from tests.conftest import NOW

MINUTE = timedelta(minutes=1)


def well(name: str, host: str = "", **values: Any) -> SourceState:
    """Give a source that is well."""
    return SourceState(
        id=name,
        url=f"http://{host or name}/rss",
        host=host or name,
        authority="so",
        **({"state": "ok", "last_ok": NOW - 15 * MINUTE} | values),
    )


def bad(name: str, host: str = "", **values: Any) -> SourceState:
    """Give a source whose failing a second attempt has confirmed."""
    failing = {
        "state": "failing",
        "failing_since": NOW - MINUTE,
        "reason": "timeout",
        "failures": 2,
    }
    return well(name, host, **(failing | values))


def look(*found: SourceState, lasting: tuple[Incident, ...] = ()) -> Turns:
    return turns(found, lasting, now=NOW)


def names(incidents: tuple[Incident, ...]) -> list[tuple[str, str]]:
    return [(incident.kind, incident.subject) for incident in incidents]


def test_nothing_is_told_of_what_is_well() -> None:
    assert look(well("a"), well("b", state="new"), well("c", state="off")) == Turns()


def test_one_failure_may_be_a_blip() -> None:
    assert look(bad("a", failures=1)) == Turns()
    assert names(look(bad("a")).opened) == [("source", "a")]


@pytest.mark.parametrize("reason", ["gone", "bad_url", "private_address"])
def test_what_only_a_person_can_mend_is_told_at_once(reason: str) -> None:
    assert names(look(bad("a", failures=1, reason=reason)).opened) == [("source", "a")]


def test_it_is_told_once_and_once_more_when_it_is_over() -> None:
    opened = look(bad("a")).opened
    assert look(bad("a", failures=9), lasting=opened) == Turns()
    assert names(look(well("a"), lasting=opened).closed) == [("source", "a")]


def test_a_reason_that_changes_is_the_same_incident() -> None:
    opened = look(bad("a")).opened
    assert look(bad("a", reason="server_error"), lasting=opened) == Turns()


def test_a_host_that_is_down_is_one_incident_however_few_feeds_have_failed() -> None:
    """Its other feeds are asked later; until one answers, all are believed down."""
    found = (bad("a", "so.vn"), well("b", "so.vn"), bad("c", "so.vn", failures=1))
    opened = look(*found).opened
    assert names(opened) == [("host", "so.vn")]
    assert opened[0].sources == ("a", "b", "c")


def test_one_feed_of_a_host_that_answers_is_that_feeds_trouble() -> None:
    found = (bad("a", "so.vn"), well("b", "so.vn", last_ok=NOW))
    assert names(look(*found).opened) == [("source", "a")]


@pytest.mark.parametrize("reason", ["not_found", "emptied", "not_a_feed"])
def test_what_concerns_one_address_does_not_concern_its_host(reason: str) -> None:
    found = (bad("a", "so.vn", reason=reason), well("b", "so.vn"))
    assert names(look(*found).opened) == [("source", "a")]


def test_a_host_takes_in_what_was_told_of_its_feeds() -> None:
    lasting = look(bad("a", "so.vn", reason="not_found"), well("b", "so.vn")).opened
    found = look(bad("a", "so.vn"), bad("b", "so.vn"), lasting=lasting)
    assert names(found.opened) == [("host", "so.vn")]
    assert (names(found.merged), found.closed) == ([("source", "a")], ())


def test_a_host_that_recovers_in_part_leaves_what_still_fails() -> None:
    lasting = look(bad("a", "so.vn"), bad("b", "so.vn")).opened
    states = (bad("a", "so.vn"), well("b", "so.vn", last_ok=NOW))
    found = look(*states, lasting=lasting)
    assert (names(found.closed), found.opened) == ([("host", "so.vn")], ())
    # The next look: whoever has not come back with its host is told of.
    assert names(look(*states).opened) == [("source", "a")]


def test_our_own_network_is_one_alarm_and_nobody_elses_fault() -> None:
    down = [bad(f"s{n}", our_network=True, failures=0) for n in range(8)]
    opened = look(*down, well("a")).opened
    assert names(opened) == [("network", "network")]
    assert opened[0].since == NOW - MINUTE
    found = look(*(well(f"s{n}") for n in range(8)), lasting=opened)
    assert names(found.closed) == [("network", "network")]


def test_who_failed_before_the_network_did_is_not_told_to_be_well() -> None:
    lasting = look(bad("a")).opened
    found = look(replace(bad("a"), our_network=True), lasting=lasting)
    assert (names(found.opened), found.closed) == ([("network", "network")], ())


@pytest.mark.parametrize("state", ["quiet", "gap"])
def test_silence_and_gaps_are_told(state: str) -> None:
    opened = look(well("a", state=state, quiet_since=NOW)).opened
    assert names(opened) == [(state, "a")]
    assert names(look(well("a"), lasting=opened).closed) == [(state, "a")]


def test_a_limit_is_told_only_when_it_lasts() -> None:
    limited = bad("a", reason="limited", state="limited", failures=5)
    assert look(limited) == Turns()
    long = replace(limited, failing_since=NOW - timedelta(days=2))
    assert names(look(long).opened) == [("source", "a")]


def test_a_source_that_left_the_file_is_no_trouble_any_more() -> None:
    lasting = look(bad("a")).opened
    gone = bad("a", state="off")
    for found in (look(gone, lasting=lasting), look(lasting=lasting)):
        assert (names(found.merged), found.closed) == ([("source", "a")], ())


@pytest.mark.parametrize("state", ["quiet", "gap"])
def test_a_silent_source_that_left_the_file_is_not_told_to_be_well(state: str) -> None:
    lasting = look(well("a", state=state, quiet_since=NOW)).opened
    found = look(well("a", state="off"), lasting=lasting)
    assert (names(found.merged), found.closed) == ([(state, "a")], ())


@pytest.mark.parametrize(
    "reason", ["server_error", "timeout", "broken", "html_page", "bot_page"]
)
def test_what_one_page_may_give_is_its_hosts_when_a_second_fails(reason: str) -> None:
    failed, other = bad("a", "so.vn", reason=reason), well("b", "so.vn")
    assert look(failed, other) == Turns()  # b is being asked
    assert names(look(failed, replace(other, last_ok=NOW)).opened) == [("source", "a")]
    also = bad("b", "so.vn", failures=1, failing_since=NOW)
    assert names(look(failed, also).opened) == [("host", "so.vn")]
    long = replace(failed, failing_since=NOW - 11 * MINUTE)
    assert names(look(long, other).opened) == [("source", "a")]


@pytest.mark.parametrize("reason", ["dns", "refused", "unreachable", "tls"])
def test_what_no_page_gives_is_its_hosts_at_once(reason: str) -> None:
    found = look(bad("a", "so.vn", reason=reason), well("b", "so.vn"))
    assert names(found.opened) == [("host", "so.vn")]


def test_a_feed_that_has_long_failed_hides_no_host_that_goes_down() -> None:
    old = bad("x", "so.vn", failing_since=NOW - timedelta(days=9), last_ok=None)
    new = [bad(name, "so.vn", reason="server_error") for name in "ab"]
    found = look(old, *new, lasting=look(old, well("a", "so.vn", last_ok=NOW)).opened)
    assert names(found.opened) == [("host", "so.vn")]


def test_a_host_that_is_slow_after_it_refused_is_one_incident() -> None:
    """One feed has been asked alone, again and again; the others come later."""
    opened = look(bad("a", "so.vn", reason="refused"), well("b", "so.vn")).opened
    slow = bad("a", "so.vn", reason="timeout", failures=3)
    slow = replace(slow, failing_since=NOW - DOUBT - MINUTE)
    b = well("b", "so.vn", last_ok=NOW - 2 * DOUBT)
    assert look(slow, b, lasting=opened) == Turns()


def test_a_host_whose_reason_changes_is_still_down() -> None:
    lasting = look(bad("a", "so.vn", reason="dns"), well("b", "so.vn")).opened
    found = (bad("a", "so.vn", reason="server_error"), well("b", "so.vn"))
    assert look(*found, lasting=lasting) == Turns()
    back = look(found[0], well("b", "so.vn", last_ok=NOW), lasting=lasting)
    assert names(back.closed) == [("host", "so.vn")]


@pytest.mark.parametrize("minutes", [0, 5, 30])
def test_what_began_shortly_before_our_network_was_blamed_was_its_doing(
    minutes: int,
) -> None:
    began = NOW - (1 + minutes) * MINUTE
    since = {"failing_since": began, "last_ok": began - MINUTE}
    pair = [bad(name, "so.vn", reason="dns", **since) for name in "bc"]
    first = bad("a", reason="not_found", **since)
    lasting = look(first, *pair).opened
    assert names(lasting) == [("host", "so.vn"), ("source", "a")]
    down = [bad(f"s{n}", our_network=True, failures=0) for n in range(5)]
    ours = [replace(s, our_network=True, failing_since=NOW) for s in (first, *pair)]
    found = look(*ours, *down, lasting=lasting)
    assert names(found.opened) == [("network", "network")]
    assert found.closed == ()
    assert len(found.merged) == (0 if minutes > DOUBT / MINUTE else 2)


@pytest.mark.parametrize("state", ["quiet", "gap"])
def test_what_fails_meanwhile_is_still_quiet(state: str) -> None:
    lasting = look(well("a", state=state, quiet_since=NOW)).opened
    found = look(bad("a"), lasting=lasting)
    assert (names(found.opened), found.closed, found.merged) == (
        [("source", "a")],
        (),
        (),
    )
    down = look(bad("a", "so.vn"), bad("b", "so.vn"), lasting=lasting)
    assert (names(down.opened), down.merged) == ([("host", "so.vn")], ())
    lasting += found.opened
    back = look(well("a", state=state, quiet_since=NOW), lasting=lasting)
    assert (back.opened, names(back.closed)) == ((), [("source", "a")])


def city(**values: Any) -> list[SourceState]:
    """Give eight hosts that were well before the first failed."""
    return [well(f"s{n}", last_ok=NOW - 15 * MINUTE, **values) for n in range(8)]


def test_while_nobody_is_reached_it_may_be_our_own_network() -> None:
    failed = bad("a", failing_since=NOW - 2 * MINUTE)
    assert look(failed, *city()) == Turns()
    reached = well("b", last_ok=NOW - MINUTE)
    assert names(look(failed, *city(), reached).opened) == [("source", "a")]
    long = bad("a", failing_since=NOW - 11 * MINUTE)
    assert names(look(long, *city()).opened) == [("source", "a")]


def test_its_own_host_is_no_witness() -> None:
    failed = bad("a", "so.vn", failing_since=NOW - 2 * MINUTE)
    sibling = well("b", "so.vn", last_ok=NOW - MINUTE)
    assert look(failed, sibling, *city()) == Turns()


def test_what_a_source_says_of_itself_needs_no_witness() -> None:
    failed = bad("a", reason="not_found", failing_since=NOW - 2 * MINUTE)
    assert names(look(failed, *city()).opened) == [("source", "a")]


def test_what_is_being_asked_at_this_moment_is_waited_for() -> None:
    assert look(bad("a", next_due=NOW)) == Turns()
    assert names(look(bad("a", next_due=NOW + MINUTE)).opened) == [("source", "a")]
