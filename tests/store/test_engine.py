"""Opening a database: made, migrated, refused, and told apart."""

import json
import multiprocessing
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import StoreError
from aggregator.intake.identity import names
from aggregator.intake.names import key_of
from aggregator.intake.saving import plan_of
from aggregator.model import Digest
from aggregator.model import DocumentFacts
from aggregator.model import Item
from aggregator.model import Meaning
from aggregator.store import engine
from aggregator.store import schema
from aggregator.store import sources as stored_sources
from aggregator.store.engine import Store
from aggregator.store.engine import open_store
from aggregator.store.migrations import names_of_0003
from aggregator.store.migrations.names_of_0003 import second_names
from tests.conftest import NOW
from tests.conftest import item
from tests.conftest import settings
from tests.conftest import source
from tests.store.test_items import row_of


def test_the_head_in_code_is_the_newest_migration() -> None:
    config = Config()
    folder = Path(engine.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [engine.HEAD]
    assert len(list(script.walk_revisions())) == int(engine.HEAD)


def test_migrations_make_what_the_queries_expect(store: Store) -> None:
    with store.read() as connection:
        options = {"include_object": _is_in_the_schema}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, schema.metadata) == []


def _is_in_the_schema(_: object, name: str, kind: str, *__: object) -> bool:
    """Leave out the index of words: a virtual table and what belongs to it."""
    return kind != "table" or name.partition("_")[0] != "search"


MOMENT = "2026-11-20 01:00:00"


def old_store(url: str, revision: str) -> Store:
    """Make a database as it was at an earlier step, with a source."""
    store = Store(url)
    with store.write() as connection:
        config = Config()
        folder = Path(engine.__file__).parent / "migrations"
        config.set_main_option("script_location", str(folder))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        put(connection, "sources", id="a", active=True, due_at=MOMENT, gap=False)
    return store


def put(connection: sa.Connection, table: str, **values: object) -> None:
    """Write a row of a table as it was at an earlier step."""
    names = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    statement = f"INSERT INTO {table} ({names}) VALUES ({places})"
    connection.execute(sa.text(statement), values)


def put_old(store: Store, *items: Item) -> None:
    """Store items as the first schema did: under one name each."""
    with store.write() as connection:
        for pk, each in enumerate(items, 1):
            old = {"published_at": MOMENT, "first_seen_at": MOMENT, "state": "shown"}
            put(connection, "notices", id=str(pk), **old)
            seen = {"notice_id": str(pk), "source_pk": 1, "guid": each.guid} | old
            seen |= {"authority": "so", "category": "news", "level_bits": 31}
            seen |= {"version": 1, "fingerprint": each.fingerprint}
            put(connection, "sightings", **seen)
            key = {"source_pk": 1, "key": each.keys[0], "since": MOMENT}
            put(connection, "keys", **key, sighting_pk=pk)
            document = each.meaning.document
            facts = {"document": {"number": document.number}} if document else {}
            text = {"title": each.title, "link": each.link, "facts": json.dumps(facts)}
            text |= {"raw": "{}", "enclosures": "[]", "n": 1, "at": MOMENT}
            text |= {"sighting_pk": pk, "fingerprint": each.fingerprint}
            put(connection, "versions", **text)


def keys_of(store: Store) -> dict[str, int]:
    """Read which sighting each name is of."""
    with store.read() as connection:
        key = schema.keys.c
        return dict(connection.execute(sa.select(key.key, key.sighting_pk)).all())


def letter(name: str, number: str, host: str) -> Item:
    """Make an official letter on a portal whose guids are addresses."""
    link = f"{host}/van-ban/{name}.html"
    return item(
        name,
        keys=(link,),
        guid=f"http://{link}",
        link=f"http://{link}",
        given=None,
        meaning=Meaning(document=DocumentFacts(number=number)),
    )


@pytest.mark.parametrize("revision", ["0001", "0002"])
def test_an_old_database_is_brought_up_with_its_rows(
    database_url: str, revision: str
) -> None:
    """SQLite alters no column in place, and drops no table that others name."""
    store = old_store(database_url, revision)
    put_old(store, item("x"))
    if revision == "0002":
        with store.write() as connection:
            connection.execute(sa.text(f"UPDATE notices SET entered_at = '{MOMENT}'"))
    store.migrate()
    assert store.is_current()
    with store.read() as connection:
        row = connection.execute(sa.select(schema.notices)).one()
        seen = connection.execute(sa.select(schema.sightings)).one()
    assert row.entered_at == row.published_at == NOW
    assert (seen.missing, seen.check_at, seen.flip) == (0, None, "")
    assert seen.entered_at == NOW
    store.close()


