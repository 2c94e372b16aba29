"""Make foreign HTML harmless: the one cleaning room, and the rule for addresses.

Alone may import nh3 and bleach. One table says what may stay, and drives both engines:
nh3 cleans, bleach stays selectable and is the tests' oracle. Nothing else in the
service may mark foreign HTML as safe.
"""

import html as entities
import re
import threading
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from typing import Literal
from urllib.parse import quote
from urllib.parse import urljoin
from urllib.parse import urlsplit
from urllib.parse import urlunsplit

import nh3

from aggregator.intake.characters import NO_TEXT
from aggregator.intake.characters import folded
from aggregator.intake.characters import printable
from aggregator.intake.stable import ADDRESS
from aggregator.intake.stable import ORIGIN
from aggregator.intake.stable import ROOTED
from aggregator.intake.stable import is_stable

MAX_HTML = 65_536  # characters; both engines are quadratic on hostile nesting
MAX_DEPTH = 100  # elements open at once
MAX_ATTRIBUTES = 500  # blanks, slashes and equal signs in one tag
MAX_URL = 2_000  # characters
ROUNDS = 6  # cleanings until nothing changes any more

SCHEMES = frozenset({"http", "https"})
REL = "nofollow noopener"
Engine = Literal["nh3", "bleach"]

# Tags that start a block: where they stand, words do not run together.
_BLOCKS = frozenset(
    "p div section article figure figcaption h1 h2 h3 h4 h5 h6 ul ol li dl dt dd"
    " blockquote pre hr br table caption thead tbody tfoot tr th td".split()
)
_INLINE = frozenset(
    "b strong i em u s sub sup code a img"
    " del ins mark small cite q abbr kbd samp var".split()
)
_CELL = frozenset({"colspan", "rowspan", "width", "height"})

# The policy: which tag may stay, with which attributes. ``rel`` is set, never kept.
POLICY: dict[str, frozenset[str]] = {
    **{tag: frozenset[str]() for tag in sorted(_BLOCKS | _INLINE)},
    "a": frozenset({"href", "title"}),
    "img": frozenset({"src", "alt", "title", "width", "height"}),
    "abbr": frozenset({"title"}),
    "ol": frozenset({"start"}),
    "table": frozenset({"width"}),
    "td": _CELL,
    "th": _CELL,
}
TAGS = frozenset(POLICY)
# Elements that go with all they hold: no reader ever sees their text as text.
DROPPED = frozenset(
    "script style template noscript noembed noframes iframe object applet svg math"
    " title textarea select xmp listing plaintext".split()
)

# --- Addresses ----------------------------------------------------------------

_WEB = re.compile(r"(https?):/*(?=[^/])", re.IGNORECASE)
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?|[0-9a-f:.]*:[0-9a-f:.]*")
_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SAFE = "%/:@!$&'()*+,;=~?-._"


def absolute(url: str, base: str = "") -> str:
    """Write an address as absolute http(s) in plain ASCII; "" where it cannot be.

    Read as browsers do: ``http:host``, ``\\\\host`` and line breaks inside are no
    way around the rule. A user name or password in it is left out.
    """
    if len(url) <= MAX_URL:  # what most addresses are, the rest would leave as it is
        if ADDRESS.fullmatch(url) and _joins(base):
            return url
        origin = _origin(base)
        if origin and ROOTED.fullmatch(url):
            return origin + url
    return _absolute(url, base)


@lru_cache(maxsize=256)
def _joins(base: str) -> bool:
    """Say whether an address can be joined to a base at all."""
    try:
        return bool(urlsplit(base))
    except ValueError:
        return False


@lru_cache(maxsize=256)
def _origin(base: str) -> str:
    """Give a base's scheme and host, where they are written plainly."""
    found = ORIGIN.match(base)
    return found[0] if found else ""


