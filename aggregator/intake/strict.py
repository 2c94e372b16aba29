"""Read the documents that most portals write, fast: well-formed RSS 2.0 and Atom 1.0.

The other way through ``parse`` (mending, then feedparser) says what a document holds;
this one reads a small language only, of which it is known to say the same, field by
field, and declines all else. tests/intake/test_strict.py holds the two together.

    document = prolog, (rss | feed), comments     prolog: no doctype, no "<" in comments
    rss      = channel                            attributes: version, xml:lang, xmlns
    channel  = (channel leaf | image | item)*
    item     = item leaf*
    feed     = (feed leaf | author | entry)*      attributes: xml:lang, xmlns
    entry    = (entry leaf | author)*
    author   = (name | email | uri)*
    leaf     = text, CDATA and references         no element within

The tables below name the leaves, and for each leaf its attributes. But for links,
categories and enclosures, and dates of change, none stands twice in one parent. A
namespace has its usual prefix, or one that is no other's. Dates are RFC 822's with a
zone, W3C's, or have slashes; titles of RSS do not look like HTML; no author has a mail
address.

Pure, and linear in the length of the text.
"""

import re
from collections.abc import Iterable
from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.parsers import expat

from aggregator.intake.decode import plain
from aggregator.intake.mend import is_sound
from aggregator.intake.mend import with_references
from aggregator.intake.wishes import minutes
from aggregator.intake.wishes import skip_times
from aggregator.model import Document
from aggregator.model import Enclosure
from aggregator.model import Entry

# --- The language -------------------------------------------------------------

_ATOM = "http://www.w3.org/2005/Atom"
_CONTENT = "http://purl.org/rss/1.0/modules/content/"
_DC = "http://purl.org/dc/elements/1.1/"
_MEDIA = "http://search.yahoo.com/mrss/"
_SLASH = "http://purl.org/rss/1.0/modules/slash/"
_SY = "http://purl.org/rss/1.0/modules/syndication/"
_THR = "http://purl.org/syndication/thread/1.0"
_WFW = "http://wellformedweb.org/CommentAPI/"
_WORDPRESS = "com-wordpress:feed-additions:1"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

# A namespace that may be declared, and the prefix by which it is known. Some are only
# declared, by Drupal and others: they name no element here.
_PREFIXES = {
    _ATOM: "atom",
    _CONTENT: "content",
    _DC: "dc",
    _MEDIA: "media",
    _SLASH: "slash",
    _SY: "sy",
    _THR: "thr",
    _WFW: "wfw",
    _WORDPRESS: "",
    "http://ogp.me/ns#": "og",
    "http://rdfs.org/sioc/ns#": "sioc",
    "http://rdfs.org/sioc/types#": "sioct",
    "http://schema.org/": "schema",
    "http://www.georss.org/georss": "georss",
    "http://www.w3.org/2000/01/rdf-schema#": "rdfs",
    "http://www.w3.org/2001/XMLSchema#": "xsd",
    "http://www.w3.org/2004/02/skos/core#": "skos",
    "http://www.w3.org/2003/01/geo/wgs84_pos#": "geo",
    "http://xmlns.com/foaf/0.1/": "foaf",
}
_OWNERS = {prefix: uri for uri, prefix in _PREFIXES.items() if prefix}

_MANY = frozenset({"category", "enclosure", "link_element"})
_LATEST = frozenset({"updated"})  # the last one counts
_SILENT = ""  # the slot of what is allowed and not read

_NONE: frozenset[str] = frozenset()
_LINK = frozenset({"href", "rel", "type", "title", "hreflang", "length"})
_TYPE = frozenset({"type"})
_TAG = frozenset({"term", "scheme", "label"})
_SEEN = frozenset({"url", "width", "height", "medium", "type", "fileSize"})

