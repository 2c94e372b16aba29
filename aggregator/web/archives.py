"""`/feeds/{audience}/{level}/{category}/2026-11.atom`: archives (RFC 5005).

What was first seen in a month that is over. Its tag is made of what is in it, so later
items of the selection do not touch it; who has read it need not ask again.
"""

from datetime import datetime
from functools import partial

from flask import Blueprint
from flask import request
from werkzeug.wrappers import Response as BaseResponse

from aggregator.errors import ViewError
from aggregator.publish.history import History
from aggregator.publish.history import archive_of
from aggregator.publish.parts import channel_of
from aggregator.publish.view import Selection
from aggregator.publish.view import select
from aggregator.store.archives import bounds
from aggregator.store.archives import is_month
from aggregator.store.archives import month_of
from aggregator.store.archives import month_stamp
from aggregator.store.archives import neighbours
from aggregator.store.archives import read_month
from aggregator.store.engine import Connection
from aggregator.store.shape import shape
from aggregator.store.views import view_version
from aggregator.web.caching import respond
from aggregator.web.context import Context
from aggregator.web.context import context
from aggregator.web.feeds import FORMS
from aggregator.web.selections import Reading
from aggregator.web.selections import known_document
from aggregator.web.selections import moved_from

bp = Blueprint("archives", __name__)


@bp.get("/feeds/<audience>/<level>/<name>/<document>")
def archive(audience: str, level: str, name: str, document: str) -> BaseResponse:
    """Answer with a month of a selection, as RSS or Atom."""
    here = context()
    month, _, suffix = document.partition(".")
    _check(here, month, suffix)
    options = {"own": request.args.get("own", "")}
    chosen = select(
        here.settings, audience, level=level, category=name, options=options
    )
    chosen = archive_of(chosen, month)
    moved = moved_from(f"{chosen.path}/{document}")
    if moved is not None:
        return moved
    form = FORMS[suffix]
    known = known_document(
        here,
        chosen,
        form,
        key=chosen.address(suffix),
        stamp=partial(_stamped, here, chosen),
        read=partial(_read, here, chosen),
    )
    response = respond(request, known, content_type=form.content_type, now=here.clock())
    self_url = channel_of(here.settings, chosen, suffix).self_url
    response.headers["Link"] = f'<{self_url}>; rel="self"'
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _check(here: Context, month: str, suffix: str) -> None:
    forms = [name for name, form in FORMS.items() if form.archived]
    if suffix not in forms:
        valid = ", ".join(f"2026-11.{form}" for form in forms)
        raise ViewError(f"Unknown form of archive.\nValid: {valid}", status=404)
    if not is_month(month) or month >= _this_month(here):
        raise ViewError("An archive is of a month that is over: 2026-11", status=404)


def _this_month(here: Context) -> str:
    return month_of(here.clock(), here.settings.site.timezone)


def _stamped(here: Context, chosen: Selection) -> tuple[str, datetime]:
    with here.store.read() as connection:
        stamp, dated_at, _ = _stamp(here, connection, chosen)
    return stamp, dated_at


def _stamp(
    here: Context, connection: Connection, chosen: Selection
) -> tuple[str, datetime, History]:
    """Give stamp, when the bytes changed at the latest, and what stands beside it."""
    view = chosen.view
    form = shape(connection, here.shape)
    inside = month_stamp(connection, view, chosen.month)
    begin, end = bounds(chosen.month, view.timezone)
    older, newer = neighbours(connection, view, begin=begin, end=end)
    history = History(older=older, newer=newer if newer < _this_month(here) else "")
    # Not when what is in it changed: nothing is written of that. Never too early.
    changed_at = view_version(connection, view).changed_at
    dated_at = max(m for m in (end, changed_at, form.changed_at) if m is not None)
    return f"{inside}/{form.stamp}/{history.older}/{history.newer}", dated_at, history


def _read(here: Context, chosen: Selection) -> Reading:
    with here.store.read() as connection:
        stamp, dated_at, history = _stamp(here, connection, chosen)
        notices = read_month(connection, chosen.view, chosen.month)
    return Reading(
        stamp=stamp,
        notices=notices,
        # The entries are all there is of it: it is as new as the newest of them.
        changed_at=max((notice.updated for notice in notices), default=None),
        dated_at=dated_at,
        history=history,
    )
