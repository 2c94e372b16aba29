"""What is built to exhaust its reader costs a worker 2 CPU seconds and 100 MB at most.

Each document is read in a real worker, which measures itself: the CPU time that went
by, and its highest mark of memory above what it held idle.
"""

import gzip
import json
import time
import zlib
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from pathlib import Path

import brotli
import pytest

from aggregator.errors import FetchError
from aggregator.errors import ParseError
from aggregator.errors import Reason
from aggregator.intake import digest
from aggregator.intake.mend import MOST_ITEMS
from aggregator.intake.net import Net
from aggregator.intake.net import Request
from aggregator.intake.parse import MAX_BODY
from aggregator.intake.task import Task
from aggregator.intake.workshop import LIMIT
from aggregator.intake.workshop import Workshop
from aggregator.model import Digest
from tests.intake.reading import CORPUS
from tests.intake.reading import MOST_PIECES
from tests.intake.reading import faults
from tests.intake.reading import piece
from tests.intake.upstream_stub import Upstream
from tests.intake.upstream_stub import reply

NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
MOST_SECONDS = 2.0  # of CPU; a slower machine is measured by pieces of work instead
MOST_MEMORY = 100_000_000  # bytes above the idle worker
SECURITY = sorted((CORPUS / "security").glob("*.*"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one document took of its worker, and what came of it."""

    seconds: float
    pieces: (
        float  # the same, in fixed pieces of work, which are cheaper in some Pythons
    )
    memory: int
    entries: int
    reason: str
    faults: list[str]


def _status(field: str) -> int:
    text = Path("/proc/self/status").read_text()
    return int(text.split(f"{field}:")[1].split()[0]) * 1024


def _measured(task: Task) -> Digest:
    """Read a document in the worker; give what it took as the title of a digest."""
    Path("/proc/self/clear_refs").write_text("5")  # the highest mark begins anew
    idle, first, reason = _status("VmRSS"), piece(), ""
    began = time.process_time()
    try:
        read = digest.run(task)
    except ParseError as error:
        read, reason = Digest(items=()), error.reason.value
    seconds = time.process_time() - began
    cost = {
        "seconds": seconds,
        "pieces": seconds / max(first, piece()),
        "memory": _status("VmHWM") - idle,
        "entries": len(read.items) + len(read.rejections),
        "reason": reason,
        "faults": [fault for item in read.items for fault in faults(item.html)],
    }
    return Digest(items=(), feed_title=json.dumps(cost))


@pytest.fixture(scope="module")
def cost():
    limits = {"limit": timedelta(seconds=20), "wall": timedelta(seconds=60)}
    workshop = Workshop(1, **limits, run=_measured)

    def read(body, content_type=""):
        task = Task(body=body, content_type=content_type, now=NOW)
        return Cost(**json.loads(workshop.submit(task).result(90).feed_title))

    read(b"<rss><channel/></rss>")  # so that all modules are loaded
    yield read
    workshop.close()


def dear(found):
    """List where a cost is over its limit."""
    return [
        f"{found.pieces:.0f} pieces"
        * (found.pieces > MOST_PIECES)
        * (found.seconds > MOST_SECONDS),
        f"{found.memory / 1e6:.0f} MB" * (found.memory > MOST_MEMORY),
        *found.faults,
    ]


@pytest.mark.corpus
@pytest.mark.skipif(not SECURITY, reason="AGGREGATOR_CORPUS has no folder security")
def test_hostile_documents_of_others_cost_little(cost):
    found = {path.name: dear(cost(path.read_bytes())) for path in SECURITY}
    assert {name: costs for name, costs in found.items() if any(costs)} == {}
    assert len(found) > 50


# --- Storms: what grows while it is read --------------------------------------

RSS = '<?xml version="1.0"?><rss version="2.0"><channel>{}</channel></rss>'
ITEM = RSS.format("<item><title>t</title>{}</item>")


def filled(frame, unit, most=MAX_BODY):
    """Repeat a unit within a frame as often as a body may be long."""
    room = most - len(frame.encode()) - 10
    return frame.format(unit * (room // len(unit.encode()))).encode()


def numbered(frame, unit, count):
    return frame.format("".join(unit.format(n) for n in range(count))).encode()


def html(body):
    return ITEM.format(f"<description><![CDATA[{body}]]></description>")


def each_item(body):
    item = f"<item><title>t</title><description>{body}</description></item>"
    return RSS.format(item * 1_000).encode()


def entities(inside, use, kind="rss"):
    head = f"<?xml version='1.0'?><!DOCTYPE {kind} [{inside}]>"
    feed = f"<rss version='2.0'><channel><item><title>{use}</title></item>"
    return f"{head}{feed}</channel></rss>".encode()


LAUGHS = "<!ENTITY a0 'ha'>" + "".join(
    f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)
)
STORMS = {
    "attributes of one tag": filled(ITEM.format("<x {}/>"), "a='' "),
    "other attributes of one tag": numbered(ITEM.format("<x {}/>"), "a{}='' ", 400_000),
    "attributes within the limit": numbered(ITEM.format("<x {}/>"), "a{}='' ", 9_900),
    "attributes of many tags": filled(RSS, "<x a='' b='' c='' d='' e='' f=''/>"),
    "attributes in HTML": numbered(html("<p {}>"), "a{}='' ", 300_000),
    "categories": filled(ITEM, "<category>x</category>"),
    "other categories": numbered(ITEM, "<category>{}</category>", 170_000),
    "categories within the limit": numbered(ITEM, "<category>c{}</category>", 1_990),
    "categories of the channel": numbered(RSS, "<category>c{}</category>", 160_000),
    "keywords": numbered(ITEM, "<media:keywords>a{0},b{0}</media:keywords>", 1_990),
    "comments": filled(ITEM, "<!-- x -->"),
    "open comments": filled(ITEM, "<!-- "),
    "open comments in HTML": filled(html("{}"), "<!-- "),
    "open comments within the limit": ITEM.format("<!-- " * 190_000).encode(),
    "open CDATA": filled(ITEM, "<![CDATA["),
    "open declarations": filled("{}" + ITEM.format(""), "<!DOCTYPE rss ["),
    "processing instructions": filled(ITEM, "<?x"),
    "namespaces of one tag": numbered(
        ITEM.format("<x {}/>"), "xmlns:n{0}='u:{0}' ", 150_000
    ),
    "namespaces within the limit": numbered(
        ITEM.format("<x {}/>"), "xmlns:n{0}='u:{0}' ", 9_900
    ),
    "namespaces of many tags": numbered(RSS, "<x xmlns:n{0}='u:{0}'/>", 150_000),
    "nested namespaces": numbered(RSS, "<x xmlns:n{0}='u:{0}'>", 150_000),
    "deep tags": filled(ITEM, "<a>"),
    "deep tags, closed": ITEM.format("<x>" * 150_000 + "</x>" * 150_000).encode(),
    "deep items": filled(RSS, "<item>"),
    "deep items, closed": RSS.format("<item>" * 90_000 + "</item>" * 90_000).encode(),
    "deep HTML": filled(html("{}"), "<b><a>"),
    "deep lists": filled(html("{}"), "<ul><li>"),
    "deep tables": filled(html("{}"), "<table><tr><td>"),
    "deep XHTML": ITEM.format(
        "<content type='xhtml'>" + "<div>" * 90_000 + "</div>" * 90_000 + "</content>"
    ).encode(),
    "deep HTML in each item": each_item("&lt;b&gt;" * 295),
    "lists in each item": each_item("&lt;ul&gt;&lt;li&gt;" * 145),
    "breaks in each item": each_item(f"<![CDATA[{'a<br>' * 190}]]>"),
    "tables in each item": each_item("&lt;table&gt;&lt;td&gt;" * 145),
    "links in each item": each_item('&lt;a href="//a.test/b"&gt;x' * 160),
    "deep JSON": b'{"version": "https://jsonfeed.org/version/1.1", "x":' + b"[" * 10**6,
    "wide JSON": b'{"version": "https://jsonfeed.org/version/1.1", "items": ['
    + b"{}," * 1_600_000
    + b"{}]}",
    "JSON numbers": b'{"version": "1", "items": [{"id": ' + b"9" * 4_000_000 + b"}]}",
    "entities, ten to the eleventh": entities(LAUGHS, "&a11;"),
    "entities, quadratic": entities(f"<!ENTITY a '{'x' * 10**6}'>", "&a;" * 10**6),
    "entities in a ring": entities("<!ENTITY a '&b;'><!ENTITY b '&a;'>", "&a;"),
    "many entities": entities(
        "".join(f"<!ENTITY e{n} 'x'>" for n in range(150_000)), "&e1;"
    ),
    "parameter entities": entities(
        "<!ENTITY % a 'x'>" + "<!ENTITY % b '%a;%a;'>" * 9_000, "t"
    ),
    "references": filled(ITEM.format("<title>{}</title>"), "&#7873;"),
    "names of characters": filled(ITEM.format("<title>{}</title>"), "&nbsp;"),
    "bare ampersands": filled(ITEM.format("<title>{}</title>"), "&"),
    "ampersands in HTML": filled(html("{}"), "&amp;"),
    "opening brackets": filled(ITEM, "<"),
    "opening brackets in HTML": filled(html("{}"), "<"),
    "items": filled(RSS, "<item/>"),
    "items with titles": numbered(RSS, "<item><title>{}</title></item>", 130_000),
    "long names": filled(ITEM.format("<author>{}</author>"), "a@"),
    "long titles": filled(ITEM.format("<title>{}</title>"), "Thông báo "),
    "long dates": filled(ITEM.format("<pubDate>{}</pubDate>"), "1 "),
    "long links": filled(ITEM.format("<link>{}</link>"), "http://"),
    "enclosures": filled(ITEM, "<enclosure url='http://a.test/b' length='1'/>"),
    "blanks": filled(ITEM.format("<title>{}</title>"), " "),
    "line ends": filled("{}" + RSS.format(""), "\n"),
    "combining marks": filled(ITEM.format("<title>a{}</title>"), "\u0301\u0323"),
    "zeros": b"\0" * MAX_BODY,
    "UTF-16": b"\xff\xfe" + "<rss>a".encode("utf-16-le") * 400_000,
    "tags within the limit": b"<rss>a" * 74_900,
    "namespaces of tags within the limit": numbered(
        RSS, "<x xmlns:n{0}='u:{0}'>", 19_900
    ),
    "enclosures within the limit": numbered(
        ITEM, "<enclosure url='http://a.test/{}' length='1'/>", 19_900
    ),
    "ampersands within the limit": ITEM.format("&" * 599_000).encode(),
    "items within the limit": RSS.format("<item></item>" * 49_000).encode(),
    "JSON within the limit": b'{"version": "https://jsonfeed.org/version/1.1",'
    b'"items": [' + b"{}," * 74_900 + b"{}]}",
    "text of one letter": b"a" * MAX_BODY,
    "mixed case entities": filled(ITEM.format("<title>{}</title>"), "&aMp"),
    "links in HTML": filled(html("{}"), '<a href="//a.test/b">x</a> '),
    "styles in HTML": filled(html("{}"), '<p style="color:red">x'),
    "pictures in HTML": filled(html("{}"), '<img src="data:,x">'),
    "text of dates": filled(html("{}"), "ngày 20 tháng 11 năm 2026 "),
    "text of numbers": filled(html("{}"), "Số 12/QĐ-SGDĐT "),
}


@pytest.mark.parametrize("body", STORMS.values(), ids=STORMS)
def test_a_storm_costs_little(cost, body):
    assert len(body) <= MAX_BODY
    found = cost(body)
    assert not any(dear(found)), (dear(found), found.reason)
    assert found.entries <= 2 * MOST_ITEMS  # each refused one is named


LARGEST = {
    "text": each_item("Thông báo về việc nghỉ lễ của học sinh " * 90),
    "dates": each_item("ngày 20/11/2026 " * 260),
    "HTML": each_item(
        f"<![CDATA[{'<p>Thông báo về việc nghỉ lễ &amp; Tết</p>' * 90}]]>"
    ),
}


@pytest.mark.parametrize("body", LARGEST.values(), ids=LARGEST)
def test_a_document_as_large_as_may_be_is_read_within_the_workers_limit(cost, body):
    assert 4_000_000 < len(body) <= MAX_BODY
    found = cost(body)
    assert (found.entries, found.reason, found.faults) == (1_000, "", [])
    assert found.seconds < LIMIT.total_seconds()
    assert found.memory < MOST_MEMORY


# --- Bombs: what grows while it is unpacked -----------------------------------

UNPACKED = 1 << 28  # bytes: a quarter of a gibibyte, in some 260 KB


def packed(squeeze):
    parts = [squeeze.compress(b"<rss><channel><title>")]
    parts += [squeeze.compress(b"A" * (1 << 20)) for _ in range(UNPACKED >> 20)]
    return b"".join(parts) + squeeze.flush()


def gzip_bomb():
    return packed(zlib.compressobj(1, zlib.DEFLATED, 31))


def brotli_bomb():
    squeeze = brotli.Compressor(quality=1)
    parts = [squeeze.process(b"A" * (1 << 20)) for _ in range(UNPACKED >> 20)]
    return b"".join(parts) + squeeze.finish()


BOMBS = {
    "gzip": ("gzip", gzip_bomb),
    "gzip in gzip": ("gzip, gzip", lambda: gzip.compress(gzip_bomb())),
    "deflate": ("deflate", lambda: packed(zlib.compressobj(1))),
    "raw deflate": (
        "deflate",
        lambda: packed(zlib.compressobj(1, zlib.DEFLATED, -15)),
    ),
    "brotli": ("br", brotli_bomb),
}


@pytest.mark.parametrize("length", ["true", "false", "none"])
@pytest.mark.parametrize(("encoding", "make"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_costs_little_and_the_net_works_on(encoding, make, length):
    body = make()
    head = {"true": len(body), "false": len(body) - 9, "none": 0}[length]
    fields = {"Content_Encoding": encoding, "Content_Length": str(head)}
    bomb = reply(200, body, **fields)
    if length == "none":
        bomb = bomb.replace(b"Content-Length: 0\r\n", b"", 1)
    with Upstream() as server, open_net() as net:
        server.answers |= {"/": bomb, "/rss": reply(200, b"<rss/>")}
        net.get(Request(url=server.url("/rss")))
        found = spent(lambda: net.get(Request(url=server.url())))
        assert not any(dear(found)), dear(found)
        assert found.reason == Reason.TOO_LARGE
        assert net.get(Request(url=server.url("/rss"))).body == b"<rss/>"


ODD_STREAMS = {
    "many members": gzip.compress(b"", mtime=0) * 100_000,
    "cut short": gzip.compress(b"<rss/>" * 1_000, mtime=0)[:-9],
    "much behind": gzip.compress(b"<rss/>", mtime=0) + b"A" * 4_000_000,
}


@pytest.mark.parametrize("body", ODD_STREAMS.values(), ids=ODD_STREAMS)
def test_an_odd_stream_costs_little(body):
    with Upstream() as server, open_net() as net:
        server.answers["/"] = reply(200, body, Content_Encoding="gzip")
        found = spent(lambda: net.get(Request(url=server.url())))
    assert not any(dear(found)), dear(found)


def open_net():
    return Net(user_agent="t", allow_private=["127.0.0.0/8"], spacing=0)


def spent(ask):
    """Ask for a document; give what it cost this process, server and all."""
    Path("/proc/self/clear_refs").write_text("5")
    idle, first, reason = _status("VmRSS"), piece(), ""
    began = time.process_time()
    try:
        ask()
    except FetchError as error:
        reason = error.reason.value
    seconds = time.process_time() - began
    return Cost(
        seconds=seconds,
        pieces=seconds / max(first, piece()),
        memory=_status("VmHWM") - idle,
        entries=0,
        reason=reason,
        faults=[],
    )
