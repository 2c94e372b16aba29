"""Words to be searched, and what is read from a question."""

import re
import time

import pytest

from aggregator.meaning.searching import MAX_READ
from aggregator.meaning.searching import MAX_WORDS
from aggregator.meaning.searching import read_question
from aggregator.meaning.searching import searchable
from aggregator.meaning.searching import words_of
from aggregator.meaning.text import fold
from aggregator.model.search import Sought


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Công văn số 1161/SGDĐT-QLT", "cong van so 1161 sgddt qlt"),
        ("Hoà bình, HÒA BÌNH", "hoa binh hoa binh"),
        ("Quý II – quí II", "quy ii quy ii"),
        ("Đón đoàn", "don doan"),
        ("", ""),
        ("中文 ???", ""),
    ],
)
def test_words(text: str, words: str) -> None:
    """Accents, case, đ, tone placement, i or y, and signs make no difference."""
    assert searchable(text) == words


@pytest.mark.parametrize(
    ("text", "phrases", "prefixes"),
    [
        ("", (), ()),
        ("  \n", (), ()),
        ("tuyển sinh", (("tuyen",), ("sinh",)), ()),
        ('"tuyển sinh" lớp', (("tuyen", "sinh"), ("lop",)), ()),
        ("“Tuyển sinh”", (("tuyen", "sinh"),), ()),
        ("tuyể*", (), (("tuye",),)),
        ('"tuyển si*"', (), (("tuyen", "si"),)),
        ("1161/SGDĐT-QLT", (("1161", "sgddt", "qlt"),), ()),
        ("10*", (), (("10",),)),
        ("t*", (("t",),), ()),
        ('"tuyển s*"', (), (("tuyen", "s"),)),
        ("qui* định", (("dinh",),), (("qui",),)),
        ("a a a", (("a",),), ()),
        ('"chưa đóng', (("chua", "dong"),), ()),
    ],
)
def test_questions(
    text: str,
    phrases: tuple[tuple[str, ...], ...],
    prefixes: tuple[tuple[str, ...], ...],
) -> None:
    """Words, phrases and prefixes are read as typed."""
    assert read_question(text) == Sought(phrases=phrases, prefixes=prefixes)


@pytest.mark.parametrize(
    "text", ['"', "*", '""*"', "*a", "NEAR(", "\0", "{x} : ^", "\ud800", "()'; --"]
)
def test_signs_alone_are_no_error(text: str) -> None:
    """What other search engines take for commands means nothing here."""
    sought = read_question(text)
    words = [word for part in sought.phrases + sought.prefixes for word in part]
    assert all(word.isascii() and word.isalnum() for word in words)


def test_a_notice_is_found_by_title_number_and_the_beginning_of_its_text() -> None:
    """Of a text of a megabyte no more is folded than is kept."""
    assert words_of("Đợt 2", "12/QĐ", "Thân") == "dot 2 12 qd than"
    assert len(words_of("", "", "a " * 500_000)) == MAX_READ - 1


def test_operators_are_words() -> None:
    """OR is a word like others."""
    assert read_question("a OR b").phrases == (("a",), ("or",), ("b",))


@pytest.mark.parametrize("unit", ["a ", '"', "*", "á", '"a" ', "a/", "\u0301"])
def test_long_questions_are_cut(unit: str) -> None:
    """Of a question of 100 kB a beginning is read, quickly."""
    begin = time.process_time()
    sought = read_question(unit * 100_000)
    assert time.process_time() - begin < 0.05
    assert sum(map(len, sought.phrases + sought.prefixes)) <= MAX_WORDS


def test_piece_by_piece_is_the_whole() -> None:
    """What is remembered of pieces is what folding the whole text gives."""
    text = "Kì thi\u00a0HSG\n– “Lí lịch” tỉ lệ qui định\u200b, Trường\u0303 a\u2028b"
    assert searchable(text) == " ".join(re.findall("[a-z0-9]+", fold(text)))
