"""Prepare a feed's text for reading: refuse storms, mend small faults, cut excess.

Pure: text in, text out. Linear in its length, whatever the text. Mended, most
ill-formed feeds are well-formed, and the strict reader takes them whole.
"""

import re
from collections.abc import Iterator
from html import escape
from html.entities import html5
from xml.parsers import expat

from aggregator.errors import ParseError
from aggregator.errors import Reason
from aggregator.intake.decode import ILLEGAL

MAX_ITEMS = 1_000  # read of one document; those beyond are counted, not read
MOST_ITEMS = 50_000  # in 5 MB these have 100 bytes each: more is no feed
MAX_BRACKETS = 200_000  # in all, with those of HTML: one in 25 bytes of 5 MB
MAX_TAGS = 75_000  # of the items read; feedparser takes up to 25 µs for each
MAX_NAMESPACES = 20_000  # declared; 24 µs each
MAX_LINKS = 20_000  # enclosures too; 32 µs each
MAX_REFERENCES = 600_000  # of which each may grow; one in 8 bytes of 5 MB
MAX_EXPANSION = 5_000_000  # characters, of own entities wherever they are used
MAX_CATEGORIES = 2_000  # in a row; feedparser compares each with each
MAX_ATTRIBUTES = 10_000  # of one tag
MAX_ALL_ATTRIBUTES = 250_000  # 2 µs each

_PROLOG = re.compile(
    r"(?>\s+|<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^<>\[]*(?:\[.*?\]\s*)?>)*+", re.S | re.I
)
_ROOT = re.compile(r"<(?:[\w.-]+:)?(rss|feed|rdf|channel|entry|opml|html|body)\b", re.I)
_HTML = re.compile(r"<(?:!doctype\s+html|script|meta|title|head|p|div|h1)\b", re.I)
_ITEM = re.compile(r"<(/?)(?:[\w.-]+:)?(?:item|entry)(?=[\s/>])", re.I)
_LONG_TAG = re.compile(r"<[A-Za-z][^<>]{10000,}")
_CATEGORY = re.compile(
    r"<(?:(item|entry)|(?:[\w.-]+:)?(?:category|subject|keywords))\b", re.I
)
_LONG_NAME = re.compile(
    r"(<(?:[\w.-]+:)?(?:author|creator|publisher|webmaster|managingeditor|name|email)"
    r"\b[^<>]*>(?:<!\[CDATA\[)?[^<\]]{500})[^<\]]+",
    re.I,
)
_LINK = re.compile(r"<(?:[\w.-]+:)?(?:link|enclosure)\b", re.I)
_ENTITY_VALUE = re.compile(r"<!ENTITY[^<>'\"]*+(?:'([^']*+)|\"([^\"]*+))")
_TAGS = re.compile(r"<(/?(?:[\w.-]+:)?)tags(?=[\s/>])", re.I)
_AMPERSAND = re.compile(r"&(?!#\d{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z][\w.-]{0,31};)")
# So many at a time, for memory's sake, but never between the halves of a pair.
_NUMBERED = re.compile(
    r"(?:&#(?:\d{1,7}|[xX][0-9a-fA-F]{1,6});){1,1000}"
    r"(?:&#(?:0{0,2}5[67]\d{3}|[xX]0{0,2}[dD][c-fC-F][0-9a-fA-F]{2});)?"
)
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})
# Names that feedparser does not know, and the like-built ones that it knows.
_NAMESPACES = {"http://purl.org/net/rss1.1#": "http://purl.org/rss/1.0/"}
# What may come of mending, in a document's bytes made small: rather too much of it.
_FOLDED = "\u0130\u0131\u017f\u212a"  # to these patterns, an i, an s and a k
_MANY = (
    ((b"item", b"entry"), MAX_ITEMS),
    ((b"category", b"subject", b"keywords"), MAX_CATEGORIES),
    ((b"link", b"enclosure"), MAX_LINKS),
)
_MAYBE_LONG_TAG = re.compile(rb"<[a-z][^<>]{10000}")
_PREFIX = rb"<(?:[^\s<>/:]*:)?"
_MAYBE_LONG_NAME = re.compile(
    _PREFIX + rb"(?:author|creator|publisher|webmaster|managingeditor|name|email)"
    rb"[^<>]*>(?:<!\[cdata\[)?[^<\]]{500}"
)
_MAYBE_TAGS = re.compile(rb"</?(?:[^\s<>/:]*:)?tags[\s/>]")
# Tab, both ends of line, what Windows-1252 has otherwise, and numbers of many digits.
_ODD_REFERENCE = re.compile(
    rb"&#(?:0*(?:9|10|13|12[89]|1[345]\d);|\d{8}"
    rb"|x0*(?:[9ad]|[89][\da-f]);|x[\da-f]{7})"
)


