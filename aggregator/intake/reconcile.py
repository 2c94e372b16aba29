"""What a document means, given what is known: a Plan. Pure; decides, does nothing.

Every entry ends in exactly one part of the plan, so that every fetch balances. Change
is a fingerprint over what a reader sees, never a date: a source that touches only
dates, or goes to and fro between two versions, is noticed and floods nobody.
"""

from collections import Counter
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from uuid import UUID
from uuid import uuid5

from aggregator.intake.absence import Gone
from aggregator.intake.absence import absences
from aggregator.intake.identity import Named
from aggregator.intake.identity import identify
from aggregator.intake.identity import moved_from
from aggregator.intake.witnesses import is_coarse
from aggregator.model import Absence
from aggregator.model import Alias
from aggregator.model import ChangedSighting
from aggregator.model import Digest
from aggregator.model import Flip
from aggregator.model import Item
from aggregator.model import Known
from aggregator.model import NewSighting
from aggregator.model import Plan

NAMESPACE = UUID("6f2d1c1e-6a53-5d8e-9b0f-4a4f1d1f8a10")  # of all notices, for ever
# A date before this is a machine's word for "none" (0001-01-01, 1970-01-01).
OLDEST = datetime(1971, 1, 1, tzinfo=UTC)
FLIPS_FROM = 3  # versions: to and fro once is an edit taken back, again is flipping
FLIP_CALM = timedelta(hours=24)  # after which a version held back is believed
REDATED = timedelta(minutes=1)  # NukeViet 4.6 moves dates by a second by itself
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What is known of a source and its portal when a document comes."""

    known: Mapping[str, Sequence[Known]] = field(default_factory=dict)  # by name
    missing: Sequence[Known] = ()  # what the document should list, and does not
    taken: Collection[datetime] = ()  # seconds that items carry as their date
    had_items: bool = False  # the source has shown something before
    gone: Gone = field(default_factory=dict)


def notice_id(source_id: str, key: str) -> str:
    """Mint a notice's id from its first sighting; the same for ever."""
    return str(uuid5(NAMESPACE, f"{source_id}\n{key}"))


def reconcile(digest: Digest, past: Past, *, source_id: str, now: datetime) -> Plan:
    """Hold a document against what is known of its items."""
    named, duplicate = identify(digest.items, past.known)
    new = [n for n in named if not _own(n.found)]
    own = [(n.item, n.found) for n in named if n.found is not None and n.found.own]
    torn = digest.items[-1] if digest.cut and digest.items else None
    withheld = _withheld(own, now)
    shown = [pair for pair in own if pair[1].sighting not in withheld]
    changed, flips = _split(shown, now, torn)
    shared = _shared_names(named)
    overlap = len(own) / len(named) if named else 1.0
    return Plan(
        new=tuple(_new_sightings(new, past, shared, source_id=source_id, now=now)),
        changed=tuple(changed),
        unchanged=len(own) - len(changed),
        duplicate=duplicate,
        rejected=digest.rejections,
        gap=past.had_items and bool(named) and not own,
        overlap=overlap,
        absent=_absent(digest, own, past, now),
        aliases=tuple(_aliases(named, past.known, shared)),
        flips=tuple(flips),
        withheld=tuple(withheld.values()),
        redated=sum(_redated(item, found) for item, found in own),
        moved_from=moved_from([n for n in named if n.found is None or n.found.own]),
        strictly=digest.strictly,
    )


def _own(found: Known | None) -> bool:
    return found is not None and found.own


# --- What is known --------------------------------------------------------------


def _split(
    own: Iterable[tuple[Item, Known]], now: datetime, torn: Item | None
) -> tuple[list[ChangedSighting], list[Flip]]:
    """Tell edits from flips; the item at which a document was cut edits nothing."""
    changed: list[ChangedSighting] = []
    flips: list[Flip] = []
    for item, found in own:
        if item.fingerprint == found.fingerprint:
            if found.flip:
                flips.append(Flip(known=found, fingerprint=""))
        elif item is torn:
            continue
        elif _flips(item, found, now):
            since = found.flip_since if found.flip == item.fingerprint else None
            flip = Flip(known=found, fingerprint=item.fingerprint, since=since or now)
            flips.append(flip)
        else:
            changed.append(ChangedSighting(item=item, known=found))
    return changed, flips


def _withheld(own: Iterable[tuple[Item, Known]], now: datetime) -> dict[int, Flip]:
    """List edits that nobody is to see, by row: what was shown before stays shown."""
    return {
        found.sighting: Flip(
            known=found,
            fingerprint=item.fingerprint,
            since=found.flip_since if found.flip == item.fingerprint else now,
        )
        for item, found in own
        if item.meaning.hold is not None
        and found.state != "held"
        and item.fingerprint != found.fingerprint
    }


