"""A foreign site with pages such as the widget meets: clean, hostile, strict, old."""

from collections.abc import Callable
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

SNIPPET = """<script async src="{service}/widget/v1.js"></script>
<feed-widget audience="so" level="all" category="all" limit="5" heading="Tin của Sở">
  <p id="fallback"><a href="{service}/feeds/so/all/all">Tin của Sở GD&amp;ĐT</a></p>
</feed-widget>"""
_HEAD = """<!doctype html><html lang="vi"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Trường mẫu</title>"""
_STYLE = "<style>body{font:17px/1.6 Georgia,serif;color:#222;margin:16px}</style>"
_BODY = """</head><body><main><h1>Trường THCS Mẫu</h1>
<p class="probe">Chào mừng <a href="/">năm học mới</a>.</p>"""
_END = '<p id="after">Cuối trang.</p></main></body></html>'


def page_of(snippet: str = SNIPPET, *, head: str = _STYLE) -> str:
    """Write a page of a school around a snippet."""
    return f"{_HEAD}{head}{_BODY}{snippet}{_END}"


_HOSTILE = """<style>
* { float: left !important; color: #063 !important; font-size: 30px !important;
    letter-spacing: .4em !important; text-transform: uppercase !important;
    line-height: 3 !important; display: inline !important; margin: 20px !important;
    position: static !important; height: 20px !important; list-style: square !important;
    text-align: center !important; border: 2px solid red !important; }
a, li, section, h2, feed-widget { display: none !important; }
html { font-size: 62.5%; }
</style>"""
_BROKEN = """<script>
window.fetch = function () { throw new Error('theirs'); };
window.Promise = function () { throw new Error('theirs'); };
window.$ = window.$$ = function () { return null; };
Array.prototype.toJSON = Object.prototype.toJSON = function () { return 'theirs'; };
Object.prototype.extra = function () {};
['push', 'indexOf', 'splice', 'map', 'forEach', 'filter', 'join', 'reduce', 'slice']
  .forEach(function (name) { Array.prototype[name] = function () { return this; }; });
Function.prototype.bind = function () { return this; };
Element.prototype.update = Element.prototype.show = function () { return this; };
window.define = function () { throw new Error('theirs'); };
window.define.amd = {};
window.JSON.parse = window.JSON.parse;
</script>"""
_STRICT = (
    "default-src 'none'; script-src {service}; connect-src {service}; "
    "style-src 'none'; base-uri 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
_TWO = """<feed-widget audience="so" limit="5" heading="Tin của Sở"></feed-widget>
<div class="feed-widget" data-audience="so" data-limit="5" data-heading="Tin của Sở"
></div><feed-widget audience="so" limit="3" category="van-ban" lang="en"></feed-widget>
<script async src="{service}/widget/v1.js"></script>
<script async src="{service}/widget/v1.js?again"></script>"""
_FRAME = """<script async src="{service}/widget/v1.js"></script>
<iframe id="frame" src="{service}/embed/so/all/all?limit=4" title="Tin của Sở"
 width="100%" height="200" frameborder="0"></iframe>"""
_NULL = """<iframe id="frame" title="Tin" sandbox="allow-scripts" width="100%"
 height="600" srcdoc='<!doctype html><html lang="vi"><title>x</title>
<script async src="{service}/widget/v1.js"></script>
<feed-widget audience="so" limit="3"></feed-widget>'></iframe>"""
_LIVE = SNIPPET.replace("limit=", "live limit=")
_DARK = "<style>body,a{background:#111;color:#eee;font:17px/1.6 sans-serif}</style>"
# Room is kept from the first paint on, without a style that a policy would refuse.
_ROOM = """<script async src="{service}/widget/v1.js"></script>
<feed-widget audience="so" level="all" category="all" limit="5" unit="le-loi" ATTRS>
  <table height="420"><tr><td><a href="{service}/feeds/so/all/all">Tin của Sở</a></td>
</tr></table></feed-widget>"""
PAGES: dict[str, str] = {
    "/bare": page_of(),
    "/hostile": page_of(head=_HOSTILE),
    "/strict": page_of(head=""),
    "/broken": page_of(head=_BROKEN),
    "/two": page_of(_TWO),
    "/live": page_of(_LIVE),
    "/frame": page_of(_FRAME),
    "/null": page_of(_NULL),
    "/dark": page_of(head=_DARK),
    "/box": page_of(_ROOM.replace("ATTRS", 'theme="dark" height="420"')),
    "/below": page_of('<div style="height:5000px"></div>' + SNIPPET),
    "/empty": page_of(SNIPPET.replace('audience="so"', 'audience="so" level="gdtx"')),
    "/rtl": page_of().replace('lang="vi"', 'lang="ar" dir="rtl"'),
    "/late": page_of('<script async src="{service}/widget/v1.js"></script>'),
    "/plain": page_of(""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """A site whose pages carry our snippets."""

    service: str
    base: str

    def answer(
        self, environ: dict[str, Any], start: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer as a WSGI application."""
        path = environ["PATH_INFO"]
        headers = [("Content-Type", "text/html; charset=utf-8")]
        if path == "/strict":
            policy = _STRICT.format(service=self.service)
            headers.append(("Content-Security-Policy", policy))
        body = PAGES.get(path, "").replace("{service}", self.service).encode()
        start("200 OK" if body else "204 No Content", headers if body else [])
        return [body]
