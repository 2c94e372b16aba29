"""Known bytes and their validators: ETag, Last-Modified, 304, HEAD, packing. Only here.

A selection's version comes from counters in the store, one short query; while it
stands, the bytes made for it are sent again. Its tag is made of that version, not of
the bytes: who has them is told so before anything is rendered, after a restart too, and
on every node. When the store or a renderer fails, the last bytes still go out, marked
as stale: NukeViet keeps an empty block for an hour after one failure.
"""

import gzip
import hashlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from email.utils import format_datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from functools import wraps
from typing import Protocol
from typing import TypeVar

import brotli
from flask import Request
from flask import Response
from werkzeug.http import parse_accept_header
from werkzeug.http import parse_etags

MAX_AGE = 60  # seconds
CACHE_CONTROL = (
    f"public, max-age={MAX_AGE}, stale-while-revalidate=600, stale-if-error=86400"
)
CODINGS = ("br", "gzip")
MAX_BYTES = 64_000_000  # of bodies kept in memory
# A transaction that began in a second may end in a later one; after so long none does.
SETTLED = timedelta(seconds=5)
STALE = '110 - "Response is Stale"'  # RFC 7234 5.5.1; RFC 9111 knows it no more
_log = logging.getLogger("aggregator.web")
_Made = TypeVar("_Made")


def remembered(read: Callable[..., _Made]) -> Callable[..., _Made]:
    """Keep what was read from texts that are asked for again and again.

    Long ones are read each time: they are nobody's habit, and would fill the memory.
    """
    kept = lru_cache(maxsize=8_192)(read)

    @wraps(read)
    def asked(text: str, *more: str) -> _Made:
        return (kept if len(text) <= 300 else read)(text, *more)

    return asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """At which version bytes stand: all that a conditional request is held against."""

    stamp: str
    etag: str
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered(Version):
    """The bytes of a selection, plain and packed, and when they last changed."""

    body: bytes
    packed: Mapping[str, bytes]  # by content coding
    stale: bool = False  # newer ones could not be had


def version(key: str, *, stamp: str, changed_at: datetime) -> Version:
    """Give the version of what has a key: the same wherever the stamp is the same."""
    etag = hashlib.sha256(f"{key}\n{stamp}".encode()).hexdigest()[:32]
    return Version(stamp=stamp, etag=etag, changed_at=changed_at)


def rendered(
    body: bytes, *, stamp: str, changed_at: datetime, etag: str = ""
) -> Rendered:
    """Prepare bytes for sending: compressed once.

    Args:
        etag: That of their version; without one they are hashed.
    """
    return Rendered(
        stamp=stamp,
        body=body,
        # Higher levels buy little and cost much (libraries.md 8).
        packed={
            "br": brotli.compress(body, quality=5),
            "gzip": gzip.compress(body, 6, mtime=0),
        },
        etag=etag or hashlib.sha256(body).hexdigest()[:32],
        changed_at=changed_at,
    )


class Kept(Protocol):
    """Where bytes outlive a process."""

    def keep(self, key: str, known: Rendered) -> None:
        """Keep them; never fails."""

    def read(self, key: str) -> Rendered | None:
        """Give them back, if they are there."""


