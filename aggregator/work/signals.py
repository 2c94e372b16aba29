"""Waiting for the signal that ends a service."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def until_told() -> Iterator[threading.Event]:
    """Give an event that SIGTERM and SIGINT set; the usual handlers come back after."""
    told = threading.Event()
    kept = {
        number: signal.signal(number, lambda *_: told.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield told
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
