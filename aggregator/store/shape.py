"""What, beside the items, decides the bytes of a feed: settings and software.

Kept with the moment it last became different, so that Last-Modified moves with it.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import metadata
from importlib import resources
from importlib.resources.abc import Traversable

import sqlalchemy as sa

from aggregator import __version__
from aggregator.model import Settings
from aggregator.store import schema
from aggregator.store.sources import set_setting
from aggregator.store.sources import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A hash of what shapes the bytes; when it last changed, if that is known."""

    stamp: str
    changed_at: datetime | None


def shape_stamp(settings: Settings) -> str:
    """Hash the parts of the file, and the version, that published bytes depend on."""
    site = asdict(settings.site)
    site.pop("contact")
    authorities = [
        [a.id, a.name, a.short, a.parent, a.also, str(a.until), a.successors]
        for a in settings.authorities.values()
    ]
    sources = [[source.id, source.url] for source in settings.sources.values()]
    parts = [__version__, _renderers(), site, authorities, sources]
    text = json.dumps(parts, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def _renderers() -> str:
    """Hash what writes the bytes: no change of it can be forgotten.

    Tags are made of this, not of the bytes.
    """
    hashed = hashlib.sha256()
    package = resources.files("aggregator")
    for folder, suffix in (("publish", ".py"), ("templates", ".html"), ("static", "")):
        for file in sorted(_files(package / folder), key=lambda each: each.name):
            if file.name.endswith(suffix):
                hashed.update(file.name.encode() + file.read_bytes())
    for name in ("feedgen", "icalendar", "lxml", "jinja2"):
        hashed.update(metadata.version(name).encode())
    return hashed.hexdigest()


def _files(folder: Traversable) -> Iterator[Traversable]:
    for each in folder.iterdir():
        if each.is_file():
            yield each


def shape(connection: sa.Connection, stamp: str) -> Shape:
    """Say since when bytes have the shape that they have now.

    Args:
        stamp: `shape_stamp` of today's settings; made once, it reads every source.
    """
    table = schema.settings.c
    kept = connection.execute(
        sa.select(table.value, table.changed_at).where(table.name == "shape")
    ).one_or_none()
    same = kept is not None and kept.value == stamp
    return Shape(stamp=stamp, changed_at=kept.changed_at if kept and same else None)


def is_kept(connection: sa.Connection, settings: Settings) -> bool:
    """Say whether today's shape is already written down."""
    return setting(connection, "shape") == shape_stamp(settings)


def keep(connection: sa.Connection, settings: Settings, now: datetime) -> None:
    """Write today's shape down."""
    set_setting(connection, "shape", shape_stamp(settings), now)
