"""Titles in capitals become sentences; what is written otherwise stays as it is."""

import csv

import pytest

from aggregator.meaning.readable import readable
from tests.meaning.titles import TITLES
from tests.meaning.titles import needs_titles

# Real titles that were published in capitals.
SHOUTED = """
Hội nghị giao ban hiệu trưởng tháng 11 năm 2020
Thông tư 01/2018 quy định bộ đồ dùng tối thiểu cấp học
Khai mạc hội thi giáo viên dạy giỏi cơ sở giáo dục mầm non
Thư ngỏ về việc vận động ủng hộ
Ngoại khóa “Xây dựng tình bạn đẹp, nói không với bạo lực học đường”
Xóa mù chữ đến năm 2020 thành phố Hà Nội
Triển khai thực hiện chương trình mục tiêu quốc gia xây dựng nông thôn mới năm 2022
Ý nghĩa ngày Nhà giáo Việt Nam (20/11)
UBND tỉnh Đồng Tháp yêu cầu Sở Giáo dục và Đào tạo triển khai điều lệ trường tiểu học
TB nghi le gio to hung vuong
Quyết định 2470/QĐ-BGDĐT năm 2015 quy định tiêu chuẩn chương trình giáo dục phổ thông
Thông tư 19
Lùi thời hạn nhận bài tham dự cuộc thi viết thư quốc tế UPU lần thứ 52 năm 2023
Hội thi kể chuyện theo sách thiếu nhi
Kế hoạch xóa mù chữ đến năm 2020
Năm học 2026 – 2027
"""
# Real titles, here written in capitals.
RAISED = """
Thông tư 42/2021/TT-BGDĐT quy định về cơ sở dữ liệu giáo dục và đào tạo
V/v hướng dẫn thực hiện công khai trong hoạt động của các cơ sở giáo dục
Khai mạc hội thi giáo viên chủ nhiệm dạy giỏi cấp huyện
Công văn 1161/SGDĐT-QLT hướng dẫn tuyển sinh vào các trường mầm non, lớp 1 và lớp 6
Kết quả 10 năm thực hiện phổ cập giáo dục mầm non cho trẻ em 5 tuổi
Về đảm bảo thông tin liên lạc trên các hệ thống thông tin của ngành GD&ĐT
18-2019-TT-BGDĐT ban hành quy định BDTX đối với CBQL
Quảng Ninh: Sắp khai mạc cuộc thi KHKT quốc gia dành cho học sinh trung học
Giải nhất hội thi giao lưu “Tiếng Việt của chúng em” cấp tỉnh
Thái Bình:Trường THPT Lê Quý Đôn đón nhận huân chương độc lập hạng ba
Bắc Giang, Bắc Ninh cho học sinh nghỉ học phòng dịch Covid-19
Kiểm tra PTDTNT THCS và THPT
TP.HCM: Thí sinh thi lớp 10 chuyên từ 7/6
Đại hội lần thứ V hội khuyến học Việt Nam
Ôn tập học kỳ II lớp 12A, trường cấp III
Trường TH-THCS-THPT khai giảng, ứng dụng AI trong dạy học
"""


def lines(text):
    return [line for line in text.split("\n") if line]


@pytest.mark.parametrize("title", lines(SHOUTED) + lines(RAISED))
def test_capitals_become_a_sentence(title):
    assert readable(title.upper()) == title
    assert readable(title) == title


@pytest.mark.parametrize(
    ("shouted", "title"),
    [
        ("PHÊ DUYỆTKẾ HOẠCH", "Phê duyệt kế hoạch"),
        ("THI HSG LỚP 9. LỊCH THI VÒNG II", "Thi HSG lớp 9. Lịch thi vòng II"),
        ("BỘ Y TẾ, BỘ GDĐT HỌP VỚI WHO", "Bộ y tế, bộ GDĐT họp với WHO"),
        ("V/V NGHỈ TẾT", "V/v nghỉ tết"),
        ("HỌC TỐT", "Học tốt"),
        ("THPT", "THPT"),
        ("", ""),
        ("2026", "2026"),
    ],
)
def test_glued_words_numerals_and_acronyms(shouted, title):
    assert readable(shouted) == title


@pytest.mark.parametrize(
    "title",
    [
        "Lịch nghỉ Tết Nguyên đán 2026 của học sinh tiểu học Hà Nội CHÍNH THỨC",
        "hoi nghi giao ban",
        "Kiểm tra PTDTNT THCS và THPT",
    ],
)
def test_other_titles_stay(title):
    assert readable(title) == title


@needs_titles
def test_every_real_title_in_capitals_is_made_readable():
    with TITLES.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    shouted = [row["title"] for row in rows if row["title"].isupper()]
    assert len(shouted) >= 14
    for title in shouted:
        told = readable(title)
        assert told.upper().replace(" ", "") == title.replace(" ", "")
        assert sum(map(str.isupper, told)) < 0.5 * sum(map(str.isalpha, told))