def _absolute(url: str, base: str) -> str:
    url = NO_TEXT.sub("", re.sub(r"[\t\r\n]", "", url)).strip()
    if not url or len(url) > MAX_URL:
        return ""
    path, mark, query = url.partition("?")
    url = _WEB.sub(r"\1://", path.replace("\\", "/"), count=1) + mark + query
    try:
        joined = urljoin(base or "http:", url) if base or url[:2] == "//" else url
        return _written(joined)
    except ValueError:  # a port that is none, a broken IPv6 address
        return ""


def _written(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.hostname:
        return ""
    host = parts.hostname.rstrip(".")
    host = host if host.isascii() else host.encode("idna").decode("ascii")
    if not _HOST.fullmatch(host):
        return ""
    host = f"[{host}]" if ":" in host else host
    netloc = host if parts.port is None else f"{host}:{parts.port}"
    written = urlunsplit(
        (
            parts.scheme,
            netloc,
            _encoded(parts.path),
            _encoded(parts.query),
            _encoded(parts.fragment),
        )
    )
    return written if len(written) <= MAX_URL * 3 else ""


def _encoded(part: str) -> str:
    return quote(_BARE_PERCENT.sub("%25", part), safe=_SAFE, errors="replace")


# --- Before the engines -------------------------------------------------------

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/<>]*)([^<>]*)>?")
_DATA = re.compile(r":(?<=[dD][aA][tT][aA]:)")  # found before \s is looked for
_DATA_URL = re.compile(r"""\ssrc\s*=\s*(?:"\s*data:[^"]*"|'\s*data:[^']*')""", re.I)
# Void, or closed by their next sibling: they do not nest however often they stand.
_FLAT = frozenset(
    "br hr img input meta link area base col embed param source track wbr"
    " p li dt dd tr td th thead tbody tfoot option".split()
)


_LONG_TAG = re.compile(rf"<[^<>]{{{MAX_ATTRIBUTES}}}")


def _too_hard(html: str) -> bool:
    if html.count("<") <= MAX_DEPTH and not _LONG_TAG.search(html):
        return False
    opened: Counter[str] = Counter()
    depth = 0
    for closing, name, rest in _TAG.findall(html):
        name = name.lower()
        long = len(rest) > MAX_ATTRIBUTES
        if long and sum(map(rest.count, " \t\n/=")) > MAX_ATTRIBUTES:
            return True
        if closing and opened[name]:
            opened[name] -= 1
            depth -= 1
        elif not closing and name not in _FLAT:
            opened[name] += 1
            depth += 1
        if depth > MAX_DEPTH:
            return True
    return False


def _shortened(html: str, limit: int) -> str:
    """Cut to a length, not within a tag or a character reference."""
    if len(html) <= limit:
        return html
    cut = html[:limit]
    if cut.rfind("<") > cut.rfind(">"):
        cut = cut[: cut.rfind("<")]
    return re.sub(r"&[#\w]{0,31}$", "", cut)


# --- The engines --------------------------------------------------------------


