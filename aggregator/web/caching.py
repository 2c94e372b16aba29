"""Known bytes and their validators: ETag, Last-Modified, 304, HEAD, packing. Only here.

A selection's version comes from counters in the store, one short query; while it
stands, the bytes made for it are sent again. When the store does not answer, the last
bytes still go out: NukeViet keeps an empty block for an hour after one failure.
"""

import gzip
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from email.utils import format_datetime
from email.utils import parsedate_to_datetime

import brotli
from flask import Request
from flask import Response

from aggregator.errors import StoreError

MAX_AGE = 60  # seconds
CACHE_CONTROL = (
    f"public, max-age={MAX_AGE}, stale-while-revalidate=600, stale-if-error=86400"
)
CODINGS = ("br", "gzip")
MAX_BYTES = 64_000_000  # of bodies kept in memory
# A transaction that began in a second may end in a later one; after so long none does.
SETTLED = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The bytes of a selection, plain and packed, and when they last changed."""

    stamp: str
    body: bytes
    packed: Mapping[str, bytes]  # by content coding
    etag: str
    changed_at: datetime


def rendered(body: bytes, *, stamp: str, changed_at: datetime) -> Rendered:
    """Prepare bytes for sending: compressed and hashed once."""
    return Rendered(
        stamp=stamp,
        body=body,
        # Higher levels buy little and cost much (libraries.md 8).
        packed={
            "br": brotli.compress(body, quality=5),
            "gzip": gzip.compress(body, 6, mtime=0),
        },
        etag=hashlib.sha256(body).hexdigest()[:32],
        changed_at=changed_at,
    )


class FeedCache:
    """Keeps the newest bytes of each selection, within a bound of memory."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._kept: OrderedDict[str, Rendered] = OrderedDict()
        self._size = 0
        self._max_bytes = max_bytes
        # One at a time: feedgen sets the process's locale while it writes dates.
        self._rendering = threading.Lock()
        self._lock = threading.Lock()

    def get(
        self, key: str, stamp: Callable[[], str], render: Callable[[], Rendered]
    ) -> Rendered:
        """Give the bytes of today's version; the last known ones if the store is away.

        Args:
            stamp: Asks the store how the selection stands.
            render: Reads and writes it anew.
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
        except StoreError:
            if known is None:
                raise
            return known

    def _known(self, key: str) -> Rendered | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: str, fresh: Rendered) -> None:
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
    request: Request, known: Rendered, *, content_type: str, now: datetime
) -> Response:
    """Answer with known bytes, or with 304 where the client has them already."""
    coding = _coding(request)
    tag = f"{known.etag}-{coding}" if coding else known.etag
    response = Response(content_type=content_type)
    response.headers["ETag"] = f'"{tag}"'
    response.headers["Last-Modified"] = http_date(_last_modified(known, now))
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = CACHE_CONTROL
    if _is_known(request, known, now):
        response.status_code = 304
        del response.headers["Content-Type"]
        return response
    response.set_data(known.packed[coding] if coding else known.body)
    if coding:
        response.headers["Content-Encoding"] = coding
    return response


def _coding(request: Request) -> str:
    """Choose among the codings asked for; never one unasked (Joomla reads none)."""
    asked = request.accept_encodings
    best = max(CODINGS, key=asked.quality)  # of equals the first, the smaller
    return best if asked.quality(best) > 0 else ""


def _is_known(request: Request, known: Rendered, now: datetime) -> bool:
    """Say whether the client has these bytes: If-None-Match wins (RFC 9110 13.2.2)."""
    if request.headers.get("If-None-Match") is not None:
        tags = request.if_none_match
        names = (known.etag, *(f"{known.etag}-{coding}" for coding in CODINGS))
        return any(tags.contains_weak(name) for name in names)
    since = request.headers.get("If-Modified-Since")
    if since is None:
        return False
    try:
        moment = parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment >= _last_modified(known, now)


def _last_modified(known: Rendered, now: datetime) -> datetime:
    """Give the second of the last change; something earlier until it has settled.

    Another change dated in that second would else be a 304 for ever for who asks by
    date alone (tt-rss); so it is one for a few seconds at the most.
    """
    second = known.changed_at.replace(microsecond=0)
    return second if now >= second + SETTLED else second - SETTLED


def http_date(moment: datetime) -> str:
    """Write a moment as HTTP does (RFC 9110 5.6.7)."""
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)
