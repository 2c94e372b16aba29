"""Text in one form: NFC for showing, folded for comparing, letter for letter."""

import re
import unicodedata

import pytest

from aggregator.meaning.text import LETTERS
from aggregator.meaning.text import align
from aggregator.meaning.text import fold
from aggregator.meaning.text import is_plain
from aggregator.meaning.text import nfc
from aggregator.meaning.text import plain_lines
from aggregator.meaning.text import plain_spaces
from aggregator.meaning.text import separate

TITLE = "Về đảm bảo thông tin liên lạc trên các hệ thống thông tin của Ngành GD&ĐT"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hoà", "hòa"),
        ("Thuỷ", "Thủy"),
        ("ĐÀO TẠO", "đào tạo"),
        ("quý", "quí"),
        ("Qui định", "quy định"),
        ("kì thi", "kỳ thi"),
        ("“Tiếng Việt”", '"Tiếng Việt"'),
        ("2026 – 2027", "2026 - 2027"),
        ("Sở\u00a0GDĐT  mời", "so gddt moi"),
        ("Ðà Nẵng", "Đà Nẵng"),
        (unicodedata.normalize("NFD", TITLE), TITLE),
        ("ＴＨＰＴ", "thpt"),
    ],
    ids=lambda text: text[:12],
)
def test_spellings_of_one_text_fold_to_one_key(one, other):
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("lớp 1", "lớp 10"), ("thi", "thy"), ("mai", "may")],
    ids=["number", "thi", "mai"],
)
def test_different_words_keep_different_keys(one, other):
    assert fold(one) != fold(other)


@pytest.mark.parametrize(
    "text",
    [TITLE, unicodedata.normalize("NFD", TITLE), "v́ c̣n ß İ ﬁ Ǆ 🍀 ½ …", "", "ﬄ" * 9],
    ids=["plain", "decomposed", "damaged", "empty", "ligatures"],
)
def test_folding_keeps_every_letter_in_its_place(text):
    aligned = align(text)
    assert len(aligned.original) == len(aligned.folded)


def test_a_place_in_the_folded_text_shows_the_original_words():
    aligned = align(unicodedata.normalize("NFD", "Hướng dẫn Tiểu học"))
    start = aligned.folded.index("tieu hoc")
    assert aligned.saw(start, start + 8) == "Tiểu học"


def test_nfc_composes_and_drops_what_nobody_meant():
    assert nfc("Tie\u0302\u0301ng\x00\u200b Vie\u0323\u0302t\ufeff") == "Tiếng Việt"


def test_nfc_keeps_tabs_and_line_ends():
    assert nfc("một\thai\nba") == "một\thai\nba"


def test_nfc_result_can_always_be_encoded():
    assert nfc("a\ud800b").encode() == b"ab"


@pytest.mark.parametrize(
    "marks", ["\u0301\u0323", "\u0301\U0001d165", "\u0301" * 8 + "\U00010a0d" * 8]
)
def test_nfc_shortens_endless_marks_on_one_letter(marks):
    assert len(nfc("a" + marks * (100_000 // len(marks)))) < 20


def test_plain_letters_have_one_form_beside_whatever_else():
    every = [chr(code) for code in range(0x20000)]
    parts = [unicodedata.decomposition(char).split() for char in every]
    composed = {chr(int(p[1], 16)) for p in parts if len(p) == 2 and p[0][0] != "<"}
    plain = [char for char in every if is_plain(char)]
    assert len(plain) > 800 and set("ếỮđ–“…₫") <= set(plain)
    assert not composed & set(plain)
    for char in plain:
        assert unicodedata.is_normalized("NFC", char)
        assert unicodedata.category(char) not in {"Cf", "Cs", "Cn", "Co", "Mn", "Me"}
        assert unicodedata.category(char) != "Cc" or char in "\t\n\r"
    letters = re.compile(f"[{LETTERS}]")
    assert not any(char.isspace() for char in every if letters.match(char))


def test_white_space_becomes_plain():
    assert plain_spaces(" \u00a0Thông \n\n báo\t") == "Thông báo"
    assert plain_lines(" Kính gửi:  A \r\n\r\n  B \n") == "Kính gửi: A\nB"


@pytest.mark.parametrize(
    ("glued", "apart"),
    [
        ("THCSvà THPT", "THCS và THPT"),
        ("GDMNnăm học", "GDMN năm học"),
        ("SGDĐTđã", "SGDĐT đã"),
        ("THCS và THPT", "THCS và THPT"),
        ("GDTrH", "GDTrH"),
        ("THPTQG", "THPTQG"),
    ],
)
def test_acronyms_are_parted_from_the_word_glued_to_them(glued, apart):
    assert separate(glued) == apart


def test_folding_by_bytes_is_folding_by_letters():
    """Letter by letter: what is typed often goes another way than what is rare."""
    letters = [char for char in map(chr, range(0x3000)) if is_plain(char)]
    alone = "".join(align(char).folded for char in letters)
    assert align("".join(letters) + "\u4e00").folded == alone + "\u4e00"
    assert align("ĐỖ Ỹ Ưỡ “–”").folded == 'do y uo "-"'
