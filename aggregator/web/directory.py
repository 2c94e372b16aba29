"""`/feeds/`: where a person chooses audience, level and category and copies an address.

Readable and usable without script: the form is answered by a page.
"""

from html import escape

from flask import Blueprint
from flask import Response
from flask import redirect
from flask import render_template
from flask import request
from flask import url_for
from werkzeug.wrappers import Response as BaseResponse

from aggregator.errors import ViewError
from aggregator.model import CATEGORY_LABELS
from aggregator.model import CATEGORY_SLUGS
from aggregator.model import LEVEL_LABELS
from aggregator.model import LEVEL_SLUGS
from aggregator.model import Authority
from aggregator.model import Category
from aggregator.model import Level
from aggregator.publish.parts import channel_of
from aggregator.publish.view import ALL
from aggregator.publish.view import Selection
from aggregator.publish.view import select
from aggregator.web.context import context
from aggregator.web.feeds import FORMS

bp = Blueprint("directory", __name__)


@bp.get("/")
def home() -> BaseResponse:
    """Send a visitor of the bare address to the directory."""
    return redirect(url_for("directory.directory"), code=302)


@bp.get("/feeds/")
def directory() -> Response:
    """Show the chooser, the chosen address, and every audience."""
    settings = context().settings
    chosen = _chosen()
    page = render_template(
        "directory.html",
        site=settings.site,
        audiences=_tree(list(settings.authorities.values())),
        levels=[(LEVEL_SLUGS[level], LEVEL_LABELS[level]) for level in Level],
        categories=[(CATEGORY_SLUGS[c], CATEGORY_LABELS[c]) for c in Category],
        chosen=chosen,
        forms=[(form, channel_of(settings, chosen, form)) for form in FORMS],
        widget=_widget_code(chosen),
        frame=_frame_code(chosen),
    )
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=60"
    return response


def _chosen() -> Selection:
    """Read the form; what is not among the choices falls back to all."""
    settings = context().settings
    first = next(iter(settings.authorities))
    audience = request.args.get("audience", first)
    level = ",".join(request.args.getlist("level")) or ALL
    category = ",".join(request.args.getlist("category")) or ALL
    try:
        return select(settings, audience, level=level, category=category)
    except ViewError:
        return select(settings, first)


def _widget_code(chosen: Selection) -> str:
    """Write the lines that a school pastes into its page.

    The height, given twice, keeps the room from the first paint without inline style.
    """
    base = context().settings.site.base_url
    title = escape(channel_of(context().settings, chosen, "rss").title)
    link = f'<a href="{base}{chosen.path}">{title}</a>'
    return (
        f'<script async src="{base}/widget/v1.js"></script>\n'
        f'<feed-widget audience="{chosen.audience}" level="{chosen.level}" '
        f'category="{chosen.category}" limit="5" height="420">\n'
        f'  <table height="420"><tr><td>{link}</td></tr></table>\n'
        f"</feed-widget>"
    )


def _frame_code(chosen: Selection) -> str:
    """Write the same for an editor that strips scripts."""
    base = context().settings.site.base_url
    title = escape(channel_of(context().settings, chosen, "rss").title)
    return (
        f'<iframe src="{base}{chosen.path.replace("/feeds/", "/embed/", 1)}?limit=5" '
        f'title="{title}" loading="lazy" width="100%" height="420" '
        f'frameborder="0"></iframe>'
    )


def _tree(authorities: list[Authority]) -> list[tuple[int, Authority]]:
    """List the authorities as their tree reads, each with its depth."""
    children: dict[str | None, list[Authority]] = {}
    for authority in authorities:
        children.setdefault(authority.parent, []).append(authority)
    listed: list[tuple[int, Authority]] = []
    ahead = [(0, authority) for authority in reversed(children.get(None, []))]
    while ahead:
        depth, authority = ahead.pop()
        listed.append((depth, authority))
        below = children.get(authority.id, [])
        ahead += [(depth + 1, child) for child in reversed(below)]
    return listed
