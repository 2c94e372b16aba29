"""A sample portal with a Sở, a dissolved office, a ward and a source of all sorts."""

from datetime import UTC
from datetime import date
from datetime import datetime

import pytest

from aggregator.demo.portal import Portal
from aggregator.model import Authority
from aggregator.model import Category
from aggregator.model import Source

AUTHORITIES = (
    Authority(
        id="so",
        name="Sở Giáo dục và Đào tạo Thành phố Hồ Chí Minh",
        short="Sở GD&ĐT TP.HCM",
    ),
    Authority(
        id="quan-1",
        name="Phòng Giáo dục và Đào tạo Quận 1",
        short="Phòng GD&ĐT Quận 1",
        parent="so",
        until=date(2025, 6, 30),
    ),
    Authority(
        id="phuong-ben-thanh",
        name="Phòng Văn hóa - Xã hội Phường Bến Thành",
        short="Phường Bến Thành",
        parent="so",
        since=date(2025, 7, 1),
    ),
)
HOSTS = {
    "so": "hcm.edu.vn",
    "quan-1": "pgdquan1.hcm.edu.vn",
    "phuong-ben-thanh": "phuongbenthanh.hcm.edu.vn",
}
PATHS = {
    Category.NEWS: "/rss/tin-tuc/",
    Category.ANNOUNCEMENT: "/rss/thong-bao/",
    Category.DOCUMENT: "/laws/rss/",
    Category.INVITATION: "/rss/thu-moi/",
}


@pytest.fixture
def started():
    """A Sunday, so that the stock has a weekend to avoid."""
    return datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


@pytest.fixture
def authorities():
    return {each.id: each for each in AUTHORITIES}


@pytest.fixture
def sources():
    """Four sources of each of three offices."""
    made = [
        Source(
            id=f"{id}-{category}",
            url=f"https://{host}{path}",
            authority=id,
            category=category,
        )
        for id, host in HOSTS.items()
        for category, path in PATHS.items()
    ]
    return {source.id: source for source in made}


@pytest.fixture
def portal(sources, authorities, started):
    return Portal(sources, authorities, started)
