"""The web server (waitress). Alone may import it."""

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from typing import Any

import waitress

from aggregator.errors import AggregatorError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

THREADS = 8
_log = logging.getLogger("aggregator.work")


class ServingError(AggregatorError):
    """The address cannot be listened on."""


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Take an address before anything else is started.

    Raises:
        ServingError: The address is taken or not ours.
    """
    try:
        door = _door(host, port)
    except OSError as error:
        raise ServingError(
            f"cannot listen on {host}:{port}: {error.strerror} (try another --port)"
        ) from error
    with door:
        yield door


def _door(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    door = socket.socket(found[0], found[1])
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(found[4])
        door.listen(1024)
    except OSError:
        door.close()
        raise
    return door


def address_of(door: socket.socket) -> str:
    """Write an address that is listened on as the head of a URL."""
    host, port = door.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def serving(app: "WSGIApplication", door: socket.socket) -> Iterator[None]:
    """Serve an application in threads of this process."""
    logging.getLogger("waitress").setLevel(logging.ERROR)
    server: Any = waitress.create_server(
        app,
        sockets=[door],
        threads=THREADS,
        ident=None,  # what software answers is nobody's business
        clear_untrusted_proxy_headers=True,
    )
    thread = threading.Thread(target=server.run, name="web", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.task_dispatcher.shutdown(timeout=2)
        server.trigger.pull_trigger(lambda: _close(server))
        thread.join(2)


def _close(server: Any) -> None:
    """Close what clients keep alive and the door; the server's own thread does it."""
    for channel in list(server.active_channels.values()):
        channel.handle_close()
    server.close()


def end_within(seconds: float) -> None:
    """Leave the process after so many seconds, whatever it still waits for.

    A database held by somebody else must not hold up the end. Nothing is lost: what
    was not saved is pulled again, and the leases of a dead process hold no more.
    """
    timer = threading.Timer(seconds, _leave, (seconds,))
    timer.daemon = True
    timer.start()


def _leave(seconds: float) -> None:
    _log.warning("left after %s seconds: the database did not answer", seconds)
    os._exit(0)
