"""What is asked, what comes of it, and one request's way between. Pure."""

import re
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Literal
from urllib.parse import urljoin

from aggregator.errors import FetchError
from aggregator.errors import Reason
from aggregator.intake.addresses import Network
from aggregator.intake.addresses import Target
from aggregator.intake.addresses import check_url
from aggregator.intake.wire import Answer

LARGEST_BODY = 5_000_000  # bytes, after decompression; on the wire too
TIMEOUT = 30.0  # seconds, for a whole request with its redirects
MOST_REDIRECTS = 5
CONDITIONS = {"if-none-match", "if-modified-since"}

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_BREAK = re.compile(r"[\r\n\x00]")
_CONTROL = re.compile(r"[\s\x00-\x20\x7f\\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to ask for, and how much of it and how long to bear."""

    url: str
    method: Literal["GET", "POST"] = "GET"
    body: bytes | None = None  # of a POST; its Content-Type is among the headers
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: float = TIMEOUT
    max_bytes: int = LARGEST_BODY
    ca_file: str | None = None  # None: the public roots of certifi
    user_agent: str | None = None  # None: that of the Net
    wait_seconds: float = 0.0  # in its lane, at least; not counted as time

    @property
    def posted(self) -> bytes | None:
        """Give what is posted; None: it asks."""
        return (self.body or b"") if self.method == "POST" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What came, whatever its status."""

    url: str  # that answered, after redirects
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""
    wire_bytes: int = 0  # of the body, before decompression
    seconds: float = 0.0  # without the wait in lanes
    redirects: tuple[tuple[int, str], ...] = ()  # (status, where it sent us)
    conditional: bool = False  # we sent validators, so that 304 is an answer


Done = Callable[[Response | FetchError], None]


class Job:
    """A request under way: where it has got to, and what time it has left."""

    __slots__ = (
        "request",
        "done",
        "headers",
        "left",
        "began",
        "target",
        "redirects",
        "via",
        "_seen",
    )

    def __init__(self, request: Request, done: Done) -> None:
        self.request = request
        self.done = done
        self.headers: tuple[bytes, ...] = ()  # as they are sent
        self.left = request.timeout_seconds
        self.began: float | None = None  # None: it waits
        self.target: Target | None = None
        self.redirects: tuple[tuple[int, str], ...] = ()
        self.via = ""  # the last redirect's address, as it was written
        self._seen: set[str] = set()

    def aim(self, url: str, *, allow: tuple[Network, ...]) -> Target:
        """Turn to the first address or the next.

        Raises:
            FetchError: It may not be asked, or was asked before.
        """
        target = self.target = check_url(url, allow=allow)
        if target.url in self._seen:
            raise FetchError(Reason.REDIRECT_LOOP, "back to where it was")
        self._seen.add(target.url)
        return target

    def follow(self, answer: Answer, *, allow: tuple[Network, ...]) -> Target:
        """Turn to where a redirect leads.

        Raises:
            FetchError: It may not be asked, was asked before, or is one too many.
        """
        assert self.target is not None
        self.via = as_text(answer.headers["location"])
        if len(self.redirects) == MOST_REDIRECTS:
            raise FetchError(Reason.REDIRECT_LOOP, f"over {MOST_REDIRECTS} redirects")
        target = self.aim(join(self.target.url, self.via), allow=allow)
        self.redirects += ((answer.status, target.url),)
        return target

    def respond(self, answer: Answer, *, now: float) -> Response:
        """Make the response of the last answer."""
        assert self.target is not None
        began = now if self.began is None else self.began
        return Response(
            url=self.target.url,
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
            wire_bytes=answer.wire_bytes,
            seconds=self.request.timeout_seconds - self.left + now - began,
            redirects=self.redirects,
            conditional=not CONDITIONS.isdisjoint(map(str.lower, self.request.headers)),
        )

    def failed(self, error: FetchError) -> FetchError:
        """Say of an error after which redirect it came."""
        if not self.via:
            return error
        detail = f"{error.detail}, after a redirect to {self.via[:200]!r}"
        return FetchError(error.reason, detail)


def as_text(header: str) -> str:
    """Read a header value as UTF-8, where its bytes are that."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header


def join(base: str, location: str) -> str:
    """Find where a Location leads. What names a scheme stands for itself.

    Python reads ``http:127.0.0.1/`` as a path; browsers take it for a host, and so
    does `check_url`, which refuses it.
    """
    if _SCHEME.match(location) or _CONTROL.search(location):
        return location
    return urljoin(base, location)


def header_lines(headers: Mapping[str, str], user_agent: str) -> tuple[bytes, ...]:
    """Write headers as they are sent: as Latin-1, as they were read, else as UTF-8.

    Raises:
        FetchError: One has a line break, and would be two.
    """
    lines = [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"User-Agent: {user_agent}")
    if any(map(_BREAK.search, lines)):
        raise FetchError(Reason.INTERNAL, "a line break in a header to be sent")
    return tuple(map(_as_bytes, lines))


def _as_bytes(line: str) -> bytes:
    try:
        return line.encode("latin-1")
    except UnicodeEncodeError:
        return line.encode("utf-8", "replace")
