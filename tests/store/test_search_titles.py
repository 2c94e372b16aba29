"""Real titles, asked for in generated questions: both databases find the same."""

import csv
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from aggregator.meaning.searching import read_question
from aggregator.meaning.searching import searchable
from aggregator.store.search import fts5_query
from aggregator.store.search import ts_query
from aggregator.store.search import ts_vector

CHECKOUT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("AGGREGATOR_TITLES", CHECKOUT / "../shared/titles"))
TITLES = FOLDER / "titles.tsv"

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(
        not TITLES.is_file(), reason="titles.tsv is not there: set AGGREGATOR_TITLES"
    ),
]


@pytest.fixture(scope="module")
def titles() -> list[str]:
    with TITLES.open(encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row["title"] for row in rows]


@pytest.fixture(scope="module")
def by_fts5(titles: list[str]) -> Iterator[sqlite3.Connection]:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE s USING fts5(words, tokenize='ascii')")
    rows = [(pk, searchable(title)) for pk, title in enumerate(titles)]
    database.executemany("INSERT INTO s (rowid, words) VALUES (?, ?)", rows)
    yield database
    database.close()


def questions(title: str) -> Iterator[str]:
    """Ask for a title as people do: by its words, three in a row, a beginning."""
    words = searchable(title).split()
    if words:
        longest = max(words, key=len)
        yield " ".join(words)
        yield f'"{" ".join(title.split()[:3])}"'
        yield f"{longest[:max(3, len(longest) - 1)]}*"
        yield from (piece for piece in title.split() if "/" in piece)


def found(database: sqlite3.Connection, question: str) -> set[int]:
    asked = fts5_query(read_question(question))
    rows = database.execute("SELECT rowid FROM s WHERE s MATCH ?", (asked,))
    return {pk for (pk,) in rows}


def test_every_title_is_found(titles, by_fts5):
    missed = [
        (title, question)
        for pk, title in enumerate(titles)
        for question in questions(title)
        if read_question(question) and pk not in found(by_fts5, question)
    ]
    assert missed == []


@pytest.mark.postgres
def test_postgresql_finds_the_same(titles, by_fts5, postgres):
    engine = sa.create_engine(postgres)
    query = sa.text("SELECT pk FROM s WHERE words @@ CAST(:asked AS tsquery)")
    with engine.connect() as connection:
        connection.execute(sa.text("CREATE TEMPORARY TABLE s (pk int, words tsvector)"))
        connection.execute(
            sa.text("INSERT INTO s VALUES (:pk, CAST(:words AS tsvector))"),
            [
                {"pk": pk, "words": ts_vector(searchable(title))}
                for pk, title in enumerate(titles)
            ],
        )
        for question in {q for title in titles for q in questions(title)}:
            sought = read_question(question)
            if sought:
                got = connection.scalars(query, {"asked": ts_query(sought)})
                assert set(got) == found(by_fts5, question), question
    engine.dispose()
