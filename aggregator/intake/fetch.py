"""What we ask a source, and what its answer means. Pure: `net` does the asking."""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from email.utils import parsedate_to_datetime

from aggregator.errors import FetchError
from aggregator.errors import Reason
from aggregator.intake.net import Request
from aggregator.intake.net import Response
from aggregator.model import Fetched
from aggregator.model import FetchSettings
from aggregator.model import NotModified
from aggregator.model import Site
from aggregator.model import Source
from aggregator.model import Validators

LONGEST_RETRY = timedelta(hours=24)  # a server that asks for more is asked after this
ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json;q=0.9, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5"
)
LONGEST_FRESHNESS = timedelta(hours=24)
LARGEST_COOKIE_PAGE = 8_192  # bytes; of those seen one has 177
LARGEST_CHALLENGE = 65_536  # bytes of a page that are looked at
_GONE = {404, 410}
_USABLE = {200, 203}  # 203: a proxy on the way changed it (RFC 9110, 15.3.4)
_REASONS: Mapping[int, Reason] = {
    401: Reason.UNAUTHORIZED,
    403: Reason.UNAUTHORIZED,
    404: Reason.NOT_FOUND,
    410: Reason.GONE,
    429: Reason.LIMITED,
}
_SECONDS = re.compile(r"[0-9]{1,18}")
_UNSENDABLE = re.compile(r"[\x00-\x1f\x7f]")
# With these, robots are held off; a 404 or 500 means what it says.
_HOLDING_OFF = {200, 203, 403, 429, 503}
_HTML_START = re.compile(
    r"\ufeff?(?>\s+|<\?xml[^>]*>|<!--.*?-->)*+"
    r"<(?:!doctype\s+html|html|head|body|script|meta|title|noscript)\b",
    re.S | re.I,
)
_SETS_COOKIE = re.compile(r"document\.cookie\s*=(?!=)")
_LOADS_ANEW = re.compile(r"\blocation\s*\.\s*(?:reload|replace|href)\b")
# Not the scripts that Cloudflare puts into every page of a site (jsd, invisible).
_CHALLENGE_PATH = re.compile(r"/cdn-cgi/challenge-platform/(?!(?:h/\w+/)?scripts/)")
_CLOUDFLARE_MARK = re.compile(r"\bcf[-_]|cloudflare", re.I)
_DIRECTIVE = re.compile(r'([\w-]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,]*))?')
_NOT_IN_COMMENT = re.compile(r"[^\x20-\x7e]|[()\\]")  # RFC 9110, 5.6.5


def user_agent(site: Site, version: str) -> str:
    """Say who asks, and where its operator can be found."""
    known = ("school-feed-aggregator", f"+{site.base_url}", site.contact)
    name, *whence = (_NOT_IN_COMMENT.sub("", part).strip() for part in known)
    return f"{name}/{version} ({'; '.join(filter(None, whence))})"


def request_for(
    source: Source,
    validators: Validators,
    *,
    settings: FetchSettings,
    url: str = "",
    wait_seconds: float = 0.0,
) -> Request:
    """Make the request for a source's document, if it differs from what we have.

    Args:
        url: Where it has moved to, if that was learned.
        wait_seconds: For how long its host is still left alone.
    """
    return Request(
        url=url or source.url,
        wait_seconds=wait_seconds,
        headers={"Accept": ACCEPT, **_conditions(validators)},
        timeout_seconds=settings.timeout.total_seconds(),
        ca_file=source.ca_file,
        user_agent=source.user_agent,
    )


def link_request(source: Source, link: str, *, settings: FetchSettings) -> Request:
    """Make the request for an article's own page, to see whether it still stands."""
    return Request(
        url=link,
        headers={"Accept": "text/html, */*;q=0.5"},
        timeout_seconds=settings.timeout.total_seconds(),
        ca_file=source.ca_file,
        user_agent=source.user_agent,
    )


def is_gone(answer: Response | FetchError) -> bool | None:
    """Say whether an article's own page was taken away; None: it does not say."""
    if not isinstance(answer, Response):
        return None
    if answer.status in _GONE:
        return True
    return False if answer.status in _USABLE and not bot_page(answer) else None


def interpret(response: Response, *, now: datetime) -> Fetched | NotModified:
    """Say what an answer means.

    Raises:
        FetchError: It is neither a document nor "not modified".
    """
    status, headers = response.status, response.headers
    robots = bot_page(response)
    if robots:
        raise FetchError(Reason.BOT_PAGE, f"{robots}, HTTP {status}", status=status)
    if status == 304 and response.conditional:
        return NotModified(
            url=response.url,
            headers=headers,
            validators=_validators(headers),
            redirects=response.redirects,
            wire_bytes=response.wire_bytes,
            seconds=response.seconds,
        )
    if status not in _USABLE:
        raise _refused(response, now)
    if not response.body.strip():
        raise FetchError(Reason.EMPTY_BODY, "", status=status)
    return Fetched(
        url=response.url,
        body=response.body,
        status=status,
        content_type=headers.get("content-type", ""),
        headers=headers,
        validators=_validators(headers),
        redirects=response.redirects,
        wire_bytes=response.wire_bytes,
        seconds=response.seconds,
    )


