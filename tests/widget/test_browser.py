"""The widget in Chromium, on pages such as schools have."""

import json
from typing import Any

import pytest

from aggregator.publish.view import select
from aggregator.publish.widget import render_widget
from tests.conftest import NOW
from tests.publish.making import notice
from tests.web.filled import SAID
from tests.widget.browsing import BOX
from tests.widget.browsing import LOOKED
from tests.widget.browsing import NO_SIDEWAYS
from tests.widget.browsing import READY
from tests.widget.browsing import items_of
from tests.widget.browsing import open_page
from tests.widget.hosting import Hosts
from tests.widget.making import LONG_TITLES
from tests.widget.making import payloads


def test_a_bare_page_shows_the_items(page: Any, hosts: Hosts) -> None:
    asked = open_page(page, f"{hosts.base}/bare")
    links = items_of(page)
    assert links.all_inner_texts() == list(LONG_TITLES[:5])
    assert links.first.get_attribute("href") == (
        "https://hcm.edu.vn/thong-bao/tin-so-0/ct/41037/70000"
    )
    region = page.get_by_role("region", name="Tin của Sở")
    assert region.get_by_role("listitem").count() == 5
    assert region.get_by_role("heading", level=2).inner_text() == "Tin của Sở"
    first = " ".join(region.get_by_role("listitem").first.inner_text().split())
    assert first.endswith("Mới Tin tức 20/11/2026 Sở 2 tệp đính kèm")
    assert "Hạn: 30/11/2026" in region.inner_text()
    assert "Thời gian: 08:00 ngày 25/11/2026" in region.inner_text()
    more = region.get_by_role("link", name="Xem tất cả: Tin của Sở")
    assert more.get_attribute("href") == "http://tin.example/feeds/so/all/all"
    assert not page.locator("#fallback").is_visible()
    ours = [url for url in asked if url.startswith(hosts.service)]
    assert ours == [
        f"{hosts.service}/widget/v1.js",
        f"{hosts.service}/widget/v1/so/all/all.json?limit=5",
    ]
    assert page.faults == []


def test_it_leaves_nothing_behind(page: Any, hosts: Hosts) -> None:
    names = "JSON.stringify(Object.getOwnPropertyNames(window).sort())"
    open_page(page, f"{hosts.base}/plain")
    before = page.evaluate(names)
    page.goto(f"{hosts.base}/bare")
    items_of(page)
    assert json.loads(page.evaluate(names)) == json.loads(before)
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert page.evaluate("document.head.querySelectorAll('link').length") == 0


CALM = ["/box", "/below"]


@pytest.mark.parametrize("path", CALM)
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_moves_when_items_come(
    page: Any, hosts: Hosts, path: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    open_page(page, f"{hosts.base}{path}")
    if path == "/below":
        page.mouse.wheel(0, 4800)
    items_of(page)
    page.evaluate("new Promise(done => requestAnimationFrame(done))")
    assert page.evaluate("window.shifts") <= 0.02
    assert page.faults == []


def test_far_below_it_asks_for_nothing(page: Any, hosts: Hosts) -> None:
    asked = open_page(page, f"{hosts.base}/below")
    page.wait_for_function(READY)
    page.evaluate(LOOKED)
    assert not [url for url in asked if ".json" in url]
    page.evaluate("window.scrollTo(0, 4800)")
    assert items_of(page).count() == 5


def test_hostile_styles_do_not_reach_it(page: Any, hosts: Hosts) -> None:
    open_page(page, f"{hosts.base}/hostile")
    links = items_of(page)
    style = "element => { const s = getComputedStyle(element); return [s.fontSize, \
s.letterSpacing, s.textTransform, s.textAlign, s.float, s.borderTopWidth]; }"
    assert links.first.evaluate(style) == [
        *("30px", "normal", "none", "start", "none", "0px")
    ]
    assert links.first.is_visible()
    host = page.locator("feed-widget")
    assert host.evaluate("e => getComputedStyle(e).display") == "block"
    assert host.bounding_box()["height"] > 300
    assert page.faults == []


def test_the_page_looks_as_it_did(page: Any, hosts: Hosts) -> None:
    looks = "JSON.stringify([...document.querySelectorAll('h1,.probe,.probe a')].map(\
e => [...getComputedStyle(e)].map(n => getComputedStyle(e).getPropertyValue(n))))"
    open_page(page, f"{hosts.base}/plain")
    before = page.evaluate(looks)
    page.goto(f"{hosts.base}/bare")
    items_of(page)
    assert page.evaluate(looks) == before


@pytest.mark.parametrize("width", [200, 320, 360])
@pytest.mark.parametrize("path", ["/bare", "/frame"])
def test_it_fits_a_narrow_column(
    page: Any, hosts: Hosts, path: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 640})
    open_page(page, f"{hosts.base}{path}")
    if path == "/bare":
        items_of(page)
        assert page.evaluate(NO_SIDEWAYS)
    else:
        page.frame_locator("#frame").locator("li").first.wait_for()
        assert page.frames[1].evaluate(NO_SIDEWAYS)


def test_it_needs_no_leave_of_a_strict_policy(page: Any, hosts: Hosts) -> None:
    open_page(page, f"{hosts.base}/strict")
    links = items_of(page)
    assert links.count() == 5
    assert links.first.evaluate("e => getComputedStyle(e).fontWeight") == "600"
    assert page.evaluate("window.reports") == []
    assert page.faults == []


