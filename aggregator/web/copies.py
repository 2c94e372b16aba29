"""The last good bytes on disk, for a process that has none of its own.

After a restart, in a process beside others, or when memory was short, what was good
once still goes out while the database is away. A copy is found by its key; each has
one of so many places, and a later key may take it: the disk cannot be filled.
"""

import gzip
import hashlib
import logging
import os
import threading
from datetime import datetime
from pathlib import Path

import orjson

from aggregator.web.caching import Rendered
from aggregator.web.caching import rendered

PLACES = 16_384
LARGEST = 256_000  # bytes, packed
_log = logging.getLogger("aggregator.web")


class Copies:
    """Documents in a folder; what cannot be written or read is left out and logged."""

    def __init__(self, folder: Path, places: int = PLACES) -> None:
        self._folder = folder
        self._places = places

    def keep(self, key: str, known: Rendered) -> None:
        """Put bytes in their place, whole or not at all."""
        packed = known.packed["gzip"]
        if len(packed) > LARGEST:
            return
        head = {
            "key": key,
            "etag": known.etag,
            "stamp": known.stamp,
            "changed_at": known.changed_at,
        }
        file = self._file(key)
        new = file.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            new.write_bytes(orjson.dumps(head) + b"\n" + packed)
            new.replace(file)
        except OSError as error:
            _log.warning("no copy is kept of %s: %s", key, error)

    def read(self, key: str) -> Rendered | None:
        """Give the bytes that were last good, if they are there."""
        try:
            line, _, packed = self._file(key).read_bytes().partition(b"\n")
            head = orjson.loads(line)
            if head["key"] != key:
                return None
            return rendered(
                gzip.decompress(packed),
                stamp=head["stamp"],
                changed_at=datetime.fromisoformat(head["changed_at"]),
                etag=head["etag"],
            )
        except FileNotFoundError:
            return None
        except (OSError, EOFError, ValueError, LookupError, TypeError) as error:
            _log.warning("the copy of %s cannot be read: %s", key, error)
            return None

    def _file(self, key: str) -> Path:
        number = int.from_bytes(hashlib.blake2b(key.encode()).digest()[:8])
        place = f"{number % self._places:05}"
        return self._folder / place[:2] / place[2:]