def mended(text: str) -> tuple[str, int]:
    """Return the text to read, and how many items beyond the limit were cut from it.

    Raises:
        ParseError: It is a web page, no feed, or built to exhaust its reader.
    """
    text = _from_root(text)
    _refuse_growth(text)
    text, beyond = _first_items(_unnested(_well_formed(text)))
    _refuse_storms(text)
    return text, beyond


def refuse_json_storm(text: str) -> None:
    """Refuse a JSON document of more parts than any feed has.

    Raises:
        ParseError: It is built to exhaust its reader.
    """
    if text.count("{") + text.count("[") > MAX_TAGS:
        raise _storm("too many objects")


def is_sound(text: str, small: bytes) -> bool:
    """Say whether a well-formed document with a root is read the same unmended.

    Rather no than wrongly yes; it takes a tenth of the time of mending.

    Args:
        small: The text in UTF-8, in small letters as far as they are ASCII's.
    """
    if any(char in text for char in _FOLDED):
        return False
    if "<!ENTITY" in text or any(name in text for name in _NAMESPACES):
        return False
    if text.rfind("<!--") > text.rfind("-->"):
        return False
    if _MAYBE_LONG_NAME.search(small) or _ODD_REFERENCE.search(small):
        return False
    if b"tags" in small and _MAYBE_TAGS.search(small):
        return False
    return _is_within_limits(small)


def _is_within_limits(small: bytes) -> bool:
    """Say whether no number is over its limit, not even with what is only text."""
    brackets, size = small.count(b"<"), len(small)
    if brackets > MAX_TAGS or not _are_attributes_few(small):
        return False
    if size > MAX_REFERENCES and small.count(b"&") > MAX_REFERENCES:
        return False
    if size > 5 * MAX_NAMESPACES and small.count(b"xmlns") > MAX_NAMESPACES:
        return False
    if brackets <= MAX_ITEMS:
        return True
    openings = brackets - small.count(b"</")
    return all(
        openings <= most or _are_few(small, *names, most=most) for names, most in _MANY
    )


def _are_attributes_few(small: bytes) -> bool:
    number = small.count(b"=")
    if number <= MAX_ATTRIBUTES:
        return True
    return number <= MAX_ALL_ATTRIBUTES and not _MAYBE_LONG_TAG.search(small)


def _are_few(small: bytes, *names: bytes, most: int) -> bool:
    number = sum(small.count(name) for name in names)
    if number > most:
        number -= sum(small.count(b"</" + name) for name in names)
    return number <= most


def _from_root(text: str) -> str:
    """Refuse what is no feed, drop what a server wrote before one (PHP's warnings)."""
    prolog = _PROLOG.match(text)
    root = _ROOT.search(text, prolog.end() if prolog else 0)
    name = root[1].lower() if root else ""
    if name in {"html", "body"} or (not root and _HTML.match(text)):
        raise ParseError(Reason.HTML_PAGE)
    if root is None or name == "opml":
        raise ParseError(Reason.NOT_A_FEED, "no RSS or Atom element in it")
    declaration = text.find("<?xml", 0, root.start())
    return text[max(declaration, 0) :]


def _storm(detail: str) -> ParseError:
    return ParseError(Reason.NOT_A_FEED, detail)


def _refuse_growth(text: str) -> None:
    """Refuse what would grow while it is mended or read."""
    if text.count("<") > MAX_BRACKETS:
        raise _storm("too many tags")
    references = text.count("&")
    if references > MAX_REFERENCES:
        raise _storm("too many references")
    values = (found[1] or found[2] or "" for found in _ENTITY_VALUE.finditer(text))
    if max(map(len, values), default=0) * references > MAX_EXPANSION:
        raise _storm("entities that grow too long")
    if sum(1 for _ in _ITEM.finditer(text)) > 2 * MOST_ITEMS:
        raise _storm("too many items")


def _refuse_storms(text: str) -> None:
    """Refuse what costs feedparser seconds, or more than linear time."""
    for tag in _LONG_TAG.findall(text):
        if _attributes(tag) > MAX_ATTRIBUTES:
            raise _storm("too many attributes in one tag")
    run = 0
    for found in _CATEGORY.finditer(text):
        run = 0 if found[1] else run + 1
        if run > MAX_CATEGORIES:
            raise _storm("too many categories in one entry")
    # What stands in CDATA is text to feedparser, whatever it is to us.
    markup = "".join(_outside_cdata(text))
    for what, number, most in (
        ("tags", markup.count("<"), MAX_TAGS),
        ("attributes", _attributes(markup), MAX_ALL_ATTRIBUTES),
        ("namespaces", markup.count("xmlns"), MAX_NAMESPACES),
        ("links", sum(1 for _ in _LINK.finditer(markup)), MAX_LINKS),
    ):
        if number > most:
            raise _storm(f"too many {what}")


