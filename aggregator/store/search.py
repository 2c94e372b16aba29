"""Words of what is stored, and who is found by them: the same of both databases.

What comes here is words of ``a-z0-9`` only, so nothing can be a command, and neither
database cuts words its own way: SQLite by ``tokenize='ascii'``, PostgreSQL by reading
a vector that is written here. Each sighting has its words, at a place that is its date
and its row in one number: who reads places from the highest down reads the newest
first, and need not sort what a common word finds.
"""

from collections import Counter
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from typing import cast

import sqlalchemy as sa

from aggregator.model.search import Sought
from aggregator.store import schema
from aggregator.store.columns import CHUNK

MAX_WORDS = 2_000  # of one notice: PostgreSQL keeps 255 places of a word, to 16,383
_MAX_PLACES = 255
_NOBODYS = "·"  # a word for SQLite, and none that anybody can ask for
_FEW = 4_000  # hits that PostgreSQL looks up and sorts; it would guess how many
_ROW_BITS = 28  # 268 million sightings; 35 bits are left for seconds, until 3058
_ROW_MASK = (1 << _ROW_BITS) - 1
_seen = schema.sightings.c

# Not in the schema: the one is a virtual table, the other of a type that SQLite lacks.
_INDEXES = {
    "sqlite": sa.table("search", sa.column("rowid", sa.BigInteger), sa.column("words")),
    "postgresql": sa.table(
        "search", sa.column("place", sa.BigInteger), sa.column("words")
    ),
}
_NEW = {
    "sqlite": "INSERT INTO search (rowid, words) VALUES (?, ?)",
    "postgresql": "INSERT INTO search (place, words) VALUES (%s, CAST(%s AS tsvector))",
}
_AGAIN = {
    "sqlite": "INSERT OR REPLACE INTO search (rowid, words) VALUES (?, ?)",
    "postgresql": _NEW["postgresql"]
    + " ON CONFLICT (place) DO UPDATE SET words = excluded.words",
}


# --- Writing ------------------------------------------------------------------


def place_of(published: datetime, pk: int) -> int:
    """Give a sighting's place in the index: later dates are greater, then later rows.

    Args:
        published: Its date, which never changes.
    """
    return int(published.timestamp()) << _ROW_BITS | pk


def write_words(
    connection: sa.Connection, words: Sequence[tuple[int, str]], *, again: bool = False
) -> None:
    """Keep the words of sightings.

    Args:
        words: By place.
        again: These may have had others before.
    """
    kind = connection.dialect.name
    kept = [(place, cut(text)) for place, text in words]
    if kind == "postgresql":
        kept = [(place, ts_vector(text)) for place, text in kept]
    if kept:
        connection.exec_driver_sql((_AGAIN if again else _NEW)[kind], kept)


def rewrite_words(connection: sa.Connection, words: Mapping[int, str]) -> None:
    """Keep other words of sightings that are stored, by their rows."""
    pks = sorted(words)
    for start in range(0, len(pks), CHUNK):
        query = sa.select(_seen.pk, _seen.published_at)
        rows = connection.execute(query.where(_seen.pk.in_(pks[start : start + CHUNK])))
        again = [(place_of(row.published_at, row.pk), words[row.pk]) for row in rows]
        write_words(connection, again, again=True)


# --- Asking -------------------------------------------------------------------


