"""What is called stable the engine leaves as it is; the short way is no other."""

import json
import sys
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from aggregator.intake import sanitize
from aggregator.intake.sanitize import MAX_HTML
from aggregator.intake.sanitize import REL
from aggregator.intake.sanitize import TAGS
from aggregator.intake.sanitize import absolute
from aggregator.intake.sanitize import clean
from aggregator.intake.stable import MAX_OPEN
from aggregator.intake.stable import SOUND
from aggregator.intake.stable import is_stable
from tests.intake.reading import CORPUS

BASE = "https://so.example.vn/tin/bai.html"
A = f'rel="{REL}"'
TAGS_HERE = (
    "a b p div ul ol li h2 em code td th table table tbody thead tr tr pre br hr"
).split()


def the_long_way(html: str, base: str = BASE) -> str:
    with patch.object(sanitize, "is_stable", lambda html: False):
        return clean(html, base=base)


provable = pytest.mark.skipif(
    not SOUND, reason="nothing can be proved with this Python (CPython issue 106052)"
)
STABLE = [
    "",
    "Kính gửi: các trường “THCS” &amp; ₫",
    "a &lt;b&gt; &amp;amp; c&nbsp;d\n\te",
    "<p>Kính <b>gửi <i>các</i></b><br>trường</p>\n<p></p>",
    "<div><h2>a</h2><ul><li>b</li><li><p>c</p><ol><li>d</li></ol></li></ul>e</div>",
    f'<p><a href="https://so.example.vn/x.pdf?a=1&amp;b=%C4%83#c" {A}>Tải</a></p>',
    f'<a title="Văn bản 1" href="http://a.vn" {A}><b>x</b></a><a {A}>y</a>',
    '<img alt="" src="http://a.vn:8080/x.jpg" width="20">',
    '<img src="http://a.vn/?a" title="a b" height="1">a',
    '<img src="http://127.0.0.1:41234/a"><img src="http://a.vn:59999/b">',
    '<hr><table width="9"><tbody> <tr><td colspan="2"><p>a</p></td>\n<th>b</th></tr>'
    "<tr></tr></tbody><tfoot></tfoot></table>c<hr>",
    "<table><tbody><tr><td>a<table></table> <b>c</b></td></tr></tbody></table>",
    "<div>" * (MAX_OPEN - 1) + "</div>" * (MAX_OPEN - 1),
]


@provable
@pytest.mark.parametrize("html", STABLE)
def test_what_the_engine_writes_is_stable(html):
    assert is_stable(html)
    assert the_long_way(html) == html


@pytest.mark.parametrize(
    "html",
    [
        "a < b",
        "a > b",
        "a & b",
        "&copy;",
        "&quot;",
        "&#38;",
        "a\xa0b",
        "a\r\nb",
        "e\u0301",
        "a\u200bb",
        "a\ud800",
        "<p>a",
        "a</p>",
        "<p>a</div>",
        "<P>a</P>",
        "<p class=x>a</p>",
        "<p><p>a</p></p>",
        "<p><div>a</div></p>",
        "<b><p>a</p></b>",
        "<b><b>a</b></b>",
        "<li>a</li>",
        "<ul>a<p>b</p></ul>",
        "<script>a</script>",
        "<pre>\na</pre>",
        "<td>a</td>",
        "<p><hr></p>",
        "<p><table></table></p>",
        "<table>a</table>",
        "<table>&nbsp;</table>",
        "<table><tr><td>a</td></tr></table>",
        "<table><tbody><tr>a<td>b</td></tr></tbody></table>",
        "<table><tbody><tr><td>b</td>a</tr></tbody></table>",
        "<table><tbody><tr><td>b</td></tr>a</tbody></table>",
        "<table><tbody><tr><td>b</td></tr></tbody>a</table>",
        "<table><tbody><p></p></tbody></table>",
        '<td width="1" width="2">a</td>',
        '<table><tbody><tr><td width="1" width="2">a</td></tr></tbody></table>',
        "<br/>",
        "</br>",
        "<!-- a -->",
        f"<a {A}><i><a {A}>x</a></i></a>",
        '<a href="http://a.vn/">x</a>',
        f'<a href="/x" {A}>x</a>',
        f'<a href="javascript:x" {A}>x</a>',
        f'<a href="http://a.vn/&b" {A}>x</a>',
        f'<a href="http://a.vn/ b" {A}>x</a>',
        f'<a href="http://xn--a.vn/" {A}>x</a>',
        f'<a href="http://a.0x1/" {A}>x</a>',
        f'<a href="http://a.vn/" href="http://b.vn/" {A}>x</a>',
        f'<a title="a  b" {A}>x</a>',
        f'<a title="{"a " * 300}b" {A}>x</a>',
        '<img alt="x">',
        '<img src="http://a.vn/" width="20px">',
        '<img src="http://a.vn/" width="20000">',
        '<img src="http://a.vn/" onerror="x">',
        "<div>" * MAX_OPEN + "</div>" * MAX_OPEN,
    ],
)
def test_all_else_is_cleaned_again(html):
    assert not is_stable(html)


