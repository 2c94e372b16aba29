"""Days of which news tells; invitations: test_times and test_invitations."""

from datetime import date
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from aggregator.meaning.events import find_day
from aggregator.meaning.text import align

ZONE = "Asia/Ho_Chi_Minh"
SINCE = date(2026, 5, 1)


def day(title, text="", *, since=SINCE):
    found = find_day(align(title), align(text), timezone=ZONE, since=since)
    return found[0].start.date() if found else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(GLO)- Sáng 9-11, Phòng GDĐT đã khai mạc Hội thi", date(2026, 11, 9)),
        ("TTH - Ngày 17/8, Phòng Giáo dục tổ chức hội nghị", date(2026, 8, 17)),
        ("Sáng ngày (11/10), Trường ĐH Vinh tổ chức", date(2026, 10, 11)),
        ("Ngày 20/3/2021 Phòng GDĐT khai mạc kỳ thi", date(2021, 3, 20)),
        ("Ngày 10 tháng 3 năm 2018, trường thi kể chuyện", date(2018, 3, 10)),
        ("Hội nghị được tổ chức vào chiều ngày 14/9/2022.", date(2022, 9, 14)),
        ("Theo kế hoạch, ngày 27/11/2020, các tổ sinh hoạt", date(2020, 11, 27)),
        ("kỷ niệm (20/11/1982- 20/11/2017), ngành bày tỏ", date(2017, 11, 20)),
        # what was written, what is due, what only sounds like half a day
        ("Ngày 8/4/2022, UBND có văn bản số 1052/UBND-KGVX", None),
        ("Ngày 1-11, Sở GD&ĐT TP.HCM đã có văn bản về quà", None),
        ("Thời điểm nhận bài lùi sang ngày 25.3", None),
        ("Kéo dài tới ngày 25/3", None),
        ("Ngày 30/2, trường họp", None),
    ],
    ids=lambda value: str(value)[:24],
)
def test_the_day_that_a_first_sentence_names(text, expected):
    assert day("Hội thi", text) == expected


def test_only_the_first_sentence_says_when():
    assert day("Hội thi", "Trường thi đua. Sáng 9-11, trường họp") is None


def test_a_day_without_a_year_is_not_read_where_no_year_is_known():
    assert day("Hội thi", "Sáng 9-11, trường họp", since=None) is None
    assert day("Hội thi", "Sáng 9-11-2025, trường họp", since=None) == date(2025, 11, 9)


def test_several_days_have_an_end_and_their_words():
    title = align("Tập huấn từ ngày 10 - 12/3/2026")
    event, because = find_day(title, align(""), timezone=ZONE, since=None)
    zone = ZoneInfo(ZONE)
    assert event.start == datetime(2026, 3, 10, tzinfo=zone)
    assert event.end == datetime(2026, 3, 12, tzinfo=zone)
    assert [b.saw for b in because] == ["ngày 10 - 12/3/2026"]
