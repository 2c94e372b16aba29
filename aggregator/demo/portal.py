"""The sample portal as a model: what each host answers at a moment.

No I/O and no clock: the moment is an argument. It answers at exactly the path and query
of each source's URL, whichever they are, so that it serves any feeds.toml.
"""

import re
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from html import escape

from aggregator.demo.columns import Article
from aggregator.demo.columns import Column
from aggregator.demo.files import paper
from aggregator.demo.files import picture
from aggregator.demo.layout import Feed
from aggregator.demo.layout import lay_out
from aggregator.demo.layout import newest_of
from aggregator.demo.nukeviet import LOGO_HEIGHT
from aggregator.demo.nukeviet import Act
from aggregator.demo.nukeviet import Channel
from aggregator.demo.nukeviet import Post
from aggregator.demo.nukeviet import laws_feed
from aggregator.demo.pages import STYLESHEET
from aggregator.demo.pages import article_page
from aggregator.demo.pages import home_page
from aggregator.demo.pages import missing_page
from aggregator.demo.texts import unmarked
from aggregator.demo.wire import Answer
from aggregator.model import CATEGORY_SLUGS
from aggregator.model import Authority
from aggregator.model import Source

_HTML = "text/html; charset=utf-8"
_XML = "text/xml; charset=utf-8"
_HOMES = {"/", "/rss/", "/feeds/", "/laws/"} | {
    f"/{category}/" for category in CATEGORY_SLUGS.values()
}


_ALIAS = r"(?:[a-z0-9-]*-)?(\d{1,9})"
_ADDRESSES = (  # form, module, path
    ("page", "news", re.compile(rf"/[a-z-]+/{_ALIAS}\.html")),
    ("page", "news", re.compile(r"/tin-tuc/[a-z0-9-]+/ct(?:full|mb)?/\d+/(\d{1,9})")),
    ("page", "laws", re.compile(rf"/laws/detail/{_ALIAS}/?")),
    ("file", "news", re.compile(rf"/uploads/news/{_ALIAS}\.pdf")),
    ("file", "laws", re.compile(rf"/uploads/laws/{_ALIAS}\.pdf")),
    ("image", "news", re.compile(r"/assets/news/\d{4}_\d\d/anh-(\d{1,9})\.png")),
)


class Portal:
    """Every host that a feeds.toml names, with something new every half minute.

    The same sources, authorities and ``started`` give the same articles for ever:
    whoever keeps ``started`` may restart without an article changing its guid.
    """

    def __init__(
        self,
        sources: Mapping[str, Source],
        authorities: Mapping[str, Authority],
        started: datetime,
    ) -> None:
        whole = started.replace(microsecond=0)
        self._feeds = lay_out(sources.values(), authorities, whole)
        self._targets = {(feed.host, feed.target): feed for feed in self._feeds}

    @property
    def hosts(self) -> tuple[str, ...]:
        """Name the hosts of all sources, in the order of the file."""
        return tuple(dict.fromkeys(feed.host for feed in self._feeds))

    def articles(self, source_id: str, now: datetime) -> tuple[Article, ...]:
        """List what a source's feed shows at a moment, newest first."""
        feed = next(feed for feed in self._feeds if feed.source_id == source_id)
        return tuple(feed.newest(now))

    def answer(self, host: str, target: str, *, base: str, now: datetime) -> Answer:
        """Answer a request for a target (path and query) on a host.

        Args:
            base: Scheme and host for the links, without a slash at the end.
        """
        feed = self._targets.get((host, target))
        if feed:
            return _feed_answer(feed, base, now)
        path = target.partition("?")[0]
        if path in _HOMES and host in self.hosts:
            return self._home(host, now)
        return _FIXED.get(path) or self._article_answer(host, path, now) or _MISSING

    def _home(self, host: str, now: datetime) -> Answer:
        feeds = [feed for feed in self._feeds if feed.host == host]
        listed = ((feed.target, feed.label) for feed in feeds)
        page = home_page(feeds[0].site, listed, newest_of(_columns(feeds), now))
        return Answer(content_type=_HTML, body=page)

    def _article_answer(self, host: str, path: str, now: datetime) -> Answer | None:
        for form, module, pattern in _ADDRESSES:
            match = pattern.fullmatch(path)
            if match:
                feeds = [feed for feed in self._feeds if feed.host == host]
                found = _find(feeds, module, int(match.group(1)), now=now)
                return _form(form, *found) if found else None
        return None


def _find(
    feeds: list[Feed], module: str, id: int, *, now: datetime
) -> tuple[Feed, Article] | None:
    """Find an article among the feeds of a host."""
    for feed in feeds:
        for column in feed.columns:
            article = column.find(id, now) if column.module == module else None
            if article:
                return feed, article
    return None


def _form(form: str, feed: Feed, article: Article) -> Answer | None:
    if form == "page":
        return Answer(content_type=_HTML, body=article_page(feed.site, article))
    if form == "image":
        body = picture(article.id)
        return Answer(content_type="image/png", body=body) if article.image else None
    body = _paper(feed.site, article)
    return Answer(content_type="application/pdf", body=body) if article.file else None


def _paper(site: str, article: Article) -> bytes:
    # The fonts that every reader of PDF has know no Vietnamese letters.
    lines = (site, article.number, article.title, "Ban mau / sample document")
    return paper(tuple(unmarked(line) for line in lines if line))


def _columns(feeds: list[Feed]) -> Iterable[Column]:
    return dict.fromkeys(column for feed in feeds for column in feed.columns)


def _feed_answer(feed: Feed, base: str, now: datetime) -> Answer:
    articles = feed.newest(now)
    channel = _channel(feed, base)
    newest = max((article.published for article in articles), default=now)
    if feed.is_laws:
        body = laws_feed(channel, [_act(article, base) for article in articles])
        return Answer(content_type=_XML, body=body, modified=newest)
    posts = [_post(article, base) for article in articles]
    return replace(feed.dialect(channel, posts, now), modified=newest)


def _channel(feed: Feed, base: str) -> Channel:
    if feed.is_laws:
        place, title = "laws", f"{feed.site} RSS: {feed.label}"
    else:
        place = CATEGORY_SLUGS[feed.category] if feed.category else "rss"
        title = f"{feed.label} - {feed.site}"
    return Channel(
        base=base,
        title=title,
        link=f"{base}/{place}/",
        self_url=base + feed.target,
        site=feed.site,
        description=f"Trang thông tin điện tử {feed.site}",
    )


def _act(article: Article, base: str) -> Act:
    return Act(
        id=article.id,
        code=article.number,
        title=article.title,
        link=base + article.path,
        added=article.published,
        issued=article.issued,
        introtext=article.html,
    )


def _post(article: Article, base: str) -> Post:
    return Post(
        id=article.id,
        title=article.title,
        link=base + article.path,
        published=article.published,
        hometext=_hometext(article, base),
        image=base + article.image_path if article.image else "",
    )


def _hometext(article: Article, base: str) -> str:
    number = f"<p>Số: {escape(article.number)}</p>\n" if article.number else ""
    link = f'<a href="{base}{article.file_path}">Tải tệp đính kèm (PDF)</a>'
    file = f"\n<p>{link}</p>" if article.file else ""
    return number + article.html + file


_FIXED = {
    "/assets/css/rss.xsl": Answer(content_type="text/xsl", body=STYLESHEET),
    "/assets/images/logo.png": Answer(
        content_type="image/png", body=picture(0, width=144, height=LOGO_HEIGHT)
    ),
}
_MISSING = Answer(status=404, content_type=_HTML, body=missing_page())
