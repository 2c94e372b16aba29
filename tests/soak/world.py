"""A city's portals over one month: what each feed lists at each moment. Pure.

All of it follows from a seed, so every run meets the same month: February 2027, with
Tết in it, when nobody publishes. Each feed has one oddity that real portals have.
"""

import random
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from aggregator.demo.nukeviet import nv_date

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WINDOW = 20  # items that a feed lists
HISTORY = 56  # days before the month, from which its first documents are
FAST = 15 * MINUTE  # between two posts of the feed that publishes fastest
WORDS = (
    "tuyển sinh lớp mười kế hoạch hội thi giáo viên giỏi lịch nghỉ kiểm tra học kỳ "
    "tập huấn an toàn giao thông phòng chống dịch khai giảng thi đua trường tiểu học "
    "mầm non bồi dưỡng thể thao đọc sách thư viện khen thưởng công đoàn"
).split()
ODDITIES = (
    *("fast", "silent", "undated", "nukeviet", "edits", "redates", "flips", "moves"),
    *("stale", "withdraws", "redirects", "bare", "noisy"),
)


def local(day: int, hour: int = 0, minute: int = 0, month: int = 2) -> datetime:
    """Make a moment of the month, as a clock in the city shows it."""
    return datetime(2027, month, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


START, END = local(1), local(1, month=3)
CLOSE = END + 3 * HOUR  # one more round after everything is over
TET = (date(2027, 2, 4), date(2027, 2, 10))  # nobody publishes
SILENT_FROM = local(3)
MOVED_AT, REDIRECTED_AT = local(16, 12), local(11, 9)
REDATED = (local(12), local(18))
FLIPPING = (local(18), local(25))


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """An article: when it came, changed, and left the list."""

    n: int
    at: datetime
    title: str
    edited_at: datetime | None = None
    gone_at: datetime | None = None
    page_stands: bool = False  # though it is no longer listed

    def is_listed(self, now: datetime) -> bool:
        return self.at <= now and (self.gone_at is None or now < self.gone_at)


class Feed:
    """One feed, its posts, and the moments at which its document changes."""

    def __init__(self, id_: str, host: str, oddity: str) -> None:
        self.id, self.host, self.oddity = id_, host, oddity
        self.url = f"http://{host}/rss/{id_}.rss"
        self.new_url = f"http://moi-{host}/rss/{id_}.rss"
        self.posts = list(_posts(id_, oddity))
        self._turns = sorted(set(self._changes()))
        self._built = (-1, b"")

    def _changes(self) -> Iterator[datetime]:
        for post in self.posts:
            yield from filter(None, (post.at, post.edited_at, post.gone_at))
        if self.oddity == "moves":
            yield MOVED_AT
        elif self.oddity == "redates":
            yield from _every(2 * HOUR, *REDATED)
        elif self.oddity == "flips":
            yield from _every(6 * HOUR, *FLIPPING)
        elif self.oddity == "noisy":
            yield from _every(12 * HOUR, START, END)

    def version(self, now: datetime) -> int:
        return bisect_right(self._turns, now)

    def listed(self, now: datetime) -> list[Post]:
        """List what its document holds, the newest first."""
        there = [post for post in self.posts if post.is_listed(now)]
        return there[: -WINDOW - 1 : -1]

    def body(self, now: datetime) -> bytes:
        """Write its document; made once for each version."""
        version = self.version(now)
        if self._built[0] != version:
            self._built = (version, self._write(self._turns[version - 1]))
        return self._built[1]

    def _write(self, at: datetime) -> bytes:
        generator = "NukeViet v4.0" if self.oddity == "nukeviet" else "CMS"
        items = "".join(self._item(post, at) for post in self.listed(at))
        head = f"<title>Cổng {self.id}</title><generator>{generator}</generator>"
        if self.oddity == "noisy":
            head += f"<lastBuildDate>{at:%a, %d %b %Y %H:%M:%S} GMT</lastBuildDate>"
        return f'<rss version="2.0"><channel>{head}{items}</channel></rss>'.encode()

    def _item(self, post: Post, at: datetime) -> str:
        link, guid = self.link(post, at), f"news_{post.n}"
        return (
            f"<item><title>{self.title(post, at)}</title><link>{link}</link>"
            f"<guid>{link if self.oddity == 'moves' else guid}</guid>"
            f"{self._date(post, at)}<description>&lt;p&gt;Nội dung của bài {post.n}, "
            "đăng cho các trường.&lt;/p&gt;</description></item>"
        )

    def link(self, post: Post, at: datetime) -> str:
        moved = self.oddity == "moves" and at >= MOVED_AT
        host = f"moi-{self.host}" if moved else self.host
        return f"http://{host}/tin-tuc/{self.id}-{post.n}.html"

    def title(self, post: Post, at: datetime) -> str:
        if self.oddity == "flips" and FLIPPING[0] <= at < FLIPPING[1]:
            return post.title + (" *" if (at - FLIPPING[0]) // (6 * HOUR) % 2 else "")
        edited = post.edited_at is not None and at >= post.edited_at
        return f"{post.title} (cập nhật)" if edited else post.title

    def _date(self, post: Post, at: datetime) -> str:
        if self.oddity == "undated":
            return ""
        if self.oddity == "nukeviet":
            return f"<pubDate>{nv_date(post.at)}</pubDate>"
        moment = post.at
        if self.oddity == "redates" and at > REDATED[0]:
            touched = bisect_right(list(_every(2 * HOUR, *REDATED)), at)
            earlier = bisect_right(list(_every(2 * HOUR, *REDATED)), post.at)
            moment += (touched - earlier) * 2 * MINUTE
        return f"<pubDate>{moment:%a, %d %b %Y %H:%M:%S} GMT</pubDate>"


def _every(step: timedelta, start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += step


# --- What is published --------------------------------------------------------


def _posts(id_: str, oddity: str) -> Iterator[Post]:
    dice = random.Random(f"posts of {id_}")
    moments = sorted(chain(_history(dice), _of_the_month(dice, oddity)))
    for n, at in enumerate(moments, 1):
        title = " ".join(dice.sample(WORDS, 7)).capitalize()
        yield Post(n=n, at=at, title=f"{title} {id_} {n}", **_later(oddity, n, at))


def _later(oddity: str, n: int, at: datetime) -> dict[str, object]:
    """Say what becomes of a post: some are edited, some taken away."""
    if at < START + DAY or at > END - 6 * DAY:
        return {}
    if oddity == "edits" and n % 3 == 0:
        return {"edited_at": at + 5 * HOUR}
    if oddity == "withdraws" and n % 4 == 0:
        return {"gone_at": at + 20 * HOUR, "page_stands": n % 8 == 0}
    return {}


def _history(dice: random.Random) -> Iterator[datetime]:
    """Every second working day of eight weeks: enough to learn habits from."""
    days = [START - n * DAY for n in range(1, HISTORY + 1)]
    working = [day for day in days if day.astimezone(ZONE).weekday() < 5]
    return (_in_office(day, dice) for day in working[: 2 * WINDOW : 2])


def _in_office(midnight: datetime, dice: random.Random) -> datetime:
    return midnight + timedelta(seconds=dice.randrange(8 * 3600, 17 * 3600))


def _of_the_month(dice: random.Random, oddity: str) -> Iterator[datetime]:
    for midnight in _every(DAY, START, END):
        day = midnight.astimezone(ZONE).date()
        silent = oddity == "silent" and midnight >= SILENT_FROM
        if silent or TET[0] <= day <= TET[1]:
            continue
        if day.weekday() >= 5:
            yield from (_in_office(midnight, dice) for _ in range(dice.random() < 0.1))
            continue
        if oddity == "fast":
            yield from _every(FAST, midnight + 8 * HOUR, midnight + 17 * HOUR)
            continue
        yield from (
            _in_office(midnight, dice) for _ in range(1 + (dice.random() < 0.2))
        )
        if dice.random() < 0.05:
            yield midnight + 22 * HOUR + dice.randrange(3600) * timedelta(seconds=1)


# --- Portals ------------------------------------------------------------------


def portals(count: int) -> list[Feed]:
    """Spread feeds over portals of one to five; what must be alone stands alone."""
    dice = random.Random(f"portals for {count}")
    named = [*ODDITIES] * max(1, count // 50)
    oddities = named + ["plain"] * (count - len(named))
    feeds: list[Feed] = []
    host, room = 0, 0
    for n, oddity in enumerate(oddities):
        alone = oddity in ("fast", "silent", "redirects")
        if not room or alone:
            host += 1
            room = 1 if alone else dice.randint(1, 5)
        feeds.append(Feed(f"s{n:03d}-{oddity}", f"p{host:02d}.example", oddity))
        room -= 1
    return feeds
