"""Which characters of foreign text may stay. Pure."""

import re

from aggregator.meaning.text import is_plain
from aggregator.meaning.text import nfc

# C0 and C1 controls, bidirectional overrides, byte order marks, what is no character.
NO_TEXT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)


def printable(text: str) -> str:
    """Drop control characters and bidirectional overrides; write the rest as NFC."""
    return text if is_plain(text) else nfc(NO_TEXT.sub("", text))


def folded(text: str) -> str:
    """Write text as one line: printable, every run of blanks one blank."""
    return " ".join(printable(text).split())
