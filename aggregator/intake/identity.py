"""Which item of a document is which known one; a portal that moves. Pure.

Every entry is held beside all that its names find (`names`), and the surest pairs are
taken first (`witnesses`), each entry and each known item once. So no weak name claims
an item that stands in the document by a surer one, and reading a document again finds
what reading it once has made.
"""

from collections import Counter
from collections import defaultdict
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from aggregator.intake.names import first_name
from aggregator.intake.names import has_own_link
from aggregator.intake.names import host_of
from aggregator.intake.names import last_name
from aggregator.intake.names import names
from aggregator.intake.names import page_of
from aggregator.intake.names import path_of
from aggregator.intake.witnesses import Pair
from aggregator.intake.witnesses import Shared
from aggregator.intake.witnesses import repeats
from aggregator.intake.witnesses import same_at_sibling
from aggregator.intake.witnesses import strength
from aggregator.meaning.text import fold
from aggregator.model import Item
from aggregator.model import Known

LEAST_MOVED = 3  # items; fewer do not make a move
MOVED_SHARE = 0.9  # of the items that a moved portal could still list

T = TypeVar("T")
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


# --- Matching -----------------------------------------------------------------


def identify(items: Sequence[Item], known: KnownBy) -> tuple[list[Named], int]:
    """Give each item one name and what is known under it; count the repeated ones."""
    once = _without_repeats([_Candidate(item, names(item)) for item in items])
    shared = _shared(once)
    pairs = [
        (sure, n, pair.found)
        for n, each in enumerate(once if known else ())
        for pair in _pairs(each, known, shared)
        if (sure := strength(pair)) is not None
    ]
    claimed: set[int] = set()
    matched: dict[int, Known] = {}
    for _, n, found in sorted(pairs, key=lambda p: (p[0], p[1], p[2].sighting)):
        if n not in matched and found.sighting not in claimed:
            matched[n] = found
            claimed.add(found.sighting)
    named = list(_named(once, matched, known, shared))
    return named, len(items) - len(named)


def unsettled(items: Sequence[Item], known: KnownBy) -> list[Item]:
    """List the items that are not plainly known ones, unchanged.

    Those others are found by a first name that is theirs alone, and look the same: no
    other name of theirs could find anything surer.

    Args:
        known: What is known by first names.
    """
    names_met = Counter(first_name(item) for item in items)
    faces_met = Counter(item.fingerprint for item in items)
    return [
        item
        for item in items
        if names_met[first_name(item)] > 1
        or faces_met[item.fingerprint] > 1
        or not (item.guid or (has_own_link(item) and page_of(item.link)))
        or not any(
            found.own and found.fingerprint == item.fingerprint
            for found in known.get(first_name(item), ())
        )
    ]


def _without_repeats(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Leave out items that the document has shown already."""
    kept: dict[str, list[Item]] = defaultdict(list)
    faces: set[tuple[str, str]] = set()
    once = []
    for each in candidates:
        item, same_name = each.item, kept[each.names[0]]
        face = (item.fingerprint, item.link)
        again = any(repeats(item, other) for other in same_name)
        if not again and (face not in faces or not has_own_link(item)):
            same_name.append(item)
            faces.add(face)
            once.append(each)
    return once


def _shared(once: Sequence[_Candidate]) -> Shared:
    return Shared(
        names=_repeated(each.names[0] for each in once),
        pages=_repeated(page_of(each.item.link) for each in once),
        dates=_repeated(each.item.given for each in once if each.item.given),
    )


def _repeated(values: Iterable[T]) -> set[T]:
    return {value for value, count in Counter(values).items() if count > 1}


def _pairs(candidate: _Candidate, known: KnownBy, shared: Shared) -> Iterator[Pair]:
    """Hold an item beside each item of this source that a name of it has found."""
    item, first = candidate.item, candidate.names[0]
    trusted = bool(item.guid) and first not in shared.names
    seen: set[int] = set()
    for name in (*candidate.names, last_name(item)):
        for found in known.get(name, ()):
            if found.own and found.sighting not in seen:
                seen.add(found.sighting)
                yield Pair(item, found, trusted and name == first, shared)


def _named(
    once: Sequence[_Candidate],
    matched: Mapping[int, Known],
    known: KnownBy,
    shared: Shared,
) -> Iterator[Named]:
    used = {found.key for found in matched.values()}
    for n, each in enumerate(once):
        found = matched.get(n)
        if found is not None:
            yield Named(each.item, found.key, found, each.names)
            continue
        key = _free_name(each, known, shared.names, used)
        if key:
            used.add(key)
            elsewhere = _elsewhere(each, key, known, shared)
            yield Named(each.item, key, elsewhere, each.names)


def _free_name(
    candidate: _Candidate,
    known: KnownBy,
    untrusted: Collection[str],
    used: Collection[str],
) -> str:
    """Give a new item the surest name that is nobody's; "" if it has none left."""

    def is_free(key: str) -> bool:
        taken = key in untrusted or key in used
        return not taken and not any(found.own for found in known.get(key, ()))

    free = next(filter(is_free, candidate.names), "")
    last = last_name(candidate.item) if not free else ""
    return free or (last if is_free(last) else "")


def _elsewhere(
    candidate: _Candidate, key: str, known: KnownBy, shared: Shared
) -> Known | None:
    """Find the item at another source of the portal: by more than its guid."""
    for found in known.get(key, ()):
        pair = Pair(candidate.item, found, key == candidate.names[0], shared)
        if not found.own and (_is_address(key) or same_at_sibling(pair)):
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
