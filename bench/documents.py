"""The documents of the simulated feeds: half as NukeViet writes them, half plain RSS.

Pure, and the same for the same seed. No two items share a title, a link or a number,
so what a client must hold can be counted.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from email.utils import format_datetime
from html import escape

from aggregator.demo.nukeviet import Channel
from aggregator.demo.nukeviet import Post
from aggregator.demo.nukeviet import news_feed

_STEP = timedelta(hours=5)  # between two items of a feed
_WORDS = (
    "tổ chức kỳ thi học sinh giỏi cấp thành phố năm học hướng dẫn thực hiện nhiệm vụ "
    "giáo dục tiểu học trung học cơ sở mầm non phổ thông triển khai chương trình sách "
    "giáo khoa tập huấn giáo viên cán bộ quản lý tuyển sinh đầu cấp hội nghị sơ kết "
    "học kỳ kế hoạch kiểm tra chuyên môn chuyển đổi số an toàn trường học phòng chống "
    "dịch bệnh bảo hiểm y tế học đường hội khỏe phù đổng khai giảng lễ kỷ niệm ngày "
    "nhà giáo Việt Nam thi đua khen thưởng văn nghệ thể thao ngoại khóa thư viện"
).split()
_OPENINGS = ("Thông báo về việc", "Kế hoạch", "Thư mời", "Công văn", "Về việc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One item of a feed, as its source knows it."""

    number: int
    title: str
    link: str
    guid: str
    at: datetime
    html: str


def is_nukeviet(feed: int) -> bool:
    """Say which half a feed belongs to."""
    return feed % 2 == 0


def article(feed: int, number: int, *, base: str, start: datetime) -> Article:
    """Write the so-manieth item of a feed; ``start`` is when its first one appeared.

    Real portals of NukeViet all count from 1, so that their guids collide. Newsboat
    loses items to that; here they do not, so that it too has all of the work to do.
    """
    dice = random.Random(f"{feed}/{number}")
    title = f"{dice.choice(_OPENINGS)} {_words(dice, 7, 14)} ({feed}-{number})"
    link = f"{base}/bai-viet/{feed}-{number}.html"
    short = is_nukeviet(feed)
    return Article(
        number=number,
        title=title,
        link=link,
        guid=f"news_{feed}{number:04}" if short else link,
        at=start + number * _STEP,
        html=_teaser(dice) if short else _text(dice, base, feed, number),
    )


def document(feed: int, articles: Sequence[Article], *, base: str) -> bytes:
    """Write a feed, newest item first."""
    newest_first = sorted(articles, key=lambda each: each.number, reverse=True)
    if not is_nukeviet(feed):
        return _plain(feed, newest_first, base)
    channel = Channel(
        base=base,
        title=f"Tin tức trường số {feed}",
        link=f"{base}/tin-tuc/",
        self_url=f"{base}/feeds/{feed}.xml",
        site=f"Trường số {feed}",
    )
    return news_feed(channel, [_post(each, base) for each in newest_first])


def _post(each: Article, base: str) -> Post:
    return Post(
        id=int(each.guid.removeprefix("news_")),
        title=each.title,
        link=each.link,
        published=each.at,
        hometext=each.html,
        image=f"{base}/uploads/{each.number}.jpg",
    )


def _words(dice: random.Random, least: int, most: int) -> str:
    return " ".join(dice.choices(_WORDS, k=dice.randint(least, most)))


def _teaser(dice: random.Random) -> str:
    """Give the few lines that NukeViet puts into a feed."""
    return f"{_words(dice, 40, 70)}. Hạn chót {dice.randint(1, 28)}/12/2026."


def _text(dice: random.Random, base: str, feed: int, number: int) -> str:
    """Give a whole text of 1 to 2 kB, as WordPress and its like do."""
    parts = [
        f'<p><a href="{base}/bai-viet/{feed}-{number}.html">'
        f'<img src="{base}/img/{number}.jpg" width="680" height="408" '
        f'style="width:100%;border:0" alt="" /></a></p>'
    ]
    want = dice.randint(1000, 2000)
    while len("".join(parts).encode()) < want:
        parts.append(
            f'<p style="text-align: justify">{_words(dice, 25, 45)}, '
            f"<b>{_words(dice, 3, 6)}</b>.</p>"
        )
    return "".join(parts)


def _plain(feed: int, newest_first: Sequence[Article], base: str) -> bytes:
    items = "".join(map(_item, newest_first))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>'
        f"<title>Cổng thông tin số {feed}</title><link>{base}/</link>"
        f"<description>Tin mới của cổng số {feed}</description><language>vi</language>"
        f"\n{items}</channel></rss>\n"
    ).encode()


def _item(each: Article) -> str:
    return (
        f"<item><title>{escape(each.title)}</title><link>{each.link}</link>"
        f'<guid isPermaLink="true">{each.guid}</guid>'
        f"<pubDate>{format_datetime(each.at.astimezone(UTC), usegmt=True)}</pubDate>"
        f"<category>Tin tức</category>"
        f"<description><![CDATA[{each.html}]]></description></item>\n"
    )
