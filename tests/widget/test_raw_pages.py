"""Attacks that others wrote, on pages that print what we publish as it stands.

NukeViet and Joomla do so: titles into attributes, descriptions into the page. Each
attack goes into every field of an entry, through the whole service, and out in every
form; Chromium opens the page of a site that trusts us, and our own pages without the
policy that guards them. `AGGREGATOR_CORPUS` says where xss.json is.
"""

import json
from collections.abc import Callable
from collections.abc import Iterator
from importlib.resources import files
from typing import TYPE_CHECKING
from typing import Any

import icalendar
import pytest
from flask.testing import FlaskClient
from lxml import etree

from aggregator.app import create_app
from aggregator.publish import view
from aggregator.store import views
from aggregator.store.engine import open_store
from aggregator.store.sources import declare
from tests.conftest import NOW
from tests.intake.reading import CORPUS
from tests.web.filled import SAID
from tests.web.filled import Clock
from tests.web.filled import pull
from tests.web.test_preview import hostile

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        not (CORPUS / "xss.json").exists(), reason="AGGREGATOR_CORPUS holds no xss.json"
    ),
]
ATOM = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
MANY = 5_000
# What attacks call, and what a page holds that could run, or take its reader away.
CATCH = """
window.ran = [];
for (const name of ['alert', 'confirm', 'prompt', 'print', 'open'])
  window[name] = () => { window.ran.push(name); };
document.addEventListener('securitypolicyviolation', () => window.ran.push('policy'));
"""
FOUND = """() => {
  const found = [...window.ran];
  const bad = 'script,iframe,frame,object,embed,applet,svg,math,style,link,base,meta,' +
    'form,input,button,textarea,select,video,audio,source,template,marquee,portal';
  for (const e of document.querySelectorAll('body *')) {
    if (e.matches(bad)) found.push(e.outerHTML.slice(0, 120));
    for (const a of e.attributes) {
      const value = a.value.replace(/[\\u0000-\\u0020]/g, '').toLowerCase();
      if (a.name.startsWith('on') || ['style', 'srcdoc', 'formaction'].includes(a.name))
        found.push(e.outerHTML.slice(0, 120));
      if (!['title', 'alt'].includes(a.name) && // there it is a word
          /^(javascript|vbscript|data):/.test(value)) found.push(a.name + value);
    }
  }
  return found.slice(0, 20);
}"""
RAW = """<li><h3><a title="{title}" href="{link}">{title}</a></h3>
<div class="text">{html}</div><p>{words}</p></li>
"""
Item = tuple[str, str, str, list[str]]  # title, link, HTML, other words


@pytest.fixture(scope="module")
def attacked(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[FlaskClient, int]]:
    """Publish every attack; give a client, and how many there are."""
    listed = json.loads((CORPUS / "xss.json").read_text("utf-8"))
    payloads = [each["payload"] for each in listed]
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('raw')}/raw.db")
    store.migrate()
    with store.write() as connection:
        declare(connection, SAID.sources, NOW)
    pull(store, "so-tin", *hostile(payloads))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(view, "MAX_LIMIT", MANY)
        patched.setattr(views, "DATED_AMONG", MANY)
        client = create_app(SAID, store, clock=Clock()).test_client()
        yield client, len(payloads)
    store.close()


@pytest.fixture
def raw(browser: "Browser") -> "Iterator[Page]":
    """Give a tab that shows what it is given, asks nobody, and notes what runs."""
    context = browser.new_context()
    context.add_init_script(CATCH)
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.on("dialog", lambda box: box.dismiss())
    yield page
    context.close()


def opened(page: "Page", html: str) -> list[str]:
    """Open a page made of these bytes; say what ran, and what could."""

    def answer(route: Any) -> None:
        if route.request.resource_type == "document" and route.request.url == PLACE:
            kind = "text/html; charset=utf-8"
            route.fulfill(status=200, content_type=kind, body=html)
        else:
            route.abort()

    page.route("**/*", answer)
    page.goto(PLACE)
    page.wait_for_timeout(500)  # for what waits for an error or the end of loading
    assert page.url == PLACE  # nothing has led elsewhere
    found: list[str] = page.evaluate(FOUND)
    page.unroute("**/*")
    return found


