"""`duplicates`, from two portals' documents to what an editor reads."""

from pathlib import Path
from zlib import crc32

from tests.cli.command import aggregator
from tests.cli.command import write_feeds
from tests.cli.upstream import Entry
from tests.cli.upstream import Upstream
from tests.cli.upstream import rss

AUTHORITIES = {
    "so": {"name": "Sở Giáo dục và Đào tạo"},
    "quan-1": {"name": "Phòng GD&ĐT Quận 1", "parent": "so"},
}


def entry(host: str, title: str) -> Entry:
    page = f"http://{host}.example/bai-viet/{crc32(title.encode()) % 1000 + 100}.html"
    return Entry(guid=page, link=page, title=title, text="Xem văn bản")


def test_copies_are_told_by_items_and_doubtful_ones_by_duplicates(
    tmp_path: Path,
) -> None:
    letter = "5711/SGDĐT-KTKĐ về công khai trong hoạt động của các cơ sở giáo dục"
    with Upstream(("127.0.0.1", "127.0.0.2")) as upstream:
        first = [entry("so", letter), entry("so", "Số 12/SGDĐT-VP về khai giảng")]
        other = [entry("q1", letter), entry("q1", "12/SGDĐT-VP Lịch nghỉ Tết")]
        urls = (
            upstream.put("/so", rss(*first)),
            upstream.put("/q1", rss(*other), address="127.0.0.2"),
        )
        sources = {
            "so": {"url": urls[0], "authority": "so"},
            "q1": {"url": urls[1], "authority": "quan-1"},
        }
        write_feeds(tmp_path, sources, authorities=AUTHORITIES)
        assert "không có tin nào" in aggregator(tmp_path, "duplicates").out
        pulled = aggregator(tmp_path, "pull", "--all", "--json")
    assert pulled.json["items"]["new"] == 4  # each source has two new ones
    told = aggregator(tmp_path, "items", "--json").json["items"]
    assert sorted(len(item["also_at"]) for item in told) == [0, 0, 1]
    (asked,) = aggregator(tmp_path, "duplicates", "--json").json["proposals"]
    assert asked["why"] == "number"
    assert {each["source"] for each in asked["notices"]} == {"so", "q1"}
    assert {each["id"] for each in asked["notices"]} < {item["id"] for item in told}
    text = aggregator(tmp_path, "duplicates").out
    assert "cùng số, ký hiệu" in text and "one number" in text
    assert "Lịch nghỉ Tết http://q1.example/" in text
