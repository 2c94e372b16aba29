"""The network of the simulated month: answers from the world, by the virtual clock."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from datetime import datetime

from aggregator.errors import FetchError
from aggregator.errors import Reason
from aggregator.intake.net import Request
from aggregator.intake.net import Response
from tests.soak.faults import NETWORK
from tests.soak.faults import Fault
from tests.soak.faults import answer
from tests.soak.faults import limited_until
from tests.soak.world import REDIRECTED_AT
from tests.soak.world import Feed
from tests.soak.world import Post

Answer = Response | FetchError


class Front:
    """Answers each request at once; remembers what good documents held."""

    def __init__(
        self,
        feeds: Iterable[Feed],
        faults: Iterable[Fault],
        clock: Callable[[], datetime],
    ) -> None:
        self._clock = clock
        self._faults = list(faults)
        self._feeds: dict[str, Feed] = {}
        self._pages: dict[str, Post] = {}
        self._limits: dict[Feed, tuple[datetime, datetime]] = {}  # told at, until
        self._busy: set[str] = set()  # hosts with a request under way
        self.held: dict[str, dict[int, str]] = {}  # by feed: titles by number
        for feed in feeds:
            self._feeds |= {feed.url: feed, feed.new_url: feed}
            self._pages |= {
                feed.link(post, at): post
                for post in feed.posts
                for at in (post.at, datetime.max.replace(tzinfo=post.at.tzinfo))
            }

    def submit(self, request: Request, done: Callable[[Answer], None]) -> None:
        host = request.url.split("/")[2]
        assert host not in self._busy, f"{host} is asked twice at once"
        self._busy.add(host)
        answered = self._answer(request, self._clock())
        self._busy.discard(host)
        done(answered)

    def _answer(self, request: Request, now: datetime) -> Answer:
        feed = self._feeds.get(request.url)
        if feed is not None:
            self._check_limits(feed, now)
        if NETWORK[0] <= now < NETWORK[1]:
            return FetchError(Reason.DNS, "our own network")
        if feed is None:
            return self._page(request.url, now)
        for fault in self._faults:
            if fault.holds(feed, now):
                return self._faulty(fault, feed, now)
        return self._document(request, feed, now)

    def _check_limits(self, feed: Feed, now: datetime) -> None:
        """Hold us to what servers asked for: a URL's limit, and a host's of two.

        What was claimed when a host sets its second limit is under way already.
        """
        running = {f: told for f, (told, until) in self._limits.items() if until > now}
        assert feed not in running, f"{feed.id} is asked though limited"
        of_host = [
            f for f, told in running.items() if f.host == feed.host and told < now
        ]
        assert len(of_host) < 2, f"{feed.host} is asked while it limits us"

    def _faulty(self, fault: Fault, feed: Feed, now: datetime) -> Answer:
        until = limited_until(fault, now)
        if until is not None:
            self._limits[feed] = (now, until)
        self.held[feed.id] = {}
        return answer(fault, feed, now)

    def _page(self, url: str, now: datetime) -> Response:
        post = self._pages[url]
        stands = post.is_listed(now) or post.page_stands
        return Response(url=url, status=200 if stands else 404, body=b"<html>")

    def _document(self, request: Request, feed: Feed, now: datetime) -> Response:
        moved = feed.oddity == "redirects" and now >= REDIRECTED_AT
        led = moved and request.url == feed.url
        headers = self._headers(feed, now)
        answered = {
            "url": feed.new_url if moved else feed.url,
            "redirects": ((301, feed.new_url),) if led else (),
            "headers": headers,
            "seconds": 0.2,
        }
        if _is_same(request.headers, headers, feed):
            return Response(**answered, status=304, conditional=True)
        body = feed.body(now)
        self.held[feed.id] = {p.n: feed.title(p, now) for p in feed.listed(now)}
        return Response(**answered, status=200, body=body, wire_bytes=len(body))

    def _headers(self, feed: Feed, now: datetime) -> dict[str, str]:
        if feed.oddity == "bare":
            return {"content-type": "text/xml"}
        tag = f'"{feed.id}-{feed.version(now)}"'
        return {"content-type": "application/rss+xml", "etag": tag}


def _is_same(asked: Mapping[str, str], headers: Mapping[str, str], feed: Feed) -> bool:
    sent = asked.get("If-None-Match")
    return sent is not None and (feed.oddity == "stale" or sent == headers.get("etag"))
