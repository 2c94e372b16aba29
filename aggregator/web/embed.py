"""A selection as a page for `<iframe>`: whole without JavaScript, in one request.

Any site may frame it: no `X-Frame-Options`, and no `frame-ancestors`, since even `*`
shuts out sandboxed and `file:` parents (CSP 3 matches schemes, an opaque origin has
none). Styles and the script that tells the height stand inside, allowed by hash.
"""

import base64
import hashlib
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint
from flask import render_template
from flask import request
from werkzeug.wrappers import Response as BaseResponse

from aggregator.model import Settings
from aggregator.publish.view import Selection
from aggregator.publish.widget import WIDGET_LIMIT
from aggregator.publish.widget import widget_data
from aggregator.web.caching import Rendered
from aggregator.web.caching import rendered
from aggregator.web.caching import respond
from aggregator.web.context import Context
from aggregator.web.context import context
from aggregator.web.selections import keep_answer
from aggregator.web.selections import moved_from
from aggregator.web.selections import read_selection
from aggregator.web.selections import stamp_of
from aggregator.web.widget import choose
from aggregator.web.widget import opened
from aggregator.web.widget import words_of_widget

bp = Blueprint("embed", __name__)
CONTENT_TYPE = "text/html; charset=utf-8"
THEMES = ("light", "dark", "auto")  # the first is usual: most school sites are light
Words = dict[str, str]


@bp.get("/embed/<audience>/<level>/<name>")
def embed(audience: str, level: str, name: str) -> BaseResponse:
    """Answer with the page of a selection for a frame."""
    here = context()
    chosen = choose(audience, level=level, category=name)
    path = f"/embed/{chosen.audience}/{chosen.level}/{chosen.category}"
    elsewhere = moved_from(path)
    if elsewhere is not None:
        return opened(elsewhere)
    look = _look(here.settings)
    today = _today(here)
    known = here.cache.get(
        f"{path}{chosen.query} {' '.join(look)}",
        # What is new today is not tomorrow, though nothing came.
        stamp=lambda: f"{stamp_of(here, chosen)[0]}/{today.date()}",
        render=lambda: _render(here, chosen, look=look, today=today),
    )
    response = respond(request, known, content_type=CONTENT_TYPE, now=here.clock())
    address = path + _query(chosen, look, here.settings)
    keep_answer(here, chosen, known, address=address, content_type=CONTENT_TYPE)
    response.headers["Content-Security-Policy"] = policy()
    return opened(response)


def _look(settings: Settings) -> tuple[str, str]:
    """Read language and theme; a word that is none gives the usual one."""
    lang = request.args.get("lang", "")
    theme = request.args.get("theme", "")
    return (
        lang if lang in words_of_widget() else _usual_language(settings),
        theme if theme in THEMES else THEMES[0],
    )


def _usual_language(settings: Settings) -> str:
    usual = settings.site.language
    return usual if usual in words_of_widget() else "vi"


def _query(chosen: Selection, look: tuple[str, str], settings: Settings) -> str:
    """Write the address's query in the one way that is kept."""
    lang, theme = look
    more = [f"lang={lang}"] if lang != _usual_language(settings) else []
    more += [f"theme={theme}"] if theme != THEMES[0] else []
    return chosen.query_of(WIDGET_LIMIT, *more)


def _today(here: Context) -> datetime:
    there = here.clock().astimezone(ZoneInfo(here.settings.site.timezone))
    return there.replace(hour=0, minute=0, second=0, microsecond=0)


def _render(
    here: Context, chosen: Selection, *, look: tuple[str, str], today: datetime
) -> Rendered:
    reading = read_selection(here, chosen)
    data = widget_data(
        reading.notices,
        settings=here.settings,
        selection=chosen,
        changed_at=reading.changed_at,
    )
    if len(chosen.view.levels) == 1:
        for item in data["items"]:
            item["levels"] = []  # it stands in the heading already
    body = _page(data, look=look, today=today).encode()
    # A page without items has no mark that a new day could take away.
    dated_at = max(reading.dated_at, today) if reading.notices else reading.dated_at
    stamp = f"{reading.stamp}/{today.date()}"
    return rendered(body, stamp=stamp, changed_at=dated_at)


def _page(data: dict[str, Any], *, look: tuple[str, str], today: datetime) -> str:
    lang, theme = look
    words = words_of_widget()[lang]
    for item in data["items"]:
        item["new"] = datetime.fromisoformat(item["new_until"]) > today
        item["day"] = day_of(words, item["date"])
        item["told"] = list(_told(words, item))
        item["facts"] = list(_facts(words, item))
    return render_template(
        "embed.html",
        data=data,
        words=words,
        lang=lang,
        theme=theme,
        style=_asset("embed.css"),
        script=_asset("embed.js"),
    )


# --- Words: as the script writes them ------------------------------------------


def _told(words: Words, item: dict[str, Any]) -> Iterator[str]:
    if item["levels"]:
        yield ", ".join(words[level] for level in item["levels"])
    yield item["authority"]
    if item["files"]:
        yield words["files"].replace("{}", str(item["files"]))


def _facts(words: Words, item: dict[str, Any]) -> Iterator[str]:
    if "number" in item:
        yield words["number"].replace("{}", item["number"])
    if "deadline" in item:
        yield words["deadline"].replace("{}", moment_of(words, item["deadline"]))
    event = item.get("event", {})
    if "start" in event:
        when = moment_of(words, event["start"], event.get("end"))
        yield words["event"].replace("{}", when)
    if "place" in event:
        yield words["place"].replace("{}", event["place"])


def day_of(words: Words, date: str) -> str:
    """Write the day of an RFC 3339 date, as it stands there."""
    year, month, day = date[:4], date[5:7], date[8:10]
    if not words["months"]:
        return f"{day}/{month}/{year}"
    name = words["months"][3 * int(month) - 3 : 3 * int(month)]
    return f"{int(day)} {name} {year}"


def moment_of(words: Words, date: str, end: str | None = None) -> str:
    """Write a moment or a span; midnight means that only the day is known."""
    if end is not None and end[:10] != date[:10]:
        return f"{moment_of(words, date)} – {moment_of(words, end)}"
    start, until = _time_of(date), _time_of(end or "")
    if not start:
        return day_of(words, date)
    span = f"{start}–{until}" if until else start
    return words["on"].replace("{}", span, 1).replace("{}", day_of(words, date), 1)


def _time_of(date: str) -> str:
    time = date[11:16]
    return "" if time == "00:00" else time


# --- What stands inside ---------------------------------------------------------


@cache
def _asset(name: str) -> str:
    return (resources.files("aggregator") / "static" / name).read_text("utf-8")


@cache
def policy() -> str:
    """Give the page's Content-Security-Policy."""
    return (
        f"default-src 'none'; style-src {_hash('embed.css')}; "
        f"script-src {_hash('embed.js')}; base-uri 'none'; form-action 'none'"
    )


def _hash(name: str) -> str:
    digest = hashlib.sha256(_asset(name).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