# Leaves: the slot by which they are read, and the attributes that they may have.
_Table = dict[str, tuple[str, frozenset[str]]]
_EXTRAS: _Table = {
    f"{{{_SLASH}}}comments": (_SILENT, _NONE),
    f"{{{_WFW}}}commentRss": (_SILENT, _NONE),
    f"{{{_WFW}}}comment": (_SILENT, _NONE),
    f"{{{_THR}}}total": (_SILENT, _NONE),
    f"{{{_MEDIA}}}thumbnail": (_SILENT, _SEEN),
    f"{{{_MEDIA}}}content": (_SILENT, _SEEN),
}
_CHANNEL: _Table = {
    "title": ("title", _NONE),
    "link": ("link", _NONE),
    "language": ("language", _NONE),
    f"{{{_DC}}}language": ("language", _NONE),
    "generator": ("generator", _NONE),
    "ttl": ("ttl", _NONE),
    f"{{{_ATOM}}}link": ("link_element", _LINK),
    "category": (_SILENT, frozenset({"domain"})),
    "cloud": (
        _SILENT,
        frozenset({"domain", "port", "path", "registerProcedure", "protocol"}),
    ),
    **{
        name: (_SILENT, _NONE)
        for name in (
            *("description", "pubDate", "lastBuildDate", "copyright", "docs", "rating"),
            *("managingEditor", "webMaster"),
            *(f"{{{_SY}}}{name}" for name in ("updatePeriod", "updateFrequency")),
            *(f"{{{_SY}}}updateBase", f"{{{_WORDPRESS}}}site"),
            *(f"{{{_DC}}}{name}" for name in ("date", "creator", "publisher")),
            f"{{{_DC}}}rights",
        )
    },
}
_PARENTS: dict[str, _Table] = {  # of leaves that are not read here
    "image": {
        name: (name, _NONE)
        for name in ("url", "title", "link", "width", "height", "description")
    },
    "skipHours": {"hour": (_SILENT, _NONE)},
    "skipDays": {"day": (_SILENT, _NONE)},
}
_ITEM: _Table = {
    "title": ("title", _NONE),
    "link": ("link", _NONE),
    "guid": ("guid", frozenset({"isPermaLink"})),
    "description": ("summary", _NONE),
    f"{{{_CONTENT}}}encoded": ("content", _NONE),
    "author": ("author", _NONE),
    f"{{{_DC}}}creator": ("creator", _NONE),
    "pubDate": ("published", _NONE),
    f"{{{_DC}}}date": ("updated", _NONE),
    "category": ("category", frozenset({"domain"})),
    f"{{{_DC}}}subject": ("category", _NONE),
    "enclosure": ("enclosure", frozenset({"url", "type", "length"})),
    f"{{{_ATOM}}}link": ("link_element", _LINK),
    "comments": (_SILENT, _NONE),
    "source": (_SILENT, frozenset({"url"})),
    f"{{{_WORDPRESS}}}post-id": (_SILENT, _NONE),
    **_EXTRAS,
}
_FEED: _Table = {
    f"{{{_ATOM}}}{name}": place
    for name, place in {
        "title": ("title", _TYPE),
        "id": ("guid", _NONE),
        "link": ("link_element", _LINK),
        "generator": ("generator", frozenset({"uri", "version"})),
        "subtitle": ("subtitle", _TYPE),
        "rights": ("rights", _TYPE),
        "category": (_SILENT, _TAG),
        "updated": (_SILENT, _NONE),
        "logo": (_SILENT, _NONE),
        "icon": (_SILENT, _NONE),
    }.items()
} | {f"{{{_DC}}}{name}": (_SILENT, _NONE) for name in ("date", "creator", "rights")}
_ENTRY: _Table = {
    **{
        f"{{{_ATOM}}}{name}": place
        for name, place in {
            "title": ("title", _TYPE),
            "id": ("guid", _NONE),
            "link": ("link_element", _LINK),
            "summary": ("summary", _TYPE),
            "content": ("content", _TYPE),
            "published": ("published", _NONE),
            "updated": ("updated", _NONE),
            "category": ("category", _TAG),
            "rights": ("rights", _TYPE),
        }.items()
    },
    f"{{{_DC}}}creator": ("creator", _NONE),
    f"{{{_DC}}}date": ("updated", _NONE),
    **_EXTRAS,
}
_PERSON: _Table = {
    f"{{{_ATOM}}}{name}": (name, _NONE) for name in ("name", "email", "uri")
}

