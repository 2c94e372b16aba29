"""Commands for what is understood: `relabel`, and a person's word, `correct`."""

import sys
from collections import Counter
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import click
import orjson

from aggregator.cli.common import Place
from aggregator.cli.common import opened
from aggregator.cli.common import print_json
from aggregator.cli.common import rfc3339
from aggregator.errors import AggregatorError
from aggregator.model import CATEGORY_LABELS
from aggregator.model import LEVEL_LABELS
from aggregator.model import Category
from aggregator.model import Correction
from aggregator.model import Level
from aggregator.model import Settings
from aggregator.publish.view import unknown
from aggregator.store.corrections import Case
from aggregator.store.corrections import cases
from aggregator.store.corrections import correct as keep
from aggregator.store.corrections import take_back
from aggregator.store.engine import Store
from aggregator.store.labels import RULES
from aggregator.store.labels import values_of
from aggregator.store.relabel import count
from aggregator.store.relabel import kept_facts
from aggregator.work.declaring import now
from aggregator.work.relabelling import Moved
from aggregator.work.relabelling import relabelled

# --- Rules --------------------------------------------------------------------


@click.command()
@click.option("--dry-run", "dry", is_flag=True, help="Only say what would move.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def relabel(place: Place, dry: bool, as_json: bool) -> None:
    """Apply today's rules to everything stored; what persons have said stays."""
    settings = place.settings()
    counts: Counter[str] = Counter()
    told: list[dict[str, Any]] = []
    with opened(place, settings) as store:
        for moved in _watched(store, settings, dry):
            parts = _parts(moved)
            counts.update(parts.keys())
            counts["moved"] += 1
            told.append({"id": moved.was.notice, "source": moved.was.source} | parts)
            if not as_json:
                click.echo(_line(moved, parts))
    if as_json:
        print_json({"dry_run": dry, "counts": dict(counts), "moved": told})
        return
    verb = "sẽ đổi / would move" if dry else "đã đổi / moved"
    names = ("category", "levels", "facets", "facts")
    parts_told = " · ".join(f"{counts[name]} {name}" for name in names)
    click.echo(f"{verb}: {counts['moved']} ({parts_told})", err=True)


def _watched(store: Store, settings: Settings, dry: bool) -> Iterator[Moved]:
    """Understand everything anew, with a bar where somebody watches."""
    hidden = not sys.stderr.isatty()
    length = None if hidden else _count(store)
    with click.progressbar(
        length=length or 0, label="relabel", file=sys.stderr, hidden=hidden
    ) as bar:
        yield from relabelled(store, settings, now=now(), dry=dry, passed=bar.update)


def _count(store: Store) -> int:
    with store.read() as connection:
        return count(connection)


def _parts(moved: Moved) -> dict[str, Any]:
    """Say what is understood otherwise, each part with what it was and is."""
    was, meaning = moved.was, moved.meaning
    pairs = {
        "category": (str(was.category), str(meaning.category)),
        "levels": (_names(was.levels), _names(meaning.levels)),
        "facets": (_facets(was.labels), _facets(values_of(meaning))),
        "facts": (was.facts, kept_facts(meaning)),
    }
    return {
        name: {"was": before, "is": after}
        for name, (before, after) in pairs.items()
        if before != after
    }


def _facets(labels: Iterable[tuple[str, str]]) -> list[list[str]]:
    return sorted(list(each) for each in labels if each[0] not in ("category", "level"))


def _names(levels: Iterable[Level]) -> list[str]:
    named = set(levels)
    return [str(level) for level in Level if level in named]


def _line(moved: Moved, parts: dict[str, Any]) -> str:
    changes = "; ".join(
        f"{name}: {_shown(part['was'])} → {_shown(part['is'])}"
        for name, part in parts.items()
    )
    return f"{moved.was.notice} {moved.was.source} “{moved.was.title}”\n  {changes}"


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return CATEGORY_LABELS[Category(value)]
    if value and all(name in set(Level) for name in value):
        return ", ".join(LEVEL_LABELS[Level(name)] for name in value)
    return orjson.dumps(value).decode() if value else "–"


# --- A person's word ----------------------------------------------------------


@click.command()
@click.argument("notice", type=click.UUID)
@click.option("--category", type=click.Choice([str(name) for name in Category]))
@click.option("--levels", metavar="LEVEL,…|all", help="Which levels it concerns.")
@click.option("--hide/--show", "hidden", default=None, help="Take it from readers.")
@click.option("--undo", is_flag=True, help="Ask the rules again instead.")
@click.option("--by", required=True, metavar="NAME", help="Who says so.")
@click.option("--why", default="", metavar="TEXT", help="The reason, for others.")
@click.pass_obj
def correct(place: Place, /, notice: UUID, undo: bool, **said: Any) -> None:
    """Say of a NOTICE what its rules do not; it stays so at each later reading."""
    settings = place.settings()
    correction = _correction(said)
    if said["by"].strip() in ("", RULES):
        raise click.UsageError("--by needs the name of a person")
    if undo == bool(correction.facets):
        raise click.UsageError("name what is right, or --undo")
    with opened(place, settings) as store:
        if undo:
            done = _undo(store, settings, str(notice))
        else:
            with store.write() as connection:
                done = keep(
                    connection,
                    str(notice),
                    correction,
                    by=said["by"],
                    why=said["why"],
                    now=now(),
                )
    if not done:
        raise AggregatorError(
            f"nothing to correct at {notice}: no such notice, or no word"
        )
    click.echo(f"{notice}: đã ghi / kept", err=True)


def _correction(said: dict[str, Any]) -> Correction:
    return Correction(
        category=Category(said["category"]) if said["category"] else None,
        levels=_levels(said["levels"]),
        hidden=said["hidden"],
    )


def _levels(text: str | None) -> frozenset[Level] | None:
    if text is None or text == "all":
        return None if text is None else frozenset()
    for name in text.split(","):
        if name not in set(Level):
            raise unknown("level", name, [str(level) for level in Level])
    return frozenset(Level(name) for name in text.split(","))


def _undo(store: Store, settings: Settings, notice: str) -> bool:
    with store.write() as connection:
        ended = take_back(connection, notice, now())
    for _ in relabelled(store, settings, now=now(), notices=[notice]):
        pass
    return bool(ended)


@click.command()
@click.option(
    "--as-tests", is_flag=True, help="JSON lines for tests/data/meaning/cases.jsonl."
)
@click.pass_obj
def corrections(place: Place, as_tests: bool) -> None:
    """List what persons have corrected, the latest first, as JSON lines."""
    settings = place.settings()
    with opened(place, settings) as store, store.read() as connection:
        for case in cases(connection):
            if as_tests and not case.correction.facets - {"state"}:
                continue  # hiding says nothing of what a notice means
            told = _test(case) if as_tests else _told(case, settings)
            sys.stdout.write(orjson.dumps(told).decode() + "\n")


def _test(case: Case) -> dict[str, Any]:
    """Write a correction as a test case: what `explain` is asked, and should answer."""
    return {
        "title": case.title,
        "text": case.text,
        "source": case.source,
        "expected": _expected(case.correction),
    }


def _told(case: Case, settings: Settings) -> dict[str, Any]:
    state = {None: {}, True: {"state": "hidden"}, False: {"state": "shown"}}
    return {
        "id": case.notice,
        "source": case.source,
        "title": case.title,
        "corrected": _expected(case.correction) | state[case.correction.hidden],
        "by": case.by,
        "at": rfc3339(case.at, settings),
        "why": case.why,
    }


def _expected(correction: Correction) -> dict[str, Any]:
    expected: dict[str, Any] = {}
    if correction.category is not None:
        expected["category"] = str(correction.category)
    if correction.levels is not None:
        expected["levels"] = _names(correction.levels)
    return expected
