"""One source's pull from answer to rows: saved whole, told truly, never in the way."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from datetime import timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import sqlalchemy as sa
from hypothesis import example
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import FetchError
from aggregator.errors import ParseError
from aggregator.errors import Reason
from aggregator.errors import StoreError
from aggregator.intake import digest
from aggregator.intake.net import Request
from aggregator.intake.net import Response
from aggregator.intake.pipeline import Puller
from aggregator.intake.reports import Report
from aggregator.intake.task import Task
from aggregator.model import ALL_LEVELS
from aggregator.model import Category
from aggregator.model import Digest
from aggregator.model import Notice
from aggregator.model import Outcome
from aggregator.model import Reach
from aggregator.model import Settings
from aggregator.model import SourceState
from aggregator.model import View
from aggregator.store import items as stored_items
from aggregator.store import schema
from aggregator.store import sources as stored_sources
from aggregator.store.attempts import readings
from aggregator.store.attempts import states
from aggregator.store.engine import Store
from aggregator.store.views import read_view
from tests.conftest import NOW
from tests.conftest import settings
from tests.conftest import source

MINUTE = timedelta(minutes=1)
SAID = settings(
    source("a", url="http://a.example/rss.xml"),
    source("b", url="http://b.example/rss.xml"),
    source("c", url="http://c.example/rss.xml"),
)
EVERYTHING = View(
    audience="so",
    reach=(Reach(authority="so"),),
    levels=ALL_LEVELS,
    categories=frozenset(Category),
    limit=1000,
)


def rss(*names: str, title: str = "Thông báo") -> bytes:
    """Write a document with an item of each name."""
    items = "".join(
        f"<item><title>{title} {name}</title><guid>{name}</guid>"
        f"<link>/bai/{name}.html</link></item>"
        for name in names
    )
    channel = f"<channel><title>Cổng</title>{items}</channel>"
    return f'<rss version="2.0">{channel}</rss>'.encode()


def ok(body: bytes, **values: Any) -> Response:
    """Answer 200 with a document."""
    options = {"url": "http://a.example/rss.xml", "status": 200, "wire_bytes": 7}
    return Response(**(options | values), body=body)


class FakeNet:
    """Answers from a dict, by URL; remembers what it was asked with."""

    def __init__(self, in_thread: bool = False) -> None:
        self.answers: dict[str, Response | FetchError] = {}
        self.asked: list[Request] = []
        self._in_thread = in_thread

    def submit(self, request: Request, done: Callable[[Any], None]) -> None:
        self.asked.append(request)
        answer = self.answers[request.url]
        if not self._in_thread:
            return done(answer)
        thread = threading.Thread(target=done, args=(answer,))
        thread.start()
        thread.join()


class FakeWorkshop:
    """Reads documents in this very process."""

    def __init__(self, run: Callable[[Task], Digest] = digest.run) -> None:
        self.run = run
        self.tasks: list[Task] = []

    def submit(self, task: Task) -> "Future[Digest]":
        self.tasks.append(task)
        future: Future[Digest] = Future()
        try:
            future.set_result(self.run(task))
        except Exception as error:
            future.set_exception(error)
        return future


class House:
    """A store, a puller, and the fakes around it."""

    def __init__(self, store: Store, said: Settings = SAID) -> None:
        self.store, self.said, self.now = store, said, NOW
        self.net, self.workshop = FakeNet(), FakeWorkshop()
        with store.write() as connection:
            stored_sources.declare(connection, said.sources, NOW)
        self.puller = self.new_puller()

    def new_puller(self) -> Puller:
        return Puller(
            self.store,
            self.said,
            net=self.net,
            workshop=self.workshop,
            owner="one",
            clock=lambda: self.now,
        )

    def claim(self, *names: str, owner: str = "one") -> list[Any]:
        with self.store.write() as connection:
            return stored_sources.claim(
                connection,
                self.said.sources,
                now=self.now,
                owner=owner,
                until=self.now + MINUTE,
                wanted=names or tuple(self.said.sources),
                force=True,
            )

    def pull(self, **answers: Response | FetchError) -> dict[str, Report]:
        """Pull the sources named, each with its answer."""
        for name, answer in answers.items():
            self.net.answers[self.said.sources[name].url] = answer
        self.puller.submit(self.claim(*answers))
        return {report.source: report for report in self.finish()}

    def finish(self) -> list[Report]:
        reports = []
        while self.puller.in_flight:
            report = self.puller.step(5)
            assert report is not None or self.puller.in_flight
            reports += [report] if report else []
        return reports

    def state(self, name: str) -> SourceState:
        with self.store.read() as connection:
            return next(s for s in states(connection, self.now) if s.id == name)

    def row(self, name: str) -> Any:
        with self.store.read() as connection:
            found = sa.select(schema.sources).where(schema.sources.c.id == name)
            return connection.execute(found).one()

    def notices(self) -> list[Notice]:
        with self.store.read() as connection:
            return read_view(connection, EVERYTHING)

    def attempts(self) -> list[Any]:
        with self.store.read() as connection:
            found = sa.select(schema.attempts).order_by(schema.attempts.c.pk)
            return list(connection.execute(found))


@pytest.fixture
def house(sqlite_store: Store) -> House:
    """Give a house on SQLite, where the database is not what is tested."""
    return House(sqlite_store)


# --- What an answer becomes ---------------------------------------------------


def test_a_new_document_is_saved_with_its_state(store: Store) -> None:
    house = House(store)
    headers = {"etag": '"1"', "last-modified": "Fri, 20 Nov 2026 00:00:00 GMT"}
    report = house.pull(a=ok(rss("x", "y"), headers=headers))["a"]
    assert report.attempt.outcome is Outcome.PULLED
    assert {n.title for n in house.notices()} == {"Thông báo x", "Thông báo y"}
    row = house.row("a")
    assert (row.etag, row.last_modified) == (headers["etag"], headers["last-modified"])
    assert row.last_ok_at == row.last_new_item_at == row.last_changed_at == NOW
    assert NOW + 15 * MINUTE <= row.due_at <= NOW + 16 * MINUTE
    assert (row.lease_owner, row.lease_until) == (None, None)
    assert (row.feed_title, row.bytes, row.status) == ("Cổng", 7, 200)


def test_validators_are_sent_back_as_they_came(house: House) -> None:
    headers = {"etag": 'W/"ấ"', "last-modified": "hôm qua"}
    house.pull(a=ok(rss("x"), headers=headers))
    house.pull(a=ok(rss("x"), headers=headers))
    assert "If-None-Match" not in house.net.asked[0].headers
    assert house.net.asked[1].headers["If-None-Match"] == headers["etag"]
    assert house.net.asked[1].headers["If-Modified-Since"] == headers["last-modified"]


def test_not_modified_writes_no_items_and_keeps_validators(house: House) -> None:
    house.pull(a=ok(rss("x"), headers={"etag": '"1"'}))
    house.now += MINUTE
    same = Response(url="http://a.example/rss.xml", status=304, conditional=True)
    report = house.pull(a=same)["a"]
    assert report.attempt.outcome is Outcome.NOT_MODIFIED
    assert report.attempt.plan is None
    assert house.row("a").etag == '"1"'
    assert house.state("a").last_ok == house.now
    assert house.state("a").last_changed == NOW
    assert len(house.attempts()) == 1  # the second is counted, not kept


def test_the_bytes_of_last_time_are_not_read_again(house: House) -> None:
    house.pull(a=ok(rss("x"), headers={"etag": '"1"'}))
    report = house.pull(a=ok(rss("x"), headers={"etag": '"2"'}))["a"]
    assert report.attempt.outcome is Outcome.SAME_BODY
    assert len(house.workshop.tasks) == 1
    assert house.row("a").etag == '"2"'


def test_a_changed_item_gets_a_version_and_keeps_its_id(house: House) -> None:
    house.pull(a=ok(rss("x", "y")))
    before = {notice.guid: notice.id for notice in house.notices()}
    report = house.pull(a=ok(rss("x", "y", title="Sửa:")))["a"]
    plan = report.attempt.plan
    assert plan is not None and (len(plan.new), len(plan.changed)) == (0, 2)
    assert {notice.guid: notice.id for notice in house.notices()} == before
    assert {n.title for n in house.notices()} == {"Sửa: x", "Sửa: y"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (FetchError(Reason.TIMEOUT, "kết nối"), Reason.TIMEOUT),
        (ok(b"", status=500), Reason.SERVER_ERROR),
        (ok(b" \r\n"), Reason.EMPTY_BODY),
        (ok(b"<!doctype html><title>Trang chu</title><p>Chao"), Reason.HTML_PAGE),
        (ok(b'{"not": "a feed"}'), Reason.NOT_A_FEED),
        (Response(url="http://a.example/", status=304), Reason.UNEXPECTED_STATUS),
    ],
    ids=["no-answer", "500", "empty", "html", "no-feed", "304-unasked"],
)
def test_a_failure_has_a_name_and_takes_nothing_away(
    house: House, answer: Response | FetchError, reason: Reason
) -> None:
    house.pull(a=ok(rss("x"), headers={"etag": '"1"'}))
    house.now += MINUTE
    report = house.pull(a=answer)["a"]
    assert report.attempt.outcome is Outcome.FAILED
    assert report.attempt.reason == reason
    assert [notice.guid for notice in house.notices()] == ["x"]
    row = house.row("a")
    assert (row.etag, row.failures, row.lease_owner) == ('"1"', 1, None)
    assert house.state("a").failing_since == house.now
    assert NOW + 2 * MINUTE <= row.due_at <= NOW + 3 * MINUTE


def test_failures_are_counted_until_one_goes_well(house: House) -> None:
    bad = FetchError(Reason.REFUSED)
    for expected in (1, 2, 3):
        house.pull(a=bad)
        assert house.row("a").failures == expected
    house.pull(a=ok(rss("x")))
    assert house.row("a").failures == 0
    assert house.state("a").failing_since is None


def test_retry_after_is_kept(house: House) -> None:
    asked = ok(b"", status=429, headers={"retry-after": "7200"})
    house.pull(a=asked)
    state = house.state("a")
    assert (state.state, state.reason) == ("limited", "limited")
    assert state.next_due == NOW + timedelta(hours=2)


def test_an_attempt_balances(house: House) -> None:
    house.pull(a=ok(rss("x", "y", "z")))
    document = rss("x", "x", "y", "w").replace(
        b"Th\xc3\xb4ng b\xc3\xa1o y", b"Kh\xc3\xa1c"
    )
    document = document.replace(b"</channel>", b"<item></item></channel>")
    report = house.pull(a=ok(document))["a"]
    plan = report.attempt.plan
    assert plan is not None
    assert plan.entries == 5
    row = house.attempts()[-1]
    counts = (row.entries, row.new, row.changed, row.unchanged, row.duplicate)
    assert (*counts, row.rejected) == (5, 1, 1, 1, 1, 1)
    assert row.rejections == [[4, "empty", ""]]
    assert row.seconds == report.attempt.seconds


def test_the_last_address_after_redirects_is_the_base(house: House) -> None:
    house.pull(a=ok(rss("x"), url="http://moi.example/tin/rss.xml"))
    assert [notice.link for notice in house.notices()] == [
        "http://moi.example/bai/x.html"
    ]


def test_an_incomplete_document_is_read_but_asked_for_again(house: House) -> None:
    cut = rss("x", "y")[: -len("</channel></rss>")]
    report = house.pull(a=ok(cut, headers={"etag": '"1"'}))["a"]
    assert report.attempt.reason == Reason.TRUNCATED
    assert report.attempt.plan is not None and len(report.attempt.plan.new) == 2
    assert len(house.notices()) == 2
    row = house.row("a")
    assert (row.etag, row.last_modified, row.body_hash) == (None, None, "")


def test_a_front_page_does_not_make_two_articles_one(house: House) -> None:
    """One guid given twice by mistake, and every link the portal's front page."""
    document = rss("x", "x").replace(b"o x<", b"o khac<", 1)
    document = document.replace(b"/bai/x.html", b"http://a.example/")
    report = house.pull(a=ok(document))["a"]
    assert report.attempt.plan is not None and report.attempt.plan.duplicate == 0
    titles = {notice.title for notice in house.notices()}
    assert titles == {"Thông báo x", "Thông báo khac"}
    report = house.pull(a=ok(document + b"<!-- later -->"))["a"]
    assert report.attempt.plan is not None and report.attempt.plan.unchanged == 2


