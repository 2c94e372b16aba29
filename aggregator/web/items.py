"""`/items/{id}`: one notice as a page, for those that have no article of their own."""

from flask import Blueprint
from flask import Response
from flask import render_template

from aggregator.errors import ViewError
from aggregator.model import ALL_LEVELS
from aggregator.model import Category
from aggregator.model import Reach
from aggregator.model import View
from aggregator.store.views import read_notice
from aggregator.web.context import context

bp = Blueprint("items", __name__)


@bp.get("/items/<uuid:notice_id>")
def item(notice_id: object) -> Response:
    """Show one notice with its text, its files and where it comes from."""
    here = context()
    everything = View(
        audience="",
        reach=tuple(Reach(authority=name) for name in here.settings.authorities),
        levels=ALL_LEVELS,
        categories=frozenset(Category),
        timezone=here.settings.site.timezone,
    )
    with here.store.read() as connection:
        notice = read_notice(connection, everything, str(notice_id))
    if notice is None:
        raise ViewError("There is no such item.", status=404)
    page = render_template(
        "item.html",
        notice=notice,
        authority=here.settings.authorities.get(notice.authority),
    )
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=60"
    return response
