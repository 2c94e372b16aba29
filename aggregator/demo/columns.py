"""What stands in each column (chuyên mục) of a sample host at a moment.

Pure arithmetic on the moment the portal started: nothing is kept, so any moment can be
asked for, and the same questions get the same answers after a restart with the same
start.
"""

from dataclasses import dataclass
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from zoneinfo import ZoneInfo

from aggregator.demo.nukeviet import LIMIT
from aggregator.demo.stories import Office
from aggregator.demo.stories import Story
from aggregator.demo.texts import fill
from aggregator.demo.texts import slug
from aggregator.demo.texts import working_day
from aggregator.model import CATEGORY_SLUGS
from aggregator.model import Category

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
TICK = timedelta(seconds=30)  # something new appears somewhere

_IDS_PER_COLUMN = 100  # of the working stock
_FIRST_FRESH_ID = 50_000  # plus the tick: no two columns share one
_REPEATS = {
    Category.NEWS: "(kỳ {round})",
    Category.ANNOUNCEMENT: "(đợt {round})",
    Category.DOCUMENT: "(lần {round})",
    Category.INVITATION: "(lần {round})",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One article or document as it stands on its host."""

    id: int  # unique on its host within its module
    module: str  # "news" or "laws"
    category: Category
    title: str
    number: str
    html: str
    published: datetime
    image: bool
    file: bool

    @property
    def slug(self) -> str:
        """Spell the title for an address, without marks."""
        return slug(self.title)

    @property
    def path(self) -> str:
        """Say where its page stands."""
        if self.module == "laws":
            return f"/laws/detail/{self.slug}-{self.id}"
        return f"/{CATEGORY_SLUGS[self.category]}/{self.slug}-{self.id}.html"

    @property
    def image_path(self) -> str:
        """Say where its picture stands, or nothing."""
        if not self.image:
            return ""
        return f"/assets/news/{self.day:%Y_%m}/anh-{self.id}.png"

    @property
    def file_path(self) -> str:
        """Say where its PDF stands, or nothing."""
        return f"/uploads/{self.module}/{self.slug}-{self.id}.pdf" if self.file else ""

    @property
    def day(self) -> date:
        """Name the day of publication, as people in Viet Nam count it."""
        return self.published.astimezone(VIETNAM).date()

    @property
    def issued(self) -> date:
        """Name the day of signing: a clerk types an act in one working day later."""
        return working_day(self.day, -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A column's place in the round by which new stories appear."""

    place: int
    places: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One category of one office in one module of one host."""

    office: Office
    category: Category
    module: str
    place: int  # on its host; its stock's ids follow from it
    turn: Turn | None  # None: nothing new appears any more
    started: datetime
    stories: tuple[Story, ...]

    def newest(self, now: datetime) -> list[Article]:
        """List what a feed shows at a moment, newest first."""
        fresh = [self._fresh(tick) for tick in self._ticks(now)]
        stock = [self._stock(index) for index in range(len(self.stories))]
        stock.sort(key=lambda article: article.published, reverse=True)
        return [article for article in fresh + stock if self._may_tell(article)][:LIMIT]

    def find(self, id: int, now: datetime) -> Article | None:
        """Find an article by its id, however long ago it left the feed."""
        if id < _FIRST_FRESH_ID:
            article = self._stocked(id)
        else:
            article = self._freshened(id - _FIRST_FRESH_ID, now)
        return article if article and self._may_tell(article) else None

    def _stocked(self, id: int) -> Article | None:
        place, index = divmod(id - 1, _IDS_PER_COLUMN)
        mine = place == self.place and index < len(self.stories)
        return self._stock(index) if mine else None

    def _freshened(self, tick: int, now: datetime) -> Article | None:
        seen = 0 < tick <= (now - self.started) // TICK
        return self._fresh(tick) if seen and self._has_turn(tick) else None

    def _may_tell(self, article: Article) -> bool:
        since, until = self.office.since, self.office.until
        alive = since is None or since <= article.day
        return alive and (until is None or article.day <= until)

    def _has_turn(self, tick: int) -> bool:
        turn = self.turn
        return turn is not None and (tick - 1) % turn.places == turn.place

    def _ticks(self, now: datetime) -> range:
        """Name this column's ticks up to now, newest first, as many as a feed lists."""
        if self.turn is None or not self.stories:
            return range(0)
        first, step = self.turn.place + 1, self.turn.places
        passed = (self._last_moment(now) - self.started) // TICK
        if passed < first:
            return range(0)
        last = passed - (passed - first) % step
        return range(last, max(first - 1, last - step * LIMIT), -step)

    def _last_moment(self, now: datetime) -> datetime:
        # An office whose end lies ahead goes on until then, and its feed stays.
        until = self.office.until
        return now if until is None else min(now, _end_of(until))

    def _stock(self, index: int) -> Article:
        story = self.stories[index]
        counted = self.office.counter - 2 * story.days_ago + index % 2
        return self._tell(
            story,
            id=self.place * _IDS_PER_COLUMN + index + 1,
            published=self._stock_moment(story.days_ago, index),
            counted=counted,
        )

    def _stock_moment(self, days_ago: int, index: int) -> datetime:
        start = self.started.astimezone(VIETNAM).date()
        until = self.office.until
        last = until if until is not None and self.office.ended else start
        day = working_day(last, -days_ago)
        # Spread over office hours, the same at every start.
        clock = timedelta(minutes=index * 37 % 540, seconds=index * 13 % 60)
        local = datetime.combine(day, time(8), tzinfo=VIETNAM)
        return (local + clock).astimezone(UTC)

    def _fresh(self, tick: int) -> Article:
        assert self.turn is not None
        count = (tick - 1) // self.turn.places
        repeat, back = divmod(count, len(self.stories))
        # A little before it is seen, so that seconds differ as they do in life.
        published = self.started + TICK * tick - timedelta(seconds=tick * 7 % 23)
        return self._tell(
            self.stories[-1 - back],  # longest ago first
            id=_FIRST_FRESH_ID + tick,
            published=published,
            counted=self.office.counter + 1 + count,
            round=repeat + 2,
        )

    def _tell(
        self,
        story: Story,
        *,
        id: int,
        published: datetime,
        counted: int,
        round: int = 1,
    ) -> Article:
        values = {
            "office": self.office.name,
            "short": self.office.short,
            "area": self.office.area,
            "n": f"{counted:02d}",
        }
        local = published.astimezone(VIETNAM)
        day = local.date()
        title = fill(story.title, values, day=day)
        text = fill(story.text, values, day=day, markup=True).strip()
        if round > 1:
            title = f"{title} {_REPEATS[self.category].format(round=round)}"
            text = _updated(text, local)
        return Article(
            id=id,
            module=self.module,
            category=self.category,
            title=title,
            number=fill(story.number, values, day=day),
            html=text,
            published=published,
            image=story.image,
            file=story.file,
        )


def _updated(text: str, local: datetime) -> str:
    line = f"Cập nhật lúc {local:%H:%M} ngày {local:%d/%m/%Y}."
    return f"{text}\n<p>{line}</p>" if text.startswith("<p>") else f"{text} {line}"


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), tzinfo=VIETNAM)
