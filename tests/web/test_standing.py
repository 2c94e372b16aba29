"""The page of how every source stands: what is wrong first, and all of it true."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from lxml import html as lxml_html

from aggregator.app import create_app
from aggregator.model import Incident
from aggregator.model import Note
from aggregator.model import Settings
from aggregator.store import incidents as stored_incidents
from aggregator.store import schema
from aggregator.store import sources as stored
from aggregator.store.engine import Store
from aggregator.web import standing
from tests.conftest import NOW
from tests.conftest import authority
from tests.conftest import settings
from tests.conftest import source

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SAID: Settings = settings(
    source("so-tin", url="http://so.example/rss/tin.rss"),
    source("so-tb", url="http://so.example/rss/tb.rss"),
    source("q1-tin", url="http://me:pass@quan1.example/rss/1", authority="quan-1"),
    source("q1-tb", url="http://quan1.example/rss/2", authority="quan-1"),
    source("ward", url="http://ward.example/rss/", authority="quan-1"),
    authorities=(authority("quan-1", name="Phòng GD&ĐT <Quận 1>", parent="so"),),
)
FAILING = {
    "failing_since": NOW - 2 * HOUR,
    "failures": 3,
    "reason": "html_page",
    "detail": "10.0.0.7 said <script>",
    "status": 200,
    "last_ok_at": NOW - 3 * HOUR,
    "due_at": NOW + 20 * MINUTE,
}


@pytest.fixture
def well(sqlite_store: Store) -> Store:
    """Give a store whose sources are all well."""
    fill(sqlite_store, SAID)
    return sqlite_store


@pytest.fixture
def client(well: Store) -> FlaskClient:
    """Give a client of an application over it."""
    return client_of(well)


def fill(store: Store, said: Settings) -> None:
    """Let every source have been read five minutes ago, and be due in ten."""
    with store.write() as connection:
        stored.declare(connection, said.sources, NOW - 48 * HOUR)
        everyone = sa.update(schema.sources).values(
            last_try_at=NOW - 5 * MINUTE,
            last_ok_at=NOW - 5 * MINUTE,
            last_new_item_at=NOW - 7 * HOUR,
            due_at=NOW + 10 * MINUTE,
            outcome="not_modified",
            status=304,
        )
        connection.execute(everyone)


def put(store: Store, *names: str, **columns: Any) -> None:
    """Say how sources stand."""
    here = schema.sources.c.id.in_(names)
    with store.write() as connection:
        connection.execute(sa.update(schema.sources).where(here).values(columns))


def client_of(store: Store, said: Settings = SAID) -> FlaskClient:
    """Give a client of an application over a store."""
    return create_app(said, store, clock=lambda: NOW).test_client()


def page_of(client: FlaskClient, **query: Any) -> Any:
    """Open the page."""
    answer = client.get("/health/", query_string=query)
    assert answer.status_code == 200, answer.text
    return lxml_html.document_fromstring(answer.data.decode())


def line(found: Any) -> str:
    """Give the words of an element on one line."""
    return " ".join(found.text_content().split())


def verdict(page: Any) -> str:
    """Give what the page says at one glance."""
    (found,) = page.find_class("verdict")
    return line(found)


def banners(page: Any) -> list[str]:
    """Give the warnings that are seen."""
    found = page.find_class("banner")
    return [line(banner) for banner in found if banner.get("hidden") is None]


def wrong(page: Any) -> list[str]:
    """Give the headings of what is wrong, in their order."""
    cards = "//ul[@class='standing']/li/h3"
    return [heading.text_content().split()[0] for heading in page.xpath(cards)]


def card(page: Any, name: str) -> str:
    """Give what is said of one thing that is wrong."""
    (heading,) = page.xpath(f"//h3[starts-with(normalize-space(), '{name}')]")
    return line(heading.getparent())


def well_ones(page: Any) -> list[str]:
    """Give the ids of the sources without problems, in their order."""
    return [str(a.text) for a in page.xpath("//table//th[@scope='row']/b/a")]


# --- At one glance ------------------------------------------------------------


def test_all_is_well(client: FlaskClient) -> None:
    page = page_of(client)
    assert verdict(page) == "✓ Mọi nguồn đều tốt Trang lập lúc 08:00 ngày 20/11/2026."
    assert (banners(page), wrong(page)) == ([], [])
    assert well_ones(page) == ["q1-tb", "q1-tin", "so-tb", "so-tin", "ward"]
    row = line(page.xpath("//tbody/tr")[2])
    assert row == (
        "so-tb Cơ quan so http://so.example/rss/tb.rss Tốt 5 phút trước 20/11/2026 "
        "07:55 7 giờ trước 20/11/2026 01:00 sau 10 phút nữa 20/11/2026 08:10"
    )


def test_what_fails_is_counted_with_the_longest(
    client: FlaskClient, well: Store
) -> None:
    put(well, "so-tin", **FAILING)
    put(well, "ward", **FAILING | {"failing_since": NOW - 3 * HOUR})
    put(well, "so-tb", active=False)
    assert verdict(page_of(client)) == (
        "✗ 2 trong 4 nguồn có vấn đề Lâu nhất đã kéo dài 3 giờ, từ 20/11/2026 05:00. "
        "Trang lập lúc 08:00 ngày 20/11/2026."
    )


def test_what_was_never_read_is_not_called_well(
    client: FlaskClient, well: Store
) -> None:
    put(well, "ward", last_try_at=None, last_ok_at=None, due_at=NOW)
    page = page_of(client)
    assert "1 trong 5 nguồn chưa được đọc lần nào" in verdict(page)
    assert "Chưa đọc chưa lần nào" in line(page.xpath("//tbody/tr")[-1])
    assert "ngay bây giờ" in line(page.xpath("//tbody/tr")[-1])


def test_nothing_is_called_well_while_nobody_pulls(
    client: FlaskClient, well: Store
) -> None:
    put(well, "ward", "so-tin", due_at=NOW - 16 * MINUTE)
    put(well, "so-tb", due_at=NOW - 14 * MINUTE)
    page = page_of(client)
    assert verdict(page).startswith("? Chưa biết chắc: việc đọc nguồn đang chậm")
    (banner,) = banners(page)
    assert "quá giờ đọc: 2. Chờ lâu nhất là từ 20/11/2026 07:44" in banner
    assert line(page.xpath("//tbody/tr")[-1]).endswith("đã quá giờ 20/11/2026 07:44")


def test_our_own_network_is_blamed_once(client: FlaskClient, well: Store) -> None:
    ours = FAILING | {"reason": "unreachable", "excused": True}
    put(well, "so-tin", "q1-tin", "q1-tb", **ours)
    put(well, "ward", **FAILING)
    page = page_of(client)
    (banner,) = banners(page)
    assert banner.startswith("Có lẽ mạng của chính hệ thống này có sự cố.")
    assert "lỗi một lúc: 3, đã kéo dài 2 giờ, từ 20/11/2026 06:00" in banner
    assert banner.endswith("Ai cần xử lý: người vận hành hệ thống này.")
    assert wrong(page) == ["ward"]
    (together,) = page.xpath("//details[@data-keep='blamed']")
    said = [line(each) for each in together.iter("li")]
    assert [each.split()[0] for each in said] == ["q1-tb", "q1-tin", "so-tin"]
    assert "Không tới được máy chủ HTTP 200" in said[0]


def test_without_sources_it_says_what_to_do(sqlite_store: Store) -> None:
    page = page_of(client_of(sqlite_store, settings()))
    (empty,) = page.find_class("empty")
    assert "[sources.…] vào tệp feeds.toml" in line(empty)
    assert page.find_class("verdict") == []
    assert page.forms == []


# --- What is wrong ------------------------------------------------------------

STANDINGS: dict[str, tuple[dict[str, Any], str]] = {
    "failing": (
        FAILING,
        "so-tin Đang lỗi Cơ quan so · http://so.example/rss/tin.rss "
        "Vì sao Nhận được trang web thay vì nguồn tin RSS/Atom HTTP 200 "
        "Đã kéo dài 2 giờ 20/11/2026 06:00 "
        "Ai cần xử lý người quản trị cổng thông tin nguồn "
        "Lần đọc tới sau 20 phút nữa 20/11/2026 08:20 "
        "Đọc tốt lần cuối 3 giờ trước 20/11/2026 05:00 "
        "Có tin mới lần cuối 7 giờ trước 20/11/2026 01:00",
    ),
    "an unknown reason is itself": (
        FAILING | {"reason": "novel", "status": None},
        "Vì sao novel Đã kéo dài",
    ),
    "limited": (
        {"limited_until": NOW + HOUR, "reason": "limited", "status": 429},
        "so-tin Tạm nghỉ Cơ quan so · http://so.example/rss/tin.rss Vì sao Máy chủ "
        "yêu cầu hỏi thưa hơn (429/503) HTTP 429 Đã kéo dài chưa rõ "
        "Ai cần xử lý không ai, chỉ cần chờ Lần đọc tới sau 1 giờ nữa",
    ),
    "quiet": (
        {"quiet_at": NOW - 50 * HOUR},
        "Vì sao Vẫn đọc được, nhưng đã không có tin mới lâu hơn thường lệ. "
        "Đã kéo dài 2 ngày 18/11/2026 06:00 Ai cần xử lý người quản trị cổng",
    ),
    "a gap": (
        {"gap": True},
        "Có thể sót tin Cơ quan so · http://so.example/rss/tin.rss Vì sao Không tin "
        "nào trùng với lần đọc trước nên có thể đã sót tin; nguồn đang được đọc dày "
        "hơn. Đã kéo dài chưa rõ Ai cần xử lý không ai",
    ),
}


@pytest.mark.parametrize(("columns", "says"), STANDINGS.values(), ids=STANDINGS)
def test_a_source_says_since_when_why_whose_turn_and_what_next(
    client: FlaskClient, well: Store, columns: dict[str, Any], says: str
) -> None:
    put(well, "so-tin", **columns)
    page = page_of(client)
    assert says in card(page, "so-tin")
    assert "so-tin" not in well_ones(page)


def test_a_gap_has_lasted_since_the_document_that_showed_it(
    client: FlaskClient, well: Store
) -> None:
    put(well, "so-tin", gap=True)
    with well.write() as connection:
        pk = connection.scalar(
            sa.select(schema.sources.c.pk).where(schema.sources.c.id == "so-tin")
        )
        values = {"source_pk": pk, "outcome": "pulled", "seconds": 0, "rejections": []}
        for hours, gap in ((9, False), (4, True), (1, False)):
            at = NOW - hours * HOUR
            attempt = sa.insert(schema.attempts).values(values | {"at": at, "gap": gap})
            connection.execute(attempt)
    assert "Đã kéo dài 4 giờ 20/11/2026 04:00" in card(page_of(client), "so-tin")


def test_a_host_that_limits_two_lets_nobody_in_before_the_second_is_over(
    sqlite_store: Store,
) -> None:
    many = settings(*(source(f"s-{n}", url=f"http://so.example/{n}") for n in range(4)))
    fill(sqlite_store, many)
    for n, hours in ((0, 1), (1, 2), (2, 3)):
        until = {"limited_until": NOW + hours * HOUR, "reason": "limited"}
        put(sqlite_store, f"s-{n}", **until)
    put(sqlite_store, "s-3", due_at=NOW - HOUR)  # no limit of its own; not overdue
    page = page_of(client_of(sqlite_store, many), state="limited")
    assert banners(page) == []
    assert wrong(page) == ["so.example"]
    assert "Lần đọc tới sau 2 giờ nữa 20/11/2026 10:00" in card(page, "so.example")
    inner = page.xpath("//ul[@class='standing inner']/li")
    said = [line(each).split(" Đọc tốt")[0][-16:] for each in inner]
    assert said == [f"20/11/2026 {hour}:00" for hour in (10, 10, 11, 10)]
    assert "Vì sao Máy chủ yêu cầu hỏi thưa hơn" in line(inner[3])


def test_a_host_of_which_all_fail_is_told_of_once(
    client: FlaskClient, well: Store
) -> None:
    put(well, "q1-tin", **FAILING | {"failing_since": NOW - HOUR})
    put(well, "q1-tb", **FAILING | {"reason": "timeout", "last_ok_at": None})
    put(well, "so-tin", **FAILING | {"failing_since": NOW - 9 * HOUR})
    page = page_of(client)
    assert wrong(page) == ["quan1.example", "so-tin"]
    said = card(page, "quan1.example")
    assert said.startswith(
        "quan1.example mọi nguồn ở máy chủ này (2) "
        "Vì sao Quá thời gian chờ; Nhận được trang web thay vì nguồn tin RSS/Atom "
        "Đã kéo dài 2 giờ 20/11/2026 06:00 "
        "Ai cần xử lý người quản trị cổng thông tin nguồn "
        "Lần đọc tới sau 20 phút nữa 20/11/2026 08:20 "
        "Đọc tốt lần cuối 3 giờ trước 20/11/2026 05:00 Từng nguồn"
    )
    each = page.xpath("//ul[@class='standing inner']/li/h4/a/text()")
    assert each == ["q1-tb", "q1-tin"]


def test_a_host_of_which_one_can_be_read_is_not_down(
    client: FlaskClient, well: Store
) -> None:
    put(well, "q1-tin", **FAILING)
    assert wrong(page_of(client)) == ["q1-tin"]


def test_the_gravest_and_longest_comes_first(client: FlaskClient, well: Store) -> None:
    put(well, "q1-tb", quiet_at=NOW - 99 * HOUR)
    put(well, "q1-tin", gap=True)
    put(well, "so-tb", **FAILING)
    put(well, "ward", **FAILING | {"failing_since": NOW - 3 * HOUR})
    assert wrong(page_of(client)) == ["ward", "so-tb", "q1-tin", "q1-tb"]


def test_what_is_to_be_noted_is_told_of_those_that_are_well_first(
    client: FlaskClient, well: Store
) -> None:
    put(well, "ward", learned_url="http://moi.example/rss", redates=3)
    put(well, "so-tin", flipped_at=NOW - HOUR)
    put(well, "so-tb", redates=2, active=False)
    page = page_of(client)
    assert verdict(page).startswith("✓")
    assert well_ones(page) == ["so-tin", "ward", "q1-tb", "q1-tin", "so-tb"]
    notes = [line(note) for note in page.find_class("note")]
    assert notes == [
        "Nội dung tin đổi qua đổi lại giữa hai phiên bản; trang nguồn cần xem lại.",
        "Đã chuyển hẳn sang địa chỉ khác; hãy sửa url trong feeds.toml thành: "
        "http://moi.example/rss",
        "Nguồn liên tục đổi ngày của tin mà không đổi nội dung.",
    ]
    assert line(page.xpath("//tbody/tr")[-1]).endswith(
        "Đã tắt 5 phút trước 20/11/2026 07:55 7 giờ trước 20/11/2026 01:00 "
        "không đọc nữa"
    )


# --- Filters ------------------------------------------------------------------

FILTERS: dict[str, tuple[dict[str, str], list[str], list[str]]] = {
    "nothing": ({}, ["so-tin"], ["q1-tb", "q1-tin", "so-tb", "ward"]),
    "fields left empty": (
        {"state": "", "authority": "", "page": ""},
        ["so-tin"],
        ["q1-tb", "q1-tin", "so-tb", "ward"],
    ),
    "a state": ({"state": "failing"}, ["so-tin"], []),
    "another": ({"state": "ok"}, [], ["q1-tb", "q1-tin", "so-tb", "ward"]),
    "an authority": ({"authority": "so"}, ["so-tin"], ["so-tb"]),
    "both": ({"authority": "quan-1", "state": "ok"}, [], ["q1-tb", "q1-tin", "ward"]),
}


@pytest.mark.parametrize(("query", "bad", "good"), FILTERS.values(), ids=FILTERS)
def test_filters_are_addresses(
    client: FlaskClient,
    well: Store,
    query: dict[str, str],
    bad: list[str],
    good: list[str],
) -> None:
    put(well, "so-tin", **FAILING)
    page = page_of(client, **query)
    assert (wrong(page), well_ones(page)) == (bad, good)
    assert verdict(page).startswith("✗ 1 trong 5")  # whatever is asked for


def test_states_are_counted_and_lead_to_what_they_count(
    client: FlaskClient, well: Store
) -> None:
    put(well, "so-tin", "q1-tin", **FAILING)
    page = page_of(client, authority="quan-1", lang="en")
    links = page.xpath("//ul[@class='counts']/li/a")
    assert [line(a) for a in links] == ["All 3", "Well 2", "Failing 1"]
    assert [a.get("href") for a in links] == [
        "/health/?authority=quan-1&lang=en",
        "/health/?state=ok&authority=quan-1&lang=en",
        "/health/?state=failing&authority=quan-1&lang=en",
    ]
    assert [a.get("aria-current") for a in links] == ["true", None, None]


def test_the_form_keeps_the_state_and_the_language(client: FlaskClient) -> None:
    (form,) = page_of(client, state="ok", authority="so", lang="en").forms
    sent = {"state": "ok", "authority": "so", "lang": "en"}
    assert dict(form.form_values()) == sent


def test_nothing_that_matches_is_said(client: FlaskClient) -> None:
    (empty,) = page_of(client, state="failing").find_class("empty")
    assert line(empty) == "Không có nguồn nào khớp. Xem mọi nguồn"


def test_an_authority_that_left_the_file_can_still_be_asked_for(well: Store) -> None:
    client = client_of(well, settings(*SAID.sources.values()))
    assert well_ones(page_of(client, authority="quan-1")) == ["q1-tb", "q1-tin", "ward"]


REFUSED = {
    "state": ("state=bad", 404, "ok, failing, limited, quiet, gap, new, off"),
    "authority": ("authority=quan-9", 404, 'Did you mean "quan-1"?'),
    "page": ("page=x", 400, "number"),
    "page 0": ("page=0", 400, "number"),
    "a page in other digits": ("page=%D9%A1", 400, "number"),
    "a page that is not there": ("page=2", 404, "Valid: 1 to 1"),
    "hostile": ("state=%3Cscript%3E%00", 404, "<script>\\x00"),
}


@pytest.mark.parametrize(("query", "status", "says"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_with_what_can(
    client: FlaskClient, query: str, status: int, says: str
) -> None:
    answer = client.get(f"/health/?{query}")
    assert answer.status_code == status
    assert answer.mimetype == "text/plain"
    assert says in answer.text


def test_of_many_the_wrong_ones_are_all_shown_and_the_others_by_page(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "PAGE", 4)
    names = [f"s-{n:02}" for n in range(16)]
    many = settings(*(source(n, url=f"http://{n}.example/") for n in names))
    fill(sqlite_store, many)
    put(sqlite_store, *names[:6], **FAILING)
    client = client_of(sqlite_store, many)
    seen, query = [], {"authority": "so", "lang": "en"}
    address: str | None = "/health/?authority=so&lang=en"
    while address:
        page = lxml_html.document_fromstring(client.get(address).data.decode())
        assert wrong(page) == names[:6]
        seen.append(well_ones(page))
        address = next((a.get("href") for a in page.xpath("//a[@rel='next']")), None)
    assert seen == [names[6:10], names[10:14], names[14:]]
    last = page_of(client, page="3", **query)
    (back,) = last.xpath("//a[@rel='prev']/@href")
    assert back == "/health/?page=2&lang=en&authority=so"
    assert line(last.get_element_by_id("well")) == "Without problems 10 · page 3 of 3"


# --- Incidents ----------------------------------------------------------------


def begin(store: Store, incident: Incident) -> None:
    """Open an incident when it began."""
    with store.write() as connection:
        stored_incidents.write_turns(
            connection, opened=[incident], closed=[], merged=[], now=incident.since
        )


def incidents(page: Any) -> list[str]:
    """Give the incidents that the page tells of."""
    return [line(each) for each in page.xpath("//*[@id='incidents']/../ol/li")]


def test_the_latest_incidents_are_told(client: FlaskClient, well: Store) -> None:
    over = Incident(
        kind="host", subject="quan1.example", reason="timeout", since=NOW - 9 * HOUR,
        detail="10.0.0.7", sources=("q1-tin", "q1-tb"), closed_at=NOW - 8 * HOUR,
    )  # fmt: skip
    begin(well, over)
    begin(well, Incident(kind="quiet", subject="ward", since=NOW - 2 * HOUR))
    with well.write() as connection:
        note = Note(kind="redirected", detail="http://10.0.0.7/")
        stored_incidents.write_note(connection, "so-tin", note, NOW - HOUR)
    page = page_of(client)
    assert incidents(page) == [
        "Lưu ý Nguồn so-tin đã chuyển hẳn sang địa chỉ khác; hãy sửa url trong "
        "feeds.toml 20/11/2026 07:00",
        "Im lặng Nguồn ward im lặng lâu hơn thường lệ từ 20/11/2026 06:00 · "
        "còn kéo dài",
        "Máy chủ Máy chủ quan1.example lỗi: 2 nguồn tin trên đó không đọc được: "
        "Quá thời gian chờ từ 19/11/2026 23:00 đến 20/11/2026 00:00",
    ]
    assert "10.0.0.7" not in page.text_content()


def test_no_more_than_the_latest_are_told(client: FlaskClient, well: Store) -> None:
    for n in range(standing.LATEST + 3):
        since = NOW - n * HOUR
        begin(well, Incident(kind="quiet", subject=f"s-{n:02}", since=since))
    said = incidents(page_of(client))
    assert len(said) == standing.LATEST
    assert "s-00" in said[0]


# --- As a page ----------------------------------------------------------------


def test_in_english(client: FlaskClient, well: Store) -> None:
    put(well, "so-tin", **FAILING)
    begin(well, Incident(kind="quiet", subject="ward", since=NOW - HOUR))
    page = page_of(client, lang="en")
    assert page.get("lang") == "en"
    assert verdict(page) == (
        "✗ Problems at 1 of 5 sources The longest has lasted 2 hours, from "
        "20/11/2026 06:00. As of 08:00 on 20/11/2026."
    )
    assert (
        "Why A web page came in place of a feed HTTP 200 Has lasted 2 hours "
        "20/11/2026 06:00 Whose turn it is the portal's administrator Next try in 20 "
        "minutes 20/11/2026 08:20 Last read well 3 hours ago" in card(page, "so-tin")
    )
    assert incidents(page) == [
        "Silent The source ward has been silent for longer than is its habit "
        "from 20/11/2026 07:00 · still lasts"
    ]
    here = page.xpath("//header//a[text()='Health']/@href")
    assert here == ["/health/?lang=en"]


def test_nothing_hostile_is_markup_and_no_secret_is_shown(
    client: FlaskClient, well: Store
) -> None:
    name = "<script>alert(1)</script>"
    put(well, "q1-tin", "q1-tb", host="<b>host", **FAILING)
    put(well, "ward", id=name, authority='"><i>', url="javascript:alert(2)")
    put(well, name, learned_url="javascript:alert(3)", feed_title="<u>tiêu đề</u>")
    put(well, "so-tin", **FAILING | {"reason": "<i>reason"})
    begin(well, Incident(kind="<i>kind", subject=name, reason="<i>", since=NOW))
    page = page_of(client)
    (script,) = page.iter("script")
    assert script.get("src") == "/static/live.js"
    assert [tag.text for tag in page.iter("i", "u")] == []
    assert name in well_ones(page)
    assert "<b>host" in wrong(page)
    assert page.xpath("//a[starts-with(@href, 'javascript')]") == []
    text = page.text_content()
    assert "javascript:alert(2)" in text
    assert "javascript:alert(3)" in text
    assert "Phòng GD&ĐT <Quận 1>" in text
    assert "10.0.0.7" not in text  # an error's own words are for the command line
    assert "me:pass" not in lxml_html.tostring(page, encoding="unicode")


def test_links_to_sources_vouch_for_nothing(client: FlaskClient, well: Store) -> None:
    put(well, "so-tin", learned_url="http://so.example/moi", **FAILING)
    page = page_of(client)
    links = page.xpath("//main//a[starts-with(@href, 'http')]")
    assert {a.get("rel") for a in links} == {"nofollow noopener"}
    assert "http://so.example/moi" in [a.get("href") for a in links]


def test_it_is_never_cached_and_renews_itself(client: FlaskClient) -> None:
    answer = client.get("/health/")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    page = page_of(client)
    parts = page.xpath("//*[@data-live]")
    assert [part.get("data-live") for part in parts] == ["30", "30"]
    # What a person is choosing in, and what tells of a failed renewal, stays.
    assert page.xpath("//*[@data-live]//form | //*[@data-live]//*[@data-stale]") == []
    assert page.xpath("//*[@data-stale][@hidden]")


def test_a_database_that_is_away_is_said(client: FlaskClient, well: Store) -> None:
    with well.write() as connection:
        connection.execute(sa.text("DROP TABLE incidents"))
    answer = client.get("/health/")
    assert answer.status_code == 503
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("state", ["well", "wrong"])
def test_headings_are_in_order(client: FlaskClient, well: Store, state: str) -> None:
    if state == "wrong":
        put(well, "q1-tin", "q1-tb", "so-tin", **FAILING)
    levels = [int(h.tag[1]) for h in page_of(client).xpath("//h1|//h2|//h3|//h4")]
    assert levels[0] == 1
    steps = zip(levels, levels[1:], strict=False)
    assert all(after - before <= 1 for before, after in steps)
