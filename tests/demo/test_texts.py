"""The blanks of sample texts."""

from datetime import date

import pytest

from aggregator.demo.texts import fill
from aggregator.demo.texts import school_year
from aggregator.demo.texts import slug
from aggregator.demo.texts import unmarked
from aggregator.demo.texts import working_day

FRIDAY = date(2026, 11, 20)
VALUES = {"short": "Sở GD&ĐT", "n": "07"}


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("{n}/QĐ-SGDĐT", "07/QĐ-SGDĐT"),
        ("trước ngày {ngay+4}", "trước ngày 24/11/2026"),
        ("ngày {ngay_dai}", "ngày 20 tháng 11 năm 2026"),
        ("ngày {ngay_dai+44}", "ngày 04 tháng 01 năm 2027"),
        ("{thu}, {thu+1}, {thu-2}", "thứ Sáu, thứ Hai, thứ Tư"),
        ("năm {nam}, {nam_hoc}, {nam_hoc_toi}", "năm 2026, 2026-2027, 2027-2028"),
        ("{short} 100% { } {Mau}", "Sở GD&ĐT 100% { } {Mau}"),
    ],
    ids=["value", "day", "long day", "long January", "weekday", "years", "no blanks"],
)
def test_fill(template, filled):
    assert fill(template, VALUES, day=FRIDAY) == filled


def test_values_are_escaped_in_markup_and_the_text_is_not():
    filled = fill("<p>{short} &amp; {n}</p>", VALUES, day=FRIDAY, markup=True)
    assert filled == "<p>Sở GD&amp;ĐT &amp; 07</p>"


def test_a_blank_that_nothing_fills_is_an_error():
    with pytest.raises(KeyError, match="ngy"):
        fill("trước ngày {ngy+3}", VALUES, day=FRIDAY)


@pytest.mark.parametrize(
    ("shift", "day"),
    [
        (0, date(2026, 11, 21)),
        (1, date(2026, 11, 23)),
        (7, date(2026, 11, 30)),
        (-1, date(2026, 11, 20)),
        (-6, date(2026, 11, 13)),
    ],
)
def test_working_day_leaves_the_weekend_in_the_direction_of_travel(shift, day):
    assert working_day(date(2026, 11, 21), shift) == day


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (date(2025, 6, 30), "2024-2025"),
        (date(2025, 7, 1), "2025-2026"),
        (date(2026, 1, 1), "2025-2026"),
    ],
)
def test_school_year_turns_in_july(day, year):
    assert school_year(day) == year


def test_slug_has_no_marks_and_an_end():
    assert slug("Đội tuyển “THCS” đoạt 3 giải!") == "doi-tuyen-thcs-doat-3-giai"
    assert len(slug("Trường " * 40)) <= 80
    assert unmarked("Sở GD&ĐT, năm học mới") == "So GD&DT, nam hoc moi"