_ENTRY_TAG, _AUTHOR_TAG = f"{{{_ATOM}}}entry", f"{{{_ATOM}}}author"

# --- The text -----------------------------------------------------------------

_HEAD = re.compile(
    r"(?>\s+|<!--[^<>]*-->|<\?[^<>]*\?>)*+<(rss|feed)"
    r"((?:\s+[\w:.-]+\s*=\s*(?:\"[^\"<>&]*\"|'[^'<>&]*'))*+)\s*>"
)
_NAMESPACE = re.compile(r"""\sxmlns:?([\w.-]*)\s*=\s*["']([^"']*)["']""")
_TAIL = re.compile(r"\s*>(?>\s+|<!--[^<>]*-->)*+\Z")
_C1 = re.compile(rb"\xc2[\x80-\x9f]")  # these are Windows-1252's to feedparser

_WEB = re.compile("https?://")
_MAYBE_HTML = re.compile(r"</\w+>|&#?\w+;")  # feedparser then looks at the rest
_HTML = frozenset({"html", "text/html"})
_PLAIN = frozenset({"text", "text/plain"})
_PAGES = _HTML | {"xhtml", "application/xhtml+xml"}

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_MONTH = {name: str(number) for number, name in enumerate(_MONTHS, 1)}
_ZONE = r"(?:{zero}|([+-])(\d\d){colon}(\d\d))"
_RFC822 = re.compile(
    rf"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(\d\d?) ({'|'.join(_MONTHS)}) "
    r"((?:19|2\d)\d\d) (\d\d):(\d\d)(?::(\d\d))? "
    + _ZONE.format(zero="GMT|UTC?|Z", colon=":?"),
    re.A,
)
_W3C = re.compile(
    r"((?:19|2\d)\d\d)-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.\d{1,6})?"
    + _ZONE.format(zero="Z", colon=":")
    + "?",
    re.A,
)
# Of .NET and of day-first portals: to feedparser these are no dates.
_SLASHED = re.compile(
    r"\d\d?/\d\d?/\d{4}(?: \d\d?:\d\d(?::\d\d)?(?: (?:[AP]M|SA|CH))?)?", re.A
)


class _Declined(Exception):
    """This is not of the language above; the message says what is not."""


def read(body: bytes, *, content_type: str = "", url: str = "") -> Document | None:
    """Read a feed, or return None for what the other way must read."""
    try:
        return _document(plain(body, content_type), url)
    except _Declined:
        return None


def _document(text: str, url: str) -> Document:
    head = _HEAD.match(text)
    if head is None:
        raise _Declined("no such prolog or root")
    end = text.rfind(f"</{head[1]}")
    if not _TAIL.match(text, end + len(head[1]) + 2):
        raise _Declined("no such end")
    data = text.encode()
    small = data.lower()
    if (b"\xc2" in data and _C1.search(data)) or not is_sound(text, small):
        raise _Declined("to be mended")
    only_in_root = text.find("xmlns", head.end()) < 0
    declared = _NAMESPACE.findall(head[2]) if only_in_root else _declared(data)
    _check_namespaces(declared)
    root = _tree(data)
    if root.tag == "rss":
        wishes = "".join(with_references(text)) if b"<skip" in small else ""
        return _of_rss(root, url, wishes)
    if root.tag == f"{{{_ATOM}}}feed":
        return _of_atom(root, url)
    raise _Declined("another root")


