"""`make meaning`: how well notices are understood, on real titles; every miss a line.

Real titles come from titles.tsv (AGGREGATOR_TITLES names its folder); rows that a
second reader could label otherwise count half. What was made up for a test is told as
constructed. Goals are told and gate nothing.
"""

import csv
import os
import re
import sys
import time
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from datetime import date
from datetime import datetime
from pathlib import Path
from typing import Any

from aggregator.meaning.understanding import understand
from aggregator.model import ALL_LEVELS
from aggregator.model import Category
from aggregator.model import Level
from aggregator.model import Meaning
from aggregator.model import SourceHints

ROOT = Path(__file__).resolve().parents[1]
TITLES = Path(os.environ.get("AGGREGATOR_TITLES", ROOT / "../shared/titles"))
CONSTRUCTED = ROOT / "tests" / "data" / "meaning"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
GOAL = 20_000  # titles a second, on one core
Row = dict[str, str]


def main() -> int:
    """Print every table; 2 if the real titles are not there."""
    file = TITLES / "titles.tsv"
    if not file.is_file():
        print("titles.tsv is not there: set AGGREGATOR_TITLES", file=sys.stderr)
        return 2
    rows = _table(file)
    print(f"{len(rows)} real titles, {NOW.date()} taken for today\n")
    for part in (_levels, _categories, _facts, _usage, _constructed, _speed):
        print("\n".join(part(rows)) + "\n")
    return 0


def _table(file: Path) -> list[Row]:
    with file.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def read(row: Row, *, with_text: bool) -> Meaning:
    """Understand a row, with nothing known of its source."""
    text = row.get("first_sentence", "-") if with_text else "-"
    return understand(
        row["title"],
        "" if text == "-" else text,
        hints=SourceHints(),
        now=NOW,
        published=None,
    )


def weight(row: Row) -> float:
    """Count a doubtful row half."""
    return 0.5 if row["doubtful"] == "y" else 1.0


# --- Levels -------------------------------------------------------------------


@dataclass(slots=True)
class Score:
    """Levels given against levels wanted, row by row; "all" counts as the five."""

    rows: int = 0
    weight: float = 0.0
    right: float = 0.0
    missing: float = 0.0
    extra: float = 0.0
    exact: float = 0.0

    def add(self, want: frozenset[Level], got: frozenset[Level], by: float) -> None:
        """Count one row."""
        self.rows += 1
        self.weight += by
        self.right += by * len(want & got)
        self.missing += by * len(want - got)
        self.extra += by * len(got - want)
        self.exact += by * (want == got)

    def line(self, name: str) -> str:
        """Write a row of the table."""
        f1 = 2 * self.right / (2 * self.right + self.missing + self.extra or 1)
        recall = self.right / (self.right + self.missing or 1)
        precision = self.right / (self.right + self.extra or 1)
        exact = self.exact / (self.weight or 1)
        return (
            f"| {name} | {self.rows} | {f1:.3f} | {recall:.3f} | {precision:.3f}"
            f" | {exact:.3f} |"
        )


_HEAD = "| levels | rows | F1 | recall | precision | exact |\n|---|---|---|---|---|---|"


def wanted(row: Row) -> frozenset[Level]:
    """Read a row's label."""
    names = row["levels"]
    return ALL_LEVELS if names == "all" else frozenset(map(Level, names.split(",")))


def _named(levels: frozenset[Level]) -> str:
    return "all" if levels == ALL_LEVELS else ",".join(sorted(levels)) or "-"


def score(rows: Iterable[Row], *, with_text: bool, misses: list[str]) -> Score:
    """Hold the rules against labels; add a line for each row that differs."""
    total = Score()
    for row in rows:
        meaning = read(row, with_text=with_text)
        want, got = wanted(row), meaning.levels or ALL_LEVELS
        total.add(want, got, weight(row))
        if want != got:
            tags = f"{row.get('evidence', '')}{' doubtful' * (weight(row) < 1)}".strip()
            told = f"wanted {_named(want)}, got {_named(got)}"
            misses.append(f"- [{tags}] {row['title'][:120]}: {told}")
    return total