def test_what_was_cut_short_gets_the_guid_that_comes_later(house: House) -> None:
    entry = (
        "<item><title>Khai giảng</title><link>http://a.example/bai/x.html</link>"
        "<description>Nội dung</description><guid>news_12</guid></item></channel></rss>"
    )
    whole = f'<rss version="2.0"><channel>{entry}'.encode()
    house.pull(a=ok(whole[: whole.index(b"dung<")]))
    assert [notice.guid for notice in house.notices()] == [""]
    plan = house.pull(a=ok(whole))["a"].attempt.plan
    assert plan is not None and (len(plan.new), len(plan.changed)) == (0, 1)
    assert [notice.guid for notice in house.notices()] == ["news_12"]


def test_it_is_counted_which_reader_took_a_document(house: House) -> None:
    house.pull(a=ok(rss("x")))
    house.pull(a=ok(rss("x").replace(b"</item>", b"<odd>1</odd></item>")))
    house.pull(a=ok(rss("y").replace(b"Th\xc3\xb4ng", b"Th&ocirc;ng")))
    with house.store.read() as connection:
        assert readings(connection, NOW.date()) == {"strict": 1, "feedparser": 2}
        assert readings(connection, (NOW + 48 * 60 * MINUTE).date())["strict"] == 0


def test_a_document_without_entries_empties_nothing(house: House) -> None:
    house.pull(a=ok(rss("x")))
    report = house.pull(a=ok(rss()))["a"]
    assert report.attempt.reason == Reason.EMPTIED
    assert report.attempt.plan is not None and not report.attempt.plan.gap
    assert len(house.notices()) == 1