def _declared(data: bytes) -> list[tuple[str, str]]:
    """List the namespaces declared anywhere, by prefix and address."""
    found: list[tuple[str, str]] = []
    parser = expat.ParserCreate("utf-8", " ")
    parser.StartNamespaceDeclHandler = lambda prefix, uri: found.append(
        (prefix or "", uri or "")
    )
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise _Declined("ill-formed") from error
    return found


def _check_namespaces(declared: Iterable[tuple[str, str]]) -> None:
    """Decline what feedparser does not know, or would take for another."""
    for prefix, uri in declared:
        if uri not in _PREFIXES or _OWNERS.get(prefix, uri) != uri:
            raise _Declined(f"namespace {uri}")


def _tree(data: bytes) -> Element:
    # Without a doctype there are no entities to declare, and none to grow.
    parser = ElementTree.XMLParser(encoding="utf-8")
    try:
        parser.feed(data)
        root: Element = parser.close()
    except (ElementTree.ParseError, ValueError) as error:
        raise _Declined("ill-formed") from error
    return root


# --- Leaves -------------------------------------------------------------------


class _Leaves:
    """The leaves of one parent, by their slots."""

    def __init__(self, table: _Table, leaves: Iterable[Element]) -> None:
        self.one: dict[str, Element] = {}
        self.many: dict[str, list[Element]] = {}
        for leaf in leaves:
            slot, attributes = table.get(leaf.tag, ("unknown", _NONE))
            if slot == "unknown" or len(leaf) or not attributes.issuperset(leaf.keys()):
                raise _Declined(f"within or at {leaf.tag}")
            if slot in _MANY:
                self.many.setdefault(slot, []).append(leaf)
            elif slot not in self.one or slot in _LATEST:
                self.one[slot] = leaf
            elif slot:
                raise _Declined(f"twice {leaf.tag}")

    def text(self, slot: str) -> str:
        leaf = self.one.get(slot)
        return "" if leaf is None else _text(leaf)

    def type(self, slot: str) -> str:
        """Return "text" or "html", as Atom declares it."""
        leaf = self.one.get(slot)
        return "text" if leaf is None else _type(leaf)

    def address(self, slot: str) -> str:
        """Read an address: in some, feedparser would mend something."""
        text = self.text(slot)
        if ":///" in text or ("&" in text and ";" in text):
            raise _Declined("an address to be mended")
        return text


def _text(leaf: Element) -> str:
    """Return the text without blanks around it; undo UTF-8 that was read as Latin-1."""
    text = (leaf.text or "").strip()
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _type(leaf: Element) -> str:
    kind = leaf.get("type", "text").lower()
    if kind in _HTML:
        return "html"
    if kind in _PLAIN:
        return "text"
    raise _Declined(f"type {kind}")


def _moment(text: str) -> datetime | None:
    if not text or _SLASHED.fullmatch(text):
        return None
    if found := _RFC822.fullmatch(text):
        day, name, year, *rest = found.groups("0")
        month = _MONTH[name]
    elif found := _W3C.fullmatch(text):
        year, month, day, *rest = found.groups("0")
    else:
        raise _Declined(f"date {text[:40]}")
    hour, minute, second, sign, *zone = rest
    try:
        moment = datetime(
            *(int(year), int(month), int(day)),
            *(int(hour), int(minute), int(second)),
            tzinfo=UTC,
        )
    except ValueError as error:
        raise _Declined(f"date {text[:40]}") from error
    if sign == "0":
        return moment
    ahead = timedelta(hours=int(zone[0]), minutes=int(zone[1]))
    return moment + ahead if sign == "-" else moment - ahead


def _links(leaves: _Leaves) -> Iterator[tuple[str, str, Element]]:
    """Yield Atom's links: relation, address, and the element."""
    for leaf in leaves.many.get("link_element", ()):
        href = leaf.get("href", "")
        if not href.strip() or ":///" in href:
            raise _Declined("a link without an address, or with an odd one")
        yield leaf.get("rel", "alternate").lower(), href, leaf


