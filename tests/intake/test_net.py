"""Guarded HTTP against a loopback server, and against every row of the corpus."""

import gzip
import shutil
import socket
import threading
import time
import zlib
from concurrent.futures import Future
from pathlib import Path

import pytest

from aggregator.errors import FetchError
from aggregator.errors import Reason
from aggregator.intake.net import Net
from aggregator.intake.net import Request
from tests.intake.upstream_stub import Upstream
from tests.intake.upstream_stub import make_certificates
from tests.intake.upstream_stub import reply
from tests.intake.upstream_stub import tls_context

FEED = b'<?xml version="1.0"?><rss version="2.0"><channel/></rss>'


@pytest.fixture
def upstream():
    with Upstream() as server:
        yield server


@pytest.fixture
def net():
    with open_net() as opened:
        yield opened


def open_net(**options):
    """Make a net that may reach loopback addresses, and knows no name."""
    known = {"user_agent": "test/1 (+http://hub.test)", "resolve": lambda *_: []}
    return Net(**{"allow_private": ["127.0.0.0/8"], "spacing": 0, **known, **options})


def failure(net, url, **options):
    """Ask for what must fail; give the error."""
    with pytest.raises(FetchError) as caught:
        net.get(Request(url=url, **options))
    return caught.value


def submitted(net, url, **options):
    """Start a request; the future is set by `done`, and refuses a second call."""
    future = Future()
    net.submit(Request(url=url, **options), future.set_result)
    return future


# --- What goes out, what comes in ---------------------------------------------


def test_a_document_comes_with_its_headers(net, upstream):
    tags = {"ETag": 'W/"Thứ"'.encode().decode("latin-1"), "X_Twice": "1\r\nX-Twice: 2"}
    upstream.answers["/rss"] = reply(200, FEED, **tags)
    response = net.get(Request(url=upstream.url("/rss#top")))
    assert (response.status, response.body) == (200, FEED)
    assert response.url == upstream.url("/rss")
    assert response.headers["etag"].encode("latin-1").decode() == 'W/"Thứ"'
    assert response.headers["x-twice"] == "1, 2"
    assert response.wire_bytes == len(FEED)
    assert response.seconds > 0
    assert response.redirects == ()
    assert not response.conditional


def test_the_request_says_who_asks_and_nothing_more(net, upstream):
    upstream.answers["/"] = reply(200, FEED, Set_Cookie="D1N=1; path=/")
    for _ in range(2):
        net.get(Request(url=upstream.url().replace("//", "//me:secret@")))
    assert upstream.asked[1].headers == {
        "host": f"127.0.0.1:{upstream.port}",
        "user-agent": "test/1 (+http://hub.test)",
        "accept": "*/*",
        "accept-encoding": "gzip, deflate, br",
    }


def test_a_request_may_name_another_user_agent(net, upstream):
    upstream.answers["/"] = reply(200, FEED)
    net.get(Request(url=upstream.url(), user_agent="Mozilla/5.0"))
    net.get(Request(url=upstream.url()))
    agents = [asked.headers["user-agent"] for asked in upstream.asked]
    assert agents == ["Mozilla/5.0", "test/1 (+http://hub.test)"]


def test_validators_go_out_byte_for_byte_and_304_is_an_answer(net, upstream):
    etag = '"\xe1\xbb\xa9, \'x"'
    upstream.answers["/"] = reply(304, ETag=etag)
    sent = {"If-None-Match": etag, "If-Modified-Since": "Thu, 01 Jan 1970 07:00:00 +7"}
    response = net.get(Request(url=upstream.url(), headers=sent))
    assert (response.status, response.body, response.conditional) == (304, b"", True)
    asked = upstream.asked[0].headers
    assert asked["if-none-match"] == etag
    assert asked["if-modified-since"] == sent["If-Modified-Since"]


