"""Every dialect of the sample portals is read as what it means."""

import re
from datetime import UTC
from datetime import datetime
from datetime import timedelta

import pytest

from aggregator.demo import dialects
from aggregator.demo.nukeviet import Channel
from aggregator.demo.nukeviet import Post
from aggregator.errors import ParseError
from aggregator.errors import Reason
from aggregator.intake.digest import digest
from aggregator.model import Digest
from aggregator.model import SourceHints

BASE = "http://127.77.0.9:4321"
NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
CHANNEL = Channel(
    base=BASE,
    title="Tin tổng hợp - Phòng GD&ĐT Quận 2",
    link=f"{BASE}/rss/",
    self_url=f"{BASE}/rss/",
    site="Phòng GD&ĐT Quận 2",
)
TITLES = (
    "Hội thi “Giáo viên dạy giỏi” cấp quận: trường mầm non Họa Mi đạt giải nhất",
    "Công văn 1161/SGDĐT-QLT về tuyển sinh lớp 10 (đợt 2) & các kỳ thi",
    "Ổn định nề nếp dạy và học sau kỳ nghỉ lễ, phổ cập giáo dục cho trẻ dưới 6 tuổi",
)
POSTS = tuple(
    Post(
        id=n,
        title=title,
        link=f"{BASE}/tin-tuc/tieu-de-{n}.html",
        published=datetime(2026, 11, 5, 1, 11, 30, tzinfo=UTC) - timedelta(days=n),
        hometext=f"<p>Nội dung số {n}: học sinh được nghỉ đúng quy định.</p>",
    )
    for n, title in enumerate(TITLES, 1)
)


def read(dialect: dialects.Dialect, now: datetime = NOW) -> Digest:
    """Write the posts in a dialect, and read them as the service does."""
    answer = dialect(CHANNEL, POSTS, now)
    return digest(
        answer.body,
        content_type=answer.content_type,
        url=CHANNEL.self_url,
        hints=SourceHints(),
        timezone="Asia/Ho_Chi_Minh",
        now=now,
    )


@pytest.mark.parametrize("dialect", dialects.DIALECTS, ids=lambda d: d.__name__)
def test_a_dialect_is_read_as_what_it_means(dialect: dialects.Dialect) -> None:
    found = read(dialect)
    assert [item.title for item in found.items] == list(TITLES)
    assert found.rejections == ()
    for item, post in zip(found.items, POSTS, strict=True):
        assert item.given is not None
        known_to = timedelta(hours=1) if item.hour_only else timedelta(minutes=1)
        assert abs(item.given - post.published) < known_to
        assert item.text.endswith("học sinh được nghỉ đúng quy định.")
        assert item.link.startswith(f"{BASE}/tin-tuc/")


def test_a_link_without_slashes_is_repaired() -> None:
    body = dialects.malformed_links(CHANNEL, POSTS, NOW).body
    assert b"<link>http:127.77.0.9:4321/tin-tuc/" in body
    links = [item.link for item in read(dialects.malformed_links).items]
    assert links == [post.link for post in POSTS]


def test_the_platform_writes_months_first_and_no_guid() -> None:
    body = dialects.dotnet(CHANNEL, POSTS, NOW).body.decode()
    assert "<pubDate>11/4/2026 8:11:30 AM</pubDate>" in body
    assert "<guid" not in body
    assert re.search(r"/ct/41155/1<", body)


def test_the_guard_comes_and_goes() -> None:
    there = NOW.replace(minute=3)
    with pytest.raises(ParseError) as caught:
        read(dialects.guarded, there)
    assert caught.value.reason is Reason.HTML_PAGE
    assert len(read(dialects.guarded, there + timedelta(minutes=1)).items) == 3


def test_legacy_bytes_are_no_utf8_and_declare_nothing() -> None:
    answer = dialects.legacy(CHANNEL, POSTS, NOW)
    assert "charset" not in answer.content_type
    assert b"encoding=" not in answer.body
    with pytest.raises(UnicodeDecodeError):
        answer.body.decode()


def test_decomposed_text_is_no_nfc_and_holds_controls() -> None:
    body = dialects.decomposed(CHANNEL, POSTS, NOW).body.decode()
    assert "\u0323" in body and "\x0b" in body