@pytest.mark.parametrize("revision", ["0001", "0002"])
def test_an_old_database_knows_its_items_again_when_the_portal_moves(
    database_url: str, revision: str
) -> None:
    numbers = {f"bai-{n}": f"{n}/SGDĐT-VP" for n in range(1, 5)}
    store = old_store(database_url, revision)
    put_old(store, *(letter(n, no, "cu.example") for n, no in numbers.items()))
    store.migrate()
    said = settings(source("a", url="http://moi.example/rss.xml"))
    with store.write() as connection:
        stored_sources.declare(connection, said.sources, NOW)
    moved = tuple(letter(n, no, "moi.example") for n, no in numbers.items())
    renamed = letter("bai-5", "7/SGDĐT-VP", "moi.example")
    with store.read() as connection:
        row = row_of(store, "a", said)
        plan = plan_of(connection, row, Digest(items=(*moved, renamed)), NOW)
    assert [new.item.title for new in plan.new] == [renamed.title]
    assert plan.moved_from == "cu.example"
    store.close()


def test_an_old_item_gets_every_name_that_it_would_get_today(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [letter(f"bai-{n}", f"{n}/SGDĐT-VP", "cu.example") for n in range(1, 8)]
    store = old_store(database_url, "0002")
    put_old(store, *items)
    _in_small_chunks(monkeypatch)
    store.migrate()
    wanted = {name: pk for pk, each in enumerate(items, 1) for name in names(each)}
    assert keys_of(store) == wanted
    store.close()


def test_a_name_of_two_old_items_is_given_to_neither(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where they are not read together: the first and the last of five."""
    items = [letter(f"bai-{n}", f"{n % 4}/SGDĐT-VP", "cu.example") for n in range(5)]
    store = old_store(database_url, "0002")
    put_old(store, *items)
    _in_small_chunks(monkeypatch)
    store.migrate()
    numbers = {name for name in keys_of(store) if name.startswith("document:")}
    assert numbers == {f"document:{n}/sgddt-vp" for n in (1, 2, 3)}
    store.close()


def test_who_has_a_name_already_keeps_it(database_url: str) -> None:
    one, other = (letter(f"bai-{n}", f"{n}/SGDĐT-VP", "cu.example") for n in (1, 2))
    store = old_store(database_url, "0002")
    put_old(store, one, other)
    with store.write() as connection:
        key = {"key": "document:2/sgddt-vp", "since": MOMENT}
        put(connection, "keys", source_pk=1, sighting_pk=1, **key)
    store.migrate()
    assert keys_of(store)["document:2/sgddt-vp"] == 1
    store.close()


def _in_small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the step read two sightings at a time."""
    monkeypatch.setattr(names_of_0003, "AT_ONCE", 2)


@pytest.mark.parametrize(
    ("title", "link"),
    [
        ("Kế hoạch  năm học 2026–2027", "https://www.so.example/ke-hoach/?id=5"),
        ("QUI ĐỊNH “kì thi” lí lịch", "http://so.example/qui-dinh/"),
        ("Thông báo", "http://so.example/"),
        ("", "http://so.example/a"),
        ("Thông báo", ""),
        ("Lịch", "http://Quan1.hcm.edu.vn/tin/lich-thi-ct1234-567.aspx"),
        ("Lịch", "http://quan1.hcm.edu.vn/tin/ct/1234/567?utm_source=rss"),
        ("Lịch", "http://so.example/?p=1234"),
        ("Lịch", "http://so.example/lich-2026.html"),
        ("Dài", "http://so.example/" + "a" * 600),
        ("Tiê\u0302\u0301ng \u200bViệt ﹣ ｖiệt\tnam", "http://so.example/b"),
    ],
)
def test_the_names_of_the_step_are_those_of_today(title: str, link: str) -> None:
    """Once names change, a further step writes the new ones, and this test goes."""
    number = "15/TB-SGDĐT"
    keys = ("g", *([key_of(link)] if link else []))
    today = item("x", keys=keys, title=title, link=link)
    today = replace(today, meaning=Meaning(document=DocumentFacts(number=number)))
    assert second_names(title, link, number) == set(names(today)) - {"g"}


@given(
    st.text(alphabet=st.characters(exclude_categories=("Mn", "Me", "Cs")), max_size=60)
)
def test_the_step_folds_as_today(title: str) -> None:
    link = "http://so.example/a"
    today = item("x", keys=("so.example/a",), title=title, link=link)
    assert second_names(title, link, "") == set(names(today))


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
