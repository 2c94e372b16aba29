"""Entries in which a stranger's hand shows: where links lead, a sudden flood. Pure.

Each is held against the document that it stands in, never against a fixed idea: a feed
whose items all stand at another host, or are all in English, is as it is meant to be.
"""

import re
from collections import Counter
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import replace

from aggregator.intake.names import host_of
from aggregator.meaning.spam import is_known_host
from aggregator.meaning.spam import is_long
from aggregator.meaning.spam import is_marked
from aggregator.meaning.spam import is_vietnamese
from aggregator.meaning.spam import speaks_of_schools
from aggregator.meaning.text import fold
from aggregator.model import Because
from aggregator.model import Hold
from aggregator.model import Item
from aggregator.model import NewSighting
from aggregator.model import Note
from aggregator.model import Plan

MOST_NAMED = 3  # titles in an alert
LEAST_ITEMS = 5  # of a document, to tell what is usual in it
FLOOD = 20  # new items at once, that are no flood of any source
FLOOD_TIMES = 5  # … and so many times what the source is wont to bring
LEAST_STRANGE = 10  # items of a flood; a few odd ones are no attack
_RUN = 3  # words in a row that titles of one attack have in common
_HREF = re.compile(r'href="(https?://[^"]*)"')
_SECOND_LEVEL = frozenset("com net org gov edu ac info name health biz".split())
_DIGITS = re.compile(r"\d+")


def mind_strangers(items: Sequence[Item], feed_url: str) -> list[Item]:
    """Mark items that lead to strangers only, or are written for others."""
    linked = [item for item in items if item.link]
    if len(linked) < LEAST_ITEMS:
        return list(items)
    homes = _homes(linked, feed_url)
    return [_minded(item, items, homes) for item in items]


def _homes(linked: Sequence[Item], feed_url: str) -> set[str]:
    """Name the sites of a document: its own, and those where half its items stand."""
    sites = Counter(site_of(item.link) for item in linked)
    often = {site for site, count in sites.items() if count * 2 >= len(linked)}
    return {site_of(feed_url), *often} if often else set()


def _minded(item: Item, items: Sequence[Item], homes: set[str]) -> Item:
    if item.meaning.hold is not None or not homes:
        return item
    leads_out = bool(item.link) and _is_outside(item.link, homes)
    if not leads_out and is_vietnamese(item.title, item.text):
        return item  # nearly all
    links = links_of(item)
    outside = [url for url in links if _is_outside(url, homes)]
    if leads_out and len(outside) == len(links):
        return hold(item, "foreign_links", "Mọi liên kết dẫn ra ngoài", item.link)
    foreign = is_long(item.title, item.text) and not is_vietnamese(
        item.title, item.text
    )
    if outside and foreign and _mostly_vietnamese(items):
        return hold(item, "foreign_text", "Không phải tiếng Việt", outside[0])
    return item


def _mostly_vietnamese(items: Sequence[Item]) -> bool:
    return sum(is_marked(i.title, i.text) for i in items) * 2 > len(items)


def _is_outside(url: str, homes: set[str]) -> bool:
    """Say whether an address is neither the portal's nor known in this field."""
    return site_of(url) not in homes and not is_known_host(host_of(url))


def links_of(item: Item) -> list[str]:
    """List the addresses to which an item leads."""
    found = [item.link] if item.link else []
    return found + _HREF.findall(item.html) if "href" in item.html else found


def site_of(url: str) -> str:
    """Reduce an address to the name that somebody has registered."""
    parts = host_of(url).rpartition("@")[2].split(":")[0].split(".")
    if parts[-1].isdigit():
        return ".".join(parts)
    long = len(parts) > 2 and len(parts[-1]) == 2 and parts[-2] in _SECOND_LEVEL
    return ".".join(parts[-3:] if long else parts[-2:])


def hold(item: Item, kind: str, says: str, saw: str) -> Item:
    """Keep an item back, with a reason."""
    where = "source" if kind == "flood" else "text"
    because = Because(says=says, saw=saw[:200], where=where)
    held = Hold(kind=kind, because=(because,))
    return replace(item, meaning=replace(item.meaning, hold=held))


def told_of_held(plan: Plan) -> tuple[Note, ...]:
    """Tell at once, and once, what a document brings that is not published."""
    held = [(new.item.meaning.hold, new.item.title) for new in plan.new]
    kinds = Counter(hold.kind for hold, _ in held if hold is not None)
    edits = [each for each in plan.withheld if each.known.flip != each.fingerprint]
    if not kinds and not edits:
        return ()
    counts = [f"{kind} {count}" for kind, count in kinds.items()]
    counts += [f"edits {len(edits)}"] if edits else []
    titles = [title for hold, title in held if hold is not None]
    titles += [each.known.title for each in edits]
    named = " | ".join(title[:80] for title in titles[:MOST_NAMED])
    return (Note(kind="held", detail=f"{', '.join(counts)}: {named}"),)


# --- A flood --------------------------------------------------------------------


def is_many(plan: Plan) -> bool:
    """Say whether a document brings so much that what is usual has to be asked."""
    return sum(new.minted for new in plan.new) > FLOOD


def without_flood(plan: Plan, usual: float | None, known: Iterable[str]) -> Plan:
    """Hold what is strange in a flood; a clerk's hundred notices in September are not.

    Args:
        usual: New items that the source's documents bring, when they bring any; None:
            it has no history, and what it brings is its stock.
        known: Addresses to which the source has led before.
    """
    if usual is None or len(plan.new) <= max(FLOOD, FLOOD_TIMES * usual):
        return plan
    strange = _strange(plan.new, {site_of(url) for url in known})
    if len(strange) < max(LEAST_STRANGE, len(plan.new) // 2):
        return plan
    says = f"{len(plan.new)} tin cùng lúc, thường là {usual:.0f}"
    return replace(
        plan,
        new=tuple(
            (
                replace(new, item=hold(new.item, "flood", says, new.item.title))
                if id(new) in strange and new.item.meaning.hold is None
                else new
            )
            for new in plan.new
        ),
    )


def _strange(new: Sequence[NewSighting], homes: set[str]) -> set[int]:
    """Find, by id, what has no word of this field, and leads out or is of one mould.

    Titles that differ by their numbers alone are a list, such as 35 weeks of a plan;
    and a portal that stands at a new host speaks of schools as it did at the old one.
    """
    moulds = _often(run for each in new for run in _runs(each.item.title))
    shapes = Counter(_shape(each.item.title) for each in new)
    return {
        id(each)
        for each in new
        if shapes[_shape(each.item.title)] < LEAST_STRANGE
        and not speaks_of_schools(each.item.title)
        and (
            not moulds.isdisjoint(_runs(each.item.title))
            or any(_is_outside(url, homes) for url in links_of(each.item))
        )
    }


def _shape(title: str) -> str:
    return _DIGITS.sub("", fold(title))


def _often(values: Iterable[str]) -> set[str]:
    """List what occurs many times."""
    return {v for v, count in Counter(values).items() if count >= LEAST_STRANGE}


def _runs(title: str) -> set[str]:
    words = fold(title).split()
    return {" ".join(words[n : n + _RUN]) for n in range(len(words) - _RUN + 1)}
