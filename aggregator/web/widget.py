"""The widget: its script, its style sheet and its data. Any site may ask, without
cookies; nothing here says who asked."""

import json
import re
from datetime import UTC
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path

from flask import Blueprint
from flask import Response
from flask import request
from werkzeug.wrappers import Response as BaseResponse

from aggregator.publish import widget
from aggregator.publish.proof import prove_data
from aggregator.publish.view import Selection
from aggregator.publish.view import select
from aggregator.web.caching import Rendered
from aggregator.web.caching import rendered
from aggregator.web.caching import respond
from aggregator.web.context import context
from aggregator.web.selections import Form
from aggregator.web.selections import keep_answer
from aggregator.web.selections import known_form
from aggregator.web.selections import moved_from

bp = Blueprint("widget", __name__)
DATA = Form(
    content_type=widget.CONTENT_TYPE,
    render=widget.render_widget,
    prove=prove_data,
)
SCRIPT_TYPE = "text/javascript; charset=utf-8"
STYLE_TYPE = "text/css; charset=utf-8"
# A visitor's browser asks once an hour; a fault of ours leaves widgets as they are.
SCRIPT_CACHE = (
    "public, max-age=3600, stale-while-revalidate=86400, stale-if-error=604800"
)
FOLDER = Path(str(resources.files("aggregator") / "static" / "widget"))


def choose(audience: str, *, level: str, category: str) -> Selection:
    """Read a widget's address: as a feed's, but for the usual number of items."""
    options = request.args.to_dict()
    options["limit"] = options.get("limit") or str(widget.WIDGET_LIMIT)
    return select(
        context().settings, audience, level=level, category=category, options=options
    )


def opened(response: BaseResponse) -> BaseResponse:
    """Let pages of every site use an answer, sandboxed and isolated ones too."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@bp.get("/widget/v1/<audience>/<level>/<name>.json")
def data(audience: str, level: str, name: str) -> BaseResponse:
    """Answer with the data of a selection."""
    here = context()
    chosen = choose(audience, level=level, category=name)
    path = f"/widget/v1/{chosen.audience}/{chosen.level}/{chosen.category}.json"
    elsewhere = moved_from(path)
    if elsewhere is not None:
        return opened(elsewhere)
    known = known_form(here, chosen, DATA, key=f"{path}{chosen.query}")
    response = respond(request, known, content_type=DATA.content_type, now=here.clock())
    address = path + chosen.query_of(widget.WIDGET_LIMIT)
    keep_answer(here, chosen, known, address=address, content_type=DATA.content_type)
    # A copy from the browser's cache is shown with the moment at which it was true.
    response.headers["Access-Control-Expose-Headers"] = "Date, ETag"
    return opened(response)


@bp.get("/widget/v1.js")
def script() -> BaseResponse:
    """Answer with the script."""
    return _file(script_bytes(), SCRIPT_TYPE)


@bp.get("/widget/v1.css")
def style() -> BaseResponse:
    """Answer with the style sheet, for browsers that cannot make one in a script."""
    return _file(style_bytes(), STYLE_TYPE)


def _file(known: Rendered, content_type: str) -> BaseResponse:
    now = context().clock()
    response: Response = respond(request, known, content_type=content_type, now=now)
    response.headers["Cache-Control"] = SCRIPT_CACHE
    return opened(response)


@cache
def script_bytes() -> Rendered:
    """Give the script with styles and words inside: one request, and the same bytes."""
    source = _read("v1.js")
    text = _squeezed_script(source.body.decode())
    text = text.replace("'/* v1.css */'", json.dumps(_squeezed_style(_text("v1.css"))))
    words = json.dumps(words_of_widget(), ensure_ascii=False, separators=(",", ":"))
    text = text.replace("'/* words.json */'", words)
    return rendered(text.encode(), stamp="v1.js", changed_at=source.changed_at)


@cache
def style_bytes() -> Rendered:
    """Give the style sheet."""
    return _read("v1.css")


@cache
def words_of_widget() -> dict[str, dict[str, str]]:
    """Give the words of widget and embed page, by language."""
    words: dict[str, dict[str, str]] = json.loads(_text("words.json"))
    return words


def _squeezed_style(sheet: str) -> str:
    plain = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    return re.sub(r"\s*([{};,])\s*", r"\1", plain).replace(": ", ":").strip()


def _squeezed_script(source: str) -> str:
    """Leave out indentation and lines of comment; the words of code stay."""
    plain = re.sub(r"^/\*.*?\*/", "/* feed-widget v1 */", source, flags=re.DOTALL)
    lines = [line.strip() for line in plain.splitlines()]
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def _read(name: str) -> Rendered:
    """Read a file of the widget; it is as new as the newest of them all."""
    times = [file.stat().st_mtime for file in FOLDER.iterdir()]
    changed_at = datetime.fromtimestamp(max(times), UTC)
    return rendered((FOLDER / name).read_bytes(), stamp=name, changed_at=changed_at)


def _text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")
