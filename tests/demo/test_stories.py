"""The bundled stories: enough of them, well formed, and nobody else's."""

import csv
import os
import re
import unicodedata
from collections import Counter
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest

from aggregator.demo.stories import Kind
from aggregator.demo.stories import load_stories
from aggregator.demo.stories import office_of
from aggregator.demo.stories import stories_of
from aggregator.demo.texts import fill
from aggregator.model import Authority
from aggregator.model import Category

CHECKOUT = Path(__file__).parents[2]
TITLES = Path(os.environ.get("AGGREGATOR_TITLES", CHECKOUT.parent / "shared/titles"))
TODAY = date(2026, 11, 22)
VALUES = {"office": "Sở GD&ĐT", "short": "Sở", "area": "Phường A", "n": "12"}
BY_TITLE = pytest.mark.parametrize("story", load_stories(), ids=lambda s: s.title)


def office(name, **about):
    return office_of(Authority(id="x", name=name, parent="so", **about), today=TODAY)


def filled(story):
    return (
        fill(story.title, VALUES, day=TODAY),
        fill(story.number, VALUES, day=TODAY),
        fill(story.text, VALUES, day=TODAY, markup=True),
    )


def test_there_are_enough_stories_for_every_source():
    assert len(load_stories()) >= 60
    counts = Counter(
        (kind, story.category)
        for story in load_stories()
        for kind in story.office
        if not story.dissolved
    )
    for kind in Kind:
        invitations = counts.pop((kind, Category.INVITATION))
        assert 3 <= invitations < 8
    assert len(counts) == 9
    assert min(counts.values()) >= 8


@BY_TITLE
def test_story_is_filled_and_well_formed(story):
    title, number, text = filled(story)
    for part in (title, number, text):
        assert not re.search(r"[{}]", part)
        assert unicodedata.is_normalized("NFC", part)
    assert title == title.strip() != ""
    ElementTree.fromstring(f"<div>{text.replace('<br>', '<br/>')}</div>")


@BY_TITLE
def test_story_is_older_than_the_start_and_younger_than_a_season(story):
    assert 1 <= story.days_ago <= 45


@BY_TITLE
def test_story_says_what_its_category_needs(story):
    _, number, text = filled(story)
    if story.category is Category.INVITATION:
        assert all(word in text for word in ("Thời gian", "Địa điểm", "Thành phần"))
    elif story.category is Category.DOCUMENT:
        assert re.fullmatch(r"12/[A-ZĐ][\w-]+", number)
        assert "<p>" not in text
    else:
        assert text.startswith("<p>")
    if Kind.SO not in story.office and story.category is not Category.INVITATION:
        # Many offices tell it: without the place all would be one notice.
        assert "{area}" in story.title + story.text or "{short}" in story.title


def test_stories_show_every_trait_that_feeds_have():
    told = [" ".join(filled(story)) for story in load_stories()]
    for trait in ("mầm non", "tiểu học", "THCS", "THPT", "GDTX", "lớp 10", '"', "/QĐ-"):
        assert any(trait in text for text in told), trait
    assert any(story.image for story in load_stories())
    assert any(story.file for story in load_stories())
    assert any("trước ngày" in text for text in told)


def test_titles_are_all_different():
    titles = Counter(story.title.casefold() for story in load_stories())
    assert titles.most_common(1)[0][1] == 1


@pytest.mark.skipif(
    not (TITLES / "titles.tsv").is_file(), reason="no folder of real titles"
)
def test_no_title_is_a_copy_of_a_real_one():
    with (TITLES / "titles.tsv").open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        real = {row["title"].casefold() for row in rows}
    assert len(real) > 100
    assert not [s.title for s in load_stories() if filled(s)[0].casefold() in real]


@pytest.mark.parametrize(
    ("name", "parent", "kind", "area"),
    [
        ("Sở Giáo dục và Đào tạo Hà Nội", None, Kind.SO, "Hà Nội"),
        ("Phòng Giáo dục và Đào tạo Quận 1", "so", Kind.PHONG, "Quận 1"),
        ("Phòng GD&ĐT Huyện Củ Chi", "so", Kind.PHONG, "Huyện Củ Chi"),
        ("Phòng Văn hóa - Xã hội Xã Cần Giờ", "so", Kind.PHUONG, "Xã Cần Giờ"),
        ("Cụm trường số 3", "so", Kind.PHUONG, "Cụm trường số 3"),
        ("Sở Giáo dục và Đào tạo", None, Kind.SO, "Sở Giáo dục và Đào tạo"),
    ],
)
def test_office_is_known_by_its_name_and_place(name, parent, kind, area):
    found = office_of(Authority(id="x", name=name, parent=parent), today=TODAY)
    assert (found.kind, found.area) == (kind, area)


def test_only_an_office_that_has_ended_says_goodbye():
    name = "Phòng Giáo dục và Đào tạo Quận 1"
    ended = office(name, until=date(2025, 6, 30))
    ends_today = office(name, until=TODAY)
    last = set(stories_of(ended, Category.ANNOUNCEMENT)) - set(
        stories_of(ends_today, Category.ANNOUNCEMENT)
    )
    assert [story.dissolved for story in last] == [True]
    assert not any(s.dissolved for s in stories_of(office(name), Category.ANNOUNCEMENT))
