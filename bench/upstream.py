"""The simulated city: so many feeds, each at a loopback address of its own, one port.

A process of its own: every answer is made beforehand, so that it is never what is
measured (the floor says how fast it is). Linux alone: one socket on all addresses of
the loopback device. ``/_/…`` steers it: publish, latency, faults, reset, stats,
ever, listed.
"""

import argparse
import asyncio
import gzip
import json
import os
import random
import resource
import signal
import socket
import time
from collections import Counter
from collections import deque
from collections.abc import Callable
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from email.utils import format_datetime
from urllib.parse import parse_qsl
from urllib.parse import urlsplit

from bench.documents import Article
from bench.documents import article
from bench.documents import document

WINDOW = 20  # items that a feed lists
HUGE = 32_000_000  # bytes of a body without end
# Of a hundred feeds, how many have which fault while faults are on.
FAULTS = {
    "hang": 3,  # asked, never answered
    "stall": 2,  # half of the body, then silence
    "e500": 5,
    "truncated": 3,  # cut in the middle, lengths agree
    "short": 2,  # closed before the length that was promised
    "huge": 2,
    "loop": 2,  # redirects to itself, each time another address
}
_DAY_ONE = timedelta(days=40)  # before the start: when each feed's first item appeared
_HEAD_LIMIT = 65_536


def address_of(feed: int) -> str:
    """Give a feed the loopback address that is its alone."""
    return f"127.{1 + feed // 62_500}.{feed // 250 % 250}.{feed % 250 + 1}"


def url_of(feed: int, port: int) -> str:
    """Give a feed's URL."""
    return f"http://{address_of(feed)}:{port}/feeds/{feed}.xml"


def fault_of(feeds: int) -> dict[int, str]:
    """Choose which feeds have a fault; the same for the same number of feeds."""
    order = list(range(1, feeds + 1))
    random.Random("faults").shuffle(order)
    chosen: dict[int, str] = {}
    for kind, percent in FAULTS.items():
        for _ in range(round(feeds * percent / 100)):
            chosen[order.pop()] = kind
    return chosen


class Feed:
    """One feed and its answers, made beforehand."""

    def __init__(self, number: int, port: int, start: datetime) -> None:
        self.number = number
        self.base = f"http://{address_of(number)}:{port}"
        self.ever = 0  # items published
        self._start = start
        self._listed: deque[Article] = deque(maxlen=WINDOW)
        self.publish(WINDOW)

    def publish(self, items: int) -> None:
        """Add new items; what is beyond the window scrolls out."""
        for _ in range(items):
            self.ever += 1
            self._listed.append(self._article(self.ever))
        self.body = document(self.number, self._listed, base=self.base)
        self.etag = f'"{self.number}-{self.ever}"'.encode()
        modified = format_datetime(self._listed[-1].at, usegmt=True).encode()
        valid = b"ETag: %b\r\nLast-Modified: %b\r\n" % (self.etag, modified)
        typed = b"Content-Type: application/rss+xml; charset=utf-8\r\n" + valid
        self.unchanged = _answer(b"304 Not Modified", valid)
        self.whole = _answer(b"200 OK", typed, self.body)
        zipped = gzip.compress(self.body, 6, mtime=0)
        self.zipped = _answer(b"200 OK", typed + b"Content-Encoding: gzip\r\n", zipped)

    def _article(self, number: int) -> Article:
        return article(self.number, number, base=self.base, start=self._start)

    def guids(self) -> list[str]:
        """List the guids of all that it ever published."""
        return [self._article(n).guid for n in range(1, self.ever + 1)]

    def listed(self) -> list[str]:
        """List the guids of what it shows now."""
        return [each.guid for each in self._listed]


def _answer(status: bytes, fields: bytes, body: bytes | None = None) -> bytes:
    length = b"" if body is None else b"Content-Length: %d\r\n" % len(body)
    return b"HTTP/1.1 %b\r\n%b%b\r\n%b" % (status, fields, length, body or b"")


class City:
    """All feeds, what is wrong with them now, and what was asked of them."""

    def __init__(self, feeds: int, port: int) -> None:
        start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - _DAY_ONE
        self.feeds = {n: Feed(n, port, start) for n in range(1, feeds + 1)}
        self.by_path = {b"/feeds/%d.xml" % n: feed for n, feed in self.feeds.items()}
        self.faults = fault_of(feeds)
        self.faults_on = False
        self.latency = 0.0  # seconds
        self._rounds = 0
        self.reset()

    def reset(self) -> None:
        """Begin to count anew."""
        self.counts: Counter[str] = Counter()
        self.first = self.last = 0.0  # moments of time.monotonic

    def publish(self, percent: float) -> None:
        """Give so many of a hundred feeds one new item."""
        self._rounds += 1
        count = round(len(self.feeds) * percent / 100)
        dice = random.Random(f"round {self._rounds}")
        for number in dice.sample(sorted(self.feeds), count):
            self.feeds[number].publish(1)

    def order(self, target: str) -> object:
        """Do what the harness asks for."""
        parts = urlsplit(target)
        wishes = dict(parse_qsl(parts.query))
        what = parts.path.removeprefix("/_/")
        if what == "publish":
            self.publish(float(wishes["percent"]))
        elif what == "latency":
            self.latency = float(wishes["ms"]) / 1000
        elif what == "faults":
            self.faults_on = wishes["on"] == "1"
        elif what == "reset":
            self.reset()
        elif what == "stats":
            return self.counts | {"first": self.first, "last": self.last}
        elif what == "ever":
            return {number: feed.guids() for number, feed in self.feeds.items()}
        elif what == "listed":
            return {number: feed.listed() for number, feed in self.feeds.items()}
        return {}


