"""The sample portal over real sockets, all of them on loopback."""

import gzip
import http.client
import socket
import threading
from contextlib import ExitStack
from contextlib import closing
from contextlib import suppress
from ipaddress import ip_address

import pytest

from aggregator.demo import server as module
from aggregator.demo.columns import TICK
from aggregator.demo.server import MAX_HEAD
from aggregator.demo.server import SampleServer
from aggregator.demo.server import serve

SO, QUAN = "hcm.edu.vn", "pgdquan1.hcm.edu.vn"


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self, moment):
        self.moment = moment

    def __call__(self):
        return self.moment


@pytest.fixture
def clock(started):
    return Clock(started)


@pytest.fixture
def server(portal, clock):
    with SampleServer(portal, portal.hosts, now=clock) as running:
        yield running


def ask(server, host, path, *, method="GET", headers=()):
    """Ask as our fetcher does: dial the address, name the real host."""
    with closing(http.client.HTTPConnection(*server.address_of(host))) as connection:
        connection.request(method, path, headers={"Host": host, **dict(headers)})
        response = connection.getresponse()
        return response, response.read()


def talk(server, data):
    """Send bytes and read until the server hangs up."""
    address = server.address_of(SO)
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(data)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_every_host_has_a_loopback_address_of_its_own(server, portal):
    found = [server.address_of(host) for host in portal.hosts]
    assert [address for address, _ in found] == [
        "127.77.0.1",
        "127.77.0.2",
        "127.77.0.3",
    ]
    assert len({port for _, port in found}) == 1
    assert all(ip_address(address).is_loopback for address, _ in found)
    assert server.address_of(SO.upper()) == found[0]
    with pytest.raises(KeyError):
        server.address_of("la.example")


def test_a_feed_is_served_with_links_that_open_here(server):
    response, body = ask(server, SO, "/rss/tin-tuc/")
    address, port = server.address_of(SO)
    assert response.status == 200
    assert response.getheader("Content-Type") == "text/xml; charset=utf-8"
    assert f"<link>http://{address}:{port}/tin-tuc/".encode() in body
    assert b"://hcm.edu.vn" not in body


def test_a_host_that_is_an_address_is_kept_in_links(server):
    _, body = ask(server, SO, "/rss/tin-tuc/", headers={"Host": "127.0.0.9:81"})
    assert b"<link>http://127.0.0.9:81/tin-tuc/" in body


@pytest.mark.parametrize("host", ["evil.example:80", "127.0.0.1.evil", "<b>", "[::1]"])
def test_no_other_host_gets_into_links(server, host):
    _, body = ask(server, SO, "/rss/tin-tuc/", headers={"Host": host})
    address, port = server.address_of(SO)
    assert f"<link>http://{address}:{port}/tin-tuc/".encode() in body
    assert host.encode() not in body


def test_the_address_decides_which_host_is_asked(server):
    _, body = ask(server, QUAN, "/rss/tin-tuc/", headers={"Host": SO})
    assert "Phòng Giáo dục và Đào tạo Quận 1".encode() in body


def test_head_has_the_fields_of_get_and_no_body(server):
    whole, body = ask(server, SO, "/laws/rss/")
    head, nothing = ask(server, SO, "/laws/rss/", method="HEAD")
    assert nothing == b""
    assert head.getheaders() == whole.getheaders()
    assert head.getheader("Content-Length") == str(len(body))


def test_gzip_comes_when_asked_for(server):
    _, plain = ask(server, SO, "/laws/rss/")
    zipped, body = ask(server, SO, "/laws/rss/", headers={"Accept-Encoding": "gzip"})
    assert zipped.getheader("Content-Encoding") == "gzip"
    assert gzip.decompress(body) == plain
    assert len(body) < len(plain) / 2


def test_a_conditional_request_gets_the_whole_feed_as_from_nukeviet(server):
    first, body = ask(server, SO, "/rss/thong-bao/")
    since = {"If-Modified-Since": first.getheader("Last-Modified")}
    again, same = ask(server, SO, "/rss/thong-bao/", headers=since)
    assert (again.status, same) == (200, body)
    assert again.getheader("ETag") is None


