"""What every outlet of a selection does alike: version, notices, bytes, address."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import redirect
from flask import request
from werkzeug.wrappers import Response as BaseResponse

from aggregator.model import Notice
from aggregator.publish.parts import NEVER
from aggregator.publish.view import Selection
from aggregator.store.engine import Connection
from aggregator.store.shape import shape
from aggregator.store.views import read_view
from aggregator.store.views import view_version
from aggregator.web.caching import CACHE_CONTROL
from aggregator.web.caching import Rendered
from aggregator.web.caching import rendered
from aggregator.web.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form in which a selection is published."""

    content_type: str
    render: Callable[..., bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A selection as the store shows it in one transaction."""

    stamp: str
    notices: list[Notice]
    changed_at: datetime | None  # when its items last changed
    dated_at: datetime  # when its bytes did: settings and software count too


def moved_from(path: str) -> BaseResponse | None:
    """Lead to the one address of a selection, if this is another.

    Scripts of other sites may follow too; 301, which every CMS follows (C1).
    """
    if request.path == path:
        return None
    query = request.query_string.decode("ascii", "replace")
    response = redirect(path + (f"?{query}" if query else ""), code=301)
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = CACHE_CONTROL
    return response


def stamp_of(here: Context, chosen: Selection) -> str:
    """Ask the store at which version a selection stands: one short query."""
    with here.store.read() as connection:
        return _stamp(here, connection, chosen)[0]


def _stamp(
    here: Context, connection: Connection, chosen: Selection
) -> tuple[str, datetime | None, datetime | None]:
    version, form = view_version(connection, chosen.view), shape(connection, here.shape)
    return f"{version.stamp}/{form.stamp}", version.changed_at, form.changed_at


def read_selection(here: Context, chosen: Selection) -> Reading:
    """Read a selection and its version together."""
    with here.store.read() as connection:
        stamp, changed_at, shaped_at = _stamp(here, connection, chosen)
        notices = read_view(connection, chosen.view)
    moments = [moment for moment in (changed_at, shaped_at) if moment is not None]
    return Reading(
        stamp=stamp,
        notices=notices,
        changed_at=changed_at,
        dated_at=max(moments, default=NEVER),
    )


def known_form(here: Context, chosen: Selection, form: Form, *, key: str) -> Rendered:
    """Give a selection's bytes in a form, made anew only when it changed."""

    def render() -> Rendered:
        reading = read_selection(here, chosen)
        body = form.render(
            reading.notices,
            settings=here.settings,
            selection=chosen,
            changed_at=reading.changed_at,
        )
        return rendered(body, stamp=reading.stamp, changed_at=reading.dated_at)

    return here.cache.get(key, stamp=lambda: stamp_of(here, chosen), render=render)
