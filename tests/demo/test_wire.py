"""Heads of requests as they come, answers as they go."""

import gzip
from datetime import UTC
from datetime import datetime

import pytest

from aggregator.demo.wire import Answer
from aggregator.demo.wire import BadRequest
from aggregator.demo.wire import Request
from aggregator.demo.wire import read_head
from aggregator.demo.wire import write_answer
from aggregator.demo.wire import write_refusal

NOW = datetime(2026, 11, 22, 6, 5, tzinfo=UTC)
FEED = Answer(
    content_type="text/xml; charset=utf-8",
    body=b"<rss>" * 50,
    modified=datetime(2026, 11, 5, 1, 37, 12, tzinfo=UTC),
)
GET = Request(method="GET", target="/")


def head(*lines):
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def parts(written):
    first, _, body = written.partition(b"\r\n\r\n")
    status, *lines = first.decode().split("\r\n")
    return status, dict(line.split(": ", 1) for line in lines), body


@pytest.mark.parametrize(
    ("lines", "request_"),
    [
        (["GET / HTTP/1.1"], GET),
        (
            ["GET /rss/?a=1 HTTP/1.1", "Host: hcm.edu.vn", "Accept-Encoding: gzip, br"],
            Request(method="GET", target="/rss/?a=1", host="hcm.edu.vn", gzip=True),
        ),
        (
            ["HEAD / HTTP/1.1", "CONNECTION:close", "content-length: 0"],
            Request(method="HEAD", target="/", keep_alive=False),
        ),
        (["GET / HTTP/1.0"], Request(method="GET", target="/", keep_alive=False)),
        (["GET / HTTP/1.0", "Connection: Keep-Alive"], GET),
    ],
    ids=["bare", "fields", "close", "old", "old but stays"],
)
def test_head_is_read(lines, request_):
    assert read_head(head(*lines)) == request_


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["\x16\x03\x01\x02\x00\x01"], 400),
        (["GET /"], 400),
        (["GET / HTTP/2.0"], 400),
        (["GET  / HTTP/1.1"], 400),
        (["GET http://a.example/ HTTP/1.1"], 400),
        (["GET / HTTP/1.1", "no colon"], 400),
        (["GET / HTTP/1.1", "Host : a"], 400),
        (["GET / HTTP/1.1", " folded: line"], 400),
        (["POST / HTTP/1.1", "Content-Length: 4"], 405),
        (["GET / HTTP/1.1", "Content-Length: 4"], 413),
        (["GET / HTTP/1.1", "Transfer-Encoding: chunked"], 413),
    ],
    ids=[
        "TLS",
        "HTTP/0.9",
        "HTTP/2",
        "two spaces",
        "proxy",
        "no colon",
        "space before colon",
        "folded",
        "post",
        "body",
        "chunks",
    ],
)
def test_what_is_no_request_is_refused(lines, status):
    with pytest.raises(BadRequest) as caught:
        read_head(head(*lines))
    assert caught.value.status == status


def test_a_feed_says_when_it_changed_and_has_no_etag():
    status, fields, body = parts(write_answer(FEED, GET, now=NOW))
    assert status == "HTTP/1.1 200 OK"
    assert fields["Last-Modified"] == "Thu, 05 Nov 2026 01:37:12 GMT"
    assert fields["Expires"] == fields["Last-Modified"]
    assert fields["Content-Length"] == str(len(body))
    assert fields["X-Robots-Tag"] == "noindex"
    assert not {"ETag", "Content-Encoding", "Connection"} & set(fields)
    assert body == FEED.body


def test_text_is_zipped_for_who_takes_it_and_always_alike():
    request = Request(method="GET", target="/", gzip=True)
    written = write_answer(FEED, request, now=NOW)
    _, fields, body = parts(written)
    assert fields["Content-Encoding"] == "gzip"
    assert fields["Vary"] == "Accept-Encoding"
    assert gzip.decompress(body) == FEED.body
    assert fields["Content-Length"] == str(len(body))
    assert write_answer(FEED, request, now=NOW) == written


def test_a_picture_is_not_zipped():
    picture = Answer(content_type="image/png", body=b"\x89PNG")
    request = Request(method="GET", target="/", gzip=True, keep_alive=False)
    _, fields, body = parts(write_answer(picture, request, now=NOW))
    assert body == picture.body
    assert fields["Connection"] == "close"
    assert "Last-Modified" not in fields


@pytest.mark.parametrize("zipped", [False, True])
def test_head_says_what_get_would(zipped):
    get = Request(method="GET", target="/", gzip=zipped)
    head_ = Request(method="HEAD", target="/", gzip=zipped)
    whole = parts(write_answer(FEED, get, now=NOW))
    assert parts(write_answer(FEED, head_, now=NOW)) == (*whole[:2], b"")


def test_a_refusal_ends_the_connection():
    status, fields, body = parts(write_refusal(431, now=NOW))
    assert status == "HTTP/1.1 431 Request Header Fields Too Large"
    assert fields["Connection"] == "close"
    assert body == b"431 Request Header Fields Too Large\n"
