"""Deadlines and invitations; phrases as domain texts have them, some constructed."""

from datetime import date
from datetime import datetime
from datetime import timedelta
from datetime import timezone

import pytest

from aggregator.meaning.events import find_day
from aggregator.meaning.events import find_event
from aggregator.meaning.text import align
from aggregator.meaning.times import find_deadline

ZONE = "Asia/Ho_Chi_Minh"
HERE = timezone(timedelta(hours=7))
NEAR = datetime(2021, 6, 25, 10, tzinfo=HERE)


def at(year, month, day, hour=0, minute=0):
    return datetime(year, month, day, hour, minute, tzinfo=HERE)


def deadline(text, *, near=NEAR):
    found = find_deadline(align(text), near=near, timezone=ZONE)
    return found[0] if found else None


def event(text):
    found = find_event(align(text), near=NEAR, timezone=ZONE)
    return found[0] if found else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thời hạn thực hiện: trước ngày 05 tháng 7 năm 2021", date(2021, 7, 5)),
        ("Thời hạn nộp báo cáo: Trước ngày 26/12/2018", date(2018, 12, 26)),
        ("hoàn thành trước 30/9/2022", date(2022, 9, 30)),
        ("trước ngày 13.12.2007", date(2007, 12, 13)),
        ("trước ngày 28.6-2017", date(2017, 6, 28)),
        ("chậm nhất là ngày 31/5/2021", date(2021, 5, 31)),
        ("đến hết ngày 31/3/2023 (tính theo dấu Bưu điện)", date(2023, 3, 31)),
        ("từ nay đến trước ngày 15/10/2021", date(2021, 10, 15)),
        ("Gửi bài từ 5/5 đến hết 5/6 năm 2016", date(2016, 6, 5)),
        ("Nhận bài từ ngày 22.11.2017 đến hết ngày 22.2.2018", date(2018, 2, 22)),
        ("lùi thời hạn nhận bài sang ngày 25.3.2021", date(2021, 3, 25)),
        ("Gia hạn đăng ký đến ngày 15/8", date(2021, 8, 15)),
        ("Thời hạn đăng ký: từ ngày 1/3 đến hết ngày 15/3/2022", date(2022, 3, 15)),
        ("trước 17 giờ 00 ngày 26/5/2021", at(2021, 5, 26, 17)),
        ("trước 16g00 ngày 05/7", at(2021, 7, 5, 16)),
        ("trước 17h ngày 11-6", at(2021, 6, 11, 17)),
        ("Hạn nộp hồ sơ: 17h00, thứ Sáu, ngày 30/7/2021", at(2021, 7, 30, 17)),
        ("Hạn chót nộp hồ sơ 16h30 ngày 30/6", at(2021, 6, 30, 16, 30)),
        ("hạn cuối là 5 giờ chiều ngày 2/8", at(2021, 8, 2, 17)),
        ("chậm nhất 24 giờ ngày 30/6/2021", at(2021, 7, 1)),
        # no deadline
        ("nghỉ học từ ngày 03/02/2020 đến hết ngày 09/02/2020", None),
        ("trước tình hình dịch bệnh ngày 5/3", None),
        ("Năm học 2020 - 2021", None),
        ("truoc 17h ngay 11 6", None),
        ("trước ngày 31/02/2021", None),
        ("trước ngày 30/2", None),
        ("trước ngày 12/15/2021", None),
    ],
    ids=lambda value: str(value)[:32],
)
def test_deadlines(text, expected):
    found = deadline(text)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("near", "text", "expected"),
    [
        (at(2021, 12, 20), "trước ngày 5/1", date(2022, 1, 5)),
        (at(2021, 12, 20), "trước ngày 31/12", date(2021, 12, 31)),
        (at(2021, 7, 10), "trước ngày 5/7", date(2021, 7, 5)),
        (at(2022, 1, 3), "trước ngày 28/12", date(2021, 12, 28)),
        (at(2021, 9, 1), "trước ngày 5/5", date(2022, 5, 5)),
    ],
    ids=["next year", "this year", "just passed", "last year", "next spring"],
)
def test_a_day_without_a_year_is_the_one_near_the_item(near, text, expected):
    assert deadline(text, near=near) == expected


