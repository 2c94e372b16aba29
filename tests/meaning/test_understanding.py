"""A whole notice: which evidence wins, and that every answer says why."""

from datetime import UTC
from datetime import date
from datetime import datetime

import pytest

from aggregator.meaning.understanding import understand
from aggregator.model import ALL_LEVELS
from aggregator.model import Category
from aggregator.model import Level
from aggregator.model import SourceHints

NOW = datetime(2026, 11, 1, 3, tzinfo=UTC)
WARD = frozenset({Level.PRESCHOOL, Level.PRIMARY, Level.LOWER_SECONDARY})
UPPER = frozenset({Level.UPPER_SECONDARY})
LETTER = (
    "Số: 151/TB-PGDĐT\nĐồng Xoài, ngày 20 tháng 3 năm 2012\n"
    "Kính gửi: Hiệu trưởng các trường Mầm non, Tiểu học, THCS trên địa bàn thị xã."
)


def read(title, text="", **hints):
    return understand(title, text, hints=SourceHints(**hints), now=NOW, published=None)


def where(meaning, says):
    return [b.where for b in meaning.because if says in b.says]


def test_levels_that_the_source_fixes_win_over_every_word():
    meaning = read("Thông báo cho học sinh tiểu học", levels=UPPER)
    assert meaning.levels == UPPER
    assert where(meaning, "nguồn tin quy định") == ["source"]


def test_words_of_the_title_win_over_the_text_and_the_authority():
    meaning = read("Hội nghị tiểu học", "Trường THPT A.", authority_levels=UPPER)
    assert meaning.levels == {Level.PRIMARY}
    assert where(meaning, "tiểu học") == ["title"]


def test_addressees_of_a_letter_join_the_words_of_its_title():
    text = "Kính gửi: Giám đốc các trung tâm GDTX"
    meaning = read("V/v tổ chức thi học sinh giỏi THPT", text)
    assert meaning.levels == {Level.UPPER_SECONDARY, Level.CONTINUING}


def test_the_text_decides_where_the_title_names_nothing():
    meaning = read("Hội thi kể chuyện", "Ngày 10, trường Tiểu học số 2 tổ chức.")
    assert meaning.levels == {Level.PRIMARY}
    assert where(meaning, "tiểu học") == ["text"]


def test_the_first_sentence_wins_over_the_rest_of_the_text():
    text = "Sáng nay, trường Tiểu học số 2 tổ chức hội thi cho học sinh. Khách: THPT A."
    assert read("Hội thi kể chuyện", text).levels == {Level.PRIMARY}


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("Chiều 3/9, lớp 5 tuổi A4 trường mầm non Hoa Hồng họp phụ huynh", "preschool"),
        ("Chiều 3/9, trường tiểu học Hoa Hồng đã họp phụ huynh", "primary"),
        ("Chiều 3/9, trường đã họp phụ huynh các lớp", "primary"),
    ],
    ids=["kindergarten", "school", "unsaid"],
)
def test_a_class_of_a_kindergarten_is_named_by_age(text, levels):
    meaning = read("Họp phụ huynh đầu năm của lớp 5A4", text)
    assert meaning.levels == {Level(levels)}


def test_class_five_is_no_age_where_another_class_is_named():
    text = "Trường mầm non Hoa Hồng thăm lớp bạn"
    assert read("Lớp 5A4 và lớp 9A1 giao lưu", text).levels == {
        Level.PRIMARY,
        Level.LOWER_SECONDARY,
    }


def test_text_beyond_its_first_800_characters_names_no_level():
    text = "Hội thi diễn ra sôi nổi. " * 40 + "Trường mầm non."
    assert read("Hội thi", text).levels == frozenset()


def test_the_division_in_the_number_counts_before_the_authority():
    meaning = read("Công văn 3676/BGDĐT-GDMN", authority_levels=WARD)
    assert meaning.levels == {Level.PRESCHOOL}


def test_an_item_that_names_no_level_is_for_the_reach_of_its_authority():
    meaning = read("Thông báo nghỉ lễ", authority_levels=WARD)
    assert meaning.levels == WARD
    assert where(meaning, "phạm vi của cơ quan") == ["authority"]


def test_an_item_that_names_no_level_is_else_for_all():
    meaning = read("Thông báo nghỉ lễ")
    assert meaning.levels == frozenset()
    assert where(meaning, "mọi cấp học") == ["title"]


@pytest.mark.parametrize(
    "hints",
    [{"levels": ALL_LEVELS}, {"authority_levels": ALL_LEVELS}, {}],
    ids=["source", "authority", "words"],
)
def test_all_five_levels_are_said_by_none(hints):
    title = "" if hints else "giáo dục mầm non, phổ thông và giáo dục thường xuyên"
    assert read(title, **hints).levels == frozenset()


