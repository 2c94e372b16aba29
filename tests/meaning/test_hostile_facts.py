"""No text can make numbers, days and references slow: twice as long, twice the time."""

import time
from datetime import UTC
from datetime import date
from datetime import datetime

import pytest

from aggregator.meaning import abstracts
from aggregator.meaning import days
from aggregator.meaning import events
from aggregator.meaning import places
from aggregator.meaning import times
from aggregator.meaning.dates import parse_date
from aggregator.meaning.documents import document_rules
from aggregator.meaning.documents import find_document
from aggregator.meaning.documents import find_told
from aggregator.meaning.references import find_references
from aggregator.meaning.symbols import find_numbers
from aggregator.meaning.symbols import mend_numbers
from aggregator.meaning.text import align
from aggregator.meaning.years import find_school_years
from aggregator.meaning.years import year_begins
from aggregator.model import DocumentFacts

ZONE = "Asia/Ho_Chi_Minh"
NEAR = datetime(2026, 11, 1, tzinfo=UTC)
SEEDS = [
    *("1", "12", "/", "1/", "12/12/", "1-", "1.1.", " ", "\n", "A", "Đ&", "a"),
    *("ngày ", "trước ", "trước ngày ", "trước ngày 5/", "Số ", "Số: 1/"),
    *("12/SGDĐT-VP ", "1/A-", "12/AAAA-AAAA-", "GD Đ T", "&#x002F;", "10-CT/"),
    *("thời hạn ", "gia hạn ", "lùi đến ", "đến hết ", "đến 17h ", "hạn ", "TT-r"),
    *("8 giờ ", "8h30 - ", "8:00 ", "sáng ", "chiều, ", "thứ hai, ", "1, 2, 3, "),
    *("thời gian: ", "thời gian: 8h ngày 5/", "từ ngày 1 đến ", "1 - ", "tại "),
    *("tại a ", "địa điểm ", "địa điểm tại ", "tại: \n", "trực tuyến "),
    *("căn cứ ", "thay thế ", "sửa đổi, bổ sung ", "Công văn số 1/SGDĐT-VP thay thế "),
    *("V/v ", "về việc ", "Trích yếu: ", "của ", "ngày 1 tháng 1 năm "),
    *("năm học ", "năm học 2020-", "năm 2021 ", "31/02 ", "ngày 31/02/2021 "),
    *("(20/11/1982 - ",),
]  # fmt: skip


def numbers(text):
    for each in find_numbers(mend_numbers(text.original)):
        assert each.value


def references(text):
    find_references(text, text, own="", rules=document_rules())


def documents(text):
    facts, _ = find_document(text, text, document_rules())
    find_told(text, text, DocumentFacts(), document_rules())
    abstracts.find_abstract(text, text, number=None, named=True)
    return facts


def deadlines(text):
    times.find_deadline(text, near=NEAR, timezone=ZONE)


def happenings(text):
    events.find_event(text, near=NEAR, timezone=ZONE)
    events.find_day(text, text, timezone=ZONE, since=date(2026, 1, 1))
    places.find_place(text, 0, 0)


def calendar(text):
    days.find_impossible(("title", text), ("text", text))
    find_school_years(text, text)
    year_begins(text, text, date(2026, 1, 1))


def feed_dates(text):
    parse_date(text.original, timezone=ZONE)
    parse_date(text.original[:100], timezone=ZONE)


def seconds(job, text):
    start = time.process_time()
    job(text)
    return time.process_time() - start


def is_linear(job, half, whole):
    """Compare the best of some measures; what is over in a moment cannot be told."""
    took = min(seconds(job, whole) for _ in range(2))
    return took < 0.005 or took < 3 * min(seconds(job, half) for _ in range(2))


@pytest.fixture(autouse=True)
def nothing_is_left_unread(monkeypatch):
    """Put whole texts to the rules, though only their beginning is ever read."""
    for module in (times, events):
        monkeypatch.setattr(module, "_READ", 1_000_000)
    monkeypatch.setattr(events, "_SENTENCE", 1_000_000)


@pytest.mark.parametrize(
    "job",
    [numbers, references, documents, deadlines, happenings, calendar, feed_dates],
    ids=lambda job: job.__name__,
)
@pytest.mark.parametrize("seed", SEEDS, ids=range(len(SEEDS)))
def test_twice_the_length_takes_at_most_twice_the_time(seed, job):
    half, whole = (align((seed * size)[:size]) for size in (50_000, 100_000))
    job(align(seed * 10))  # compiles what is compiled at first use
    assert any(is_linear(job, half, whole) for _ in range(4))
