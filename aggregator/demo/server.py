"""Serves the sample portal over HTTP/1.1, on loopback addresses alone.

Each host gets an address of its own, from 127.77.0.1 up, all on one port: the address
that a request came in on says which host is asked, and links are made from it, so that
they open in the browser of whoever runs the demo. The Host field decides nothing else.
Linux only: elsewhere the addresses beyond 127.0.0.1 do not exist until they are set up.
"""

import asyncio
import socket
from collections.abc import Callable
from collections.abc import Iterable
from contextlib import ExitStack
from contextlib import suppress
from datetime import UTC
from datetime import datetime
from ipaddress import IPv4Address
from ipaddress import ip_address
from threading import Event
from threading import Thread
from types import TracebackType
from typing import Protocol
from typing import Self

from aggregator.demo.wire import Answer
from aggregator.demo.wire import BadRequest
from aggregator.demo.wire import read_head
from aggregator.demo.wire import write_answer
from aggregator.demo.wire import write_refusal

MAX_HEAD = 16_384  # bytes of a request
MAX_REQUESTS = 1_000  # on one connection

_FIRST_ADDRESS = IPv4Address("127.77.0.1")
_PATIENCE = 10.0  # seconds for a request to come and for its answer to go
_PORT_TRIES = 20
_BACKLOG = 128
_GONE = (
    TimeoutError,
    ConnectionError,
    asyncio.IncompleteReadError,
    asyncio.CancelledError,
)


class Answering(Protocol):
    """What the server asks: a portal, or a town of them."""

    def answer(self, host: str, target: str, *, base: str, now: datetime) -> Answer:
        """Answer a request for a target on a host."""


def utc_now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)


def serve(
    portal: Answering, hosts: Iterable[str], *, now: Callable[[], datetime] = utc_now
) -> "SampleServer":
    """Start a server for these hosts; the caller stops it."""
    server = SampleServer(portal, hosts, now=now)
    server.start()
    return server


class SampleServer:
    """Answers for sample hosts from one thread; a context manager."""

    def __init__(
        self,
        portal: Answering,
        hosts: Iterable[str],
        *,
        now: Callable[[], datetime] = utc_now,
        patience: float = _PATIENCE,
    ) -> None:
        self._portal = portal
        self._now = now
        self._patience = patience
        names = dict.fromkeys(host.lower() for host in hosts)
        self._addresses = {
            name: str(_FIRST_ADDRESS + place) for place, name in enumerate(names)
        }
        self._hosts = {address: name for name, address in self._addresses.items()}
        self._port = 0
        self._thread: Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.stop()

    def address_of(self, host: str) -> tuple[str, int]:
        """Name the address and port at which a host is dialled.

        Raises:
            KeyError: The server was not given this host.
        """
        return self._addresses[host.lower()], self._port

    def start(self) -> None:
        """Listen, then answer in a thread of its own.

        Raises:
            OSError: No port is free on all addresses.
        """
        sockets = _listen(list(self._hosts))
        self._port = sockets[0].getsockname()[1] if sockets else 0
        ready = Event()
        self._thread = Thread(
            target=lambda: asyncio.run(self._serve(sockets, ready)),
            name="sample-portal",
            daemon=True,
        )
        self._thread.start()
        ready.wait()

    def stop(self) -> None:
        """End all connections and wait for the thread."""
        if self._thread is None:
            return
        if self._loop is not None and self._stopping is not None:
            # The loop is gone already where the thread failed.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._thread = None

    async def _serve(self, sockets: list[socket.socket], ready: Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        try:
            servers = [
                await asyncio.start_server(self._connected, sock=each, limit=MAX_HEAD)
                for each in sockets
            ]
        finally:
            ready.set()
        await self._stopping.wait()
        # Accept nothing more; only then close, or what was just accepted would leak.
        for each in sockets:
            self._loop.remove_reader(each)
        await self._end_connections()
        for server in servers:
            server.close()

    async def _end_connections(self) -> None:
        # asyncio's own tasks are left to finish: each is about to hand us a connection.
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            for task, writer in self._connections.items():
                writer.transport.abort()
                task.cancel()
            await asyncio.wait(others)

    def _connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        # Noted at once: a task that is cancelled before it began could close nothing.
        task = asyncio.create_task(self._attend(reader, writer))
        self._connections[task] = writer
        task.add_done_callback(self._connections.pop)

    async def _attend(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            await self._converse(reader, writer)
            writer.close()
            async with asyncio.timeout(self._patience):
                await writer.wait_closed()
        except _GONE:
            pass  # the other side left or dawdles, or we stop: nothing is left to say
        finally:
            writer.transport.abort()

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        for _ in range(MAX_REQUESTS):
            answer, goes_on = await self._next_answer(reader, writer)
            async with asyncio.timeout(self._patience):
                writer.write(answer)
                await writer.drain()
            if not goes_on:
                return

    async def _next_answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[bytes, bool]:
        try:
            async with asyncio.timeout(self._patience):
                head = await reader.readuntil(b"\r\n\r\n")
            return self._answer(head, writer.get_extra_info("sockname"))
        except asyncio.LimitOverrunError:
            return write_refusal(431, now=self._now()), False
        except BadRequest as error:
            return write_refusal(error.status, now=self._now()), False

    def _answer(self, head: bytes, address: tuple[str, int]) -> tuple[bytes, bool]:
        request = read_head(head)
        now = self._now()
        answer = self._portal.answer(
            self._hosts[address[0]],
            request.target,
            base=_base(request.host, address),
            now=now,
        )
        return write_answer(answer, request, now=now), request.keep_alive


def _base(host: str, address: tuple[str, int]) -> str:
    """Say what links begin with: Host if it is an IP address, else where it came in.

    Our fetcher dials the loopback address yet names the real host, and a link to the
    real host would leave the demo.
    """
    name, _, port = host.partition(":")
    try:
        shown = ip_address(name)
    except ValueError:
        return f"http://{address[0]}:{address[1]}"
    given = port if port.isascii() and port.isdigit() else ""
    return f"http://{shown}:{given}" if given else f"http://{shown}"


def _listen(addresses: list[str]) -> list[socket.socket]:
    """Bind all addresses to one port that is free on each of them."""
    for last in range(_PORT_TRIES, 0, -1):
        try:
            return _bind_all(addresses)
        except OSError:
            if last == 1:
                raise
    raise AssertionError("unreachable")


def _bind_all(addresses: list[str]) -> list[socket.socket]:
    port = 0
    with ExitStack() as opened:
        sockets = []
        for address in addresses:
            bound = socket.create_server((address, port), backlog=_BACKLOG)
            sockets.append(opened.enter_context(bound))
            port = bound.getsockname()[1]
        opened.pop_all()
        return sockets
