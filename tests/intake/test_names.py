"""Everything that can go wrong with a source has a name, and a sentence for it.

One loopback server misbehaves in each way in turn; what intake makes of it is told.
"""

import gzip
import json
import shutil
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from dataclasses import field
from datetime import UTC
from datetime import datetime
from datetime import timedelta

import brotli
import pytest

from aggregator.errors import SENTENCES
from aggregator.errors import TURNS
from aggregator.errors import FetchError
from aggregator.errors import Reason
from aggregator.errors import SourceError
from aggregator.errors import sentence
from aggregator.errors import whose_turn
from aggregator.intake.digest import digest
from aggregator.intake.fetch import interpret
from aggregator.intake.net import Net
from aggregator.intake.net import Request
from aggregator.model import NotModified
from aggregator.model import SourceHints
from tests.intake.upstream_stub import Asked
from tests.intake.upstream_stub import Reply
from tests.intake.upstream_stub import Upstream
from tests.intake.upstream_stub import make_certificates
from tests.intake.upstream_stub import reply
from tests.intake.upstream_stub import tls_context

NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
SOON = timedelta(seconds=120)
LIMIT = 0.4  # seconds for a request
ITEM = "<item><guid>{0}</guid><title>Tin {0}</title></item>"
FEED = (
    '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>'
    f"<title>Sở</title>{ITEM.format(1)}{ITEM.format(2)}</channel></rss>"
).encode()
READ, CUT, SAME = "read", "read, but cut", "not modified"


def served(net: Net, url: str, **options: object) -> SourceError | str:
    """Pull a document and read it; say how it ended."""
    asked = Request(url=url, **{"timeout_seconds": LIMIT} | options)
    try:
        got = interpret(net.get(asked), now=NOW)
        if isinstance(got, NotModified):
            return SAME
        read = digest(
            got.body,
            content_type=got.content_type,
            url=got.url,
            hints=SourceHints(),
            timezone="Asia/Ho_Chi_Minh",
            now=NOW,
        )
    except SourceError as error:
        return error
    return CUT if read.cut else READ


def named(ended: SourceError | str) -> Reason | str:
    return ended.reason if isinstance(ended, SourceError) else ended


# --- What a server answers ----------------------------------------------------


def chain(status: int, hops: int = 3) -> dict[str, Reply]:
    """Lead from / over some hops to the feed."""
    steps = ["/", *(f"/{n}" for n in range(1, hops)), "/rss"]
    answers: dict[str, Reply] = {
        here: reply(status, Location=there)
        for here, there in zip(steps, steps[1:], strict=False)
    }
    return answers | {"/rss": reply(200, FEED)}


def once(answer: Reply) -> dict[str, Reply]:
    return {"/": answer}


def ok(body: bytes, **headers: str) -> dict[str, Reply]:
    return once(reply(200, body, **headers))


def hang(asked: Asked) -> None:
    asked.gone(None)


def stall(asked: Asked) -> None:
    asked.socket.sendall(reply(200, FEED)[:-20])
    asked.gone(None)


def drip(asked: Asked) -> None:
    asked.socket.sendall(reply(200, Content_Length="9999"))
    while not asked.gone(1):
        asked.socket.sendall(b"A")


def endless(asked: Asked) -> None:
    asked.socket.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        asked.socket.sendall(b"A" * 65_536)


