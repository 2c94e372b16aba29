"""Phrases: found whole, whatever the marks; the longest counts, overlaps do too."""

import pytest

from aggregator.errors import ConfigError
from aggregator.meaning.phrases import Phrase
from aggregator.meaning.phrases import compile_phrases
from aggregator.meaning.text import align

WORDS = (
    "trung học",
    "trung học cơ sở",
    "thi tốt nghiệp",
    "tốt nghiệp THPT",
    "THPT",
    "TH",
)


def found(text, *, words=WORDS, exact=False):
    phrases = compile_phrases([Phrase(w, w, exact) for w in words], file="test.toml")
    return [hit.value for hit in phrases.find(align(text))]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Giáo dục trung học", ["trung học"]),
        ("Trường Trung học cơ sở A", ["trung học cơ sở"]),
        ("trung-hoc-co-so", ["trung học cơ sở"]),
        ("TRUNGHỌC", ["trung học"]),
        ("Thi tốt nghiệp THPT", ["thi tốt nghiệp", "tốt nghiệp THPT"]),
        ("TH, THPT", ["TH", "THPT"]),
        ("THE, ETH, TH1", []),
        ("trung, học", []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_phrases_are_found_whole_and_longest(text, values):
    assert found(text) == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Thông báo KHẨN", ["khẩn"]),
        ("khó khăn", []),
        ("thong bao khan", []),
    ],
)
def test_an_exact_phrase_counts_by_its_marks(text, values):
    assert found(text, words=("khẩn",), exact=True) == values


@pytest.mark.parametrize("text", ["HOẢ TỐC", "hỏa tốc", "Hoả-tốc"])
def test_an_exact_phrase_knows_both_places_of_a_tone_mark(text):
    assert found(text, words=("hỏa tốc",), exact=True) == ["hỏa tốc"]


@pytest.mark.parametrize(
    "words", [("THPT", "thpt"), ("mầm non", "mâm-non"), ("  ",)], ids=str
)
def test_a_phrase_that_could_never_count_is_an_error(words):
    with pytest.raises(ConfigError, match="two rules|an empty phrase"):
        found("", words=words)