def test_the_words_of_a_deadline_are_shown():
    text = align("Đề nghị báo cáo trước ngày 05/7/2021 về Sở")
    assert find_deadline(text, near=NEAR, timezone=ZONE)[1] == "trước ngày 05/7/2021"


@pytest.mark.parametrize(
    ("text", "start", "place"),
    [
        (
            "Thời gian: 08 giờ 00, thứ Ba ngày 24/11/2026\n"
            "Địa điểm: Hội trường Sở, số 66-68 Lê Thánh Tôn\nThành phần: Hiệu trưởng",
            at(2026, 11, 24, 8),
            "Hội trường Sở, số 66-68 Lê Thánh Tôn",
        ),
        (
            "vào lúc 08 giờ ngày 11/12/2025 tại Trường THPT Lê Quý Đôn. Kính mong",
            at(2025, 12, 11, 8),
            "Trường THPT Lê Quý Đôn",
        ),
        (
            "Lúc 14 giờ ngày thứ hai ngày 24 tháng 10 năm 2016, tại phòng Hội đồng",
            at(2016, 10, 24, 14),
            "phòng Hội đồng",
        ),
        (
            "Tập trung 7 giờ 00 phút, ngày 21/8/2023",
            at(2023, 8, 21, 7),
            "",
        ),
        (
            "Thời gian: ngày 20/11/2026, lúc 7 giờ 30 phút. Địa điểm: Nhà hát. Trân",
            at(2026, 11, 20, 7, 30),
            "Nhà hát",
        ),
        (
            "8g30 ngày 05/7 tại hội trường; đề nghị đúng giờ",
            at(2021, 7, 5, 8, 30),
            "hội trường",
        ),
        ("Thời gian: 2 giờ chiều ngày 20/11/2026", at(2026, 11, 20, 14), ""),
        ("Thời gian: Sáng thứ Tư, ngày 25/11/2026", at(2026, 11, 25), ""),
        (
            "Căn cứ Công văn ngày 01/11/2026. Thời gian: 8h ngày 24/11/2026",
            at(2026, 11, 24, 8),
            "",
        ),
    ],
    ids=["letter", "luc", "weekday", "phut", "reversed", "near", "pm", "day", "label"],
)
def test_when_and_where_of_an_invitation(text, start, place):
    found = event(text)
    assert (found.start, found.place) == (start, place)


def test_an_event_may_say_when_it_ends():
    found = event("Thời gian: từ 8g00 đến 11g30, sáng thứ Hai, ngày 16/2/2026")
    assert (found.start, found.end) == (at(2026, 2, 16, 8), at(2026, 2, 16, 11, 30))


@pytest.mark.parametrize(
    "text",
    [
        "Kính mời đại biểu",
        "Thời gian: 14 giờ 00 ngày 31/02/2026",
        "Thời gian: sẽ thông báo sau",
    ],
)
def test_no_event_is_made_up(text):
    assert event(text) is None


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Trẻ mầm non ở Hà Nội quay trở lại trường từ ngày 13/4/2022", at(2022, 4, 13)),
        ("Họp ban đại diện cha mẹ học sinh ngày 23/5/2022", at(2022, 5, 23)),
        ("Lễ khai giảng diễn ra ngày 5 tháng 9 năm 2025", at(2025, 9, 5)),
        # the date of a document, a term, no year, no day there is, a slug
        ("Thông báo Khẩn ngày 18/10/2020", None),
        ("Triển khai Chỉ thị 17/CT-TTg ngày 4/9/2018", None),
        ("Triển khai Quyết định 12/QĐ-UBND của Ủy ban nhân dân ngày 4/9/2018", None),
        ("Nhận hồ sơ trước ngày 5/7/2021", None),
        ("Nghỉ học đến hết ngày 9/2/2020", None),
        ("Hội thi văn nghệ ngày 20/11", None),
        ("Hội thi văn nghệ ngày 31/11/2025", None),
        ("hop phu huynh ngay 23 5 2022", None),
    ],
)
def test_the_day_on_which_news_says_that_something_happens(title, expected):
    found = find_day(align(title), align(""), timezone=ZONE, since=None)
    assert (found[0].start if found else None) == expected
