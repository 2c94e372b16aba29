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
_NOT_IN_COMMENT = re.compile(r"[^\x20-\x7e]|[()\\]")  # RFC 9110, 5.6.5


def user_agent(site: Site, version: str) -> str:
    """Say who asks, and where its operator can be found."""
    known = ("school-feed-aggregator", f"+{site.base_url}", site.contact)
    name, *whence = (_NOT_IN_COMMENT.sub("", part).strip() for part in known)
    return f"{name}/{version} ({'; '.join(filter(None, whence))})"


def request_for(
    source: Source, validators: Validators, *, settings: FetchSettings
) -> Request:
    """Make the request for a source's document, if it differs from what we have."""
    return Request(
        url=source.url,
        headers={"Accept": ACCEPT, **_conditions(validators)},
        timeout_seconds=settings.timeout.total_seconds(),
        ca_file=source.ca_file,
        user_agent=source.user_agent,
    )


def interpret(response: Response, *, now: datetime) -> Fetched | NotModified:
    """Say what an answer means.

    Raises:
        FetchError: It is neither a document nor "not modified".
    """
    status, headers = response.status, response.headers
    if status == 304 and response.conditional:
        return NotModified(
            url=response.url,
            headers=headers,
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
        validators=Validators(
            etag=headers.get("etag"), last_modified=headers.get("last-modified")
        ),
        wire_bytes=response.wire_bytes,
        seconds=response.seconds,
    )


def parse_retry_after(value: str, now: datetime) -> datetime | None:
    """Read a Retry-After in seconds or as a date (RFC 9110, 10.2.3); None: neither.

    The moment is never before `now`, nor more than 24 hours after.
    """
    text = value.strip()
    if _SECONDS.fullmatch(text):
        wait = min(int(text), int(LONGEST_RETRY.total_seconds()))
        return now + timedelta(seconds=wait)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    # "-0000" and old forms come without a zone; HTTP dates are UTC.
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(aware, now), now + LONGEST_RETRY)


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