def _levels(rows: list[Row]) -> Iterator[str]:
    by_title = [row for row in rows if row["evidence"] == "T"]
    slugs = [row for row in by_title if row["form"].startswith("slug")]
    first = [row for row in rows if row["evidence"] == "S"]
    told = [row for row in first if row["first_sentence"] != "-"]
    misses: list[str] = []
    yield _HEAD
    for name, part, with_text in (
        ("evidence T, title alone", by_title, False),
        ("evidence T, slug forms", slugs, False),
        ("evidence T, other forms", [r for r in by_title if r not in slugs], False),
        ("evidence S, with its first sentence", told, True),
    ):
        yield score(part, with_text=with_text, misses=[]).line(name)
    yield score(rows, with_text=True, misses=misses).line("all rows")
    if len(told) < len(first):
        yield f"\n{len(first) - len(told)} rows of S have no sentence: left out there"
    yield f"\nLevels missed, over all rows ({len(misses)}):\n"
    yield from misses


# --- Categories ---------------------------------------------------------------


def _categories(rows: list[Row]) -> Iterator[str]:
    confusion: Counter[tuple[str, str]] = Counter()
    misses, right = [], 0.0
    for row in rows:
        got = read(row, with_text=True).category
        confusion[row["category"], got] += 1
        right += weight(row) * (got == row["category"])
        if got != row["category"]:
            misses.append(f"- {row['title'][:120]}: {row['category']}, got {got}")
    share = right / sum(map(weight, rows))
    yield f"category right: {share:.3f} (rows, not weighted, below)\n"
    yield "| labelled ↓, got → | " + " | ".join(Category) + " |"
    yield "|---" * (len(Category) + 1) + "|"
    for want in Category:
        cells = " | ".join(str(confusion[want, got]) for got in Category)
        yield f"| {want} | {cells} |"
    yield f"\nCategories missed ({len(misses)}):\n"
    yield from misses


# --- Numbers and dates ----------------------------------------------------------


def _facts(rows: list[Row]) -> Iterator[str]:
    yield "| facts that stand in the title | rows | misses |\n|---|---|---|"
    misses: list[str] = []
    for name, column, found in (
        ("document number", "doc_number", _number),
        ("date of issue", "issued_date", _issued),
        ("deadline or event", "event_or_deadline", _when),
    ):
        asked = [row for row in rows if _stands(row["title"], row[column], row)]
        got = [found(read(row, with_text=False)) for row in asked]
        wrong = [
            f"- {name}: {row['title'][:120]}: {row[column]}, got {told or '-'}"
            for row, told in zip(asked, got, strict=True)
            if told != row[column][: len(told) or None]
        ]
        yield f"| {name} | {len(asked)} | {len(wrong)} |"
        misses += wrong
    yield f"\nFacts missed ({len(misses)}):\n"
    yield from misses


def _stands(title: str, value: str, row: Row) -> bool:
    """Say whether what is labelled stands in the title, year and all; not of a slug."""
    if value == "-" or row["form"].startswith("slug"):
        return False
    parts = re.match(r"(\d{4})-(\d\d)-(\d\d)", value)
    if not parts:
        return value in title
    day, month = int(parts[3]), int(parts[2])
    shape = rf"(?<!\d)0?{day}(?: ?[/.-] ?| tháng )0?{month}(?: ?[/.-] ?|,? năm )"
    shape += parts[1]
    return re.search(shape, title, re.IGNORECASE) is not None


def _number(meaning: Meaning) -> str:
    return meaning.document.number if meaning.document else ""


def _issued(meaning: Meaning) -> str:
    issued = meaning.document.issued if meaning.document else None
    return issued.isoformat() if issued else ""


def _when(meaning: Meaning) -> str:
    when = meaning.event.start if meaning.event else meaning.deadline
    return _day(when) if when else ""


def _day(when: date | datetime) -> str:
    return when.isoformat()[:10]


# --- Which rule serves ------------------------------------------------------------


def _usage(rows: list[Row]) -> Iterator[str]:
    serves: Counter[str] = Counter()
    for row in rows:
        because = read(row, with_text=True).because
        serves.update({f"{each.says} | {each.where}" for each in because})
    yield "| rule | seen in | rows |\n|---|---|---|"
    for name, number in sorted(serves.items(), key=lambda pair: (-pair[1], pair[0])):
        yield f"| {name} | {number} |"


