"""What is read of a notice: its beginning, spaced and folded as any text is."""

import pytest

from aggregator.meaning.reading import LONGEST_TEXT
from aggregator.meaning.reading import LONGEST_TITLE
from aggregator.meaning.reading import read_text
from aggregator.meaning.reading import read_title
from aggregator.meaning.text import align
from aggregator.meaning.text import plain_lines
from aggregator.meaning.text import plain_spaces
from aggregator.meaning.text import separate

WRITTEN = [
    "",
    " \n ",
    "Thông báo",
    " Kế hoạch ",
    "Kế  hoạch",
    " Kính gửi:  A \r\n\r\n  B \n",
    "a\rb\vc\fd\x1ce\x85f\u2028g\u00a0h\u3000i",
    "Trường THCSvà THPTchuyên, GDMNđi",
    "GDTXở UBNDxã, BGD&ĐTban hành, PGDĐTgửi",
    "TRƯỜNG THCSVÀ THPT, THPTs, XTHPTvà",
    "GDPTmới\nGDĐTư",
    "ho\u0309a\u0323t \u200bđộng",
]


@pytest.mark.parametrize("written", WRITTEN, ids=range(len(WRITTEN)))
def test_titles_and_texts_are_made_plain_and_separated(written):
    assert read_title(written) == align(separate(plain_spaces(written)))
    assert read_text(written) == align(separate(plain_lines(written)))


def test_only_the_beginning_is_read():
    assert read_text("a" * 10_000).original == "a" * LONGEST_TEXT
    assert read_title("a" * 10_000).original == "a" * LONGEST_TITLE


@pytest.mark.parametrize(
    ("glued", "apart"),
    [
        ("Bộ Giáodục", "Bộ Giáo dục"),
        ("PHÊ DUYỆTKẾ HOẠCH", "PHÊ DUYỆT KẾ HOẠCH"),
        ("kiểm địnhchất lượng", "kiểm định chất lượng"),
        ("hướngdẫntuyểnsinh", "hướng dẫn tuyển sinh"),
        ("trườngmầm non", "trường mầm non"),
        (
            "nghiêng, Olympic, Stöckholm, GDNNGDTX",
            "nghiêng, Olympic, Stöckholm, GDNNGDTX",
        ),
        ("ă" * 50, "ă" * 50),
    ],
    ids=lambda value: value[:20],
)
def test_words_that_lost_the_space_between_them_are_parted(glued, apart):
    assert read_title(glued).original == apart
    assert read_text(glued).original == apart
