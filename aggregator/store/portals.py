"""Which sources stand on one portal: host and path prefix. Pure.

On one portal a guid means one article (NukeViet's `news_12`, whichever category feed
shows it), on two it does not. Most portals own their host; some share one and live
under a first path segment of their own (edu.viettel.vn/<school>/…).
"""

import re
from functools import lru_cache
from urllib.parse import urlsplit

# First path segments that name a part of a portal, not a portal.
_PARTS = frozenset(
    "rss feed feeds atom xml news laws page pages index.php index.aspx portal vi en "
    "tin-tuc thong-bao van-ban thu-moi su-kien tin-tuc-su-kien hoat-dong chuyen-muc "
    "category categories tag tags blog api web home trang-chu download dispatch "
    "announcement announcements document documents invitation invitations van-ban-moi "
    "rsschanel rsschannel".split()
)


@lru_cache(maxsize=20_000)
def host_of(url: str) -> str:
    """Name the host that answers for an address, with a port that is not the usual."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower().rstrip(".")
    return host if parts.port in (None, 80, 443) else f"{host}:{parts.port}"


def portal_of(url: str) -> str:
    """Name the portal of a feed: its host, and the tenant's path where there is one."""
    host = host_of(url).removeprefix("www.")
    segments = [part for part in urlsplit(url).path.split("/") if part]
    if len(segments) < 2:  # a lone segment is the feed itself
        return host
    first = segments[0].lower()
    shared = first in _PARTS or re.search(r"rss|feed|\.\w+$", first)
    return host if shared else f"{host}/{first}"
