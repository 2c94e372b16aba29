"""The widget over time, in Chromium: new items, a service that is away or hangs."""

import time
from typing import Any

import pytest

from aggregator.store.engine import Store
from tests.conftest import NOW
from tests.web.filled import pull
from tests.widget.browsing import PAINTED
from tests.widget.browsing import READY
from tests.widget.browsing import items_of
from tests.widget.browsing import open_page
from tests.widget.hosting import Hosts
from tests.widget.making import LONG_TITLES
from tests.widget.making import told


def test_without_service_the_fallback_shows(page: Any, hosts: Hosts) -> None:
    page.route("**/*.json*", lambda route: route.abort())
    open_page(page, f"{hosts.base}/bare")
    page.locator("#fallback a").wait_for()
    assert page.locator("#fallback a").inner_text() == "Tin của Sở GD&ĐT"
    assert not [fault for fault in page.faults if fault.startswith("error")]
    page.unroute("**/*.json*")
    page.clock.fast_forward(31_000)  # one quiet second try
    assert items_of(page).count() == 5


def test_a_service_that_hangs_gives_way_to_the_fallback(
    page: Any, hosts: Hosts
) -> None:
    page.route("**/*.json*", lambda route: None)
    open_page(page, f"{hosts.base}/bare")
    page.wait_for_function(READY)
    page.clock.fast_forward(10_001)
    page.clock.fast_forward(3_001)
    page.locator("#fallback a").wait_for()
    assert page.locator("#fallback a").is_visible()


def test_the_last_good_answer_stays(page: Any, hosts: Hosts) -> None:
    open_page(page, f"{hosts.base}/bare")
    items_of(page)
    page.route("**/*.json*", lambda route: route.fulfill(status=503))
    with page.expect_response("**/*.json*"):
        page.clock.fast_forward("05:01")
    page.evaluate(PAINTED)
    assert items_of(page).count() == 5
    # The answer is as old as its Date header says, and that the server's clock wrote.
    written = time.time() - NOW.timestamp()
    page.clock.fast_forward(int(written * 1000) + 99 * 3_600_000)
    page.get_by_text("Cập nhật lúc").wait_for()
    assert items_of(page).count() == 5


def test_an_empty_selection_says_so(page: Any, hosts: Hosts) -> None:
    nothing = {"v": 1, "title": "Tin", "page": "http://tin.example/", "source": "S"}
    page.route(
        "**/*.json*",
        lambda route: route.fulfill(
            json={**nothing, "updated": None, "items": []},
            headers={"Access-Control-Allow-Origin": "*"},
        ),
    )
    open_page(page, f"{hosts.base}/bare")
    page.get_by_text("Chưa có tin mới.").wait_for()
    assert page.faults == []


@pytest.mark.parametrize(("path", "wait"), [("/bare", "05:01"), ("/live", "01:01")])
def test_new_items_appear_by_themselves(
    page: Any, hosts: Hosts, full: Store, path: str, wait: str
) -> None:
    open_page(page, f"{hosts.base}{path}")
    items_of(page)
    pull(full, "so-tin", told(11, given=NOW, title="Tin vừa đăng"))
    page.clock.fast_forward(wait)
    page.get_by_role("link", name="Tin vừa đăng").wait_for()
    assert items_of(page).count() == 5
    if path == "/live":
        page.get_by_role("status").filter(has_text="Có 1 tin mới").wait_for(
            state="attached"
        )
    assert page.faults == []


def test_nothing_changes_under_the_pointer(
    page: Any, hosts: Hosts, full: Store
) -> None:
    open_page(page, f"{hosts.base}/bare")
    items_of(page).first.hover()
    pull(full, "so-tin", told(11, given=NOW, title="Tin vừa đăng"))
    with page.expect_response("**/*.json*"):
        page.clock.fast_forward("05:01")
    page.evaluate(PAINTED)
    assert items_of(page).first.inner_text() == LONG_TITLES[0]
    page.mouse.move(0, 0)
    page.get_by_role("link", name="Tin vừa đăng").wait_for()
