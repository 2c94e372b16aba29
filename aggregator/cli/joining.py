"""`aggregator duplicates`: notices that may be one, for an editor to look at."""

from dataclasses import asdict
from typing import Any

import click

from aggregator.cli.common import Place
from aggregator.cli.common import opened
from aggregator.cli.common import print_json
from aggregator.cli.common import rfc3339
from aggregator.model import Proposed
from aggregator.model import Settings

_WHY = {
    "number": ("cùng số, ký hiệu, khác lời", "one number, other words"),
    "title": ("cùng tiêu đề, nội dung gần giống", "one title, texts partly alike"),
    "both": ("một tin thứ ba là bản sao của cả hai", "a third one is a copy of both"),
}


@click.command()
@click.option("--limit", default=200, show_default=True, type=click.IntRange(1))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def duplicates(place: Place, limit: int, as_json: bool) -> None:
    """List notices that may be one. Nothing is joined by it: they wait for an editor.

    What is certainly one is joined when it comes, and stands in `items` as `also_at`.
    """
    from aggregator.store.joins import open_proposals

    settings = place.settings()
    with opened(place, settings) as store, store.read() as connection:
        found = open_proposals(connection, limit)
    if as_json:
        print_json({"proposals": [_told(each, settings) for each in found]})
        return
    for each in found:
        click.echo(_line(each, settings))
    if not found:
        click.echo("không có tin nào nghi trùng / no two notices may be one")


def _told(each: Proposed, settings: Settings) -> dict[str, Any]:
    names = ("notices", "titles", "links", "sources")
    values = asdict(each)
    both = zip(*(values[name] for name in names), strict=True)
    keys = ("id", "title", "link", "source")
    return {
        "why": each.why,
        "at": rfc3339(each.at, settings),
        "notices": [dict(zip(keys, one, strict=True)) for one in both],
    }


def _line(each: Proposed, settings: Settings) -> str:
    why = " / ".join(_WHY.get(each.why, (each.why, each.why)))
    lines = [f"{rfc3339(each.at, settings)} · {why}"]
    for title, source, link in zip(each.titles, each.sources, each.links, strict=True):
        lines.append(f"    {source}: {title} {link}".rstrip())
    return "\n".join(lines)