def _attributes(markup: str) -> int:
    return markup.count("='") + markup.count('="')


def _outside_cdata(text: str) -> Iterator[str]:
    position = 0
    while position < len(text):
        start = text.find("<![CDATA[", position)
        yield text[position : start if start >= 0 else len(text)]
        end = text.find("]]>", start) if start >= 0 else -1
        position = len(text) if end < 0 else end + 3


def _well_formed(text: str) -> str:
    """Make well-formed what lacks little: bare ampersands, HTML's names, open comments.

    Feeds often have these faults; mended, the strict reader takes them whole.
    """
    for strange, known in _NAMESPACES.items():
        text = text.replace(strange, known)
    # Each comment without an end is searched to the end of the document.
    head, mark, tail = text.rpartition("-->")
    text = head + mark + tail.replace("<!--", "&lt;!--")
    # Quadratic in feedparser: its search for mail addresses, and a <tags> of its own.
    text = _TAGS.sub(r"<\1x-tags", _LONG_NAME.sub(r"\1", text))
    if "<!ENTITY" in text:
        return text
    return "".join(with_references(text))


def with_references(text: str) -> Iterator[str]:
    """Yield the text's parts with its references written out or mended."""
    position = 0
    while position < len(text):
        start = text.find("<![CDATA[", position)
        start = len(text) if start < 0 else start
        part = _NAMED.sub(_character, text[position:start])
        yield _AMPERSAND.sub("&amp;", _NUMBERED.sub(_numbered, part))
        end = text.find("]]>", start)
        position = len(text) if end < 0 else end + 3
        yield text[start:position]


def _character(found: re.Match[str]) -> str:
    name = found[1]
    value = html5.get(f"{name};", "")
    return value if value and name not in _XML_NAMES else found[0]


def _numbered(found: re.Match[str]) -> str:
    """Write numbered characters out; join UTF-16's halves, drop what XML forbids.

    Old systems write an emoji as two references; one such takes the whole feed along.
    """
    numbers = found[0].replace("&#", "").lower().rstrip(";").split(";")
    codes = [int(n[1:], 16) if n[0] == "x" else int(n) for n in numbers]
    units = "".join(chr(code) for code in codes if code <= 0x10FFFF)
    text = units.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
    return escape(ILLEGAL.sub("", text))


def _first_items(text: str) -> tuple[str, int]:
    """Cut out the items beyond the limit; say how many they are."""
    starts = [found.start() for found in _ITEM.finditer(text) if not found[1]]
    if len(starts) <= MAX_ITEMS:
        return text, 0
    ends = [found.start() for found in _ITEM.finditer(text) if found[1]]
    tail = text[text.index(">", ends[-1]) + 1 :] if ends else ""
    return text[: starts[MAX_ITEMS]] + tail, len(starts) - MAX_ITEMS


def _unnested(text: str) -> str:
    """Cut out items that stand inside an item: quotations, which are not published."""
    if "<!ENTITY" in text:
        return text
    depth = 0
    for found in _ITEM.finditer(text):
        depth += -1 if found[1] else 1
        if depth > 1:
            break
    else:
        return text
    data = text.encode("utf-8", "replace")
    try:
        for start, end in reversed(_inner_items(data)):
            data = data[:start] + data[end:]
    except expat.ExpatError:  # items left open: not nested, but ill-formed
        return text
    return data.decode("utf-8")


def _inner_items(data: bytes) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    opened: list[int] = []
    parser = expat.ParserCreate("utf-8")

    def start(name: str, _: object) -> None:
        if name.rpartition(":")[2].lower() in {"item", "entry"}:
            opened.append(parser.CurrentByteIndex)

    def end(name: str) -> None:
        if name.rpartition(":")[2].lower() in {"item", "entry"}:
            begun = opened.pop()
            if len(opened) == 1:
                # Of an empty tag, the place given is already behind it.
                empty = data[begun : data.index(b">", begun) + 1].endswith(b"/>")
                last = data.index(b">", begun if empty else parser.CurrentByteIndex)
                spans.append((begun, last + 1))

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.Parse(data, True)
    return spans
