"""When what a source publishes is not what it is declared to publish."""

import pytest

from aggregator.meaning.contradiction import contradicted
from aggregator.meaning.understanding import understand
from aggregator.model import Category
from aggregator.model import Meaning
from aggregator.model import SourceHints
from tests.conftest import NOW

LETTER = "{}/SGDĐT-VP về việc báo cáo"
INVITING = "{}/GM-SGDĐT họp giao ban"
NOTICE = "{}/TB-SGDĐT kết quả hội thi"
NEWS = "Hội thi văn nghệ lần thứ {}"


def meanings(title: str, count: int, *, others: int = 0) -> list[Meaning]:
    """Understand so many titles as those of a source, and some plain news."""
    titles = [title.format(n + 1) for n in range(count)]
    titles += [NEWS.format(n + 1) for n in range(others)]
    hints = SourceHints(category=Category.NEWS)
    return [understand(t, "", hints=hints, now=NOW, published=None) for t in titles]


@pytest.mark.parametrize(
    "declared, title, expected",
    [
        ("news", LETTER, "document"),
        ("news", NOTICE, "announcement"),
        ("news", INVITING, "invitation"),
        ("news", NEWS, None),
        ("invitation", LETTER, "document"),
        ("invitation", INVITING, None),
        ("announcement", LETTER, None),
        ("announcement", INVITING, "invitation"),
        ("document", NOTICE, None),
        ("document", INVITING, "invitation"),
    ],
)
def test_the_symbol_says_it(declared: str, title: str, expected: str | None) -> None:
    assert contradicted(Category(declared), meanings(title, 10)) == expected


def test_eight_of_the_latest_ten_have_to_say_so() -> None:
    news = Category.NEWS
    assert contradicted(news, meanings(LETTER, 8, others=2)) == "document"
    assert contradicted(news, meanings(LETTER, 7, others=3)) is None
    assert contradicted(news, meanings(LETTER, 7)) is None
    assert contradicted(news, meanings(LETTER, 8, others=50)) == "document"
    assert contradicted(None, meanings(LETTER, 10)) is None
