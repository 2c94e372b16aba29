"""Levels: the rules R1 to R12 of the field, and the traps seen in real titles."""

import pytest

from aggregator.errors import ConfigError
from aggregator.meaning.levels import compile_rules
from aggregator.meaning.levels import division_levels
from aggregator.meaning.levels import find_addressees
from aggregator.meaning.levels import find_levels
from aggregator.meaning.levels import level_rules
from aggregator.meaning.levels import narrowed
from aggregator.meaning.levels import union
from aggregator.meaning.rules import read_rules
from aggregator.meaning.text import align
from aggregator.meaning.text import separate
from aggregator.model import ALL_LEVELS
from aggregator.model import Level

LETTERS = {
    "M": Level.PRESCHOOL,
    "T": Level.PRIMARY,
    "C": Level.LOWER_SECONDARY,
    "P": Level.UPPER_SECONDARY,
    "X": Level.CONTINUING,
}


def letters(levels):
    return "".join(letter for letter, level in LETTERS.items() if level in levels)


def levels_of(title):
    return letters(union(find_levels(align(separate(title)), level_rules()).marks))


@pytest.mark.parametrize(
    ("title", "levels"),
    [
        # one level
        ("Bộ GD&ĐT đề xuất giáo viên mầm non hưởng hệ số đặc thù cao nhất", "M"),
        ("KHAI MẠC HỘI THI GIÁO VIÊN DẠY GIỎI CƠ SỞ GIÁO DỤC MẦM NON", "M"),
        ("Khoi dong De an pho cap GDMN cho tre 5 tuoi", "M"),
        ("Thủ tục: Thành lập nhóm trẻ, lớp mẫu giáo độc lập", "M"),
        ("Tập huấn CBQL, GV MN về phòng, chống bạo hành trẻ", "M"),
        ("Trường TH Lê Văn Sĩ chào đón năm học mới", "T"),
        ("Bậc tiểu học tổng kết nhiệm vụ năm học 2016-2017", "T"),
        ("hoi thi giao vien day gioi thcs huyen van ninh khanh hoa", "C"),
        ("Tổ chức Lễ trưởng thành cho học sinh khối 12", "P"),
        ("ban hành quy chế của trường trung học phổ thông chuyên", "P"),
        ("Học sinh trường chuyên: Sao trường công còn chia chất lượng cao?", "P"),
        ("Họp mặt kỷ niệm 50 năm thành lập trường cấp 3 Nguyễn Du", "P"),
        ("Cả nước có 9.600 trung tâm học tập cộng đồng", "X"),
        ("KẾ HOẠCH XÓA MÙ CHỮ ĐẾN NĂM 2020", "X"),
        ("du khai giang tai trung tam gdnn gdtx hoang hoa", "X"),
        # several
        ("Hướng dẫn tổ chức dạy học 2 buổi/ngày", "TCP"),
        ("Dạy học 2 buổi/ngày ở tiểu học", "T"),
        ("Dạy học 2 buổi/ngày, sinh hoạt hè cho trẻ em, học sinh", "MTCPX"),
        ("Hội nghị giáo dục trung học", "CP"),
        ("Kiểm tra PTDTNT THCS và THPT", "CP"),
        ("THCSvà THPT", "CP"),
        ("Trường TH-THCS-THPT Ngô Thời Nhiệm", "TCP"),
        ("hướng dẫn lựa chọn sách giáo khoa trong cơ sở giáo dục phổ thông", "TCP"),
        ("Điều lệ trường phổ thông có nhiều cấp học", "TCP"),
        ("Điều lệ trường THCS, THPT và trường phổ thông có nhiều cấp học", "CP"),
        ("giáo dục mầm non, phổ thông và giáo dục thường xuyên", "MTCPX"),
        ("Kiểm tra công nhận đạt chuẩn phổ cập giáo dục, xóa mù chữ", "MTCX"),
        ("Tiểu học và THPT", "TP"),
        # weak marks give way to strong ones
        ("tuan le huong ung hoc tap suot doi", "X"),
        ("truong tieu hoc le hong phong huong ung hoc tap suot doi", "T"),
        ("Liên đội tổ chức trao cờ luân lưu", "TC"),
        # nothing named
        ("Cho học sinh nghỉ học do dịch bệnh", ""),
        ("Các bé vui Trung thu", "M"),
        ("Hội nghị cán bộ quản lý, giáo viên ngoài công lập", ""),
    ],
    ids=lambda value: value[:30],
)
def test_names_of_levels(title, levels):
    assert levels_of(title) == levels


