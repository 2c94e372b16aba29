"""Betting spam is held, whatever stands around it; ordinary notices never are."""

import csv
import time
from pathlib import Path

import pytest

from aggregator.errors import ConfigError
from aggregator.meaning.reading import read_text
from aggregator.meaning.reading import read_title
from aggregator.meaning.rules import read_rules
from aggregator.meaning.spam import FILE
from aggregator.meaning.spam import compile_spam
from aggregator.meaning.spam import find_spam
from aggregator.meaning.spam import is_known_host
from aggregator.meaning.spam import is_vietnamese
from aggregator.meaning.spam import speaks_of_schools
from aggregator.meaning.understanding import understand
from aggregator.model import Hold
from aggregator.model import SourceHints
from tests.conftest import NOW
from tests.meaning.test_titles import TITLES

CONSTRUCTED = Path(__file__).parents[1] / "data" / "spam_titles.txt"
SPAM = [
    line
    for line in CONSTRUCTED.read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


def held(title: str, text: str = "") -> Hold | None:
    return find_spam(read_title(title), read_text(text))


def test_constructed_spam_is_held() -> None:
    """At least 40 titles of every form, of which 95 % must be known."""
    missed = [title for title in SPAM if held(title) is None]
    assert len(SPAM) >= 40
    assert len(missed) <= 0.05 * len(SPAM), missed


@pytest.mark.corpus
@pytest.mark.skipif(not TITLES.is_file(), reason="no folder of real titles")
def test_no_real_title_is_held() -> None:
    with TITLES.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert [row["title"] for row in rows if held(row["title"])] == []
    assert [row for row in rows if held(row["title"], row["first_sentence"])] == []
    unheard = [row for row in rows if not speaks_of_schools(row["title"])]
    assert len(unheard) <= 0.2 * len(rows)


@pytest.mark.parametrize(
    "title",
    [
        "Thông báo tuyển dụng viên chức năm học 2026-2027",
        "Lịch công tác tuần 12",
        "Phòng, chống tệ nạn cá độ bóng đá mùa World Cup trong học sinh",
        "Cảnh báo học sinh tham gia cá cược trực tuyến",
        "Tuyên truyền tác hại của cờ bạc trực tuyến",
        "Cảnh báo trang web nhà cái kubet giả danh nhà trường",
        "Công ty TNHH MTV Xổ số kiến thiết TP.HCM trao học bổng cho học sinh nghèo",
        "Lớp tập huấn còn 20 slot, link vào phòng họp Zoom gửi sau",
        "Hướng dẫn đăng nhập trang chủ cổng thông tin, link chính thức của Sở",
        "Hội thi bóng đá học sinh: trực tiếp trên kênh của Sở",
        "Chiến thắng B52 và trận Điện Biên Phủ trên không",
        "Cài đặt Windows 10 cho phòng máy, hỗ trợ Win10",
        "Sửa chữa nhà, cải tạo sân trường",
        "Khảo sát cầu đường trước cổng trường, soi cầu thang",
        "Charles Darwin và thuyết tiến hóa",
        "Giải bóng đá U13: tỷ số 3-2 sau loạt đá luân lưu",
        "Cho học sinh nghỉ học do vi rút Corona, số đến hôm nay",
        "Thực đơn tuần 3: cá kho, gà xào, kẹo lạc",
        "",
    ],
)
def test_ordinary_notices_are_not_held(title: str) -> None:
    assert held(title) is None


def test_a_title_among_honest_words_is_read_to_its_end() -> None:
    found = held("Kế hoạch kiểm tra học kỳ I các môn, xem tại nha-cai-uy-tin 789bet")
    assert found is not None and found.kind == "betting"
    (why,) = found.because
    assert why.where == "title" and "789bet" in why.saw


def test_an_honest_title_over_such_a_text() -> None:
    spam = "Chào mừng đến với casino, tài xỉu, nổ hũ. Đăng nhập nhận thưởng."
    found = held("Kế hoạch năm học", spam)
    assert found is not None and found.because[0].where == "text"
    assert held("Kế hoạch năm học", "Có học sinh nói đến một casino ở xa.") is None
    warning = (
        "Công an cảnh báo: casino, tài xỉu, nổ hũ trên mạng đều vi phạm pháp luật."
    )
    assert held("Thông tin cho phụ huynh", warning) is None


def test_what_is_held_is_understood_all_the_same() -> None:
    title = "Thông báo tuyển sinh lớp 10 - nhà cái Kubet"
    meant = understand(title, "", hints=SourceHints(), now=NOW, published=None)
    assert meant.hold is not None and meant.category == "announcement"


def test_a_phrase_that_could_never_be_found_is_a_mistake() -> None:
    table = {**read_rules(FILE), "betting": ["phỏm tá lả"]}
    with pytest.raises(ConfigError, match="never looked for"):
        compile_spam(table)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Thông báo về việc nghỉ", True),
        ("thong bao ve viec nghi le", True),
        ("オンラインカジノ 公式サイト", False),
        ("Cheap watches and bags for sale here", False),
    ],
)
def test_languages(text: str, expected: bool) -> None:
    assert is_vietnamese(text) is expected


@pytest.mark.parametrize(
    "host, expected",
    [
        ("hcm.edu.vn", True),
        ("thcsabc.hcm.edu.vn", True),
        ("docs.google.com", True),
        ("gov.vn.example.com", False),
        ("notgoogle.com", False),
        ("", False),
    ],
)
def test_hosts_of_the_field(host: str, expected: bool) -> None:
    assert is_known_host(host) is expected


@pytest.mark.parametrize(
    "piece", ["8", "bet", "8x", "ca cuoc ", "nha-", "soi cau ", "a" * 50, "88 "]
)
def test_hostile_titles_are_read_in_time(piece: str) -> None:
    title = read_title(piece * (100_000 // len(piece)))
    text = read_text(piece * (100_000 // len(piece)))
    held("x", "y")  # the rules are read once
    started = time.process_time()
    find_spam(title, text)
    assert time.process_time() - started < 0.05