class Hits:
    """Who is found by a question, in the words of one database: parts of a SELECT."""

    def __init__(self, connection: sa.Connection, sought: Sought) -> None:
        kind = connection.dialect.name
        self.table = _INDEXES[kind]
        words = self.table.c.words
        self.found: sa.ColumnElement[bool]
        if kind == "sqlite":
            self.place: Any = self.table.c.rowid
            self.found = words.op("MATCH", is_comparison=True)(fts5_query(sought))
        else:
            self.place = self.table.c.place
            # A plan that is made once for all words guesses badly for each of them.
            connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_custom_plan")
            asked = sa.text("CAST(:asked AS tsquery)").bindparams(
                asked=ts_query(sought)
            )
            self.found = words.op("@@", is_comparison=True)(asked)
            few = sa.select(self.place).where(self.found).limit(_FEW + 1)
            places = list(connection.scalars(few))
            if len(places) <= _FEW:
                these = sa.text("ANY(CAST(:places AS bigint[]))")
                self.found = self.place == these.bindparams(places=places)
            elif any(len(part) > 1 for part in sought.phrases + sought.prefixes):
                # It takes phrases for rare and would sort them all; a function has
                # no index, so the newest are read first, as they are of a word.
                self.found = sa.func.ts_match_vq(words, asked)

        self._row = self.place.op("&")(sa.literal_column(str(_ROW_MASK)))
        self._streams = kind == "sqlite"

    def select(
        self,
        *conditions: sa.ColumnElement[bool],
        source: str | None = None,
        first_seen: Sequence[sa.ColumnElement[bool]] = (),
    ) -> sa.Select[Any]:
        """Select the sightings that are found: ``place, notice_id, published_at``.

        To be read from the highest place down, to a limit: no database then has to
        join or sort more than that. PostgreSQL would, if it could guess otherwise.

        Args:
            conditions: What a sighting must meet.
            source: The only source; told apart, since few rows are quickly looked up.
            first_seen: What its notice must meet.
        """
        columns = (_seen.notice_id, _seen.published_at)
        found = [self.found]
        if first_seen:
            noted = sa.select(schema.notices.c.id).where(*first_seen)
            recent = sa.select(_seen.pk).where(_seen.notice_id.in_(noted))
            found.append(self._row.in_(recent))
        if source is not None:
            named = sa.select(schema.sources.c.pk).where(schema.sources.c.id == source)
            here = _seen.source_pk == named.scalar_subquery()
            found.append(self._row.in_(sa.select(_seen.pk).where(here)))
        if self._streams:
            query = sa.select(self.place.label("place"), *columns)
            query = query.select_from(self.table)
            is_of = cast(sa.ColumnElement[bool], _seen.pk == self._row)
            return query.join(schema.sightings, is_of).where(*found, *conditions)
        seen = sa.select(*columns).where(_seen.pk == self._row, *conditions)
        each = seen.offset(0).lateral("seen")  # the offset keeps it a look-up a row
        query = sa.select(self.place.label("place"), *each.c).select_from(self.table)
        return query.join(each, sa.true()).where(*found)


def fts5_query(sought: Sought) -> str:
    """Write a question for SQLite's MATCH."""
    parts = [f'"{" ".join(words)}"' for words in sought.phrases]
    parts += [f'"{" ".join(words)}" *' for words in sought.prefixes]
    return " AND ".join(parts)


def ts_query(sought: Sought) -> str:
    """Write a question to be cast to PostgreSQL's tsquery."""
    parts = [_followed(words) for words in sought.phrases]
    parts += [f"{_followed(words)}:*" for words in sought.prefixes]
    return " & ".join(f"({part})" for part in parts)


def _followed(words: Sequence[str]) -> str:
    return " <-> ".join(f"'{word}'" for word in words)


# --- Words --------------------------------------------------------------------


def cut(words: str) -> str:
    """Keep the beginning of a notice's words, as much as both databases can keep.

    Where a word stands for the 256th time, nobody's word stands: its neighbours do
    not move together.
    """
    kept = words.split(" ", MAX_WORDS)[:MAX_WORDS]
    if max(Counter(kept).values()) <= _MAX_PLACES:  # nearly always, and quickly told
        return " ".join(kept)
    times: Counter[str] = Counter()
    for n, word in enumerate(kept):
        times[word] += 1
        if times[word] > _MAX_PLACES:
            kept[n] = _NOBODYS
    return " ".join(kept)


def ts_vector(words: str) -> str:
    """Write words, as they were cut, and their places, to be cast to a tsvector."""
    places: dict[str, list[str]] = {}
    for place, word in enumerate(words.split(" "), 1):
        places.setdefault(word, []).append(str(place))
    places.pop(_NOBODYS, None)
    places.pop("", None)
    return " ".join(f"'{word}':{','.join(at)}" for word, at in places.items())
