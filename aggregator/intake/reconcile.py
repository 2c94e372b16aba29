"""What a document means, given what is known: a Plan. Pure; decides, does nothing.

Every entry ends in exactly one part of the plan, so that every fetch balances. An
entry's name is its guid, else its link. A guid counts only as far as it can be
trusted: one that a document gives to several different articles is no name, and two
sources of one portal mean one article only where more than the guid agrees.
"""

import hashlib
from collections import Counter
from collections import defaultdict
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID
from uuid import uuid5

from aggregator.meaning.text import fold
from aggregator.model import ChangedSighting
from aggregator.model import Digest
from aggregator.model import Item
from aggregator.model import Known
from aggregator.model import NewSighting
from aggregator.model import Plan

NAMESPACE = UUID("6f2d1c1e-6a53-5d8e-9b0f-4a4f1d1f8a10")  # of all notices, for ever
# A date before this is a machine's word for "none" (0001-01-01, 1970-01-01).
OLDEST = datetime(1971, 1, 1, tzinfo=UTC)
MAX_KEY = 500  # characters; a longer guid is known by its hash
_SECOND = timedelta(seconds=1)


def stored_key(key: str) -> str:
    """Shorten a name so that a database can index it."""
    if len(key) <= MAX_KEY:
        return key
    return "sha256:" + hashlib.sha256(key.encode()).hexdigest()


def notice_id(source_id: str, key: str) -> str:
    """Mint a notice's id from its first sighting; the same for ever."""
    return str(uuid5(NAMESPACE, f"{source_id}\n{key}"))


def names_of(items: Iterable[Item]) -> set[str]:
    """List every name under which a document's items may be known."""
    return {name for item in items for name in (*_keys(item), _hash_key(item))}


def reconcile(
    digest: Digest,
    known: Mapping[str, Sequence[Known]],
    *,
    source_id: str,
    now: datetime,
    taken: Collection[datetime] = (),
    had_items: bool = False,
) -> Plan:
    """Hold a document against what is known of its items.

    Args:
        known: By name, what this source and others of its portal have shown.
        taken: Seconds that items of this source already carry as their date.
        had_items: Whether this source has ever shown anything.
    """
    named, duplicate = _name(digest.items, known)
    new = [(item, key, found) for item, key, found in named if not _own(found)]
    dates = _dates([item for item, _, found in new if found is None], now, taken)
    changed, unchanged = _split([(item, f) for item, _, f in named if f and f.own])
    return Plan(
        new=tuple(
            _new_sighting(item, key, found, source_id=source_id, dates=dates)
            for item, key, found in new
        ),
        changed=tuple(changed),
        unchanged=unchanged,
        duplicate=duplicate,
        rejected=digest.rejections,
        gap=had_items and bool(digest.items) and len(new) == len(named),
    )


def _own(found: Known | None) -> bool:
    return found is not None and found.own


def _split(
    pairs: Iterable[tuple[Item, Known]],
) -> tuple[list[ChangedSighting], int]:
    pairs = list(pairs)
    changed = [
        ChangedSighting(item=item, known=found)
        for item, found in pairs
        if found.fingerprint != item.fingerprint
    ]
    return changed, len(pairs) - len(changed)


def _new_sighting(
    item: Item,
    key: str,
    found: Known | None,
    *,
    source_id: str,
    dates: Mapping[int, datetime],
) -> NewSighting:
    if found is not None:  # known from another source of the portal
        return NewSighting(
            item=item,
            key=key,
            notice=found.notice,
            minted=False,
            published=found.published,
        )
    return NewSighting(
        item=item,
        key=key,
        notice=notice_id(source_id, key),
        minted=True,
        published=dates[id(item)],
    )


# --- Names --------------------------------------------------------------------

_Named = tuple[Item, str, Known | None]


def _keys(item: Item) -> tuple[str, ...]:
    return tuple(stored_key(key) for key in item.keys)


def _hash_key(item: Item) -> str:
    text = f"{item.title}\n{_address(item.link)}"
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _name(
    items: Sequence[Item], known: Mapping[str, Sequence[Known]]
) -> tuple[list[_Named], int]:
    """Give each item one name and what is known under it; count the repeated ones."""
    once = _without_repeats(items)
    firsts = Counter(_keys(item)[0] for item in once)
    untrusted = {key for key, count in firsts.items() if count > 1}
    named: list[_Named] = []
    used: set[str] = set()
    for item in once:
        key, found = _choose(item, known, untrusted, used)
        if key not in used:
            used.add(key)
            named.append((item, key, found))
    return named, len(items) - len(named)


