"""Reads the head of a request and writes an answer, as HTTP/1.1 has it (RFC 9112).

Pure: bytes and values. Only what a sample portal needs: no request has a body.
"""

import gzip
import re
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus

_REQUEST_LINE = re.compile(r"([A-Z]{1,16}) (\S+) HTTP/1\.([01])")
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*")


class BadRequest(ValueError):
    """What came is no request that a portal answers; ``status`` says why."""

    def __init__(self, status: int = 400) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The head of a request."""

    method: str
    target: str  # path and query
    host: str = ""
    gzip: bool = False  # whether the client takes it
    keep_alive: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is said to a request. ``modified`` is set for feeds alone."""

    content_type: str
    body: bytes
    status: int = 200
    modified: datetime | None = None


def read_head(head: bytes) -> Request:
    """Read the head of a request, its empty line included.

    Raises:
        BadRequest: It is no HTTP/1.x, has a body, or asks with another method.
    """
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    match = _REQUEST_LINE.fullmatch(first)
    if not match:
        raise BadRequest
    method, target, minor = match.groups()
    fields = _fields(lines)
    if method not in ("GET", "HEAD"):
        raise BadRequest(405)
    if "transfer-encoding" in fields or fields.get("content-length", "0") != "0":
        raise BadRequest(413)
    return Request(
        method=method,
        target=_path_and_query(target),
        host=fields.get("host", ""),
        # NukeViet too looks for the bare word and never at its weight.
        gzip="gzip" in fields.get("accept-encoding", ""),
        keep_alive=_keeps_alive(fields.get("connection", ""), minor),
    )


def write_answer(answer: Answer, request: Request, *, now: datetime) -> bytes:
    """Write an answer: status line, fields, and the body unless HEAD asked."""
    zipped = request.gzip and answer.content_type.startswith("text/")
    body = gzip.compress(answer.body, 6, mtime=0) if zipped else answer.body
    fields = {
        "Date": _http_date(now),
        "Content-Type": answer.content_type,
        "Content-Length": str(len(body)),
        **_feed_fields(answer),
        **({"Content-Encoding": "gzip", "Vary": "Accept-Encoding"} if zipped else {}),
        **({} if request.keep_alive else {"Connection": "close"}),
    }
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    return head if request.method == "HEAD" else head + body


def write_refusal(status: int, *, now: datetime) -> bytes:
    """Write an answer to what is no request, after which the connection ends."""
    text = f"{status} {HTTPStatus(status).phrase}\n".encode()
    answer = Answer(content_type="text/plain", body=text, status=status)
    refused = Request(method="GET", target="/", keep_alive=False)
    return write_answer(answer, refused, now=now)


def _feed_fields(answer: Answer) -> dict[str, str]:
    """Say of a feed what NukeViet says: no ETag, and stale from the start."""
    if answer.modified is None:
        return {}
    modified = _http_date(answer.modified)
    return {
        "Last-Modified": modified,
        "Expires": modified,
        "Cache-Control": "private, pre-check=0, post-check=0, max-age=0",
        "Pragma": "no-cache",
        "X-Robots-Tag": "noindex",
    }


def _fields(lines: list[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in lines:
        match = _FIELD.fullmatch(line)
        if not match:
            raise BadRequest
        fields[match.group(1).lower()] = match.group(2)
    return fields


def _path_and_query(target: str) -> str:
    if not target.startswith("/"):
        raise BadRequest
    return target


def _keeps_alive(connection: str, minor: str) -> bool:
    word = connection.lower()
    return word == "keep-alive" if minor == "0" else word != "close"


def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)