_local = threading.local()  # engines for each thread, and the base they work with


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Decide on one attribute of an allowed tag: its new value, or None."""
    if name not in POLICY.get(tag, ()):  # rel is set by the engine, and seen here too
        return REL if tag == "a" and name == "rel" else None
    if name in {"href", "src"}:
        return absolute(value, _local.base) or None
    if name in {"alt", "title"}:
        # No angle bracket inside a tag: what reads us may be simple.
        return folded(value).replace("<", "‹").replace(">", "›")
    number = re.fullmatch(r"\s*([0-9]{1,4})(?:px)?\s*", value)
    return number[1] if number else None


_ATTRIBUTES = {tag: set(names) for tag, names in POLICY.items() if names}


def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(TAGS),
        clean_content_tags=set(DROPPED),
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes=set(SCHEMES),
        link_rel=REL,
    )


def _by_nh3(html: str, base: str) -> str:
    if not hasattr(_local, "nh3"):
        _local.nh3 = _cleaner()
    _local.base = base
    return str(_local.nh3.clean(html))


_REFERENCE = re.compile(r"&#?\w{1,32};")


def _by_bleach(html: str, base: str) -> str:
    if not hasattr(_local, "bleach"):
        import bleach  # slow, and only for who has chosen it

        _local.bleach = bleach.Cleaner(
            tags=TAGS
            | DROPPED,  # known to its parser, so that script text is no markup
            attributes=lambda tag, name, value: name in POLICY.get(tag, ()),
            protocols=SCHEMES,
            strip=True,
            filters=[_policed],
        )
    _local.base = base
    return str(_local.bleach.clean(html))


def _policed(source: Any) -> Iterator[Any]:
    """Apply the table to bleach's tokens: what goes whole, what attributes become."""
    dropping, depth = "", 0
    for token in source:
        kind, name = token["type"], str(token.get("name", "")).lower()
        if dropping:
            depth += (kind == "StartTag") & (name == dropping)
            depth -= (kind == "EndTag") & (name == dropping)
            dropping = dropping if depth else ""
        elif name in DROPPED and kind in {"StartTag", "EmptyTag"}:
            dropping, depth = (name, 1) if kind == "StartTag" else ("", 0)
        elif name not in DROPPED:
            yield _with_attributes(token, name)


def _with_attributes(token: Any, tag: str) -> Any:
    if token["type"] not in {"StartTag", "EmptyTag"}:
        return token
    kept = {}
    for key, value in token["data"].items():
        # In attributes only a reference with its semicolon is one: "?a=1&copy=2".
        value = _REFERENCE.sub(lambda found: entities.unescape(found[0]), value)
        new = _attribute(tag, key[1], value)
        if new is not None:
            kept[key] = new.replace("&", "&amp;")
    if tag == "a":
        kept[(None, "rel")] = REL
    return {**token, "data": kept}


_ENGINES: dict[str, Callable[[str, str], str]] = {"nh3": _by_nh3, "bleach": _by_bleach}
_BARE_IMAGE = re.compile(r"<img(?![^>]* src=)[^>]*>")


def clean(html: str, *, base: str = "", engine: Engine = "nh3") -> str:
    """Return HTML in which only the policy's tags and attributes are left.

    Cleaning what is clean changes nothing: the engine runs until that is so, which
    is also what keeps markup from changing its meaning when it is read again.

    Args:
        base: What relative addresses in it are relative to.
    """
    html = printable(html)
    html = _DATA_URL.sub("", html) if _DATA.search(html) else html
    html = _shortened(html, MAX_HTML)
    run, provable = _ENGINES[engine], engine == "nh3" and _joins(base)
    if provable and is_stable(html):
        return html
    for left in reversed(range(ROUNDS)):
        if _too_hard(html):
            return _as_text(html)
        cleaned = run(html, base)
        if left and provable and len(cleaned) <= MAX_HTML and is_stable(cleaned):
            return cleaned
        cleaned = printable(_BARE_IMAGE.sub("", cleaned))
        if len(cleaned) > MAX_HTML:
            cleaned = _shortened(cleaned, MAX_HTML - 4_096)  # room for closing tags
        if cleaned == html:
            return html
        html = cleaned
    return _as_text(html)


def _as_text(html: str) -> str:
    text = text_of(_TAG.sub(" ", html))
    return _shortened(entities.escape(text, quote=False), MAX_HTML)


_BLOCK_TAG = re.compile(rf"</?(?:{'|'.join(sorted(_BLOCKS))})\b[^>]*>")
_ANY_TAG = re.compile(r"</?[a-z][^>]*>")


def text_of(html: str) -> str:
    """Return what a reader sees of clean HTML, as one line."""
    if "<" in html:
        html = _ANY_TAG.sub("", _BLOCK_TAG.sub(" ", html))
    return folded(entities.unescape(html))