def test_something_new_is_there_half_a_minute_later(server, clock):
    _, before = ask(server, SO, "/rss/tin-tuc/")
    clock.moment += TICK
    _, after = ask(server, SO, "/rss/tin-tuc/")
    assert after.count(b"<item>") == before.count(b"<item>") + 1


def test_unknown_path_is_404_and_the_connection_goes_on(server):
    with closing(http.client.HTTPConnection(*server.address_of(SO))) as connection:
        for path, status in (("/khong-co", 404), ("/", 200), ("/rss/tin-tuc/", 200)):
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            assert response.status == status


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"400 Bad Request"),
        (b"DELETE / HTTP/1.1\r\n\r\n", b"405 Method Not Allowed"),
        (b"GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", b"413 "),
        (b"GET /".ljust(MAX_HEAD + 4, b"a"), b"431 "),
    ],
    ids=["TLS", "method", "body", "endless head"],
)
def test_garbage_is_refused_and_hung_up_on(server, data, status):
    assert talk(server, data).startswith(b"HTTP/1.1 " + status)
    assert ask(server, SO, "/")[0].status == 200


def test_who_hangs_up_half_way_hurts_nobody(server):
    with socket.create_connection(server.address_of(SO)) as connection:
        connection.sendall(b"GET / HT")
    assert ask(server, SO, "/")[0].status == 200


def test_who_says_nothing_is_hung_up_on(portal, clock):
    with SampleServer(portal, portal.hosts, now=clock, patience=0.05) as impatient:
        assert talk(impatient, b"GET / HTTP/1.1\r\n") == b""


def test_two_requests_at_once_are_answered_in_order(server):
    data = b"GET /mot HTTP/1.1\r\n\r\nHEAD / HTTP/1.1\r\nConnection: close\r\n\r\n"
    answered = talk(server, data)
    assert answered.startswith(b"HTTP/1.1 404 ")
    assert answered.count(b"HTTP/1.1 200 OK") == 1


def test_stop_ends_open_connections_the_thread_and_the_port(portal, clock):
    running = serve(portal, portal.hosts, now=clock)
    address = running.address_of(SO)
    with socket.create_connection(address, timeout=10) as idle:
        idle.sendall(b"HEAD / HTTP/1.1\r\n\r\n")
        assert idle.recv(65536).startswith(b"HTTP/1.1 200 OK")
        running.stop()
        assert idle.recv(1) == b""
    assert not [t for t in threading.enumerate() if t.name == "sample-portal"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=10)
    running.stop()  # a second time is no fault


def test_stop_leaves_no_connection_that_was_just_being_accepted(portal, clock):
    running = serve(portal, portal.hosts, now=clock)
    address = running.address_of(SO)
    with ExitStack() as opened:
        callers = [socket.create_connection(address, timeout=10) for _ in range(20)]
        for caller in callers:
            opened.enter_context(caller)
        running.stop()
        for caller in callers:
            with suppress(ConnectionResetError):
                assert caller.recv(1) == b""


def test_another_port_is_tried_when_one_is_taken(portal, clock, monkeypatch):
    tries = []

    def first_taken(addresses):
        tries.append(addresses)
        if len(tries) == 1:
            raise OSError("Address already in use")
        return bind_all(addresses)

    bind_all = module._bind_all
    monkeypatch.setattr(module, "_bind_all", first_taken)
    with SampleServer(portal, portal.hosts, now=clock) as running:
        assert ask(running, SO, "/")[0].status == 200
    assert len(tries) == 2


def test_no_free_port_at_all_is_an_error(portal, clock, monkeypatch):
    def taken(_):
        raise OSError("Address already in use")

    monkeypatch.setattr(module, "_bind_all", taken)
    with pytest.raises(OSError, match="already in use"):
        serve(portal, portal.hosts, now=clock)


def test_addresses_bound_before_a_taken_one_are_let_go(portal, clock):
    with serve(portal, [SO], now=clock) as first:
        taken = first.address_of(SO)
        with pytest.raises(OSError):
            module._bind_all(["127.77.9.1", "127.77.9.1"])
        assert ask(first, SO, "/")[0].status == 200
        assert taken == first.address_of(SO)
