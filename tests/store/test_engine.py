"""Opening a database: made, migrated, refused, and told apart."""

import multiprocessing
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from aggregator.errors import StoreError
from aggregator.store import engine
from aggregator.store import schema
from aggregator.store.engine import Store
from aggregator.store.engine import open_store
from tests.conftest import NOW


def test_the_head_in_code_is_the_newest_migration() -> None:
    config = Config()
    folder = Path(engine.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [engine.HEAD]
    assert len(list(script.walk_revisions())) == int(engine.HEAD)


def test_migrations_make_what_the_queries_expect(store: Store) -> None:
    with store.read() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, schema.metadata) == []


def test_a_database_of_the_first_schema_is_brought_up_with_its_rows(
    database_url: str,
) -> None:
    """SQLite alters no column in place, and drops no table that others name."""
    store = Store(database_url)
    with store.write() as connection:
        config = Config()
        folder = Path(engine.__file__).parent / "migrations"
        config.set_main_option("script_location", str(folder))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        moment = "'2026-11-20 01:00:00'"
        for statement in (
            "INSERT INTO sources (id, active, due_at, gap) "
            f"VALUES ('a', TRUE, {moment}, FALSE)",
            f"INSERT INTO notices VALUES ('n', {moment}, {moment}, 'shown')",
            "INSERT INTO sightings (notice_id, source_pk, guid, first_seen_at,"
            " version, fingerprint, authority, category, level_bits, published_at,"
            " state) VALUES "
            f"('n', 1, 'g', {moment}, 1, 'f', 'so', 'news', 31, {moment}, 'shown')",
        ):
            connection.execute(sa.text(statement))
    store.migrate()
    assert store.is_current()
    with store.read() as connection:
        row = connection.execute(sa.select(schema.notices)).one()
        seen = connection.execute(sa.select(schema.sightings)).one()
    assert row.entered_at == row.published_at == NOW
    assert (seen.missing, seen.check_at, seen.flip) == (0, None, "")
    store.close()


def test_sqlite_is_made_on_first_use(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new/folder/store.db"
    open_store(url).close()
    again = open_store(url)
    assert again.is_current()
    again.close()


def test_postgres_is_migrated_only_when_told(postgres_url: str) -> None:
    with pytest.raises(StoreError, match="aggregator migrate"):
        open_store(postgres_url)
    store = Store(postgres_url)
    store.migrate()
    store.migrate()  # again does nothing
    store.close()
    open_store(postgres_url).close()


def test_a_newer_database_is_refused(store: Store, database_url: str) -> None:
    with store.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer version"):
        open_store(database_url)


def test_sqlite_is_set_up_for_many_readers_and_one_writer(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    with store.read() as connection:
        pragma = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        }
    store.close()
    assert pragma == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "busy_timeout": engine.BUSY_SECONDS * 1000,
    }


@pytest.mark.parametrize(
    "url",
    ["nonsense", "mysql://127.0.0.1/x", "sqlite:////proc/none/x.db"],
)
def test_an_unusable_address_is_told(url: str) -> None:
    with pytest.raises(StoreError):
        open_store(url)


def test_a_password_is_never_told() -> None:
    with pytest.raises(StoreError) as caught:
        open_store("oracle://me:s3cret@127.0.0.1/x")
    assert "s3cret" not in str(caught.value)


def test_a_server_that_is_away_is_told() -> None:
    with pytest.raises(StoreError, match="does not answer"):
        open_store("postgresql://127.0.0.1:9/none")


def _open(url: str) -> None:
    open_store(url).close()


def test_many_processes_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=_open, args=(url,)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]


def test_a_naive_time_is_refused(store: Store) -> None:
    row = {"name": "x", "owner": "y", "until": NOW.replace(tzinfo=None)}
    with pytest.raises(sa.exc.StatementError, match="naive time"):
        with store.write() as connection:
            connection.execute(sa.insert(schema.leases), [row])


def test_a_writer_waits_for_another(store: Store) -> None:
    """Two read-then-write transactions at once lose neither's work."""

    def add_one(times: int) -> None:
        for _ in range(times):
            with store.write() as connection:
                table = schema.sequence
                found = connection.scalar(
                    sa.select(table.c.value)
                    .where(table.c.name == "test")
                    .with_for_update()
                )
                connection.execute(sa.update(table).values(value=found + 1))

    with store.write() as connection:
        connection.execute(sa.insert(schema.sequence).values(name="test", value=0))
    threads = [threading.Thread(target=add_one, args=(20,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as connection:
        assert connection.scalar(sa.select(schema.sequence.c.value)) == 60
