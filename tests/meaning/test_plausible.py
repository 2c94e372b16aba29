"""Constructed titles, labelled by the rules of the field before ours were asked."""

import csv
from datetime import UTC
from datetime import datetime
from pathlib import Path

import pytest

from aggregator.meaning.understanding import understand
from aggregator.model import ALL_LEVELS
from aggregator.model import Level
from aggregator.model import SourceHints

FILE = Path(__file__).parents[1] / "data" / "meaning" / "plausible.tsv"
with FILE.open(encoding="utf-8") as file:
    ROWS = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
SURE = [row for row in ROWS if row["doubtful"] == "n"]


@pytest.mark.parametrize("row", SURE, ids=lambda row: row["title"][:40])
def test_a_plausible_title_is_for_the_levels_an_officer_gives_it(row):
    now = datetime(2026, 11, 1, tzinfo=UTC)
    got = understand(
        row["title"], "", hints=SourceHints(), now=now, published=None
    ).levels
    named = row["levels"].split(",")
    want = ALL_LEVELS if named == ["all"] else frozenset(map(Level, named))
    assert (got or ALL_LEVELS) == want


def test_there_are_enough_of_them():
    assert len(ROWS) >= 60
