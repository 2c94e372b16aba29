"""Which item of a document is which known one: names, witnesses, moves. Pure.

An entry's name is its guid, else its link. A guid counts only as far as it can be
trusted: one that is given to another article, in this document or a later one, never
renames what is known. What has a new guid is known again by a second name: its link,
its title and path, the number of the official document. Every name is scheme-blind.
"""

import hashlib
import re
from collections import Counter
from collections import defaultdict
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from aggregator.meaning.text import fold
from aggregator.model import Item
from aggregator.model import Known

MAX_KEY = 500  # characters; a longer guid is known by its hash
# Clerks begin to count anew each year: 15/TB-SGDĐT of 2025 is not that of 2026.
NUMBER_HOLDS = timedelta(days=180)
LEAST_MOVED = 3  # items; fewer do not make a move
MOVED_SHARE = 0.9  # of the items that a moved portal could still list
_ALIKE = 0.5  # share of words that two titles of one document have in common
_ARTICLE_NUMBER = re.compile(r"[-_/=](\d{2,})(?:\.\w{1,5})?/?$")

_YEAR = re.compile(r"(?:19|20)\d\d")  # many slugs end in one: -nam-hoc-2026.html

KnownBy = Mapping[str, Sequence[Known]]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An item and its names, which are dear to make."""

    item: Item
    names: list[str]


@dataclass(frozen=True, slots=True)
class Named:
    """An item, the name it goes by, and what is known under it."""

    item: Item
    key: str
    found: Known | None
    names: list[str]


# --- Names --------------------------------------------------------------------


def stored_key(key: str) -> str:
    """Shorten a name so that a database can index it."""
    return key if len(key) <= MAX_KEY else f"sha256:{_sha256(key)}"


def names_of(items: Iterable[Item]) -> set[str]:
    """List every name under which a document's items may be known."""
    return {name for item in items for name in (*names(item), _last_name(item))}


def names(item: Item) -> list[str]:
    """List an item's names, the surest first."""
    named = [stored_key(key) for key in item.keys]
    path = path_of(item.link)
    if item.title and path:
        named.append(f"title:{_sha256(fold(item.title), path)}")
    number = number_of(item)
    if number:
        named.append(f"document:{number}")
    named.append(_hash_key(item))
    return list(dict.fromkeys(named))


def _last_name(item: Item) -> str:
    """Give the name of what has no other that is its own."""
    parts = (item.title, address_of(item.link), str(item.given))
    return f"sha256:{_sha256(*parts)}"


def number_of(item: Item) -> str:
    """Give the number of the official document that an item is, folded."""
    document = item.meaning.document
    return fold(document.number) if document and document.number else ""


def _hash_key(item: Item) -> str:
    return f"sha256:{_sha256(item.title, address_of(item.link))}"