@pytest.mark.parametrize(
    ("title", "levels"),
    [
        ("R1: Lịch thi tuyển sinh lớp 10 năm học 2023 – 2024", "CP"),
        ("R1: ha noi cong bo diem chuan vao lop 10 thpt chuyen", "CP"),
        ("R1: Trung tâm GDNN-GDTX tuyển sinh lớp 10", "CX"),
        ("R1: Tuyển sinh lớp 10 THPT và GDTX", "CPX"),
        ("R1: Công bố đề thi vào 10", "CP"),
        ("R1: Quy chế tuyển sinh trung học phổ thông", "CP"),
        ("R2: thu ho so tuyen sinh vao lop 6 o tp bien hoa", "TC"),
        ("R3: Tuyển sinh lớp 1", "MT"),
        ("R3: hoc sinh lop 1 khoc cuoi trong ngay tuu truong", "T"),
        ("R3: Học sinh lớp Một náo nức đến trường", "T"),
        ("R3: Trẻ chuẩn bị vào lớp Một", "MT"),
        ("R4: tuyển sinh mầm non, lớp 1 và lớp 6 năm học 2025 - 2026", "MTC"),
        ("R5: Tuyển sinh đầu cấp TP.HCM", "MTC"),
        ("R5: Tuyển sinh đầu cấp vào mầm non, lớp 1, lớp 6, lớp 10", "MTCP"),
        ("R6: kỳ thi tốt nghiệp THPT năm 2021", "PX"),
        ("R6: ky thi tot nghiep trung hoc pho thong nam 2026", "PX"),
        ("R6: co so vat chat cho ky thi thpt quoc gia", "PX"),
        ("Tuyển sinh lớp 3 tiếng Anh tích hợp", "T"),
        ("tuyen sinh lop 10 va lop 3 lop 6 chat luong cao", "TCP"),
        ("Xét tuyển viên chức giáo viên tiểu học", "T"),
        ("Thi tuyển hiệu trưởng trường THPT", "P"),
    ],
    ids=lambda value: value[:30],
)
def test_exams_and_entrance(title, levels):
    assert levels_of(title) == levels


@pytest.mark.parametrize(
    ("title", "levels"),
    [
        ("Học sinh lớp 11 thi học sinh giỏi", "P"),
        ("Học sinh các lớp 7, 8, 10, 11 trở lại trường", "CP"),
        ("Sách giáo khoa lớp 1-5", "T"),
        ("Sách giáo khoa từ lớp 5 đến lớp 7", "TC"),
        ("Khối 6, 7, 8 và 9", "C"),
        ("Lớp 10/11/12", "P"),
        ("Chi đội lớp 9/2 đi thực tế", "C"),
        ("Lớp 12A1 họp lớp", "P"),
        ("Chương trình lớp 10 và 3 môn lựa chọn", "P"),
        ("Trường cấp 2, 3", "CP"),
        ("hop phu huynh cua lop 5a4", "T"),
        ("Lớp 5 tuổi A4", "M"),
        ("Trẻ em 5 tuổi đến trường", "M"),
        ("Trẻ 3-5 tuổi", "M"),
        ("Chăm sóc trẻ từ 18 đến 36 tháng tuổi", "M"),
        ("Trẻ dưới 6 tuổi", "M"),
        ("Tiêm vắc xin cho trẻ từ 5 đến dưới 12 tuổi", "MTC"),
        ("Tiêm vắc xin cho học sinh 12-17 tuổi", "CP"),
        ("Ngữ văn 6, Toán 9 năm 2026", "C"),
        ("Sách Vật lí 10", "P"),
        ("Từ mầm non đến THPT", "MTCP"),
        ("Từ tiểu học tới lớp 9", "TC"),
        ("Học sinh từ lớp 6 trở lên", "CP"),
        ("Học sinh từ lớp 8 trở xuống", "TC"),
        # numbers that are no class
        ("Toán 10 điểm, tiếng Anh 3 kỹ năng", ""),
        ("Lịch sử 20/11, Toán 9,5", ""),
        ("Công nghệ 4.0", ""),
        ("Cấp 3 tỷ đồng", ""),
        ("Nâng cấp 2 trường học", ""),
        ("Bão số 3: cảnh báo gió cấp 2, cấp 3", ""),
        ("Bão giật cấp 3", ""),
        ("Nghỉ dạy lớp 2 buổi", ""),
        ("Khỏi 10 ngày", ""),
        ("Lớp 13", ""),
        ("142 học sinh chào mừng 20-11", ""),
        ("Giáo viên 55 tuổi", ""),
    ],
    ids=lambda value: value[:30],
)
def test_classes_stages_and_ages(title, levels):
    assert levels_of(title) == levels


