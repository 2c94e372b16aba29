"""The last look at bytes before they leave: a parser that mends nothing reads them.

NukeViet, Drupal and Moodle read a feed to the letter: one bad character of one notice,
and all the others are lost to thousands of pages. So each document is read again before
it takes the place of the last good one. Is it not good, each notice is tried by itself,
and the others are published without those that spoil it.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from lxml import etree

from aggregator.model import Notice

Make = Callable[[Sequence[Notice]], bytes]
Prove = Callable[[bytes], None]
_ATOM = "{http://www.w3.org/2005/Atom}"
_OF_RSS = ("title", "link", "description", "pubDate", "guid")
_OF_ATOM = tuple(f"{_ATOM}{name}" for name in ("title", "id", "updated", "content"))
_OF_JSON = ("id", "url", "title", "date_published")


@dataclass(frozen=True, slots=True, kw_only=True)
class Poisoned:
    """A notice that spoils a document, and how."""

    notice: Notice
    why: str


def proven(
    make: Make, prove: Prove, notices: Sequence[Notice]
) -> tuple[bytes, list[Poisoned]]:
    """Make a document that can be read, without the notices that would spoil it.

    Args:
        make: Writes notices as a document.
        prove: Raises ValueError for bytes that cannot be read.

    Raises:
        Exception: What making or proving raised, where leaving out single notices does
            not help, or would leave none of them.
    """
    try:
        return _made(make, prove, notices), []
    except Exception as error:
        poisoned = [*_poisoned(make, prove, notices)]
        if not poisoned or len(poisoned) == len(notices):
            raise error
    bad = {each.notice.id for each in poisoned}
    return _made(make, prove, [n for n in notices if n.id not in bad]), poisoned


def _made(make: Make, prove: Prove, notices: Sequence[Notice]) -> bytes:
    body = make(notices)
    prove(body)
    return body


def _poisoned(
    make: Make, prove: Prove, notices: Sequence[Notice]
) -> Iterable[Poisoned]:
    for notice in notices:
        try:
            _made(make, prove, [notice])
        except Exception as error:
            yield Poisoned(notice=notice, why=f"{type(error).__name__}: {error}")


# --- What can be read ---------------------------------------------------------


def prove_rss(body: bytes) -> None:
    """Read RSS as NukeViet does.

    Raises:
        ValueError: It is not well-formed, or an item lacks what readers must have.
    """
    channel = _xml(body, "rss").find("channel")
    if channel is None:
        raise ValueError("no channel")
    for item in channel.iterfind("item"):
        _has(item, _OF_RSS)


def prove_atom(body: bytes) -> None:
    """Read Atom.

    Raises:
        ValueError: It is not well-formed, or an entry lacks what it must have.
    """
    feed = _xml(body, f"{_ATOM}feed")
    for entry in feed.iterfind(f"{_ATOM}entry"):
        _has(entry, _OF_ATOM)
        link = entry.find(f"{_ATOM}link")
        if link is None or not link.get("href"):
            raise ValueError("an entry without a link")


def _xml(body: bytes, root: str) -> Any:
    parser = etree.XMLParser(recover=False, resolve_entities=False, no_network=True)
    try:
        found = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"not well-formed: {error}") from error
    if found.tag != root:
        raise ValueError(f"the root is {found.tag}")
    return found


def _has(item: Any, names: Sequence[str]) -> None:
    for name in names:
        if not (item.findtext(name) or "").strip():
            raise ValueError(f"an item without {name.removeprefix(_ATOM)}")


def prove_json(body: bytes) -> None:
    """Read JSON Feed.

    Raises:
        ValueError: It is not JSON, or an item lacks what it must have.
    """
    for item in orjson.loads(body)["items"]:
        if not all(item.get(name) for name in _OF_JSON):
            raise ValueError("an item without id, url, title or date")


def prove_data(body: bytes) -> None:
    """Read the widget's data.

    Raises:
        ValueError: It is not JSON.
    """
    orjson.loads(body)
