"""Titles as they leave the house: readable, and harmless in any CMS."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.publish.words import MAX_TITLE
from aggregator.publish.words import NO_TITLE
from aggregator.publish.words import fit_for_xml
from aggregator.publish.words import publish_title
from aggregator.publish.words import shorten

LONG = "Kế hoạch kiểm tra công tác chuyên môn " * 8  # 304 characters

TITLES = {
    "quoted word": ('Hội thi "Viết chữ đẹp"', "Hội thi “Viết chữ đẹp”"),
    "quoted at the head": ('"Giờ Trái đất" năm 2026', "“Giờ Trái đất” năm 2026"),
    "quoted in brackets": ('Thông báo ("hỏa tốc")', "Thông báo (“hỏa tốc”)"),
    "quoted after a dash": ('Công văn-"khẩn"', "Công văn-“khẩn”"),
    "quotes within quotes": ('"Bài "hay""', "“Bài “hay””"),
    "inches": ('Màn hình 5" và 7"', "Màn hình 5” và 7”"),
    "attribute breaks out": (
        'Bài "hay" onmouseover="alert(1)"',
        "Bài “hay” onmouseover=”alert(1)”",
    ),
    "less than": ("Trẻ <6 tuổi", "Trẻ ‹6 tuổi"),
    "markup": ("<script>alert(1)</script>", "‹script›alert(1)‹/script›"),
    "arrow": ("Mẫu 1 -> Mẫu 2", "Mẫu 1 -› Mẫu 2"),
    "lone ampersand": ("Sở GD&ĐT TP.HCM", "Sở GD&ĐT TP.HCM"),
    "apostrophe stays": ("Học bổng 'Vừ A Dính'", "Học bổng 'Vừ A Dính'"),
    "already typographic": ("Cuộc thi “Em yêu Tổ quốc”", "Cuộc thi “Em yêu Tổ quốc”"),
    "emoji": ("2026 – 2027. 🍀NGUỒN: Sở", "2026 – 2027. NGUỒN: Sở"),
    "joined emoji": ("Cô giáo 👩‍🏫 giỏi", "Cô giáo giỏi"),
    "control characters": ("Văn\x00 bản\x1f \x07mới\x7f", "Văn bản mới"),
    "line breaks": ("Thông\tbáo\r\n mới\u00a0 nhất", "Thông báo mới nhất"),
    "not a character": ("Thư\ufffe mời\uffff \ud800", "Thư mời"),
}


@pytest.mark.parametrize(("title", "published"), TITLES.values(), ids=TITLES)
def test_a_title_is_harmless_and_readable(title: str, published: str) -> None:
    assert publish_title(title) == published


EMPTY = {
    "empty": "",
    "blank": " \t\n",
    "only emoji": "🍀🎉",
    "only joined emoji": "👨‍👩‍👧",
    "only controls": "\x00\x1b",
}


@pytest.mark.parametrize("title", EMPTY.values(), ids=EMPTY)
def test_the_text_serves_where_no_title_is_left(title: str) -> None:
    text = 'Mời "các trường" <dự họp> lúc 8 giờ'
    assert publish_title(title, text) == "Mời “các trường” ‹dự họp› lúc 8 giờ"
    assert publish_title(title, "") == publish_title(title, title) == NO_TITLE


def test_a_text_that_serves_as_title_is_brief() -> None:
    title = publish_title("", LONG)
    assert len(title) <= 80
    assert title.endswith("…")
    assert LONG.startswith(title[:-1])


def test_a_long_title_is_cut_at_a_word() -> None:
    title = publish_title(LONG)
    assert 200 < len(title) <= MAX_TITLE
    kept = title.removesuffix("…")
    assert LONG.startswith(kept + " ")


def test_a_title_of_the_greatest_length_is_whole() -> None:
    assert publish_title("x" * MAX_TITLE) == "x" * MAX_TITLE
    assert publish_title("x" * (MAX_TITLE + 1)) == "x" * (MAX_TITLE - 1) + "…"


CUTS = {
    "short enough": ("một hai", 7, "một hai"),
    "at a word": ("một hai ba", 9, "một hai…"),
    "no mark before the dots": ("một hai, ba bốn", 12, "một hai…"),
    "one long word": ("mộthaibabốnnăm", 6, "mộtha…"),
    "the only blank is too far ahead": ("a mộthaibabốnnămsáu", 12, "a mộthaibab…"),
}


@pytest.mark.parametrize(("text", "length", "cut"), CUTS.values(), ids=CUTS)
def test_shortening(text: str, length: int, cut: str) -> None:
    assert shorten(text, length) == cut


def test_xml_keeps_line_ends_and_tabs() -> None:
    assert fit_for_xml("a\tb\r\nc\x0b\x0cđ\x01\ue000") == "a\tb\r\ncđ\ue000"


ANY = st.text(st.characters(codec=None), max_size=400)
TRICKY = st.text('"<>“”‹›&;#\x00\x1f\x85 \u200d\ufe0f🍀ắ.-', max_size=400)


@given(title=ANY | TRICKY, text=ANY | TRICKY)
def test_no_title_harms_whatever_was_written(title: str, text: str) -> None:
    published = publish_title(title, text)
    assert 0 < len(published) <= MAX_TITLE
    assert not set('"<>\n\r\t') & set(published)
    assert all(" " <= char <= "\ufffd" for char in published)
    assert published == published.strip()
    assert publish_title(published) == published