def _flips(item: Item, found: Known, now: datetime) -> bool:
    """Say whether an item goes to and fro, and has not calmed down since."""
    if found.version < FLIPS_FROM or item.fingerprint not in found.past:
        return False
    since = found.flip_since if found.flip == item.fingerprint else None
    return since is None or now - since < FLIP_CALM


def _redated(item: Item, found: Known) -> bool:
    if item.given is None or found.given is None:
        return False
    same = item.fingerprint == found.fingerprint
    return same and abs(item.given - found.given) > REDATED


def _absent(
    digest: Digest, own: Sequence[tuple[Item, Known]], past: Past, now: datetime
) -> tuple[Absence, ...]:
    if not digest.complete or digest.cut:
        return ()  # what is not there may be in the part that is missing
    listed = [found for _, found in own]
    there = {found.sighting for found in listed}
    missing = [known for known in past.missing if known.sighting not in there]
    return absences(listed, missing, gone=past.gone, now=now)


def _shared_names(named: Iterable[Named]) -> set[str]:
    """List the names that a document gives to several articles: they name none."""
    counted = Counter(name for each in named for name in each.names)
    return {name for name, count in counted.items() if count > 1}


def _aliases(
    named: Iterable[Named],
    known: Mapping[str, Sequence[Known]],
    shared: Collection[str],
) -> Iterable[Alias]:
    """Find names of known items that nobody has at this source yet.

    What is found unchanged by its first name was given the others when it was stored.
    """
    used = set(shared)
    for each in named:
        if each.found is None or not each.found.own:
            continue
        firsts = known.get(each.names[0], ())
        same = each.found.fingerprint == each.item.fingerprint
        if same and any(f.sighting == each.found.sighting for f in firsts):
            continue
        for key in each.names:
            taken = any(found.own for found in known.get(key, ()))
            if not taken and key not in used:
                used.add(key)
                yield Alias(known=each.found, key=key)


# --- What is new ----------------------------------------------------------------


def _new_sightings(
    new: Sequence[Named],
    past: Past,
    shared: Collection[str],
    *,
    source_id: str,
    now: datetime,
) -> Iterable[NewSighting]:
    dates = _dates([n.item for n in new if n.found is None], now, past.taken)
    spare = _spare_names(new, past.known, shared)
    for each in new:
        found = each.found
        published = found.published if found else dates[id(each.item)]
        yield NewSighting(
            item=each.item,
            key=each.key,
            aliases=spare[id(each.item)],
            notice=found.notice if found else notice_id(source_id, each.key),
            minted=found is None,
            published=published,
            # What a source's first document brings is old news, and no flood.
            entered=now if past.had_items else published,
        )


def _spare_names(
    new: Sequence[Named],
    known: Mapping[str, Sequence[Known]],
    shared: Collection[str],
) -> dict[int, tuple[str, ...]]:
    """Share out the further names of new items: each is one item's alone."""
    used = {each.key for each in new} | set(shared)
    spare: dict[int, tuple[str, ...]] = {}
    for each in new:
        mine = [
            key
            for key in each.names
            if key not in used and not any(f.own for f in known.get(key, ()))
        ]
        used.update(mine)
        spare[id(each.item)] = tuple(mine)
    return spare


# --- Dates --------------------------------------------------------------------


def _dates(
    items: Sequence[Item], now: datetime, taken: Collection[datetime]
) -> dict[int, datetime]:
    """Decide once what date each new item carries, by ``id(item)``.

    The earlier of the given and the first-seen moment, distinct to the second within
    the source: NukeViet 4.6 keeps one item a second (feed_shapes C13). An undated item
    is as old as our first sight of it. Documents list the newest first, so of items
    with one moment the later listed goes a second back; where only the day or the hour
    is known the earlier listed goes forward instead, to stay in it.
    """
    used = set(taken)
    bases = [(item, base_date(item.given, now)) for item in items]
    dates: dict[int, datetime] = {}
    for item, base in bases:
        if not _is_coarse(base, item):
            dates[id(item)] = _free(base, -_SECOND, used)
    for item, base in reversed(bases):
        if _is_coarse(base, item):
            dates[id(item)] = _free(base, _SECOND, used)
    return dates


def base_date(given: datetime | None, now: datetime) -> datetime:
    """Take the given date unless it is none or to come; whole seconds."""
    usable = given is not None and OLDEST <= given <= now
    moment = given if usable and given is not None else now
    return moment.astimezone(UTC).replace(microsecond=0)


def _is_coarse(base: datetime, item: Item) -> bool:
    """Say whether an item carries its given date, and that is only a day or hour."""
    return item.given is not None and base == item.given and is_coarse(item)


def _free(base: datetime, step: timedelta, used: set[datetime]) -> datetime:
    while base in used:
        base += step
    used.add(base)
    return base
