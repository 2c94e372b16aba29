"""Items written once for all the documents that show them.

A notice stands in dozens of feeds: of its level and of all, of its category and of all,
of each school's office. Of a change to one item the other 29 need no writing again.
"""

import hashlib
import pickle
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.model import Notice

_MOST = 6_000  # items kept; then all are forgotten
_LARGEST = 16_000  # bytes of one that is kept


class Fragments:
    """What items look like in documents of one site: for one settings, one process."""

    def __init__(self) -> None:
        self._kept: dict[bytes, bytes] = {}

    def join(
        self,
        notices: Sequence[Notice],
        *,
        tag: str,
        make: Callable[[Sequence[Notice]], bytes],
    ) -> bytes:
        """Give the document that `make` would write of notices, byte for byte.

        Args:
            tag: The element of an item, which has neither attributes nor another of
                its name inside; one name, one form.
            make: Writes a whole document, each item by itself in lines of its own.
        """
        names = [_name(tag, notice) for notice in notices]
        known = {name: item for name in names if (item := self._kept.get(name))}
        fresh = {n: notice for n, notice in zip(names, notices) if n not in known}
        if len(fresh) == len(notices):
            document = make(notices)
        else:  # the first one again, if need be: it shows where items stand
            document = make(list(fresh.values()) or notices[:1])
        cut = _cut(document, tag)
        if cut is None or len(cut.items) != (len(fresh) or 1):
            return document if len(fresh) == len(notices) else make(notices)
        for name, item in zip(fresh, cut.items):
            known[name] = item
            self._keep(name, item)
        return cut.head + b"".join(known[name] for name in names) + cut.tail

    def _keep(self, name: bytes, item: bytes) -> None:
        if len(self._kept) >= _MOST:
            self._kept.clear()
        if len(item) <= _LARGEST:
            self._kept[name] = item


@dataclass(frozen=True, slots=True)
class _Cut:
    head: bytes
    items: list[bytes]
    tail: bytes


def _name(tag: str, notice: Notice) -> bytes:
    """Name what an item is written of: all that is known of a notice."""
    return hashlib.blake2b(tag.encode() + pickle.dumps(notice)).digest()


def _cut(document: bytes, tag: str) -> _Cut | None:
    """Take a document apart at its items; None if it has none."""
    opening, closing = f"<{tag}>".encode(), f"</{tag}>\n".encode()
    begin, last = document.find(opening), document.rfind(closing)
    if begin < 0 or last < begin:
        return None
    begin = document.rfind(b"\n", 0, begin) + 1  # with what stands before it
    end = last + len(closing)
    items = document[begin:last].split(closing)
    return _Cut(document[:begin], [item + closing for item in items], document[end:])