@pytest.mark.parametrize(
    "title",
    [
        "Thông tư ban hành quy định bồi dưỡng thường xuyên",
        "Quy định BDTX đối với CBQL",
        "Chuyển trường, chuyển lớp",
        "chuyen truong, chuyen mon",
        "Sữa học đường TH true MILK",
        "Thiếu nhi là mầm non đất nước",
        "TP.HCM Nghỉ Tết",
        "Học sinh bước vào lớp học mới",
        "bể bơi, bè, bẻ",
        "Công văn 3676/BGDĐT-GDMN về việc hội nghị",
        "Kế hoạch 12/KH-SGDĐT-GDTX",
    ],
    ids=lambda title: title[:24],
)
def test_words_that_only_look_like_a_level(title):
    assert levels_of(title) == ""


def test_every_mark_shows_the_words_it_saw():
    named = find_levels(align("Hướng dẫn Tuyển sinh vào lớp 6"), level_rules())
    (mark,) = named.strong
    assert mark.saw == "lớp 6"
    assert mark.because("title").says.startswith("R2")


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("Kính gửi: Hiệu trưởng các trường MN, TH, THCS trên toàn thị xã", "MTC"),
        ("Kính gửi:\n- Hiệu trưởng các trường THPT;\n- Giám đốc GDTX.\nCăn cứ", "PX"),
        ("Kính gửi: Phòng GD&ĐT các quận; Hiệu trưởng các trường THPT", "MTCP"),
        ("Kính gửi: Phòng GD Đ T; Hiệu trưởng trường THPT", "MTCP"),
        ("Kính gửi: Phòng GD - ĐT; Hiệu trưởng trường THPT", "MTCP"),
        ("Kính gửi: Trưởng phòng Giáo dục và Đào tạo các quận, huyện;", ""),
        ("Kính gửi: Hiệu trưởng. Thực hiện chương trình mầm non", ""),
        ("Trường mầm non", ""),
    ],
    ids=[
        "wards",
        "lines",
        "offices",
        "gaps",
        "dashes",
        "offices alone",
        "end",
        "no letter",
    ],
)
def test_addressees_of_a_letter(text, levels):
    assert letters(union(find_addressees(align(text), level_rules()))) == levels


@pytest.mark.parametrize(
    ("number", "levels"),
    [
        ("3676/BGDĐT-GDMN", "M"),
        ("3892/BGDĐT-GDTrH", "CP"),
        ("1161/SGDĐT-QLT", ""),
        ("", ""),
    ],
)
def test_the_division_that_wrote_a_document_is_a_weak_mark(number, levels):
    named = division_levels(number, level_rules())
    assert letters(union(named.weak)) == levels
    assert not named.strong


def test_all_five_levels_are_said_by_none():
    assert narrowed(ALL_LEVELS) == frozenset()
    assert narrowed(frozenset({Level.PRIMARY})) == {Level.PRIMARY}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"levels": ["university"]}, "university"),
        ({"level": ["primary"]}, "unknown key"),
        ({"words": ["tiểu học"]}, "two rules"),
        ({"words": []}, "says and words"),
    ],
    ids=["unknown level", "unknown key", "words of another rule", "no words"],
)
def test_a_mistake_in_the_rules_is_an_error_that_names_the_file(change, message):
    table = read_rules("levels.toml")
    row = {"says": "Thử", "words": ["thử nghiệm"], "levels": ["primary"], **change}
    with pytest.raises(ConfigError, match=message) as caught:
        compile_rules({**table, "rule": [*table["rule"], row]})
    assert caught.value.problems[0].file == "levels.toml"
