"""Make an item of an entry: plain title, absolute links, clean HTML, aware date.

Pure; knows nothing of feed formats, of the store, or of other entries. What it cannot
use it says so of; it never guesses a date, and leaves the meaning to ``meaning``.
"""

import hashlib
import json
import mimetypes
import re
from collections.abc import Iterable
from collections.abc import Iterator
from datetime import datetime
from html import escape
from operator import attrgetter
from typing import Any
from urllib.parse import unquote
from urllib.parse import urlsplit

from aggregator.intake import sanitize
from aggregator.intake.names import key_of
from aggregator.intake.sanitize import text_of
from aggregator.intake.titles import plain_name
from aggregator.intake.titles import plain_title
from aggregator.intake.titles import repaired_html
from aggregator.intake.titles import repaired_text
from aggregator.meaning.dates import parse_date
from aggregator.meaning.text import is_plain
from aggregator.model import Enclosure
from aggregator.model import Entry
from aggregator.model import Item
from aggregator.model import Rejection

MAX_RAW = 65_536  # characters of one raw field that are kept
MAX_ENCLOSURES = 50
MAX_TAGS = 50

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_SCHEME = re.compile(r"^https?://", re.IGNORECASE)


def normalize(
    entry: Entry, *, position: int, feed_url: str, timezone: str, now: datetime
) -> Item | Rejection:
    """Turn an entry into an item, or say why it cannot be one.

    Args:
        position: Where it stands in its document, from 0.
        timezone: What a date without an offset is in.
        now: When it is read; dates beyond it are settled where they are stored.
    """
    base = sanitize.absolute(entry.base, feed_url) or feed_url
    title = plain_title(entry.title)
    html = _html(entry, base)
    text = text_of(html)
    link = _link(entry, base)
    keys = _keys(entry.guid, link) or made_key(title, text)
    if not keys:
        return Rejection(position=position, reason="empty")
    enclosures = _enclosures(entry.enclosures, html, base)
    return Item(
        keys=keys,
        guid=storable(entry.guid.strip()),
        title=title,
        link=link,
        html=html,
        text=text,
        given=_given(entry, timezone),
        enclosures=enclosures,
        author=plain_name(entry.author),
        tags=_tags(entry.tags),
        fingerprint=_fingerprint(
            title=title, link=link, html=html, enclosures=enclosures
        ),
        raw=_raw(entry),
    )


# --- Names --------------------------------------------------------------------


def _keys(guid: str, link: str) -> tuple[str, ...]:
    keys = (key_of(guid), key_of(link))
    return tuple(dict.fromkeys(key for key in keys if key))


def made_key(title: str, text: str) -> tuple[str, ...]:
    """Make a key for what has neither guid nor a link of its own; () of nothing."""
    if not title and not text:
        return ()
    return (f"sha256:{_sha256(title, text)}",)


def _sha256(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


# --- Links --------------------------------------------------------------------

_BARE_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}(?=[/:]|$)", re.IGNORECASE)


def _link(entry: Entry, base: str) -> str:
    """Find the item's page; a guid that is an address serves where there is no link."""
    link = sanitize.absolute(_with_host(entry.link.strip(), base), base)
    guid = entry.guid.strip()
    if not link and _SCHEME.match(guid):
        link = sanitize.absolute(guid)
    return link


def _with_host(link: str, base: str) -> str:
    """Repair ``host/path``: only where the host is plainly one, else it is a path."""
    found = _BARE_HOST.match(link)
    if found is None:
        return link
    host = found[0].lower()
    own = (urlsplit(base).hostname or "").removeprefix("www.")
    plain = host.startswith("www.") or host.removeprefix("www.") == own
    return f"http://{link}" if plain or host.endswith(".vn") else link


# --- Bodies -------------------------------------------------------------------


def _html(entry: Entry, base: str) -> str:
    body = entry.content or entry.summary
    if entry.is_html:
        return sanitize.clean(repaired_html(body), base=base).strip()
    text = repaired_text(body[: sanitize.MAX_HTML].strip())
    lines = escape(text, quote=False).splitlines()
    return sanitize.clean("<br>".join(lines), base=base).strip()


def _tags(tags: Iterable[str]) -> tuple[str, ...]:
    names = (plain_name(tag) for tag in list(tags)[: MAX_TAGS * 2])
    return tuple(dict.fromkeys(name for name in names if name))[:MAX_TAGS]


# --- Files --------------------------------------------------------------------

