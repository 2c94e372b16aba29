"""The web server for many requests: granian, in processes of its own. Alone imports it.

Each process has the application, its own connections and its own known answers. One
fills a core; more are for machines with more cores, or for pages that take long.
"""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from multiprocessing import parent_process
from multiprocessing import util
from pathlib import Path
from typing import TYPE_CHECKING

from granian.constants import HTTPModes
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server.mp import MPServer

from aggregator.app import create_app
from aggregator.app import kept_current
from aggregator.model import Settings
from aggregator.store.engine import Store

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

THREADS = 4  # of a process: an answer that waits for the store holds up no other
HEAD_SECONDS = 30  # for a request's head to come
STOP_SECONDS = 6  # for answers under way
_PATIENCE = 60.0  # seconds for the processes to start
_LAST = 5  # of the order in which a process ends what it holds


def serve_in_processes(
    settings: Settings,
    database: str,
    *,
    host: str,
    port: int,
    workers: int,
    copies: Path,
    ready: Callable[[], None],
) -> None:
    """Serve until SIGTERM or SIGINT. A process that dies is started again.

    Args:
        copies: The folder of the last good bytes, which all processes share.
        ready: Is called once somebody answers.
    """
    for name in ("_granian", "granian"):
        logging.getLogger(name).setLevel(logging.WARNING)
    server = MPServer(
        "aggregator",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_SECONDS * 1000),
        websockets=False,
        log_enabled=False,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
    )
    told = threading.Thread(target=_tell, args=(host, port, ready), daemon=True)
    told.start()
    server.serve(
        target_loader=partial(_load, settings, database, copies), wrap_loader=False
    )


def _load(settings: Settings, database: str, copies: Path) -> "WSGIApplication":
    """Make the application in a process; what it holds is let go of at its end.

    The database has been looked at: should it be away now, there are copies.
    """
    stack = ExitStack()
    store = Store(database)
    stack.callback(store.close)
    app = create_app(settings, store, copies=copies)
    stack.enter_context(kept_current(app))
    util.Finalize(app, stack.close, exitpriority=_LAST)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    return app


def _end_with_parent() -> None:
    """End when the parent is gone, killed or not: else nobody would ever end this."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _tell(host: str, port: int, ready: Callable[[], None]) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            ready()
            return
