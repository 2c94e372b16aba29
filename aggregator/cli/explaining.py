"""`aggregator explain`: what the rules make of a title, and why."""

import sys
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING
from typing import Any

import click
import orjson

from aggregator.cli.common import Place
from aggregator.cli.common import opened
from aggregator.meaning.rulebook import rules_in
from aggregator.meaning.understanding import understand
from aggregator.model import Level
from aggregator.model import Meaning
from aggregator.model import Reference
from aggregator.model import Settings
from aggregator.model import SourceHints
from aggregator.publish.view import unknown
from aggregator.work.declaring import now

if TYPE_CHECKING:  # opening a database is slow, and most questions need none
    from aggregator.store.engine import Store


@click.command()
@click.argument("title", required=False)
@click.option("--source", help="Weigh what is known of this source, too.")
@click.option(
    "--stored", is_flag=True, help="Look up the documents that it names, too."
)
@click.pass_obj
def explain(
    place: Place, title: str | None, source: str | None, *, stored: bool
) -> None:
    """Explain a TITLE, or JSON lines {"title", "text"?, "source"?} on stdin."""
    settings = place.settings()
    asked: Iterator[dict[str, Any]] = iter([{"title": title}])
    if title is None:
        asked = _lines()
    with opened(place, settings) if stored else nullcontext() as store:
        for question in asked:
            from_source = question.get("source") or source
            meaning = _meaning(question, from_source, settings)
            answer = _told(meaning)
            if store is not None:
                authority = (
                    settings.sources[from_source].authority if from_source else ""
                )
                answer["references"] = _looked_up(store, meaning.references, authority)
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


def _meaning(
    question: dict[str, Any], source: str | None, settings: Settings
) -> Meaning:
    moment = now()
    return understand(
        question["title"],
        question.get("text") or "",
        hints=_hints(source, settings),
        now=moment,
        published=None,
        timezone=settings.site.timezone,
        rules=rules_in(settings.rules),
    )


def _hints(source: str | None, settings: Settings) -> SourceHints:
    if not source:
        return SourceHints()
    if source not in settings.sources:
        raise unknown("source", source, settings.sources)
    return settings.hints(source)


def _looked_up(
    store: "Store", references: Sequence[Reference], authority: str
) -> list[dict[str, Any]]:
    """Tell references with the stored items that each may mean, the newest first."""
    from aggregator.meaning.marks import named_mark
    from aggregator.store.references import find_marked

    marks = [named_mark(each, authority) for each in references]
    with store.read() as connection:
        found = find_marked(connection, marks)
    return [
        {
            **asdict(reference),
            "items": [
                {"id": each.id, "title": each.title, "published": each.published}
                for each in found
                if each.mark == mark
            ],
        }
        for reference, mark in zip(references, marks, strict=True)
    ]


def _told(meaning: Meaning) -> dict[str, Any]:
    told = asdict(meaning)
    told["levels"] = [level for level in Level if level in meaning.levels]
    told["facets"] = {name: list(values) for name, values in meaning.facets.items()}
    if meaning.hold is None:
        del told["hold"]
    return told
