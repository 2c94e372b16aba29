"""The editors' preview: `/items/`, all that came in, and `/items/{id}`, one notice.

Read-only and public: nothing here decides or changes anything, and nothing shown is
secret. Whatever came from a source is text here; only the cleaned HTML is markup.
"""

import re
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from datetime import date
from uuid import UUID

from flask import Blueprint
from flask import Response
from flask import render_template
from flask import request

from aggregator.errors import ViewError
from aggregator.meaning.searching import read_question
from aggregator.model import CATEGORY_SLUGS
from aggregator.model import LEVEL_SLUGS
from aggregator.model import Authority
from aggregator.model import Because
from aggregator.model import Category
from aggregator.model import Level
from aggregator.model import Reach
from aggregator.model import Settings
from aggregator.model.search import Sought
from aggregator.publish.parts import without_credentials
from aggregator.publish.view import ALL
from aggregator.publish.view import reach
from aggregator.publish.view import select
from aggregator.publish.view import unknown
from aggregator.store import dossier as stored
from aggregator.store import preview
from aggregator.store.dossier import Dossier
from aggregator.store.dossier import Given
from aggregator.store.dossier import Sighting
from aggregator.store.engine import Connection
from aggregator.store.preview import Listing
from aggregator.store.preview import Wanted
from aggregator.store.scope import end_of_day
from aggregator.web.caching import rendered
from aggregator.web.caching import respond
from aggregator.web.context import context
from aggregator.web.differences import history
from aggregator.web.links import read_links

MAX_QUERY = 200  # characters of words to look for; what is longer is cut
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEARS = range(1970, 3000)  # beyond them a moment in UTC may have no name

bp = Blueprint("items", __name__)
bp.add_app_template_filter(without_credentials, "without_credentials")


@bp.app_template_test("web_link")
def is_web_link(url: object) -> bool:
    """Say whether an address may be a link; others are shown as text."""
    return str(url).lower().startswith(("http://", "https://"))


# --- The list -----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an address asks for: as fields of the form, and as the store takes it."""

    fields: Mapping[str, str]  # only those that ask for something
    wanted: Wanted
    sought: Sought

    @property
    def wordless(self) -> bool:
        """Say whether something is looked for that has no word, such as "???"."""
        return "q" in self.fields and not self.sought


@bp.get("/items/")
def listing() -> Response:
    """List what came in, newest first, filtered as the address says."""
    settings = context().settings
    with context().store.read() as connection:
        names = preview.source_names(connection)
        asked = _asked(settings, names)
        before = _before()
        found = _found(connection, asked, before)
    if found is None:
        raise ViewError("There is no such item to begin after.", status=404)
    return _page(
        "items.html",
        found=found,
        asked=asked.fields,
        wordless=asked.wordless,
        first=before is None,
        sources=names,
        limits=preview,
        levels=LEVEL_SLUGS,
        categories=CATEGORY_SLUGS,
    )


def _found(connection: Connection, asked: Asked, before: str | None) -> Listing | None:
    if asked.wordless:
        return Listing(rows=(), total=0)
    return preview.read_listing(
        connection, asked.wanted, before=before, sought=asked.sought
    )


def _asked(settings: Settings, names: Sequence[str]) -> Asked:
    """Read the filters.

    Raises:
        ViewError: 404 for a name that is none, listing the valid ones; 400 for a
            value that cannot be.
    """
    source, audience = request.args.get("source", ""), request.args.get("audience", "")
    if source and source not in names:
        raise unknown("source", source, names)
    chosen = select(
        settings,
        audience or next(iter(settings.authorities)),
        level=_several("level"),
        category=_several("category"),
    )
    day, words = _day(), request.args.get("q", "")[:MAX_QUERY]
    sought = read_question(words)
    fields = {
        "q": words.strip(),
        "audience": audience,
        "source": source,
        "level": "" if chosen.level == ALL else chosen.level,
        "category": "" if chosen.category == ALL else chosen.category,
        "day": day.isoformat() if day else "",
    }
    wanted = Wanted(
        timezone=settings.site.timezone,
        source=source or None,
        reach=chosen.view.reach if audience else None,
        levels=chosen.view.levels,
        categories=chosen.view.categories,
        day=day,
    )
    return Asked(
        fields={name: value for name, value in fields.items() if value},
        wanted=wanted,
        sought=sought,
    )


