"""School years, and the year of which a notice without a date speaks."""

from datetime import date

import pytest

from aggregator.meaning.text import align
from aggregator.meaning.years import find_school_years
from aggregator.meaning.years import year_begins

TODAY = date(2026, 11, 1)


def begins(title, text=""):
    return year_begins(align(title), align(text), TODAY)


def test_a_school_year_shows_its_words_and_where_they_stand():
    names, because = find_school_years(align("Năm học 2026 – 2027"), align(""))
    assert names == ("2026-2027",)
    assert [(b.says, b.saw, b.where) for b in because] == [
        ("Năm học", "Năm học 2026 – 2027", "title")
    ]


def test_the_school_years_of_a_title_go_before_those_of_the_text():
    title, text = align("Tổng kết năm học 2024-2025"), align("năm học 2025-2026")
    assert find_school_years(title, text)[0] == ("2024-2025",)


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("UPU lần thứ 50 năm 2021", "", date(2021, 1, 1)),
        ("Hội thi", "tổ chức năm học 2020-2021", date(2020, 8, 1)),
        ("Năm học 2016-2017", "và năm học 2017-2018", date(2017, 8, 1)),
        ("Kỷ niệm (20/11/1982 - 20/11/2024)", "", date(2024, 1, 1)),
        # an aim, a slug, nothing
        ("Xóa mù chữ đến năm 2020", "", None),
        ("Đề án năm 2045", "", None),
        ("ngay nha giao viet nam 2011", "", None),
        ("Hội thi", "", None),
    ],
    ids=lambda value: str(value)[:24],
)
def test_the_year_of_which_words_speak(title, text, expected):
    assert begins(title, text) == expected
