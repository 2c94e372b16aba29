"""The web application, made of settings and a store. Knows no clock and no source."""

from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from datetime import datetime
from importlib import resources
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Flask
from flask import Response
from flask import request
from flask_babel import Babel
from flask_babel import get_locale
from werkzeug.exceptions import HTTPException

from aggregator.errors import StoreError
from aggregator.errors import ViewError
from aggregator.model import CATEGORY_LABELS
from aggregator.model import LEVEL_LABELS
from aggregator.model import Settings
from aggregator.publish.fragments import Fragments
from aggregator.publish.parts import article_link
from aggregator.publish.words import publish_title
from aggregator.store.engine import Store
from aggregator.store.shape import shape_stamp
from aggregator.web import archives
from aggregator.web import directory
from aggregator.web import embed
from aggregator.web import feeds
from aggregator.web import health
from aggregator.web import items
from aggregator.web import lists
from aggregator.web import standing
from aggregator.web import widget
from aggregator.web.caching import FeedCache
from aggregator.web.context import Context
from aggregator.web.copies import Copies
from aggregator.web.known import KnownBytes
from aggregator.web.units import UnitCounts
from aggregator.web.watching import Watch
from aggregator.web.watching import looking

LANGUAGES = ("vi", "en")
# Pages need nothing but what this site serves, and pictures of the notices.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self' https: http:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)


def create_app(
    settings: Settings,
    store: Store,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    copies: Path | None = None,
) -> Flask:
    """Make the application.

    Args:
        copies: A folder for the last good bytes, which outlive the process there.
    """
    package = resources.files("aggregator")
    app = Flask(
        "aggregator",
        template_folder=str(package / "templates"),
        static_folder=str(package / "static"),
    )
    # A slash too many or too few would be a 308, which NukeViet does not follow.
    app.url_map.strict_slashes = app.url_map.merge_slashes = False
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(package / "translations")
    watch, units = Watch(store), UnitCounts(settings.site.timezone)
    app.extensions["aggregator"] = Context(
        settings=settings,
        store=store,
        cache=FeedCache(copies=Copies(copies) if copies else None),
        fragments=Fragments(),
        clock=clock,
        watch=watch,
        units=units,
        shape=shape_stamp(settings),
    )
    app.wsgi_app = KnownBytes(  # type: ignore[method-assign]
        app.wsgi_app, watch=watch, units=units, clock=clock
    )
    Babel(app, locale_selector=lambda: _language(settings))
    for room in (
        feeds,
        archives,
        lists,
        directory,
        items,
        standing,
        widget,
        embed,
        health,
    ):
        app.register_blueprint(room.bp)
    _add_errors(app)
    _add_words(app, settings)
    app.after_request(_harden)
    return app


@contextmanager
def kept_current(app: Flask) -> Iterator[None]:
    """Give known answers before Flask is asked, for as long as this lasts.

    Without it each request asks the store how its selection stands.
    """
    here = app.extensions["aggregator"]
    with looking(here.watch, here.units, here.store):
        yield


def _language(settings: Settings) -> str:
    asked = request.args.get("lang", "")
    return asked if asked in LANGUAGES else settings.site.language


def _add_errors(app: Flask) -> None:
    app.register_error_handler(
        ViewError, lambda error: _plain(str(error), error.status, max_age=60)
    )
    app.register_error_handler(
        StoreError, lambda error: _plain("The store does not answer.", 503)
    )
    app.register_error_handler(HTTPException, _refused)


def _refused(error: HTTPException) -> Response:
    """Say in plain text what HTTP itself finds wrong, with the headers it asks for."""
    response = _plain(f"{error.code} {error.name}", error.code or 500, max_age=60)
    for name, value in error.get_headers():
        if name != "Content-Type":
            response.headers[name] = value
    return response


def _plain(text: str, status: int, *, max_age: int = 0) -> Response:
    response = Response(text + "\n", status, content_type="text/plain; charset=utf-8")
    cached = f"public, max-age={max_age}" if max_age and status < 500 else "no-store"
    response.headers["Cache-Control"] = cached
    response.headers["Access-Control-Allow-Origin"] = "*"
    if status == 503:
        response.headers["Retry-After"] = "30"
    return response


def _add_words(app: Flask, settings: Settings) -> None:
    zone = ZoneInfo(settings.site.timezone)
    app.jinja_env.filters["local"] = lambda moment: moment.astimezone(zone)
    app.jinja_env.filters["title"] = publish_title
    app.jinja_env.globals.update(
        site=settings.site,
        authorities=settings.authorities,
        category_labels=CATEGORY_LABELS,
        level_labels=LEVEL_LABELS,
        article_link=lambda notice: article_link(notice, settings),
        lang_url=_lang_url,
        form_names={
            "rss": "RSS",
            "atom": "Atom",
            "json": "JSON Feed",
            "ics": "iCalendar",
        },
        form_types={name: form.content_type for name, form in feeds.FORMS.items()},
        get_locale=get_locale,
    )


def _lang_url(language: str) -> str:
    """Give the address of this page in a language."""
    asked = [(k, v) for k, v in request.args.items(multi=True) if k != "lang"]
    return "?" + urlencode([*asked, ("lang", language)])


def _harden(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    if response.mimetype == "text/html":
        response.headers.setdefault("Content-Security-Policy", _POLICY)
    return response
