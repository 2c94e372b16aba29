"""Make plain text of what a source wrote: titles, names, and text encoded twice.

Pure. After XML was decoded, text from real portals may still hold tags and character
references: their systems stored it escaped, and escaped it again on the way out.
"""

import re
from html import unescape
from html.entities import html5

from aggregator.intake.characters import folded
from aggregator.meaning.repair import is_strange
from aggregator.meaning.repair import repaired
from aggregator.meaning.repair import repaired_markup

MAX_TITLE = 1_000  # characters
MAX_NAME = 200  # of an author or a tag

# Only tags that HTML knows: "lớp <6 tuổi" and "a <b" are text.
_NAMES = (
    "a|abbr|article|b|big|blockquote|body|br|button|center|cite|code|dd|del|div|dl|dt"
    "|em|embed|figcaption|figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe"
    "|img|input|ins|label|li|link|mark|math|meta|nobr|noscript|object|ol|option|p|pre"
    "|q|s|script|section|select|small|source|span|strike|strong|style|sub|sup|svg"
    "|table|tbody|td|textarea|tfoot|th|thead|title|tr|tt|u|ul|video|wbr"
)
# A tag ends, or it has attributes; "<b và c" has neither.
_TAG = re.compile(
    rf"</?(?:{_NAMES})(?:\s*/?>|\s+[a-z-]+\s*(?:=[^<>]*)?/?>)", re.IGNORECASE
)
_BLOCK_TAG = re.compile(r"</?(?:p|div|br|li|tr|td|h[1-6])\b[^<>]*>", re.IGNORECASE)
_HIDDEN = re.compile(r"<(script|style)\b[^<>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_REFERENCE = re.compile(r"&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]+);")
# Liferay prints the absent part of a heading as the word "null".
_NULL = re.compile(r"null\s+(?=[^\W\d_a-z])")


def plain_title(text: str) -> str:
    """Make a title one line of plain text; whatever it held, no markup is left."""
    text = repaired(_without_tags(decoded_once(_without_tags(text))))
    return _NULL.sub("", folded(text), count=1)[:MAX_TITLE].rstrip()


def plain_name(text: str) -> str:
    """Make an author or a tag one short line of plain text."""
    return plain_title(text)[:MAX_NAME].rstrip()


def decoded_once(text: str) -> str:
    """Decode the character references that are known and whole; leave a lone ``&``."""
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _character(found: re.Match[str]) -> str:
    known = found[1][0] == "#" or f"{found[1]};" in html5
    return unescape(found[0]) if known else found[0]


def _without_tags(text: str) -> str:
    if "<" not in text:
        return text
    text = _BLOCK_TAG.sub(" ", _HIDDEN.sub(" ", text))
    return _TAG.sub("", text)


# --- Bodies -------------------------------------------------------------------

_ESCAPED_TAG = re.compile(
    rf"&lt;(?:/(?:{_NAMES})\s*|(?:br|hr|p|div)\s*/?|(?:img|a)\s[^<>]*?)&gt;", re.I
)
# References within references, but for those whose decoding would make markup.
_TWICE = re.compile(
    r"&amp;(?!(?:amp|lt|gt|quot|apos|#0*(?:34|38|39|60|62)"
    r"|#[xX]0*(?:22|26|27|3[cCeE]));)"
    r"(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]+);"
)


_GLANCED = 4_000  # characters in which a wrong encoding shows, if there is one


def repaired_html(html: str) -> str:
    """Undo one escaping too many, where it shows, and a wrong encoding of the text."""
    html = _unescaped_once(html)
    return repaired_markup(html) if _may_be_ruined(html[:_GLANCED]) else html


def repaired_text(text: str) -> str:
    """Undo a wrong encoding of a plain text."""
    return repaired(text) if is_strange(text[:_GLANCED]) else text


def _may_be_ruined(head: str) -> bool:
    return is_strange(_REFERENCE.sub(_character, head) if "&" in head else head)


def _unescaped_once(html: str) -> str:
    """Undo one escaping too many: ``&lt;p&gt;``, ``&amp;atilde;``."""
    if "&" not in html:
        return html
    if not _TAG.search(html) and _ESCAPED_TAG.search(html):
        html = unescape(html)
    return _TWICE.sub(_inner, html)


def _inner(found: re.Match[str]) -> str:
    known = found[1][0] == "#" or f"{found[1]};" in html5
    return f"&{found[1]};" if known else found[0]
