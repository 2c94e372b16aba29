"""What HTTP brought."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """ETag and Last-Modified: opaque, sent back exactly as they came."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A document as it came: decompressed bytes and what HTTP said of them."""

    url: str  # where it stood after redirects
    body: bytes
    status: int = 200
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    validators: Validators = Validators()
    redirects: tuple[tuple[int, str], ...] = ()  # (status, where it sent us)
    wire_bytes: int = 0  # received, before decompression
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """The server said 304."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    validators: Validators = Validators()  # that the 304 itself names
    redirects: tuple[tuple[int, str], ...] = ()
    wire_bytes: int = 0
    seconds: float = 0.0
