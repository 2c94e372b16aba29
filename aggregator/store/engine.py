"""Opens the database and brings it to today's schema; owns the connections.

SQLite: WAL, foreign keys, a busy timeout, and real transactions (the driver's own
begin-when-it-likes is off). Writers take the lock at once (BEGIN IMMEDIATE), so that
what a transaction has read is still true when it writes.
"""

import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import SQLAlchemyError

from aggregator.errors import StoreError

HEAD = "0007"  # today's schema: the newest of migrations/versions
Connection = sa.Connection  # for rooms that hand a transaction on, and know no SQL
BUSY_SECONDS = 30  # how long a writer waits for another
_OURS = (sa.exc.IntegrityError, sa.exc.ProgrammingError, sa.exc.DataError)
_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 7_361_402  # PostgreSQL advisory lock: one migration at a time


def normal_url(url: str) -> str:
    """Name the driver where the address leaves it open."""
    scheme, _, rest = url.partition("://")
    if scheme in ("postgres", "postgresql"):
        return f"postgresql+psycopg://{rest}"
    return url


class Store:
    """A database: gives transactions. Close it when done."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Give a transaction for reading: one consistent state."""
        with _told(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Give a transaction for writing: saved whole at the end, or not at all."""
        engine = self.engine.execution_options(aggregator_write=True)
        with _told(), engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    def migrate(self) -> None:
        """Bring the database to today's schema; several at once do it one by one."""
        with self.write() as connection:
            if not self.is_sqlite:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            revision = _revision(connection)
            _refuse_newer(revision)
            if revision != HEAD:
                _upgrade(connection)

    def is_current(self) -> bool:
        """Say whether the schema is today's."""
        with self.read() as connection:
            return _revision(connection) == HEAD


def open_store(url: str) -> Store:
    """Open a database for use: SQLite is made and migrated, PostgreSQL must be ready.

    Raises:
        StoreError: It cannot be reached, or its schema is not today's.
    """
    store = Store(url)
    try:
        if store.is_sqlite:
            if not store.is_current():
                store.migrate()
        elif not store.is_current():
            with store.read() as connection:
                _refuse_newer(_revision(connection))
            raise StoreError(
                "the database does not have today's schema: run `aggregator migrate`"
            )
    except BaseException:
        store.close()
        raise
    return store


def insert(connection: sa.Connection, table: sa.Table) -> Any:
    """Start an INSERT that can say ON CONFLICT, in the database's own dialect."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # a slow import, for few

    return postgresql.insert(table)


def write_many(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows, all with values for the same columns, by one prepared statement.

    For what is written by the thousand: SQLAlchemy's own way costs several times what
    the database does with a small row.
    """
    if not rows:
        return
    statement, values_of, makers = _prepared(connection.dialect, table, tuple(rows[0]))
    written = []
    for row in rows:
        values = list(values_of(row))
        for place, make in makers:
            values[place] = make(values[place])
        written.append(tuple(values))
    connection.exec_driver_sql(statement, written)


@lru_cache(maxsize=64)
def _prepared(
    dialect: sa.Dialect, table: sa.Table, names: tuple[str, ...]
) -> tuple[
    str, Callable[[Any], tuple[Any, ...]], list[tuple[int, Callable[[Any], Any]]]
]:
    """Give an INSERT, what takes a row's values, and what is to be made of some."""
    mark = "?" if dialect.name == "sqlite" else "%s"
    quoted = ", ".join(dialect.identifier_preparer.quote(name) for name in names)
    marks = ", ".join([mark] * len(names))
    makers: list[tuple[int, Callable[[Any], Any]]] = []
    for place, name in enumerate(names):
        make = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        if make is not None:
            makers.append((place, make))
    statement = f"INSERT INTO {table.name} ({quoted}) VALUES ({marks})"
    return statement, itemgetter(*names), makers


def new_keys(connection: sa.Connection, table: sa.Table, count: int) -> list[int]:
    """Give out keys for rows that this transaction will write, in growing order."""
    if connection.dialect.name == "sqlite":  # it has one writer, and that is us
        last = connection.scalar(sa.select(sa.func.max(table.c.pk))) or 0
        return list(range(last + 1, last + 1 + count))
    numbers = sa.text(
        "SELECT nextval(pg_get_serial_sequence(:t, 'pk')) FROM generate_series(1, :n)"
    )
    return sorted(connection.scalars(numbers, {"t": table.name, "n": count}))


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(normal_url(url))
        options: dict[str, Any] = {}
        if parsed.drivername.startswith("sqlite"):
            options = {"connect_args": {"timeout": BUSY_SECONDS}}
            _make_folder(parsed.database)
        engine = sa.create_engine(
            parsed,
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
            pool_pre_ping=not parsed.drivername.startswith("sqlite"),
            **options,
        )
    except (SQLAlchemyError, ImportError, ValueError, OSError) as error:
        raise StoreError(f"not a usable database address: {_plain(url)}") from error
    if engine.dialect.name not in ("sqlite", "postgresql"):
        raise StoreError("the database must be SQLite or PostgreSQL")
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_folder(database: str | None) -> None:
    if database and database != ":memory:":
        Path(database).parent.mkdir(parents=True, exist_ok=True)


def _plain(url: str) -> str:
    """Leave out a password."""
    parts = urlsplit(url)
    return url.replace(f":{parts.password}@", ":…@") if parts.password else url


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are ours, see _begin_sqlite
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        "temp_store = MEMORY",
    ):
        _run_patiently(cursor, f"PRAGMA {pragma}")
    cursor.close()


def _run_patiently(cursor: Any, statement: str) -> None:
    """Run a pragma; turning WAL on does not heed the busy timeout, so ask again."""
    for _ in range(100):
        try:
            cursor.execute(statement)
            return
        except Exception as error:
            if "locked" not in str(error):
                raise
            time.sleep(0.05)
    cursor.execute(statement)


def _begin_sqlite(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get("aggregator_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def _told() -> Iterator[None]:
    """Turn a database that cannot be reached into a sentence."""
    try:
        yield
    except _OURS:
        raise  # a statement of ours is at fault, not the database
    except (DBAPIError, sa.exc.TimeoutError) as error:
        cause = str(getattr(error, "orig", error)).strip().splitlines()
        raise StoreError(
            f"the database does not answer: {cause[0] if cause else error}"
        ) from error


def _revision(connection: sa.Connection) -> str | None:
    """Read which step the database stands at, without waking Alembic for it."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return None if found is None else str(found)


def _refuse_newer(revision: str | None) -> None:
    # Steps are numbered, so a step of tomorrow's software is known by its number.
    if revision is not None and revision > HEAD:
        raise StoreError(
            f"the database is of a newer version ({revision}): update this software"
        )


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command  # a slow import, needed once in a database's life
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