class FeedCache:
    """Keeps the newest bytes of each selection, within a bound of memory.

    Args:
        copies: Where they are kept besides, for when they are not in memory.
    """

    def __init__(self, max_bytes: int = MAX_BYTES, copies: Kept | None = None) -> None:
        self._copies = copies
        self._kept: OrderedDict[str, Rendered] = OrderedDict()
        self._size = 0
        self._max_bytes = max_bytes
        # One at a time: feedgen sets the process's locale while it writes dates.
        self._rendering = threading.Lock()
        self._lock = threading.Lock()

    def get(
        self, key: str, stamp: Callable[[], str], render: Callable[[], Rendered]
    ) -> Rendered:
        """Give the bytes of today's version; the last known ones if it cannot be had.

        Args:
            stamp: Asks the store how the selection stands.
            render: Reads and writes it anew.

        Raises:
            Exception: What reading or writing raised, and nothing is known yet.
        """
        known = self._known(key)
        try:
            if known is not None and known.stamp == stamp():
                return known
            with self._rendering:
                newer = self._known(key)  # somebody else may have made it meanwhile
                if newer is not known and newer is not None:
                    return newer
                fresh = render()
                self._keep(key, fresh)
                return fresh
        except Exception as error:
            last = self.last(key)
            if last is None:
                raise
            _log.error("the last good bytes are served of %s: %s", key, error)
            return last

    def last(self, key: str) -> Rendered | None:
        """Give the last known bytes, stale as they may be."""
        known = self._known(key)
        if known is None and self._copies is not None:
            known = self._copies.read(key)
        return known and replace(known, stale=True)

    def _known(self, key: str) -> Rendered | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: str, fresh: Rendered) -> None:
        if self._copies is not None:
            self._copies.keep(key, fresh)
        with self._lock:
            old = self._kept.pop(key, None)
            self._size -= _size(old) if old else 0
            self._kept[key] = fresh
            self._size += _size(fresh)
            while self._size > self._max_bytes and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                self._size -= _size(dropped)


def _size(kept: Rendered) -> int:
    return len(kept.body) + sum(map(len, kept.packed.values()))


def respond(
    request: Request, known: Version, *, content_type: str, now: datetime
) -> Response:
    """Answer with known bytes, or with 304 where the client has them already.

    Args:
        known: Rendered, unless `is_known` says that the version is enough.
    """
    coding = coding_of(request.headers.get("Accept-Encoding", ""))
    response = Response(content_type=content_type)
    response.headers["ETag"] = tag_of(known, coding)
    response.headers["Last-Modified"] = http_date(last_modified(known, now))
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = CACHE_CONTROL
    if isinstance(known, Rendered) and known.stale:
        response.headers["Warning"] = STALE
    if is_known(request, known, now):
        response.status_code = 304
        del response.headers["Content-Type"]
        return response
    assert isinstance(known, Rendered)
    response.set_data(known.packed[coding] if coding else known.body)
    if coding:
        response.headers["Content-Encoding"] = coding
    return response


def tag_of(known: Version, coding: str) -> str:
    """Write the tag of known bytes in a coding: a strong one, so each has its own."""
    return f'"{known.etag}-{coding}"' if coding else f'"{known.etag}"'


@remembered  # all who ask have a few hundred ways between them
def coding_of(accept_encoding: str) -> str:
    """Choose among the codings asked for; never one unasked (Joomla reads none)."""
    asked = parse_accept_header(accept_encoding)
    best = max(CODINGS, key=asked.quality)  # of equals the first, the smaller
    return best if asked.quality(best) > 0 else ""


def is_known(request: Request, known: Version, now: datetime) -> bool:
    """Say whether the client has these bytes already."""
    return is_held(
        known,
        now,
        tags=request.headers.get("If-None-Match"),
        since=request.headers.get("If-Modified-Since"),
    )


def is_held(
    known: Version, now: datetime, *, tags: str | None, since: str | None
) -> bool:
    """Say whether who sends these validators has these bytes.

    Args:
        tags: If-None-Match, which wins (RFC 9110 13.2.2).
        since: If-Modified-Since.
    """
    if tags is not None:
        return _names(tags, known.etag)
    moment = _moment(since) if since is not None else None
    return moment is not None and moment >= last_modified(known, now)


@remembered
def _names(tags: str, etag: str) -> bool:
    """Say whether tags name these bytes in any coding."""
    held = parse_etags(tags)
    names = (etag, *(f"{etag}-{coding}" for coding in CODINGS))
    return any(held.contains_weak(name) for name in names)


@remembered
def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def last_modified(known: Version, now: datetime) -> datetime:
    """Give the second of the last change; something earlier until it has settled.

    Another change dated in that second would else be a 304 for ever for who asks by
    date alone (tt-rss); so it is one for a few seconds at the most.
    """
    second = known.changed_at.replace(microsecond=0)
    return second if now >= second + SETTLED else second - SETTLED


def http_date(moment: datetime) -> str:
    """Write a moment as HTTP does (RFC 9110 5.6.7)."""
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)
