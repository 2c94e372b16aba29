"""Numbers and days that stand in real titles or their first sentences; `-rP` tells.

Never of a slug, which has no marks, no slashes and so no dates. A day counts as
standing there with its year beside it, or elsewhere in the same words.
"""

import csv
import re
from datetime import UTC
from datetime import datetime

import pytest

from aggregator.meaning.understanding import understand
from aggregator.model import SourceHints
from tests.meaning.titles import TITLES
from tests.meaning.titles import needs_titles

pytestmark = [pytest.mark.corpus, needs_titles]
MOST_MISSED = 1


def rows():
    with TITLES.open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def sentence(row):
    return row["first_sentence"] if row["first_sentence"] != "-" else ""


def words(row):
    title = "" if row["form"].startswith("slug") else row["title"]
    return f"{title}\n{sentence(row)}"


def read(row):
    now = datetime(2026, 11, 1, tzinfo=UTC)
    return understand(
        row["title"], sentence(row), hints=SourceHints(), now=now, published=None
    )


def stands(day, text, *, year_beside):
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", day)
    if not found:
        return False
    year, month, number = map(int, found.groups())
    shape = rf"(?<!\d)0?{number}(?: ?[/.-] ?| tháng )0?{month}(?!\d)"
    if year_beside:
        return bool(re.search(rf"{shape}(?: ?[/.-] ?|,? năm ){year}", text))
    return bool(re.search(shape, text)) and str(year) in text


def missed(column, asked, told):
    misses = []
    for row in asked:
        got = told(read(row))
        if got != row[column]:
            misses.append(f"{words(row)!r}: {row[column]}, got {got or '-'}")
    print(f"{column}: {len(asked)} rows,", *misses)
    return misses


def test_document_numbers():
    asked = [row for row in rows() if row["doc_number"] in words(row)]
    asked = [row for row in asked if row["doc_number"] != "-"]
    assert len(asked) > 10
    misses = missed("doc_number", asked, lambda m: m.document and m.document.number)
    assert len(misses) <= MOST_MISSED


def test_days_of_issue():
    column = "issued_date"
    asked = [r for r in rows() if stands(r[column], words(r), year_beside=True)]
    assert len(asked) > 3

    def told(meaning):
        issued = meaning.document and meaning.document.issued
        return issued.isoformat() if issued else ""

    # That a text carries out another document of that day does not date this one.
    assert len(missed(column, asked, told)) <= MOST_MISSED


def test_deadlines_and_events():
    column = "event_or_deadline"
    asked = [r for r in rows() if stands(r[column], words(r), year_beside=False)]
    assert len(asked) > 20

    def told(meaning):
        when = meaning.deadline or (meaning.event and meaning.event.start)
        return when.isoformat()[:10] if when else ""

    assert len(missed(column, asked, told)) <= MOST_MISSED
