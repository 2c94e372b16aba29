"""Attacks that others wrote, in every field of an entry, through the whole service.

`AGGREGATOR_CORPUS` says where xss.json is. The measure: what leaves in any form, read
as a browser would, holds nothing that runs: no script-capable element, no attribute
on…, no address but http(s), and titles that no CMS can trip over.
"""

import json
from collections.abc import Iterator
from typing import Any

import lxml.html
import pytest
from lxml import etree

from aggregator.model import View
from aggregator.publish.atom import render_atom
from aggregator.publish.jsonfeed import render_json
from aggregator.publish.rss import render_rss
from aggregator.publish.view import select
from aggregator.publish.widget import render_widget
from aggregator.store.engine import Store
from aggregator.store.views import read_view
from tests.intake.reading import CORPUS
from tests.store.test_items import pull
from tests.web.filled import SAID
from tests.web.test_preview import dangers
from tests.web.test_preview import hostile

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        not (CORPUS / "xss.json").exists(), reason="AGGREGATOR_CORPUS holds no xss.json"
    ),
]
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def payloads() -> list[str]:
    """Read every attack."""
    listed = json.loads((CORPUS / "xss.json").read_text("utf-8"))
    return [each["payload"] for each in listed]


@pytest.fixture
def published(sqlite_store: Store, declare: Any, payloads: list[str]) -> dict[str, Any]:
    """Take all of them in, one an entry, and publish them in every form."""
    declare(sqlite_store, SAID)
    pull(sqlite_store, "so-tin", *hostile(payloads))
    chosen = select(SAID, "so")
    view = View(
        audience="so",
        reach=chosen.view.reach,
        levels=chosen.view.levels,
        categories=chosen.view.categories,
        limit=10_000,
    )
    with sqlite_store.read() as connection:
        notices = read_view(connection, view)
    assert len(notices) == len(payloads) > 4_000
    how: dict[str, Any] = {"settings": SAID, "selection": chosen, "changed_at": None}
    return {
        "rss": etree.fromstring(render_rss(notices, **how)),
        "atom": etree.fromstring(render_atom(notices, **how)),
        "json": json.loads(render_json(notices, **how)),
        "widget": json.loads(render_widget(notices, **how)),
    }


def texts_of(forms: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """List form, title, link and HTML of everything that was published."""
    for item in forms["rss"].iter("item"):
        html = item.findtext("description")
        yield "rss", item.findtext("title"), item.findtext("link"), html
    for entry in forms["atom"].iter(f"{ATOM}entry"):
        link = entry.find(f"{ATOM}link").get("href")
        html = entry.findtext(f"{ATOM}content")
        yield "atom", entry.findtext(f"{ATOM}title"), link, html
    for item in forms["json"]["items"]:
        yield "json", item["title"], item["url"], item["content_html"]
    for item in forms["widget"]["items"]:
        yield "widget", item["title"], item["url"], ""


def test_no_attack_survives_in_any_form(
    published: dict[str, Any], payloads: list[str]
) -> None:
    survived, seen = [], 0
    for form, title, link, html in texts_of(published):
        seen += 1
        fragment = lxml.html.fragment_fromstring(html, create_parent="div")
        found = list(dangers(fragment))
        if set('"<>') & set(title):
            found.append(f"title {title}")
        if not link.startswith(("http://", "https://")) or set('"<> ') & set(link):
            found.append(f"link {link}")
        survived += [(form, each) for each in found]
    assert survived == []
    assert seen == 4 * len(payloads)


def test_every_address_of_a_file_is_http(published: dict[str, Any]) -> None:
    found = [each.get("url") for each in published["rss"].iter("enclosure")]
    found += [
        each["url"]
        for item in published["json"]["items"]
        for each in item.get("attachments", [])
    ]
    assert found
    assert [url for url in found if not url.startswith(("http://", "https://"))] == []
