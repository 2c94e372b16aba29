"""Lets the database know what feeds.toml says; the first thing every command does."""

from datetime import UTC
from datetime import datetime

from aggregator.model import Settings
from aggregator.store import shape
from aggregator.store import sources as stored
from aggregator.store.engine import Store


def now() -> datetime:
    """Read the clock: the edge at which every moment is made."""
    return datetime.now(UTC)


def take_over(store: Store, settings: Settings) -> None:
    """Write down what the file says, where the database does not hold it yet."""
    with store.read() as connection:
        known = stored.is_declared(connection, settings.sources)
        known = known and shape.is_kept(connection, settings)
    if not known:
        with store.write() as connection:
            stored.declare(connection, settings.sources, now())
            shape.keep(connection, settings, now())
