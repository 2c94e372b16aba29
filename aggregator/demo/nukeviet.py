"""Writes feeds as NukeViet 4.0–4.5 writes them, faults and white space included.

Pure: values in, bytes out. It alone knows the shape of that CMS, so that what the demo
shows is what real portals send. The faults are meant: see ``nv_date``.
"""

import re
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from datetime import date
from datetime import datetime

GENERATOR = "NukeViet v4.0"  # what every 4.x up to 4.5.05 says of itself
LIMIT = 30  # items; both modules list no more
LOGO_HEIGHT = 81  # pixels, of a logo that is shown 144 wide

# nv_htmlspecialchars: the characters that NukeViet keeps as references in titles.
_REFERENCES = {
    "&": "&amp;",
    "'": "&#039;",
    '"': "&quot;",
    "<": "&lt;",
    ">": "&gt;",
    "\\": "&#x005C;",
    "/": "&#x002F;",
    "(": "&#40;",
    ")": "&#41;",
    "*": "&#42;",
    "[": "&#91;",
    "]": "&#93;",
    "!": "&#33;",
    "=": "&#x3D;",
    "%": "&#x25;",
    "^": "&#x5E;",
    ":": "&#x3A;",
    "{": "&#x7B;",
    "}": "&#x7D;",
    "`": "&#x60;",
    "~": "&#x7E;",
}
_CHARACTERS = {reference: character for character, reference in _REFERENCES.items()}
_ANY_REFERENCE = re.compile("|".join(re.escape(each) for each in _CHARACTERS))
_TABLE = str.maketrans(_REFERENCES)

# Names and the month table are spelled out: strftime would follow the locale.
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """What a feed says of itself. ``base`` is scheme and host, without a slash."""

    base: str
    title: str
    link: str
    self_url: str
    site: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A row of module news. ``hometext`` is HTML."""

    id: int
    title: str
    link: str
    published: datetime
    hometext: str
    image: str = ""  # absolute URL, or none


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A row of module laws. ``added`` is when a clerk typed it in."""

    id: int
    code: str
    title: str
    link: str
    added: datetime
    issued: date
    introtext: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    title: str
    link: str
    guid: str
    at: datetime
    description: str


def escape_title(text: str) -> str:
    """Write a title as nv_htmlspecialchars does: known references undone, then all."""
    plain = _ANY_REFERENCE.sub(lambda match: _CHARACTERS[match.group()], text)
    return plain.translate(_TABLE)


def nv_date(moment: datetime) -> str:
    """Write a date as ``gmdate('D, j M Y H:m:s')`` does: the minutes are the month.

    The fault is in every release from 3.0.05 to 4.5.05; the day has no leading zero.
    """
    t = moment.astimezone(UTC)
    day = f"{_DAYS[t.weekday()]}, {t.day} {_MONTHS[t.month - 1]} {t.year}"
    return f"{day} {t.hour:02d}:{t.month:02d}:{t.second:02d} GMT"


def news_feed(channel: Channel, posts: Sequence[Post]) -> bytes:
    """Write the feed of module news; the caller gives the posts newest first."""
    return _document(channel, [_of_post(post) for post in posts[:LIMIT]])


def laws_feed(channel: Channel, acts: Sequence[Act]) -> bytes:
    """Write the feed of module laws; the caller gives the acts newest first."""
    return _document(channel, [_of_act(act) for act in acts[:LIMIT]])


def _of_post(post: Post) -> _Item:
    image = (
        f'<img src="{post.image}" width="100" align="left" border="0">'
        if post.image
        else ""
    )
    return _Item(
        title=post.title,
        link=post.link,
        guid=f"news_{post.id}",
        at=post.published,
        description=image + post.hometext,
    )


def _of_act(act: Act) -> _Item:
    issued = f"{act.issued:%d/%m/%Y}"
    return _Item(
        title=f"[{act.code}] {act.title}",
        link=act.link,
        guid=f"laws_{act.id}",
        at=act.added,
        description=f"Ngày ban hành: {issued}. Trích yếu: {act.introtext}",
    )


def _document(channel: Channel, items: list[_Item]) -> bytes:
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<?xml-stylesheet type="text/xsl" href="/assets/css/rss.xsl" media="screen"?>',
        '<rss version="2.0"',
        '    xmlns:content="http://purl.org/rss/1.0/modules/content/"',
        '    xmlns:dc="http://purl.org/dc/elements/1.1/"',
        '    xmlns:atom="http://www.w3.org/2005/Atom"',
        ">",
        "    <channel>",
        *_head(channel, items),
        *(line for item in items for line in _item(item)),
        "    </channel>",
        "</rss>",
    ]
    return "\n".join(lines).encode()


def _head(channel: Channel, items: list[_Item]) -> Iterable[str]:
    yield f"        <title>{escape_title(channel.title)}</title>"
    yield f"        <link>{_ampersands(channel.link)}</link>"
    self_url = _ampersands(channel.self_url)
    yield f'        <atom:link href="{self_url}" rel="self" />'
    yield from _cdata("description", channel.description, 8)
    yield "        <language>vi</language>"
    yield from _newest(items)
    yield from _cdata("copyright", channel.site, 8)
    yield f"        <docs>{channel.base}/rss/</docs>"
    yield from _cdata("generator", GENERATOR, 8)
    yield from _image(channel)


def _newest(items: list[_Item]) -> Iterable[str]:
    if items:
        newest = nv_date(max(item.at for item in items))
        yield f"        <pubDate>{newest}</pubDate>"
        yield f"        <lastBuildDate>{newest}</lastBuildDate>"


def _image(channel: Channel) -> Iterable[str]:
    yield "        <image>"
    yield f"            <url>{channel.base}/assets/images/logo.png</url>"
    yield f"            <title>{escape_title(channel.title)}</title>"
    yield f"            <link>{_ampersands(channel.link)}</link>"
    yield "            <width>144</width>"
    yield f"            <height>{LOGO_HEIGHT}</height>"
    yield "        </image>"


def _item(item: _Item) -> Iterable[str]:
    yield "        <item>"
    yield f"            <title>{escape_title(item.title)}</title>"
    yield f"            <link>{_ampersands(item.link)}</link>"
    yield '            <guid isPermaLink="false">'
    yield f"                <![CDATA[{item.guid}]]>"
    yield "            </guid>"
    yield f"            <pubDate>{nv_date(item.at)}</pubDate>"
    yield from _cdata("description", item.description, 12)
    yield "        </item>"


def _cdata(element: str, value: str, indent: int) -> Iterable[str]:
    space = " " * indent
    yield f"{space}<{element}>"
    yield f"{space}    <![CDATA[{value}]]>"
    yield f"{space}</{element}>"


def _ampersands(url: str) -> str:
    return url.replace("&", "&amp;")
