"""What a Vietnamese notice says: pure functions over its title and text.

Nothing here does I/O but reading the rule files beside the code, once.
"""

from aggregator.meaning.dates import parse_date
from aggregator.meaning.text import fold
from aggregator.meaning.text import nfc
from aggregator.meaning.text import plain_spaces
from aggregator.meaning.understanding import Rules
from aggregator.meaning.understanding import default_rules
from aggregator.meaning.understanding import understand

__all__ = [
    "Rules",
    "default_rules",
    "fold",
    "nfc",
    "parse_date",
    "plain_spaces",
    "understand",
]
