"""Who is measured: this service and its peers, each with a simulator of its own.

Each says how it is set up, which command makes it pull everything once, and what it
then holds. Setting up (naming the feeds) is measured for nobody.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from aggregator.store import schema
from aggregator.store.engine import Store
from bench.city import ROOT
from bench.city import Held
from bench.city import Upstream
from bench.process import BenchError
from bench.process import environment

READER = "reader==3.27"
_NEEDS = (3, 12)  # the Python that it needs


class Contestant(Protocol):
    """Somebody who pulls feeds."""

    name: str
    city: Upstream
    folder: Path
    cwd: Path
    workers: int

    def prepare(self) -> None:
        """Begin with nothing stored."""

    def command(self) -> Sequence[str]:
        """Give the command that pulls all feeds once."""

    def env(self) -> dict[str, str]:
        """Give the environment that it runs in."""

    def held(self) -> Held:
        """List what it holds."""


def _emptied(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


# --- This service -------------------------------------------------------------


class Ours:
    """`aggregator pull --all`, with its guard of addresses and all its checks."""

    name = "ours"

    def __init__(
        self, city: Upstream, folder: Path, cache: Path, *, database: str = ""
    ) -> None:
        """Set it up; without a database it makes its own SQLite file."""
        self.city = city
        self.folder = folder
        self.cwd = ROOT
        self.workers = 32  # requests under way at once
        self.timeout = 30  # seconds
        self._cache = cache
        self._database = database
        if database:
            self.name = "ours/PostgreSQL"

    def prepare(self) -> None:
        """Write feeds.toml, and make the database where that is not done by itself."""
        _emptied(self.folder)
        self.configure()
        if self._database:
            _recreate(self._database)
            subprocess.run(
                [*self._aggregator(), "migrate"], env=self.env(), cwd=ROOT, check=True
            )

    def configure(self) -> None:
        """Write feeds.toml as it stands now."""
        text = "\n".join(_feeds_toml(self.city, self.workers, self.timeout))
        (self.folder / "feeds.toml").write_text(text, encoding="utf-8")

    def command(self) -> Sequence[str]:
        """Pull everything, due or not."""
        return [*self._aggregator(), "pull", "--all", "--json"]

    def work_command(self) -> Sequence[str]:
        """Pull what is due, for as long as it runs."""
        return [*self._aggregator(), "work"]

    def _aggregator(self) -> list[str]:
        config = str(self.folder / "feeds.toml")
        return [sys.executable, "-m", "aggregator", "--config", config]

    def env(self) -> dict[str, str]:
        """Name the database, if one was given."""
        given = {"AGGREGATOR_DATABASE_URL": self._database} if self._database else {}
        return environment(self._cache, given)

    def store(self) -> Store:
        """Open its database; the caller closes it."""
        file = self.folder / "var" / "aggregator.db"
        return Store(self._database or f"sqlite:///{file}")

    def held(self) -> Held:
        """List the sightings; each must have a version, a category and a notice."""
        sightings, versions, labels = schema.sightings, schema.versions, schema.labels
        query = (
            sa.select(schema.sources.c.url, sightings.c.guid)
            .join(sightings, sightings.c.source_pk == schema.sources.c.pk)
            .join(schema.notices, schema.notices.c.id == sightings.c.notice_id)
            .where(
                sa.exists().where(
                    versions.c.sighting_pk == sightings.c.pk, versions.c.text != ""
                ),
                sa.exists().where(
                    labels.c.notice_id == sightings.c.notice_id,
                    labels.c.facet == "category",
                ),
            )
        )
        with closing(self.store()) as store, store.read() as connection:
            rows = connection.execute(query).all()
            notices = connection.scalar(sa.select(sa.func.count(schema.notices.c.id)))
            count = sa.select(sa.func.count(sightings.c.pk))
            shown = connection.scalar(count)
        if notices != shown:
            raise BenchError(f"{self.name}: {notices} notices, {shown} sightings")
        return {(self.city.number_of(url), guid) for url, guid in rows}


def _recreate(database: str) -> None:
    """Make a database anew, in the server that its address names."""
    import psycopg

    server, _, name = database.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}"'.encode())
        connection.execute(f'CREATE DATABASE "{name}"'.encode())


_HEAD = """[site]
title = "Bench"
base_url = "http://127.0.0.1:8000"

[fetch]
allow_private = ["127.0.0.0/8"]
concurrency = {concurrency}
timeout = "{timeout}s"

