"""Plain words as they leave the house: titles that no CMS can trip over.

NukeViet and Joomla print titles unescaped into attributes (feed_shapes C8, §9), tt-rss
on old MySQL loses four-byte characters, Drupal cuts at 255.
"""

import re

MAX_TITLE = 255  # characters
NO_TITLE = "(Không có tiêu đề)"
_OPENS = re.compile(r'(^|[\s(\[{“‘«‹/\-–—])"')
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")
# With the joiners and variation marks after it: alone they are an invisible title.
_WIDE = re.compile("[\U00010000-\U0010ffff][\u200d\ufe0e\ufe0f]*")


def publish_title(title: str, text: str = "") -> str:
    """Make a title harmless: typographic for ``"<>``, no four-byte marks, ≤ 255.

    Args:
        text: Serves where the title is empty.
    """
    harmless = _harmless(title) or shorten(_harmless(text), 80) or NO_TITLE
    return shorten(harmless, MAX_TITLE)


def _harmless(words: str) -> str:
    words = _WIDE.sub("", _UNFIT.sub("", words))
    words = _OPENS.sub(r"\1“", words).replace('"', "”")
    words = words.replace("<", "‹").replace(">", "›")
    return " ".join(words.split())


def fit_for_xml(text: str) -> str:
    """Drop what XML cannot hold."""
    return _UNFIT.sub("", text)


def plain(text: str) -> str:
    """Make a text harmless for who prints it as it stands: on one line, without ``<>``.

    Joomla prints a summary of Atom raw, calendars their descriptions.
    """
    words = fit_for_xml(text).replace("<", "‹").replace(">", "›")
    return " ".join(words.split())


def shorten(text: str, length: int) -> str:
    """Cut at a word, with an ellipsis, to at most so many characters."""
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    at_word = cut.rsplit(" ", 1)[0] if " " in cut[length // 2 :] else cut
    return at_word.rstrip(" ,.;:-–") + "…"
