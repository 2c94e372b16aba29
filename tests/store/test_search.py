"""A question in each database's words: the same rows of both."""

import sqlite3

import pytest
import sqlalchemy as sa

from aggregator.meaning.searching import read_question
from aggregator.meaning.searching import searchable
from aggregator.store.search import MAX_WORDS
from aggregator.store.search import cut
from aggregator.store.search import fts5_query
from aggregator.store.search import ts_query
from aggregator.store.search import ts_vector

TEXTS = {
    1: "Công văn số 1161/SGDĐT-QLT về tuyển sinh lớp 10",
    2: "Kế hoạch tuyển dụng viên chức, sinh hoạt đầu năm 2e5 1.5 10a1",
    3: "Lớp 10: hướng dẫn NEAR or not, thi học sinh giỏi",
    4: "",
}
QUESTIONS = [
    ("tuyen sinh", {1, 2}),
    ('"tuyển sinh"', {1}),
    ("tuy*", {1, 2}),
    ('"tuyển d*"', {2}),
    ("1161/SGDĐT-QLT", {1}),
    ("1161", {1}),
    ("1161 sgddt qlt", {1}),
    ("sinh lop", {1, 3}),
    ("si*", {1, 2, 3}),
    ("a OR b", set()),
    ("NEAR(", {3}),
    ("not", {3}),
    ("2e5 10a1", {2}),
    ("10*", {1, 2, 3}),
    ('lop "huong dan', {3}),
]


@pytest.mark.parametrize(("question", "found"), QUESTIONS)
def test_sqlite_finds(question: str, found: set[int]) -> None:
    """SQLite finds words, phrases and prefixes."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE s USING fts5(words, tokenize='ascii')")
    rows = [(pk, searchable(text)) for pk, text in TEXTS.items()]
    database.executemany("INSERT INTO s (rowid, words) VALUES (?, ?)", rows)
    asked = fts5_query(read_question(question))
    query = "SELECT rowid FROM s WHERE s MATCH ?"
    assert {pk for (pk,) in database.execute(query, (asked,))} == found
    database.close()


@pytest.mark.postgres
@pytest.mark.parametrize(("question", "found"), QUESTIONS)
def test_postgresql_finds_the_same(
    question: str, found: set[int], postgres: str
) -> None:
    """PostgreSQL finds the same rows."""
    asked = ts_query(read_question(question))
    query = sa.text("SELECT CAST(:words AS tsvector) @@ CAST(:asked AS tsquery)")
    engine = sa.create_engine(postgres)
    with engine.connect() as connection:
        got = {
            pk
            for pk, text in TEXTS.items()
            if connection.scalar(
                query, {"words": ts_vector(searchable(text)), "asked": asked}
            )
        }
    engine.dispose()
    assert got == found


def test_long_texts_are_cut() -> None:
    """A beginning is kept, and no more places of a word than PostgreSQL keeps."""
    kept = cut("a " * 5_000)
    assert len(kept.split(" ")) == MAX_WORDS
    assert kept.count("a") == 255 and kept.startswith("a a ")
    assert ts_vector(kept).count(",") == 254
