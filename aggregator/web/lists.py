"""OPML: `/feeds.opml` of everybody, `/feeds/{audience}/{level}/{category}.opml` of one.

They are made of the settings alone, so they are there when the store is not.
"""

from datetime import timedelta

from flask import Blueprint
from flask import Response
from flask import request
from werkzeug.wrappers import Response as BaseResponse

from aggregator.publish.opml import CONTENT_TYPE
from aggregator.publish.opml import render_everybody
from aggregator.publish.opml import render_selection
from aggregator.publish.view import select
from aggregator.store.scope import end_of_day
from aggregator.web.caching import rendered
from aggregator.web.caching import respond
from aggregator.web.context import context
from aggregator.web.known import Keep
from aggregator.web.known import keep
from aggregator.web.selections import moved_from

bp = Blueprint("lists", __name__)


@bp.get("/feeds.opml")
def everybody() -> Response:
    """Answer with the feeds of all authorities."""
    return _answer("/feeds.opml", render_everybody(context().settings))


@bp.get("/feeds/<audience>/<level>/<name>.opml")
def selection(audience: str, level: str, name: str) -> BaseResponse:
    """Answer with the feeds of a selection."""
    settings = context().settings
    chosen = select(
        settings,
        audience,
        level=level,
        category=name,
        options=request.args.to_dict(),
    )
    moved = moved_from(f"{chosen.path}.opml")
    if moved is not None:
        return moved
    return _answer(chosen.address("opml"), render_selection(settings, chosen))


def _answer(address: str, body: bytes) -> Response:
    here = context()
    now, zone = here.clock(), here.settings.site.timezone
    today = here.today()
    # Nobody writes down when settings changed: by date alone it is new each day.
    midnight = end_of_day(today - timedelta(days=1), zone)
    known = rendered(body, stamp="0/opml", changed_at=midnight)
    keep(
        request.environ,
        Keep(
            version=known,
            content_type=CONTENT_TYPE,
            address=address,
            cells=(),
            counted=0,
            until=end_of_day(today, zone),
        ),
    )
    response = respond(request, known, content_type=CONTENT_TYPE, now=now)
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
