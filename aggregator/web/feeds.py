"""Published feeds at `/feeds/{audience}/{level}/{category}.rss`, and as pages."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint
from flask import Response
from flask import redirect
from flask import render_template
from flask import request
from flask import url_for
from werkzeug.wrappers import Response as BaseResponse

from aggregator.errors import ViewError
from aggregator.model import Notice
from aggregator.model import Settings
from aggregator.publish import atom
from aggregator.publish import jsonfeed
from aggregator.publish import rss
from aggregator.publish.parts import NEVER
from aggregator.publish.parts import channel_of
from aggregator.publish.view import ALL
from aggregator.publish.view import Selection
from aggregator.publish.view import select
from aggregator.store.engine import Connection
from aggregator.store.shape import shape
from aggregator.store.views import read_view
from aggregator.store.views import view_version
from aggregator.web.caching import CACHE_CONTROL
from aggregator.web.caching import Rendered
from aggregator.web.caching import rendered
from aggregator.web.caching import respond
from aggregator.web.context import Context
from aggregator.web.context import context

bp = Blueprint("feeds", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form in which a selection is published."""

    content_type: str
    render: Callable[..., bytes]


FORMS = {
    "rss": Form(content_type=rss.CONTENT_TYPE, render=rss.render_rss),
    "atom": Form(content_type=atom.CONTENT_TYPE, render=atom.render_atom),
    "json": Form(content_type=jsonfeed.CONTENT_TYPE, render=jsonfeed.render_json),
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
        context().settings, audience, level=level, category=category, options=_options()
    )
    wanted = f"{chosen.path}.{suffix}" if suffix else chosen.path
    if request.path != wanted:
        query = request.query_string.decode("ascii", "replace")
        return _moved(wanted + (f"?{query}" if query else ""))
    return _feed(chosen, suffix) if suffix else _page(chosen)


def _moved(location: str) -> BaseResponse:
    """Name the one address of a selection; scripts of other sites may follow too."""
    response = redirect(location, code=301)
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = CACHE_CONTROL
    return response


def _options() -> dict[str, str]:
    return request.args.to_dict()


def _feed(chosen: Selection, suffix: str) -> Response:
    here = context()
    form = FORMS[suffix]
    known = here.cache.get(
        f"{suffix} {chosen.path}{chosen.query}",
        stamp=lambda: _stamp(here, chosen),
        render=lambda: _render(here, chosen, form),
    )
    response = respond(request, known, content_type=form.content_type, now=here.clock())
    channel = channel_of(here.settings, chosen, suffix)
    response.headers["Link"] = f'<{channel.self_url}>; rel="self"'
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _stamp(here: Context, chosen: Selection) -> str:
    with here.store.read() as connection:
        return _stamp_in(connection, here.settings, chosen)[0]


def _stamp_in(
    connection: Connection, settings: Settings, chosen: Selection
) -> tuple[str, datetime | None]:
    version = view_version(connection, chosen.view)
    now_shape = shape(connection, settings)
    return f"{version.stamp}/{now_shape.stamp}", version.changed_at


def _render(here: Context, chosen: Selection, form: Form) -> Rendered:
    with here.store.read() as connection:
        stamp, changed_at = _stamp_in(connection, here.settings, chosen)
        shaped_at = shape(connection, here.settings).changed_at
        notices = read_view(connection, chosen.view)
    body = form.render(
        notices, settings=here.settings, selection=chosen, changed_at=changed_at
    )
    moments = [moment for moment in (changed_at, shaped_at) if moment is not None]
    return rendered(body, stamp=stamp, changed_at=max(moments, default=NEVER))


def _page(chosen: Selection) -> Response:
    here = context()
    notices = _read(here, chosen)
    page = render_template(
        "feed.html",
        forms=[(form, channel_of(here.settings, chosen, form)) for form in FORMS],
        notices=notices,
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


def _read(here: Context, chosen: Selection) -> list[Notice]:
    with here.store.read() as connection:
        return read_view(connection, chosen.view)
