"""`aggregator explain`: what the rules make of a title, and why."""

import sys
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click
import orjson

from aggregator.cli.common import Place
from aggregator.meaning.rulebook import rules_in
from aggregator.meaning.understanding import understand
from aggregator.model import Level
from aggregator.model import Meaning
from aggregator.model import Settings
from aggregator.model import SourceHints
from aggregator.publish.view import unknown
from aggregator.work.declaring import now


@click.command()
@click.argument("title", required=False)
@click.option("--source", help="Weigh what is known of this source, too.")
@click.pass_obj
def explain(place: Place, title: str | None, source: str | None) -> None:
    """Explain a TITLE, or JSON lines {"title", "text"?, "source"?} on stdin."""
    settings = place.settings()
    asked: Iterator[dict[str, Any]] = iter([{"title": title}])
    if title is None:
        asked = _lines()
    for question in asked:
        answer = _answer(question, source, settings)
        sys.stdout.write(orjson.dumps(answer).decode() + "\n")


def _lines() -> Iterator[dict[str, Any]]:
    for number, line in enumerate(sys.stdin.buffer, 1):
        try:
            question = orjson.loads(line)
            texts = (question["title"], question.get("text"), question.get("source"))
            if not isinstance(texts[0], str) or not _are_texts(texts[1:]):
                raise TypeError(line)
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise click.UsageError(
                f'line {number} of stdin is not {{"title": …, "text"?, "source"?}}'
            ) from error
        yield question


def _are_texts(values: Iterable[object]) -> bool:
    return all(value is None or isinstance(value, str) for value in values)


def _answer(
    question: dict[str, Any], source: str | None, settings: Settings
) -> dict[str, Any]:
    moment = now()
    meaning = understand(
        question["title"],
        question.get("text") or "",
        hints=_hints(question.get("source") or source, settings),
        now=moment,
        published=None,
        timezone=settings.site.timezone,
        rules=rules_in(settings.rules),
    )
    return _told(meaning)


def _hints(source: str | None, settings: Settings) -> SourceHints:
    if not source:
        return SourceHints()
    if source not in settings.sources:
        raise unknown("source", source, settings.sources)
    return settings.hints(source)


def _told(meaning: Meaning) -> dict[str, Any]:
    told = asdict(meaning)
    told["levels"] = [level for level in Level if level in meaning.levels]
    told["facets"] = {name: list(values) for name, values in meaning.facets.items()}
    if meaning.hold is None:
        del told["hold"]
    return told