def bot_page(response: Response) -> str:
    """Say which page against robots came in place of a document; "": none.

    A feed may speak of such pages: only what is built as a web page is one.
    """
    if response.status not in _HOLDING_OFF:
        return ""
    if response.headers.get("cf-mitigated", "").strip().lower() == "challenge":
        return "a challenge of Cloudflare"
    page = response.body[:LARGEST_CHALLENGE].decode("utf-8", "replace")
    if not _HTML_START.match(page):
        return ""
    if _is_challenge(page, response.headers):
        return "a challenge of Cloudflare"
    small = len(response.body) < LARGEST_COOKIE_PAGE
    if small and _SETS_COOKIE.search(page) and _LOADS_ANEW.search(page):
        known = "D1N, as of Viettel Cloudrity" if "D1N=" in page else "of a firewall"
        return f"a page that sets a cookie ({known})"
    return ""


def _is_challenge(page: str, headers: Mapping[str, str]) -> bool:
    if _CHALLENGE_PATH.search(page):
        return True
    marked = "cf-ray" in headers or _CLOUDFLARE_MARK.search(page)
    return "Just a moment..." in page and bool(marked)


def freshness(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Say for how long a server calls its answer fresh, at most 24 hours; None: not.

    By RFC 9111, 4.2.1: max-age before Expires. s-maxage is for caches that many share.
    What a cache on the way has used up of it (Age, 5.1) is over.
    """
    said = _directives(headers.get("cache-control", ""))
    if "no-store" in said or said.get("no-cache") == "":  # else of some fields only
        return None
    life = _seconds(said["max-age"]) if "max-age" in said else _until(headers, now)
    if life is None:
        return None
    left = life - (_seconds(headers.get("age", "")) or timedelta())
    return min(left, LONGEST_FRESHNESS) if left > timedelta() else None


def _directives(text: str) -> dict[str, str]:
    # Of one that stands twice the first counts (RFC 9111, 4.2.1).
    found: dict[str, str] = {}
    for name, value in _DIRECTIVE.findall(text):
        found.setdefault(name.lower(), value.strip('"'))
    return found


def _seconds(text: str) -> timedelta | None:
    if not _SECONDS.fullmatch(text.strip()):
        return None
    return timedelta(seconds=min(int(text), 2**31))  # RFC 9111, 1.2.2


def _until(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    end = _date(headers.get("expires", ""))
    if end is None:
        return None
    # Without a Date, that of receiving it counts (RFC 9110, 6.6.1).
    return end - (_date(headers.get("date", "")) or now)


def parse_retry_after(value: str, now: datetime) -> datetime | None:
    """Read a Retry-After in seconds or as a date (RFC 9110, 10.2.3); None: neither.

    The moment is never before `now`, nor more than 24 hours after.
    """
    text = value.strip()
    if _SECONDS.fullmatch(text):
        wait = min(int(text), int(LONGEST_RETRY.total_seconds()))
        return now + timedelta(seconds=wait)
    moment = _date(text)
    return moment and min(max(moment, now), now + LONGEST_RETRY)


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    # "-0000" and old forms come without a zone; HTTP dates are UTC.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def body_hash(body: bytes) -> str:
    """Give the name under which a body is known again: SHA-256 in hexadecimal."""
    return hashlib.sha256(body).hexdigest()


def _conditions(validators: Validators) -> dict[str, str]:
    # They are a stranger's words: what no header can hold is left out.
    given = {
        "If-None-Match": validators.etag,
        "If-Modified-Since": validators.last_modified,
    }
    return {
        name: value
        for name, value in given.items()
        if value and not _UNSENDABLE.search(value)
    }


def _validators(headers: Mapping[str, str]) -> Validators:
    return Validators(
        etag=headers.get("etag"), last_modified=headers.get("last-modified")
    )


def _refused(response: Response, now: datetime) -> FetchError:
    status = response.status
    retry = response.headers.get("retry-after", "")
    asked = parse_retry_after(retry, now) if status in (429, 503) else None
    reason = Reason.LIMITED if asked else _reason(status)
    detail = f"HTTP {status}" + (f", Retry-After: {retry[:80]}" if asked else "")
    return FetchError(reason, detail, status=status, retry_after=asked)


def _reason(status: int) -> Reason:
    if 400 <= status < 500:
        return _REASONS.get(status, Reason.CLIENT_ERROR)
    return Reason.SERVER_ERROR if 500 <= status < 600 else Reason.UNEXPECTED_STATUS
