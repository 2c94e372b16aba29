"""Read a feed document: bytes in, a Document out, or an error that says why not.

Alone may import feedparser. What a source wrote stays as it wrote it: addresses may
be relative, titles may hold markup, dates are text; ``normalize`` makes items of it.
"""

import calendar
import io
import re
from collections.abc import Iterable
from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from time import struct_time
from typing import Any
from urllib.parse import urljoin

import feedparser

from aggregator.errors import ParseError
from aggregator.errors import Reason
from aggregator.intake import jsonfeed
from aggregator.intake import strict
from aggregator.intake.decode import decoded
from aggregator.intake.mend import mended
from aggregator.intake.mend import refuse_json_storm
from aggregator.intake.strict import enclosure
from aggregator.intake.wishes import is_cut
from aggregator.intake.wishes import minutes
from aggregator.intake.wishes import skip_times
from aggregator.model import Document
from aggregator.model import Enclosure
from aggregator.model import Entry

MAX_BODY = 5_000_000  # bytes

_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_TEXT_TYPES = frozenset({"text/plain", "text/xml", "application/xml"}) | _HTML_TYPES


def parse(body: bytes, *, content_type: str = "", url: str = "") -> Document:
    """Read an RSS, Atom or JSON feed.

    Args:
        url: Where it stood; what is relative in it is relative to this.

    Raises:
        ParseError: It is empty, a web page, too large, or no feed.
    """
    if len(body) > MAX_BODY:
        raise ParseError(Reason.TOO_LARGE, f"{len(body)} bytes")
    found = strict.read(body, content_type=content_type, url=url)
    return found or parse_any(body, content_type=content_type, url=url)


def parse_any(body: bytes, *, content_type: str = "", url: str = "") -> Document:
    """Read a feed that need not be well-formed: what it gives is what a feed says.

    Raises:
        ParseError: It is empty, a web page, or no feed.
    """
    text = decoded(body, content_type)
    if not text:
        raise ParseError(Reason.EMPTY_BODY)
    if text[0] in "{[":
        refuse_json_storm(text)
        return jsonfeed.parse(text, url=url)
    return _parse_xml(text, url)


def _parse_xml(source: str, url: str) -> Document:
    text, beyond = mended(source)
    skip_hours, skip_days = skip_times(text)
    result = _run_feedparser(text)
    entries, feed = result["entries"], result["feed"]
    if not result.get("version") and not entries:
        raise ParseError(Reason.NOT_A_FEED, "no RSS or Atom element in it")
    home = _text(feed, "link")
    base = home if re.match("https?://", home) and _is_rss(result) else url
    return Document(
        # Placeholders: the digest rejects by position, and the numbers must balance.
        entries=tuple(_entry(raw, base) for raw in entries) + (Entry(),) * beyond,
        id=_text(feed, "id"),
        title=_text(feed, "title"),
        link=home,
        generator=_text(feed, "generator"),
        language=_text(feed, "language"),
        ttl_minutes=minutes(_text(feed, "ttl")),
        skip_hours=skip_hours,
        skip_days=skip_days,
        complete=not result["bozo"],
        cut=is_cut(source),
    )


def _run_feedparser(text: str) -> Any:
    try:
        return feedparser.parse(
            # Never a bare str: that may be opened as a URL or a file. No address is
            # given: feedparser would resolve guids too, and they must stay as written.
            io.BytesIO(text.encode("utf-8", "replace")),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # its parsers meet what nobody thought of
        raise ParseError(Reason.NOT_A_FEED, f"unreadable: {error!r:.200}") from error


# --- After feedparser ---------------------------------------------------------


def _is_rss(result: Any) -> bool:
    return str(result.get("version") or "rss").startswith("rss")


def _text(raw: Any, key: str) -> str:
    """Read a text: an unknown element of that name may have put anything there."""
    value = dict.get(raw, key) if isinstance(raw, dict) else None
    return value if isinstance(value, str) else ""


def _dicts(raw: Any, key: str) -> Iterable[Any]:
    values = dict.get(raw, key)
    found = values if isinstance(values, list) else []
    return [value for value in found if isinstance(value, dict)]


def _entry(raw: Any, base: str) -> Entry:
    title = dict.get(raw, "title_detail") or {}
    body = _body(raw)
    summary = dict.get(raw, "summary_detail") or {}
    inner = _text(body, "base") or _text(title, "base") or _text(summary, "base")
    return Entry(
        guid=_text(raw, "id"),
        link=_link(raw),
        title=_text(raw, "title"),
        title_is_html=_text(title, "type") in _HTML_TYPES,
        summary=_text(raw, "summary"),
        content=_text(body, "value"),
        is_html=_text(body or summary, "type") != "text/plain",
        base=_joined(base, inner),
        author=_text(dict.get(raw, "author_detail"), "name") or _text(raw, "author"),
        tags=tuple(_text(tag, "term") or _text(tag, "label") for tag in _tags(raw)),
        published=_text(raw, "published") or _text(raw, "created"),
        # Not raw.get: feedparser answers with the published date where there is none.
        updated=_text(raw, "updated"),
        published_parsed=_moment(dict.get(raw, "published_parsed")),
        updated_parsed=_moment(dict.get(raw, "updated_parsed")),
        enclosures=tuple(_enclosures(raw)),
    )


def _joined(base: str, inner: str) -> str:
    try:
        return urljoin(base, inner)
    except ValueError:  # half of an IPv6 address
        return base


def _tags(raw: Any) -> Iterable[Any]:
    return (tag for tag in _dicts(raw, "tags") if tag.get("term") or tag.get("label"))


def _body(raw: Any) -> Any:
    """Choose the content to read: HTML before text, never a picture or an archive."""
    bodies = [each for each in _dicts(raw, "content") if _text(each, "value")]
    bodies = [each for each in bodies if _text(each, "type") in _TEXT_TYPES]
    bodies.sort(key=lambda each: _text(each, "type") not in _HTML_TYPES)
    return bodies[0] if bodies else {}


def _link(raw: Any) -> str:
    """Find the page: the first alternate; a guid only where it is an address."""
    for link in _dicts(raw, "links"):
        if _text(link, "rel") == "alternate" and _text(link, "href").strip():
            return _text(link, "href")
    link = _text(raw, "link")
    is_guid = link == _text(raw, "id") and not re.match("https?:", link)
    return "" if is_guid else link


def _moment(value: object) -> datetime | None:
    if not isinstance(value, struct_time):
        return None
    try:  # feedparser's struct_time is UTC
        return datetime.fromtimestamp(calendar.timegm(value), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _enclosures(raw: Any) -> Iterator[Enclosure]:
    for link in _dicts(raw, "links"):
        if _text(link, "rel") == "enclosure" and _text(link, "href"):
            yield enclosure(
                _text(link, "href"),
                _text(link, "type"),
                _text(link, "length"),
                _text(link, "title"),
            )