[authorities.so]
name = "Sở Giáo dục và Đào tạo"
"""


def _feeds_toml(city: Upstream, concurrency: int, timeout: int) -> Iterator[str]:
    yield _HEAD.format(concurrency=concurrency, timeout=timeout)
    for number in range(1, 25):
        yield f"[authorities.quan-{number}]"
        yield f'name = "Phòng Giáo dục và Đào tạo Quận {number}"'
        yield 'parent = "so"'
        yield 'levels = ["preschool", "primary", "lower_secondary"]'
    for feed, url in enumerate(city.urls(), start=1):
        yield f'[sources.f{feed}]\nurl = "{url}"'
        yield f'authority = "quan-{feed % 24 + 1}"\ncategory = "auto"'


# --- reader -------------------------------------------------------------------


class Reader:
    """The PyPI package `reader`, by a script that makes it update everything."""

    name = "reader"

    def __init__(self, city: Upstream, folder: Path, cache: Path) -> None:
        """Set it up in a virtual environment of its own.

        Raises:
            BenchError: No Python is new enough for it.
        """
        self.city = city
        self.folder = self.cwd = folder
        self.workers = 4
        self._cache = cache
        self._python = _reader_python(cache)

    def prepare(self) -> None:
        """Name the feeds."""
        _emptied(self.folder)
        (self.folder / "urls").write_text("\n".join(self.city.urls()) + "\n")
        subprocess.run(
            [*self._script(), "add"], env=self.env(), cwd=self.folder, check=True
        )

    def command(self) -> Sequence[str]:
        """Update all feeds."""
        return [*self._script(), "update", str(self.workers)]

    def _script(self) -> list[str]:
        return [str(self._python), str(Path(__file__).parent / "reader_script.py")]

    def env(self) -> dict[str, str]:
        """Give it what everybody has."""
        return environment(self._cache)

    def held(self) -> Held:
        """List its entries."""
        with closing(sqlite3.connect(self.folder / "reader.db")) as database:
            rows = database.execute("SELECT feed, id FROM entries").fetchall()
        return {(self.city.number_of(feed), guid) for feed, guid in rows}


def _reader_python(cache: Path) -> Path:
    """Make its virtual environment, once."""
    home = cache / "reader"
    python = home / "bin" / "python"
    if not (home / READER).exists():
        found = _newer_python()
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([found, "-m", "venv", str(home)], check=True)
        subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", READER], check=True
        )
        (home / READER).touch()
    return python


def _newer_python() -> str:
    wanted = ".".join(map(str, _NEEDS))
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    names = [f"python3.{minor}" for minor in range(20, _NEEDS[1] - 1, -1)]
    for python in (
        os.environ.get("BENCH_PYTHON", ""),
        sys.executable,
        *filter(None, map(shutil.which, names)),
        *(str(each) for each in sorted(pyenv.glob("3.*/bin/python"), reverse=True)),
    ):
        if python and _is_newer(python):
            return python
    here = ".".join(map(str, sys.version_info[:2]))
    raise BenchError(
        f"the package reader needs Python {wanted} or newer, and this is {here}: "
        f"left out (BENCH_PYTHON=/path/to/python{wanted} brings it in)"
    )


def _is_newer(python: str) -> bool:
    code = f"import sys, ensurepip; sys.exit(sys.version_info < {_NEEDS})"
    try:
        return not subprocess.run([python, "-c", code], capture_output=True).returncode
    except OSError:
        return False


# --- newsboat -----------------------------------------------------------------


class Newsboat:
    """Debian's newsboat, by its command that reloads everything."""

    name = "newsboat"

    def __init__(self, city: Upstream, folder: Path, cache: Path) -> None:
        """Find it.

        Raises:
            BenchError: It is not installed.
        """
        self.city = city
        self.folder = self.cwd = folder
        self.workers = 4
        self._cache = cache
        self._program = shutil.which("newsboat") or ""
        if not self._program:
            raise BenchError("newsboat is missing: left out (apt-get install newsboat)")

    def prepare(self) -> None:
        """Name the feeds."""
        _emptied(self.folder)
        (self.folder / "urls").write_text("\n".join(self.city.urls()) + "\n")

    def command(self) -> Sequence[str]:
        """Reload all feeds."""
        settings = f"reload-threads {self.workers}\nmax-items 0\ndownload-timeout 30\n"
        (self.folder / "config").write_text(settings)
        files = {"-C": "config", "-u": "urls", "-c": "cache.db"}
        named = [
            part for flag, file in files.items() for part in (flag, self.folder / file)
        ]
        return [self._program, *map(str, named), "-x", "reload"]

    def env(self) -> dict[str, str]:
        """Give it a home of its own."""
        return environment(self._cache, {"HOME": str(self.folder)})

    def held(self) -> Held:
        """List its articles."""
        with closing(sqlite3.connect(self.folder / "cache.db")) as database:
            rows = database.execute("SELECT feedurl, guid FROM rss_item").fetchall()
        # NukeViet's guids stand between spaces, and newsboat keeps those.
        return {(self.city.number_of(feed), guid.strip()) for feed, guid in rows}


# --- The floor ----------------------------------------------------------------


def floor(city: Upstream, cache: Path, concurrency: int) -> float:
    """Time a bare libcurl loop over the same URLs, all of which answer 304.

    Raises:
        BenchError: Not all did.
    """
    urls = cache / "floor-urls"
    urls.write_text("\n".join(city.urls()))
    command = [sys.executable, "-m", "bench.floor", str(urls)]
    done = subprocess.run(
        [*command, "--concurrency", str(concurrency)],
        env=environment(cache),
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    told = json.loads(done.stdout)
    if told["unchanged"] != city.feeds:
        raise BenchError(f"the floor: {told['unchanged']} of {city.feeds} answered 304")
    return float(told["seconds"])
