"""Read JSON Feed 1.0 and 1.1: text in, a Document out. Knows no other format."""

import json
import re
from collections.abc import Iterable
from typing import Any

from aggregator.errors import ParseError
from aggregator.errors import Reason
from aggregator.model import Document
from aggregator.model import Enclosure
from aggregator.model import Entry

# What json reads as one piece: a number or word that ends too soon is met at its start.
_PIECES = ("true", "false", "null", "-Infinity", "Infinity", "NaN")
_NUMBER_OR_ESCAPE = re.compile(r"[.eE][+-]?|u[0-9a-fA-F]{0,4}")


def parse(text: str, *, url: str = "") -> Document:
    """Read a JSON feed; what has a wrong type in it counts as absent.

    Raises:
        ParseError: It is no JSON, JSON of another kind, or ends in the middle.
    """
    try:
        feed = json.loads(text)
    except json.JSONDecodeError as error:
        reason = Reason.TRUNCATED if _at_the_end(error) else Reason.NOT_A_FEED
        raise ParseError(reason, f"not JSON: {error}") from error
    except (ValueError, RecursionError) as error:
        raise ParseError(Reason.NOT_A_FEED, f"not JSON: {error}") from error
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        raise ParseError(Reason.NOT_A_FEED, "JSON without a list of items")
    if not isinstance(feed.get("version"), str):
        raise ParseError(Reason.NOT_A_FEED, "JSON without the version of a feed")
    return Document(
        entries=tuple(_entry(_dict(item), url) for item in feed["items"]),
        id=_text(feed, "feed_url"),
        title=_text(feed, "title"),
        link=_text(feed, "home_page_url"),
        language=_text(feed, "language"),
    )


def _at_the_end(error: json.JSONDecodeError) -> bool:
    """Say whether nothing was wrong but that no more came."""
    if error.msg.startswith("Unterminated string"):
        return True
    rest = error.doc[error.pos :].strip()
    piece = any(word.startswith(rest) for word in _PIECES)
    return piece or _NUMBER_OR_ESCAPE.fullmatch(rest) is not None


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(raw: dict[str, Any], key: str) -> str:
    value = raw.get(key)
    if isinstance(value, int | float) and key == "id":  # some write numbers as ids
        return str(value)
    return value if isinstance(value, str) else ""


def _list(raw: dict[str, Any], key: str) -> Iterable[Any]:
    value = raw.get(key)
    return value if isinstance(value, list) else []


def _entry(item: dict[str, Any], url: str) -> Entry:
    html, plain = _text(item, "content_html"), _text(item, "content_text")
    return Entry(
        guid=_text(item, "id"),
        link=_text(item, "url") or _text(item, "external_url"),
        title=_text(item, "title"),
        summary=_text(item, "summary"),
        content=html or plain,
        is_html=bool(html),  # HTML stands nowhere else in this format
        base=url,
        author=_author(item),
        tags=tuple(tag for tag in _list(item, "tags") if isinstance(tag, str)),
        published=_text(item, "date_published"),
        updated=_text(item, "date_modified"),
        enclosures=tuple(_attachment(_dict(a)) for a in _list(item, "attachments")),
    )


def _author(item: dict[str, Any]) -> str:
    """Name the authors: 1.1 has a list of them, 1.0 a single one."""
    authors = [_dict(author) for author in _list(item, "authors")]
    names = [_text(each, "name") for each in authors or [_dict(item.get("author"))]]
    return ", ".join(name for name in names if name)


def _attachment(raw: dict[str, Any]) -> Enclosure:
    size = raw.get("size_in_bytes")
    return Enclosure(
        url=_text(raw, "url"),
        type=_text(raw, "mime_type"),
        length=size if isinstance(size, int) and 0 <= size < 10**15 else 0,
        title=_text(raw, "title"),
    )
