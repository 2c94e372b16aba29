"""Every document that others wrote goes through intake, and comes out as it should.

The documents are not part of this project: `AGGREGATOR_CORPUS` says where they are,
else they are looked for beside the checkout. `tests/data/corpus_known.tsv` names what
comes out otherwise than the corpus says, and why.
"""

import csv
import gzip
import json
import multiprocessing
import os
import re
import time
import unicodedata
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from html import escape
from pathlib import Path

import pytest

from aggregator.errors import ParseError
from aggregator.intake.digest import digest
from aggregator.intake.sanitize import clean
from aggregator.intake.sanitize import text_of
from aggregator.model import Digest
from aggregator.model import Item
from aggregator.model import SourceHints
from tests.intake.reading import CORPUS
from tests.intake.reading import WEB
from tests.intake.reading import faults
from tests.intake.reading import on_a_quiet_core

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(
        not (CORPUS / "manifest.tsv").exists(),
        reason="AGGREGATOR_CORPUS names no folder with a manifest.tsv",
    ),
]
KNOWN = Path(__file__).parents[1] / "data" / "corpus_known.tsv"
NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
URL = "http://example.com/"
MAX_SECONDS = 2.0  # of CPU, for one document
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    path: str
    entries: int
    title: str | None  # of the first entry, where it became an item
    seconds: float
    faults: tuple[str, ...]


def rows() -> list[dict[str, str]]:
    with (CORPUS / "manifest.tsv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def read(body: bytes, content_type: str = "") -> Digest:
    return digest(
        body,
        content_type=content_type,
        url=URL,
        hints=SourceHints(),
        timezone="Asia/Ho_Chi_Minh",
        now=NOW,
    )


def outcome(row: dict[str, str]) -> Outcome:
    body = (CORPUS / row["path"]).read_bytes()
    name, _, value = row["http_headers"].partition(": ")
    if (name, value) == ("content-encoding", "gzip"):
        body = gzip.decompress(body)
    started = time.process_time()
    try:
        found = read(body, value if name == "content-type" else "")
    except ParseError:
        found = Digest(items=())
    seconds = time.process_time() - started
    first_is_item = all(each.position != 0 for each in found.rejections)
    return Outcome(
        path=row["path"],
        entries=len(found.items) + len(found.rejections),
        title=found.items[0].title if found.items and first_is_item else None,
        seconds=on_a_quiet_core(seconds),
        faults=tuple(fault for item in found.items for fault in wrong_with(item))
        + tuple(each.detail for each in found.rejections if each.reason == "broken"),
    )


def wrong_with(item: Item) -> list[str]:
    """List what an item may never be, wherever it comes from."""
    found = [f"html: {fault}" for fault in faults(item.html)]
    found += ["html is not stable"] if clean(item.html) != item.html else []
    found += ["text is not of the html"] if text_of(item.html) != item.text else []
    links = [item.link] * bool(item.link) + [each.url for each in item.enclosures]
    found += [f"link: {link}" for link in links if not WEB.fullmatch(link)]
    texts = {item.title, item.text, item.html, item.author, *item.tags}
    for text in texts - {item.html}:
        found += [f"folded: {text!r}"] if text != " ".join(text.split()) else []
    for text in texts:
        found += (
            [f"not NFC: {text!r}"] if not unicodedata.is_normalized("NFC", text) else []
        )
        found += _UNPRINTABLE.findall(text)
    found += ["no key"] if not item.keys or not all(item.keys) else []
    found += ["naive date"] if item.given and item.given.tzinfo is None else []
    json.dumps(item.raw)
    return found


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=spawn) as pool:
        found = pool.map(outcome, rows(), chunksize=50)
        return {each.path: each for each in found}


@pytest.fixture(scope="module")
def known() -> dict[tuple[str, str], str]:
    with KNOWN.open(encoding="utf-8", newline="") as lines:
        return {
            (row["path"], row["what"]): row["reason"]
            for row in csv.DictReader(lines, delimiter="\t")
        }


def test_numbers_of_entries_are_right(outcomes, known):
    wrong = {
        (row["path"], "entries")
        for row in rows()
        if row["entries"] and int(row["entries"]) != outcomes[row["path"]].entries
    }
    assert wrong == {each for each in known if each[1] == "entries"}
    assert len(wrong) <= 2


def test_first_titles_are_right(outcomes, known):
    wrong = {
        (row["path"], "title"): outcomes[row["path"]].title
        for row in rows()
        if row["first_title"] and outcomes[row["path"]].title != row["first_title"]
    }
    assert set(wrong) == {each for each in known if each[1] == "title"}, wrong


def test_no_document_takes_long(outcomes):
    slow = {o.path: o.seconds for o in outcomes.values() if o.seconds > MAX_SECONDS}
    assert slow == {}


def test_items_are_what_items_must_be(outcomes):
    assert {o.path: o.faults for o in outcomes.values() if o.faults} == {}
    assert len(outcomes) > 3_000


_FIELDS = (
    "<title>{0}</title><link>{0}</link><guid>{0}</guid><author>{0}</author>"
    "<category>{0}</category><description>{0}</description>"
    '<enclosure url="{0}" type="{0}" length="{0}"/>'
    '<content:encoded xmlns:content="http://purl.org/rss/1.0/modules/content/">{0}'
    "</content:encoded>"
)


def _feeds_of_payloads() -> list[bytes]:
    payloads = json.loads((CORPUS / "xss.json").read_text("utf-8"))
    items = [
        f"<item>{_FIELDS.format(escape(each['payload']))}</item>" for each in payloads
    ]
    rss = '<rss version="2.0"><channel>{}</channel></rss>'
    return [
        rss.format("".join(items[n : n + 500])).encode()
        for n in range(0, len(items), 500)
    ]


def test_no_payload_survives_in_any_field():
    bad, seen = {}, 0
    for feed in _feeds_of_payloads():
        found = read(feed)
        seen += len(found.items) + len(found.rejections)
        bad |= {item.guid: wrong for item in found.items if (wrong := wrong_with(item))}
    assert bad == {}
    assert seen == 4_452
