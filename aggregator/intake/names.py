"""Names of items: what an article may be known by from one document to the next. Pure.

An entry's name is its guid, else its link. What has a new guid is known again by a
second name: its link, its title and path, the number of the official document, the
portal's own number of the article. Every name is scheme-blind.
"""

import hashlib
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from aggregator.intake.characters import folded
from aggregator.meaning.text import fold
from aggregator.model import Item

MAX_KEY = 500  # characters; a longer guid is known by its hash
_SCHEME = re.compile(r"^https?://", re.IGNORECASE)
_ARTICLE_NUMBER = re.compile(r"(?:[-_/=](?=\d\d)|(?<==))(\d+)(?:\.\w{1,5})?/?$")
_YEAR = re.compile(r"(?:19|20)\d\d")  # many slugs end in one: -nam-hoc-2026.html
_LEAST_NUMBER = 3  # digits, for an article's number to be a name


# hcm.edu.vn: /…/ct/<category>/<article>, the same at /ctfull/ and /ctmb/; before, in
# the name of an .aspx page. Title and category change, the article's number does not.
_HCM_ARTICLE = re.compile(
    r"([^/?#]+)/(?:[^?#]*/)?(?:ct(?:full|mb)?/\d+/(\d+)/?"
    r"|[^/?#]*-(?:vb)?ct?\d+-(\d+)\.aspx)"
)


def key_of(name: str) -> str:
    """Write a guid or link as a key: trimmed, without its http(s) scheme, NFC.

    An article of the hcm.edu.vn platform is known by host and number, under whichever
    of its three addresses it stands (feed_shapes.md 7).
    """
    text = folded(name)
    key = _SCHEME.sub("", text, count=1)
    page, _, query = key.partition("?")
    if key == text or not ("/ct" in page or page.endswith(".aspx")):
        return key
    ours = not query or page.split("/", 1)[0].lower().endswith("hcm.edu.vn")
    article = _HCM_ARTICLE.fullmatch(page) if ours else None
    if article is None:
        return key
    return f"{article[1].lower()}/ct/{article[2] or article[3]}"


def stored_key(key: str) -> str:
    """Shorten a name so that a database can index it."""
    return key if len(key) <= MAX_KEY else f"sha256:{_sha256(key)}"


def first_name(item: Item) -> str:
    """Give an item's surest name."""
    return stored_key(item.keys[0])


def names_of(items: Iterable[Item]) -> set[str]:
    """List every name under which a document's items may be known."""
    return {name for item in items for name in (*names(item), last_name(item))}


def names(item: Item) -> list[str]:
    """List an item's names, the surest first."""
    named = [stored_key(key) for key in item.keys]
    path = path_of(item.link)
    if item.title and path:
        named.append(f"title:{_sha256(fold(item.title), path)}")
    number = number_of(item)
    if number:
        named.append(f"document:{number}")
    article = article_number(item.link)
    if len(article) >= _LEAST_NUMBER:
        named.append(f"article:{host_of(item.link)}/{article}")
    named.append(f"sha256:{_sha256(item.title, address_of(item.link))}")
    return list(dict.fromkeys(named))


def last_name(item: Item) -> str:
    """Give the name of what has no other that is its own."""
    parts = (item.title, address_of(item.link), str(item.given))
    return f"sha256:{_sha256(*parts)}"


def has_own_link(item: Item) -> bool:
    """Say whether an item's link is a name of it, and not of other entries too."""
    return key_of(item.link) in item.keys


def number_of(item: Item) -> str:
    """Give the number of the official document that an item is, folded.

    A report of a document is not that document, whichever number it names.
    """
    document = item.meaning.document
    return fold(document.number) if document and document.own else ""


def _sha256(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


# --- Links --------------------------------------------------------------------


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


def last_segment(link: str) -> str:
    """Give the article's own part of a path, if it is long enough to be telling."""
    segment = address_of(link).rsplit("/", 1)[-1]
    return segment if len(segment) >= 8 and not segment.startswith("index.") else ""


def last_part(link: str) -> str:
    """Give the end of a link's path, without an ending: the slug of an article."""
    segment = urlsplit(link).path.rstrip("/").rsplit("/", 1)[-1]
    return segment.rsplit(".", 1)[0]


def article_number(link: str) -> str:
    """Give the number that a portal ends an article's address with; "" for none."""
    found = _ARTICLE_NUMBER.search(address_of(link))
    return found[1] if found and not _YEAR.fullmatch(found[1]) else ""


def ends_in_number(address: str) -> bool:
    """Say whether an address, as `address_of` gives it, is that of one article."""
    found = _ARTICLE_NUMBER.search(address)
    return found is not None and not _YEAR.fullmatch(found[1])