def _of(tag: str, inside: str) -> str:
    start = f"a {A}" if tag == "a" else tag
    return f"<{start}>" if tag in {"br", "hr"} else f"<{start}>{inside}</{tag}>"


_words = st.sampled_from(["a", " ", "\n", "Sở", "&amp;", "&lt;", "&nbsp;", "&amp;lt;"])
_table = "<table><tbody><tr>{}</tr></tbody></table>".format
_trees = st.recursive(
    _words,
    lambda inside: st.builds(
        _of, st.sampled_from(TAGS_HERE), st.lists(inside, max_size=3).map("".join)
    )
    | inside.map(lambda html: _table(f"<td>{html}</td>"))
    | inside.map(_table),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(_trees)
def test_stable_trees_are_left_as_they_are(html):
    if is_stable(html):
        assert the_long_way(html) == html


@provable
def test_every_pair_of_tags_is_left_as_it_is_where_stable():
    seen = 0
    for outer in sorted(TAGS):
        for inner in sorted(TAGS):
            for third in ("b", "p", "a", "li", "ul", "br"):
                html = _of(outer, "x" + _of(inner, _of(third, "y")) + "z")
                if is_stable(html):
                    seen += 1
                    assert the_long_way(html) == html
    assert seen > 1_000


_PIECES = st.lists(
    st.sampled_from(
        [
            *("<p>", "</p>", "<b>", "</b>", "<div>", "</div>", "<br>", "<ul>", "</ul>"),
            *("<li>", "</li>", "</a>", "<td>", "<table>", "<svg>", "<script>", "<!--"),
            *(f"<a {A}>", f'<a href="http://a.vn/x" {A}>', "<a href=y title=' z'>"),
            *('<img src="http://a.vn/x.jpg">', "<img src=x alt='<'>", "<img alt=x>"),
            *("a", " ", "Sở", "e\u0301", "&amp;", "&nbsp;", "&", "<", "\xa0", "\u0958"),
        ]
    ),
    max_size=14,
).map("".join)


@settings(max_examples=200, deadline=None)
@given(_PIECES, st.sampled_from([BASE, "", "http://[::1/"]))
def test_the_short_way_cleans_as_the_long_way(html, base):
    assert clean(html, base=base) == the_long_way(html, base)


@pytest.mark.corpus
def test_the_short_way_cleans_payloads_as_the_long_way():
    path = CORPUS / "xss.json"
    if not path.exists():
        pytest.skip("AGGREGATOR_CORPUS holds no xss.json")
    payloads = [each["payload"] for each in json.loads(path.read_text("utf-8"))]
    assert [p for p in payloads if clean(p, base=BASE) != the_long_way(p)] == []


@provable
def test_long_html_takes_the_short_way_too():
    html = "<p>Điều khoản</p>" * (MAX_HTML // 17)
    assert is_stable(html) and clean(html) == html
    assert clean(html * 2) == the_long_way(html * 2, "")


_ADDRESSES = st.lists(
    st.sampled_from(
        [
            *(
                "http://",
                "https://",
                "HTTP://",
                "//",
                "/",
                "",
                "a.vn",
                "a",
                ".",
                "..",
                ":",
            ),
            *("?", "#", "&", ";", "=", "%", "%41", "[", "]", "@", "\\", " ", "ă", "\n"),
            *("8080", ":80", ":080", "xn--a", "-", "_", "x.pdf", "http:", "\x1f", "|"),
        ]
    ),
    max_size=8,
).map("".join)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://a.vn/x;", "http://b.vn/"),
        ("http://a.vn/x?", "http://b.vn/"),
        ("http://a.vn/x#", "http://b.vn/"),
        ("http://a.vn/[x]", ""),
        ("http://a.vn:99999/", ""),
        ("http://a.vn:080/", ""),
        ("http://a.vn/x", "http://[::1/"),
        ("/./x", BASE),
        ("/a/../x", BASE),
        ("/a//b/x?http:/c", BASE),
        ("/a/http:/c", BASE),
        ("//b.vn/x", BASE),
        ("/x", "http://a.vn@b.vn/"),
        ("/x", "http://a.vn."),
        ("/x", "http://a.vn\n.b.vn/"),
        ("/x", "http://a.vn:80:/"),
        ("/x", "http://a.vn;b/"),
        ("/x", "HTTP://A.vn/"),
        ("/x", ""),
        ("/" + "x" * 1_999, BASE),
        ("/" + "x" * 2_000, BASE),
    ],
)
def test_strange_addresses_are_written_as_ever(url, base):
    assert absolute(url, base) == sanitize._absolute(url, base)


@settings(max_examples=300, deadline=None)
@given(_ADDRESSES, st.one_of(st.sampled_from([BASE, "", "http://[::1/"]), _ADDRESSES))
def test_plain_addresses_are_written_as_all_others(url, base):
    assert absolute(url, base) == sanitize._absolute(url, base)


def test_python_is_known_to_be_sound_or_not():
    """3.11.5 and 3.12 mended what stands in CPython issue 106052; 3.12.0 came whole."""
    assert SOUND == (sys.version_info >= (3, 11, 5))