def _sha256(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def address_of(link: str) -> str:
    """Reduce a link to what tells articles apart: no scheme, no www, no fragment."""
    parts = urlsplit(link)
    host = parts.netloc.lower().removeprefix("www.")
    query = f"?{parts.query}" if parts.query else ""
    return f"{host}{parts.path}{query}"


def path_of(link: str) -> str:
    """Give a link without its host, as a portal keeps it when it moves; "" for none."""
    parts = urlsplit(link)
    query = f"?{parts.query}" if parts.query else ""
    path = parts.path.rstrip("/")
    return f"{path}{query}" if path or query else ""


def host_of(link: str) -> str:
    """Give a link's host, without www."""
    return urlsplit(link).netloc.lower().removeprefix("www.")


def page_of(link: str) -> str:
    """Reduce a link to its page; "" for a front page, which tells nothing apart."""
    address = address_of(link)
    return address if "/" in address.rstrip("/") or "?" in address else ""


def _last_segment(address: str) -> str:
    """Give the article's own part of a path, if it is long enough to be telling."""
    segment = address.rsplit("/", 1)[-1]
    return segment if len(segment) >= 8 and not segment.startswith("index.") else ""


def _article_number(link: str) -> str:
    found = _ARTICLE_NUMBER.search(address_of(link))
    return found[1] if found and not _YEAR.fullmatch(found[1]) else ""


# --- Witnesses ----------------------------------------------------------------


def alike(item: Item, title: str, link: str) -> bool:
    """Say whether title or page agree: one of them is enough beside a guid."""
    if item.title and fold(item.title) == fold(title):
        return True
    mine, other = page_of(item.link), page_of(link)
    if not item.link or not link or mine == other == "":
        return not item.title and not title
    return mine == other or _last_segment(mine) == _last_segment(other) != ""


def vouched(item: Item, found: Known) -> bool:
    """Say whether anything but the guid says that these are one article.

    A portal may make links from titles, so both change in one edit; then the date,
    the article's number in the link, the document's number or most words remain.
    """
    if alike(item, found.title, found.link):
        return True
    if item.given is not None and item.given == found.given:
        return True
    number = _article_number(item.link)
    if number and number == _article_number(found.link):
        return True
    return _one_number(item, found) or _similar(item.title, found.title)


def _one_number(item: Item, found: Known) -> bool:
    number = number_of(item)
    return bool(number) and number == fold(found.number)


def _similar(one: str, other: str) -> bool:
    mine, theirs = set(fold(one).split()), set(fold(other).split())
    return bool(mine) and len(mine & theirs) >= _ALIKE * len(mine | theirs)


# --- Matching -----------------------------------------------------------------


def identify(items: Sequence[Item], known: KnownBy) -> tuple[list[Named], int]:
    """Give each item one name and what is known under it; count the repeated ones.

    First by the surest name, then what is left by the others: so a known item is
    never claimed by a weak name while its own guid still stands in the document.
    """
    once = _without_repeats([_Candidate(item, names(item)) for item in items])
    firsts = Counter(each.names[0] for each in once)
    untrusted = {key for key, count in firsts.items() if count > 1}
    claimed: set[int] = set()
    matched: dict[int, Known] = {}
    for finder in (_surely, _by_other_names):
        for n, each in enumerate(once):
            if n in matched:
                continue
            found = finder(each, known, untrusted, claimed)
            if found is not None:
                matched[n] = found
                claimed.add(found.sighting)
    named = list(_named(once, matched, known, untrusted))
    return named, len(items) - len(named)


def _without_repeats(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Leave out items that the document has shown already."""
    kept: dict[str, list[Item]] = defaultdict(list)
    faces: set[tuple[str, str]] = set()
    once = []
    for each in candidates:
        item, same_name = each.item, kept[each.names[0]]
        face = (item.fingerprint, item.link)
        again = any(alike(item, other.title, other.link) for other in same_name)
        if not again and (face not in faces or not page_of(item.link)):
            same_name.append(item)
            faces.add(face)
            once.append(each)
    return once


def _own(known: KnownBy, key: str, claimed: Collection[int]) -> Iterator[Known]:
    for found in known.get(key, ()):
        if found.own and found.sighting not in claimed:
            yield found


def _surely(
    candidate: _Candidate,
    known: KnownBy,
    untrusted: Collection[str],
    claimed: Collection[int],
) -> Known | None:
    """Find an item by its first name, with a witness where that is a guid."""
    item, first = candidate.item, candidate.names[0]
    for found in _own(known, first, claimed):
        if alike(item, found.title, found.link):
            return found
    if first in untrusted:
        return None
    for found in _own(known, first, claimed):
        # Without a guid the link is the name: under it, everything else may change.
        if (not item.guid and not found.guid) or vouched(item, found):
            return found
    return None


def _by_other_names(
    candidate: _Candidate,
    known: KnownBy,
    _untrusted: Collection[str],
    claimed: Collection[int],
) -> Known | None:
    """Find an item whose guid is new, by what a portal keeps when guids change."""
    item = candidate.item
    for name in (*candidate.names[1:], _last_name(item)):
        for found in _own(known, name, claimed):
            if _holds(name, item, found):
                return found
    return None


def _holds(name: str, item: Item, found: Known) -> bool:
    """Say whether a second name is enough to know an item by."""
    if name.startswith(("title:", "sha256:")):
        return True
    if name.startswith("document:"):
        moment = item.given or found.published
        near = abs(moment - found.published) <= NUMBER_HOLDS
        return near and _speaks_of(item, found)
    # A link: the page that lists all documents may be the link of each.
    return not item.guid or not found.guid or _speaks_of(item, found)


def _speaks_of(item: Item, found: Known) -> bool:
    """Say whether words or date agree; a reminder has neither of what it reminds of."""
    same_date = item.given is not None and item.given == found.given
    return same_date or _similar(item.title, found.title)


def _named(
    once: Sequence[_Candidate],
    matched: Mapping[int, Known],
    known: KnownBy,
    untrusted: Collection[str],
) -> Iterator[Named]:
    used = {found.key for found in matched.values()}
    for n, each in enumerate(once):
        found = matched.get(n)
        if found is not None:
            yield Named(each.item, found.key, found, each.names)
            continue
        key = _free_name(each, known, untrusted, used)
        if key:
            used.add(key)
            elsewhere = _elsewhere(each.item, key, known)
            yield Named(each.item, key, elsewhere, each.names)


def _free_name(
    candidate: _Candidate,
    known: KnownBy,
    untrusted: Collection[str],
    used: Collection[str],
) -> str:
    """Give a new item the surest name that is nobody's; "" if it has none left."""
    for key in (*candidate.names, _last_name(candidate.item)):
        taken = any(found.own for found in known.get(key, ()))
        if key not in untrusted and key not in used and not taken:
            return key
    return ""


def _elsewhere(item: Item, key: str, known: KnownBy) -> Known | None:
    """Find the item at another source of the portal: by more than its guid."""
    for found in known.get(key, ()):
        if not found.own and (_is_address(key) or alike(item, found.title, found.link)):
            return found
    return None


def _is_address(key: str) -> bool:
    """Tell a guid that is an address, and so one of a kind, from `news_12`."""
    return "/" in key.strip("/") and "." in key.split("/", 1)[0]


def moved_from(named: Sequence[Named]) -> str:
    """Name the host that a portal has left: nearly all is known, but for the host.

    What is newer than everything known cannot have stood there, and does not count.
    """
    newest = max((n.found.published for n in named if n.found), default=None)
    if newest is None:
        return ""
    could = [n for n in named if n.found or (n.item.given and n.item.given <= newest)]
    hosts = Counter(host_of(n.found.link) for n in could if n.found and _moved(n))
    host, count = hosts.most_common(1)[0] if hosts else ("", 0)
    return host if count >= max(LEAST_MOVED, MOVED_SHARE * len(could)) else ""


def _moved(named: Named) -> bool:
    item, found = named.item, named.found
    assert found is not None
    return (
        host_of(item.link) != host_of(found.link) != ""
        and path_of(item.link) == path_of(found.link) != ""
        and fold(item.title) == fold(found.title)
        and (found.given is None or item.given == found.given)
    )
