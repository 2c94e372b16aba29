"""Invitations, all constructed: no real one could be had. See tests/data/meaning."""

import tomllib
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aggregator.meaning.understanding import understand
from aggregator.model import SourceHints

FILE = Path(__file__).parents[1] / "data" / "meaning" / "invitations.toml"
CASES = tomllib.loads(FILE.read_text(encoding="utf-8"))["case"]
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def read(case):
    return understand(
        case["title"],
        case["text"],
        hints=SourceHints(),
        now=datetime(2028, 1, 1, tzinfo=UTC),
        published=datetime.combine(case["near"], time(9), ZONE),
    )


def moment(text):
    return datetime.fromisoformat(text).replace(tzinfo=ZONE) if text else None


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["title"][:40])
def test_an_invitation_says_what_when_and_where(case):
    meaning = read(case)
    event = meaning.event
    assert meaning.category == case["category"]
    assert (event.start if event else None) == moment(case.get("start"))
    assert (event.end if event else None) == moment(case.get("end"))
    assert (event.place if event else "") == case.get("place", "")


@pytest.mark.parametrize(
    "case", [c for c in CASES if "number" in c], ids=lambda case: case["number"]
)
def test_the_number_of_an_invitation(case):
    document = read(case).document
    assert document.number == case["number"]
    assert document.type == "giấy mời"


@pytest.mark.parametrize(
    "case", [c for c in CASES if "deadline" in c], ids=lambda case: case["title"][:40]
)
def test_what_only_looks_like_an_invitation_has_a_deadline(case):
    want = case["deadline"]
    whole_day = len(want) == len("2026-11-20")
    expected = date.fromisoformat(want) if whole_day else moment(want)
    assert read(case).deadline == expected


def test_a_day_that_does_not_exist_is_said_to_be_none():
    (case,) = [case for case in CASES if "impossible" in case]
    meaning = read(case)
    said = [b for b in meaning.because if b.says == "Ngày không có thật"]
    assert [(b.saw, b.where) for b in said] == [(case["impossible"], "text")]
    assert meaning.event is None


def test_there_are_enough_of_each_kind():
    kinds = [case["category"] for case in CASES]
    assert kinds.count("invitation") >= 40
    assert kinds.count("announcement") >= 3
