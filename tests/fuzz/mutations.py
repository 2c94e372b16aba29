"""Documents to begin with, and the harm that is done to them. Pure but for reading."""

import re
from collections.abc import Callable
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from hypothesis import strategies as st

from tests.intake.reading import CORPUS

FEEDS = Path(__file__).parents[1] / "data" / "feeds"
LARGEST_SEED = 40_000  # bytes; more take long to read and show nothing else
LARGEST = 400_000  # of what is made of them
_TAG = re.compile(rb"<[^<>]{0,200}>")
_FRAGMENTS = (
    *(b"<", b">", b"&", b'"', b"'", b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\x1b$B"),
    *(b"]]>", b"<![CDATA[", b"<!--", b"-->", b"<?xml version='1.0'?>", b"<?php", b"?>"),
    *(b"<!DOCTYPE r [<!ENTITY a 'x'><!ENTITY b '&a;&a;&a;'>]>", b"&b;", b"&amp;lt;"),
    *(b'<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]>', b"&f;", b"&nosuch;"),
    *(b"&#0;", b"&#xD800;", b"&#x110000;", b"&#99999999999;", b"&#x202e;", b"&#13;"),
    *(b"<item>", b"</item>", b"<entry>", b"</channel>", b"</rss>", b"<feed>", b"<rss>"),
    *(b"<title>", b"<link/>", b"<guid>", b"<pubDate>99 Feb 0000 99:99:99 +9999"),
    *(b"<pubDate>Sat, 01 Jan 0001 00:00:00 +1400</pubDate>", b"<published>9999-12-31"),
    *(b"<updated>0001-01-01T00:00:00+23:59</updated>", b"<id>", b"<ttl>1e9</ttl>"),
    *(b"<script>alert(1)</script>", b"&lt;script&gt;alert(1)&lt;/script&gt;", b"<svg>"),
    *(b"&lt;img src=x onerror=alert(1)&gt;", b"<math><mtext>", b"<style><!--", b"<a "),
    *(b" xml:base='//[::1'", b" href='http://[bad'", b" xmlns:a='b'", b" type='xhtml'"),
    *(
        b"<content:encoded>",
        b"<enclosure url='http://a/b.pdf' length='-1'/>",
        b"{",
        b"[",
    ),
    *(b"encoding='utf-16'", b"encoding='utf-7'", b"+ADw-script+AD4-", "ấ".encode()),
    *("Số: 99999999999999999999/TB-SGDĐT ngày 31/02/0000 ".encode(), "İſK".encode()),
)
Mutation = tuple[str, float, float, int]


@cache
def seeds() -> tuple[Path, ...]:
    """List documents to begin with: ours, and those of others where they are."""
    theirs = (CORPUS / "feeds").rglob("*") if CORPUS.exists() else ()
    found = [path for path in (*FEEDS.iterdir(), *theirs) if path.is_file()]
    small = [path for path in found if 0 < path.stat().st_size <= LARGEST_SEED]
    return tuple(sorted(small))


def _cut(body: bytes, start: int, end: int, pick: int) -> bytes:
    few = start + (end - start) // (1, 4, 20, 100)[pick % 4]
    return body[:start] + body[few:]


def _keep(body: bytes, start: int, _end: int, _pick: int) -> bytes:
    return body[:start]


def _repeat(body: bytes, start: int, end: int, pick: int) -> bytes:
    return body[:start] + body[start:end] * (pick % 40 + 1) + body[end:]


def _insert(body: bytes, start: int, _end: int, pick: int) -> bytes:
    return body[:start] + _FRAGMENTS[pick % len(_FRAGMENTS)] + body[start:]


def _replace(body: bytes, start: int, _end: int, pick: int) -> bytes:
    return body[:start] + bytes([pick % 256]) + body[start + 1 :]


def _swap_tags(body: bytes, start: int, end: int, _pick: int) -> bytes:
    one, other = _TAG.search(body, start), _TAG.search(body, end)
    if one is None or other is None or one.end() > other.start():
        return body
    middle = body[one.end() : other.start()]
    return body[: one.start()] + other[0] + middle + one[0] + body[other.end() :]


def _nest(body: bytes, start: int, end: int, pick: int) -> bytes:
    tag = _TAG.search(body, start)
    opening = tag[0] if tag else b"<div>"
    name = re.split(rb"[\s/>]", opening[1:])[0]
    depth = (1, 3, 50, 700)[pick % 4]
    closing = (b"</" + name + b">") * (depth if pick % 3 else 0)
    return body[:start] + opening * depth + body[start:end] + closing + body[end:]


def _entities(body: bytes, start: int, end: int, pick: int) -> bytes:
    """Escape a stretch once more, or undo it."""
    part = body[start:end]
    if pick % 2:
        part = part.replace(b"&", b"&amp;").replace(b"<", b"&lt;")
    else:
        part = part.replace(b"&lt;", b"<").replace(b"&amp;", b"&")
    return body[:start] + part + body[end:]


def _recode(body: bytes, _start: int, _end: int, pick: int) -> bytes:
    name = ("utf-16", "utf-16-le", "cp1258", "utf-8-sig", "utf-7", "utf-32")[pick % 6]
    return body.decode("utf-8", "replace").encode(name, "replace")


_HARM: dict[str, Callable[[bytes, int, int, int], bytes]] = {
    "cut": _cut,
    "keep": _keep,
    "repeat": _repeat,
    "insert": _insert,
    "replace": _replace,
    "swap": _swap_tags,
    "nest": _nest,
    "entities": _entities,
    "recode": _recode,
}


def harmed(body: bytes, mutations: Sequence[Mutation]) -> bytes:
    """Do harm to a document, one thing after the other."""
    for name, one, other, pick in mutations:
        start, end = sorted(int(len(body) * each) for each in (one, other))
        body = _HARM[name](body, start, end, pick)[:LARGEST]
    return body


# --- Strategies ---------------------------------------------------------------

# What leaves most of a document readable comes more often.
_OFTEN = ("insert", "repeat", "swap", "nest", "entities", "replace") * 3
_places = st.floats(0, 1, allow_nan=False)
_mutations = st.lists(
    st.tuples(
        st.sampled_from((*_OFTEN, *sorted(_HARM))),
        *(_places, _places, st.integers(0, 9999)),
    ),
    min_size=1,
    max_size=5,
)
_words = st.one_of(
    st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from(_FRAGMENTS),
    st.binary(max_size=20),
)
_TAGS = (
    "title link guid description pubDate author category content:encoded summary id "
    "updated published content enclosure comments dc:creator source entry item"
).split()
_elements = st.tuples(st.sampled_from(_TAGS), st.lists(_words, max_size=4)).map(
    lambda each: b"<%b>%b</%b>"
    % (each[0].encode(), b"".join(each[1]), each[0].encode())
)
_ROOTS = (
    (b"<rss version='2.0'><channel>", b"item", b"</channel></rss>"),
    (b"<feed xmlns='http://www.w3.org/2005/Atom'>", b"entry", b"</feed>"),
    (b"<channel>", b"item", b""),
)


def _document(
    root: tuple[bytes, bytes, bytes], entries: Sequence[list[bytes]]
) -> bytes:
    head, name, tail = root
    made = (b"<%b>%b</%b>" % (name, b"".join(entry), name) for entry in entries)
    return head + b"".join(made) + tail


_documents = st.builds(
    _document,
    st.sampled_from(_ROOTS),
    st.lists(st.lists(_elements, min_size=1, max_size=8), min_size=1, max_size=5),
)


def bodies() -> st.SearchStrategy[bytes]:
    """Make documents: harmed ones of others, and some from nothing."""
    begun = st.sampled_from(seeds()).map(Path.read_bytes)
    return st.builds(harmed, st.one_of(begun, begun, _documents), _mutations)
