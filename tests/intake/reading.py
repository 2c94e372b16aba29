"""What tests of reading share: outside documents, a browser's eye, a measure of time.

Neighbours on the machine make every second longer; so time is held against a fixed
piece of work, done at the same moment, of which a quiet core does 36 in 2 seconds.
"""

import os
import re
import time
from pathlib import Path

import lxml.html

from aggregator.intake.sanitize import POLICY
from aggregator.intake.sanitize import REL

CORPUS = Path(
    os.environ.get("AGGREGATOR_CORPUS")
    or Path(__file__).parents[3] / "shared" / "corpus"
)
WEB = re.compile(r"https?://[a-z0-9_.:\[\]-]+(?:[/?#][^\s\"<>\\\\^`{|}]*)?", re.ASCII)


MOST_PIECES = 36  # for one document: 2 CPU seconds of a quiet core


def piece() -> float:
    """Do the fixed piece of work; give the CPU time that it took just now."""
    began = time.process_time()
    sum(len(f"{n:x}".replace("a", "")) for n in range(200_000))
    return time.process_time() - began


def on_a_quiet_core(seconds: float) -> float:
    """Say what CPU time just measured would have been without neighbours."""
    return seconds if seconds < 1 else seconds * 2 / MOST_PIECES / piece()


def faults(html: str) -> list[str]:
    """Read HTML as a browser does and list all that the table does not allow."""
    found = []
    for element in lxml.html.fragment_fromstring(html, create_parent="main").iter():
        tag = element.tag
        if tag == "main" and element.getparent() is None:
            continue
        if not isinstance(tag, str) or tag not in POLICY:
            found.append(f"<{tag}>")
            continue
        for name, value in element.attrib.items():
            if name in {"href", "src"}:
                found += [] if WEB.fullmatch(value) else [value]
            elif (tag, name, value) != ("a", "rel", REL) and name not in POLICY[tag]:
                found.append(f"{tag}.{name}")
    return found
