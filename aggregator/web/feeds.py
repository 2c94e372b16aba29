"""Published feeds at `/feeds/{audience}/{level}/{category}.rss`, and as pages."""

from typing import Any

from flask import Blueprint
from flask import Response
from flask import render_template
from flask import request
from flask import url_for
from werkzeug.wrappers import Response as BaseResponse

from aggregator.errors import ViewError
from aggregator.publish import atom
from aggregator.publish import calendar
from aggregator.publish import jsonfeed
from aggregator.publish import proof
from aggregator.publish import rss
from aggregator.publish.parts import channel_of
from aggregator.publish.view import ALL
from aggregator.publish.view import DEFAULT_LIMIT
from aggregator.publish.view import Selection
from aggregator.publish.view import select
from aggregator.web.caching import respond
from aggregator.web.context import context
from aggregator.web.selections import Form
from aggregator.web.selections import keep_answer
from aggregator.web.selections import known_form
from aggregator.web.selections import moved_from
from aggregator.web.selections import read_selection

bp = Blueprint("feeds", __name__)


FORMS = {
    "rss": Form(
        content_type=rss.CONTENT_TYPE,
        render=rss.render_rss,
        prove=proof.prove_rss,
        archived=True,
        joined=True,
        gone=True,
    ),
    "atom": Form(
        content_type=atom.CONTENT_TYPE,
        render=atom.render_atom,
        prove=proof.prove_atom,
        archived=True,
        joined=True,
        gone=True,
    ),
    "json": Form(
        content_type=jsonfeed.CONTENT_TYPE,
        render=jsonfeed.render_json,
        prove=proof.prove_json,
        gone=True,
    ),
    "ics": Form(
        content_type=calendar.CONTENT_TYPE,
        render=calendar.render_calendar,
        prove=calendar.prove_calendar,
        dated=True,
        gone=True,
        usual=calendar.CALENDAR_LIMIT,
    ),
}


@bp.get("/feeds/<audience>/<level>/<name>")
def feed(audience: str, level: str, name: str) -> BaseResponse:
    """Answer with a feed, or with the page of a selection where there is no suffix."""
    category, dot, suffix = name.rpartition(".")
    if not dot:
        category, suffix = name, ""
    elif suffix not in FORMS:
        forms = ", ".join(f".{form}" for form in FORMS)
        raise ViewError(f"Unknown form of feed.\nValid: {forms}", status=404)
    chosen = select(
        context().settings,
        audience,
        level=level,
        category=category,
        options=_options(),
        usual=FORMS[suffix].usual if suffix else DEFAULT_LIMIT,
    )
    wanted = f"{chosen.path}.{suffix}" if suffix else chosen.path
    moved = moved_from(wanted)
    if moved is not None:
        return moved
    return _feed(chosen, suffix) if suffix else _page(chosen)


def _options() -> dict[str, str]:
    return request.args.to_dict()


def _feed(chosen: Selection, suffix: str) -> Response:
    here = context()
    form = FORMS[suffix]
    key = f"{suffix} {chosen.path}{chosen.query}"
    known = known_form(here, chosen, form, key=key)
    response = respond(request, known, content_type=form.content_type, now=here.clock())
    address = chosen.address(suffix)
    keep_answer(here, chosen, known, address=address, content_type=form.content_type)
    channel = channel_of(here.settings, chosen, suffix)
    response.headers["Link"] = f'<{channel.self_url}>; rel="self"'
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _page(chosen: Selection) -> Response:
    here = context()
    page = render_template(
        "feed.html",
        forms=[(form, channel_of(here.settings, chosen, form)) for form in FORMS],
        notices=read_selection(here, chosen).notices,
        opml=chosen.address("opml"),
        directory=url_for("directory.directory", **_as_form(chosen)),
    )
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=60"
    return response


def _as_form(chosen: Selection) -> dict[str, Any]:
    """Write a selection as the fields of the directory's form."""
    picked = {"level": chosen.level, "category": chosen.category}
    told = {"lang": request.args["lang"]} if "lang" in request.args else {}
    return (
        told
        | {"audience": chosen.audience}
        | {name: value.split(",") for name, value in picked.items() if value != ALL}
    )