# What our own pages hold: the chooser, and the scripts that they name.
OURS = (
    *("<form", "<input", "<button", "<select", "<textarea", '<script src="/static/'),
    *("<script>" + (files("aggregator") / "static/embed.js").read_text("utf-8")[:80],),
)
PLACE = "http://truong.example/"


def printed(items: list[Item]) -> str:
    """Print items as a careless page does."""
    rows = [
        RAW.format(title=title, link=link, html=html, words=" · ".join(words))
        for title, link, html, words in items
    ]
    return f"<!DOCTYPE html><title>T</title><main><ul>{''.join(rows)}</ul></main>"


def rss_items(body: bytes) -> Iterator[Item]:
    """Take RSS apart."""
    for item in etree.fromstring(body).iter("item"):
        words = [e.text or "" for e in item if e.tag not in ("description", "title")]
        words += [value for e in item for value in e.attrib.values()]
        html = item.findtext("description")
        yield item.findtext("title"), item.findtext("link"), html, words


def atom_items(body: bytes) -> Iterator[Item]:
    """Take Atom apart."""
    for entry in etree.fromstring(body).iter(f"{ATOM}entry"):
        html = entry.findtext(f"{ATOM}content")
        rest = [e for e in entry.iter() if e.tag != f"{ATOM}content"]
        words = [e.text or "" for e in rest]
        words += [value for e in rest for value in e.attrib.values()]
        link = entry.find(f"{ATOM}link").get("href")
        yield entry.findtext(f"{ATOM}title"), link, html, words


def strings(value: Any) -> Iterator[str]:
    """List every text in a value."""
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, dict) else ():
        yield from strings(each)
    for each in value if isinstance(value, list) else ():
        yield from strings(each)


def json_items(body: bytes) -> Iterator[Item]:
    """Take JSON Feed, or the widget's data, apart."""
    for item in json.loads(body)["items"]:
        html = item.pop("content_html", "")
        item.get("_aggregator", {}).get("source", {}).pop("guid", None)  # theirs, as is
        yield item["title"], item["url"], html, [*strings(item)]


def calendar_items(body: bytes) -> Iterator[Item]:
    """Take a calendar apart."""
    for entry in icalendar.Calendar.from_ical(body).walk("VEVENT"):
        words = [str(value) for name, value in entry.items() if name != "CATEGORIES"]
        link = str(entry["URL"])
        yield str(entry["SUMMARY"]), link, str(entry["DESCRIPTION"]), words


FORMS: dict[str, tuple[str, Callable[[bytes], Iterator[Item]]]] = {
    "rss": ("/feeds/so/all/all.rss", rss_items),
    "atom": ("/feeds/so/all/all.atom", atom_items),
    "json": ("/feeds/so/all/all.json", json_items),
    "ics": ("/feeds/so/all/all.ics", calendar_items),
    "widget": ("/widget/v1/so/all/all.json", json_items),
}


@pytest.mark.parametrize(("address", "take"), FORMS.values(), ids=FORMS)
def test_nothing_runs_on_a_page_that_prints_it_raw(
    attacked: tuple[FlaskClient, int],
    raw: "Page",
    address: str,
    take: Callable[[bytes], Iterator[Item]],
) -> None:
    client, count = attacked
    answer = client.get(f"{address}?limit={MANY}")
    assert answer.status_code == 200
    items = [*take(answer.data)]
    assert len(items) == count > 4_000
    assert opened(raw, printed(items)) == []
    places = raw.locator("main > ul > li > div.text")
    assert places.count() == count  # none has ended the list


@pytest.mark.parametrize(
    "address", ["/feeds/so/all/all", "/embed/so/all/all", "/feeds/", "/items/"]
)
def test_nothing_runs_on_our_own_pages_without_their_policy(
    attacked: tuple[FlaskClient, int], raw: "Page", address: str
) -> None:
    client, _ = attacked
    answer = client.get(f"{address}?limit={MANY}")
    assert answer.status_code == 200
    found = opened(raw, answer.text)
    assert [each for each in found if not each.startswith(OURS)] == []


def test_the_page_would_show_an_attack(raw: "Page") -> None:
    """So that the others could fail."""
    for bad in (
        ("A", "http://x/", "<img src=x onerror=alert(1)>", []),
        ('" onmouseover="alert(1)', "http://x/", "", []),
        ("A", "javascript:alert(1)", "", []),
        ("A", "http://x/", "", ["<script>alert(1)</script>"]),
    ):
        assert len(opened(raw, printed([bad]))) > 0
