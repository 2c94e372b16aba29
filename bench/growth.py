"""What a feed costs when there are many, and when much is stored: a slow target.

Costs are CPU time: what else runs on the machine counts for less. Start-up is measured
and taken off, or it would hide what grows. Items are stored by
copying what a first pull stored, dated further back; only in SQLite.
"""

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median

from bench.city import ROOT
from bench.city import upstream
from bench.contestants import Ours
from bench.process import run
from bench.process import say
from bench.works import Bench

MORE_FEEDS = 10  # times as many
MORE_ITEMS = 50  # times as many
GROWTH = 0.20  # that is allowed
_BACK = 10  # days by which each copy is dated further back than the last
COPIES = (
    """INSERT INTO notices (id, published_at, first_seen_at, entered_at, state)
    SELECT :mark || substr(id, 9), {published_at}, {first_seen_at}, {entered_at}, state
    FROM notices WHERE id NOT LIKE 'old_____-%'""",
    """INSERT INTO sightings (pk, notice_id, source_pk, guid, first_seen_at, version,
    fingerprint, authority, category, level_bits, published_at, entered_at, state)
    SELECT pk + :by * :n, :mark || substr(notice_id, 9), source_pk, guid || :suffix,
    {first_seen_at}, version, fingerprint, authority, category, level_bits,
    {published_at}, {entered_at}, state FROM sightings WHERE pk <= :by""",
    """INSERT INTO keys (source_pk, key, sighting_pk, since)
    SELECT source_pk, key || :suffix, sighting_pk + :by * :n, {since} FROM keys
    WHERE sighting_pk <= :by""",
    """INSERT INTO versions (sighting_pk, n, at, given_at, fingerprint, title, link,
    html, text, author, enclosures, facts, raw)
    SELECT sighting_pk + :by * :n, n, {at}, {given_at}, fingerprint, title || :suffix,
    link || :suffix, html, text, author, enclosures, facts, raw FROM versions
    WHERE sighting_pk <= :by""",
    """INSERT INTO labels (notice_id, source_pk, facet, value, why, given_by, from_at)
    SELECT :mark || substr(notice_id, 9), source_pk, facet, value, why, given_by,
    {from_at} FROM labels WHERE notice_id NOT LIKE 'old_____-%'""",
)


def main(cache: Path, *, feeds: int, runs: int) -> int:
    """Measure a city, a country, and a city with a long memory; print what grew."""
    start = _start_seconds(cache, runs)
    few = _costs(cache, feeds, runs, start)
    many = _costs(cache, feeds * MORE_FEEDS, runs, start)
    long = _costs(cache, feeds, runs, start, copies=MORE_ITEMS - 1)
    print(f"start-up: {start:.2f} s of CPU, taken off\n")
    print("| µs of CPU a feed | few | 10 × feeds | 50 × items | growth | met |")
    print("|---|---|---|---|---|---|")
    for work, cost in few.items():
        grown = [other[work] / cost - 1 for other in (many, long) if work in other]
        shown = [f"{other.get(work, 0):.0f}" for other in (few, many, long)]
        growth = ", ".join(f"{each:+.0%}" for each in grown)
        met = "yes" if max(grown) <= GROWTH else "no"
        print(f"| {work} | {' | '.join(shown)} | {growth} | {met} |")
    return 0


def _start_seconds(cache: Path, runs: int) -> float:
    """Measure a command that has but one feed to ask, and nothing new to read."""
    log = cache / "growth.log"
    with upstream(1, cache) as city:
        ours = Ours(city, cache / "growth", cache)
        ours.prepare()
        spent = [
            run(ours.command(), env=ours.env(), folder=ROOT, log=log).cpu_seconds
            for _ in range(runs + 2)  # the first ones compile and read
        ]
    return median(spent[2:])


def _costs(
    cache: Path, feeds: int, runs: int, start: float, *, copies: int = 0
) -> dict[str, float]:
    """Measure T1 once and T2, T3 as often as wanted, in microseconds a feed."""
    with upstream(feeds, cache) as city:
        ours = Ours(city, cache / "growth", cache)
        bench = Bench([ours], runs=1, cache=cache)
        bench.first_pull()
        if copies:
            fill(ours, copies)
            del bench.rows["T1", "ours"]
        bench.counted = not copies
        bench.runs = runs
        bench.some_new()
        bench.unchanged_commands()
    faults = [fault for row in bench.rows.values() for fault in row.faults]
    if faults:
        say(f"INVALID: {faults}")
        sys.exit(1)
    return {
        row.work: (median(each.cpu_seconds for each in row.runs) - start) / feeds * 1e6
        for row in bench.rows.values()
        if row.who == ours.name
    }


def fill(ours: Ours, copies: int) -> None:
    """Copy what is stored so many times, each copy dated further back."""
    with closing(ours.store()) as store:
        for number in range(1, copies + 1):
            with store.write() as connection:
                query = "SELECT max(pk) FROM sightings WHERE guid NOT LIKE '%/old/%'"
                by = connection.exec_driver_sql(query).scalar_one()
                given = {
                    "mark": f"old{number:05x}",
                    "by": by,
                    "n": number,
                    "suffix": f"/old/{number}",
                }
                for statement in _statements(number):
                    connection.exec_driver_sql(statement, given)
            say(f"copy {number} of {copies}")


def _statements(number: int) -> Iterator[str]:
    names = "published_at first_seen_at entered_at since at given_at from_at".split()
    shift = f"-{number * _BACK} days"
    moved = {
        name: f"strftime('%Y-%m-%d %H:%M:%f', {name}, '{shift}') || '000'"
        for name in names
    }
    return (statement.format(**moved) for statement in COPIES)