def test_the_category_of_the_source_wins_and_says_so():
    meaning = read("Giấy mời họp", category=Category.ANNOUNCEMENT)
    assert meaning.category is Category.ANNOUNCEMENT
    assert meaning.because[0].where == "source"
    assert meaning.event is None


def test_a_letter_is_read_whole():
    meaning = read("TB NGHI LE GIO TO HUNG VUONG", LETTER)
    assert meaning.category is Category.ANNOUNCEMENT
    assert meaning.levels == WARD
    assert meaning.document is not None
    assert meaning.document.number == "151/TB-PGDĐT"
    assert meaning.document.issued == date(2012, 3, 20)


def test_an_entry_of_the_laws_module_is_read():
    meaning = read(
        "[1872/SGDĐT-TTTT] Về đảm bảo thông tin liên lạc",
        "Ngày ban hành: 25/06/2021. Trích yếu: Về đảm bảo thông tin liên lạc",
    )
    assert meaning.category is Category.DOCUMENT
    assert meaning.document is not None
    assert meaning.document.issuer == "SGDĐT"
    assert meaning.document.issued == date(2021, 6, 25)


def test_an_invitation_has_an_event_and_its_day_is_no_deadline():
    text = "Thời gian: trước 08 giờ 00 ngày 24/11/2026\nĐịa điểm: Hội trường Sở"
    meaning = read("Giấy mời họp giao ban", text)
    assert meaning.category is Category.INVITATION
    assert meaning.event is not None
    assert meaning.event.place == "Hội trường Sở"
    assert where(meaning, "Địa điểm mời") == ["text"]


def test_news_that_names_a_time_and_a_place_is_no_event():
    assert read("Khai mạc hội thi", "Lúc 8 giờ ngày 24/11/2026 tại A").event is None


def test_a_deadline_is_kept_with_its_words():
    meaning = read("V/v rà soát dữ liệu", "Thời hạn: trước ngày 05/7/2021.")
    assert meaning.deadline == date(2021, 7, 5)
    assert where(meaning, "Hạn chót") == ["text"]


def test_facets_are_kept_beside_the_levels():
    meaning = read("HOẢ TỐC: học phí trường công lập và ngoài công lập")
    assert dict(meaning.facets) == {
        "urgency": ("hoa_toc",),
        "ownership": ("cong_lap", "ngoai_cong_lap"),
    }


@pytest.mark.parametrize(
    "title", ["Khó khăn của giáo viên", "Khẩn trương khắc phục", "thong bao khan"]
)
def test_words_that_only_look_urgent(title):
    assert "urgency" not in read(title).facets


def test_every_reason_names_a_rule_and_words_that_stand_in_the_notice():
    title = "Công văn 1161/SGDĐT-QLT ngày 25/03/2026 tuyển sinh vào lớp 6 công lập"
    meaning = read(title, "Hạn nộp: 5/4/2026")
    shown = title + "Hạn nộp: 5/4/2026"
    assert len(meaning.because) == 6
    assert all(b.says and b.saw in shown and b.where for b in meaning.because)


HOSTILE = [
    "a", "lớp 1, ", "lop 1 - ", "1/", "12/SGDĐT-", "trung hoc ", "trước ngày ",
    "tu ngay 1 ", "thoi han ", "8 giờ ", "kính gửi ", "[", "e\u0301", "\u0301\u0323",
    "tre tu duoi ", "GD Đ T ", "1-1-", "\n", "phổ cập giáo dục ",
]  # fmt: skip


@pytest.mark.parametrize("seed", HOSTILE, ids=range(len(HOSTILE)))
def test_endless_repetition_is_answered(seed):
    text = seed * (100_000 // len(seed))
    assert read(text, text).category in Category


def test_an_announcement_that_is_only_its_type_and_date_is_dated():
    found = understand(
        "Thông báo Khẩn ngày 18/10/2020",
        "",
        hints=SourceHints(),
        now=NOW,
        published=None,
    )
    assert found.category is Category.ANNOUNCEMENT
    assert found.document.issued == date(2020, 10, 18)
    assert found.event is None


@pytest.mark.parametrize(
    ("title", "deadline", "event"),
    [
        ("Thông báo nộp hồ sơ, hạn chót ngày 15/6/2027", "2027-06-15", None),
        ("Thông báo nộp báo cáo trước ngày 5/7/2027", "2027-07-05", None),
        (
            "Thư mời dự hội nghị lúc 8g30 ngày 20/6/2027, đăng ký trước 5/6/2027",
            "2027-06-05",
            "2027-06-20",
        ),
    ],
)
def test_the_day_of_a_deadline_is_no_event(
    title: str, deadline: str, event: str | None
) -> None:
    told = understand(title, "", hints=SourceHints(), now=NOW, published=NOW)
    assert str(told.deadline) == deadline
    assert (told.event and told.event.start.date().isoformat()) == event
