"""What commands share: where the file and the database are, and how results look."""

import gc
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import orjson

from aggregator.model import Settings

if TYPE_CHECKING:  # opening a database is slow, and `check` needs none
    from aggregator.store.engine import Store


@contextmanager
def importing() -> Iterator[None]:
    """Let the garbage collector rest: what modules make stays for good.

    Looking through it again and again takes a fifth of the time of starting.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The options that every command takes."""

    config: str
    database: str | None

    def settings(self) -> Settings:
        """Read feeds.toml, and the rules of one's own that it names."""
        with importing():
            from aggregator import config

        settings = config.load(self.config)
        if settings.rules:
            with importing():
                from aggregator.meaning.rulebook import rules_in

            rules_in(settings.rules)
        return settings

    def database_url(self, folder: str = "var") -> str:
        """Give the database asked for, else SQLite beside the file."""
        if self.database:
            return self.database
        return f"sqlite:///{Path(self.config).resolve().parent / folder}/aggregator.db"

    def copies(self) -> Path:
        """Name the folder of the last good bytes, beside the file."""
        return Path(self.config).resolve().parent / "var" / "last-good"


@contextmanager
def opened(place: Place, settings: Settings) -> "Iterator[Store]":
    """Open the database and let it know what the file says."""
    with importing():
        from aggregator.store.engine import open_store
        from aggregator.work.declaring import take_over

    store = open_store(place.database_url())
    try:
        take_over(store, settings)
        yield store
    finally:
        store.close()


def log_to_stderr(level: int = logging.WARNING) -> None:
    """Send logs where results never are."""
    logging.basicConfig(
        stream=sys.stderr,
        level=level,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        force=True,
    )


def print_json(value: object) -> None:
    """Print one JSON document, on one line."""
    print(orjson.dumps(value).decode())


def rfc3339(moment: datetime | None, settings: Settings) -> str | None:
    """Write a moment in the site's offset."""
    if moment is None:
        return None
    zone = ZoneInfo(settings.site.timezone)
    return moment.astimezone(zone).isoformat(timespec="seconds")
