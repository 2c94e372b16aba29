"""No title can make the rules slow: twice as long, at most about twice the time."""

import time
from datetime import UTC
from datetime import datetime

import pytest

from aggregator.meaning.categories import category_rules
from aggregator.meaning.categories import find_category
from aggregator.meaning.facets import find_damage
from aggregator.meaning.levels import find_addressees
from aggregator.meaning.levels import find_levels
from aggregator.meaning.levels import level_rules
from aggregator.meaning.readable import readable
from aggregator.meaning.reading import read_text
from aggregator.meaning.reading import read_title
from aggregator.meaning.repair import repaired
from aggregator.meaning.text import align
from aggregator.meaning.text import fold
from aggregator.meaning.understanding import understand
from aggregator.model import SourceHints
from tests.intake.reading import piece

PARTS = [
    "lớp 1, ",
    "lớp 1-",
    "THCS-",
    "THCSvà",
    "Kính gửi ",
    "Kính gửi: Phòng GD Đ T, ",
    "trẻ ",
    "trẻ em từ 1 tuổi đến ",
    "1",
    "12/",
    "1/GDĐT-",
    "a\u0301",
    "\u0301",
    '"',
    "“",
    "(",
    "[",
    " ",
    "\n",
    "ngày ",
    "trước ngày 5/",
    "Giáodục",
    "ă",
    "TIỂUHỌC",
    "mời ",
    "S¸ch ",
    "aø",
    "GD ",
    "tuyển sinh ",
    "từ lớp 6 trở ",
    "thời gian: địa điểm: ",
]
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def understood(text):
    understand(text, text, hints=SourceHints(), now=NOW, published=None)


def searched(text):
    """Put the whole text to the rules, though only its beginning is ever read."""
    aligned = align(text)
    find_levels(aligned, level_rules())
    find_addressees(aligned, level_rules())
    find_category(aligned, aligned, number="", rules=category_rules())


def made_ready(text):
    read_title(text)
    read_text(text)
    fold(text)


def mended(text):
    repaired(text)
    find_damage(text, text)


def seconds(job, text):
    times = []
    for _ in range(3):
        start = time.process_time()
        job(text)
        times.append(time.process_time() - start)
    return min(times)


@pytest.mark.parametrize("job", [understood, searched, made_ready, mended, readable])
@pytest.mark.parametrize("part", PARTS, ids=[repr(part)[:16] for part in PARTS])
def test_twice_the_length_takes_twice_the_time(job, part):
    half, whole = ((part * size)[:size] for size in (50_000, 100_000))
    job(half)  # compiles what is compiled at first use
    # Neighbours on the machine make one measure long; they do not do so each time. What
    # takes a few milliseconds is over before a clock can tell.
    assert any(
        (took := seconds(job, whole)) < 0.03 or took < 3 * seconds(job, half)
        for _ in range(4)
    )


@pytest.mark.parametrize("part", PARTS, ids=[repr(part)[:16] for part in PARTS])
def test_a_hostile_title_is_understood_in_50_milliseconds(part):
    text = (part * 100_000)[:100_000]
    understood(text)
    # A quiet core does the fixed piece of work in 55 milliseconds.
    assert any(seconds(understood, text) < 0.05 / 0.055 * piece() for _ in range(4))
