"""Known answers, given before Flask is asked: most requests of a quiet day.

Flask's views are the one definition of what an address answers. A view that answers
with a selection says so in the request's environment (`keep`); its answer is then kept,
and given again while the selection's counters stand as they stood. Only the one way to
write an address is kept, so that nobody fills the memory with others. `u=` names who
asks: it is counted, and taken out before anything is looked up.
"""

import re
import threading
from collections.abc import Callable
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING
from typing import Any

from aggregator.store.views import Cell
from aggregator.web.caching import CODINGS
from aggregator.web.caching import SETTLED
from aggregator.web.caching import STALE
from aggregator.web.caching import Rendered
from aggregator.web.caching import Version
from aggregator.web.caching import coding_of
from aggregator.web.caching import http_date
from aggregator.web.caching import is_held
from aggregator.web.caching import last_modified
from aggregator.web.caching import remembered
from aggregator.web.caching import tag_of
from aggregator.web.units import UnitCounts
from aggregator.web.watching import Watch

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
    from _typeshed.wsgi import WSGIApplication
    from _typeshed.wsgi import WSGIEnvironment

MAX_BYTES = 64_000_000  # of bodies; most are those of `FeedCache`, not others
MAX_ANSWERS = 20_000
_KEEP = "aggregator.keep"
_UNIT = re.compile("[a-z0-9-]{1,32}")
_OWN = {"etag", "last-modified", "content-encoding", "content-length", "content-type"}
_METHODS = ("GET", "HEAD")
Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """What a view says of an answer that may be given again."""

    version: Version  # rendered, unless nobody needed the bytes
    content_type: str
    address: str  # the one way to write it: path and query
    cells: tuple[Cell, ...]  # the counters on its path
    counted: int  # their sum in its version
    until: datetime  # then it is made anew, whatever the counters say


def keep(environ: "WSGIEnvironment", kept: Keep) -> None:
    """Let the answer to a request be kept."""
    environ[_KEEP] = kept


@dataclass(slots=True)
class _Answer:
    """A kept answer, and all ways in which it goes out."""

    said: Keep
    shared: Headers  # of all its answers
    size: int
    generation: int  # of the watch, at which it was last found to stand
    until: datetime = field(init=False)  # its headers are good
    whole: dict[str, tuple[Headers, bytes]] = field(init=False)  # by content coding
    unchanged: dict[str, Headers] = field(init=False)

    def write(self, now: datetime) -> None:
        """Write its headers for this moment and some time to come."""
        version = self.said.version
        settled = version.changed_at.replace(microsecond=0) + SETTLED
        date = ("Last-Modified", http_date(last_modified(version, now)))
        kind = ("Content-Type", self.said.content_type)
        whole: dict[str, tuple[Headers, bytes]] = {}
        unchanged: dict[str, Headers] = {}
        for coding in ("", *CODINGS):
            own = [("ETag", tag_of(version, coding))]
            unchanged[coding] = [*self.shared, *own]
            if isinstance(version, Rendered):
                body = version.packed[coding] if coding else version.body
                own += [date, kind, ("Content-Length", str(len(body)))]
                own += [("Content-Encoding", coding)] if coding else []
                whole[coding] = [*self.shared, *own], body
        self.whole, self.unchanged = whole, unchanged
        self.until = min(settled, self.said.until) if now < settled else self.said.until


class KnownBytes:
    """A WSGI application that answers for another one what it has answered before."""

    def __init__(
        self,
        app: "WSGIApplication",
        *,
        watch: Watch,
        units: UnitCounts,
        clock: Callable[[], datetime],
    ) -> None:
        self._app = app
        self._watch = watch
        self._units = units
        self._clock = clock
        self._answers: dict[str, _Answer] = {}  # by address, the oldest first
        self._size = 0
        self._lock = threading.Lock()

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer a request: with what is known, else as the application does."""
        query = environ.get("QUERY_STRING", "")
        unit = ""
        if "u=" in query:
            unit, query = _without_unit(query)
        path = environ["PATH_INFO"]
        address = f"{path}?{query}" if query else path
        answer = self._answers.get(address)
        now = self._clock()
        if (
            answer is not None
            and environ["REQUEST_METHOD"] in _METHODS
            and self._stands(answer, now)
        ):
            given = self._give(answer, environ, start_response, now)
            if given is not None:
                if unit:
                    self._units.add(unit, address, now)
                return given
        return self._ask(environ, start_response, address, unit, now)

    def _stands(self, answer: _Answer, now: datetime) -> bool:
        watch = self._watch
        generation = watch.generation
        if answer.generation != generation:
            if watch.sum(answer.said.cells) != answer.said.counted:
                return False
            answer.generation = generation
        if now >= answer.until:
            if now >= answer.said.until:
                return False
            answer.write(now)
        return True

    def _give(
        self,
        answer: _Answer,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
        now: datetime,
    ) -> Iterable[bytes] | None:
        coding = coding_of(environ.get("HTTP_ACCEPT_ENCODING", ""))
        tags = environ.get("HTTP_IF_NONE_MATCH")
        since = environ.get("HTTP_IF_MODIFIED_SINCE")
        stale = [("Warning", STALE)] if self._watch.lost else []
        held = (tags is not None or since is not None) and is_held(
            answer.said.version, now, tags=tags, since=since
        )
        if held:
            start_response("304 NOT MODIFIED", answer.unchanged[coding] + stale)
            return ()
        if coding not in answer.whole:
            return None
        headers, body = answer.whole[coding]
        start_response("200 OK", headers + stale)
        return () if environ["REQUEST_METHOD"] == "HEAD" else (body,)

    # --- What is not known ------------------------------------------------------

    def _ask(
        self,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
        address: str,
        unit: str,
        now: datetime,
    ) -> Iterable[bytes]:
        generation = self._watch.generation
        said: list[Any] = []

        def note(status: str, headers: Headers, *more: Any) -> Any:
            said[:] = status, headers
            return start_response(status, headers, *more)

        body = self._app(environ, note)
        kept = environ.get(_KEEP)
        if kept is not None:
            if unit:
                self._units.add(unit, kept.address, now)
            stale = isinstance(kept.version, Rendered) and kept.version.stale
            if generation and address == kept.address and not stale:
                self._keep(address, kept, said[1], now)
        return body

    def _keep(self, address: str, kept: Keep, headers: Headers, now: datetime) -> None:
        shared = [each for each in headers if each[0].lower() not in _OWN]
        version = kept.version
        size = len(version.body) if isinstance(version, Rendered) else 0
        # Found to stand at no generation yet: the store may be ahead of the watch.
        answer = _Answer(said=kept, shared=shared, size=size, generation=-1)
        answer.write(now)
        with self._lock:
            self._drop(address)
            self._answers[address] = answer
            self._size += size
            while self._size > MAX_BYTES or len(self._answers) > MAX_ANSWERS:
                self._drop(next(iter(self._answers)))

    def _drop(self, address: str) -> None:
        old = self._answers.pop(address, None)
        self._size -= old.size if old else 0


@remembered
def _without_unit(query: str) -> tuple[str, str]:
    """Take `u=` out of a query: who asks, and the rest; what is no key names nobody."""
    unit, rest = "", []
    for part in query.split("&"):
        if not part.startswith("u="):
            rest.append(part)
        elif _UNIT.fullmatch(part[2:]):
            unit = unit or part[2:]
    return unit, "&".join(rest)
