"""Commands that tell how things stand: `check`, `sources`, `items`."""

import sys
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click
import orjson

from aggregator.cli.common import Place
from aggregator.cli.common import opened
from aggregator.cli.common import print_json
from aggregator.cli.common import rfc3339
from aggregator.errors import TURNS
from aggregator.errors import ConfigError
from aggregator.errors import Problem
from aggregator.errors import sentence
from aggregator.model import REDATES_TOLD
from aggregator.model import Level
from aggregator.model import Notice
from aggregator.model import Settings
from aggregator.model import SourceState
from aggregator.model import View
from aggregator.model.search import Sought


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def check(place: Place, as_json: bool) -> None:
    """Read feeds.toml and say every mistake in it."""
    problems: tuple[Problem, ...] = ()
    authorities = sources = 0
    try:
        settings = place.settings()
        authorities, sources = len(settings.authorities), len(settings.sources)
    except ConfigError as error:
        problems = error.problems
    if as_json:
        print_json(
            {
                "ok": not problems,
                "authorities": authorities,
                "sources": sources,
                "errors": [asdict(problem) for problem in problems],
            }
        )
    elif problems:
        click.echo("\n".join(str(problem) for problem in problems), err=True)
    else:
        click.echo(
            f"{place.config}: {authorities} cơ quan, {sources} nguồn tin, không có lỗi"
            f" / {authorities} authorities, {sources} sources, no mistakes"
        )
    sys.exit(2 if problems else 0)


# --- Sources ------------------------------------------------------------------


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def sources(place: Place, as_json: bool) -> None:
    """Tell how every source stands: since when, why, when it is asked again."""
    from aggregator.store.attempts import readings
    from aggregator.store.attempts import states
    from aggregator.store.incidents import open_incidents
    from aggregator.work.declaring import now

    settings = place.settings()
    with opened(place, settings) as store, store.read() as connection:
        found = states(connection, now())
        lasting = open_incidents(connection)
        read = readings(connection, (now() - timedelta(days=7)).date())
    if as_json:
        print_json(
            {
                "sources": [_source(state, settings) for state in found],
                "incidents": [_in_offset(asdict(each), settings) for each in lasting],
                "readings": read,
            }
        )
        return
    for state in found:
        click.echo(_source_line(state, settings))


def _source(state: SourceState, settings: Settings) -> dict[str, Any]:
    told = {
        name: rfc3339(value, settings) if isinstance(value, datetime) else value
        for name, value in asdict(state).items()
    }
    language = settings.site.language
    return told | {
        "says": sentence(state.reason, language),
        "turn_says": TURNS[state.turn][language == "en"] if state.turn else "",
    }


_STATES = {
    "new": "chưa đọc lần nào / not read yet",
    "ok": "tốt / well",
    "failing": "đang lỗi / failing",
    "limited": "tạm nghỉ theo yêu cầu máy chủ / paused as the server asked",
    "quiet": "im lặng lâu hơn lệ thường / silent for longer than is its habit",
    "gap": "có thể sót tin / items may have been missed",
    "off": "đã tắt / switched off",
}


def _source_line(state: SourceState, settings: Settings) -> str:
    parts = [f"{state.id}: {_STATES.get(state.state, state.state)}", *_why(state)]
    for words, moment in (
        ("từ / since", state.since),
        ("đọc được lần cuối / last ok", state.last_ok),
        ("tin mới nhất / last new item", state.last_new_item),
        ("lần tới / next", state.next_due),
    ):
        if moment is not None:
            parts.append(f"{words} {rfc3339(moment, settings)}")
    return " · ".join(part for part in parts if part)


