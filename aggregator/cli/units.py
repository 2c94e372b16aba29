"""`aggregator units`: which schools that name themselves asked for what, and when."""

from collections.abc import Iterator
from collections.abc import Sequence
from datetime import datetime
from datetime import timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import click

from aggregator.cli.common import Place
from aggregator.cli.common import opened
from aggregator.cli.common import print_json
from aggregator.cli.common import rfc3339
from aggregator.model import Settings
from aggregator.model import UnitUse
from aggregator.store.units import read_uses
from aggregator.work.declaring import now

_DAYS = 30


@click.command()
@click.option("--unit", metavar="KEY", help="This school alone.")
@click.option(
    "--days",
    default=_DAYS,
    show_default=True,
    type=click.IntRange(1, 400),
    help="So many days back, today included.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def units(place: Place, unit: str | None, days: int, as_json: bool) -> None:
    """Say who asked for what: schools that name themselves by u=KEY."""
    settings = place.settings()
    today = now().astimezone(ZoneInfo(settings.site.timezone)).date()
    with opened(place, settings) as store, store.read() as connection:
        uses = read_uses(connection, since=today - timedelta(days - 1), unit=unit)
    found = list(_by_unit(uses, settings))
    if as_json:
        print_json({"since": (today - timedelta(days - 1)).isoformat(), "units": found})
        return
    for each in found:
        click.echo(f"{each['unit']:<32} {each['requests']:>9}  {_day(each['last'])}")
        for one in each["selections"]:
            click.echo(f"  {one['requests']:>9}  {_day(one['last'])}  {one['path']}")
    if not found:
        click.echo("chưa có đơn vị nào / no unit has asked yet", err=True)


def _day(moment: str) -> str:
    return datetime.fromisoformat(moment).strftime("%d/%m/%Y %H:%M")


def _by_unit(uses: Sequence[UnitUse], settings: Settings) -> Iterator[dict[str, Any]]:
    """Put together what each unit asked for; "*" are those beyond the bound."""
    for unit, those in groupby(uses, key=lambda use: use.unit):
        asked = [
            _selection(path, list(days), settings)
            for path, days in groupby(those, key=lambda use: use.selection)
        ]
        yield {
            "unit": unit,
            "requests": sum(each["requests"] for each in asked),
            "last": max(each["last"] for each in asked),
            "selections": asked,
        }


def _selection(
    path: str, days: Sequence[UnitUse], settings: Settings
) -> dict[str, Any]:
    return {
        "path": path,
        "requests": sum(day.requests for day in days),
        "last": rfc3339(max(day.last for day in days), settings),
        "days": [{"day": d.day.isoformat(), "requests": d.requests} for d in days],
    }