_FILES = {
    "pdf": "application/pdf",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "rtf": "application/rtf",
    "zip": "application/zip",
    "rar": "application/vnd.rar",
    "7z": "application/x-7z-compressed",
}
_TYPES = mimetypes.MimeTypes(filenames=())  # the same on every machine
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}")
_ANCHOR = re.compile(r'<a href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)


def _enclosures(
    given: Iterable[Enclosure], html: str, base: str
) -> tuple[Enclosure, ...]:
    """List the files: those the feed names, then those its text links to."""
    files: dict[str, Enclosure] = {}
    for enclosure in (*_named(given, base), *_linked(html)):
        files.setdefault(key_of(enclosure.url), enclosure)
    return tuple(files.values())[:MAX_ENCLOSURES]


def _named(given: Iterable[Enclosure], base: str) -> Iterator[Enclosure]:
    for enclosure in given:
        url = sanitize.absolute(enclosure.url, base)
        media_type = enclosure.type.strip().lower()
        sound = _MEDIA_TYPE.fullmatch(media_type)
        if url:
            yield Enclosure(
                url=url,
                type=media_type if sound else _type_of(url),
                length=max(enclosure.length, 0),
                title=plain_name(enclosure.title),
            )


def _linked(html: str) -> Iterator[Enclosure]:
    for href, words in _ANCHOR.findall(html):
        url = href.replace("&amp;", "&")
        known = _FILES.get(_extension(url))
        if known:
            title = plain_name(text_of(words))
            yield Enclosure(url=url, type=known, title=title)


def _extension(url: str) -> str:
    """Give the extension of the file that an absolute address names."""
    return _path(url).rpartition(".")[2].lower()


def _path(url: str) -> str:
    if "?" in url or "#" in url:
        return urlsplit(url).path
    start = url.find("/", len("https://"))
    return url[start:] if start >= 0 else ""


def _type_of(url: str) -> str:
    known = _FILES.get(_extension(url))
    return known or _TYPES.guess_type(unquote(_path(url)))[0] or ""


# --- Dates, fingerprint, raw --------------------------------------------------


def _given(entry: Entry, timezone: str) -> datetime | None:
    """Decide the date: our reading of what was written, before the library's."""
    for text in (entry.published, entry.updated):
        found = parse_date(text, timezone=timezone) if text.strip() else None
        if found:
            return found
    return entry.published_parsed or entry.updated_parsed


# What a page counts is no edit: "Lượt xem: 1.024", "1024 lượt đọc".
_COUNTERS = re.compile(
    r"(?:lượt|số lần) (?:xem|đọc|truy cập|tải)(?:\s|:|&nbsp;|</?\w+>){1,8}[\d.,]+"
    r"|\d[\d.,]*(?:\s|&nbsp;|</?\w+>){1,8}(?:lượt|lần) (?:xem|đọc|truy cập|tải)",
    re.IGNORECASE,
)


# Looked for in a tenth of the time; without it there is none of the above.
_COUNTED = re.compile("[ợỢầẦ][tTnN] [xXđĐtT]")


def _fingerprint(
    *, title: str, link: str, html: str, enclosures: Iterable[Enclosure]
) -> str:
    """Hash what a reader sees. Portals write http or https as they were asked."""
    files = [f"{each.url} {each.title}" for each in enclosures]
    seen = _COUNTERS.sub("", html) if _COUNTED.search(html) else html
    parts = (title, link, seen, *files)
    return _sha256(*(part.replace("http://", "https://") for part in parts))


def storable(text: str) -> str:
    """Leave out what no database holds: half characters and NUL (PostgreSQL)."""
    text = text[:MAX_RAW]
    return text if is_plain(text) else _UNSTORABLE.sub("", text)


_TEXTS = "guid link title summary content base author published updated".split()
_texts_of = attrgetter(*_TEXTS)


def _raw(entry: Entry) -> dict[str, Any]:
    """Keep the entry as it came, for JSON, each text within bounds."""
    texts = zip(_TEXTS, map(storable, _texts_of(entry)), strict=True)
    return {
        **{name: text for name, text in texts if text},
        "is_html": entry.is_html,
        "title_is_html": entry.title_is_html,
        "tags": [storable(tag) for tag in entry.tags[:MAX_TAGS]],
        "enclosures": [
            {
                "url": storable(each.url),
                "type": storable(each.type),
                "length": each.length,
                "title": storable(each.title),
            }
            for each in entry.enclosures[:MAX_ENCLOSURES]
        ],
    }
