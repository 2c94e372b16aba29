"""Copies of one notice: what proves them, what is only asked, what must never join."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from datetime import timedelta
from typing import Any

import pytest

from aggregator.intake.duplicates import copy_of
from aggregator.intake.duplicates import marks_of
from aggregator.intake.duplicates import same_notice
from aggregator.intake.names import key_of
from aggregator.intake.names import names
from aggregator.meaning.understanding import understand
from aggregator.model import Item
from aggregator.model import NewSighting
from aggregator.model import SourceHints
from aggregator.model import SourceRow
from aggregator.model import Verdict
from tests.conftest import NOW
from tests.conftest import item
from tests.conftest import source

DAY = timedelta(days=1)
LETTER = (
    "Sở Giáo dục và Đào tạo hướng dẫn các cơ sở giáo dục công khai điều kiện bảo đảm "
    "chất lượng, thu chi tài chính, kế hoạch và kết quả hoạt động theo Thông tư của Bộ "
    "Giáo dục và Đào tạo; các đơn vị báo cáo kết quả thực hiện về Sở trước tháng 12."
)
MEETING = (
    "{} trân trọng kính mời Hiệu trưởng các trường trên địa bàn đến dự họp giao ban "
    "triển khai nhiệm vụ công tác tháng tại hội trường cơ quan, đề nghị đi đúng giờ."
)
OPENNESS = "V/v hướng dẫn thực hiện công khai trong hoạt động của các cơ sở giáo dục"
ROW = SourceRow(pk=1, source=source("a"), portal="a")


def notice(title: str, text: str = "", **values: Any) -> Item:
    """Make an item that is understood as it would be when it is read."""
    link = values.pop("link", "http://cong.example/xem.aspx")
    given = values.pop("given", NOW - DAY)
    meant = understand(title, text, hints=SourceHints(), now=NOW, published=given)
    named = {"keys": (key_of(link),), "guid": "", "link": link}
    return item(title, text=text, title=title, given=given, meaning=meant, **named)


def verdict(
    mine: Item, other: Item, authorities: Sequence[str] = ("so", "quan-1")
) -> Verdict | None:
    """Decide of two items as they stand at two sources."""
    copies, marks = [], []
    for each, authority in zip((mine, other), authorities, strict=True):
        marks.append(marks_of(each, authority))
        assert each.given is not None
        new = NewSighting(
            item=each,
            key=each.keys[0],
            notice=each.title,
            minted=True,
            published=each.given,
            entered=NOW,
        )
        copies.append(copy_of(new, ROW))
    shared = [kind for kind, mark in marks[0].items() if marks[1].get(kind) == mark]
    found = same_notice(copies[0], copies[1], shared)
    assert same_notice(copies[1], copies[0], shared) is found
    return found


NUMBERED = f"5711/SGDĐT-KTKĐ {OPENNESS} năm học 2026-2027"
OF_TITLE = notice(NUMBERED, LETTER)

SAME = {
    "number and title, no text": (
        notice(f"Công văn số 5711/SGDĐT-KTKĐ ngày 11/09/2026 {OPENNESS}"),
        notice(f"[5711 / SGD&ĐT-KTKĐ] {OPENNESS.upper()}"),
    ),
    "number and text": (
        notice("5711/SGDĐT-KTKĐ về công khai", LETTER),
        notice("Công văn 5711/SGDĐT-KTKĐ của Sở", LETTER + " Phòng GD&ĐT đăng lại."),
    ),
    "one page": (
        notice(OPENNESS, "A", link="http://hcm.edu.vn/van-ban/ct/41000/68124"),
        notice(OPENNESS + " 2026", link="https://hcm.edu.vn/vb/ctfull/41000/68124"),
    ),
    "one page, and one title counts more": (
        notice(
            "Lịch công tác tuần 12 của Sở tháng 11",
            link="http://so.vn/lich-68124.html",
        ),
        notice("Lịch công tác tuần 12 của Sở", link="http://so.vn/lich-68124.html"),
    ),
    "title and text": (notice(OPENNESS, LETTER), notice(OPENNESS.upper(), LETTER)),
    "an office adds a line of its own": (
        notice(OPENNESS, LETTER),
        notice(OPENNESS, LETTER + " Phòng GD&ĐT Quận 3 chuyển các trường."),
    ),
}


@pytest.mark.parametrize("pair", SAME.values(), ids=SAME)
def test_copies_are_one_notice(pair: tuple[Item, Item]) -> None:
    assert verdict(*pair) is Verdict.SAME


SERIES = "Lịch công tác của Phòng Giáo dục và Đào tạo tuần {}"
HIRING = "Thông báo tuyển dụng viên chức sự nghiệp giáo dục năm học 2026-2027"
OTHERS = {
    "a number used again the next year": (
        OF_TITLE,
        notice(NUMBERED, LETTER, given=NOW - 300 * DAY),
    ),
    "a number of another organ": (
        notice(f"12/KH-PGDĐT {OPENNESS}"),
        notice(f"12/KH-PGDĐT {OPENNESS}"),
    ),
    "one title, other texts": (
        notice(HIRING, "Phòng cần tuyển mười giáo viên mầm non, hạn nộp tháng sau."),
        notice(HIRING, "Hồ sơ gửi về Ủy ban, gồm đơn và bằng cấp bản sao công chứng."),
    ),
    "one title, no text": (notice(HIRING), notice(HIRING)),
    "one title, and see the file": (
        notice(HIRING, "Mời xem tệp đính kèm bên dưới"),
        notice(HIRING, "Mời xem tệp đính kèm bên dưới"),
    ),
    "one title, one text missing": (notice(HIRING, LETTER), notice(HIRING)),
    "one title, weeks apart": (
        notice(OPENNESS, LETTER),
        notice(OPENNESS, LETTER, given=NOW - 40 * DAY),
    ),
    "a title that says nothing": (
        notice("Thông báo tuyển dụng", LETTER),
        notice("Thông báo tuyển dụng", LETTER),
    ),
    "the next week's plan": (
        notice(SERIES.format(12), LETTER),
        notice(SERIES.format(13), LETTER),
    ),
    "the next week's plan on one page": (
        notice(SERIES.format(12), link="http://q1.vn/lich-cong-tac-tuan"),
        notice(SERIES.format(13), link="http://q1.vn/lich-cong-tac-tuan"),
    ),
    "a page that lists all": (
        notice("Thư mời họp giao ban", link="http://so.vn/thu-moi/"),
        notice("Thư mời họp giao ban", link="http://so.vn/thu-moi/"),
    ),
    "a page used again the next term": (
        notice(OPENNESS, link="http://so.vn/bai-viet-68124.html"),
        notice(
            OPENNESS, link="http://so.vn/bai-viet-68124.html", given=NOW - 200 * DAY
        ),
    ),
    "one page, another title": (
        notice("Lịch thi tốt nghiệp THPT", link="http://so.vn/bai-viet-68124.html"),
        notice(OPENNESS, link="http://so.vn/bai-viet-68124.html"),
    ),
}


@pytest.mark.parametrize("pair", OTHERS.values(), ids=OTHERS)
def test_what_is_alike_is_not_one_notice(pair: tuple[Item, Item]) -> None:
    assert verdict(*pair, authorities=("quan-1", "quan-3")) is None


@pytest.mark.parametrize(
    "about",
    [
        notice(f"Tập huấn Công văn 5711/SGDĐT-KTKĐ {OPENNESS} năm học 2026-2027"),
        notice(
            "Các trường phải công khai thu chi",
            "Đó là chỉ đạo của Sở tại Công văn số 5711/SGDĐT-KTKĐ. " + LETTER,
        ),
        notice("Thông báo", f"Thực hiện Công văn số 5711/SGDĐT-KTKĐ. {LETTER}"),
    ],
    ids=["in the title", "reported", "carried out"],
)
def test_what_only_names_a_document_is_not_found_by_its_number(about: Item) -> None:
    assert "number" in marks_of(OF_TITLE, "so")
    assert "number" not in marks_of(about, "so")
    assert not any(name.startswith("document:") for name in names(about))


def form_letter(first: str, second: str) -> tuple[Item, Item]:
    title = "Thư mời họp giao ban Hiệu trưởng các trường tháng 11"
    return notice(title, MEETING.format(first)), notice(title, MEETING.format(second))


MAYBE = {
    "number and other words": (
        OF_TITLE,
        notice("5711/SGDĐT-KTKĐ Kế hoạch hội khỏe Phù Đổng cấp thành phố"),
    ),
    "number and other words, issued on two days": (
        notice(f"Công văn số 5711/SGDĐT-KTKĐ ngày 11/09/2026 {OPENNESS}", LETTER),
        notice(f"Công văn số 5711/SGDĐT-KTKĐ ngày 11/10/2026 {OPENNESS}"),
    ),
    "half of the text": (
        notice(OPENNESS, LETTER),
        notice(OPENNESS, LETTER[: len(LETTER) * 6 // 10]),
    ),
    "a form letter of two districts": form_letter(
        "Phòng GD&ĐT Quận Tân Bình", "Phòng GD&ĐT Quận Tân Phú"
    ),
    "a form letter of two numbered districts": form_letter(
        "Phòng GD&ĐT Quận 1", "Phòng GD&ĐT Quận 3"
    ),
}


@pytest.mark.parametrize("pair", MAYBE.values(), ids=MAYBE)
def test_what_may_be_one_is_asked(pair: tuple[Item, Item]) -> None:
    assert verdict(*pair) is Verdict.MAYBE


def test_a_number_of_many_organs_is_that_of_its_authority() -> None:
    """Each district has a PGDĐT of its own, and often more than one source."""
    mine = notice(f"12/KH-PGDĐT {OPENNESS}")
    assert verdict(mine, mine, authorities=("quan-1", "quan-1")) is Verdict.SAME
    assert verdict(mine, mine, authorities=("quan-1", "quan-3")) is None


def test_a_date_of_issue_proves_a_number_however_late_it_comes() -> None:
    mine = notice(f"Công văn số 5711/SGDĐT-KTKĐ ngày 11/01/2026 {OPENNESS}")
    late = replace(mine, given=NOW - 290 * DAY)
    assert mine.meaning.document is not None
    assert mine.meaning.document.issued == date(2026, 1, 11)
    assert verdict(mine, late) is Verdict.SAME


def test_marks_are_what_a_database_keeps() -> None:
    marks = marks_of(replace(OF_TITLE, link="http://a.vn/cong-khai-12345.html"), "so")
    assert set(marks) == {"number", "title"}  # the link is no key of it: it is shared
    assert all(0 <= mark < 2**63 for mark in marks.values())


def test_hostile_texts_are_held_against_each_other_in_time() -> None:
    for piece in ("quận ", "trường   ", "Quận Tân Bình ", "tuần thứ ", "12 ", "X"):
        mine = notice("Thông báo", piece * (100_000 // len(piece)), given=NOW)
        copy = copy_of(
            NewSighting(
                item=replace(mine, title=mine.text),
                key="a",
                notice="a",
                minted=True,
                published=NOW,
                entered=NOW,
            ),
            ROW,
        )
        other = replace(copy, text=copy.text + "z", title=copy.title + "z")
        started = time.process_time()
        same_notice(copy, other, ["number", "page", "title"])
        assert time.process_time() - started < 0.5