def test_a_feed_that_never_had_entries_is_well(house: House) -> None:
    """Thư mời is normally empty."""
    for _ in range(2):
        report = house.pull(a=ok(rss(title=uuid.uuid4().hex)))["a"]
        assert report.attempt.outcome is not Outcome.FAILED
    assert house.state("a").state == "ok"


def test_what_stays_empty_for_days_is_empty(house: House) -> None:
    house.pull(a=ok(rss("x")))
    house.pull(a=ok(rss()))
    house.now += timedelta(days=3)
    assert house.pull(a=ok(rss()))["a"].attempt.outcome is Outcome.PULLED
    assert house.state("a").state == "ok"
    assert len(house.notices()) == 1


def test_what_is_known_of_a_source_goes_to_the_reader(
    sqlite_store: Store, tmp_path: Path
) -> None:
    said = settings(
        source("a", url="http://a.example/rss.xml", category=None, timezone="UTC")
    )
    said = replace(said, rules=str(tmp_path))
    house = House(sqlite_store, said)
    house.pull(a=ok(rss("x"), headers={"content-type": "text/xml"}))
    (task,) = house.workshop.tasks
    assert task.hints.category is None
    assert task.rules == str(tmp_path)
    assert (task.timezone, task.content_type, task.now) == ("UTC", "text/xml", NOW)


