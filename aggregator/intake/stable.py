"""Tell HTML that cleaning leaves as it is: most of what was cleaned once. Pure.

A proof, not an opinion: what is stable here `sanitize.clean` would return unchanged,
with any base that can be joined to. So it says yes to a small part of HTML only, in
the very spelling in which the engine writes it:

- text of letters that have one form (`meaning.text.LETTERS`), ASCII and the references
  `&amp; &lt; &gt; &nbsp;`; angle brackets stand nowhere but around tags;
- tags of the policy, each closed by its own end tag, nested so that no rule of HTML's
  parser closes, moves or repeats one: no block within words, no `li` but in a list, no
  inline tag within another of its name, and in a table no
  words but in its cells;
- attributes as the policy writes them, each once: plain addresses, short numbers, and
  titles of one line.

All else is not known to be stable, and is cleaned again.
"""

import re

from aggregator.meaning.text import LETTERS

MAX_OPEN = 50  # elements at once
MAX_TAG = 500  # characters

# Up to 3.11.4 Python goes on from a wrong place after a possessive group that fails
# half-way (CPython issue 106052; Debian 12 has 3.11.2): nothing can be proved with it.
SOUND = re.match("(?:ab?c)*+", "acab").end() == 2  # type: ignore[union-attr]


def _ready(pattern: str) -> re.Pattern[str]:
    """Compile a proof; where Python's groups are not sound, one that proves nothing."""
    return re.compile(pattern if SOUND else "(?!)")


# --- Addresses ----------------------------------------------------------------

# A host that every reader takes for a name (no punycode, no dot at its end), or for one
# and the same number.
_LABEL = r"(?!xn--)[{}][a-z0-9-]{{0,62}}+(?<!-)"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_NUMBER = rf"(?:{_OCTET}\.){{3}}{_OCTET}(?![0-9a-z.-])"
_HOST = rf"(?:{_NUMBER}|(?:{_LABEL.format('a-z0-9')}\.)*+{_LABEL.format('a-z')})"
_PORT = "(?:[1-5][0-9]{4}|[1-9][0-9]{0,3})"
_ORIGIN = rf"https?://{_HOST}(?::{_PORT})?+"
# Neither brackets nor semicolons, and no question mark or hash with nothing behind it:
# the library writes these anew.
_SIGNS = "A-Za-z0-9@!$'()*+,=~._"
_ESCAPED = "%[0-9A-Fa-f]{2}"


def _some(signs: str, ampersand: str) -> str:
    return rf"(?:[{_SIGNS}{signs}-]++|{_ESCAPED}|{ampersand})"


def _address(ampersand: str) -> str:
    path, tail = _some("/:", ampersand), _some("/:?", ampersand)
    return rf"{_ORIGIN}(?:/{path}*+)?+(?:\?{tail}++)?+(?:\#{tail}++)?+"


# What `sanitize.absolute` leaves as it is.
ADDRESS = _ready(_address("&"))
# What it puts behind the origin of a base: a path without dots to be resolved.
ORIGIN = _ready(rf"{_ORIGIN}(?=[/?#]|\Z)")
ROOTED = _ready(rf"(?!//)(?:/(?!\.){_some('', '&')}*+)++(?:\?{_some('/:?', '&')}++)?+")

# --- Spelling -----------------------------------------------------------------

_WORD = f"[!#-%'-;=?-~{LETTERS}]++"
_LINE = rf"(?:{_WORD}(?: {_WORD})*+)?+"


def _attribute(name: str, value: str) -> str:
    return rf' {name}="{value}"(?![^>]* {name}=)'


_HREF = _attribute("href", _address("&amp;"))
_SRC = _attribute("src", _address("&amp;"))
_TITLE = _attribute("title", _LINE)
_SIZE = "|".join(_attribute(name, "[0-9]{1,4}") for name in ("width", "height"))
_SPAN = "|".join(_attribute(f"{name}span", "[0-9]{1,4}") for name in ("col", "row"))
_OTHERS = "|".join((_attribute("alt", _LINE), _TITLE, _SIZE))
_PARAGRAPHS = frozenset("p h1 h2 h3 h4 h5 h6".split())
_BLOCKS = frozenset("div section article figure figcaption blockquote".split())
_LISTS = frozenset("ul ol".split())
_INLINE = frozenset(
    "b strong i em u s sub sup code small cite q kbd samp var ins del mark a".split()
)
_SINGLE = frozenset("br img hr".split())
_ROWS = frozenset("tbody thead tfoot".split())
_CELLS = frozenset("td th".split())
_BARE = "|".join(sorted((_PARAGRAPHS | _BLOCKS | _LISTS | _INLINE | {"li"}) - {"a"}))

_SPELLED = _ready(
    rf"(?:[\t\n !-%'-;=?-~{LETTERS}]++"
    "|&(?:amp|lt|gt|nbsp);"
    rf"|<(?:/?(?:{_BARE})|br|hr|/a|/table"
    rf"|(?=[^<>]{{0,{MAX_TAG}}}>)(?:"
    rf'a(?:{_HREF}|{_TITLE})*+ rel="nofollow noopener"'
    rf"|img(?=[^>]* src=)(?:{_SRC}|{_OTHERS})*+"
    rf"|t[dh](?:{_SPAN}|{_SIZE})*+))>"
    # Between the tags of a table stand blanks: all else is moved before it.
    r'|<(?:table(?: width="[0-9]{1,4}")?+|/?(?:tbody|thead|tfoot|tr)|/t[dh])>'
    r"[\t\n ]*+(?=<))*+"
)

# --- Nesting ------------------------------------------------------------------

_TAG = re.compile("<(/?[a-z0-9]+)")
_WORDS = _INLINE | {"br", "img"}
_FLOW = _WORDS | _PARAGRAPHS | _BLOCKS | _LISTS | {"hr", "table"}
_HOLDS: dict[str, frozenset[str]] = {
    **dict.fromkeys(_PARAGRAPHS | _INLINE, _WORDS),
    **dict.fromkeys(_BLOCKS | _CELLS | {"", "li"}, _FLOW),
    **dict.fromkeys(_LISTS, frozenset({"li"})),
    "table": _ROWS,
    **dict.fromkeys(_ROWS, frozenset({"tr"})),
    "tr": _CELLS,
}
_CLOSED_BY = {f"/{tag}": tag for tag in _HOLDS if tag}


def is_stable(html: str) -> bool:
    """Say whether cleaning is known to leave HTML as it is."""
    return _SPELLED.fullmatch(html) is not None and _nested(_TAG.findall(html))


def _nested(tags: list[str]) -> bool:
    within = [""]
    for tag in tags:
        closed = _CLOSED_BY.get(tag)
        if closed:
            if within.pop() != closed:
                return False
        elif tag not in _HOLDS[within[-1]] or (tag in _INLINE and tag in within):
            return False
        elif tag not in _SINGLE:
            within.append(tag)
            if len(within) > MAX_OPEN:
                return False
    return len(within) == 1
