"""Every import held against the rooms' table, and every library against its home.

The table is that of docs/design.md part 5; to open a door, change it there and here,
and say why in the commit.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "aggregator"
EVERYTHING = {
    *("errors", "model", "config", "meaning", "intake", "store", "publish"),
    *("deliver", "web", "work", "app", "cli", "demo"),
}
# A room: what of ours it may import, beside itself.
ROOMS = {
    "errors": set(),
    "model": set(),
    "config": {"errors", "model"},
    "meaning": {"errors", "model"},
    "publish": {"errors", "model", "config", "meaning"},
    "intake": {"errors", "model", "config", "meaning"},
    "store": {"errors", "model"},
    "deliver": {"errors", "model", "config", "store", "publish", "intake.net"},
    "web": {"errors", "model", "config", "store", "publish", "meaning", "deliver"},
    "work": EVERYTHING,
    "app": EVERYTHING,
    "cli": EVERYTHING,
    "demo": EVERYTHING,
    "__main__": {"cli"},
}
# A single file of a room that may do more than its room.
DOORS = {"intake.pipeline": {"store"}, "intake.saving": {"store"}}
# A library: the rooms or files in which it may be imported.
HOMES = {
    "alembic": {"store"},
    "apscheduler": {"work"},
    "bleach": {"intake.sanitize"},
    "brotli": {"web.caching"},
    "certifi": {"intake.net"},
    "click": {"cli"},
    "feedgen": {"publish"},
    "feedparser": {"intake.parse"},
    "flask": {"web", "app"},
    "flask_babel": {"web", "app"},
    "granian": {"work.workers"},
    "icalendar": {"publish.calendar"},
    "lxml": {"publish"},
    "nh3": {"intake.sanitize"},
    "orjson": {"cli", "store", "web", "publish"},
    "pebble": {"intake.workshop"},
    "pycurl": {"intake.net", "intake.wire", "intake.loop"},
    "pydantic": {"config"},
    "pydantic_core": {"config"},
    "sqlalchemy": {"store"},
    "waitress": {"work"},
    "werkzeug": {"web", "app"},
}
# Rooms that only calculate: nothing of the standard library that reaches outside.
PURE = {"errors", "model", "meaning", "publish"}
REACHES_OUTSIDE = {
    *("socket", "ssl", "subprocess", "threading", "multiprocessing", "asyncio"),
    *("urllib.request", "http.client", "sqlite3", "smtplib", "time", "random"),
}
MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(file: Path) -> str:
    """Name a module without the package: `intake.net`; the package itself is ""."""
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports(file: Path) -> Iterator[str]:
    """List what a module imports, wherever in it, as dotted names."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            module = node.module or ""
            yield module
            if module == "aggregator" or module.startswith("aggregator."):
                yield from (f"{module}.{alias.name}" for alias in node.names)


def ours(file: Path) -> set[str]:
    """List the modules of ours that a module imports, without the package's name."""
    named = {
        name.removeprefix("aggregator.")
        for name in imports(file)
        if "." in name and name.startswith("aggregator.")
    }
    return {name for name in named if name.split(".")[0] in ROOMS}


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_a_room_imports_only_what_its_table_allows(file: Path) -> None:
    name = name_of(file)
    if not name:
        assert ours(file) == set()
        return
    room = name.split(".")[0]
    assert room in ROOMS, f"{name} stands in no room of the table"
    allowed = {room} | ROOMS[room] | DOORS.get(name, set())
    strangers = {
        other
        for other in ours(file)
        if other.split(".")[0] not in allowed
        and not any(other.startswith(door) for door in allowed if "." in door)
    }
    assert strangers == set()


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_a_library_is_imported_only_where_it_lives(file: Path) -> None:
    name = name_of(file)
    room = name.split(".")[0]
    used = {module.split(".")[0] for module in imports(file)} - {"aggregator"}
    foreign = {lib for lib in used if lib not in sys.stdlib_module_names}
    foreign.discard("_typeshed")  # exists for the type checker alone
    unknown = foreign - set(HOMES)
    assert unknown == set(), f"{name} uses a library without a home"
    assert {lib for lib in foreign if not {room, name} & HOMES[lib]} == set()


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_pure_rooms_reach_for_nothing_outside(file: Path) -> None:
    if name_of(file).split(".")[0] in PURE:
        assert set(imports(file)) & REACHES_OUTSIDE == set()


def test_only_pipeline_and_saving_join_intake_and_store() -> None:
    joined = {
        name_of(file)
        for file in MODULES
        if name_of(file).startswith("intake")
        and any(other.startswith("store") for other in ours(file))
    }
    assert joined == set(DOORS)


def test_every_home_is_in_use() -> None:
    used = {module.split(".")[0] for file in MODULES for module in imports(file)}
    assert set(HOMES) <= used


def test_the_present_moment_is_made_only_at_the_edge() -> None:
    """`now` is an argument everywhere else."""
    edges = {"app", "work.declaring", "work.clock", "demo.server"}
    makers = {
        name_of(file)
        for file in MODULES
        if "datetime.now(" in file.read_text(encoding="utf-8")
    }
    assert makers <= edges


def test_the_table_is_the_one_in_the_design() -> None:
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    told = {room for line in rows for room in line.split("|")[1].split("`")[1::2]}
    assert set(ROOMS) - {"__main__"} <= told