class Visit(asyncio.Protocol):
    """One connection."""

    transport: asyncio.Transport

    def __init__(self, city: City) -> None:
        self._city = city
        self._buffer = b""
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Give up what was under way."""
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        """Answer each whole head; nobody sends a body."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head, self._buffer = self._buffer[: end + 2], self._buffer[end + 4 :]
            self._asked(head)
        if len(self._buffer) > _HEAD_LIMIT:
            self.transport.abort()

    def _asked(self, head: bytes) -> None:
        target = head.split(b" ", 2)[1]
        feed = self._city.by_path.get(target.partition(b"?")[0])
        if feed is None:
            self._other(target.decode("latin-1"))
            return
        city = self._city
        city.counts["requests"] += 1
        city.first = city.first or time.monotonic()
        if city.latency:
            loop = asyncio.get_running_loop()
            loop.call_later(city.latency, self._say, feed, target, head.lower())
        else:
            self._say(feed, target, head.lower())

    def _other(self, target: str) -> None:
        if target.startswith("/_/"):
            body = json.dumps(self._city.order(target)).encode()
            self.transport.write(_answer(b"200 OK", b"", body))
            return
        self._city.counts["others"] += 1
        self.transport.write(_answer(b"404 Not Found", b"", b"not here\n"))

    def _say(self, feed: Feed, target: bytes, head: bytes) -> None:
        if self.transport.is_closing():
            return
        city = self._city
        if city.faults_on and feed.number in city.faults:
            self._fail(feed, target, city.faults[feed.number])
        elif feed.etag in head:
            city.counts["304"] += 1
            self.transport.write(feed.unchanged)
        else:
            city.counts["200"] += 1
            zips = b"gzip" in head.partition(b"\r\naccept-encoding:")[2]
            self.transport.write(feed.zipped if zips else feed.whole)
        city.last = time.monotonic()

    # --- What goes wrong ----------------------------------------------------------

    def _fail(self, feed: Feed, target: bytes, kind: str) -> None:
        self._city.counts[kind] += 1
        write, half = self.transport.write, feed.body[: len(feed.body) * 11 // 20]
        promised = b"Content-Length: %d\r\n" % len(feed.body)
        if kind == "e500":
            write(_answer(b"500 Internal Server Error", b"", b"<h1>500</h1>"))
        elif kind == "truncated":
            write(_answer(b"200 OK", b"", half))
        elif kind in ("stall", "short"):
            write(_answer(b"200 OK", promised) + half)
            if kind == "short":
                self.transport.close()
        elif kind == "loop":
            again = target.partition(b"?")[0] + b"?%d" % time.monotonic_ns()
            write(_answer(b"302 Found", b"Location: %b\r\n" % again, b""))
        elif kind == "huge":
            self._task = asyncio.create_task(self._flood(feed))

    async def _flood(self, feed: Feed) -> None:
        """Send the feed, and in it text without end."""
        inner = feed.body.rpartition(b"</channel>")[0]
        filler = b"<p>" + b"rac " * 16_000 + b"</p>"
        head = b"Content-Length: %d\r\n" % (len(inner) + HUGE)
        self.transport.write(_answer(b"200 OK", head) + inner)
        for _ in range(HUGE // len(filler) + 1):
            self.transport.write(filler)
            while self.transport.get_write_buffer_size() > 1_000_000:
                await asyncio.sleep(0.002)
            await asyncio.sleep(0)
        self.transport.close()


# --- The process --------------------------------------------------------------


def door(port: int = 0) -> socket.socket:
    """Listen on every address of the loopback device, and on no other."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("0.0.0.0", port))
    listening.listen(4096)
    return listening


async def serve(
    city: City, listening: socket.socket, ready: Callable[[], None]
) -> None:
    """Answer until SIGTERM."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    await loop.create_server(lambda: Visit(city), sock=listening)
    ready()
    await told.wait()


def main() -> None:
    """Serve so many feeds; the first line says at which port."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--port", type=int, default=0)
    wanted = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    listening = door(wanted.port)
    port = listening.getsockname()[1]
    city = City(wanted.feeds, port)
    asyncio.run(serve(city, listening, lambda: print(port, flush=True)))
    os._exit(0)  # connections that clients left open are nobody's loss


if __name__ == "__main__":
    main()
