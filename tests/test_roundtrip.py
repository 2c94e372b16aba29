"""Real captured feeds, pulled and published again, say the same to every reader.

The documents are not part of this project: `AGGREGATOR_CORPUS` says where they are,
else they are looked for beside the checkout. Each stands at an address of its own, as
if it were a portal; as many are pulled together as fit into one published feed.
`data/roundtrip_known.tsv` names what legitimately comes out otherwise, and why.
"""

import calendar
import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from email.utils import parsedate_to_datetime
from html import unescape
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree

from aggregator import config
from aggregator.app import create_app
from aggregator.publish.view import MAX_LIMIT
from aggregator.publish.words import publish_title
from aggregator.store.engine import open_store
from tests.cli.command import aggregator
from tests.cli.command import write_feeds
from tests.cli.upstream import Upstream
from tests.intake.reading import CORPUS

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        not (CORPUS / "manifest.tsv").exists(),
        reason="AGGREGATOR_CORPUS names no folder with a manifest.tsv",
    ),
]
KNOWN = Path(__file__).parent / "data" / "roundtrip_known.tsv"
FORMS = ("rss", "atom", "json")
ATOM = "{http://www.w3.org/2005/Atom}"
MOST = 200  # items in one published feed


@dataclass(frozen=True, kw_only=True)
class Captured:
    """A captured document, and what the manifest knows of it."""

    source: str  # the id under which it is pulled
    address: str
    path: str
    content_type: str
    entries: int
    first_title: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """What became of one document: its pull, its items, and what two readers read."""

    captured: Captured
    attempt: dict[str, Any]
    items: list[dict[str, Any]]
    strict: dict[str, Any]  # elements of the published feed by item id
    loose: dict[str, feedparser.FeedParserDict]
    atom: dict[str, Any]  # entry elements of the same feed as Atom
    json: dict[str, dict[str, Any]]  # and its items as JSON Feed


