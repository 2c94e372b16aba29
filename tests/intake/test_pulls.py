"""What is learned over days: validators, redirects, withdrawals, our own network."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from aggregator.errors import FetchError
from aggregator.errors import Reason
from aggregator.intake.blame import LEAST_HOSTS
from aggregator.intake.net import Request
from aggregator.intake.net import Response
from aggregator.model import Outcome
from aggregator.store import schema
from aggregator.store.engine import Store
from tests.conftest import NOW
from tests.conftest import authority
from tests.conftest import settings
from tests.conftest import source
from tests.intake.test_pipeline import House
from tests.intake.test_pipeline import ok

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def house(sqlite_store: Store) -> House:
    return House(sqlite_store)


def listing(*numbers: int, title: str = "Thông báo", host: str = "a.example") -> bytes:
    """Write a document of dated items, the highest number newest and first."""
    items = "".join(
        f"<item><title>{title} số {n} của Sở</title><guid>news_{n}</guid>"
        f"<link>http://{host}/bai/tin-{n}.html</link>"
        f"<pubDate>{(NOW - (50 - n) * HOUR):%a, %d %b %Y %H:00:00} GMT</pubDate></item>"
        for n in sorted(numbers, reverse=True)
    )
    return f'<rss version="2.0"><channel>{items}</channel></rss>'.encode()


def not_modified(**values: Any) -> Response:
    return Response(
        url="http://a.example/rss.xml", status=304, conditional=True, **values
    )


def notes(house: House) -> list[str]:
    """List what was told once, oldest first."""
    table = schema.incidents
    with house.store.read() as connection:
        return list(connection.scalars(sa.select(table.c.kind).order_by(table.c.pk)))


class Script:
    """Answers request by request, as told."""

    def __init__(self, house: House, *answers: Response | FetchError) -> None:
        self.answers = list(answers)
        self.asked: list[Request] = []
        house.net.submit = self.submit  # type: ignore[method-assign]
        self.house = house

    def submit(self, request: Request, done: Callable[[Any], None]) -> None:
        self.asked.append(request)
        done(self.answers.pop(0))

    def pull(self, name: str = "a") -> Any:
        self.house.puller.submit(self.house.claim(name))
        (report,) = self.house.finish()
        return report.attempt


ETAG = {"etag": '"1"'}


# --- Validators ---------------------------------------------------------------


def test_a_304_is_held_against_the_document_once_a_day(house: House) -> None:
    house.pull(a=ok(listing(1, 2), headers=ETAG))
    house.now += 23 * HOUR
    script = Script(house, not_modified(), not_modified(), ok(listing(1, 2)))
    assert script.pull().outcome is Outcome.NOT_MODIFIED
    house.now += HOUR
    assert script.pull().outcome is Outcome.SAME_BODY
    assert [("If-None-Match" in r.headers) for r in script.asked] == [True, True, False]
    assert notes(house) == []


def test_a_server_that_says_304_for_ever_is_found_and_told(house: House) -> None:
    house.pull(a=ok(listing(1, 2), headers=ETAG))
    house.now += DAY
    fresh = ok(listing(1, 2, 3), headers=ETAG)
    script = Script(house, not_modified(), fresh, fresh, fresh)
    attempt = script.pull()
    assert attempt.plan is not None and len(attempt.plan.new) == 1
    assert notes(house) == ["stale_304"]
    house.now += HOUR
    script.pull()
    assert "If-None-Match" not in script.asked[-1].headers
    house.now += 8 * DAY  # trusted again, and tried again
    script.pull()
    assert notes(house) == ["stale_304"]


def test_a_document_whose_bytes_alone_differ_is_no_lie(house: House) -> None:
    house.pull(a=ok(listing(1, 2), headers=ETAG))
    house.now += DAY
    script = Script(house, not_modified(), ok(listing(1, 2) + b"<!-- 08:15 -->"))
    assert script.pull().plan.unchanged == 2
    assert notes(house) == []


def test_exactly_the_last_answers_validators_are_sent(house: House) -> None:
    house.pull(a=ok(listing(1), headers=ETAG))
    house.now += MINUTE
    renewed = {"etag": 'W/"2"', "last-modified": "Fri, 20 Nov 2026 01:00:00 GMT"}
    script = Script(house, not_modified(headers=renewed), not_modified())
    script.pull()
    script.pull()
    asked = script.asked[-1].headers
    assert asked["If-None-Match"] == 'W/"2"'
    assert asked["If-Modified-Since"] == renewed["last-modified"]


# --- Redirects ----------------------------------------------------------------


def moved(status: int = 301, *, to: str = "http://new.example/rss.xml") -> Response:
    return ok(listing(1), url=to, redirects=((status, to),))


def test_a_permanent_redirect_is_learned_after_three_days_and_told(
    house: House,
) -> None:
    script = Script(house, *[moved()] * 5, ok(listing(1)))
    for _ in range(3):
        script.pull()
        house.now += DAY
        assert script.asked[-1].url == "http://a.example/rss.xml"
    assert notes(house) == []
    script.pull()
    assert notes(house) == ["redirected"]
    script.pull()
    assert script.asked[-1].url == "http://new.example/rss.xml"
    assert house.state("a").moved_to == "http://new.example/rss.xml"


@pytest.mark.parametrize("status", [302, 303, 307])
def test_a_temporary_redirect_is_never_learned(house: House, status: int) -> None:
    script = Script(house, *[moved(status)] * 9)
    for _ in range(9):
        script.pull()
        house.now += DAY
    assert {request.url for request in script.asked} == {"http://a.example/rss.xml"}
    assert notes(house) == []


def test_a_redirect_that_changes_begins_anew(house: House) -> None:
    other = moved(308, to="http://other.example/rss.xml")
    script = Script(house, moved(), moved(), other, moved(), moved(), moved())
    for _ in range(6):
        script.pull()
        house.now += DAY
    assert notes(house) == []


def learned(house: House, **values: Any) -> Script:
    """Have a source learn a redirect; its new address gives validators."""
    script = Script(house, *[replace(moved(), **values) for _ in range(4)])
    for _ in range(4):
        script.pull()
        house.now += DAY
    script.asked.clear()
    return script


def hosts(script: Script) -> list[str]:
    return [request.url.split("/")[2].split(".")[0] for request in script.asked]


DEAD = FetchError(Reason.DNS, "gone")


def test_a_learned_address_that_fails_is_asked_in_turn_with_the_declared_one(
    house: House,
) -> None:
    script = learned(house, headers=ETAG)
    script.answers = [DEAD] * 6 + [ok(listing(1), headers=ETAG)]
    for _ in range(7):
        script.pull()
    assert hosts(script) == ["new", "new", "new", "a", "new", "a", "new"]
    sent = ["If-None-Match" in request.headers for request in script.asked]
    assert sent == [name == "new" for name in hosts(script)]
    assert house.state("a").moved_to == "http://new.example/rss.xml"
    script.answers = [not_modified()]
    script.pull()  # a success at the learned one keeps it
    assert hosts(script)[-1] == "new"


def test_a_learned_address_is_dropped_when_the_declared_one_serves_again(
    house: House,
) -> None:
    script = learned(house, headers=ETAG)
    assert house.row("a").host == "new.example"
    mine = {"etag": '"mine"'}
    script.answers = [*[DEAD] * 3, ok(listing(1), headers=mine), not_modified()]
    for _ in range(5):
        script.pull()
    assert hosts(script) == ["new", "new", "new", "a", "a"]
    assert script.asked[-1].headers["If-None-Match"] == '"mine"'
    assert house.row("a").host == "a.example"
    assert house.state("a").moved_to == ""


def test_a_declared_address_that_still_leads_to_the_learned_one_drops_nothing(
    house: House,
) -> None:
    script = learned(house)
    script.answers = [*[DEAD] * 3, moved(), ok(listing(1))]
    for _ in range(5):
        script.pull()
    assert hosts(script) == ["new", "new", "new", "a", "new"]
    assert notes(house) == ["redirected"]


def test_that_one_of_two_addresses_is_gone_says_nothing_of_the_other(
    house: House,
) -> None:
    script = learned(house)
    script.answers = [ok(b"", status=410)] * 5
    waits = []
    for _ in range(5):
        script.pull()
        waits.append(house.row("a").due_at - house.now >= DAY)
    assert waits == [False, False, False, False, True]


def test_a_redirect_back_to_the_declared_address_leaves_none_beside_it(
    house: House,
) -> None:
    script = learned(house)
    script.answers = [moved(to="http://a.example/rss.xml")] * 4
    for _ in range(4):
        script.pull()
        house.now += DAY
    assert hosts(script) == ["new"] * 4
    row = house.row("a")
    assert (row.learned_url, row.host) == ("", "a.example")


# --- Withdrawals --------------------------------------------------------------


def states_of(house: House) -> dict[str, str]:
    with house.store.read() as connection:
        rows = connection.execute(sa.select(schema.sightings.c["guid", "state"]))
        return {row.guid: row.state for row in rows}


def test_what_is_gone_twice_and_whose_page_is_gone_is_withdrawn(house: House) -> None:
    gone = Response(url="http://a.example/bai/tin-3.html", status=404)
    script = Script(house, ok(listing(1, 2, 3, 4)), ok(listing(1, 2, 4)))
    script.pull()
    script.pull()
    assert states_of(house)["news_3"] == "shown"
    script.answers = [ok(listing(1, 2, 4, 5)), gone]
    attempt = script.pull()
    assert script.asked[-1].url == "http://a.example/bai/tin-3.html"
    assert states_of(house)["news_3"] == "withdrawn"
    assert attempt.plan.withdrawn == 1
    assert "news_3" not in {notice.guid for notice in house.notices()}
    script.answers = [ok(listing(1, 2, 3, 4, 5))]
    script.pull()
    assert states_of(house)["news_3"] == "shown"


def test_what_is_gone_but_whose_page_stands_is_for_an_editor(house: House) -> None:
    stands = Response(url="http://a.example/bai/tin-3.html", status=200)
    script = Script(house, ok(listing(1, 2, 3, 4)), ok(listing(1, 2, 4)))
    script.pull()
    script.pull()
    script.answers = [ok(listing(1, 2, 4, 5)), stands]
    script.pull()
    assert states_of(house)["news_3"] == "maybe_withdrawn"
    assert "news_3" in {notice.guid for notice in house.notices()}
    house.now += HOUR
    script.answers = [ok(listing(1, 2, 4, 5, 6))]
    script.pull()  # its page is not asked again before a day has passed
    assert states_of(house)["news_3"] == "maybe_withdrawn"
    house.now += DAY
    page_gone = Response(url="http://a.example/bai/tin-3.html", status=410)
    script.answers = [ok(listing(1, 2, 4, 5, 6)), page_gone]
    script.pull()  # the same bytes as before, read all the same
    assert states_of(house)["news_3"] == "withdrawn"


def withdrawn(house: House, *numbers: int) -> Script:
    """Have items withdrawn, since their pages answer 404."""
    there = [n for n in range(1, 9) if n not in numbers]
    script = Script(house, ok(listing(*range(1, 9))), ok(listing(*there)))
    script.pull()
    script.pull()
    gone = Response(url="http://a.example/", status=404)
    script.answers = [ok(listing(*there)), *[gone] * len(numbers)]
    script.pull()
    found = states_of(house)
    assert {n for n in range(1, 9) if found[f"news_{n}"] == "withdrawn"} == {*numbers}
    return script


def test_what_a_night_of_404s_withdrew_comes_back(house: House) -> None:
    script = withdrawn(house, 3)
    there = ok(listing(1, 2, 4, 5, 6, 7, 8), headers=ETAG)
    script.answers = [there]
    script.pull()  # its page is not asked before a day has passed
    house.now += DAY
    script.answers = [there, FetchError(Reason.TIMEOUT)]
    script.pull()  # says nothing
    assert states_of(house)["news_3"] == "withdrawn"
    house.now += DAY
    script.answers = [there, Response(url="http://a.example/", status=200, body=b"x")]
    attempt = script.pull()
    assert states_of(house)["news_3"] == "maybe_withdrawn"
    assert attempt.plan.withdrawn == 0
    assert "news_3" in {notice.guid for notice in house.notices()}


def test_what_stays_withdrawn_is_asked_for_a_week(house: House) -> None:
    script = withdrawn(house, 3)
    there = ok(listing(1, 2, 4, 5, 6, 7, 8))
    gone = Response(url="http://a.example/", status=410)
    asked = 0
    for _ in range(10):
        house.now += DAY
        script.answers = [there, gone]
        script.pull()
        asked += not script.answers
    assert asked == 7
    assert states_of(house)["news_3"] == "withdrawn"


def test_what_was_withdrawn_makes_no_document_less_believed(house: House) -> None:
    script = withdrawn(house, 2, 3, 4, 5, 6)
    house.now += DAY
    stands = Response(url="http://a.example/", status=200, body=b"x")
    script.answers = [ok(listing(1, 8)), *[stands] * 5]  # with 7, six are missing
    script.pull()
    assert "withdrawn" not in states_of(house).values()


@pytest.mark.parametrize("missing", [6, 11, 14])
def test_many_missing_items_are_asked_for_a_few_a_pull(
    house: House, missing: int
) -> None:
    """Each pull ends, however many links there are to ask."""
    gone = Response(url="http://a.example/", status=404)
    everything = range(1, 31)
    there = [n for n in everything if not 5 <= n < 5 + missing]
    script = Script(house, ok(listing(*everything)), ok(listing(*there)))
    script.pull()
    script.pull()
    for n in range(3):
        before = len(script.asked)
        later = range(31, 32 + n)
        script.answers = [ok(listing(*there, *later)), *[gone] * 5]
        script.pull()
        assert len(script.asked) - before <= 6
    withdrawn = [state for state in states_of(house).values() if state == "withdrawn"]
    assert len(withdrawn) == min(missing, 15)


def test_the_same_document_again_is_the_second_that_misses(house: House) -> None:
    gone = Response(url="http://a.example/bai/tin-3.html", status=404)
    less = ok(listing(1, 2, 4), headers=ETAG)
    script = Script(house, ok(listing(1, 2, 3, 4)), less, less, gone)
    for _ in range(3):
        script.pull()
    assert "If-None-Match" not in script.asked[2].headers
    assert states_of(house)["news_3"] == "withdrawn"


def test_what_scrolls_out_is_not_missed(house: House) -> None:
    script = Script(house, *(ok(listing(*range(n, n + 5))) for n in range(1, 9)))
    for _ in range(8):
        script.pull()
    assert set(states_of(house).values()) == {"shown"}
    assert len(script.asked) == 8


@pytest.mark.parametrize(
    "answer",
    [
        FetchError(Reason.TIMEOUT),
        ok(b"<html><body>D1N</body></html>"),
        ok(b"", status=404),
        ok(listing()),
        ok(listing(1, 2)[:-20]),
    ],
    ids=["timeout", "html", "404", "empty", "cut"],
)
def test_no_failure_withdraws_anything(house: House, answer: Any) -> None:
    script = Script(house, ok(listing(1, 2, 3, 4)), answer, answer, answer, answer)
    for _ in range(5):
        script.pull()
        house.now += HOUR
    assert set(states_of(house).values()) == {"shown"}
    assert house.state("a").state == "failing"


# --- Failures -----------------------------------------------------------------


def test_a_410_slows_to_once_a_day(house: House) -> None:
    script = Script(house, *[ok(b"", status=410)] * 3)
    for _ in range(3):
        script.pull()
        assert DAY <= house.row("a").due_at - house.now <= 1.05 * DAY
        house.now += DAY
    assert notes(house) == []  # an incident tells of it, and of its end


def test_a_limit_without_a_time_is_heeded_all_the_same(house: House) -> None:
    script = Script(house, *[ok(b"", status=429)] * 4)
    waits = []
    for _ in range(4):
        script.pull()
        waits.append(house.row("a").limited_until - house.now)
        house.now += HOUR
    assert waits == [15 * MINUTE, 30 * MINUTE, HOUR, HOUR]


ONE_HOST = settings(
    *(source(f"u{n}", url=f"http://so.example/{n}.xml") for n in range(4))
)


def test_two_limits_of_a_host_spare_it_the_rest_of_a_batch(
    sqlite_store: Store,
) -> None:
    house = House(sqlite_store, ONE_HOST)
    limit = ok(b"", status=429, headers={"retry-after": "600"})
    script = Script(house, limit, limit)
    house.puller.submit(house.claim())
    assert len(house.finish()) == 2
    assert len(script.asked) == 2
    leased = [house.row(name).lease_owner for name in ONE_HOST.sources]
    assert leased == [None] * 4
    assert {house.state(name).state for name in ONE_HOST.sources} == {"limited"}


MANY = settings(
    *(source(f"s{n}", url=f"http://s{n}.example/rss") for n in range(LEAST_HOSTS + 3))
)


def test_when_most_fail_at_once_nobody_is_penalised(sqlite_store: Store) -> None:
    house = House(sqlite_store, MANY)
    dead = FetchError(Reason.DNS, "no name server")
    house.pull(**{name: dead for name in MANY.sources})
    for name in MANY.sources:
        state = house.state(name)
        assert (state.our_network, state.failures, state.turn) == (True, 0, "operator")
        assert (state.reason, state.state) == ("dns", "failing")
        assert state.next_due is not None
        assert state.next_due <= house.now + 2 * MINUTE
    house.now += 30 * MINUTE
    reports = house.pull(**{name: ok(listing(1)) for name in MANY.sources})
    assert {r.attempt.outcome for r in reports.values()} == {Outcome.PULLED}
    assert {house.state(name).state for name in MANY.sources} == {"ok"}


def test_a_restart_at_the_start_of_an_outage_of_ours_blames_nobody(
    sqlite_store: Store,
) -> None:
    house = House(sqlite_store, MANY)
    for name in MANY.sources:  # each seen to fail by a process that ended at once
        house.puller = house.new_puller()
        house.pull(**{name: FetchError(Reason.DNS)})
    assert {house.state(name).failures for name in MANY.sources} == {1}
    house.puller = house.new_puller()
    house.now += MINUTE
    house.pull(**{name: FetchError(Reason.DNS) for name in MANY.sources})
    assert all(house.state(name).our_network for name in MANY.sources)


def test_what_fails_alone_is_penalised(sqlite_store: Store) -> None:
    house = House(sqlite_store, MANY)
    answers: dict[str, Any] = {name: ok(listing(1)) for name in MANY.sources}
    house.pull(**(answers | {"s0": FetchError(Reason.DNS)}))
    state = house.state("s0")
    assert (state.our_network, state.failures) == (False, 1)


# --- Gaps ---------------------------------------------------------------------


def test_emptied_counts_from_the_first_empty_document(house: House) -> None:
    """Days of another failure before it say nothing of the document."""
    empty = ok(b'<rss version="2.0"><channel></channel></rss>')
    house.pull(a=ok(listing(1, 2)))
    house.pull(a=Response(url="http://a.example/rss.xml", status=503))
    house.now += 4 * DAY
    assert house.pull(a=empty)["a"].attempt.reason == Reason.EMPTIED
    house.now += 2 * DAY
    assert house.pull(a=empty)["a"].attempt.reason == Reason.EMPTIED
    house.now += DAY
    assert house.pull(a=empty)["a"].attempt.outcome is Outcome.PULLED


def wait_of(house: House) -> timedelta:
    due: Any = house.row("a").due_at
    return timedelta(minutes=round((due - house.now) / MINUTE / 1.05))


def test_after_a_gap_it_is_asked_more_often_until_documents_overlap(
    house: House,
) -> None:
    script = Script(
        house,
        ok(listing(1, 2, 3, 4)),
        ok(listing(11, 12, 13, 14)),
        ok(listing(14, 15, 16, 17)),
        ok(listing(16, 17, 18, 19)),
    )
    script.pull()
    usual = wait_of(house)
    attempt = script.pull()
    assert attempt.plan.gap and house.state("a").state == "gap"
    assert wait_of(house) <= usual / 2 + MINUTE
    script.pull()  # a quarter overlaps: not enough
    assert house.state("a").state == "gap"
    script.pull()
    assert house.state("a").state == "ok"
    assert abs(wait_of(house) - usual) <= MINUTE


# --- Habits -------------------------------------------------------------------


def test_a_portal_that_moves_is_told_once(house: House) -> None:
    script = Script(
        house,
        ok(listing(1, 2, 3, 4)),
        ok(listing(2, 3, 4, 5, host="new.example")),
        ok(listing(3, 4, 5, 6, host="new.example")),
    )
    for _ in range(3):
        script.pull()
    assert notes(house) == ["moved"]
    assert len(house.notices()) == 6


def test_going_to_and_fro_is_told_once_and_floods_nobody(house: House) -> None:
    one, other = listing(1, 2), listing(1, 2, title="Tin")
    script = Script(house, *[ok(one), ok(other)] * 10)
    for _ in range(20):
        script.pull()
        house.now += 15 * MINUTE
    with house.store.read() as connection:
        versions = connection.scalar(sa.select(sa.func.max(schema.versions.c.n)))
    assert versions == 3
    assert notes(house) == ["flipping"]
    assert house.state("a").flipping


def test_going_to_and_fro_for_months_leaves_no_more_versions(house: House) -> None:
    """What is held back stays so, also once all its versions are old."""
    one, other = listing(1, 2), listing(1, 2, title="Tin")
    script = Script(house, *[ok(one), ok(other)] * 60)
    for _ in range(120):
        script.pull()
        house.now += 12 * HOUR
    with house.store.read() as connection:
        versions = connection.scalar(sa.select(sa.func.max(schema.versions.c.n)))
    assert versions == 3


def test_touching_only_dates_is_told_once(house: House) -> None:
    def dated(day: int) -> bytes:
        return listing(1, 2).replace(b"2026", f"{2000 + day}".encode())

    script = Script(house, ok(listing(1, 2)), *(ok(dated(n)) for n in range(6)))
    for _ in range(7):
        assert script.pull().plan.changed == ()
    assert notes(house) == ["redated"]


def test_one_date_that_was_mended_is_no_habit(house: House) -> None:
    house.pull(a=ok(listing(1, 2, 3)))
    mended = listing(1, 2, 3).replace(f"{NOW - 47 * HOUR:%H:00}".encode(), b"00:30")
    for n in range(6):
        plan = house.pull(a=ok(mended + b"<!-- %d -->" % n))["a"].attempt.plan
        assert plan is not None and plan.redated == 1
    assert notes(house) == []


def test_new_items_do_not_make_an_old_habit_news(house: House) -> None:
    def dated(day: int, *numbers: int) -> bytes:
        return listing(*numbers).replace(b"2026", f"{2000 + day}".encode())

    script = Script(house, ok(listing(1, 2)))
    script.pull()
    for n in range(12):
        script.answers = [ok(dated(n, *range(1, 3 + n // 4)))]
        script.pull()
    assert notes(house) == ["redated"]


# --- Silence ------------------------------------------------------------------


def weekly(*weeks: int) -> bytes:
    """Write a document with an item in each of these weeks before now."""
    items = "".join(
        f"<item><title>Bản tin tuần {n}</title><guid>tuan_{n}</guid>"
        f"<pubDate>{(NOW - 7 * n * DAY):%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
        for n in weeks
    )
    return f'<rss version="2.0"><channel>{items}</channel></rss>'.encode()


@pytest.mark.parametrize(
    ("until", "state"),
    [(None, "quiet"), (date(2025, 6, 30), "ok"), (date(2030, 6, 30), "quiet")],
    ids=["standing", "dissolved", "to be dissolved"],
)
def test_silence_is_told_but_of_who_is_no_more(
    sqlite_store: Store, until: date | None, state: str
) -> None:
    said = settings(
        source("a", url="http://a.example/rss.xml", authority="quan-1"),
        authorities=(authority("quan-1", parent="so", until=until),),
    )
    house = House(sqlite_store, said)
    house.pull(a=ok(weekly(*range(8, 20))))
    assert house.state("a").state == state