def _why(state: SourceState) -> Iterator[str]:
    """Say why a source is not well, whose turn it is, and what else was noticed."""
    if state.reason:
        both = (sentence(state.reason, "vi"), sentence(state.reason, "en"))
        yield " / ".join(both)
        yield state.detail
    if state.turn:
        yield "ai xử lý / whose turn: " + " / ".join(TURNS[state.turn])
    if state.our_network:
        yield "nghi do mạng của chính hệ thống / our own network is blamed"
    if state.moved_to:
        yield f"đã chuyển hẳn sang / moved for good to {state.moved_to}"
    if state.flipping:
        yield "nội dung thay đổi qua lại / goes to and fro between two versions"
    if state.redates >= REDATES_TOLD:
        yield "chỉ đổi ngày đăng / touches only dates"


# --- Items --------------------------------------------------------------------


@click.command()
@click.option("--source", help="Only what this source shows.")
@click.option("--audience", help="Only what this authority's schools read.")
@click.option("--level", default="all", help="Level slugs, comma-separated.")
@click.option("--category", default="all", help="Category slugs, comma-separated.")
@click.option(
    "--q",
    metavar="WORDS",
    help='Only with these words in title, text or number; "a phrase", beginn*.',
)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1))
@click.option("--since", help="Only first seen since (a day, or RFC 3339).")
@click.option("--on", help="As it stood at the end of this day (2026-11-20).")
@click.option("--json", "as_json", is_flag=True, help="One document, not lines.")
@click.pass_obj
def items(place: Place, /, as_json: bool, **options: Any) -> None:
    """Print stored items as JSON lines, newest published first."""
    from aggregator.store.views import read_view

    settings = place.settings()
    view = _view(settings, options)
    since = _moment(options["since"], settings)
    sought = _sought(options["q"], options["on"])
    with opened(place, settings) as store, store.read() as connection:
        found = read_view(
            connection, view, source=options["source"], since=since, sought=sought
        )
    told = [_item(notice, settings) for notice in found]
    if as_json:
        print_json({"items": told})
        return
    for item in told:
        sys.stdout.write(orjson.dumps(item).decode() + "\n")


def _sought(text: str | None, on: str | None) -> Sought | None:
    from aggregator.meaning.searching import read_question

    if not text:
        return None
    if on:
        raise click.UsageError("--q looks in today's texts: it cannot go with --on")
    sought = read_question(text)
    if not sought:
        raise click.UsageError("--q has neither a letter nor a figure to look for")
    return sought


def _view(settings: Settings, options: dict[str, Any]) -> View:
    from dataclasses import replace

    from aggregator.model import Reach
    from aggregator.publish.view import select
    from aggregator.publish.view import unknown

    source = options["source"]
    if source is not None and source not in settings.sources:
        raise unknown("source", source, settings.sources)
    audience = options["audience"] or next(iter(settings.authorities))
    view = select(
        settings,
        audience,
        level=options["level"],
        category=options["category"],
        options={"on": options["on"] or ""},
    ).view
    view = replace(view, limit=options["limit"], by_entry=False)
    if options["audience"] is None:
        everyone = tuple(Reach(authority=name) for name in settings.authorities)
        view = replace(view, reach=everyone)
    return view


def _moment(text: str | None, settings: Settings) -> datetime | None:
    if text is None:
        return None
    zone = ZoneInfo(settings.site.timezone)
    try:
        if len(text) == len("2026-11-20"):
            return datetime.combine(date.fromisoformat(text), time(), zone)
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is not a moment", param_hint="--since"
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _item(notice: Notice, settings: Settings) -> dict[str, Any]:
    told = asdict(notice)
    for name in ("source_url", "source_title", "source_feed_id", "author"):
        told.pop(name)
    told |= {
        "levels": [level for level in Level if level in notice.levels],
        "facets": {name: list(values) for name, values in notice.facets.items()},
    }
    told = _in_offset(told, settings)
    assert isinstance(told, dict)
    return told


def _in_offset(value: Any, settings: Settings) -> Any:
    """Write every moment inside a value in the site's offset."""
    if isinstance(value, datetime):
        return rfc3339(value, settings)
    if isinstance(value, dict):
        return {name: _in_offset(part, settings) for name, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_in_offset(part, settings) for part in value]
    return value