def test_answers_may_come_from_another_thread(house: House) -> None:
    house.net = FakeNet(in_thread=True)
    house.puller = house.new_puller()
    reports = house.pull(a=ok(rss("x")), b=FetchError(Reason.DNS), c=ok(rss("y")))
    assert {name: r.attempt.outcome.value for name, r in reports.items()} == {
        "a": "pulled",
        "b": "failed",
        "c": "pulled",
    }


# --- Faults -------------------------------------------------------------------


def faulty(error: Exception, at: str) -> Callable[[Task], Digest]:
    """Read documents, but for those of one address."""

    def run(task: Task) -> Digest:
        if at in task.url:
            raise error
        return digest.run(task)

    return run


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ParseError(Reason.PARSE_TIMEOUT), "parse_timeout"),
        (RuntimeError("hỏng"), "internal"),
    ],
    ids=["named", "unnamed"],
)
def test_a_fault_in_reading_stays_its_sources_own(
    house: House, error: Exception, reason: str
) -> None:
    house.workshop.run = faulty(error, "b.example")
    reports = house.pull(
        a=ok(rss("x")),
        b=ok(rss("y"), url="http://b.example/rss.xml"),
        c=ok(rss("z"), url="http://c.example/rss.xml"),
    )
    assert reports["b"].attempt.reason == reason
    assert {notice.guid for notice in house.notices()} == {"x", "z"}
    assert house.state("b").state == "failing"
    assert house.row("b").lease_owner is None
    assert house.attempts()[1].status == 200