def _several(name: str) -> str:
    """Join what is given several times, as a form sends it, to one list."""
    return ",".join(filter(None, request.args.getlist(name))) or ALL


def _day() -> date | None:
    text = request.args.get("day", "")
    if not text:
        return None
    try:
        if not (_DAY.fullmatch(text) and int(text[:4]) in _YEARS):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise ViewError("day must be a day such as 2026-11-20") from None


def _before() -> str | None:
    text = request.args.get("before", "")
    try:
        return str(UUID(text)) if text else None
    except ValueError:
        raise ViewError("before must be the id of an item") from None


# --- One notice ---------------------------------------------------------------


@bp.get("/items/<uuid:notice_id>")
def item(notice_id: UUID) -> Response:
    """Show one notice beside its source's own text, its history, labels and feeds."""
    with context().store.read() as connection:
        dossier = stored.read_dossier(connection, str(notice_id))
        if dossier is None:
            raise ViewError("There is no such item.", status=404)
        place = _place(dossier)
        versions = stored.read_versions(connection, place)
        now = versions[0]
        links = read_links(
            connection,
            now.document,
            now.references,
            notice=dossier.id,
            authority=place.authority,
        )
    return _page(
        "item.html",
        dossier=dossier,
        place=place,
        now=now,
        links=links,
        history=list(history(versions)),
        labels=_grouped(dossier.labels),
        feeds=_feeds(context().settings, dossier),
        level_slugs=LEVEL_SLUGS,
        category_slugs=CATEGORY_SLUGS,
    )


def _place(dossier: Dossier) -> Sighting:
    """Choose the place whose text is shown: its number, else that of the face."""
    text = request.args.get("place", "")
    if not text:
        return dossier.face
    places = {str(n): place for n, place in enumerate(dossier.sightings, 1)}
    if not (text.isascii() and text.isdigit()):
        raise ViewError("place must be the number of a place")
    if text not in places:
        raise unknown("place", text, places)
    return places[text]


def _page(template: str, **values: object) -> Response:
    now = context().clock()
    page = render_template(template, lang=request.args.get("lang"), **values)
    known = rendered(page.encode(), stamp="", changed_at=now)
    response = respond(request, known, content_type="text/html; charset=utf-8", now=now)
    # The ETag says it all: when a page last changed depends on more than its rows.
    del response.headers["Last-Modified"]
    response.headers["Cache-Control"] = "public, max-age=60"
    return response


# --- Labels and feeds ---------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Labels given together, and why."""

    first: Given
    values: list[tuple[str, str]] = field(default_factory=list)
    why: list[Because] = field(default_factory=list)


def _grouped(labels: Sequence[Given]) -> list[Labels]:
    """Join what was given and ended together, so that each reason is told once."""
    groups: dict[tuple[object, ...], Labels] = {}
    for label in labels:
        moment = (label.source, label.given_by, label.from_at, label.to_at)
        group = groups.setdefault(moment, Labels(first=label))
        group.values.append((label.facet, label.value))
        group.why.extend(because for because in label.why if because not in group.why)
    return list(groups.values())


_Levels = list[Level]


def _feeds(
    settings: Settings, dossier: Dossier
) -> list[tuple[Authority, dict[Category, _Levels]]]:
    """List the audiences that read a notice, and under which categories and levels."""
    shown = [place for place in dossier.sightings if place.state in stored.SHOWN]
    found = []
    for authority in settings.authorities.values():
        reached = {r.authority: r for r in reach(settings.authorities, authority.id)}
        seen = [place for place in shown if _sees(reached, place, settings)]
        if seen:
            found.append((authority, _sorts(seen)))
    return found


def _sees(reached: Mapping[str, Reach], place: Sighting, settings: Settings) -> bool:
    """Decide as store.views does: an authority that ended is read up to that day."""
    to = reached.get(place.authority)
    if to is None or to.until is None:
        return to is not None
    return place.published < end_of_day(to.until, settings.site.timezone)


def _sorts(places: Sequence[Sighting]) -> dict[Category, _Levels]:
    sorts: dict[Category, set[Level]] = {}
    for place in places:
        sorts.setdefault(place.category, set()).update(place.levels or set(Level))
    return {c: [n for n in Level if n in sorts[c]] for c in Category if c in sorts}