def documents() -> list[Captured]:
    """List the real documents whose number of entries is known."""
    with (CORPUS / "manifest.tsv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    chosen = [row for row in rows if row["kind"] == "realworld" and row["entries"]]
    return [_captured(n, row) for n, row in enumerate(chosen)]


def _captured(n: int, row: dict[str, str]) -> Captured:
    name, _, value = row["http_headers"].partition(": ")
    named = name.lower() == "content-type"
    return Captured(
        source=f"d{n:03}",
        address=f"127.9.{n // 250}.{n % 250 + 1}",
        path=row["path"],
        content_type=value if named else "application/xml",
        entries=int(row["entries"]),
        first_title=row["first_title"],
    )


def groups(captured: list[Captured]) -> list[list[Captured]]:
    """Put together as many documents as fit into one published feed."""
    made: list[list[Captured]] = []
    for each in sorted(captured, key=lambda one: -one.entries):
        for group in made:
            if sum(one.entries for one in group) + each.entries <= MOST:
                group.append(each)
                break
        else:
            made.append([each])
    return made


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[Result]:
    """Pull every document and publish it again."""
    captured = documents()
    found: list[Result] = []
    with Upstream([each.address for each in captured]) as upstream:
        for each in captured:
            upstream.put(
                "/feed",
                (CORPUS / each.path).read_bytes(),
                address=each.address,
                headers={"Content-Type": each.content_type},
            )
        for group in groups(captured):
            folder = tmp_path_factory.mktemp("group")
            found += _pulled(folder, group, upstream)
    return sorted(found, key=lambda result: result.captured.source)


def _pulled(
    folder: Path, group: list[Captured], upstream: Upstream
) -> Iterator[Result]:
    write_feeds(
        folder,
        {
            each.source: {
                "url": upstream.url("/feed", each.address),
                "category": "auto",
            }
            for each in group
        },
    )
    report = aggregator(folder, "pull", "--all", "--json").json
    assert report["failures"] == []
    told = aggregator(folder, "sources", "--json").json["sources"]
    attempts = {state["id"]: state["last_attempt"] for state in told}
    items = aggregator(folder, "items", "--limit", "1000").lines
    body, atom_body, json_body = _published(folder)
    strict, loose = _strictly(body), _loosely(body)
    atom, json_items = _atom(atom_body), _json(json_body)
    order = [item["id"] for item in items]
    assert list(strict) == list(loose) == list(atom) == list(json_items) == order
    for each in group:
        own = [item for item in items if each.source in _places(item)]
        yield Result(
            captured=each,
            attempt=attempts[each.source],
            items=own,
            strict={item["id"]: strict[item["id"]] for item in own},
            loose={item["id"]: loose[item["id"]] for item in own},
            atom={item["id"]: atom[item["id"]] for item in own},
            json={item["id"]: json_items[item["id"]] for item in own},
        )


def _places(item: dict[str, Any]) -> list[str]:
    """Name the sources that show an item: several show one article."""
    return [item["source"], *(place["source"] for place in item["also_at"])]


def _published(folder: Path) -> list[bytes]:
    store = open_store(f"sqlite:///{folder}/var/aggregator.db")
    app = create_app(config.load(folder / "feeds.toml"), store)
    client = app.test_client()
    forms = [f"/feeds/so/all/all.{form}?limit={MOST}" for form in FORMS]
    answers = [client.get(address) for address in forms]
    store.close()
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    return [answer.data for answer in answers]


def _atom(body: bytes) -> dict[str, Any]:
    assert not feedparser.parse(io.BytesIO(body)).bozo
    root = etree.fromstring(body, etree.XMLParser(resolve_entities=False))
    return {_bare(e.findtext(f"{ATOM}id")): e for e in root.iter(f"{ATOM}entry")}


def _json(body: bytes) -> dict[str, dict[str, Any]]:
    feed = json.loads(body)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    return {_bare(item["id"]): item for item in feed["items"]}


def _strictly(body: bytes) -> dict[str, Any]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    root = etree.fromstring(body, parser)
    assert (root.tag, root.get("version")) == ("rss", "2.0")
    return {_bare(item.findtext("guid")): item for item in root.iter("item")}


def _loosely(body: bytes) -> dict[str, feedparser.FeedParserDict]:
    feed = feedparser.parse(io.BytesIO(body))
    assert not feed.bozo, feed.get("bozo_exception")
    return {_bare(entry.id): entry for entry in feed.entries}


def _bare(guid: str) -> str:
    return guid.removeprefix("urn:uuid:")


@pytest.fixture(scope="module")
def known() -> dict[tuple[str, str], str]:
    """Read what legitimately comes out otherwise: (path, what) and why."""
    with KNOWN.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t")
        return {(row["path"], row["what"]): row["reason"] for row in rows}


def expected(known: dict[tuple[str, str], str], what: str) -> set[str]:
    """List the documents that are known to differ in something."""
    return {path for path, named in known if named == what}


# --- Nothing is lost ----------------------------------------------------------


def test_every_entry_is_accounted_for(
    results: list[Result], known: dict[tuple[str, str], str]
) -> None:
    wrong, held = {}, set()
    for result in results:
        told = result.attempt
        assert told["outcome"] == "pulled" and told["status"] == 200
        kinds = ("new", "duplicate", "rejected")
        counts = {kind: told[kind] for kind in kinds}
        assert told["entries"] == sum(counts.values()), result.captured
        if kept_back := told["new"] - len(result.items):
            held.add((result.captured.path, f"{kept_back} held"))
        lost = (told["duplicate"], told["rejected"]) != (0, 0)
        if told["entries"] != result.captured.entries or lost:
            wrong[result.captured.path] = (result.captured.entries, counts)
    assert set(wrong) == expected(known, "entries"), wrong
    assert held == {each for each in known if each[1].endswith(" held")}
    assert len(results) >= 180


# --- What two readers read ----------------------------------------------------


def test_titles_are_those_of_the_store(results: list[Result]) -> None:
    for result in results:
        for item in result.items:
            title = publish_title(item["title"], item["text"])
            assert result.strict[item["id"]].findtext("title") == title
            assert result.loose[item["id"]].title == title


def test_first_titles_are_those_of_the_manifest(
    results: list[Result], known: dict[tuple[str, str], str]
) -> None:
    named = [result for result in results if result.captured.first_title]
    wrong = {
        result.captured.path: result.captured.first_title
        for result in named
        if publish_title(result.captured.first_title)
        not in {item.findtext("title") for item in result.strict.values()}
    }
    assert set(wrong) == expected(known, "title"), wrong
    assert len(named) >= 140


def test_links_are_those_of_the_store(results: list[Result]) -> None:
    for result in results:
        for item in result.items:
            own = f"http://127.0.0.1:8000/items/{item['id']}"
            link = item["link"] or own
            assert result.strict[item["id"]].findtext("link") == link
            assert result.loose[item["id"]].link == link


def test_dates_are_those_of_the_store(results: list[Result]) -> None:
    for result in results:
        told = []
        for item in result.items:
            date = result.strict[item["id"]].findtext("pubDate")
            told.append(parsedate_to_datetime(date))
            assert is_dated(told[-1], item)
            read = calendar.timegm(result.loose[item["id"]].published_parsed)
            assert read == told[-1].timestamp()
        assert len(set(told)) == len(told)


def is_dated(told: datetime, item: dict[str, Any]) -> bool:
    """Say whether a date is an item's: of one second, the later are moved forward."""
    moved = told - datetime.fromisoformat(item["published"])
    return timedelta(0) <= moved < timedelta(seconds=MAX_LIMIT)


def test_the_first_file_is_enclosed_and_all_are_linked(results: list[Result]) -> None:
    files = 0
    for result in results:
        for item in result.items:
            strict, loose = result.strict[item["id"]], result.loose[item["id"]]
            assert [
                (each.get("url"), each.get("length"))
                for each in strict.iter("enclosure")
            ] == [(each["url"], str(each["length"])) for each in item["enclosures"][:1]]
            assert [each.href for each in loose.enclosures] == [
                each["url"] for each in item["enclosures"][:1]
            ]
            text = unescape(strict.findtext("description"))
            assert all(each["url"] in text for each in item["enclosures"])
            files += len(item["enclosures"])
    assert files > 100


def test_texts_are_those_of_the_store(results: list[Result]) -> None:
    for result in results:
        for item in result.items:
            description = result.strict[item["id"]].findtext("description")
            assert description.startswith(item["html"])
            assert description


# --- The other forms ----------------------------------------------------------


def test_atom_says_what_the_store_holds(results: list[Result]) -> None:
    for result in results:
        for item in result.items:
            entry = result.atom[item["id"]]
            links = entry.findall(f"{ATOM}link")
            title = publish_title(item["title"], item["text"])
            own = f"http://127.0.0.1:8000/items/{item['id']}"
            assert entry.findtext(f"{ATOM}title") == title
            assert links[0].get("href") == (item["link"] or own)
            published = datetime.fromisoformat(entry.findtext(f"{ATOM}published"))
            assert is_dated(published, item)
            assert entry.find(f"{ATOM}content").text.startswith(item["html"])
            assert [
                (each.get("href"), each.get("length", "0")) for each in links[1:]
            ] == [(each["url"], str(each["length"])) for each in item["enclosures"]]


def test_json_feed_says_what_the_store_holds(results: list[Result]) -> None:
    for result in results:
        for item in result.items:
            told = result.json[item["id"]]
            own = f"http://127.0.0.1:8000/items/{item['id']}"
            assert told["title"] == publish_title(item["title"], item["text"])
            assert told["url"] == (item["link"] or own)
            assert told["date_published"] == item["published"]
            assert told["content_html"].startswith(item["html"])
            assert [each["url"] for each in told.get("attachments", [])] == [
                each["url"] for each in item["enclosures"]
            ]
