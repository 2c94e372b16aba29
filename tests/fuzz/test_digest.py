"""Documents that nobody wrote: whatever comes, reading it ends well.

Some seconds of it in `make test`, always the same; `make fuzz` goes on for as long as
`AGGREGATOR_FUZZ_SECONDS` says, each time from another seed. A document that fails is
kept in .cache/fuzz and read again first from then on.
"""

import hashlib
import logging
import os
import random
import time
from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from pathlib import Path

import hypothesis
import orjson
import pytest

from aggregator.errors import ParseError
from aggregator.intake.digest import digest
from aggregator.intake.reconcile import Past
from aggregator.intake.reconcile import reconcile
from aggregator.model import Digest
from aggregator.model import Item
from aggregator.model import SourceHints
from tests.fuzz.mutations import bodies
from tests.intake.reading import on_a_quiet_core
from tests.intake.test_corpus import wrong_with

SECONDS = float(os.environ.get("AGGREGATOR_FUZZ_SECONDS", 0))
SEED = os.environ.get("AGGREGATOR_FUZZ_SEED")
KEPT = Path(".cache/fuzz")
NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
MAX_SECONDS = 5.0  # of CPU, for one document
ROUND = 100  # examples between two looks at the clock

pytestmark = pytest.mark.timeout(SECONDS + 600)  # shrinking a failure takes its time


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Let faults be found by what comes out, not by what is logged."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def read(body: bytes) -> Digest | None:
    try:
        return digest(
            body,
            url="http://cong.example/rss/tin.rss",
            hints=SourceHints(),
            timezone="Asia/Ho_Chi_Minh",
            now=NOW,
        )
    except ParseError:
        return None


def faults_of(body: bytes) -> list[str]:
    """List what is wrong with how a document is read."""
    started = time.process_time()
    found = read(body)
    seconds = on_a_quiet_core(time.process_time() - started)
    slow = [f"{seconds:.1f} seconds"] if seconds > MAX_SECONDS else []
    again = read(body)
    if found is None or again is None:
        return slow + ["once an error, once not"] * (found is not again)
    broken = [each.detail for each in found.rejections if each.reason == "broken"]
    items = [fault for item in found.items for fault in _wrong(item)]
    return slow + broken + items + _unbalanced(found, again) + _unstorable(found)


def _wrong(item: Item) -> list[str]:
    found = wrong_with(item)
    if "<script" in item.html.lower():
        found.append("a script")
    if item.given is not None:
        item.given.astimezone(UTC)  # what no calendar holds raises
    return found


def _unbalanced(found: Digest, again: Digest) -> list[str]:
    entries = len(found.items) + len(found.rejections)
    if entries != len(again.items) + len(again.rejections):
        return ["the second time there are others"]
    plan = reconcile(found, Past(), source_id="tin", now=NOW)
    return [f"{entries} entries, {plan.entries} planned"] * (plan.entries != entries)


def _unstorable(found: Digest) -> list[str]:
    texts = [found.feed_id, found.feed_title, found.generator]
    for item in found.items:
        texts += [
            item.guid,
            item.link,
            *item.keys,
            orjson.dumps(dict(item.raw)).decode(),
        ]
        texts += [text for e in item.enclosures for text in (e.url, e.title, e.type)]
    bad = [text for text in texts if "\x00" in text or "\\u0000" in text]
    bad += [text for text in texts if any("\ud800" <= c <= "\udfff" for c in text)]
    return [f"cannot be stored: {text[:80]!r}" for text in bad]


def check(body: bytes) -> None:
    """Fail, and keep the document, where anything is wrong."""
    try:
        faults = faults_of(body)
    except Exception as error:
        faults = [f"{error!r:.300}"]
    if faults:
        KEPT.mkdir(parents=True, exist_ok=True)
        (KEPT / "last.bin").write_bytes(body)  # the last one is the smallest
    assert faults == [], body[:2000]


def one_round(seed: int) -> None:
    """Try a number of documents; the same for the same seed."""
    tried = hypothesis.settings(
        max_examples=ROUND,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )(hypothesis.given(bodies())(check))
    hypothesis.seed(seed)(tried)()


def keep_last() -> str:
    """Give the document that failed a name of its own."""
    last = KEPT / "last.bin"
    name = KEPT / f"{hashlib.sha256(last.read_bytes()).hexdigest()[:16]}.bin"
    last.replace(name)
    return str(name)


def test_what_once_failed_is_read() -> None:
    kept = {path: faults_of(path.read_bytes()) for path in sorted(KEPT.glob("*.bin"))}
    assert {path: faults for path, faults in kept.items() if faults} == {}


def test_any_document_is_read_to_a_good_end() -> None:
    dice = random.Random(0 if not SECONDS else None)
    ends = time.monotonic() + SECONDS
    rounds = 0
    while rounds == 0 or time.monotonic() < ends:
        seed = int(SEED) if SEED else dice.randrange(2**32)
        try:
            one_round(seed)
        except AssertionError as error:
            hint = f"AGGREGATOR_FUZZ_SEED={seed}; kept: {keep_last()}"
            raise AssertionError(hint) from error
        rounds += 1
    print(f"{rounds * ROUND} documents")
