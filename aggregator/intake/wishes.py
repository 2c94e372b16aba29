"""Read from a feed's text its wishes, some of which feedparser loses, and a lost end.

Pure, and linear in the length of the text, whatever it holds.
"""

import re

MAX_LIST = 4_000  # characters of a list of hours or days; 24 hours need 500

_WEEK = "monday tuesday wednesday thursday friday saturday sunday".split()
_ITEM = re.compile(r"<(/?)(?:[\w.-]+:)?(?:item|entry)(?=[\s/>])", re.I)
# What is open at the end hides the rest: no opening is looked at twice.
_HIDDEN = re.compile(r"<!--(?:.*?-->|.*)|<!\[CDATA\[(?:.*?\]\]>|.*)", re.S)
_LISTS = {name: re.compile(rf"<{name}\s*>", re.I) for name in ("skipHours", "skipDays")}
_HOUR = re.compile(r"<hour\s*>\s*(\d{1,2})\s*</hour\s*>", re.A)
_DAY = re.compile(r"<day\s*>\s*([a-z]{6,9})\s*</day\s*>")
_ROOT = re.compile(r"<(?:[\w.-]+:)?(rss|feed|rdf|channel|entry)(?=[\s/>])[^<>]*>", re.I)


def minutes(text: str) -> int | None:
    """Read a ``ttl``: minutes for which a document may be kept."""
    return int(text) if re.fullmatch("[0-9]{1,6}", text.strip()) else None


def skip_times(text: str) -> tuple[frozenset[int], frozenset[int]]:
    """Return the hours (0 to 23, GMT) and days (0 is Monday) not to be asked in.

    RSS 2.0: ``skipHours`` and ``skipDays`` of the channel. Some write 24 for 0, as
    RSS 0.91 had it; what is no hour and no day counts as absent.
    """
    if "<skip" not in text.lower():
        return frozenset(), frozenset()
    channel = _outside_items(_HIDDEN.sub("", text))
    hours = {int(hour) for hour in _HOUR.findall(_list(channel, "skipHours"))}
    days = _DAY.findall(_list(channel, "skipDays"))
    return (
        frozenset(hour % 24 for hour in hours if hour <= 24),
        frozenset(_WEEK.index(day) for day in days if day in _WEEK),
    )


def _outside_items(text: str) -> str:
    tags = list(_ITEM.finditer(text))
    if not tags:
        return text
    return text[: tags[0].start()] + text[tags[-1].start() :]


def _list(channel: str, name: str) -> str:
    start = _LISTS[name].search(channel)
    if start is None:
        return ""
    rest = channel[start.end() : start.end() + MAX_LIST].lower()
    return rest.partition("</skip")[0]


def is_cut(text: str) -> bool:
    """Say whether a document's end is missing: nothing closes its root any more.

    What follows the end (a server's script, a counter) is no matter, nor is a lost last
    ``>``. Of a text in which no root is found, nothing can be said.
    """
    root = _ROOT.search(text)
    if root is None or root[0].endswith("/>"):
        return False
    last = root.end()
    for tag in _ITEM.finditer(text, root.end()):
        last = last if tag[1] else tag.end()
    end = re.compile(rf"</(?:[\w.-]+:)?{root[1]}(?=[\s>]|\Z)", re.I)
    return end.search(text, last) is None
