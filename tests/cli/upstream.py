"""A portal on loopback addresses, for commands that run as real processes.

One thread serves all addresses on one port. Pages are named by ``address/path``.
"""

import asyncio
import threading
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from html import escape
from types import TracebackType
from typing import Self


@dataclass(frozen=True, kw_only=True)
class Page:
    """What stands at an address; with an ETag, 304 answers who has it already."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    hangs: bool = False  # the request is taken, and never answered

    def answer(self, asked: Mapping[str, str]) -> bytes:
        """Write the whole answer."""
        status, body = self.status, self.body
        etag = self.headers.get("ETag")
        if etag and asked.get("if-none-match") == etag:
            status, body = 304, b""
        fields = {"Connection": "close", **self.headers}
        if status != 304:
            fields["Content-Length"] = str(len(body))
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"HTTP/1.1 {status} Something\r\n{lines}\r\n".encode() + body


class Upstream:
    """Serves pages; remembers who asked for what. A context manager."""

    def __init__(self, addresses: Iterable[str] = ("127.0.0.1",)) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        self.port = 0
        self._addresses = list(addresses)
        self._news = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        self._call(self._listen())
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._call(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def url(self, path: str, address: str = "127.0.0.1") -> str:
        """Give the URL of a page."""
        return f"http://{address}:{self.port}{path}"

    def put(
        self, path: str, body: bytes = b"", *, address: str = "127.0.0.1", **of: object
    ) -> str:
        """Put a page somewhere, instead of what stood there; give its URL."""
        self.pages[f"{address}{path}"] = Page(body=body, **of)  # type: ignore[arg-type]
        return self.url(path, address)

    def asked_for(self, path: str) -> list[Mapping[str, str]]:
        """List the headers with which a path was asked for, on whatever address."""
        return [
            headers
            for name, headers in self.asked
            if name.partition("/")[2] == path[1:]
        ]

    def wait_for(self, path: str, timeout: float = 30) -> None:
        """Wait until a path has been asked for."""
        with self._news:
            assert self._news.wait_for(lambda: self.asked_for(path), timeout), path

    def _call(self, work: object) -> None:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)  # type: ignore
        future.result(30)

    async def _listen(self) -> None:
        self._servers = []
        for address in self._addresses:
            server = await asyncio.start_server(self._serve, address, self.port)
            self.port = self.port or server.sockets[0].getsockname()[1]
            self._servers.append(server)

    async def _shut(self) -> None:
        for server in self._servers:
            server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            await self._answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client hung up, or the test is over
        finally:
            writer.close()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        pairs = (line.partition(": ") for line in lines)
        headers = {name.lower(): value for name, _, value in pairs}
        address = writer.get_extra_info("sockname")[0]
        name = address + first.split(" ")[1]
        with self._news:
            self.asked.append((name, headers))
            self._news.notify_all()
        page = self.pages.get(name, Page(status=404))
        if page.hangs:
            await reader.read()  # until the client goes
        writer.write(page.answer(headers))
        await writer.drain()


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An item of a source feed, as a portal would write it."""

    guid: str
    title: str
    link: str = ""
    date: str = ""
    text: str = ""
    file: str = ""  # address of an attached PDF


def rss(*entries: Entry, title: str = "Cổng thông tin") -> bytes:
    """Write a source feed."""
    items = "".join(f"<item>{_fields(entry)}</item>" for entry in entries)
    channel = f"<title>{title}</title><link>http://cong.example/</link>{items}"
    return f'<rss version="2.0"><channel>{channel}</channel></rss>'.encode()


def _fields(entry: Entry) -> str:
    named = {
        "title": entry.title,
        "guid": entry.guid,
        "link": entry.link,
        "pubDate": entry.date,
        "description": entry.text,
    }
    fields = (f"<{n}>{escape(v)}</{n}>" for n, v in named.items() if v)
    file = f'<enclosure url="{entry.file}" type="application/pdf" length="1234"/>'
    return "".join(fields) + (file if entry.file else "")