def _without_repeats(items: Sequence[Item]) -> list[Item]:
    """Leave out items that the document has shown already under the same name."""
    kept: dict[str, list[Item]] = defaultdict(list)
    once = []
    for item in items:
        same_name = kept[_keys(item)[0]]
        if not any(_alike(item, other.title, other.link) for other in same_name):
            same_name.append(item)
            once.append(item)
    return once


def _choose(
    item: Item,
    known: Mapping[str, Sequence[Known]],
    untrusted: Collection[str],
    used: Collection[str],
) -> tuple[str, Known | None]:
    """Find the name under which an item is known, else the one it is to have.

    Names that the document gives to several articles are trusted only with a second
    witness, title or link.
    """
    candidates = [*_keys(item), _hash_key(item)]
    for key in candidates:
        for found in known.get(key, ()):
            alike = _alike(item, found.title, found.link)
            if found.own and alike and found.key not in used:
                return found.key, found
    first = candidates[0]
    if first not in untrusted:
        for found in known.get(first, ()):
            if found.own:  # title and link both changed: an edit
                return found.key, found
        return first, _elsewhere(item, first, known)
    for key in candidates[1:]:
        taken = next((found for found in known.get(key, ()) if found.own), None)
        if key not in used and taken is None:
            return key, _elsewhere(item, key, known)
    return candidates[-1], taken  # title and link: once it looked just like this


def _elsewhere(
    item: Item, key: str, known: Mapping[str, Sequence[Known]]
) -> Known | None:
    """Find the item at another source of the portal: by more than its guid."""
    for found in known.get(key, ()):
        if not found.own and (
            _is_address(key) or _alike(item, found.title, found.link)
        ):
            return found
    return None


def _is_address(key: str) -> bool:
    """Tell a guid that is an address, and so one of a kind, from `news_12`."""
    return "/" in key.strip("/") and "." in key.split("/", 1)[0]


def _alike(item: Item, title: str, link: str) -> bool:
    if item.title and fold(item.title) == fold(title):
        return True
    mine, other = _page(item.link), _page(link)
    if not item.link or not link or mine == other == "":
        return not item.title and not title
    return mine == other or _last_segment(mine) == _last_segment(other) != ""


def _address(link: str) -> str:
    """Reduce a link to what tells articles apart: no scheme, no www, no fragment."""
    parts = urlsplit(link)
    host = parts.netloc.lower().removeprefix("www.")
    query = f"?{parts.query}" if parts.query else ""
    return f"{host}{parts.path}{query}"


def _page(link: str) -> str:
    """Reduce a link to its page; "" for a front page, which tells nothing apart."""
    address = _address(link)
    return address if "/" in address.rstrip("/") or "?" in address else ""


def _last_segment(address: str) -> str:
    """Give the article's own part of a path, if it is long enough to be telling."""
    segment = address.rsplit("/", 1)[-1]
    return segment if len(segment) >= 8 and not segment.startswith("index.") else ""


# --- Dates --------------------------------------------------------------------


def _dates(
    items: Sequence[Item], now: datetime, taken: Collection[datetime]
) -> dict[int, datetime]:
    """Decide once what date each new item carries, by ``id(item)``.

    The earlier of the given and the first-seen moment, distinct to the second within
    the source: NukeViet 4.6 keeps one item a second (feed_shapes C13). An undated item
    is as old as our first sight of it. Documents list the newest first, so of items
    with one moment the later listed goes a second back; at midnight (a date without
    time) the earlier listed goes forward instead, to stay on its day.
    """
    used = set(taken)
    bases = [(item, base_date(item.given, now)) for item in items]
    dates: dict[int, datetime] = {}
    for item, base in bases:
        if not _is_bare_day(base, item):
            dates[id(item)] = _free(base, -_SECOND, used)
    for item, base in reversed(bases):
        if _is_bare_day(base, item):
            dates[id(item)] = _free(base, _SECOND, used)
    return dates


def base_date(given: datetime | None, now: datetime) -> datetime:
    """Take the given date unless it is none or to come; whole seconds."""
    usable = given is not None and OLDEST <= given <= now
    moment = given if usable and given is not None else now
    return moment.astimezone(UTC).replace(microsecond=0)


def _is_bare_day(base: datetime, item: Item) -> bool:
    given = item.given
    if given is None or base != given.astimezone(UTC):
        return False
    return (given.hour, given.minute, given.second) == (0, 0, 0)


def _free(base: datetime, step: timedelta, used: set[datetime]) -> datetime:
    while base in used:
        base += step
    used.add(base)
    return base