def enclosure(url: str, kind: str, length: str, title: str = "") -> Enclosure:
    """Make an enclosure of what its attributes say."""
    length = length.strip()
    size = int(length) if re.fullmatch("[0-9]{1,15}", length) else 0
    return Enclosure(url=url, type=kind, length=size, title=title)


# --- RSS ----------------------------------------------------------------------


def _of_rss(root: Element, url: str, wishes: str) -> Document:
    channel = _channel(root)
    leaves = _Leaves(_CHANNEL, _without(channel, {"item", *_PARENTS}))
    if any(relation == "alternate" for relation, *_ in _links(leaves)):
        raise _Declined("a second link of the channel")
    link = leaves.address("link")
    base = link if _WEB.match(link) else url
    language = root.get(_XML_LANG, "").replace("_", "-")
    hours, days = skip_times(wishes)
    return Document(
        entries=tuple(_of_item(item, base) for item in channel.iterfind("item")),
        title=leaves.text("title"),
        link=link,
        generator=leaves.text("generator"),
        language=leaves.text("language") if "language" in leaves.one else language,
        ttl_minutes=minutes(leaves.text("ttl")),
        skip_hours=hours,
        skip_days=days,
        strictly=True,
    )


def _channel(root: Element) -> Element:
    if len(root) != 1 or root[0].tag != "channel" or root[0].keys():
        raise _Declined("not one channel")
    if not {"version", _XML_LANG}.issuperset(root.keys()):
        raise _Declined("attributes of rss")
    for name, table in _PARENTS.items():
        for parent in root[0].iterfind(name):
            _parent(table, parent)
    return root[0]


def _without(parent: Element, tags: set[str]) -> Iterator[Element]:
    return (child for child in parent if child.tag not in tags)


def _parent(table: _Table, parent: Element) -> _Leaves:
    if parent.keys():
        raise _Declined(f"attributes of {parent.tag}")
    return _Leaves(table, parent)


def _of_item(item: Element, base: str) -> Entry:
    leaves = _parent(_ITEM, item)
    title = leaves.one.get("title")
    if title is not None and _MAYBE_HTML.search(title.text or ""):
        raise _Declined("a title that may be HTML")
    if any(rel in {"alternate", "enclosure"} for rel, *_ in _links(leaves)):
        raise _Declined("Atom's link of an item")
    guid, link = _guid(leaves)
    content = leaves.text("content")
    published, updated = leaves.text("published"), leaves.text("updated")
    return Entry(
        guid=guid,
        link=leaves.address("link") if "link" in leaves.one else link,
        title=leaves.text("title"),
        summary=leaves.text("summary") if "summary" in leaves.one else content,
        content=content,
        base=base,
        author=_author(leaves.text("author"), leaves.text("creator")),
        tags=_tags(leaves.many.get("category", ())),
        published=published,
        updated=updated,
        published_parsed=_moment(published),
        updated_parsed=_moment(updated),
        enclosures=tuple(_enclosures(leaves.many.get("enclosure", ()))),
    )


def _guid(leaves: _Leaves) -> tuple[str, str]:
    """Return the guid, and the link that it is."""
    leaf = leaves.one.get("guid")
    if leaf is None:
        return "", ""
    text = _text(leaf)
    if leaf.get("isPermaLink", "true") != "true":
        return text, ""
    if ":///" in text:
        raise _Declined("a guid to be mended")
    return text, text if re.match("https?:", text) else ""


def _author(one: str, other: str = "") -> str:
    name = one or other
    if "@" in name or (one and other and one != other):
        raise _Declined("a mail address, or authors to be chosen from")
    return name


