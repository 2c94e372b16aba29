"""Read one document to the end: bytes in, items that are clean and understood out.

Pure, though slow: the workshop runs it where a limit can end it. One entry that
cannot be read never stops the others.
"""

import logging
from collections import Counter
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from aggregator.intake.mend import MAX_ITEMS
from aggregator.intake.names import key_of
from aggregator.intake.normalize import made_key
from aggregator.intake.normalize import normalize
from aggregator.intake.normalize import storable
from aggregator.intake.nukeviet import hours_believed
from aggregator.intake.parse import parse
from aggregator.intake.strangers import mind_strangers
from aggregator.intake.task import Task
from aggregator.intake.titles import plain_title
from aggregator.meaning.rulebook import rules_in
from aggregator.meaning.searching import words_of
from aggregator.meaning.text import fold
from aggregator.meaning.understanding import understand
from aggregator.model import Digest
from aggregator.model import Document
from aggregator.model import Entry
from aggregator.model import Item
from aggregator.model import Rejection
from aggregator.model import SourceHints

_log = logging.getLogger(__name__)


def digest(
    body: bytes,
    *,
    content_type: str = "",
    url: str = "",
    hints: SourceHints,
    timezone: str,
    now: datetime,
) -> Digest:
    """Read a document, clean its entries, and say what each is about.

    Raises:
        ParseError: The document is no feed.
    """
    task = Task(
        body=body,
        content_type=content_type,
        url=url,
        hints=hints,
        timezone=timezone,
        now=now,
    )
    return run(task)


def run(task: Task) -> Digest:
    """Do a task: the function that workers run.

    Raises:
        ParseError: The document is no feed.
        ConfigError: The rules cannot be used: the document waits, no entry is lost.
    """
    rules_in(task.rules)
    document = parse(task.body, content_type=task.content_type, url=task.url)
    called = _called(document)
    read = [_read(entry, n, task, called) for n, entry in enumerate(document.entries)]
    items = [each for each in read if isinstance(each, Item)]
    items = hours_believed(items, document.generator)
    items = mind_strangers(without_shared_links(items), task.url)
    return Digest(
        items=tuple(items),
        rejections=tuple(each for each in read if isinstance(each, Rejection)),
        feed_id=storable(document.id),
        feed_title=plain_title(document.title),
        generator=_generator(document),
        ttl_minutes=document.ttl_minutes,
        skip_hours=document.skip_hours,
        skip_days=document.skip_days,
        complete=document.complete,
        cut=document.cut,
        strictly=document.strictly,
    )


def _called(document: Document) -> dict[str, str]:
    """Keep with each entry what its feed called itself when it was copied."""
    feed = {"feed_id": storable(document.id), "feed_title": storable(document.title)}
    return {name: text for name, text in feed.items() if text}


def _generator(document: Document) -> str:
    return plain_title(document.generator)


def _read(
    entry: Entry, position: int, task: Task, called: Mapping[str, str]
) -> Item | Rejection:
    if position >= MAX_ITEMS:
        return Rejection(position=position, reason="too_many")
    try:
        return _understood(entry, position, task, called)
    except Exception as error:  # a fault of ours costs this entry, and is logged
        _log.exception("entry %d of %s cannot be read", position, task.url)
        return Rejection(position=position, reason="broken", detail=f"{error!r:.200}")


def _understood(
    entry: Entry, position: int, task: Task, called: Mapping[str, str]
) -> Item | Rejection:
    item = normalize(
        entry,
        position=position,
        feed_url=task.url,
        timezone=task.timezone,
        now=task.now,
    )
    if isinstance(item, Rejection):
        return item
    meaning = understand(
        item.title,
        item.text,
        hints=task.hints,
        now=task.now,
        published=item.given,
        timezone=task.timezone,
        rules=rules_in(task.rules),
    )
    number = meaning.document.number if meaning.document else ""
    words = words_of(item.title, number, item.text)
    return replace(item, meaning=meaning, words=words, raw={**item.raw, **called})


def without_shared_links(items: Sequence[Item]) -> list[Item]:
    """Take a link for a name only where it names one item.

    Some feeds give every entry the address of the front page, or of the page that
    lists all documents; by that name all of them would be one notice.
    """
    links = [key_of(item.link) for item in items]
    if len(set(links)) == len(links):
        return list(items)
    named = zip(links, items, strict=True)
    told_apart = {(link, fold(item.title), item.given) for link, item in named}
    shared = Counter(link for link, *_ in told_apart)
    return [
        replace(item, keys=_own_keys(item)) if shared[link] > 1 else item
        for link, item in zip(links, items, strict=True)
    ]


def _own_keys(item: Item) -> tuple[str, ...]:
    """Name an item without its link; of nothing else the link is all there is."""
    made = item.keys[:1] if item.guid else made_key(item.title, item.text)
    return made or item.keys