# --- Constructed ------------------------------------------------------------------


def _constructed(_: list[Row]) -> Iterator[str]:
    yield "Constructed for tests, so no measure of real notices:\n"
    plausible = CONSTRUCTED / "plausible.tsv"
    if plausible.is_file():
        misses: list[str] = []
        yield _HEAD
        rows = _table(plausible)
        told = score(rows, with_text=False, misses=misses)
        yield told.line("plausible titles (constructed)")
        yield from misses
    yield "\n| constructed set | asked | right |\n|---|---|---|"
    wrong: list[str] = []
    for name in ("phrases", "invitations"):
        file = CONSTRUCTED / f"{name}.toml"
        yield _set_line(name, file, wrong) if file.is_file() else f"| {name} | - | - |"
    yield from wrong


# A key of a constructed row: what is read of the meaning to be held against it.
_ASKED: dict[str, Callable[[Meaning], object]] = {
    "category": lambda meaning: meaning.category,
    "number": _number,
    "issued": _issued,
    "deadline": lambda meaning: meaning.deadline or "",
    "start": lambda meaning: meaning.event.start if meaning.event else "",
    "end": lambda meaning: (meaning.event.end or "") if meaning.event else "",
    "place": lambda meaning: meaning.event.place if meaning.event else "",
}


def _set_line(name: str, file: Path, wrong: list[str]) -> str:
    """Hold one file against the rules: any array of tables with a title or a text."""
    asked = right = 0
    for row in _set_rows(tomllib.loads(file.read_text(encoding="utf-8"))):
        meaning = understand(
            str(row.get("title", "")),
            str(row.get("text", "")),
            hints=SourceHints(),
            now=_moment(row.get("now")) or NOW,
            published=_moment(row.get("published") or row.get("near")),
        )
        for key in _ASKED.keys() & row.keys():
            got, asked = _ASKED[key](meaning), asked + 1
            if _same(row[key], got):
                right += 1
            else:
                said = row.get("title") or row.get("text")
                wrong.append(f"- {name}: {said}: {key} {row[key]}, got {got or '-'}")
    return f"| {name} (constructed) | {asked} | {right} |"


def _set_rows(tables: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for value in tables.values():
        for row in value if isinstance(value, list) else [value]:
            if isinstance(row, dict):
                if "title" in row or "text" in row:
                    yield row
                else:
                    yield from _set_rows(row)


def _moment(value: object) -> datetime | None:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _same(want: object, got: object) -> bool:
    """Compare as text; a moment given without its offset, or a day, is enough."""
    told = got.isoformat() if isinstance(got, date) else str(got)
    asked = want.isoformat() if isinstance(want, date) else str(want)
    return told == asked or (isinstance(got, datetime) and told.startswith(asked))


# --- Speed ------------------------------------------------------------------------


def _speed(rows: list[Row]) -> Iterator[str]:
    titles = [row["title"] for row in rows]
    ours = _fastest(lambda: [_understood(title) for title in titles])
    yard = _fastest(lambda: [_yardstick(title) for title in titles])
    each = ours / len(titles)
    yield "| speed, one core | |\n|---|---|"
    yield f"| levels, category, facts | {1 / each:,.0f} titles/s (goal {GOAL:,}) |"
    yield f"| of one title | {each * 1e6:.1f} µs |"
    yield f"| the yardstick of the same title | {yard / len(titles) * 1e6:.1f} µs |"
    yield f"| ratio | {ours / yard:.2f} |"


def _understood(title: str) -> Meaning:
    return understand(title, "", hints=SourceHints(), now=NOW, published=None)


def _yardstick(title: str) -> int:
    """Do a fixed work on a title, so that runs on other machines can be compared."""
    parts = unicodedata.normalize("NFD", title).lower()
    return len(re.findall(r"[a-z]+", parts)) + len(title.encode().split(b" "))


def _fastest(job: Callable[[], object], runs: int = 25) -> float:
    """Take the best of some runs: what else the machine does only adds."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        job()
        times.append(time.process_time() - start)
    return min(times)


if __name__ == "__main__":
    sys.exit(main())
