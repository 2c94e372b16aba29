"""The web server takes its address first, and lets go of it in the end."""

import signal
import socket
import threading
import urllib.request
from unittest import mock

import pytest
from flask import Flask

from aggregator.work import serving as room
from aggregator.work.serving import ServingError
from aggregator.work.serving import address_of
from aggregator.work.serving import end_within
from aggregator.work.serving import listening
from aggregator.work.serving import serving
from aggregator.work.signals import until_told


def app() -> Flask:
    """Make an application that says hello."""
    made = Flask("test")
    made.add_url_rule("/", view_func=lambda: "xin chào")
    return made


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_an_application_is_served_until_the_block_ends(host: str) -> None:
    with listening(host, 0) as door:
        url = address_of(door)
        with serving(app(), door):
            with urllib.request.urlopen(url, timeout=10) as answer:
                assert answer.read().decode() == "xin chào"
                assert "Server" not in answer.headers
    with pytest.raises(OSError):
        urllib.request.urlopen(url, timeout=10)


@pytest.mark.parametrize(
    ("family", "host", "url"),
    [
        (socket.AF_INET, "127.0.0.1", "http://127.0.0.1:"),
        (socket.AF_INET6, "::1", "http://[::1]:"),
    ],
    ids=["ipv4", "ipv6"],
)
def test_an_address_is_written_as_a_url(
    family: socket.AddressFamily, host: str, url: str
) -> None:
    with listening(host, 0) as door:
        assert door.family == family
        assert address_of(door) == f"{url}{door.getsockname()[1]}"


def test_a_taken_address_is_told() -> None:
    with listening("127.0.0.1", 0) as door:
        port = door.getsockname()[1]
        with pytest.raises(ServingError, match=f"127.0.0.1:{port}.*--port"):
            with listening("127.0.0.1", port):
                pass


def test_an_address_that_is_not_ours_is_told() -> None:
    with pytest.raises(ServingError, match="cannot listen on 192.0.2.1:0"):
        with listening("192.0.2.1", 0):
            pass


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_tells_and_the_usual_handlers_come_back(
    number: signal.Signals,
) -> None:
    before = signal.getsignal(number)
    with until_told() as told:
        assert not told.is_set()
        signal.raise_signal(number)
        assert told.wait(5)
    assert signal.getsignal(number) is before


def test_a_process_that_still_waits_is_left() -> None:
    left = threading.Event()
    with mock.patch.object(room.os, "_exit", side_effect=lambda _: left.set()) as leave:
        end_within(0)
        assert left.wait(10)
    leave.assert_called_once_with(0)
