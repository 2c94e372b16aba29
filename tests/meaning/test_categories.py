"""What kind of notice a title is; invitations are constructed on the legal form."""

import pytest

from aggregator.errors import ConfigError
from aggregator.meaning.categories import category_rules
from aggregator.meaning.categories import compile_categories
from aggregator.meaning.categories import find_category
from aggregator.meaning.text import align
from aggregator.model import Category

BLOCK = "Sở trân trọng kính mời đại biểu.\nThời gian: 8g00.\nĐịa điểm: Hội trường."


def category_of(title, text="", *, number=""):
    found = find_category(
        align(title), align(text), number=number, rules=category_rules()
    )
    return found[0]


@pytest.mark.parametrize(
    ("title", "category"),
    [
        ("Thông báo tựu trường và Lễ Khai giảng năm học 2023-2024", "announcement"),
        ("thong bao khan ve viec cho hoc sinh nghi hoc", "announcement"),
        ("TB NGHI LE GIO TO HUNG VUONG", "announcement"),
        ("Lịch thi tuyển sinh lớp 10", "announcement"),
        ("LÙI THỜI HẠN NHẬN BÀI THAM DỰ CUỘC THI", "announcement"),
        ("THƯ NGỎ VỀ VIỆC VẬN ĐỘNG ỦNG HỘ", "announcement"),
        ("Thư mời chào giá thiết bị dạy học", "announcement"),
        ("V/v hướng dẫn thực hiện nhiệm vụ giáo dục phổ thông", "document"),
        ("Công văn:Hưởng ứng viết Bài chào mừng kỷ niệm 20 năm", "document"),
        ("[1872/SGDĐT-TTTT] Về đảm bảo thông tin liên lạc", "document"),
        ("ban hành Điều lệ Trường tiểu học", "document"),
        ("KHẨN: Công điện về phòng chống bão", "document"),
        ("THÔNG TƯ 01/2018 QUY ĐỊNH BỘ ĐỒ DÙNG TỐI THIỂU CẤP HỌC", "document"),
        ("Lịch sử ngày Nhà giáo Việt Nam 20/11", "news"),
        ("Hướng dẫn chi tiết cách thí sinh tự do đăng ký dự thi", "news"),
        ("KHAI MẠC HỘI THI GIÁO VIÊN DẠY GIỎI", "news"),
        ("Sẽ sáp nhập một số trường học có quy mô nhỏ", "news"),
        ("Học sinh khó khăn được mời dự trại hè", "news"),
        ("", "news"),
    ],
    ids=lambda value: value[:30],
)
def test_real_titles(title, category):
    assert category_of(title) == category


@pytest.mark.parametrize(
    "title",
    [
        "Giấy mời họp giao ban Hiệu trưởng tháng 11",
        "GIẤY MỜI dự Hội nghị tổng kết năm học",
        "Thư mời tham dự Lễ kỷ niệm ngày Nhà giáo Việt Nam",
        "V/v mời dự tập huấn chuyển đổi số",
        "Kính mời đại biểu dự khai giảng",
        "HỎA TỐC: Giấy mời họp trực tuyến",
        "Mời tham dự hội thảo chuyển đổi số",
        "[15/SGDĐT-VP] Thư mời họp phụ huynh",
    ],
    ids=lambda title: title[:24],
)
def test_constructed_invitations(title):
    assert category_of(title) is Category.INVITATION


def test_an_invitation_is_known_by_its_symbol_or_by_its_block_of_when_and_where():
    assert category_of("Họp giao ban", number="12/GM-SGDĐT") is Category.INVITATION
    assert category_of("Về việc họp giao ban", BLOCK) is Category.INVITATION


def test_a_block_of_when_and_where_alone_invites_nobody():
    text = "Thời gian: 8g00. Địa điểm: Hội trường."
    assert category_of("Khai mạc hội thi", text) is Category.NEWS


@pytest.mark.parametrize(
    ("number", "category"),
    [("12/TB-SGDĐT", "announcement"), ("12/SGDĐT-VP", "document")],
)
def test_a_number_decides_where_words_do_not(number, category):
    assert category_of("Nghỉ lễ", number=number) == category


def test_the_reason_shows_the_words():
    found = find_category(
        align("Thể lệ cuộc thi"), align(""), number="", rules=category_rules()
    )
    assert (found[1].saw, found[1].where) == ("Thể lệ", "title")


def test_an_unknown_key_in_the_rules_is_an_error():
    row = {"says": "x", "words": ["x"], "category": "news", "place": "head"}
    with pytest.raises(ConfigError, match="unknown key"):
        compile_categories({"rule": [row]})
