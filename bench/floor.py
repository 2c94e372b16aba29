"""The floor: a bare libcurl-multi loop over the same URLs, which keeps nothing.

A process of its own that times only its second round, in which every server answers
304: no start-up, no check of addresses, nothing written down.
"""

import argparse
import json
import select
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pycurl


class _Round:
    """Ask all URLs once, so many at a time."""

    def __init__(self, urls: Sequence[str], etags: dict[str, str]) -> None:
        self._waiting = list(reversed(urls))
        self._etags = etags
        self._poll = select.epoll()
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self._due: float | None = None  # when libcurl wants to be called
        self._watched: set[int] = set()
        self._urls: dict[pycurl.Curl, str] = {}
        self.statuses: dict[str, int] = {}

    def run(self, concurrency: int) -> None:
        """Ask until all have answered."""
        for _ in range(min(concurrency, len(self._waiting))):
            self._next(pycurl.Curl())
        while self._urls:
            wait = None if self._due is None else max(0, self._due - time.monotonic())
            ready = self._poll.poll(wait, 256)
            for number, events in ready:
                self._multi.socket_action(number, _events_of(events))
            if self._due is not None and time.monotonic() >= self._due:
                self._due = None
                self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
            self._collect()

    def _watch(self, event: int, number: int, _multi: object, _data: object) -> None:
        if event == pycurl.POLL_REMOVE:
            self._watched.discard(number)
            with suppress(OSError):  # closed before it is unwatched
                self._poll.unregister(number)
            return
        mask = select.EPOLLIN * (event != pycurl.POLL_OUT)
        mask |= select.EPOLLOUT * (event != pycurl.POLL_IN)
        if number in self._watched:
            self._poll.modify(number, mask)
        else:
            self._watched.add(number)
            self._poll.register(number, mask)

    def _set_timer(self, milliseconds: int) -> None:
        self._due = (
            time.monotonic() + milliseconds / 1000 if milliseconds >= 0 else None
        )

    def _next(self, curl: pycurl.Curl) -> None:
        if not self._waiting:
            return
        url = self._waiting.pop()
        etag = self._etags.get(url)
        curl.setopt(pycurl.URL, url)
        curl.setopt(pycurl.WRITEFUNCTION, len)
        curl.setopt(pycurl.FORBID_REUSE, 1)  # no host is asked twice
        curl.setopt(pycurl.HTTPHEADER, [f"If-None-Match: {etag}"] if etag else [])
        curl.setopt(pycurl.HEADERFUNCTION, lambda line: self._header(url, line))
        self._urls[curl] = url
        self._multi.add_handle(curl)

    def _header(self, url: str, line: bytes) -> None:
        if line[:5].lower() == b"etag:":
            self._etags[url] = line[5:].strip().decode("latin-1")

    def _collect(self) -> None:
        _, done, failed = self._multi.info_read()
        for curl in [*done, *(each[0] for each in failed)]:
            status = curl.getinfo(pycurl.RESPONSE_CODE)
            self.statuses[self._urls.pop(curl)] = status
            self._multi.remove_handle(curl)
            self._next(curl)


def _events_of(events: int) -> int:
    readable = events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR)
    writable = events & select.EPOLLOUT
    return pycurl.CSELECT_IN * bool(readable) | pycurl.CSELECT_OUT * bool(writable)


def main() -> None:
    """Print how long the second round took, and what answered."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("urls", type=Path)
    parser.add_argument("--concurrency", type=int, default=32)
    wanted = parser.parse_args()
    urls = wanted.urls.read_text().split()
    etags: dict[str, str] = {}
    _Round(urls, etags).run(wanted.concurrency)
    second = _Round(urls, etags)
    started = time.monotonic()
    second.run(wanted.concurrency)
    seconds = time.monotonic() - started
    unchanged = sum(status == 304 for status in second.statuses.values())
    print(json.dumps({"seconds": seconds, "unchanged": unchanged}))


if __name__ == "__main__":
    main()