def _tags(leaves: Iterable[Element]) -> tuple[str, ...]:
    """Keep one of the same without a domain; those with one all stay."""
    found: dict[tuple[str, str, int], str] = {}
    for position, leaf in enumerate(leaves):
        domain, term = leaf.get("domain", ""), _text(leaf)
        if domain and not term:
            raise _Declined("a domain without a category")
        if term:
            found[term, domain, position if domain else 0] = term
    return tuple(found.values())


def _enclosures(leaves: Iterable[Element]) -> Iterator[Enclosure]:
    for leaf in leaves:
        if url := leaf.get("url", ""):
            yield enclosure(url, leaf.get("type", "").lower(), leaf.get("length", ""))


# --- Atom ---------------------------------------------------------------------


def _of_atom(root: Element, url: str) -> Document:
    if not {_XML_LANG}.issuperset(root.keys()):
        raise _Declined("attributes of feed")
    leaves = _Leaves(_FEED, _without(root, {_ENTRY_TAG, _AUTHOR_TAG}))
    for author in root.iterfind(_AUTHOR_TAG):
        _parent(_PERSON, author)
    for slot in ("title", "subtitle", "rights"):
        leaves.type(slot)
    own, link = _guid(leaves)[0], ""
    for relation, href, leaf in _links(leaves):
        if relation == "alternate" and _kind(leaf) in _PAGES:
            link = href
    return Document(
        entries=tuple(_of_entry(entry, url) for entry in root.iterfind(_ENTRY_TAG)),
        id=own,
        title=leaves.text("title"),
        link=link or own,
        generator=leaves.text("generator"),
        language=root.get(_XML_LANG, "").replace("_", "-"),
        strictly=True,
    )


def _kind(link: Element) -> str:
    return link.get("type", "text/html").lower()


def _of_entry(entry: Element, base: str) -> Entry:
    if entry.keys():
        raise _Declined("attributes of an entry")
    leaves = _Leaves(_ENTRY, _without(entry, {_AUTHOR_TAG}))
    leaves.type("rights")
    links = list(_links(leaves))
    pages = [href for relation, href, _ in links if relation == "alternate"]
    guid, link = _guid(leaves)
    content, kind = leaves.text("content"), leaves.type("content")
    summary_kind = leaves.type("summary") if "summary" in leaves.one else "html"
    published, updated = leaves.text("published"), leaves.text("updated")
    return Entry(
        guid=guid,
        link=pages[0] if pages else link,
        title=leaves.text("title"),
        title_is_html=leaves.type("title") == "html",
        summary=leaves.text("summary") if "summary" in leaves.one else content,
        content=content,
        is_html=(kind if content else summary_kind) == "html",
        base=base,
        author=_person(entry.findall(_AUTHOR_TAG), leaves.text("creator")),
        tags=_terms(leaves.many.get("category", ())),
        published=published,
        updated=updated,
        published_parsed=_moment(published),
        updated_parsed=_moment(updated),
        enclosures=tuple(_linked(links)),
    )


def _person(authors: list[Element], creator: str) -> str:
    """Choose the author's name before that of Dublin Core."""
    if not authors:
        return _author(creator)
    leaves = _parent(_PERSON, authors[0])
    name = leaves.one.get("name")
    text = "" if name is None else (name.text or "").strip()
    if len(authors) > 1 or not text:
        raise _Declined("authors to be chosen from, or one without a name")
    return text


def _terms(leaves: Iterable[Element]) -> tuple[str, ...]:
    found: dict[tuple[str | None, ...], str] = {}
    for leaf in leaves:
        if _text(leaf):
            raise _Declined("text in a category")
        key = tuple(leaf.get(name) for name in ("term", "scheme", "label"))
        found[key] = key[0] or key[2] or ""
    return tuple(term for term in found.values() if term)


def _linked(links: Iterable[tuple[str, str, Element]]) -> Iterator[Enclosure]:
    for relation, href, leaf in links:
        if relation == "enclosure":
            length, title = leaf.get("length", ""), leaf.get("title", "")
            yield enclosure(href, _kind(leaf), length, title)