def test_it_works_where_the_page_has_replaced_everything(
    page: Any, hosts: Hosts
) -> None:
    open_page(page, f"{hosts.base}/broken")
    assert items_of(page).count() == 5
    assert page.faults == []


def test_widgets_of_one_selection_ask_once(page: Any, hosts: Hosts) -> None:
    asked = open_page(page, f"{hosts.base}/two")
    assert [items_of(page, nth).count() for nth in range(2)] == [5, 5]
    page.locator("feed-widget").nth(1).scroll_into_view_if_needed()
    assert items_of(page, 2).count() == 2
    data = [url.rpartition("/v1/")[2] for url in asked if ".json" in url]
    assert sorted(data) == ["so/all/all.json?limit=5", "so/all/van-ban.json?limit=3"]
    names = [region.get_attribute("aria-label") for region in regions(page)]
    assert len(set(names)) == 3
    assert page.get_by_text("See all: Văn bản – Tất cả cấp học – Sở").count() == 1
    assert page.evaluate("window.shifts") <= 0.1
    assert page.faults == []


def regions(page: Any) -> Any:
    return page.get_by_role("region").all()


def test_it_may_come_later_and_change(page: Any, hosts: Hosts) -> None:
    open_page(page, f"{hosts.base}/late")
    page.wait_for_function(READY)
    page.evaluate("""() => {
      const block = document.createElement('div');
      block.className = 'feed-widget';
      block.dataset.audience = 'so';
      block.dataset.limit = '2';
      document.querySelector('main').append(block);
    }""")
    assert items_of(page).count() == 2
    page.evaluate("document.querySelector('.feed-widget').dataset.limit = '4'")
    page.locator("li").nth(3).wait_for()
    page.evaluate("""() => {
      const block = document.querySelector('.feed-widget');
      block.remove();
      setTimeout(() => document.querySelector('main').append(block), 0);
    }""")
    assert items_of(page).count() == 4
    assert page.faults == []


# --- Hostile data, other places -----------------------------------------------


def test_hostile_titles_stay_words(page: Any, hosts: Hosts) -> None:
    attacks = payloads()
    some = attacks[:5] + attacks[5 :: max(1, len(attacks) // 45)]
    hostile = [notice(title=attack, text="", link=attack) for attack in some]
    chosen = select(SAID, "so")
    data = json.loads(
        render_widget(hostile, settings=SAID, selection=chosen, changed_at=NOW)
    )
    for item, attack in zip(data["items"], some, strict=True):
        item.update(title=attack, url=attack, authority=attack, number=attack)
    page.route(
        "**/*.json*",
        lambda route: route.fulfill(
            json=data, headers={"Access-Control-Allow-Origin": "*"}
        ),
    )
    open_page(page, f"{hosts.base}/late")
    page.evaluate("""() => {
      const made = document.createElement('feed-widget');
      made.setAttribute('audience', 'so');
      made.setAttribute('limit', '50');
      document.querySelector('main').append(made);
    }""")
    titles = items_of(page)
    assert titles.count() == min(50, len(some))
    shown = page.locator("feed-widget").evaluate("""host => {
      const all = [...host.shadowRoot.querySelectorAll('li *')];
      return {tags: [...new Set(all.map(e => e.localName))].sort(),
        links: all.filter(e => e.href).map(e => e.protocol),
        on: all.filter(e => e.getAttributeNames().some(n => /^on/.test(n))).length,
        text: host.shadowRoot.querySelector('li .title').textContent};
    }""")
    assert set(shown["tags"]) <= {"a", "p", "path", "span", "svg", "time"}
    assert set(shown["links"]) <= {"http:", "https:"}
    assert shown["on"] == 0
    assert shown["text"] == some[0]
    assert page.faults == []


def test_a_sandboxed_frame_is_served_too(page: Any, hosts: Hosts) -> None:
    open_page(page, f"{hosts.base}/null")
    inside = page.frame_locator("#frame")
    inside.locator("li .title").first.wait_for()
    assert inside.locator("li .title").count() == 3


def test_a_frame_grows_to_its_height(page: Any, hosts: Hosts) -> None:
    open_page(page, f"{hosts.base}/frame")
    page.frame_locator("#frame").locator("li").first.wait_for()
    page.wait_for_function("document.querySelector('#frame').offsetHeight > 250")
    inner = page.frames[1].evaluate(
        "document.documentElement.scrollHeight - window.innerHeight"
    )
    assert inner <= 1
    assert page.faults == []


def test_strangers_do_not_set_the_height(page: Any, hosts: Hosts) -> None:
    open_page(page, f"{hosts.base}/frame")
    page.wait_for_function("document.querySelector('#frame').offsetHeight > 250")
    height = page.locator("#frame").evaluate(BOX)
    page.evaluate("""() => { window.heard = new Promise(done => addEventListener(
      'message', event => event.data['feed-embed'] === 1e9 && done())); }""")
    page.evaluate("window.postMessage({'feed-embed': 4000}, '*')")
    page.frames[1].evaluate("parent.postMessage({'feed-embed': 1e9}, '*')")
    page.evaluate("window.heard")
    assert page.locator("#frame").evaluate(BOX) == height


def test_the_frame_needs_no_script(browser: Any, hosts: Hosts) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{hosts.service}/embed/so/all/all?limit=4")
    assert tab.locator("li a").count() == 4
    context.close()
