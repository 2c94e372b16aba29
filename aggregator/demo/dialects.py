"""How portals that are not NukeViet write: the other dialects of the wild.

Pure: values in, bytes out. What is wrong here is wrong at real portals too; intake has
to make the same items of all of it. Sources that are sorted item by item (`auto`) take
turns with these, so that a demo shows every one.
"""

import json
import unicodedata
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from email.utils import format_datetime
from html import escape
from html.entities import codepoint2name

from aggregator.demo.columns import VIETNAM
from aggregator.demo.nukeviet import Channel
from aggregator.demo.nukeviet import Post
from aggregator.demo.nukeviet import news_feed
from aggregator.demo.wire import Answer

Dialect = Callable[[Channel, Sequence[Post], datetime], Answer]
_XML = "text/xml; charset=utf-8"
_TONES = "\u0300\u0301\u0303\u0309\u0323"  # windows-1258 writes these apart
# The page of a guard against robots, 200 and no feed (feed_shapes.md 6).
_GUARD = (
    '<html><body><script>document.cookie="D1N=9f2c41d07a6be3558410cc7d0ee5b1a2"+'
    '"; expires=Fri, 31 Dec 2099 23:59:59 GMT; path=/";'
    "window.location.reload(true);</script></body></html>"
)


def nukeviet(channel: Channel, posts: Sequence[Post], _now: datetime) -> Answer:
    """NukeViet 4.0–4.5: what most portals write."""
    return Answer(content_type=_XML, body=news_feed(channel, posts))


def dotnet(channel: Channel, posts: Sequence[Post], _now: datetime) -> Answer:
    """The hcm.edu.vn platform: /ct/ addresses, no guid, dates of .NET, month first."""

    def item(post: Post) -> str:
        at = post.published.astimezone(VIETNAM)
        half = "AM" if at.hour < 12 else "PM"
        hour = at.hour % 12 or 12
        date = f"{at.month}/{at.day}/{at.year} {hour}:{at:%M:%S} {half}"
        slug = post.link.rsplit("/", 1)[-1].removesuffix(f"-{post.id}.html")[:80]
        link = f"{channel.base}/tin-tuc/{slug}/ct/41155/{post.id}"
        return _item(post.title, link, date, post.hometext)

    return _rss(channel, map(item, posts))


def day_first(channel: Channel, posts: Sequence[Post], _now: datetime) -> Answer:
    """A ministry's portal: day-first dates without zone, links from the root."""

    def item(post: Post) -> str:
        date = f"{post.published.astimezone(VIETNAM):%d/%m/%Y %H:%M}"
        link = post.link.removeprefix(channel.base)
        return _item(post.title, link, date, post.hometext)

    return _rss(channel, map(item, posts))


def malformed_links(channel: Channel, posts: Sequence[Post], _now: datetime) -> Answer:
    """Links without their slashes, as moc.gov.vn writes them."""

    def item(post: Post) -> str:
        link = post.link.replace("http://", "http:", 1)
        return _item(post.title, link, _rfc822(post), post.hometext)

    return _rss(channel, map(item, posts))


def wordpress(channel: Channel, posts: Sequence[Post], _now: datetime) -> Answer:
    """WordPress: an excerpt, the whole text beside it, guids that are addresses."""

    def item(post: Post) -> str:
        return (
            f"<item><title>{escape(post.title)}</title><link>{post.link}</link>"
            "<dc:creator><![CDATA[quantri]]></dc:creator>"
            f"<pubDate>{_rfc822(post)}</pubDate>"
            "<category><![CDATA[Tin tức - Sự kiện]]></category>"
            f'<guid isPermaLink="false">{channel.base}/?p={post.id}</guid>'
            "<description><![CDATA[Tóm tắt [&hellip;]]]></description>"
            f"<content:encoded><![CDATA[{post.hometext}]]></content:encoded></item>"
        )

    return _rss(channel, map(item, posts))


def liferay(channel: Channel, posts: Sequence[Post], _now: datetime) -> Answer:
    """Liferay: Atom, links with noise behind them, "null" before some titles."""

    def entry(post: Post) -> str:
        link = f"{post.link}?redirect=%2Ftrang-chu&p_p_id=101_INSTANCE_Wc4AMpniWT49"
        at = post.published.astimezone(UTC).isoformat(timespec="seconds")
        return (
            f"<entry><title>null {escape(post.title)}</title>"
            f'<link rel="alternate" href="{escape(link)}"/>'
            f"<id>urn:liferay:{post.id}</id><published>{at}</published>"
            f"<updated>{at}</updated>"
            f'<summary type="html">{escape(post.hometext)}</summary></entry>'
        )

    head = f"<title>{escape(channel.title)}</title><id>{channel.self_url}</id>"
    text = f'<feed xmlns="http://www.w3.org/2005/Atom">{head}'
    text += "".join(map(entry, posts)) + "</feed>"
    return Answer(content_type="application/atom+xml", body=text.encode())


