"""`make bench`: this service beside its peers, in the same run, in turn.

Goals are told and gate nothing; a wrong count ends the command with exit code 1.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import ExitStack
from contextlib import contextmanager
from pathlib import Path

from bench import growth
from bench import report
from bench.city import ROOT
from bench.city import Upstream
from bench.city import upstream
from bench.contestants import Contestant
from bench.contestants import Newsboat
from bench.contestants import Ours
from bench.contestants import Reader
from bench.process import BenchError
from bench.process import run
from bench.process import say
from bench.works import Bench

CACHE = ROOT / ".cache" / "bench"
WORKS: dict[str, Callable[[Bench], None]] = {
    "T1": Bench.first_pull,
    "T2": Bench.unchanged,
    "T3": Bench.some_new,
    "T4": Bench.latency,
    "T5": Bench.faults,
}
_TRIED = (1, 4, 16, 64)  # worker counts of peers, of which the best is taken
_TRIAL = 200  # feeds
_PEERS: dict[str, Callable[[Upstream, Path, Path], Contestant]] = {
    "reader": Reader,
    "newsboat": Newsboat,
}


def main() -> int:
    """Measure what was asked for; print the table, keep the numbers."""
    wanted = _arguments()
    CACHE.mkdir(parents=True, exist_ok=True)
    machine = report.facts(wanted.feeds, wanted.runs)
    if wanted.growth:
        return growth.main(CACHE, feeds=wanted.feeds, runs=wanted.runs)
    notes: list[str] = []
    with _contestants(wanted, notes) as contestants:
        bench = Bench(contestants, runs=wanted.runs, cache=CACHE)
        try:
            for name, runs in wanted.works:
                bench.runs = runs
                WORKS[name](bench)
        except (KeyboardInterrupt, BenchError) as error:
            notes.append(f"INVALID: broken off: {error!r}")
    machine["load_after"] = os.getloadavg()
    print(f"{machine}\n\n{report.table(bench.rows, wanted.feeds)}\n")
    print("\n".join(notes))
    document = report.as_json(bench.rows, machine, notes)
    file = wanted.json or CACHE / f"{machine['at'].replace(':', '')}.json"
    file.write_text(json.dumps(document, indent=1, ensure_ascii=False))
    invalid = [row for row in bench.rows.values() if row.faults]
    for row in invalid:
        print(f"INVALID: {row.work} {row.who}: {'; '.join(row.faults)}")
    broken = any(note.startswith("INVALID") for note in notes)
    return 1 if invalid or broken else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("works", nargs="*", help="T1 … T5 (all; T1:1: once); growth")
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peers", nargs="*", default=list(_PEERS), choices=_PEERS)
    parser.add_argument("--workers", type=int, help="of peers; else the best of four")
    parser.add_argument("--json", type=Path, help="file (.cache/bench/TIME.json)")
    parser.add_argument("--postgres", help="URL of a database to be made anew, too")
    wanted = parser.parse_args()
    wanted.growth = wanted.works == ["growth"]
    given = [each.partition(":") for each in wanted.works or WORKS]
    if not wanted.growth and any(name not in WORKS for name, _, _ in given):
        parser.error(f"works are {', '.join(WORKS)}; or growth, alone")
    wanted.works = [(name, int(runs or wanted.runs)) for name, _, runs in given]
    return wanted


@contextmanager
def _contestants(
    wanted: argparse.Namespace, notes: list[str]
) -> Iterator[list[Contestant]]:
    """Give everybody a simulator; leave out, by name, who cannot be had."""
    with ExitStack() as opened:

        def city() -> Upstream:
            return opened.enter_context(upstream(wanted.feeds, CACHE))

        _warm()
        found: list[Contestant] = [Ours(city(), CACHE / "ours", CACHE)]
        if wanted.postgres:
            home, database = CACHE / "ours-postgres", wanted.postgres
            found.append(Ours(city(), home, CACHE, database=database))
        for name in wanted.peers:
            try:
                workers = wanted.workers or _best_workers(name, notes)
                peer = _PEERS[name](city(), CACHE / f"{name}-data", CACHE)
            except BenchError as error:
                notes.append(str(error))
                say(str(error))
                continue
            peer.workers = workers
            found.append(peer)
        yield found


def _warm() -> None:
    """Pull a little, unmeasured, so that our modules too are compiled beforehand."""
    with upstream(4, CACHE) as city:
        ours = Ours(city, CACHE / "ours-trial", CACHE)
        ours.prepare()
        log = CACHE / "ours.log"
        run(ours.command(), env=ours.env(), folder=ours.cwd, log=log)


def _best_workers(name: str, notes: list[str]) -> int:
    """Try a peer's worker counts on a few feeds: a first pull, then an unchanged one.

    The first run of all is not counted: it compiles its modules.
    """
    spent: dict[int, float] = {}
    with upstream(_TRIAL, CACHE) as city:
        peer = _PEERS[name](city, CACHE / f"{name}-trial", CACHE)
        for count in (_TRIED[0], *_TRIED):
            peer.workers = count
            peer.prepare()
            spent[count] = sum(
                run(
                    peer.command(),
                    env=peer.env(),
                    folder=peer.cwd,
                    log=CACHE / f"{name}.log",
                ).seconds
                for _ in range(2)
            )
    best = min(spent, key=lambda count: spent[count])
    told = ", ".join(f"{count}: {seconds:.1f} s" for count, seconds in spent.items())
    notes.append(f"{name} at its best of {told} ({_TRIAL} feeds twice): {best} workers")
    say(notes[-1])
    return best


if __name__ == "__main__":
    sys.exit(main())
