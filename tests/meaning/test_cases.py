"""Corrections of persons, as `aggregator corrections --as-tests` prints them.

Append its lines to tests/data/meaning/cases.jsonl, and teach the rules.
"""

import json
from datetime import UTC
from datetime import datetime
from pathlib import Path

import pytest

from aggregator.meaning.understanding import understand
from aggregator.model import SourceHints

CASES = Path(__file__).parents[1] / "data" / "meaning" / "cases.jsonl"
NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize("line", CASES.read_text("utf-8").splitlines())
def test_the_rules_have_learned_what_a_person_has_corrected(line: str) -> None:
    case = json.loads(line)
    found = understand(
        case["title"], case["text"], hints=SourceHints(), now=NOW, published=None
    )
    answer = {"category": found.category, "levels": sorted(found.levels)}
    for name, expected in case["expected"].items():
        wanted = sorted(expected) if name == "levels" else expected
        assert answer[name] == wanted, found.because