def test_a_fault_in_submitting_to_the_workshop_is_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(_task: Task) -> None:
        raise RuntimeError("the workshop is closed")

    monkeypatch.setattr(house.workshop, "submit", closed)
    report = house.pull(a=ok(rss("x")))["a"]
    assert report.attempt.reason == Reason.INTERNAL
    assert house.puller.in_flight == 0


def test_a_fault_in_asking_ends_that_pull_and_the_host_goes_on(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_host = (source(n, url=f"http://so.example/{n}.xml") for n in "abcd")
    house = House(sqlite_store, settings(*one_host))
    ask = house.net.submit

    def submit(request: Request, done: Callable[[Any], None]) -> None:
        if request.url.endswith(("a.xml", "c.xml")):
            raise ValueError("hỏng")
        ask(request, done)

    monkeypatch.setattr(house.net, "submit", submit)
    reports = house.pull(**{n: ok(rss(n)) for n in "abcd"})
    reasons = {name: report.attempt.reason for name, report in reports.items()}
    assert reasons == {"a": "internal", "b": "", "c": "internal", "d": ""}
    assert house.puller.in_flight == 0
    assert house.row("c").lease_owner is None


def test_a_fault_in_saving_leaves_no_half_and_stays_its_own(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = stored_items.apply

    def half(connection: Any, plans: Any, now: datetime) -> None:
        whole(connection, plans, now)
        if any(row.source.id == "b" for row, _ in plans):
            raise ValueError("giữa\nchừng" + 1000 * ".")

    monkeypatch.setattr(stored_items, "apply", half)
    reports = house.pull(a=ok(rss("x")), b=ok(rss("y")), c=ok(rss("z")))
    assert reports["b"].attempt.reason == Reason.INTERNAL
    detail = reports["b"].attempt.detail
    assert detail.startswith("ValueError: giữa chừng...") and len(detail) == 200
    assert {notice.guid for notice in house.notices()} == {"x", "z"}
    assert [a.outcome for a in house.attempts()] == ["pulled", "failed", "pulled"]


def test_a_fault_in_telling_of_a_fault_leaves_nothing_in_flight(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("hỏng hẳn")

    monkeypatch.setattr("aggregator.store.attempts.settle", broken)
    house.net.answers["http://a.example/rss.xml"] = ok(rss("x"))
    house.puller.submit(house.claim("a"))
    assert house.puller.step(1) is None  # read
    with pytest.raises(ValueError, match="hỏng hẳn"):
        house.puller.step(1)
    assert house.puller.in_flight == 0


def test_a_store_that_is_away_leaves_nothing_in_flight(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise StoreError("the database does not answer")

    house.net.answers["http://a.example/rss.xml"] = FetchError(Reason.REFUSED)
    house.puller.submit(house.claim("a"))
    with monkeypatch.context() as patch:
        patch.setattr(house.store, "write", away)
        with pytest.raises(StoreError):
            house.puller.step(1)
    assert house.puller.in_flight == 0
    assert house.puller.under_way() == []
    assert house.row("a").lease_owner == "one"  # runs out by itself
    assert house.attempts() == []


@pytest.mark.parametrize("name", ["a", "b"], ids=["document", "failure"])
def test_a_lost_lease_saves_nothing(store: Store, name: str) -> None:
    house = House(store)
    house.net.answers |= {
        "http://a.example/rss.xml": ok(rss("x")),
        "http://b.example/rss.xml": FetchError(Reason.REFUSED),
    }
    house.puller.submit(house.claim(name))
    house.now += 2 * MINUTE
    assert house.claim(name, owner="two")
    (report,) = house.finish()
    assert report.lost
    assert house.notices() == []
    assert house.attempts() == []
    row = house.row(name)
    assert (row.lease_owner, row.last_try_at) == ("two", None)


def test_nothing_to_do_is_no_report(house: House) -> None:
    assert house.puller.step(0) is None


# --- Twice is once ------------------------------------------------------------


def test_pulling_a_document_again_changes_nothing(store: Store) -> None:
    house = House(store)
    house.pull(a=ok(rss("x", "y")))
    before = house.notices()
    house.now += 60 * MINUTE
    # Other bytes, the same entries: read again, and found to be known.
    report = house.pull(a=ok(rss("x", "y") + b"<!-- later -->"))["a"]
    plan = report.attempt.plan
    assert report.attempt.outcome is Outcome.PULLED
    assert plan is not None and (plan.unchanged, plan.entries) == (2, 2)
    assert house.notices() == before
    assert replace(house.state("a"), last_attempt=None).last_new_item == NOW


@pytest.mark.parametrize("bad", ["\x00", "\ud800"], ids=["nul", "surrogate"])
def test_what_no_database_can_hold_costs_one_source_at_most(
    store: Store, bad: str
) -> None:
    house = House(store)

    def spoilt(task: Task) -> Digest:
        found = digest.run(task)
        return replace(found, items=tuple(replace(i, guid=bad) for i in found.items))

    house.workshop.run = spoilt
    report = house.pull(a=ok(rss("x")))["a"]
    assert report.attempt.reason in ("", Reason.INTERNAL)
    assert house.row("a").lease_owner is None
    assert house.state("a").last_try == NOW
    house.workshop.run = digest.run
    assert house.pull(b=ok(rss("y")))["b"].attempt.outcome is Outcome.PULLED


# Few names, so that they meet each other in every way that portals have found.
_HOST = "http://cong.example"
_entries = st.tuples(
    st.sampled_from(["", "1", "2", f"{_HOST}/bai/1.html", "news_12"]),
    st.sampled_from(["", "/", "/bai/1.html", "/1-abcdefghi.html", "/2-abcdefghi.html"]),
    st.sampled_from(["", "Một", "Hai", "Ba"]),
    st.sampled_from(["", "nội dung", "khác"]),
)
_documents = st.tuples(st.sampled_from("ab"), st.lists(_entries, max_size=5))


def _written(entries: list[tuple[str, str, str, str]]) -> bytes:
    items = "".join(
        f"<item><guid>{guid}</guid><link>{link and _HOST + link}</link>"
        f"<title>{title}</title><description>{text}</description></item>"
        for guid, link, title, text in entries
    )
    return f'<rss version="2.0"><channel>{items}</channel></rss>'.encode()


@hypothesis.settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
@example(  # a link that one item is known by, told anew under a guid told twice
    [
        ("a", [(f"{_HOST}/bai/1.html", "/1-abcdefghi.html", "Một", "")]),
        ("a", [("1", "/bai/1.html", "", ""), ("1", "/", "Ba", "")]),
    ]
)
@given(st.lists(_documents, min_size=1, max_size=4))
def test_any_documents_balance_and_can_be_stored(
    sqlite_store: Store, documents: list[tuple[str, list[tuple[str, str, str, str]]]]
) -> None:
    """Two sources of one portal, whose names, links and titles meet at random."""
    mark = uuid.uuid4().hex  # each example has a portal and sources of its own
    ids = {name: f"{name}-{mark}" for name in "ab"}
    portal = f"http://{mark}.example"
    house = House(
        sqlite_store,
        settings(*(source(ids[n], url=f"{portal}/{n}.xml") for n in "ab")),
    )
    for name, entries in documents:
        house.now += MINUTE
        answer = ok(_written(entries), url=f"{portal}/x.xml")
        attempt = house.pull(**{ids[name]: answer})[ids[name]].attempt
        assert attempt.reason in ("", Reason.EMPTIED), attempt.detail
        assert attempt.plan is None or attempt.plan.entries == len(entries)
