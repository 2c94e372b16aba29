"""`aggregator pull`: pull once what is due, or what is named, or all."""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from datetime import datetime

import click

from aggregator.cli.common import Place
from aggregator.cli.common import log_to_stderr
from aggregator.cli.common import opened
from aggregator.cli.common import print_json
from aggregator.cli.common import rfc3339
from aggregator.errors import sentence
from aggregator.intake.reports import Report
from aggregator.model import Attempt
from aggregator.model import Outcome
from aggregator.model import Settings
from aggregator.model import SourceRow
from aggregator.publish.view import unknown
from aggregator.store import sources as stored
from aggregator.store.engine import Store
from aggregator.work.declaring import now
from aggregator.work.engine import Engine
from aggregator.work.engine import running
from aggregator.work.signals import until_told


@dataclass(slots=True)
class _Tally:
    """What one `pull` did; the four counts of sources add up to those tried."""

    sources: Counter[str] = field(default_factory=Counter)
    items: Counter[str] = field(default_factory=Counter)
    failures: list[dict[str, str]] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)  # sources of which there is a report

    def add(self, report: Report) -> None:
        attempt = report.attempt
        self.ended.add(report.source)
        if report.lost:
            self.sources["busy"] += 1
        elif attempt.outcome is Outcome.FAILED:
            self.sources["failed"] += 1
            self.failures.append(
                {
                    "source": report.source,
                    "reason": attempt.reason,
                    "detail": attempt.detail,
                }
            )
        else:
            pulled = attempt.outcome is Outcome.PULLED
            self.sources["pulled" if pulled else "unchanged"] += 1
            self._add_items(attempt)

    def _add_items(self, attempt: Attempt) -> None:
        plan = attempt.plan
        if plan is not None:
            self.items.update(plan.counts)


_PATIENCE = 5.0  # seconds for a host that another process is asking
_TELLING = 15.0  # seconds for mail server and webhook; what is left is not lost
_SOURCES = ("pulled", "unchanged", "failed", "busy")
_ITEMS = ("new", "changed", "unchanged", "duplicate", "rejected", "withdrawn")


@click.command()
@click.argument("source", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Pull every source.")
@click.option(
    "--force", is_flag=True, help="Pull even what a server asked to leave alone."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def pull(
    place: Place, source: Sequence[str], everything: bool, force: bool, as_json: bool
) -> None:
    """Pull once what is due, or the SOURCEs named, or all."""
    log_to_stderr()
    settings = place.settings()
    for name in source:
        if name not in settings.sources:
            raise unknown("source", name, settings.sources)
    wanted = list(settings.sources) if everything else list(dict.fromkeys(source))
    started = time.monotonic()
    with opened(place, settings) as store:
        skipped = {} if force else _limited(store, wanted)
        asked = [name for name in wanted if name not in skipped]
        tally = _pull(store, settings, asked if wanted else None, force)
        spared = [name for name in asked if name not in tally.ended]
        skipped |= _limited(store, spared)  # since their host limited others meanwhile
    seconds = time.monotonic() - started
    _say_skipped(skipped, settings)
    if as_json:
        print_json(_document(tally, skipped, settings, seconds))
    else:
        _print(tally, settings, seconds)
    sys.exit(1 if tally.failures else 0)


def _limited(store: Store, wanted: list[str]) -> dict[str, datetime]:
    with store.read() as connection:
        return stored.limited(connection, wanted, now())


def _pull(
    store: Store, settings: Settings, wanted: list[str] | None, force: bool
) -> _Tally:
    tally = _Tally()
    with running(store, settings) as engine:
        rows = engine.claim(wanted=wanted, force=force)
        for report in _reports(engine, rows):
            tally.add(report)
        left = set(wanted or ()) - {row.source.id for row in rows}
        for report in _reports(engine, late := _late(engine, left, force)):
            tally.add(report)
        tally.sources["busy"] += len(left) - len(late)
        engine.look_around(patience=_TELLING)
    return tally


def _late(engine: Engine, left: set[str], force: bool) -> list[SourceRow]:
    """Lease what was named and whose host somebody else was asking, if that ends."""
    rows: list[SourceRow] = []
    deadline = time.monotonic() + _PATIENCE
    while len(rows) < len(left) and time.monotonic() < deadline:
        missing = left - {row.source.id for row in rows}
        rows += engine.claim(wanted=missing, force=force)
        time.sleep(0.25 if len(rows) < len(left) else 0)
    return rows


def _reports(engine: Engine, rows: list[SourceRow]) -> Iterator[Report]:
    """Pull leased sources, with a bar where somebody watches.

    Raises:
        click.Abort: SIGTERM or SIGINT came. It is looked for between two steps: an
            exception thrown by the signal itself may land where Python swallows it.
    """
    engine.puller.submit(rows)
    renewed = time.monotonic()
    bar_shown = sys.stderr.isatty() and bool(rows)
    with until_told() as told, click.progressbar(
        length=len(rows),
        label="pull",
        file=sys.stderr,
        hidden=not bar_shown,
    ) as bar:
        while engine.puller.in_flight:
            if told.is_set():
                raise click.Abort
            report = engine.puller.step(0.5)
            if report is not None:
                bar.update(1)
                yield report
            if time.monotonic() - renewed > 60:
                engine.renew()
                renewed = time.monotonic()


def _say_skipped(skipped: dict[str, datetime], settings: Settings) -> None:
    for name, until in skipped.items():
        moment = rfc3339(until, settings)
        click.echo(
            f"{name}: the server asks to be left alone until {moment} (--force)",
            err=True,
        )


def _document(
    tally: _Tally, skipped: dict[str, datetime], settings: Settings, seconds: float
) -> dict[str, object]:
    return {
        "sources": {name: tally.sources[name] for name in _SOURCES},
        "items": {name: tally.items[name] for name in _ITEMS},
        "failures": tally.failures,
        "skipped": [
            {"source": name, "until": rfc3339(until, settings)}
            for name, until in skipped.items()
        ],
        "seconds": round(seconds, 3),
    }


def _print(tally: _Tally, settings: Settings, seconds: float) -> None:
    sources = " · ".join(f"{tally.sources[name]} {name}" for name in _SOURCES)
    items = " · ".join(f"{tally.items[name]} {name}" for name in _ITEMS)
    click.echo(f"sources: {sources}\nitems:   {items}\nseconds: {seconds:.1f}")
    for failure in tally.failures:
        says = sentence(failure["reason"], settings.site.language)
        click.echo(f"{failure['source']}: {says} ({failure['detail']})", err=True)