def test_headers_do_not_stay_for_the_next_request(net, upstream):
    upstream.answers["/"] = reply(200, FEED)
    net.get(Request(url=upstream.url(), headers={"If-None-Match": '"1"'}))
    net.get(Request(url=upstream.url()))
    assert "if-none-match" not in upstream.asked[1].headers


def test_a_header_with_a_line_break_is_never_sent(net, upstream):
    error = failure(net, upstream.url(), headers={"If-None-Match": '"1"\r\nX: y'})
    assert error.reason is Reason.INTERNAL
    assert upstream.accepted == 0


def test_proxies_of_the_environment_are_not_used(monkeypatch, upstream):
    for name in ("http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    upstream.answers["/"] = reply(200, FEED)
    with open_net() as net:
        assert net.get(Request(url=upstream.url())).body == FEED


def test_interim_answers_and_trailers_are_no_headers(net, upstream):
    upstream.answers["/"] = (
        b"HTTP/1.1 103 Early Hints\r\nETag: early\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        b"5\r\nhello\r\n0\r\nETag: late\r\n\r\n"
    )
    response = net.get(Request(url=upstream.url()))
    assert response.body == b"hello"
    assert "etag" not in response.headers


def brotli_stored(data):
    """Write data as one uncompressed brotli block (RFC 7932, 9.2)."""
    return ((len(data) - 1) << 4 | 1 << 20).to_bytes(3, "little") + data + b"\x03"


def raw_deflate(data):
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeeze.compress(data) + squeeze.flush()


ENCODINGS = {
    "gzip": ("gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "br": ("br", brotli_stored),
    "gzip twice": ("gzip, gzip", lambda data: gzip.compress(gzip.compress(data))),
}


@pytest.mark.parametrize(("encoding", "pack"), ENCODINGS.values(), ids=ENCODINGS)
def test_bodies_are_unpacked(net, upstream, encoding, pack):
    packed = pack(FEED * 50)
    upstream.answers["/"] = reply(200, packed, Content_Encoding=encoding)
    response = net.get(Request(url=upstream.url()))
    assert response.body == FEED * 50
    assert response.wire_bytes == len(packed)


# --- Redirects ----------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_and_told(net, upstream, status):
    upstream.answers["/a/old"] = reply(status, b"moved", Location="../new?x=tin%20tuc")
    upstream.answers["/new"] = reply(200, FEED)
    sent = {"If-None-Match": '"1"'}
    response = net.get(Request(url=upstream.url("/a/old"), headers=sent))
    assert (response.status, response.body) == (200, FEED)
    assert response.url == upstream.url("/new?x=tin%20tuc")
    assert response.redirects == ((status, response.url),)
    assert upstream.asked[1].headers["if-none-match"] == '"1"'


def test_a_location_in_utf_8_is_followed(net, upstream):
    where = "/tin-tức".encode().decode("latin-1")
    upstream.answers["/"] = reply(302, Location=where)
    upstream.answers["/tin-t%E1%BB%A9c"] = reply(200, FEED)
    assert net.get(Request(url=upstream.url())).body == FEED


def test_a_redirect_to_another_host_leaves_the_first_lane(net, upstream):
    with Upstream("127.0.0.2") as other:
        upstream.answers["/"] = reply(301, Location=other.url("/rss"))
        other.answers["/rss"] = reply(200, FEED)
        assert net.get(Request(url=upstream.url())).url == other.url("/rss")
        assert net.get(Request(url=upstream.url("/x"))).status == 404


def test_a_redirect_without_location_is_an_answer(net, upstream):
    upstream.answers["/"] = reply(302, b"somewhere")
    response = net.get(Request(url=upstream.url()))
    assert (response.status, response.redirects) == (302, ())


def test_a_broken_body_does_not_keep_a_redirect_from_being_followed(net, upstream):
    cut = reply(302, b"x" * 90, Location="/rss", Content_Length="99")
    upstream.answers["/"] = cut
    upstream.answers["/rss"] = reply(200, FEED)
    assert net.get(Request(url=upstream.url())).body == FEED


LOOPS = {
    "to itself": {"/": "/"},
    "in a ring": {"/": "/b", "/b": "/c", "/c": "/"},
    "by fragments": {"/": "/#1"},
    "without end": {f"/{n or ''}": f"/{n + 1}" for n in range(20)},
}


@pytest.mark.parametrize("steps", LOOPS.values(), ids=LOOPS)
def test_a_redirect_loop_ends(net, upstream, steps):
    for path, location in steps.items():
        upstream.answers[path] = reply(302, Location=location)
    assert failure(net, upstream.url()).reason is Reason.REDIRECT_LOOP
    assert len(upstream.asked) == min(len(steps), 6)


def test_five_redirects_are_borne(net, upstream):
    for n in range(5):
        upstream.answers[f"/{n or ''}"] = reply(302, Location=f"/{n + 1}")
    upstream.answers["/5"] = reply(200, FEED)
    assert len(net.get(Request(url=upstream.url())).redirects) == 5


BAD_HOPS = {
    "private": ("http://10.0.0.1/", Reason.PRIVATE_ADDRESS),
    "metadata": ("http://0xa9fea9fe/latest/", Reason.PRIVATE_ADDRESS),
    "mapped": ("http://[::ffff:10.0.0.1]/", Reason.PRIVATE_ADDRESS),
    "file": ("file:///etc/passwd", Reason.BAD_URL),
    "no slashes": ("http:127.0.0.1/", Reason.BAD_URL),
    "tab": ("http://127.0.0.1\t/", Reason.BAD_URL),
    "unknown name": ("http://gone.test/", Reason.DNS),
}


@pytest.mark.parametrize(("location", "reason"), BAD_HOPS.values(), ids=BAD_HOPS)
def test_each_hop_is_checked_anew(net, upstream, location, reason):
    upstream.answers["/"] = reply(302, Location=location)
    error = failure(net, upstream.url())
    assert error.reason is reason
    assert f"after a redirect to {location!r}" in error.detail
    assert len(upstream.asked) == 1


# --- Limits -------------------------------------------------------------------


def bomb(unpacked=1 << 27):
    """Pack a feed whose title never ends: 128 MiB in 130 KB."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [squeeze.compress(b'<?xml version="1.0"?><rss version="2.0"><title>')]
    parts += [squeeze.compress(b"A" * (1 << 20)) for _ in range(unpacked >> 20)]
    return b"".join(parts) + squeeze.flush()


def endless(asked):
    asked.socket.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        asked.socket.sendall(b"A" * 65_536)


def endless_head(asked):
    asked.socket.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        asked.socket.sendall(b"X-Filler: " + b"A" * 1000 + b"\r\n")


BOMB = bomb()
TOO_LARGE = {
    "gzip bomb": reply(200, BOMB, Content_Encoding="gzip"),
    "gzip bomb of a false length": reply(
        200, BOMB, Content_Encoding="gzip", Content_Length=str(len(BOMB) - 9)
    ),
    "bomb in a bomb": reply(200, gzip.compress(BOMB), Content_Encoding="gzip, gzip"),
    "deflate bomb": reply(
        200, zlib.compress(b"\0" * (1 << 25), 9), Content_Encoding="deflate"
    ),
    "announced": reply(200, b"x", Content_Length="5000001"),
    "endless": endless,
    "endless head": endless_head,
    "too many headers": reply(200, FEED, **{f"X_{n}": "1" for n in range(300)}),
}


@pytest.mark.parametrize("answer", TOO_LARGE.values(), ids=TOO_LARGE)
def test_what_is_too_large_is_broken_off(net, upstream, answer):
    upstream.answers["/"] = answer
    upstream.answers["/rss"] = reply(200, FEED)
    assert failure(net, upstream.url()).reason is Reason.TOO_LARGE
    assert net.get(Request(url=upstream.url("/rss"))).body == FEED


def test_a_body_just_within_the_limit_comes_whole(net, upstream):
    upstream.answers["/"] = reply(200, gzip.compress(b"A" * 1000))
    upstream.answers["/z"] = reply(
        200, gzip.compress(b"A" * 1000), Content_Encoding="gzip"
    )
    asked = Request(url=upstream.url("/z"), max_bytes=1000)
    assert net.get(asked).body == b"A" * 1000
    error = failure(net, upstream.url("/z"), max_bytes=999)
    assert error.reason is Reason.TOO_LARGE


def drip(head):
    def answer(asked):
        asked.socket.sendall(head)
        while not asked.gone(0.01):
            asked.socket.sendall(b"A")

    return answer


def hang(asked):
    asked.gone(None)


SLOW = {
    "no answer": (hang, "waiting for the answer"),
    "drip in the head": (drip(b"HTTP/1.1 200 OK\r\nX: "), "waiting for the answer"),
    "drip in the body": (drip(reply(200, Content_Length="9999")), "reading the body"),
}


@pytest.mark.parametrize(("answer", "phase"), SLOW.values(), ids=SLOW)
def test_what_is_too_slow_ends_at_the_time_limit(net, upstream, answer, phase):
    upstream.answers["/"] = answer
    error = failure(net, upstream.url(), timeout_seconds=0.2)
    assert error.reason is Reason.TIMEOUT
    assert phase in error.detail


def test_the_phase_is_told_on_a_connection_used_again(upstream):
    """libcurl counts no time of connecting then: that was taken for not connected."""

    def once_then_silence(asked):
        asked.socket.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        asked.socket.recv(65_536)  # the second request, on the same connection
        asked.gone(5)

    upstream.default = once_then_silence
    with Net(user_agent="test", allow_private=["127.0.0.0/8"], spacing=0) as net:
        net.get(Request(url=upstream.url()))
        with pytest.raises(FetchError) as caught:
            net.get(Request(url=upstream.url(), timeout_seconds=0.3))
    assert upstream.accepted == 1
    assert caught.value.detail.startswith("waiting for the answer")


def test_redirects_share_one_time_limit(net, upstream):
    def step(asked):
        asked.gone(0.15)
        asked.socket.sendall(reply(302, Location=asked.path + "x"))

    upstream.answers |= {"/p" + "x" * n: step for n in range(6)}
    error = failure(net, upstream.url("/p"), timeout_seconds=0.4)
    assert error.reason is Reason.TIMEOUT
    assert len(upstream.asked) < 5


def test_a_look_up_that_hangs_ends_at_the_time_limit():
    released = threading.Event()
    with open_net(resolve=lambda *_: released.wait(10) and []) as net:
        error = failure(net, "http://slow.test/", timeout_seconds=0.05)
        released.set()
    assert (error.reason, error.detail) == (Reason.TIMEOUT, "looking the name up")


# --- Answers that are none ----------------------------------------------------

BROKEN = {
    "hangs up": (b"", Reason.BROKEN),
    "garbage": (b"\x16\x03\x01 what?\r\n\r\n", Reason.BROKEN),
    "cut short": (reply(200, FEED, Content_Length="999"), Reason.TRUNCATED),
    "chunks cut short": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc",
        Reason.TRUNCATED,
    ),
    "half a head": (b"HTTP/1.1 200 OK\r\nContent-Le", Reason.BROKEN),
    "not gzip": (reply(200, FEED, Content_Encoding="gzip"), Reason.BROKEN),
    "unknown encoding": (reply(200, FEED, Content_Encoding="zstd"), Reason.BROKEN),
    "two lengths": (reply(200, FEED, Content_length="3"), Reason.BROKEN),
}


@pytest.mark.parametrize(("answer", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_answer_has_a_name(net, upstream, answer, reason):
    upstream.answers["/"] = answer
    assert failure(net, upstream.url()).reason is reason


def test_of_a_gzip_stream_cut_short_comes_what_was_sent(net, upstream):
    # libcurl does not notice; whoever reads the document sees that its end is missing.
    packed = gzip.compress(FEED + bytes(range(256)))[:-100]
    upstream.answers["/"] = reply(200, packed, Content_Encoding="gzip")
    body = net.get(Request(url=upstream.url())).body
    assert body.startswith(FEED) and len(body) < len(FEED) + 256


def test_a_closed_port_is_refused(net):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert failure(net, f"http://127.0.0.1:{port}/").reason is Reason.REFUSED


# --- Names and addresses ------------------------------------------------------


def test_a_name_is_looked_up_and_pinned(upstream):
    asked = []

    def resolve(host, port):
        asked.append((host, port))
        return ["10.0.0.1", "127.0.0.1"]

    upstream.answers["/"] = reply(200, FEED)
    with open_net(resolve=resolve) as net:
        url = f"http://Portal.test:{upstream.port}/"
        assert net.get(Request(url=url)).body == FEED
    assert asked == [("portal.test", upstream.port)]
    assert upstream.asked[0].headers["host"] == f"portal.test:{upstream.port}"


LOOK_UPS = {
    "no such name": (OSError("Name or service not known"), Reason.DNS),
    "no address": ([], Reason.DNS),
    "private": (["192.168.1.1"], Reason.PRIVATE_ADDRESS),
    "garbage": (["what"], Reason.PRIVATE_ADDRESS),
}


@pytest.mark.parametrize(("found", "reason"), LOOK_UPS.values(), ids=LOOK_UPS)
def test_a_look_up_that_leads_nowhere_has_a_name(found, reason):
    def resolve(host, port):
        if isinstance(found, OSError):
            raise found
        return found

    with open_net(resolve=resolve) as net:
        assert failure(net, "http://portal.test/").reason is reason


def test_a_name_that_turns_private_is_refused_the_next_time(upstream):
    found = [["127.0.0.1"], ["10.0.0.1"]]
    upstream.answers["/"] = reply(200, FEED)
    with open_net(resolve=lambda *_: found.pop(0)) as net:
        url = f"http://rebind.test:{upstream.port}/"
        assert net.get(Request(url=url)).body == FEED
        assert failure(net, url).reason is Reason.PRIVATE_ADDRESS
    assert len(upstream.asked) == 1


def test_the_address_really_dialled_is_judged_again(monkeypatch, upstream):
    # As if the first check had been passed by: nothing may be dialled all the same.
    monkeypatch.setattr("aggregator.intake.addresses.choose", lambda *_, **__: ())
    with open_net(allow_private=["127.9.9.9/32"]) as net:
        error = failure(net, upstream.url())
    assert (error.reason, error.detail) == (
        Reason.PRIVATE_ADDRESS,
        "127.0.0.1 is loopback",
    )
    assert upstream.accepted == 0


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_host_can_be_dialled_elsewhere_in_plain_http(upstream, scheme):
    asked = []

    def dial(*place):
        asked.append(place)
        return upstream.host, upstream.port

    upstream.answers["/rss"] = reply(200, FEED)
    with open_net(dial=dial) as net:
        url = f"{scheme}://hcm.edu.vn/rss"
        assert net.get(Request(url=url)).url == url
    assert asked == [(scheme, "hcm.edu.vn", 443 if scheme == "https" else 80)]
    assert upstream.asked[0].headers["host"] == "hcm.edu.vn"


def test_where_a_host_is_dialled_is_judged_too():
    with open_net(dial=lambda *_: ("10.0.0.1", 80)) as net:
        error = failure(net, "http://hcm.edu.vn/")
    assert error.reason is Reason.PRIVATE_ADDRESS


def test_a_dialled_host_leaves_nothing_to_the_next_request(upstream):
    def dial(_scheme, host, _port):
        return (upstream.host, upstream.port) if host == "demo.test" else None

    upstream.answers["/"] = reply(200, FEED)
    with Upstream("127.0.0.2") as other, open_net(dial=dial) as net:
        other.answers["/"] = reply(200, b"other")
        assert net.get(Request(url="http://demo.test/")).body == FEED
        assert net.get(Request(url=other.url())).body == b"other"


# --- Lanes, and the end -------------------------------------------------------


def test_one_host_is_asked_one_request_at_a_time(net, upstream):
    arrived, release = threading.Event(), threading.Event()
    busy, seen = [], []

    def hold(asked):
        busy.append(asked)
        seen.append(len(busy))
        arrived.set()
        release.wait(10)
        busy.remove(asked)
        asked.socket.sendall(reply(200, FEED))

    upstream.answers["/"] = hold
    with Upstream("127.0.0.2") as other:
        waiting = [submitted(net, upstream.url(f"/?{n}")) for n in range(5)]
        arrived.wait(10)
        assert net.get(Request(url=other.url())).status == 404  # others go on
        assert upstream.accepted == 1
    release.set()
    assert [future.result(10).status for future in waiting] == [200] * 5
    assert seen == [1] * 5
    assert [asked.path for asked in upstream.asked] == [f"/?{n}" for n in range(5)]


def timed(times, *, seconds=0.0):
    """Answer after so long; note when each request began and ended."""

    def answer(asked):
        began = time.monotonic()
        if seconds:
            asked.gone(seconds)
        times.append((began, time.monotonic()))
        asked.socket.sendall(reply(200, FEED))

    return answer


def rests(times):
    return [after[0] - before[1] for before, after in zip(times, times[1:])]


def test_a_host_rests_after_each_answer_and_holds_no_other_up(upstream):
    times, others = [], []
    upstream.answers["/"] = timed(times, seconds=0.05)
    with Upstream("127.0.0.2") as other, open_net(spacing=0.2) as net:
        other.answers["/"] = timed(others)
        waiting = [submitted(net, upstream.url(f"/?{n}")) for n in range(4)]
        waiting.append(submitted(net, other.url()))
        assert [future.result(10).status for future in waiting] == [200] * 5
    assert min(rests(times)) >= 0.2  # so they never overlap, either
    assert max(rests(times)) < 1
    assert others[0][0] < times[1][0]


def test_a_slow_host_rests_as_long_as_it_took(upstream):
    times = []
    upstream.answers["/"] = timed(times, seconds=0.3)
    with open_net(spacing=0.01) as net:
        for future in [submitted(net, upstream.url()) for _ in range(2)]:
            future.result(10)
    assert rests(times)[0] >= 0.3


def test_http_and_https_of_a_host_share_a_lane(upstream):
    times = []
    upstream.answers["/"] = timed(times, seconds=0.05)
    with open_net(spacing=0.2, dial=lambda *_: ("127.0.0.1", upstream.port)) as net:
        urls = ["http://so.test/", "https://so.test/", "http://SO.test./"]
        for future in [submitted(net, url) for url in urls]:
            future.result(10)
    assert min(rests(times)) >= 0.2


def test_a_rest_between_redirects_does_not_count_against_the_time_limit(upstream):
    upstream.answers |= {f"/{n}": reply(302, Location=f"/{n + 1}") for n in range(3)}
    upstream.answers["/3"] = reply(200, FEED)
    with open_net(spacing=0.2) as net:
        response = net.get(Request(url=upstream.url("/0"), timeout_seconds=0.4))
    assert (response.body, len(response.redirects)) == (FEED, 3)
    assert response.seconds < 0.4


def test_a_request_may_be_told_to_wait(net, upstream):
    times = []
    upstream.answers["/"] = timed(times)
    began = time.monotonic()
    asked = Request(url=upstream.url(), wait_seconds=0.3, timeout_seconds=0.2)
    assert net.get(asked).seconds < 0.2
    assert times[0][0] - began >= 0.3


def test_closing_ends_those_who_wait_and_rest_at_once(upstream):
    upstream.answers["/"] = reply(200, FEED)
    net = open_net(spacing=60)
    first, second = [submitted(net, upstream.url()) for _ in range(2)]
    third = submitted(net, "http://127.0.0.2/", wait_seconds=60)
    assert first.result(10).status == 200
    net.close()
    assert [each.result(0).detail for each in (second, third)] == ["closed"] * 2


def test_a_host_that_has_rested_is_forgotten(upstream):
    with open_net(spacing=0.05) as net:
        net.get(Request(url=upstream.url()))
        deadline = time.monotonic() + 5
        while net._lanes._waiting and time.monotonic() < deadline:
            threading.Event().wait(0.01)
        assert net._lanes._waiting == {}


def test_waiting_in_a_lane_does_not_count_against_the_time_limit(net, upstream):
    def pause(asked):
        asked.gone(0.15)
        asked.socket.sendall(reply(200, FEED))

    upstream.answers["/"] = pause
    url = upstream.url()
    waiting = [submitted(net, url, timeout_seconds=0.55) for _ in range(4)]
    assert [future.result(10).status for future in waiting] == [200] * 4


def test_different_hosts_are_asked_at_once(net):
    meeting = threading.Barrier(3, timeout=10)

    def meet(asked):
        meeting.wait()  # passes only when all three are being asked
        asked.socket.sendall(reply(200, FEED))

    with Upstream("127.0.0.1") as a, Upstream("127.0.0.2") as b, Upstream() as c:
        for server in (a, b, c):
            server.answers["/"] = meet
        waiting = [submitted(net, server.url()) for server in (a, b, c)]
        assert [future.result(10).status for future in waiting] == [200] * 3


def test_no_more_requests_run_than_allowed(upstream):
    arrived, release = threading.Event(), threading.Event()

    def hold(asked):
        arrived.set()
        release.wait(10)
        asked.socket.sendall(reply(200, FEED))

    upstream.answers["/"] = hold
    with Upstream("127.0.0.2") as other, open_net(concurrency=1) as net:
        first = submitted(net, upstream.url())
        second = submitted(net, other.url())
        arrived.wait(10)
        assert other.accepted == 0
        release.set()
        assert (first.result(10).status, second.result(10).status) == (200, 404)


def test_a_failed_callback_does_not_end_the_others(net, upstream, caplog):
    def fail(_result):
        raise ValueError("a caller's fault")

    upstream.answers["/"] = reply(200, FEED)
    net.submit(Request(url=upstream.url()), fail)
    assert net.get(Request(url=upstream.url())).status == 200
    assert "a callback failed" in caplog.text


def test_a_callback_may_submit_the_next_request(net, upstream):
    upstream.answers["/"] = reply(200, FEED)
    second = Future()
    again = Request(url=upstream.url("/next"))
    net.submit(
        Request(url=upstream.url()), lambda _: net.submit(again, second.set_result)
    )
    assert second.result(10).status == 404


def test_closing_breaks_off_what_is_under_way(upstream):
    arrived = threading.Event()
    named = threading.Event()
    threads = []

    def hold(asked):
        arrived.set()
        asked.gone(None)

    upstream.answers["/"] = hold
    net = open_net(resolve=lambda *_: named.wait(10) and [])
    urls = [upstream.url(), upstream.url("/waits"), "http://slow.test/"]
    waiting = [submitted(net, url) for url in urls]
    waiting[0].add_done_callback(lambda _: threads.append(threading.current_thread()))
    arrived.wait(10)
    net.close()
    results = [future.result(0) for future in waiting]
    assert [(error.reason, error.detail) for error in results] == [
        (Reason.BROKEN, "closed")
    ] * 3
    assert [thread.name for thread in threads] == ["net"]
    named.set()


def test_a_closed_net_answers_at_once_and_may_be_closed_again(upstream):
    net = open_net()
    net.close()
    net.close()
    assert failure(net, upstream.url()).detail == "closed"
    assert upstream.accepted == 0


# --- TLS ----------------------------------------------------------------------


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def tls_server(folder, *, certificate, key):
    server = Upstream(tls=tls_context(folder, certificate=certificate, key=key))
    server.answers["/"] = reply(200, FEED)
    return server


def test_a_self_signed_certificate_is_refused_until_it_is_named(net, certificates):
    with tls_server(certificates, certificate="alone", key="alone") as server:
        assert failure(net, server.url()).reason is Reason.TLS
        trusted = Request(url=server.url(), ca_file=str(certificates / "alone.pem"))
        assert net.get(trusted).body == FEED
        assert failure(net, server.url()).reason is Reason.TLS  # only that request
    assert len(server.asked) == 1


def test_an_omitted_intermediate_certificate_is_recognised(net, certificates):
    root = str(certificates / "root.pem")
    with tls_server(certificates, certificate="leaf", key="leaf") as server:
        error = failure(net, server.url(), ca_file=root)
    assert error.reason is Reason.TLS_CHAIN
    assert "unable to get local issuer certificate" in error.detail
    with tls_server(certificates, certificate="chain", key="leaf") as server:
        assert net.get(Request(url=server.url(), ca_file=root)).body == FEED


@pytest.mark.parametrize("name", ["middle", "whole"])
def test_a_ca_file_mends_one_source_and_no_other(net, certificates, name):
    ca_file = str(certificates / f"{name}.pem")
    with tls_server(certificates, certificate="leaf", key="leaf") as server:
        for _ in range(2):
            assert net.get(Request(url=server.url(), ca_file=ca_file)).body == FEED
            assert failure(net, server.url()).reason is Reason.TLS_CHAIN
    with tls_server(certificates, certificate="alone", key="alone") as other:
        assert failure(net, other.url(), ca_file=ca_file).reason is Reason.TLS


NOT_TRUSTED = {
    "self-signed": ("alone", "alone", "self-signed certificate"),
    "a root of its own": ("whole", "leaf", "self-signed certificate in certificate"),
    "issuer sent, root unknown": ("chain", "leaf", "unable to get local issuer"),
    "expired": ("expired", "expired", "certificate has expired"),
}


@pytest.mark.parametrize(("sent", "key", "why"), NOT_TRUSTED.values(), ids=NOT_TRUSTED)
def test_other_faults_of_a_certificate_are_no_missing_issuer(
    net, certificates, sent, key, why
):
    trusted = "expired" if sent == "expired" else "stranger"
    with tls_server(certificates, certificate=sent, key=key) as server:
        ca_file = str(certificates / f"{trusted}.pem")
        error = failure(net, server.url(), ca_file=ca_file)
    assert error.reason is Reason.TLS
    assert why in error.detail


def test_a_certificate_for_another_name_is_refused(certificates):
    with tls_server(certificates, certificate="alone", key="alone") as server:
        with open_net(resolve=lambda *_: ["127.0.0.1"]) as net:
            url = f"https://portal.test:{server.port}/"
            error = failure(net, url, ca_file=str(certificates / "alone.pem"))
    assert error.reason is Reason.TLS


def test_plain_http_where_encryption_was_asked_is_a_tls_fault(net, upstream):
    url = upstream.url().replace("http:", "https:")
    assert failure(net, url).reason is Reason.TLS


def test_a_missing_ca_file_is_a_tls_fault(net, tmp_path, upstream):
    url = upstream.url().replace("http:", "https:")
    missing = str(Path(tmp_path, "none.pem"))
    assert failure(net, url, ca_file=missing).reason is Reason.TLS
