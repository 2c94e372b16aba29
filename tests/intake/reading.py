"""What tests of reading share: where outside documents are, and a browser's eye."""

import os
import re
from pathlib import Path

import lxml.html

from aggregator.intake.sanitize import POLICY
from aggregator.intake.sanitize import REL

CORPUS = Path(
    os.environ.get("AGGREGATOR_CORPUS")
    or Path(__file__).parents[3] / "shared" / "corpus"
)
WEB = re.compile(r"https?://[a-z0-9_.:\[\]-]+(?:[/?#][^\s\"<>\\\\^`{|}]*)?", re.ASCII)


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