def json_feed(channel: Channel, posts: Sequence[Post], _now: datetime) -> Answer:
    """JSON Feed under an address that says RSS, as fit.agu.edu.vn has it."""
    items = [
        {
            "id": f"news_{post.id}",
            "url": post.link,
            "title": post.title,
            "content_html": post.hometext,
            "date_published": post.published.astimezone(VIETNAM).isoformat(),
        }
        for post in posts
    ]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.title,
        "home_page_url": channel.link,
        "items": items,
    }
    body = json.dumps(feed, ensure_ascii=False).encode()
    return Answer(content_type="application/json", body=body)


def decomposed(channel: Channel, posts: Sequence[Post], now: datetime) -> Answer:
    """Text typed on a phone: NFD, with control characters pasted in."""

    def spoiled(post: Post) -> Post:
        title = unicodedata.normalize("NFD", post.title)
        text = unicodedata.normalize("NFD", post.hometext)
        return replace(post, title=f"\x0b{title}\x02", hometext=f"{text}\x1f")

    return nukeviet(channel, [spoiled(post) for post in posts], now)


def legacy(channel: Channel, posts: Sequence[Post], now: datetime) -> Answer:
    """windows-1258, and nobody says so."""
    body = news_feed(channel, posts).decode()
    body = body.replace('<?xml version="1.0" encoding="utf-8"?>\n', "", 1)
    return Answer(content_type="text/xml", body=_in_1258(body))


def encoded_twice(channel: Channel, posts: Sequence[Post], now: datetime) -> Answer:
    """HTML names of letters in CDATA, and titles escaped once too often."""

    def spoiled(post: Post) -> str:
        title = escape(_named(escape(post.title, quote=False)), quote=False)
        text = _named(post.hometext)
        return _item("", post.link, _rfc822(post), text, raw_title=title)

    return _rss(channel, map(spoiled, posts))


def guarded(channel: Channel, posts: Sequence[Post], now: datetime) -> Answer:
    """A guard against robots that comes, for a minute in four, and goes."""
    if now.minute % 4 == 3:
        return Answer(content_type="text/html", body=_GUARD.encode())
    return nukeviet(channel, posts, now)


DIALECTS: tuple[Dialect, ...] = (
    dotnet,
    wordpress,
    legacy,
    liferay,
    decomposed,
    json_feed,
    day_first,
    encoded_twice,
    malformed_links,
    guarded,
    nukeviet,
)


# --- Parts --------------------------------------------------------------------


def _rss(channel: Channel, items: "map[str]") -> Answer:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>{escape(channel.title)}</title><link>{channel.link}</link>"
        f"<description>{escape(channel.description)}</description>\n"
    )
    text += "\n".join(items) + "</channel></rss>\n"
    return Answer(content_type=_XML, body=text.encode())


def _item(
    title: str, link: str, date: str, text: str, *, raw_title: str | None = None
) -> str:
    shown = escape(title, quote=False) if raw_title is None else raw_title
    return (
        f"<item><title>{shown}</title><link>{escape(link)}</link>"
        f"<pubDate>{date}</pubDate>"
        f"<description><![CDATA[{text}]]></description></item>"
    )


def _rfc822(post: Post) -> str:
    return format_datetime(post.published.astimezone(UTC).replace(microsecond=0))


def _named(text: str) -> str:
    """Write the letters that HTML has names for by name."""
    return "".join(
        f"&{codepoint2name[ord(c)]};" if 160 <= ord(c) in codepoint2name else c
        for c in text
    )


def _in_1258(text: str) -> bytes:
    """Encode as windows-1258 does: letters with their shape, tones after them."""
    out = bytearray()
    for char in unicodedata.normalize("NFC", text):
        apart = unicodedata.normalize("NFD", char)
        shape = "".join(c for c in apart if c not in _TONES)
        tones = "".join(c for c in apart if c in _TONES)
        whole = unicodedata.normalize("NFC", shape) + tones
        out += whole.encode("cp1258", "replace")
    return bytes(out)
