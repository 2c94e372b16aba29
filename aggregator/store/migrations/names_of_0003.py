"""The names that step 0003 gave to what was stored before there were any.

A copy of `intake.names.names` as it was then, frozen: a step means the same for
ever. Who changes a name there adds a step that writes the new ones, and lets the test
that holds this copy against it go.
"""

import hashlib
import re
import unicodedata
from urllib.parse import SplitResult
from urllib.parse import urlsplit

AT_ONCE = 5_000  # sightings
_LONGEST = 500
_SCHEME = re.compile(r"^https?://", re.IGNORECASE)
_HCM_ARTICLE = re.compile(
    r"([^/?#]+)/(?:[^?#]*/)?(?:ct(?:full|mb)?/\d+/(\d+)/?"
    r"|[^/?#]*-(?:vb)?ct?\d+-(\d+)\.aspx)"
)
_ARTICLE_NUMBER = re.compile(r"(?:[-_/=](?=\d\d)|(?<==))(\d+)(?:\.\w{1,5})?/?$")
_YEAR = re.compile(r"(?:19|20)\d\d")
_LEAST_NUMBER = 3
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad"
    "\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_SPACES = re.compile(r"\s+")
_STRAY_MARKS = re.compile("[\u0300-\u036f]")
_I_FOR_Y = re.compile(r"\b(qu|[hklmst])i\b")
_LOOK_ALIKES = {
    **dict.fromkeys("“”„‟«»〝〞″", '"'),
    **dict.fromkeys("‘’‚‛ʼ`´′ʹ", "'"),
    **dict.fromkeys("‐‑‒–—―−﹣－", "-"),
    **dict.fromkeys("đĐÐðɖ", "d"),
}


def second_names(title: str, link: str, number: str) -> set[str]:
    """List the names of an item but its guid: link, title and path, number, hash."""
    found = {f"sha256:{_sha256(title, _address(link))}"}
    if link:
        found.add(_stored(_key(link)))
    path = _path(link)
    if title and path:
        found.add(f"title:{_sha256(fold(title), path)}")
    if number:
        found.add(f"document:{fold(number)}")
    article = _article_number(link)
    if len(article) >= _LEAST_NUMBER:
        host = _split(link).netloc.lower().removeprefix("www.")
        found.add(f"article:{host}/{article}")
    return found


def _sha256(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _stored(key: str) -> str:
    return key if len(key) <= _LONGEST else f"sha256:{_sha256(key)}"


def _key(link: str) -> str:
    key = _SCHEME.sub("", link, count=1)
    page, _, query = key.partition("?")
    ours = not query or page.split("/", 1)[0].lower().endswith("hcm.edu.vn")
    article = _HCM_ARTICLE.fullmatch(page) if key != link and ours else None
    return f"{article[1].lower()}/ct/{article[2] or article[3]}" if article else key


def _split(link: str) -> SplitResult:
    try:
        return urlsplit(link)
    except ValueError:  # what a newer Python takes for no address stops no step
        return urlsplit("")


def _address(link: str) -> str:
    parts = _split(link)
    host = parts.netloc.lower().removeprefix("www.")
    query = f"?{parts.query}" if parts.query else ""
    return f"{host}{parts.path}{query}"


def _article_number(link: str) -> str:
    found = _ARTICLE_NUMBER.search(_address(link))
    return found[1] if found and not _YEAR.fullmatch(found[1]) else ""


def _path(link: str) -> str:
    parts = _split(link)
    query = f"?{parts.query}" if parts.query else ""
    path = parts.path.rstrip("/")
    return f"{path}{query}" if path or query else ""


def _base_letter(char: str) -> str:
    parts = unicodedata.normalize("NFKD", char)
    base = "".join(part for part in parts if not unicodedata.combining(part)).lower()
    return base if len(base) == 1 else char


def _fold_table() -> dict[int, str]:
    ranges = (range(0x41, 0x5B), range(0xA0, 0x250), range(0x1E00, 0x2070))
    codes = [code for part in (*ranges, range(0xFF01, 0xFF5F)) for code in part]
    table = {code: _base_letter(chr(code)) for code in codes}
    table |= {ord(char): plain for char, plain in _LOOK_ALIKES.items()}
    return table | {ord("\t"): " ", 0xA0: " ", 0x3000: " "}


_FOLD = _fold_table()


def fold(text: str) -> str:
    """Fold what was cleaned before it was stored: no letter bears many marks there."""
    spaced = _SPACES.sub(" ", text).strip()
    composed = unicodedata.normalize("NFC", _UNWANTED.sub("", spaced))
    return _I_FOR_Y.sub(r"\1y", _STRAY_MARKS.sub("", composed).translate(_FOLD))