D1N = (
    b'<html><body><script>document.cookie="D1N=0123456789abcdef0123456789abcdef"'
    b'+"; expires=Fri, 31 Dec 2099 23:59:59 GMT; path=/";'
    b"window.location.reload(true);</script></body></html>"
)
CHALLENGE = (
    b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><script>"
    b"window._cf_chl_opt={};a.src='/cdn-cgi/challenge-platform/h/b/orchestrate/"
    b"chl_page/v1?ray=8a';</script></body></html>"
)
PAGE = b"<!DOCTYPE html><html><body>B\xe1\xba\xa3o tr\xc3\xac</body></html>"
JSON_PAGE = json.dumps({"error": "unauthorized"}).encode()
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n<rss>"
LARGE = b"A" * 6_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a server does, and what it must be called."""

    does: dict[str, Reply]
    name: Reason | str
    detail: str = ""  # is part of what is told
    retry: timedelta | None = None
    headers: dict[str, str] = field(default_factory=dict)


ROWS = {
    "200": Row(does=ok(FEED), name=READ),
    "304": Row(does=once(reply(304)), name=SAME, headers={"If-None-Match": '"1"'}),
    "304 unasked": Row(does=once(reply(304)), name=Reason.UNEXPECTED_STATUS),
    "204": Row(does=once(reply(204)), name=Reason.UNEXPECTED_STATUS),
    "301 chain": Row(does=chain(301), name=READ),
    "308 chain": Row(does=chain(308), name=READ),
    "302": Row(does=chain(302, 1), name=READ),
    "303": Row(does=chain(303, 1), name=READ),
    "307": Row(does=chain(307, 1), name=READ),
    "redirect loop": Row(
        does={"/": reply(301, Location="/a"), "/a": reply(301, Location="/")},
        name=Reason.REDIRECT_LOOP,
        detail="back to where it was",
    ),
    "too many redirects": Row(
        does=chain(302, 6), name=Reason.REDIRECT_LOOP, detail="over 5 redirects"
    ),
    "redirect to a private address": Row(
        does=once(reply(302, Location="http://169.254.169.254/latest/")),
        name=Reason.PRIVATE_ADDRESS,
        detail="link-local, after a redirect",
    ),
    "redirect to a file": Row(
        does=once(reply(302, Location="file:///etc/passwd")), name=Reason.BAD_URL
    ),
    "400": Row(does=once(reply(400)), name=Reason.CLIENT_ERROR),
    "401": Row(does=once(reply(401)), name=Reason.UNAUTHORIZED, detail="HTTP 401"),
    "403": Row(does=once(reply(403)), name=Reason.UNAUTHORIZED, detail="HTTP 403"),
    "404": Row(does=once(reply(404)), name=Reason.NOT_FOUND),
    "410": Row(does=once(reply(410)), name=Reason.GONE),
    "429 with seconds": Row(
        does=once(reply(429, Retry_After="120")), name=Reason.LIMITED, retry=SOON
    ),
    "429 with a date": Row(
        does=once(reply(429, Retry_After="Fri, 20 Nov 2026 01:02:00 GMT")),
        name=Reason.LIMITED,
        retry=SOON,
    ),
    "429 without": Row(does=once(reply(429)), name=Reason.LIMITED),
    "503 with seconds": Row(
        does=once(reply(503, PAGE, Retry_After="120")), name=Reason.LIMITED, retry=SOON
    ),
    "503 without": Row(does=once(reply(503, PAGE)), name=Reason.SERVER_ERROR),
    "500": Row(does=once(reply(500, PAGE)), name=Reason.SERVER_ERROR),
    "hangs up": Row(does=once(b""), name=Reason.BROKEN),
    "not HTTP": Row(does=once(b"220 ftp ready\r\n"), name=Reason.BROKEN),
    "no answer": Row(
        does=once(hang), name=Reason.TIMEOUT, detail="waiting for the answer"
    ),
    "stalled body": Row(
        does=once(stall), name=Reason.TIMEOUT, detail="reading the body"
    ),
    "a byte a second": Row(
        does=once(drip), name=Reason.TIMEOUT, detail="reading the body"
    ),
    "too large, announced": Row(
        does=ok(b"x", Content_Length="6000000"), name=Reason.TOO_LARGE
    ),
    "too large, not announced": Row(does=once(endless), name=Reason.TOO_LARGE),
    "too large, gzip": Row(
        does=ok(gzip.compress(LARGE), Content_Encoding="gzip"),
        name=Reason.TOO_LARGE,
        detail="body over 5000000 bytes",
    ),
    "too large, br": Row(
        does=ok(brotli.compress(LARGE, quality=1), Content_Encoding="br"),
        name=Reason.TOO_LARGE,
        detail="body over 5000000 bytes",
    ),
    "less than announced": Row(
        does=ok(FEED, Content_Length="9999"), name=Reason.TRUNCATED
    ),
    "less than its chunk": Row(does=once(CHUNKED), name=Reason.TRUNCATED),
    "cut, of agreeing length": Row(does=ok(FEED[:-40]), name=CUT),
    "empty body": Row(does=ok(b""), name=Reason.EMPTY_BODY),
    "blank body": Row(does=ok(b" \r\n"), name=Reason.EMPTY_BODY),
    "a web page": Row(
        does=ok(PAGE, Content_Type="application/rss+xml"), name=Reason.HTML_PAGE
    ),
    "D1N page": Row(does=ok(D1N), name=Reason.BOT_PAGE, detail="D1N"),
    "challenge, 403": Row(
        does=once(reply(403, CHALLENGE, cf_mitigated="challenge")),
        name=Reason.BOT_PAGE,
        detail="Cloudflare",
    ),
    "challenge, 503": Row(
        does=once(reply(503, CHALLENGE)), name=Reason.BOT_PAGE, detail="HTTP 503"
    ),
    "JSON that is no feed": Row(does=ok(JSON_PAGE), name=Reason.NOT_A_FEED),
    "XML that is no feed": Row(does=ok(b"<kml/>"), name=Reason.NOT_A_FEED),
}


@pytest.fixture(scope="module")
def upstream():
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def net():
    with open_net() as opened:
        yield opened


def open_net(**options):
    known = {"allow_private": ["127.0.0.0/8"], "spacing": 0}
    return Net(**{"user_agent": "test", **known, **options})


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_what_a_server_answers_has_a_name(net, upstream, row):
    upstream.answers = dict(row.does)
    ended = served(net, upstream.url(), headers=row.headers)
    assert named(ended) == row.name
    if isinstance(ended, SourceError):
        assert row.detail in ended.detail
    if isinstance(ended, FetchError):
        assert ended.retry_after == (row.retry and NOW + row.retry)


# --- What happens before an answer --------------------------------------------


def no_such_name(host: str, port: int) -> list[str]:
    raise OSError("Name or service not known")


def no_route(address: str, port: int) -> socket.socket:
    raise OSError("Network is unreachable")


def unknown_name(_stack: ExitStack) -> SourceError | str:
    with open_net(resolve=no_such_name) as net:
        return served(net, "http://gone.test/rss")


def slow_name_server(_stack: ExitStack) -> SourceError | str:
    released = threading.Event()
    with open_net(resolve=lambda *_: released.wait(10) and []) as net:
        ended = served(net, "http://slow.test/rss")
        released.set()
        return ended


def private_name(_stack: ExitStack) -> SourceError | str:
    with open_net(resolve=lambda *_: ["192.168.1.1"]) as net:
        return served(net, "http://inside.test/rss")


def closed_port(stack: ExitStack) -> SourceError | str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return served(stack.enter_context(open_net()), f"http://127.0.0.1:{port}/")


def unreachable(_stack: ExitStack) -> SourceError | str:
    with open_net(connect=no_route) as net:
        return served(net, "http://127.0.0.1/rss")


def full_backlog(stack: ExitStack) -> SourceError | str:
    """Let nobody in any more: Linux then drops the packets that ask for it."""
    server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
    for _ in range(3):
        waiting = stack.enter_context(socket.socket())
        waiting.setblocking(False)
        waiting.connect_ex(server.getsockname())
    net = stack.enter_context(open_net())
    return served(net, f"http://127.0.0.1:{server.getsockname()[1]}/")


def silent(stack: ExitStack) -> SourceError | str:
    """Connect, and say no word of TLS."""
    server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    net = stack.enter_context(open_net())
    return served(net, f"https://127.0.0.1:{server.getsockname()[1]}/")


def plain_http(stack: ExitStack) -> SourceError | str:
    server = stack.enter_context(Upstream())
    net = stack.enter_context(open_net())
    return served(net, server.url().replace("http:", "https:"))


BEFORE: dict[str, tuple[Callable[[ExitStack], SourceError | str], Reason, str]] = {
    "unknown name": (unknown_name, Reason.DNS, "gone.test"),
    "name server asleep": (slow_name_server, Reason.TIMEOUT, "looking the name up"),
    "name of a private address": (private_name, Reason.PRIVATE_ADDRESS, "private"),
    "refused": (closed_port, Reason.REFUSED, ""),
    "unreachable": (unreachable, Reason.UNREACHABLE, ""),
    "nobody lets us in": (full_backlog, Reason.TIMEOUT, "connecting"),
    "silent at encryption": (silent, Reason.TIMEOUT, "agreeing on encryption"),
    "plain HTTP": (plain_http, Reason.TLS, ""),
}


@pytest.mark.parametrize(("do", "name", "detail"), BEFORE.values(), ids=BEFORE)
def test_what_happens_before_an_answer_has_a_name(do, name, detail):
    with ExitStack() as stack:
        ended = do(stack)
    assert named(ended) == name
    assert detail in ended.detail


CERTIFICATES = {
    "self-signed": ("alone", "alone", None, Reason.TLS, "self-signed"),
    "expired": ("expired", "expired", "expired", Reason.TLS, "expired"),
    "of a root of its own": ("whole", "leaf", None, Reason.TLS, "self-signed"),
    "without its issuer": ("leaf", "leaf", "root", Reason.TLS_CHAIN, "issuer"),
    "with its issuer": ("chain", "leaf", "root", READ, ""),
    "its issuer named by us": ("leaf", "leaf", "middle", READ, ""),
}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    return make_certificates(tmp_path_factory.mktemp("names"))


@pytest.mark.parametrize(
    ("sent", "key", "trusted", "name", "detail"),
    CERTIFICATES.values(),
    ids=CERTIFICATES,
)
def test_what_is_wrong_with_a_certificate_has_a_name(
    net, certificates, sent, key, trusted, name, detail
):
    ca_file = str(certificates / f"{trusted}.pem") if trusted else None
    context = tls_context(certificates, certificate=sent, key=key)
    with Upstream(tls=context) as server:
        server.answers["/"] = reply(200, FEED)
        ended = served(net, server.url(), ca_file=ca_file, timeout_seconds=5)
    assert named(ended) == name
    assert detail in getattr(ended, "detail", "")


# --- And a sentence -----------------------------------------------------------

# What no server's answer alone can cause: a process, a history or a fault of ours.
ELSEWHERE = {
    Reason.EMPTIED,
    Reason.PARSE_TIMEOUT,
    Reason.PARSE_CRASH,
    Reason.INTERNAL,
}


def test_every_reason_is_caused_here_or_by_no_server():
    caused = {row.name for row in ROWS.values()}
    caused |= {name for _, name, _ in BEFORE.values()}
    caused |= {row[3] for row in CERTIFICATES.values()}
    assert caused - {READ, CUT, SAME} == set(Reason) - ELSEWHERE


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_its_sentences_and_whose_turn_it_is(reason):
    assert reason in SENTENCES
    vietnamese, english = sentence(reason), sentence(reason, "en")
    assert vietnamese and english and vietnamese != english
    assert str(reason) not in {vietnamese, english}
    assert all(TURNS[whose_turn(reason)])
